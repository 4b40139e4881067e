"""How HiredNow's pages are read, and when a listing can be trusted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from .client import HiredNowClient, HiredNowError
from .sent import SentRecords
from .settings import (
    EARLIEST_DATE,
    MAX_INDEX,
    OTHER_ADVICE,
    PAGE_SIZE,
    RESULTS_PATH,
)

DAY, AFTER_MILLISECONDS = itemgetter(slice(10)), itemgetter(slice(23, None))


def moment(text: str) -> datetime:
    """The instant that an ISO text names; without a zone it is UTC."""
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def check_days(start_date: str | None, end_date: str) -> None:
    """Refuse days between which nothing can be read.

    Raises:
        HiredNowError: A day is missing or none, or the last one comes before the first.
    """
    try:
        is_span = date.fromisoformat(start_date or "") <= date.fromisoformat(end_date)
    except ValueError:
        is_span = False
    if not is_span:
        raise HiredNowError(
            f"end_date {end_date!r} needs a start_date that is not after it (it is {start_date!r}); "
            "set both as YYYY-MM-DD."
        )


def index_number(value: Any) -> int | None:
    """An order index as a number: as text, "9" would come after "71680". None if it is no index."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    is_index = type(value) is int and 0 <= value <= MAX_INDEX
    return value if is_index else None


@dataclass(frozen=True)
class Page:
    """What one request brought.

    What the results say is looked at when somebody asks for it: by then the next page is under way.

    Attributes:
        sent: The results as they were sent.
        campaign_id: What was asked for.
        cursor: The index after which the next page starts; None if nothing told it.
        has_more: Whether there is a next page.
    """

    sent: SentRecords
    campaign_id: str
    cursor: int | None
    has_more: bool

    @property
    def indexes(self) -> list[Any]:
        """The order index of each, as it was sent."""
        return fields_of(self.sent).indexes

    @property
    def created_at(self) -> list[Any]:
        """When each was created, as it was sent."""
        return fields_of(self.sent).created_at

    @property
    def rows(self) -> SentRecords:
        """The results; one that names no campaign, in neither shape, gets the one that was asked for."""
        campaign_ids, inner_ids, *_ = fields_of(self.sent)
        if all(inner_ids) or all(campaign_ids):  # nearly always in one shape, and soon told
            return self.sent
        named = list(zip(campaign_ids, inner_ids, strict=True))
        if all(map(any, named)):
            return self.sent
        campaign_ids = [own if own or inner else self.campaign_id for own, inner in named]
        return self.sent.with_added(campaign_id=campaign_ids)


class Fields(NamedTuple):
    """All that is looked at in results; a value for each."""

    campaign_ids: list[Any]
    inner_ids: list[Any]
    indexes: list[Any]
    created_at: list[Any]


def fields_of(sent: SentRecords) -> Fields:
    """All that is looked at in results, read at once, and once."""
    return Fields(*sent.columns("campaign_id", ("campaign", "id"), "order_index", "created_at"))


def page_cursor(answer: dict[str, Any], sent: SentRecords, has_more: bool) -> int | None:
    """The index after which the next page starts; the API has two names for it, or neither.

    None if there is none: on the last page, an earlier row's index does as well.
    """
    for told in (answer.get("last_record_index"), answer.get("last_record_id")):
        if (index := index_number(told)) is not None:
            return index
    indexes = fields_of(sent).indexes
    last = indexes[-1:] if has_more else reversed(indexes)
    return next((index for value in last if (index := index_number(value)) is not None), None)


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
    if not isinstance(rows, SentRecords):
        raise HiredNowError(f"{where}: the answer has no list `data`; check base_url.")
    if not len(rows) and has_more:
        raise HiredNowError(f"{where}: has_more is true without any rows; try again later.")
    if not len(rows):
        return None
    cursor = page_cursor(answer, rows, has_more)
    return Page(rows, params["campaign_id"], cursor, has_more)


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
        if page.has_more and (
            page.cursor is None or page.cursor <= (-1 if after is None else after)
        ):
            trouble = (
                "there is more, but nothing that tells where (no cursor is a number)"
                if page.cursor is None
                else f"the cursor does not advance ({page.cursor}), so paging would never end"
            )
            raise HiredNowError(
                f"GET {RESULTS_PATH} for campaign {params['campaign_id']} after {after or 'none'}: "
                f"{trouble}; {OTHER_ADVICE}."
            )
        yield page
        if not page.has_more:
            return
        after = page.cursor


def created_date(created_at: Any) -> str:
    """The UTC day of a creation time; empty, so before any other, when it is unclear."""
    try:
        day = moment(created_at).date().isoformat()
    except (TypeError, ValueError, OverflowError):
        return ""
    return day if day >= EARLIEST_DATE else ""


def newest_date(created_at: list[Any], today: str) -> str:
    """The last day on which any of these was created; days to come are no creation days."""
    # Nearly all are times in UTC of one form, which begin with their day: few are left to read.
    try:
        is_usual = {*map(AFTER_MILLISECONDS, created_at)} == {"Z"}
    except TypeError:  # no text
        is_usual = False
    few = [f"{day}T00:00:00Z" for day in {*map(DAY, created_at)}] if is_usual else created_at
    return max((day for day in map(created_date, few) if day <= today), default="")


def span(first_day: str | None, last_day: str | None = None) -> dict[str, str]:
    """The filter for results created from a day to a day, either of them open."""
    days = {"start_date": first_day, "end_date": last_day}
    return {name: day for name, day in days.items() if day}


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
        count, cursor = len(page.sent), held if page.cursor is None else page.cursor
        # From the end, not each by its own index: what is odd among them is handed over, too.
        while cursor > held and count and (index_number(page.indexes[count - 1]) or 0) > held:
            count -= 1
        yield replace(page, sent=page.sent.at(range(count)), cursor=min(cursor, held))
        if cursor >= held:
            return
