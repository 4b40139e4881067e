"""Small questions about what was sent, asked by several vendors."""

import re
from collections.abc import Collection
from datetime import date, datetime

from simulator.exchange import Call


def first_unknown(call: Call, known: Collection[str]) -> str | None:
    """The first query parameter that is not one of the known ones."""
    return next((name for name, _ in call.query if name not in known), None)


def first_repeated(call: Call) -> str | None:
    """The first query parameter that was sent more than once."""
    names = [name for name, _ in call.query]
    return next((name for name in names if names.count(name) > 1), None)


def as_number(text: str, low: int, high: int) -> int | None:
    """The whole number that a text is, or None if it is none or out of range."""
    if not re.fullmatch(r"-?\d{1,19}", text):
        return None
    number = int(text)
    return number if low <= number <= high else None


def as_date(text: str, pattern: str, layout: str) -> date | None:
    """The date that a text is.

    Args:
        text: What was sent.
        pattern: The form it must have, so that 2025-1-1 is none.
        layout: How to read it, as for ``strptime``.

    Returns:
        The date, or None if it is none.
    """
    if not re.fullmatch(pattern, text):
        return None
    try:
        return datetime.strptime(text, layout).date()
    except ValueError:
        return None


def as_iso_date(text: str) -> date | None:
    """The date that a text is in the form 2025-12-31, or None."""
    return as_date(text, r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d")
