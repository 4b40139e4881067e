"""How EASI'R's times and listings are read, the latter to the end."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from dlt.common import logger

from .client import EasirClient, EasirError
from .listing import Records, count_of
from .sent import SentRecords
from .settings import (
    DATETIME_FORMAT,
    LISTING,
    MAX_PAGES,
    NO_TIME,
    OTHER_ADVICE,
    PAGE_SIZE,
    PAGES_ONE_BY_ONE,
    READINGS_OF_A_LISTING,
    REPEATED_PAGES,
    TIMES,
)

Answer = TypeVar("Answer")

HOURS_KEPT = 1 << 14
MINUTES = frozenset(f":{minute:02}:{second:02}" for minute in range(60) for second in range(60))


@dataclass(frozen=True)
class Part:
    """Some of a listing.

    Args:
        records: What is in it.
        is_end: Whether with this the listing was read from its beginning to its end, all of it.
    """

    records: SentRecords
    is_end: bool = False


def moment(text: str) -> datetime:
    """The instant that an ISO text names; without a zone it is UTC."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def wall_clock(value: Any) -> datetime | None:
    """A time as EASI'R sends it, without a zone; None for anything else."""
    if not isinstance(value, str):
        return None
    is_usual = len(value) == 19 and value[10] == " " and value[16] == ":"  # read 20 times faster
    try:
        if is_usual:
            return datetime.fromisoformat(value)
        return datetime.strptime(value, DATETIME_FORMAT)
    except ValueError:
        return None


@lru_cache(HOURS_KEPT)
def utc_hour(hour: str, timezone: ZoneInfo) -> str | None:
    """A wall-clock hour such as `2026-03-01 09` as `2026-03-01T08`; None if it is not a whole one in UTC, too."""
    begin = wall_clock(f"{hour}:00:00")
    if begin is None:
        return None
    begin = begin.replace(tzinfo=timezone)
    offset, at_end = begin.utcoffset(), begin.replace(minute=59).utcoffset()
    if offset is None or offset != at_end or offset % timedelta(hours=1):
        return None
    try:
        return begin.astimezone(UTC).isoformat()[:13]
    except OverflowError:  # the first or the last day that there is
        return None


def in_utc(value: Any, timezone: ZoneInfo) -> Any:
    """A wall-clock time as an instant; no time as None; anything else as it was sent."""
    if isinstance(value, str) and value[13:] in MINUTES:
        hour = utc_hour(value[:13], timezone)  # half the work for nearly all
        if hour:
            return f"{hour}{value[13:]}+00:00"
    if value in NO_TIME:
        return None
    local = wall_clock(value)
    try:
        return local.replace(tzinfo=timezone).astimezone(UTC).isoformat() if local else value
    except OverflowError:  # the first or the last day that there is
        return value


def with_times(records: SentRecords, names: tuple[str, ...], timezone: ZoneInfo) -> SentRecords:
    """The records with their own times as instants; those of nested records stay as sent."""
    times = zip(names, records.columns(*names), strict=True)
    return records.with_added(
        **{
            name: [in_utc(value, timezone) for value in sent]
            for name, sent in times
            if any(each is not None for each in sent)
        }
    )


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
    if not isinstance(page.get(LISTING), SentRecords) or not isinstance(
        page.get("pagination"), dict
    ):
        raise EasirError(
            f"GET {path}: the answer lacks `data` or `pagination`; {OTHER_ADVICE}.", 200
        )
    return page


def read_pages(
    client: EasirClient, path: str, workers: int
) -> Iterator[tuple[SentRecords, int | None]]:
    """Read the pages of a listing; if it is long, those that its total promises side by side.

    Yields:
        The records of each page, and how many there are in all, if that is told.

    Raises:
        EasirError: An answer is not a page, or the pages go round in a circle.
    """
    number, is_last = 1, False
    brought: set[int] = set()
    repeated = 0
    promised: Iterator[dict[str, Any]] = iter(())
    while not is_last:
        page = next(promised, None) or ask_page(client, path, number)
        records, pagination = page[LISTING], page["pagination"]
        # A page can be smaller than asked for, so what counts is the size it says it has.
        size, total = (
            count_of(pagination.get("per_page")) or PAGE_SIZE,
            count_of(pagination.get("total")),
        )
        pages = -(-(total or 0) // size)
        if number == 1 and len(records) and pages - 1 > PAGES_ONE_BY_ONE:
            promised = in_order(
                (partial(ask_page, client, path, each) for each in range(2, pages + 1)), workers
            )
        urls = pagination.get("urls")
        has_next = isinstance(urls, dict) and bool(urls.get("next"))
        is_last = not len(records) or (not has_next and number >= pages)
        content = hash(records.contents)
        repeated += content in brought
        brought.add(content)
        if not is_last and (repeated == REPEATED_PAGES or number == MAX_PAGES):
            raise EasirError(
                f"GET {path}: page {number} of {pages} brought what others had, or is one too many, "
                f"and so paging would never end; {OTHER_ADVICE}.",
                200,
            )
        yield records, total
        number += 1


def read_listing(
    client: EasirClient, path: str, workers: int, id_name: str = "id"
) -> Iterator[Part]:
    """Read a listing until nothing is missing from it.

    A record that is deleted while its listing is being read lets those after it move up, across
    the page boundary: one of them may be on no page that was read. But where a second reading says
    the same total and brings nothing new, nothing moves, and the total is wrong.

    Yields:
        The records of a page that were not yielded before; at last none, and whether it is whole.

    Raises:
        EasirError: Records are missing from every reading.
    """
    known = Records(id_name)
    last_totals: set[int | None] = set()
    for _ in range(READINGS_OF_A_LISTING):
        known.read_again()
        totals, is_new = [], False
        for records, total in read_pages(client, path, workers):
            totals.append(total)
            ids, *_ = records.columns(id_name, *TIMES)  # what is looked at later, too
            places = known.fresh_places(ids, records.contents)
            is_new = is_new or bool(places)
            yield Part(records.at(places))
        found = f"GET {path}: found {known.found} of {totals[-1]} records"
        if len(set(totals)) == 1 and known.found >= (totals[-1] or 0):
            yield Part(SentRecords([]), is_end=known.found == totals[-1])
            return
        if len(set(totals)) == 1 and set(totals) == last_totals and not is_new:
            logger.warning(f"{found}, in two readings alike; taken for all there are.")
            yield Part(SentRecords([]))
            return
        last_totals = set(totals)
    raise EasirError(
        f"{found}, which still moved between pages after {READINGS_OF_A_LISTING} readings; try "
        "again when EASI'R is less busy.",
        200,
    )
