"""How Talkpush's days are read side by side, and what is noted as they come."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from .client import TalkpushClient, TalkpushError
from .helpers import read_day
from .parallel import side_by_side
from .patience import Patience


class Days:
    """Which days are to be read, and what is kept of them between runs.

    The state keeps `last_day`, the newest day that brought leads, as far as each day before it was
    read or is among the `failed_days`, which are asked for again on each run until they were read.

    Args:
        days: The days, one after the other.
        failed: Those that failed in earlier runs.
        today: The day that is still open.
        state_of: Gives the state, asked for anew each time; None keeps nothing.
    """

    def __init__(
        self,
        days: list[date],
        failed: list[date],
        today: date,
        state_of: Callable[[], dict[str, Any]] | None,
    ) -> None:
        self.past = [day for day in days if day < today and day not in failed]
        self.open = [day for day in days if day >= today]
        self.failed = [day for day in failed if day not in self.open]
        self.total = len(self.past) + len(self.open) + len(self.failed)
        self.done = 0
        self._pending = {*self.past, *self.open}
        self._with_leads: set[date] = set()
        self._today = today
        self._state_of = state_of

    def brought(self, day: date) -> None:
        """Note leads: on the day that was asked for, for some lack `updated_at`."""
        self._with_leads.add(day)
        self._note_last_day()

    def was_read(self, day: date) -> None:
        """Note that a day was read to its end."""
        self.done += 1
        self._pending.discard(day)
        self._note_failed(lambda failed: failed - {day.isoformat()})
        self._note_last_day()

    def could_not_be_read(self, day: date) -> None:
        """Note that a day failed; kept in the state, it holds up the cursor no more."""
        self._pending.discard(day)
        self._note_failed(lambda failed: failed | {day.isoformat()})
        self._note_last_day()

    def _note_failed(self, changed: Callable[[set[str]], set[str]]) -> None:
        if self._state_of:
            state = self._state_of()
            state["failed_days"] = sorted(changed(set(state.get("failed_days", []))))
            if not state["failed_days"]:
                del state["failed_days"]

    def _note_last_day(self) -> None:
        frontier = min(self._pending, default=self._today)
        reached = [day for day in self._with_leads if day <= frontier]
        if reached and self._state_of:
            state = self._state_of()
            state["last_day"] = max(state.get("last_day", ""), max(reached).isoformat())


def read_leads(
    client: TalkpushClient,
    days: list[date],
    failed: list[date],
    today: date,
    workers: int,
    metrics: Callable[[], dict[str, Any]],
    state_of: Callable[[], dict[str, Any]] | None,
) -> Iterator[list[dict[str, Any]]]:
    """Read the leads updated on some days; one that fails does not take the others with it.

    Past days are read side by side, then the open one, for a lead that is updated meanwhile goes
    from its day to that one. The open day is asked for even if Talkpush seems to be broken: days
    may be broken for good. Last come those that failed before, so that they hold up no others.

    Args:
        client: Who asks.
        days: The days, one after the other.
        failed: Days that failed in earlier runs.
        today: The day that is still open.
        workers: How many days are read at once.
        metrics: Gives where the `progress` is told, in days, and the `failures`, a sentence each.
        state_of: Gives what is kept between runs, asked for anew at each page; None keeps nothing.

    Yields:
        The leads of a page.

    Raises:
        TalkpushError: Nothing could be read.
    """
    plan = Days(days, failed, today, state_of)
    patience = Patience[TalkpushError]()

    def phases() -> Iterator[list[date]]:
        yield plan.past
        yield plan.open
        if not patience.is_over:
            yield plan.failed

    for phase in phases():
        readers = ((day, read_day(client, day, is_open=day >= today)) for day in phase)
        for day, leads in side_by_side(readers, workers):
            if isinstance(leads, TalkpushError):
                patience.failed(leads)
                plan.could_not_be_read(day)
                if patience.is_over:
                    break
                continue
            if isinstance(leads, Exception):
                raise leads
            patience.succeeded()
            if leads is None:
                plan.was_read(day)
            elif leads:
                plan.brought(day)
            metrics()["progress"] = {"done": plan.done, "total": plan.total, "unit": "days"}
            if leads:
                yield leads
    if patience.failures and not patience.was_read:
        raise patience.failures[0]
    if patience.failures:
        metrics()["failures"] = [str(failure) for failure in patience.failures]
