"""How far a reading is, in words, and an honest estimate of what is left."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

# An estimate from less than this would be a guess.
ENOUGH_S = 2.0


class Progress:
    """What a source says about how far it is: `{"done": 37, "total": 365, "unit": "days"}`."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._first: tuple[float, float] | None = None
        self._last: tuple[float, float, str] | None = None

    def note(self, told: dict[str, Any] | None) -> None:
        """Notes what the source says now."""
        if not told:
            return
        done, total = float(told["done"]), float(told["total"])
        self._last = (done, total, str(told.get("unit", "")))
        self._first = self._first or (self._clock(), done)

    def __str__(self) -> str:
        """Such as `37 of 365 days, about 12 min left`; empty if the source says nothing."""
        if self._first is None or self._last is None:
            return ""
        done, total, unit = self._last
        began_at, done_before = self._first
        text = f"{done:,.0f} of {total:,.0f} {unit}".strip()
        elapsed, finished = self._clock() - began_at, done - done_before
        if finished > 0 and elapsed >= ENOUGH_S and done < total:
            text += f", about {duration(elapsed * (total - done) / finished)} left"
        return text


def duration(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
