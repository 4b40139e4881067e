"""What will happen: moments wait here until the clock has passed them."""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush

Effect = Callable[[], None]


class Timeline:
    """Effects in the order of their instants.

    An effect never plans another one. So the order of effects depends on nothing but the plan, and
    a clock moved twice by a day ends where a clock moved once by two days does.
    """

    def __init__(self) -> None:
        """Start with nothing planned."""
        self._moments: list[tuple[datetime, int, Effect]] = []
        self._planned = 0

    def plan(self, at: datetime, effect: Effect) -> None:
        """Let something happen at an instant; equal instants keep the order of planning.

        Args:
            at: When it happens.
            effect: What happens.
        """
        heappush(self._moments, (at, self._planned, effect))
        self._planned += 1

    def pass_until(self, now: datetime) -> None:
        """Let everything happen that is due.

        Args:
            now: The clock's new instant, itself included.
        """
        while self._moments and self._moments[0][0] <= now:
            _, _, effect = heappop(self._moments)
            effect()
