"""HiredNow: results of role campaigns (recommendation, scores), read by order index."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.extract import DltResource
from requests import Session

from .client import HiredNowClient, HiredNowError
from .helpers import check_days, moment
from .reading import Reading
from .sent import SentRecords, as_dicts
from .settings import (
    BASE_URL,
    DETAILED_RESULT_COLUMNS,
    LOOKBACK_DAYS,
    MAX_RETRIES,
    PARALLEL_REQUESTS,
    REQUESTS_PER_SECOND,
    RESULT_COLUMNS,
    RESULTS_PATH,
    TIMEOUT_S,
)

__all__ = ["HiredNowError", "hirednow"]


@dlt.source(name="hirednow", section="hirednow")
def hirednow(
    api_key: str = dlt.secrets.value,
    campaign_ids: Sequence[str] = dlt.config.value,
    base_url: str = BASE_URL,
    start_date: str | None = None,
    end_date: str | None = None,
    lookback_days: int = LOOKBACK_DAYS,
    detailed: bool = False,
    requests_per_second: float = REQUESTS_PER_SECOND,
    parallel_requests: int = PARALLEL_REQUESTS,
    max_retries: int = MAX_RETRIES,
    timeout_s: float = TIMEOUT_S,
    as_of: str | None = None,
    session: Session | None = None,
) -> Iterable[DltResource]:
    """Results of HiredNow's role campaigns.

    Args:
        api_key: The bearer token.
        campaign_ids: Ids of the campaigns to read; the API cannot list them.
        base_url: Where the API is.
        start_date: Skip results created before this day (YYYY-MM-DD).
        end_date: With it, exactly the results created from `start_date` to this day are read, both
            included, and the cursors of nightly runs are neither used nor moved.
        lookback_days: How many days are read again on each run, for results that changed.
        detailed: Whether to add `detailed_results`, the DETAILED reports kept as JSON.
        requests_per_second: How often a request may start, retries included; 0 for no limit.
        parallel_requests: How many requests may be under way at once.
        max_retries: How often a request that failed for a passing reason is sent again.
        timeout_s: How long to wait for an answer.
        as_of: The instant taken for now (ISO), for replays; the clock by default.
        session: Its `send` gets every request, retries included, instead of the source's own
            connections, so that a caller can limit or record them.

    Returns:
        The resources `results`, `probe` and, if asked for, `detailed_results`.

    Raises:
        HiredNowError: There is an `end_date` without a `start_date` before it.
    """
    if end_date:
        check_days(start_date, end_date)
    client = HiredNowClient(
        base_url,
        api_key,
        requests_per_second,
        parallel_requests,
        max_retries,
        timeout_s,
        session,
    )
    campaigns = [campaign_ids] if isinstance(campaign_ids, str) else list(campaign_ids)
    today = (moment(as_of) if as_of else datetime.now(UTC)).date()

    def read_all(report_type: str) -> Iterator[SentRecords]:
        reading = Reading(
            client,
            report_type,
            today,
            start_date,
            end_date,
            lookback_days,
            parallel_requests,
            states=dlt.current.resource_state,
            metrics=dlt.current.resource_metrics,
        )
        yield from reading.read(campaigns)

    @dlt.resource(
        primary_key="id",
        write_disposition="merge",
        columns=RESULT_COLUMNS,
        max_table_nesting=0,
    )
    def results() -> Iterator[SentRecords]:
        """One row a result, as it stands now."""
        yield from read_all("OVERALL")

    @dlt.resource(
        primary_key="id",
        write_disposition="merge",
        columns=DETAILED_RESULT_COLUMNS,
        max_table_nesting=0,
    )
    def detailed_results() -> Iterator[list[dict[str, Any]]]:
        """One row a detailed report; its shape is not documented, so it is kept as JSON."""
        for rows in read_all("DETAILED"):
            yield [
                {
                    "id": row.get("id"),
                    "campaign_id": row.get("campaign_id") or row["campaign"]["id"],
                    "order_index": row.get("order_index"),
                    "report": row,
                }
                for row in rows
            ]

    @dlt.resource(selected=False)
    def probe() -> Iterator[dict[str, Any]]:
        """Proves the credentials with one result of the first campaign."""
        if not campaigns:
            raise HiredNowError("There is nothing to ask HiredNow for; set campaign_ids.")
        page = client.get(RESULTS_PATH, {"campaign_id": campaigns[0], "limit": 1})
        yield {"asked": RESULTS_PATH, "has_results": bool(page.get("data"))}

    yield results.add_map(as_dicts)
    if detailed:
        yield detailed_results
    yield probe
