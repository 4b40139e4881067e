"""How HiredNow's pages are read, and when a listing can be trusted."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .client import HiredNowClient, HiredNowError
from .settings import PAGE_SIZE, RESULTS_PATH


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


def page_cursor(page: dict[str, Any]) -> int:
    """The index after which the next page starts; the API has two names for it, or neither."""
    cursor = page.get("last_record_index") or page.get("last_record_id")
    return index_number(cursor or page["data"][-1].get("order_index"))


def read_pages(
    client: HiredNowClient, params: dict[str, Any], after: int | None = None
) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Read a campaign's results in the order of their indexes.

    Args:
        client: Who asks.
        params: The campaign and its filters.
        after: The index after which to start; None starts at the first.

    Yields:
        The rows of each page, and the page's cursor.

    Raises:
        HiredNowError: The answer has no `data`, or its paging would never end.
    """
    has_more = True
    while has_more:
        where = f"GET {RESULTS_PATH} for campaign {params['campaign_id']} after {after or 'none'}"
        start = {} if after is None else {"starting_after": after}
        page = client.get(RESULTS_PATH, {**params, "limit": PAGE_SIZE, "sort": "asc", **start})
        rows = page.get("data")
        has_more = bool(page.get("has_more"))
        if not isinstance(rows, list):
            raise HiredNowError(f"{where}: the answer has no list `data`; check base_url.")
        if not rows and has_more:
            raise HiredNowError(f"{where}: has_more is true without any rows; try again later.")
        if not rows:
            return
        cursor = page_cursor(page)
        if has_more and after is not None and cursor <= after:
            raise HiredNowError(
                f"{where}: the cursor does not advance ({cursor}), so paging would never end; "
                "try again later, and ask HiredNow if it lasts."
            )
        yield rows, cursor
        after = cursor


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


def read_campaign(
    client: HiredNowClient,
    params: dict[str, Any],
    state: dict[str, Any],
    today: date,
    start_date: str | None,
    lookback_days: int,
) -> Iterator[list[dict[str, Any]]]:
    """Read what may have changed since the last run, then what is new.

    Args:
        client: Who asks.
        params: The campaign, and the kind of report.
        state: The campaign's `highest_index` and `newest_created_date`, kept between runs.
        today: The day taken for today, in UTC.
        start_date: The first creation day that is wanted; None wants all.
        lookback_days: How many days are read again, for rows that change after they were read.

    Yields:
        The rows of a page.
    """
    held: int | None = state.get("highest_index")
    if held is not None:
        since = rescan_start(state["newest_created_date"], today, lookback_days)
        for rows, cursor in read_pages(client, {**params, "start_date": since}):
            yield [row for row in rows if index_number(row.get("order_index", 0)) <= held]
            if cursor >= held:
                break  # what follows is new, and read below
    first_day = {"start_date": start_date} if start_date else {}
    for rows, cursor in read_pages(client, {**params, **first_day}, after=held):
        # Set before the rows are handed over: dlt commits the two together.
        indexes = (index_number(row.get("order_index", cursor)) for row in rows)
        state["highest_index"] = max(cursor, *indexes)
        state["newest_created_date"] = max(
            state.get("newest_created_date", ""), *(created_date(row) for row in rows)
        )
        yield rows
