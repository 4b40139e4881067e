"""Dice that always roll the same."""

from random import Random
from uuid import UUID


def dice_of(*parts: object) -> Random:
    """The dice of one thing: equal parts roll equally, in every process and at any time.

    Args:
        parts: What the dice are for, e.g. the seed, ``"person"`` and a number.

    Returns:
        A generator of its own.
    """
    return Random(":".join(map(str, parts)))  # noqa: S311  (nothing secret depends on it)


def uuid_from(dice: Random) -> str:
    """A version 4 UUID, as text."""
    return str(UUID(int=dice.getrandbits(128), version=4))
