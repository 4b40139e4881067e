"""How HiredNow's pages are read, and when a listing can be trusted."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dlt.common import logger

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


def with_campaign(row: dict[str, Any], campaign_id: str) -> dict[str, Any]:
    """The row; one that names no campaign, in neither shape, gets the one that was asked for."""
    if row.get("campaign_id") or (row.get("campaign") or {}).get("id"):
        return row
    return {**row, "campaign_id": campaign_id}


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
        if isinstance(rows, list):
            rows = [with_campaign(row, params["campaign_id"]) for row in rows]
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
        since = max(since, start_date or since)
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


def read_each(
    campaign_ids: list[str],
    read: Callable[[str], Iterator[list[dict[str, Any]]]],
    metrics: dict[str, Any],
) -> Iterator[list[dict[str, Any]]]:
    """Read one campaign after the other; one that fails does not take the others' rows with it.

    Args:
        campaign_ids: What to read.
        read: Reads one of them.
        metrics: Where the `failures` are noted, a sentence each, if other campaigns could be read.

    Yields:
        The rows of a page.

    Raises:
        HiredNowError: Nothing could be read.
    """
    failures: list[HiredNowError] = []
    in_a_row, was_read = 0, False
    for campaign_id in campaign_ids:
        try:
            for rows in read(campaign_id):
                was_read = True
                yield rows
            in_a_row, was_read = 0, True
        except HiredNowError as error:
            logger.error(str(error))
            failures.append(error)
            in_a_row = in_a_row + 1 if error.concerns_all else 0
            if in_a_row == 2:
                break  # HiredNow cannot be reached, whatever it is asked for
    if failures and not was_read:
        raise failures[0]
    if failures:
        metrics["failures"] = [str(error) for error in failures]
