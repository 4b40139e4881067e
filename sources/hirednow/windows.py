"""How a long campaign is read: in windows of creation days, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from .client import HiredNowClient
from .helpers import Page, ask_page, created_date, index_number, read_pages, span
from .sent import SentRecords
from .settings import MAX_WINDOWS, PAGES_A_WINDOW


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
            windows = plan_windows(client, params, start_date, first, page)
            if windows:
                yield windows
                return


def read_window(
    client: HiredNowClient, params: dict[str, Any], window: str, after: int
) -> Iterator[Page]:
    """Read a span of creation days above an index; the last page says that there is no more."""
    page = None
    for page in read_pages(client, {**params, **span(*window.split(".."))}, after):
        yield page
    if page is None or page.has_more:
        yield Page(SentRecords([]), params["campaign_id"], after, has_more=False)


def plan_windows(
    client: HiredNowClient, params: dict[str, Any], start_date: str | None, first: Page, last: Page
) -> Windows | None:
    """Plan how to read the rest of a campaign side by side; None if nothing tells how much it is.

    Args:
        client: Who asks, for the result with the highest index.
        params: The campaign.
        start_date: The first creation day that is wanted; None wants all.
        first: The first of some pages that were read,
        last: the last of them: how far they go tells how many there may be.
    """
    top = ask_page(client, params, limit=1, sort="desc") or last
    if top.cursor is None or last.cursor is None:
        return None
    low, high = created_date(first.created_at[0]), created_date(top.created_at[0])
    read = max(last.cursor - (index_number(first.indexes[0]) or 0), 1)
    count = min((top.cursor - last.cursor) // read + 1, MAX_WINDOWS)
    days = (date.fromisoformat(high) - date.fromisoformat(low)).days if low and high else 0
    bounds = [
        (date.fromisoformat(low) + timedelta(days=days * number // count)).isoformat()
        for number in range(1, min(count, days))
    ]
    begins, ends = [start_date or "", *bounds], [*bounds, ""]
    spans = [f"{begin}..{end}" for begin, end in zip(begins, ends, strict=True)]
    return Windows(spans, last.cursor, max(top.cursor, last.cursor))
