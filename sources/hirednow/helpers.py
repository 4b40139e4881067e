"""How HiredNow's pages are read, and when a listing can be trusted."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

from dlt.common import logger

from .client import HiredNowClient, HiredNowError
from .parallel import side_by_side
from .settings import MAX_WINDOWS, PAGE_SIZE, PAGES_A_WINDOW, RESULTS_PATH


def moment(text: str) -> datetime:
    """The instant that an ISO text names; without a zone it is UTC."""
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def index_number(value: Any) -> int:
    """An order index as a number: as text, "9" would come after "71680"."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise HiredNowError(
            f"GET {RESULTS_PATH}: an order index is {value!r}, not a number; ask HiredNow."
        ) from None


def with_campaign(row: dict[str, Any], campaign_id: str) -> dict[str, Any]:
    """The row; one that names no campaign, in neither shape, gets the one that was asked for."""
    if row.get("campaign_id") or (row.get("campaign") or {}).get("id"):
        return row
    return {**row, "campaign_id": campaign_id}


def page_cursor(page: dict[str, Any]) -> int:
    """The index after which the next page starts; the API has two names for it, or neither."""
    cursor = page.get("last_record_index") or page.get("last_record_id")
    return index_number(cursor or page["data"][-1].get("order_index"))


@dataclass(frozen=True)
class Page:
    """What one request brought.

    Attributes:
        rows: The results.
        cursor: The index after which the next page starts.
        has_more: Whether there is a next page.
    """

    rows: list[dict[str, Any]]
    cursor: int
    has_more: bool


def ask_page(
    client: HiredNowClient, params: dict[str, Any], after: int | None = None, **others: Any
) -> Page | None:
    """Ask for the results after an index, lowest index first, or None if there is none.

    Raises:
        HiredNowError: The answer has no `data`, or says that there is more and brings nothing.
    """
    where = f"GET {RESULTS_PATH} for campaign {params['campaign_id']} after {after or 'none'}"
    start = {} if after is None else {"starting_after": after}
    answer = client.get(
        RESULTS_PATH, {**params, "limit": PAGE_SIZE, "sort": "asc", **start, **others}
    )
    rows, has_more = answer.get("data"), bool(answer.get("has_more"))
    if not isinstance(rows, list):
        raise HiredNowError(f"{where}: the answer has no list `data`; check base_url.")
    if not rows and has_more:
        raise HiredNowError(f"{where}: has_more is true without any rows; try again later.")
    if not rows:
        return None
    rows = [with_campaign(row, params["campaign_id"]) for row in rows]
    return Page(rows, page_cursor(answer), has_more)


def read_pages(
    client: HiredNowClient, params: dict[str, Any], after: int | None = None
) -> Iterator[Page]:
    """Read a campaign's results in the order of their indexes.

    Args:
        client: Who asks.
        params: The campaign and its filters.
        after: The index after which to start; None starts at the first.

    Yields:
        Page after page.

    Raises:
        HiredNowError: An answer is no page, or paging would never end.
    """
    while page := ask_page(client, params, after):
        if page.has_more and after is not None and page.cursor <= after:
            raise HiredNowError(
                f"GET {RESULTS_PATH} for campaign {params['campaign_id']} after {after}: the "
                f"cursor does not advance ({page.cursor}), so paging would never end; "
                "try again later, and ask HiredNow if it lasts."
            )
        yield page
        if not page.has_more:
            return
        after = page.cursor


def created_date(row: dict[str, Any]) -> str:
    """The UTC day on which a row was created; empty, so before any other, when it is unclear."""
    try:
        return moment(str(row.get("created_at"))).date().isoformat()
    except ValueError:
        return ""


def rescan_start(newest_created_date: str, today: date, lookback_days: int) -> str:
    """The first day to read again; a date in the future must not keep the re-scan away."""
    newest = date.fromisoformat(newest_created_date) if newest_created_date else today
    return (min(today, newest) - timedelta(days=lookback_days)).isoformat()


def read_again(
    client: HiredNowClient, params: dict[str, Any], first_day: str, held: int
) -> Iterator[Page]:
    """Read again what is held already, for what changed in it.

    Args:
        client: Who asks.
        params: The campaign.
        first_day: The creation day since which results may have changed.
        held: The highest index held; what follows is new, and read as such.
    """
    for page in read_pages(client, {**params, **span(first_day)}):
        rows = [row for row in page.rows if index_number(row.get("order_index", 0)) <= held]
        yield replace(page, rows=rows, cursor=min(page.cursor, held))
        if page.cursor >= held:
            return


@dataclass(frozen=True)
class Windows:
    """Spans of creation days, `from..to`, that hold all results of a campaign above an index.

    Attributes:
        spans: Each begins on the day on which the one before it ends, the first and the last are
            open: nothing falls between two, whatever the API takes for a day's end.
        after: The index.
        top_index: What comes while the windows are read has an index above this one.
    """

    spans: list[str]
    after: int
    top_index: int


