"""CloserX: a campaign's credits and results, hour by hour."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import dlt
from dlt.extract import DltResource
from requests import Session

from .client import CloserxClient, CloserxError
from .helpers import days_to_read, moment, wanted_days
from .reading import Calendar, Reading
from .settings import (
    BASE_URL,
    HOURLY_COLUMNS,
    MAX_RETRIES,
    PARALLEL_REQUESTS,
    REQUESTS_PER_SECOND,
    RESULTS_PATH,
    TIMEOUT_S,
    TIMEZONE,
)

__all__ = ["CloserxError", "closerx"]


@dlt.source(name="closerx", section="closerx")
def closerx(
    api_key: str = dlt.secrets.value,
    company_name: str = dlt.config.value,
    campaign_ids: Sequence[str] = dlt.config.value,
    base_url: str = BASE_URL,
    date_param: str | None = None,
    start_date: str | None = None,
    end_date: str | None = None,
    timezone: str = TIMEZONE,
    requests_per_second: float = REQUESTS_PER_SECOND,
    parallel_requests: int = PARALLEL_REQUESTS,
    max_retries: int = MAX_RETRIES,
    timeout_s: float = TIMEOUT_S,
    as_of: str | None = None,
    session: Session | None = None,
) -> Iterable[DltResource]:
    """Hourly credits and results of CloserX campaigns.

    Args:
        api_key: The key, sent as the header `api_key`.
        company_name: The company, sent as the header `Company-Name`.
        campaign_ids: Ids of the campaigns to read; the API cannot list them.
        base_url: Where the API is.
        date_param: The query parameter that names the day, if CloserX has told you of one; without
            it, whatever day CloserX answers is stored.
        start_date: The first day to read (YYYY-MM-DD) when there is a `date_param`.
        end_date: With it, exactly the days from `start_date` to this one are read, both included,
            and the cursors of nightly runs are neither used nor moved.
        timezone: The zone of CloserX's hours and days.
        requests_per_second: How often a request may start, retries included; 0 for no limit.
        parallel_requests: How many requests may be under way at once.
        max_retries: How often a request that failed for a passing reason is sent again.
        timeout_s: How long to wait for an answer.
        as_of: The instant taken for now (ISO), for replays; the clock by default.
        session: Its `send` gets every request, retries included, instead of the source's own
            connections, so that a caller can limit or record them.

    Returns:
        The resources `hourly_metrics` and `probe`.

    Raises:
        CloserxError: There is an `end_date`, but no `date_param` or no `start_date` before it.
    """
    wanted = wanted_days(start_date, end_date, date_param) if end_date else None
    client = CloserxClient(
        base_url,
        api_key,
        company_name,
        requests_per_second,
        parallel_requests,
        max_retries,
        timeout_s,
        session,
    )
    campaigns = [campaign_ids] if isinstance(campaign_ids, str) else list(campaign_ids)
    zone = ZoneInfo(timezone)

    def now() -> datetime:
        return moment(as_of) if as_of else datetime.now(UTC)

    @dlt.resource(
        primary_key=("campaign_id", "date", "hour", "hour_occurrence"),
        write_disposition="merge",
        columns=HOURLY_COLUMNS,
        max_table_nesting=0,
    )
    def hourly_metrics() -> Iterator[list[dict[str, Any]]]:
        """One row a campaign and local hour, as it stands now."""
        today = now().astimezone(zone).date()
        metrics, state_of = dlt.current.resource_metrics, dlt.current.resource_state

        def calendar_of(campaign_id: str) -> Calendar:
            if wanted:
                days = [day for day in wanted if day <= today]
                return Calendar(campaign_id, days, [], today, None)
            last_day = state_of().setdefault("last_final_day", {}).get(campaign_id)
            failed = state_of().get("failed_days", {}).get(campaign_id, [])
            days = days_to_read(
                date.fromisoformat(last_day) if last_day else None,
                date.fromisoformat(start_date) if start_date else None,
                today,
            )
            failed = [date.fromisoformat(day) for day in failed if day >= (start_date or "")]
            return Calendar(campaign_id, days, failed, today, state_of)

        reading = Reading(client, date_param or "", zone, now, parallel_requests, metrics)
        yield from reading.read({each: calendar_of(each) for each in campaigns})

    @dlt.resource(selected=False)
    def probe() -> Iterator[dict[str, Any]]:
        """Proves the credentials with the first campaign's current day."""
        if not campaigns:
            raise CloserxError("There is nothing to ask CloserX for; set campaign_ids.")
        path = RESULTS_PATH.format(campaign_id=campaigns[0])
        yield {"asked": path, "date": client.get(path, {}).get("date")}

    yield hourly_metrics
    yield probe
