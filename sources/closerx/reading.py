"""How campaigns are read side by side, and what is noted of their days as they come."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from .client import CloserxClient, CloserxError
from .helpers import ONE_DAY, Day, read_days, while_there_is_hope
from .parallel import side_by_side
from .patience import Patience


class Calendar:
    """Which of a campaign's days are to be read, and what is kept of them between runs.

    The state keeps, by campaign, `last_final_day`, the last day that was read after its end, as far
    as each day before it was read or is among the `failed_days`, which are asked for again on each
    run until they were read.

    Args:
        campaign_id: The campaign.
        days: The days, one after the other.
        failed: Those that failed in earlier runs.
        today: The day that is still open.
        state_of: Gives the state, asked for anew each time; None keeps nothing.
    """

    def __init__(
        self,
        campaign_id: str,
        days: list[date],
        failed: list[date],
        today: date,
        state_of: Callable[[], dict[str, Any]] | None,
    ) -> None:
        self.failed = [day for day in failed if day < today - ONE_DAY]
        due = [day for day in days if day not in self.failed]
        # The newest two first: whatever is wrong with older ones, they are read; and they tell
        # whether the campaign answers at all.
        self.due = [*due[:-3:-1], *due[:-2]]
        self.answers, self.failures = False, 0
        self._campaign_id = campaign_id
        self._today = today
        self._state_of = state_of
        self._pending = set(due)
        self._final: set[date] = set()

    def note(self, day: Day) -> None:
        """Note in the state what came of asking for a day, before its rows are handed over."""
        self.answers = self.answers or day.failure is None
        if day.day is None or self._state_of is None:
            return
        if day.failure is None:
            self._pending.discard(day.day)
            self._note_failed(lambda failed: failed - {str(day.day)})
        elif self.answers and day.day < self._today:
            self._pending.discard(day.day)
            self._note_failed(lambda failed: failed | {str(day.day)})
        if day.is_over:
            self._final.add(day.day)
        reached = [each for each in self._final if each < min(self._pending, default=date.max)]
        if reached:
            days = self._state_of().setdefault("last_final_day", {})
            days[self._campaign_id] = max(str(max(reached)), self.last_final_day)

    @property
    def last_final_day(self) -> str:
        """As the state has it; empty if there is none."""
        days = self._state_of().get("last_final_day", {}) if self._state_of else {}
        return str(days.get(self._campaign_id, ""))

    def _note_failed(self, changed: Callable[[set[str]], set[str]]) -> None:
        state = self._state_of() if self._state_of else {}
        by_campaign = state.get("failed_days", {})
        failed = sorted(changed(set(by_campaign.get(self._campaign_id, []))))
        by_campaign = {**by_campaign, self._campaign_id: failed}
        state["failed_days"] = {name: days for name, days in by_campaign.items() if days}
        if not state["failed_days"]:
            del state["failed_days"]


@dataclass
class Reading:
    """One reading of campaigns, side by side, each day after day; what fails takes no others along.

    Attributes:
        client: Who asks.
        date_param: The query parameter that names the day, if there is one.
        timezone: The zone of the hours.
        now: Tells the time.
        workers: How many campaigns are read at once.
        metrics: Gives where the `progress` is told, in days, and the `failures`, a sentence each.
    """

    client: CloserxClient
    date_param: str
    timezone: ZoneInfo
    now: Callable[[], datetime]
    workers: int
    metrics: Callable[[], dict[str, Any]]
    patience: Patience[CloserxError] = field(default_factory=Patience)
    done: int = 0
    total: int = 0

    def read(self, calendars: dict[str, Calendar]) -> Iterator[list[dict[str, Any]]]:
        """Read campaigns; last of all, so that they hold up no others, the days that failed before.

        Yields:
            The rows of a day.

        Raises:
            CloserxError: Nothing could be read.
        """
        days = sum(len(each.due) + len(each.failed) for each in calendars.values())
        self.total = days if self.date_param else len(calendars)
        due = (
            (name, while_there_is_hope(self._days(name, calendar.due)))
            for name, calendar in calendars.items()
        )
        yield from self._hand_over(due, calendars)
        again = (
            (name, self._days(name, calendar.failed))
            for name, calendar in calendars.items()
            if calendar.answers and self.date_param
        )
        if not self.patience.is_over:
            yield from self._hand_over(again, calendars)
        failures = self.patience.failures
        if failures and not self.patience.was_read:
            raise failures[0]
        if failures:
            self.metrics()["failures"] = [str(failure) for failure in failures]

    def _days(self, campaign_id: str, days: list[date]) -> Iterator[Day]:
        return read_days(self.client, campaign_id, self.date_param, days, self.timezone, self.now)

    def _hand_over(
        self, readers: Iterable[tuple[str, Iterator[Day]]], calendars: dict[str, Calendar]
    ) -> Iterator[list[dict[str, Any]]]:
        for campaign_id, page in side_by_side(readers, self.workers):
            failure = page.failure if isinstance(page, Day) else page
            if isinstance(page, Day):
                calendars[campaign_id].note(page)
            if isinstance(failure, CloserxError):
                calendar = calendars[campaign_id]
                calendar.failures += 1
                is_same_again = calendar.failures > 1 and not calendar.answers
                self.patience.failed(failure, is_same_again)
                if self.patience.is_over:
                    return
            elif isinstance(page, Exception):
                raise page
            elif page is not None:
                self.patience.succeeded()
                self.done += 1
                self.metrics()["progress"] = {
                    "done": self.done,
                    "total": self.total,
                    "unit": "days",
                }
                # A day that was over stays so, even if the machine's clock has gone back since.
                known = calendars[campaign_id].last_final_day
                yield [
                    {**row, "is_final": row["is_final"] or row["date"] <= known}
                    for row in page.rows
                ]
