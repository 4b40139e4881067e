"""How Talkpush's pages are read, a day of updates at a time."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

from dlt.common import logger

from .client import TalkpushClient, TalkpushError
from .parallel import side_by_side
from .settings import (
    ARCHIVED_CAMPAIGNS_PATH,
    CAMPAIGNS_PATH,
    DATE_FORMAT,
    EARLIEST_DAY,
    LEADS_PATH,
    READINGS_OF_A_DAY,
)

ONE_DAY = timedelta(days=1)


def moment(text: str) -> datetime:
    """The instant that an ISO text names; without a zone it is UTC."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def ask_page(client: TalkpushClient, params: dict[str, Any]) -> dict[str, Any]:
    """Ask for one page of leads, and refuse an answer that is not one."""
    page = client.get(LEADS_PATH, params)
    if not isinstance(page.get("candidates"), list) or not isinstance(page.get("total"), int):
        raise TalkpushError(
            f"GET {LEADS_PATH}: the answer lacks `candidates` or `total`; check base_url."
        )
    return page


def first_updated_day(client: TalkpushClient, today: date) -> date:
    """Find the day of the oldest update by halving the time in which it can be."""
    low, high = EARLIEST_DAY, today
    while low < high:
        middle = low + (high - low) // 2
        until = {"filter[updated_end_date]": middle.strftime(DATE_FORMAT), "page": 1}
        if ask_page(client, until)["total"] > 0:
            high = middle
        else:
            low = middle + ONE_DAY
    return low


def read_pages(client: TalkpushClient, day: date) -> Iterator[dict[str, Any]]:
    """Read the pages of the leads updated on a day, until `pages` or an empty one."""
    asked = day.strftime(DATE_FORMAT)
    number, is_last = 1, False
    while not is_last:
        page = ask_page(
            client,
            {
                "filter[updated_start_date]": asked,
                "filter[updated_end_date]": asked,
                "include_answers": "true",
                "page": number,
            },
        )
        yield page
        is_last = not page["candidates"] or number >= (page.get("pages") or number + 1)
        number += 1


def read_day(client: TalkpushClient, day: date, is_open: bool) -> Iterator[list[dict[str, Any]]]:
    """Read a day until it has settled: as many leads as it should have, and none left meanwhile.

    A lead that is updated while its day is being read leaves the day, and those after it move
    up, across the page boundary: one of them may be on no page that was read.

    Args:
        client: Who asks.
        day: The day of the updates.
        is_open: Whether the day still goes on; then it is read again on the next run anyway.

    Yields:
        The leads of a page that were not yielded before.

    Raises:
        TalkpushError: The day is over, and still does not settle.
    """
    ids: set[Any] = set()
    yielded: set[tuple[Any, Any]] = set()
    for _ in range(READINGS_OF_A_DAY):
        totals: list[int] = []
        for page in read_pages(client, day):
            totals.append(page["total"])
            fresh = {(lead.get("id"), lead.get("updated_at")): lead for lead in page["candidates"]}
            yield [lead for version, lead in fresh.items() if version not in yielded]
            yielded.update(fresh)
            ids.update(lead_id for lead_id, _ in fresh)
        if len(set(totals)) == 1 and len(ids) >= totals[-1]:
            return
    problem = (
        f"GET {LEADS_PATH} for updates of {day}: found {len(ids)} of {totals[-1]} leads, "
        f"which still moved between pages after {READINGS_OF_A_DAY} readings"
    )
    if not is_open:
        raise TalkpushError(f"{problem}; try again when Talkpush is less busy.")
    logger.warning(f"{problem}; the day is read again on the next run.")


def read_leads(
    client: TalkpushClient,
    state_of: Callable[[], dict[str, Any]],
    first_day: date,
    today: date,
    workers: int,
) -> Iterator[list[dict[str, Any]]]:
    """Read the leads updated since a day: past days side by side, then the open one.

    In this order, for a lead that is updated meanwhile goes from its day to the open one.

    Args:
        client: Who asks.
        state_of: Gives what is kept between runs, asked for anew at each page: `last_day`, the
            newest day of an update that was stored, as far as no day before it is missing.
        first_day: Where to start.
        today: The day that is still open.
        workers: How many days are read at once.

    Yields:
        The leads of a page.

    Raises:
        TalkpushError: A day cannot be read.
    """
    days = [first_day + ONE_DAY * number for number in range((today - first_day).days + 1)]
    unread, with_leads = set(days), set[date]()
    past = ((day, read_day(client, day, is_open=False)) for day in days if day < today)
    open_day = ((day, read_day(client, day, is_open=True)) for day in days if day >= today)
    for day, leads in chain(side_by_side(past, workers), side_by_side(open_day, 1)):
        if isinstance(leads, Exception):
            raise leads
        if leads is None:
            unread.remove(day)
        elif leads:
            # The day that was asked for, not the leads' own: some lack `updated_at`.
            with_leads.add(day)
        frontier = min(unread, default=today)
        reached = [each for each in with_leads if each <= frontier]
        if reached:
            state = state_of()
            state["last_day"] = max(state.get("last_day", ""), max(reached).isoformat())
        if leads:
            yield leads


def read_campaigns(client: TalkpushClient) -> Iterator[list[dict[str, Any]]]:
    """Read the active and the archived campaigns."""
    for path, is_archived in ((CAMPAIGNS_PATH, False), (ARCHIVED_CAMPAIGNS_PATH, True)):
        try:
            answer = client.get(path)
        except TalkpushError as error:
            if is_archived and error.status == 404:
                return  # how Talkpush says that there is none
            raise
        if not isinstance(answer.get("campaigns"), list):
            raise TalkpushError(f"GET {path}: the answer has no `campaigns`; check base_url.")
        yield [{**campaign, "is_archived": is_archived} for campaign in answer["campaigns"]]
