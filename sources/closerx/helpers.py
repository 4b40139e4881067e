"""How CloserX's days are read: one answer a campaign and day, one row an hour."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .client import CloserxClient, CloserxError
from .settings import ARRAYS, FAILED_DAYS_AT_FIRST, MESSAGE_LENGTH, OTHER_ADVICE, RESULTS_PATH

ONE_DAY = timedelta(days=1)


def moment(text: str) -> datetime:
    """The instant that an ISO text names; without a zone it is UTC."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def day_end(day: date, timezone: ZoneInfo) -> datetime:
    """The instant at which a local day is over."""
    return datetime.combine(day + ONE_DAY, time(), timezone).astimezone(UTC)


def hour_start(day: date, hour: int, occurrence: int, timezone: ZoneInfo) -> datetime:
    """The instant at which a local hour begins; a clock change repeats one of them."""
    local = datetime.combine(day, time(hour), timezone).replace(fold=min(occurrence - 1, 1))
    return local.astimezone(UTC)


def each_day(first: date, last: date) -> list[date]:
    """The days from one to the other, both included."""
    return [first + ONE_DAY * number for number in range((last - first).days + 1)]


def wanted_days(start_date: str | None, end_date: str, date_param: str | None) -> list[date]:
    """The days from one to the other, both included.

    Raises:
        CloserxError: A day is missing or none, the last one comes before the first, or no day can
            be asked for.
    """
    if not date_param:
        raise CloserxError(
            "end_date needs date_param, the query parameter that names the day: without it CloserX "
            "answers only its current day; set date_param, or leave end_date out."
        )
    try:
        days = each_day(date.fromisoformat(start_date or ""), date.fromisoformat(end_date))
    except ValueError:
        days = []
    if not days:
        raise CloserxError(
            f"end_date {end_date!r} needs a start_date that is not after it (it is {start_date!r}); "
            "set both as YYYY-MM-DD."
        )
    return days


def arrays_of(answer: dict[str, Any], where: str) -> dict[str, list[Any]]:
    """The answer's parallel arrays, undocumented ones of the same length among them.

    Raises:
        CloserxError: A documented array is missing, or not as long as `hours`.
    """
    lists = {name: value for name, value in answer.items() if isinstance(value, list)}
    lengths = {name: len(lists[name]) if name in lists else None for name in ARRAYS}
    if len(set(lengths.values())) != 1 or None in lengths.values():
        raise CloserxError(
            f"{where}: the arrays are not of one length ({lengths}), so no hour can be trusted; "
            f"{OTHER_ADVICE}."
        )
    return {name: value for name, value in lists.items() if len(value) == lengths["hours"]}


def hourly_rows(
    answer: dict[str, Any], campaign_id: str, timezone: ZoneInfo, read_at: datetime
) -> list[dict[str, Any]]:
    """Turn a day's answer into rows, one an hour; an hour that is none has no `hour_at`.

    Args:
        answer: The day as CloserX tells it.
        campaign_id: The campaign that was asked for; the answer does not name it.
        timezone: The zone of the hours.
        read_at: When the answer was asked for; before the day's end its rows are not final.

    Returns:
        The rows, with whatever else the answer holds.

    Raises:
        CloserxError: The answer is not a day that can be told hour by hour.
    """
    where = f"GET {RESULTS_PATH.format(campaign_id=campaign_id)}"
    day = answer_day(answer, where)
    arrays = arrays_of(answer, where)
    others = {name: value for name, value in answer.items() if name not in arrays}
    is_final = read_at >= day_end(day, timezone)
    occurrences: Counter[str] = Counter()  # by their texts: an hour may be sent as anything
    rows = []
    for entry in zip(*arrays.values(), strict=True):
        values = dict(zip(arrays, entry, strict=True))
        hour = values.pop("hours")
        told = str(hour)
        occurrences[told] += 1
        is_hour = type(hour) is int and 0 <= hour < 24
        hour_at = (
            hour_start(day, hour, occurrences[told], timezone).isoformat() if is_hour else None
        )
        rows.append(
            {
                **others,
                **values,
                "campaign_id": campaign_id,
                "date": day.isoformat(),
                "hour": hour,
                "hour_occurrence": occurrences[told],
                "hour_at": hour_at,
                "is_final": is_final,
            }
        )
    return rows


def answer_day(answer: dict[str, Any], where: str) -> date:
    """The day that an answer says it is about.

    Raises:
        CloserxError: It says none, or one at the ends of the calendar, which no zone can shift.
    """
    try:
        day = date.fromisoformat(answer.get("date", ""))
    except (TypeError, ValueError):
        day = date.min
    if not date.min.year < day.year < date.max.year:
        told = repr(answer.get("date"))[:MESSAGE_LENGTH]
        raise CloserxError(f"{where}: the answer's date is {told}; {OTHER_ADVICE}.")
    return day


def ask_day(client: CloserxClient, campaign_id: str, date_param: str, day: date) -> dict[str, Any]:
    """Ask for a day, and refuse any other: the wrong day under the right name is the worst."""
    path = RESULTS_PATH.format(campaign_id=campaign_id)
    answer = client.get(path, {date_param: day.isoformat()})
    if answer_day(answer, f"GET {path}") != day:
        raise CloserxError(
            f"GET {path}: asked for {day}, the answer is about {answer['date']}; "
            "check date_param, and leave it out if CloserX does not know it."
        )
    return answer


def days_to_read(last_final: date | None, start_date: date | None, today: date) -> list[date]:
    """The days that are missing, and again the open day and the one before.

    Args:
        last_final: The last day that was read after its end, if any.
        start_date: Where to begin if none was; yesterday when this is not given either.
        today: The open day.
    """
    yesterday = today - ONE_DAY
    first = min(last_final + ONE_DAY, yesterday) if last_final else start_date or yesterday
    return each_day(first, today)


@dataclass(frozen=True)
class Day:
    """What came of asking for a day.

    Args:
        day: The day that was asked for; None if none could be named.
        rows: Its hours.
        is_over: Whether it was over when it was asked for.
        failure: Why it could not be read, if so.
    """

    day: date | None
    rows: list[dict[str, Any]]
    is_over: bool = False
    failure: CloserxError | None = None


def read_days(
    client: CloserxClient,
    campaign_id: str,
    date_param: str,
    days: list[date],
    timezone: ZoneInfo,
    now: Callable[[], datetime],
) -> Iterator[Day]:
    """Read a campaign's days, each whatever became of the others.

    Without a `date_param` it is the day that CloserX gives.
    """
    path = RESULTS_PATH.format(campaign_id=campaign_id)
    if not date_param:
        read_at = now()
        yield Day(None, hourly_rows(client.get(path, {}), campaign_id, timezone, read_at))
        return
    for day in days:
        read_at = now()
        try:
            answer = ask_day(client, campaign_id, date_param, day)
            rows = hourly_rows(answer, campaign_id, timezone, read_at)
        except CloserxError as error:
            yield Day(day, [], failure=error)
        else:
            yield Day(day, rows, is_over=read_at >= day_end(day, timezone))


def while_there_is_hope(days: Iterator[Day]) -> Iterator[Day]:
    """A campaign's days, until so many failed that none that is over may ever be had.

    That is a campaign that is not there, or a `date_param` that CloserX does not know.
    """
    failed = 0
    for day in days:
        yield day
        if day.is_over:
            yield from days
        failed += day.failure is not None
        if failed == FAILED_DAYS_AT_FIRST:
            return
