"""How EASI'R's listings are read to the end, and which recipients are worth reading."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dlt.common import logger

from .client import EasirClient, EasirError
from .settings import (
    DATETIME_FORMAT,
    DELETED,
    NO_TIME,
    OTHER_ADVICE,
    PAGE_SIZE,
    READINGS_OF_A_LISTING,
    RECIPIENT_TIMES,
    RECIPIENTS_PATH,
)


def moment(text: str) -> datetime:
    """The instant that an ISO text names; without a zone it is UTC."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def in_utc(value: Any, timezone: ZoneInfo) -> Any:
    """A wall-clock time as an instant; no time as None; anything else as it was sent."""
    if value in NO_TIME:
        return None
    try:
        local = datetime.strptime(str(value), DATETIME_FORMAT).replace(tzinfo=timezone)
    except ValueError:
        return value
    return local.astimezone(UTC).isoformat()


def with_times(
    record: dict[str, Any], names: tuple[str, ...], timezone: ZoneInfo
) -> dict[str, Any]:
    """The record with its own times as instants; those of nested records stay as sent."""
    times = {name: in_utc(record[name], timezone) for name in names if name in record}
    return {**record, **times}


def read_pages(client: EasirClient, path: str) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Read the pages of a listing.

    Yields:
        The records of each page, and how many there are in all.

    Raises:
        EasirError: The answer is not a page.
    """
    number, is_last = 1, False
    while not is_last:
        page = client.get(path, {"page": number, "per_page": PAGE_SIZE})
        records, pagination = page.get("data"), page.get("pagination")
        if not isinstance(records, list) or not isinstance(pagination, dict):
            raise EasirError(
                f"GET {path}: the answer lacks `data` or `pagination`; {OTHER_ADVICE}."
            )
        total = int(pagination.get("total") or 0)
        yield records, total
        # A page can be smaller than asked for, so what counts is the size it says it has.
        has_next = bool((pagination.get("urls") or {}).get("next"))
        reached = number * int(pagination.get("per_page") or PAGE_SIZE)
        is_last = not records or (not has_next and reached >= total)
        number += 1


def read_listing(client: EasirClient, path: str) -> Iterator[list[dict[str, Any]]]:
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
        for records, total in read_pages(client, path):
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
    state: dict[str, Any],
    timezone: ZoneInfo,
    now: datetime,
    full_reread_days: int,
) -> Iterator[list[dict[str, Any]]]:
    """Read the recipients of the campaigns that are open or changed, or now and then of all.

    Args:
        client: Who asks.
        campaigns: Every campaign.
        state: The `signatures` of the campaigns that were read to the end, and when all were
            (`last_full_read`), kept between runs.
        timezone: The zone of EASI'R's times.
        now: The instant taken for now.
        full_reread_days: How long signatures are trusted.

    Yields:
        The recipients of a page, with their campaign.
    """
    signatures = state.setdefault("signatures", {})
    read_all = is_full_reread_due(state, now, full_reread_days)
    for campaign in campaigns:
        campaign_id = campaign["id"]
        unchanged = signatures.get(campaign_id) == signature(campaign)
        if unchanged and not is_open(campaign) and not read_all:
            continue
        try:
            for records in read_listing(client, RECIPIENTS_PATH.format(campaign_id=campaign_id)):
                yield [
                    {**with_times(record, RECIPIENT_TIMES, timezone), "campaign_id": campaign_id}
                    for record in records
                ]
        except EasirError as error:
            if error.status != DELETED:
                raise
            logger.warning(f"EASI'R campaign {campaign_id} was deleted while it was to be read.")
            continue
        signatures[campaign_id] = signature(campaign)
    if read_all:
        state["last_full_read"] = now.isoformat()