def read_new(
    client: HiredNowClient, params: dict[str, Any], start_date: str | None, held: int | None
) -> Iterator[Page | Windows]:
    """Read what is not held, one page after the other; if it is much, the rest as windows."""
    pages = read_pages(client, {**params, **span(start_date)}, after=held)
    for number, page in enumerate(pages, start=1):
        yield page
        if number == 1:
            first = page
        if number == PAGES_A_WINDOW and page.has_more:
            yield plan_windows(client, params, start_date, first, page)
            return


def read_window(
    client: HiredNowClient, params: dict[str, Any], window: str, after: int
) -> Iterator[Page]:
    """Read a span of creation days above an index; the last page says that there is no more."""
    page = None
    for page in read_pages(client, {**params, **span(*window.split(".."))}, after):
        yield page
    if page is None or page.has_more:
        yield Page([], after, has_more=False)


def plan_windows(
    client: HiredNowClient, params: dict[str, Any], start_date: str | None, first: Page, last: Page
) -> Windows:
    """Plan how to read the rest of a campaign side by side.

    Args:
        client: Who asks, for the result with the highest index.
        params: The campaign.
        start_date: The first creation day that is wanted; None wants all.
        first: The first of some pages that were read,
        last: the last of them: how far they go tells how many there may be.
    """
    top = ask_page(client, params, limit=1, sort="desc") or last
    low, high = created_date(first.rows[0]), created_date(top.rows[0])
    read = max(last.cursor - index_number(first.rows[0].get("order_index", 0)), 1)
    count = min((top.cursor - last.cursor) // read + 1, MAX_WINDOWS)
    days = (date.fromisoformat(high) - date.fromisoformat(low)).days if low and high else 0
    bounds = [
        (date.fromisoformat(low) + timedelta(days=days * number // count)).isoformat()
        for number in range(1, min(count, days))
    ]
    begins, ends = [start_date or "", *bounds], [*bounds, ""]
    spans = [f"{begin}..{end}" for begin, end in zip(begins, ends, strict=True)]
    return Windows(spans, last.cursor, max(top.cursor, last.cursor))


def span(first_day: str | None, last_day: str | None = None) -> dict[str, str]:
    """The filter for results created from a day to a day, either of them open."""
    days = {"start_date": first_day, "end_date": last_day}
    return {name: day for name, day in days.items() if day}


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
        lookback_days: How many days are read again, for rows that change after they were read.
        workers: How many requests may be under way at once.
        states: The campaigns' states as dlt keeps them; asked for anew at each page.
        failures: The campaigns that failed, and why.
    """

    client: HiredNowClient
    report_type: str
    today: date
    start_date: str | None
    lookback_days: int
    workers: int
    states: Callable[[], dict[str, Any]]
    failures: list[HiredNowError] = field(default_factory=list)
    was_read: bool = False

    def read(self, campaign_ids: list[str]) -> Iterator[list[dict[str, Any]]]:
        """Read campaigns; one that fails does not take the others' rows with it.

        Yields:
            The rows of a page.

        Raises:
            HiredNowError: Nothing could be read.
        """
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
        if self.failures and not self.was_read:
            raise self.failures[0]

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
    ) -> Iterator[list[dict[str, Any]]]:
        """Read campaigns or their windows side by side, and note what is handed over."""
        named = (((campaign, window), reader) for campaign, window, reader in readers)
        in_a_row = 0
        for (campaign_id, window), page in side_by_side(named, self.workers):
            if isinstance(page, HiredNowError):
                logger.error(str(page))
                self.failures.append(page)
                in_a_row = in_a_row + 1 if page.concerns_all else 0
                if in_a_row == 2:
                    return  # HiredNow cannot be reached, whatever it is asked for
            elif isinstance(page, Exception):
                raise page
            else:
                in_a_row, self.was_read = 0, True
                if page is not None:
                    note(self._state(campaign_id), window, page)
                if isinstance(page, Page):
                    yield page.rows

    def _params(self, campaign_id: str) -> dict[str, Any]:
        return {"campaign_id": campaign_id, "report_type": self.report_type}

    def _state(self, campaign_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.states().setdefault(campaign_id, {})
        return found


def note(state: dict[str, Any], window: str, page: Page | Windows) -> None:
    """Note in a campaign's state how far it is read once a page is stored."""
    if isinstance(page, Windows):
        state.update(top_index=page.top_index, windows=dict.fromkeys(page.spans, page.after))
        return
    if not window:
        indexes = (index_number(row.get("order_index", page.cursor)) for row in page.rows)
        state["highest_index"] = max(state.get("highest_index", 0), page.cursor, *indexes)
    elif page.has_more:
        state["windows"][window] = page.cursor
    else:
        del state["windows"][window]
    newest = max((created_date(row) for row in page.rows), default="")
    state["newest_created_date"] = max(state.get("newest_created_date", ""), newest)
