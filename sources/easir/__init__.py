"""EASI'R: outreach campaigns and their recipients."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import dlt
from dlt.extract import DltResource
from requests import Session

from .client import EasirClient, EasirError
from .helpers import Part, moment, read_listing, with_times
from .reading import Memory, Window, read_recipients
from .sent import SentRecords, as_dicts
from .settings import (
    AUTH_URL,
    BASE_URL,
    CAMPAIGN_COLUMNS,
    CAMPAIGN_TIMES,
    CAMPAIGNS_PATH,
    FULL_REREAD_DAYS,
    MAX_RETRIES,
    PARALLEL_REQUESTS,
    RECIPIENT_COLUMNS,
    REQUESTS_PER_SECOND,
    TIMEOUT_S,
    TIMEZONE,
)

__all__ = ["EasirError", "easir"]


@dlt.source(name="easir", section="easir")
def easir(
    client_id: str = dlt.secrets.value,
    client_secret: str = dlt.secrets.value,
    base_url: str = BASE_URL,
    auth_url: str = AUTH_URL,
    timezone: str = TIMEZONE,
    full_reread_days: int = FULL_REREAD_DAYS,
    start_date: str | None = None,
    end_date: str | None = None,
    requests_per_second: float = REQUESTS_PER_SECOND,
    parallel_requests: int = PARALLEL_REQUESTS,
    max_retries: int = MAX_RETRIES,
    timeout_s: float = TIMEOUT_S,
    as_of: str | None = None,
    session: Session | None = None,
) -> Iterable[DltResource]:
    """Campaigns and recipients of an EASI'R company.

    Args:
        client_id: The OAuth2 client.
        client_secret: Its secret.
        base_url: Where the API is.
        auth_url: Where tokens are given, without a query.
        timezone: The zone of EASI'R's times, which are sent without one.
        full_reread_days: How many days may pass before every recipient is read again.
        start_date: The first day (YYYY-MM-DD) of a window of history, with `end_date`: exactly the
            recipients of campaigns that were sent (or, if not sent, created) in these days, both
            included, in `timezone`; what is remembered for the nights is neither used nor moved.
        end_date: The last day of that window.
        requests_per_second: How often a request may start, retries included; 0 for no limit.
        parallel_requests: How many requests may be under way at once.
        max_retries: How often a request that failed for a passing reason is sent again.
        timeout_s: How long to wait for an answer.
        as_of: The instant taken for now (ISO), for replays; the clock by default.
        session: Its `send` gets every request, retries included, instead of the source's own
            connections, so that a caller can limit or record them.

    Returns:
        The resources `campaigns`, `campaign_recipients` and `probe`. Metrics hold `progress`,
        `complete_listings` (of what nothing was missing) and, if so, `failures`.
    """
    window = Window.of(start_date, end_date)
    client = EasirClient(
        base_url,
        auth_url,
        client_id,
        client_secret,
        requests_per_second,
        parallel_requests,
        max_retries,
        timeout_s,
        session,
    )
    zone = ZoneInfo(timezone)
    now = moment(as_of) if as_of else datetime.now(UTC)

    @cache  # both resources need it
    def listed_campaigns() -> list[Part]:
        return list(read_listing(client, CAMPAIGNS_PATH, parallel_requests))

    @dlt.resource(
        primary_key="id",
        write_disposition="merge",
        columns=CAMPAIGN_COLUMNS,
        max_table_nesting=0,
    )
    def campaigns() -> Iterator[SentRecords]:
        """One row a campaign, as it stands now."""
        for part in listed_campaigns():
            yield with_times(part.records, CAMPAIGN_TIMES, zone)
        if listed_campaigns()[-1].is_end:
            dlt.current.resource_metrics().setdefault("complete_listings", []).append({})

    @dlt.resource(
        primary_key=("campaign_id", "id"),
        write_disposition="merge",
        columns=RECIPIENT_COLUMNS,
        max_table_nesting=0,
    )
    def campaign_recipients() -> Iterator[SentRecords]:
        """One row a campaign and recipient, as it stands now."""
        yield from read_recipients(
            client,
            [campaign for part in listed_campaigns() for campaign in part.records],
            window or Memory(dlt.current.resource_state, now, full_reread_days),
            zone,
            parallel_requests,
            dlt.current.resource_metrics,
        )

    @dlt.resource(selected=False)
    def probe() -> Iterator[dict[str, Any]]:
        """Proves the credentials with a list of one campaign."""
        page = client.get(CAMPAIGNS_PATH, {"page": 1, "per_page": 1})
        pagination = page.get("pagination")
        total = pagination.get("total") if isinstance(pagination, dict) else None
        yield {"asked": CAMPAIGNS_PATH, "campaigns": total}

    yield campaigns.add_map(as_dicts)
    yield campaign_recipients.add_map(as_dicts)
    yield probe
