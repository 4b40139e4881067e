"""How EASI'R's listings are read to the end, and which recipients are worth reading."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from dlt.common import logger

from .client import EasirClient, EasirError
from .parallel import side_by_side
from .settings import (
    DATETIME_FORMAT,
    DELETED,
    NO_TIME,
    OTHER_ADVICE,
    PAGE_SIZE,
    PAGES_ONE_BY_ONE,
    READINGS_OF_A_LISTING,
    RECIPIENT_TIMES,
    RECIPIENTS_PATH,
)

Answer = TypeVar("Answer")


def moment(text: str) -> datetime:
    """The instant that an ISO text names; without a zone it is UTC."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def in_utc(value: Any, timezone: ZoneInfo) -> Any:
    """A wall-clock time as an instant; no time as None; anything else as it was sent."""
    if value in NO_TIME:
        return None
    text = str(value)
    is_usual = len(text) == 19 and text[10] == " " and text[16] == ":"  # and read 20 times faster
    try:
        local = (
            datetime.fromisoformat(text) if is_usual else datetime.strptime(text, DATETIME_FORMAT)
        )
    except ValueError:
        return value
    return local.replace(tzinfo=timezone).astimezone(UTC).isoformat()


def with_times(
    record: dict[str, Any], names: tuple[str, ...], timezone: ZoneInfo
) -> dict[str, Any]:
    """The record with its own times as instants; those of nested records stay as sent."""
    times = {name: in_utc(record[name], timezone) for name in names if name in record}
    return {**record, **times}


def in_order(asks: Iterable[Callable[[], Answer]], workers: int) -> Iterator[Answer]:
    """Ask for several things at once, and give the answers in the order of the questions."""
    with ThreadPoolExecutor(workers) as pool:
        asked: deque[Future[Answer]] = deque()
        for ask in asks:
            asked.append(pool.submit(ask))
            if len(asked) == workers:
                yield asked.popleft().result()
        while asked:
            yield asked.popleft().result()


def ask_page(client: EasirClient, path: str, number: int) -> dict[str, Any]:
    """Ask for one page of a listing, and refuse an answer that is not one."""
    page = client.get(path, {"page": number, "per_page": PAGE_SIZE})
    if not isinstance(page.get("data"), list) or not isinstance(page.get("pagination"), dict):
        raise EasirError(f"GET {path}: the answer lacks `data` or `pagination`; {OTHER_ADVICE}.")
    return page


def read_pages(
    client: EasirClient, path: str, workers: int
) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Read the pages of a listing; if it is long, those that its total promises side by side.

    Yields:
        The records of each page, and how many there are in all.

    Raises:
        EasirError: An answer is not a page.
    """
    number, is_last = 1, False
    promised: Iterator[dict[str, Any]] = iter(())
    while not is_last:
        page = next(promised, None) or ask_page(client, path, number)
        pagination = page["pagination"]
        # A page can be smaller than asked for, so what counts is the size it says it has.
        size, total = (
            int(pagination.get("per_page") or PAGE_SIZE),
            int(pagination.get("total") or 0),
        )
        numbers = range(2, ceil(total / size) + 1)
        if number == 1 and page["data"] and len(numbers) > PAGES_ONE_BY_ONE:
            promised = in_order(
                (partial(ask_page, client, path, each) for each in numbers), workers
            )
        yield page["data"], total
        has_next = bool((pagination.get("urls") or {}).get("next"))
        is_last = not page["data"] or (not has_next and number * size >= total)
        number += 1


def read_listing(client: EasirClient, path: str, workers: int) -> Iterator[list[dict[str, Any]]]:
    """Read a listing until nothing is missing from it.

    A record that is deleted while its listing is being read lets those after it move up, across
    the page boundary: one of them may be on no page that was read.

    Yields:
        The records of a page that were not yielded before.

    Raises:
        EasirError: Records are missing from every reading.
    """
    ids: set[Any] = set()
    for _ in range(READINGS_OF_A_LISTING):
        totals = []
        for records, total in read_pages(client, path, workers):
            totals.append(total)
            fresh = {record.get("id"): record for record in records}
            yield [record for record_id, record in fresh.items() if record_id not in ids]
            ids.update(fresh)
        if len(set(totals)) == 1 and len(ids) >= totals[-1]:
            return
    raise EasirError(
        f"GET {path}: found {len(ids)} of {totals[-1]} records, which still moved between pages "
        f"after {READINGS_OF_A_LISTING} readings; try again when EASI'R is less busy."
    )


def signature(campaign: dict[str, Any]) -> list[Any]:
    """What changes when a campaign's recipients may have changed."""
    return [campaign.get("updated_at"), campaign.get("sent_at"), campaign.get("total_sent")]


def is_open(campaign: dict[str, Any]) -> bool:
    """Whether a campaign is still to be sent, so that anyone may yet become a recipient."""
    return campaign.get("sent_at") in (None, *NO_TIME)


def is_full_reread_due(state: dict[str, Any], now: datetime, full_reread_days: int) -> bool:
    """Whether everything is to be read again, for changes that no signature shows."""
    last = state.get("last_full_read")
    # By the calendar: a run that starts a little earlier than the last one must not miss its turn.
    return last is None or now.date() - moment(last).date() >= timedelta(days=full_reread_days)


def read_recipients(
    client: EasirClient,
    campaigns: list[dict[str, Any]],
    state_of: Callable[[], dict[str, Any]],
    timezone: ZoneInfo,
    now: datetime,
    full_reread_days: int,
    workers: int,
) -> Iterator[list[dict[str, Any]]]:
    """Read the recipients of the campaigns that are open or changed, or now and then of all.

    Args:
        client: Who asks.
        campaigns: Every campaign.
        state_of: Gives what is kept between runs, asked for anew at each page: the `signatures` of
            the campaigns that were read to the end, when all were (`last_full_read`), and, while
            that goes on, which ones have been read again.
        timezone: The zone of EASI'R's times.
        now: The instant taken for now.
        full_reread_days: How long signatures are trusted.
        workers: How many campaigns, and how many pages of one, are asked for at once.

    Yields:
        The recipients of a page, with their campaign.
    """
    state = state_of()
    read_all = is_full_reread_due(state, now, full_reread_days)
    if read_all:
        state.setdefault("read_again", [])
    signatures, read_again = state.get("signatures", {}), set(state.get("read_again", []))
    readers = (
        ((campaign["id"], signature(campaign)), read_listing(client, path(campaign), workers))
        for campaign in campaigns
        if is_open(campaign)
        or signatures.get(campaign["id"]) != signature(campaign)
        or (read_all and campaign["id"] not in read_again)
    )
    for (campaign_id, signed), records in side_by_side(readers, workers):
        if isinstance(records, EasirError) and records.status == DELETED:
            logger.warning(f"EASI'R campaign {campaign_id} was deleted while it was to be read.")
        elif isinstance(records, Exception):
            raise records
        elif records is None:
            state = state_of()
            state.setdefault("signatures", {})[campaign_id] = signed
            if read_all:
                state["read_again"].append(campaign_id)
        else:
            yield [
                {**with_times(record, RECIPIENT_TIMES, timezone), "campaign_id": campaign_id}
                for record in records
            ]
    if read_all:
        state = state_of()
        state["last_full_read"] = now.isoformat()
        del state["read_again"]


def path(campaign: dict[str, Any]) -> str:
    """Where a campaign's recipients are listed."""
    return RECIPIENTS_PATH.format(campaign_id=campaign["id"])
