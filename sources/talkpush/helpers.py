"""How Talkpush's pages are read, a day of updates at a time."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any

from dlt.common import logger

from .client import TalkpushClient, TalkpushError
from .settings import (
    ARCHIVED_CAMPAIGNS_PATH,
    CAMPAIGNS_PATH,
    DATE_FORMAT,
    EARLIEST_DAY,
    LEADS_PATH,
    MAX_PAGES,
    OTHER_ADVICE,
    READINGS_OF_A_DAY,
)

ONE_DAY = timedelta(days=1)


def moment(text: str) -> datetime:
    """The instant that an ISO text names; without a zone it is UTC."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def each_day(first: date, last: date) -> list[date]:
    """The days from one to the other, both included."""
    return [first + ONE_DAY * number for number in range((last - first).days + 1)]


def wanted_days(start_date: str | None, end_date: str) -> list[date]:
    """The days from one to the other, both included.

    Raises:
        TalkpushError: A day is missing or none, or the last one comes before the first.
    """
    try:
        days = each_day(date.fromisoformat(start_date or ""), date.fromisoformat(end_date))
    except ValueError:
        days = []
    if not days:
        raise TalkpushError(
            f"end_date {end_date!r} needs a start_date that is not after it (it is {start_date!r}); "
            "set both as YYYY-MM-DD."
        )
    return days


def as_row(item: Any, **facts: Any) -> dict[str, Any]:
    """What a listing holds, as a row: an object as it is, anything else as its `record`."""
    return {**(item if isinstance(item, dict) else {"record": item}), **facts}


def ask_page(client: TalkpushClient, params: dict[str, Any]) -> dict[str, Any]:
    """Ask for one page of leads, and refuse an answer that is not one."""
    page = client.get(LEADS_PATH, params)
    if not isinstance(page.get("candidates"), list) or not isinstance(page.get("total"), int):
        raise TalkpushError(
            f"GET {LEADS_PATH}: the answer lacks `candidates` or `total`; check base_url."
        )
    if not isinstance(page.get("pages"), int | None):
        raise TalkpushError(
            f"GET {LEADS_PATH}: the answer's `pages` is not a number; {OTHER_ADVICE}."
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
    """Read the pages of the leads updated on a day, until `pages` or an empty one.

    Raises:
        TalkpushError: There are ever more pages, far beyond what the first one's `total` said.
    """
    asked = day.strftime(DATE_FORMAT)
    number, is_last, most = 1, False, MAX_PAGES
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
        most = max(most, page["total"]) if number == 1 else most
        is_last = not page["candidates"] or number >= (page.get("pages") or number + 1)
        if number == most and not is_last:
            raise TalkpushError(
                f"GET {LEADS_PATH} for updates of {day}: there is more after {number} pages, so "
                f"paging would never end; {OTHER_ADVICE}."
            )
        number += 1


def told_apart(
    lead: dict[str, Any], seen: Counter[tuple[int | str | None, bytes]]
) -> tuple[int | str | None, bytes, int]:
    """What tells a lead from all others: its id, if it has one, and all that it says.

    Without an id it is also which one of the same it is: none is taken for another.

    Args:
        lead: The lead.
        seen: What this reading of the day has seen, which is counted here.
    """
    lead_id = lead.get("id")
    if isinstance(lead_id, bool) or not isinstance(lead_id, int | str):
        lead_id = None
    version = lead_id, blake2b(repr(lead).encode(), digest_size=16).digest()
    seen[version] += 1
    return *version, seen[version] if lead_id is None else 1


def read_day(client: TalkpushClient, day: date, is_open: bool) -> Iterator[list[dict[str, Any]]]:
    """Read a day until it has settled: as many leads as it should have, and none left meanwhile.

    A lead that is updated while its day is being read leaves the day, and those after it move
    up, across the page boundary: one of them may be on no page that was read. But where a second
    reading says the same total and brings nothing new, nothing moves, and the total is wrong.

    Args:
        client: Who asks.
        day: The day of the updates.
        is_open: Whether the day still goes on; then it is read again on the next run anyway.

    Yields:
        The leads of a page that were not yielded before.

    Raises:
        TalkpushError: The day is over, and still does not settle.
    """
    yielded: set[tuple[int | str | None, bytes, int]] = set()
    last_totals: set[int] = set()
    for _ in range(READINGS_OF_A_DAY):
        totals: list[int] = []
        seen: Counter[tuple[int | str | None, bytes]] = Counter()
        known_before = len(yielded)
        for page in read_pages(client, day):
            totals.append(page["total"])
            known = len(seen)
            leads = [(told_apart(lead, seen), lead) for lead in map(as_row, page["candidates"])]
            yield [lead for key, lead in leads if key not in yielded]
            yielded.update(key for key, _ in leads)
            if len(seen) == known:
                break  # the same again: page numbers lead no further
        ids = {key if key[0] is None else key[0] for key in yielded}
        found = f"GET {LEADS_PATH} for updates of {day}: found {len(ids)} of {totals[-1]} leads"
        if len(set(totals)) == 1 and len(ids) >= totals[-1]:
            return
        if len(set(totals)) == 1 and set(totals) == last_totals and len(yielded) == known_before:
            logger.warning(f"{found}, in two readings alike; taken for all there are.")
            return
        last_totals = set(totals)
    problem = f"{found}, which still moved between pages after {READINGS_OF_A_DAY} readings"
    if not is_open:
        raise TalkpushError(f"{problem}; try again when Talkpush is less busy.", concerns_all=False)
    logger.warning(f"{problem}; the day is read again on the next run.")


def ask_campaigns(client: TalkpushClient, path: str) -> list[Any]:
    """Ask for a list of campaigns, and refuse an answer that is none."""
    campaigns = client.get(path).get("campaigns")
    if not isinstance(campaigns, list):
        raise TalkpushError(f"GET {path}: the answer has no `campaigns`; check base_url.")
    return campaigns


def read_campaigns(client: TalkpushClient) -> Iterator[list[dict[str, Any]]]:
    """Read the active and the archived campaigns."""
    for path, is_archived in ((CAMPAIGNS_PATH, False), (ARCHIVED_CAMPAIGNS_PATH, True)):
        try:
            campaigns = ask_campaigns(client, path)
        except TalkpushError as error:
            if is_archived and error.status == 404:
                return  # how Talkpush says that there is none
            raise
        yield [as_row(campaign, is_archived=is_archived) for campaign in campaigns]
