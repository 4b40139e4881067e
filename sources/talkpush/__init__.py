"""Talkpush: leads, read by the day of their last update, and campaigns."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dlt
from dlt.extract import DltResource
from requests import Session

from .client import TalkpushClient, TalkpushError
from .helpers import (
    ask_campaigns,
    each_day,
    first_updated_day,
    moment,
    read_campaigns,
    wanted_days,
)
from .reading import read_leads
from .settings import (
    CAMPAIGN_COLUMNS,
    CAMPAIGNS_PATH,
    LEAD_COLUMNS,
    LOOKBACK_DAYS,
    MAX_RETRIES,
    PARALLEL_REQUESTS,
    REQUESTS_PER_SECOND,
    TIMEOUT_S,
    TIMEZONE,
)

__all__ = ["TalkpushError", "talkpush"]


@dlt.source(name="talkpush", section="talkpush")
def talkpush(
    api_key: str = dlt.secrets.value,
    base_url: str = dlt.config.value,
    start_date: str | None = None,
    end_date: str | None = None,
    lookback_days: int = LOOKBACK_DAYS,
    timezone: str = TIMEZONE,
    requests_per_second: float = REQUESTS_PER_SECOND,
    parallel_requests: int = PARALLEL_REQUESTS,
    max_retries: int = MAX_RETRIES,
    timeout_s: float = TIMEOUT_S,
    as_of: str | None = None,
    session: Session | None = None,
) -> Iterable[DltResource]:
    """Leads and campaigns of a Talkpush company.

    Args:
        api_key: The company's API key.
        base_url: Where the API is: `https://<company>.talkpush.com/api/talkpush_services`.
        start_date: The first day of updates to read (YYYY-MM-DD); found by asking when not given.
        end_date: With it, exactly the leads updated from `start_date` to this day are read, both
            included, and the cursors of nightly runs are neither used nor moved.
        lookback_days: How many days before the last stored one are read again on each run.
        timezone: Where Talkpush's days begin and end.
        requests_per_second: How often a request may start, retries included; 0 for no limit.
        parallel_requests: How many requests may be under way at once.
        max_retries: How often a request that failed for a passing reason is sent again.
        timeout_s: How long to wait for an answer.
        as_of: The instant taken for now (ISO), for replays; the clock by default.
        session: Its `send` gets every request, retries included, instead of the source's own
            connections, so that a caller can limit or record them.

    Returns:
        The resources `leads`, `campaigns` and `probe`.

    Raises:
        TalkpushError: There is an `end_date` without a `start_date` before it.
    """
    wanted = wanted_days(start_date, end_date) if end_date else None
    client = TalkpushClient(
        base_url,
        api_key,
        requests_per_second,
        parallel_requests,
        max_retries,
        timeout_s,
        session,
    )
    now = moment(as_of) if as_of else datetime.now(UTC)
    today = now.astimezone(ZoneInfo(timezone)).date()

    @dlt.resource(
        primary_key="id",
        write_disposition="merge",
        columns=LEAD_COLUMNS,
        max_table_nesting=0,
    )
    def leads() -> Iterator[list[dict[str, Any]]]:
        """One row a lead, as it stands now."""
        metrics, state_of = dlt.current.resource_metrics, dlt.current.resource_state
        if wanted:
            days = [day for day in wanted if day <= today]
            yield from read_leads(client, days, [], today, parallel_requests, metrics, None)
            return
        state = state_of()
        if "last_day" in state:
            first_day = date.fromisoformat(state["last_day"]) - timedelta(days=lookback_days)
            if start_date:
                first_day = max(first_day, date.fromisoformat(start_date))
        elif start_date:
            first_day = date.fromisoformat(start_date)
        else:
            first_day = first_updated_day(client, today)
        failed = [date.fromisoformat(day) for day in state.get("failed_days", [])]
        failed = [day for day in failed if day.isoformat() >= (start_date or "")]
        days = each_day(first_day, today)
        yield from read_leads(client, days, failed, today, parallel_requests, metrics, state_of)

    @dlt.resource(
        primary_key="id",
        write_disposition="merge",
        columns=CAMPAIGN_COLUMNS,
        max_table_nesting=0,
    )
    def campaigns() -> Iterator[list[dict[str, Any]]]:
        """One row a campaign, active or archived."""
        yield from read_campaigns(client)

    @dlt.resource(selected=False)
    def probe() -> Iterator[dict[str, Any]]:
        """Proves the credentials with the list of active campaigns."""
        yield {"asked": CAMPAIGNS_PATH, "campaigns": len(ask_campaigns(client, CAMPAIGNS_PATH))}

    yield leads
    yield campaigns
    yield probe
