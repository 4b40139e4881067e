"""How HiredNow's campaigns are read: which of them at once, and what is noted as they come."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, takewhile
from typing import Any

from .client import HiredNowClient, HiredNowError
from .helpers import (
    Page,
    newest_date,
    read_again,
    read_pages,
    rescan_start,
    span,
)
from .parallel import side_by_side
from .patience import Patience
from .sent import SentRecords
from .settings import PAGES_AHEAD
from .windows import Windows, read_new, read_window


@dataclass
class Reading:
    """One reading of campaigns, side by side; what is much to read, in windows.

    What is noted in a campaign's state is noted when the page that it is about is handed over, as
    dlt commits the two together: a reading that ends anywhere is gone on with there.

    Attributes:
        client: Who asks.
        report_type: Which kind of report.
        today: The day taken for today, in UTC.
        start_date: The first creation day that is wanted; None wants all.
        end_date: The last one, with which the states are neither used nor changed; None reads on
            from what they say.
        lookback_days: How many days are read again, for rows that change after they were read.
        workers: How many requests may be under way at once.
        states: The campaigns' states as dlt keeps them; asked for anew at each page.
        metrics: Where the `progress` is told, as it is handed over, and at last the `failures`, a
            sentence each; asked for anew each time.
        patience: What failed, and whether to go on.
    """

    client: HiredNowClient
    report_type: str
    today: date
    start_date: str | None
    end_date: str | None
    lookback_days: int
    workers: int
    states: Callable[[], dict[str, Any]]
    metrics: Callable[[], dict[str, Any]]
    patience: Patience[HiredNowError] = field(default_factory=Patience)
    done: int = 0
    total: int = 0
    unit: str = "campaigns"

    def read(self, campaign_ids: list[str]) -> Iterator[SentRecords]:
        """Read campaigns; one that fails does not take the others' rows with it.

        Yields:
            The rows of a page.

        Raises:
            HiredNowError: Nothing could be read.
        """
        self.total = len(campaign_ids)
        yield from self._read_span(campaign_ids) if self.end_date else self._read_on(campaign_ids)
        failures = self.patience.failures
        if failures and not self.patience.was_read:
            raise failures[0]
        if failures:
            self.metrics()["failures"] = [str(failure) for failure in failures]

    def _read_span(self, campaign_ids: list[str]) -> Iterator[SentRecords]:
        """Read what was created from the start date to the end date, both included."""
        days = span(self.start_date, self.end_date)
        return self._hand_over(
            (each, "", read_pages(self.client, {**self._params(each), **days}))
            for each in campaign_ids
        )

    def _read_on(self, campaign_ids: list[str]) -> Iterator[SentRecords]:
        """Read what may have changed and what is new; what is much in windows, side by side."""
        for each in campaign_ids:
            self._expect(self.states().get(each, {}).get("windows", {}))
        yield from self._hand_over((each, "", self._read_campaign(each)) for each in campaign_ids)
        windowed = [each for each in campaign_ids if "windows" in self._state(each)]
        windows = [
            (each, window, read_window(self.client, self._params(each), window, after))
            for each in windowed
            for window, after in self._state(each)["windows"].items()
        ]
        yield from self._hand_over(windows)
        for campaign_id in windowed:
            state = self._state(campaign_id)
            if not state["windows"]:
                state["highest_index"] = max(state["highest_index"], state.pop("top_index"))
                del state["windows"]
        # What came while the windows were read.
        yield from self._hand_over(
            (each, "", self._read_new(each))
            for each in windowed
            if "windows" not in self._state(each)
        )

    def _read_campaign(self, campaign_id: str) -> Iterator[Page | Windows]:
        """What may have changed; then what is new, unless windows are to be read before that."""
        state = self._state(campaign_id)
        again: Iterator[Page] = iter(())
        new: Iterator[Page | Windows] = iter(())
        if "highest_index" in state:
            first_day = rescan_start(state["newest_created_date"], self.today, self.lookback_days)
            first_day = max(first_day, self.start_date or first_day)
            params = self._params(campaign_id)
            again = read_again(self.client, params, first_day, state["highest_index"])
        if "windows" not in state:
            new = self._read_new(campaign_id)
        return chain(again, new)

    def _read_new(self, campaign_id: str) -> Iterator[Page | Windows]:
        held = self._state(campaign_id).get("highest_index")
        return read_new(self.client, self._params(campaign_id), self.start_date, held)

    def _hand_over(
        self, readers: Iterable[tuple[str, str, Iterator[Page | Windows]]]
    ) -> Iterator[SentRecords]:
        """Read campaigns or their windows side by side, and note what is handed over."""
        named = (
            ((campaign, window), reader)
            for campaign, window, reader in takewhile(lambda _: not self.patience.is_over, readers)
        )
        for (campaign_id, window), page in side_by_side(named, self.workers, PAGES_AHEAD):
            if isinstance(page, HiredNowError):
                self.patience.failed(page)
                if self.patience.is_over:
                    return
            elif isinstance(page, Exception):
                raise page
            else:
                self.patience.succeeded()
                if page is None:
                    self.done += 1
                elif not self.end_date:
                    note(self._state(campaign_id), window, page, self.today.isoformat())
                if isinstance(page, Windows):
                    self._expect(page.spans)
                self.metrics()["progress"] = {
                    "done": self.done,
                    "total": self.total,
                    "unit": self.unit,
                }
                if isinstance(page, Page):
                    yield page.rows

    def _expect(self, windows: Collection[str]) -> None:
        """Count windows as still to be read, and after them what comes meanwhile."""
        if windows:
            self.total += len(windows) + 1
            self.unit = "windows"  # a campaign that needs none counts as one

    def _params(self, campaign_id: str) -> dict[str, Any]:
        return {"campaign_id": campaign_id, "report_type": self.report_type}

    def _state(self, campaign_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.states().setdefault(campaign_id, {})
        return found


def note(state: dict[str, Any], window: str, page: Page | Windows, today: str) -> None:
    """Note in a campaign's state how far it is read once a page is stored.

    The pages' cursors tell it, not the rows' indexes; days to come are no creation days.
    """
    if isinstance(page, Windows):
        state.update(top_index=page.top_index, windows=dict.fromkeys(page.spans, page.after))
        return
    if window and page.has_more:
        state["windows"][window] = page.cursor
    elif window:
        del state["windows"][window]
    elif page.cursor is not None:
        state["highest_index"] = max(state.get("highest_index", 0), page.cursor)
    newest = newest_date(page.created_at, today)
    state["newest_created_date"] = max(state.get("newest_created_date", ""), newest)
