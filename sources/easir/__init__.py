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
from .helpers import moment, read_listing, read_recipients, with_times
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
        requests_per_second: How often a request may start, retries included; 0 for no limit.
        parallel_requests: How many requests may be under way at once.
        max_retries: How often a request that failed for a passing reason is sent again.
        timeout_s: How long to wait for an answer.
        as_of: The instant taken for now (ISO), for replays; the clock by default.
        session: Its `send` gets every request, retries included, instead of the source's own
            connections, so that a caller can limit or record them.

    Returns:
        The resources `campaigns`, `campaign_recipients` and `probe`.
    """
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
    def listed_campaigns() -> list[dict[str, Any]]:
        pages = read_listing(client, CAMPAIGNS_PATH, parallel_requests)
        return [record for page in pages for record in page]

    @dlt.resource(
        primary_key="id",
        write_disposition="merge",
        columns=CAMPAIGN_COLUMNS,
        max_table_nesting=0,
    )
    def campaigns() -> Iterator[list[dict[str, Any]]]:
        """One row a campaign, as it stands now."""
        yield [with_times(campaign, CAMPAIGN_TIMES, zone) for campaign in listed_campaigns()]

    @dlt.resource(
        primary_key=("campaign_id", "id"),
        write_disposition="merge",
        columns=RECIPIENT_COLUMNS,
        max_table_nesting=0,
    )
    def campaign_recipients() -> Iterator[list[dict[str, Any]]]:
        """One row a campaign and recipient, as it stands now."""
        yield from read_recipients(
            client,
            listed_campaigns(),
            dlt.current.resource_state,
            zone,
            now,
            full_reread_days,
            parallel_requests,
        )

    @dlt.resource(selected=False)
    def probe() -> Iterator[dict[str, Any]]:
        """Proves the credentials with a list of one campaign."""
        page = client.get(CAMPAIGNS_PATH, {"page": 1, "per_page": 1})
        yield {"asked": CAMPAIGNS_PATH, "campaigns": (page.get("pagination") or {}).get("total")}

    yield campaigns
    yield campaign_recipients
    yield probe
