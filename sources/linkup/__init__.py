"""LinkupAPI (LinkedIn Recruiter): jobs and their candidates, read within a credit budget."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import dlt
from dlt.extract import DltResource
from requests import Session

from .client import LinkupClient, LinkupError
from .helpers import list_jobs, read_jobs
from .page_store import PageStore
from .settings import (
    BASE_URL,
    CANDIDATE_COLUMNS,
    JOB_COLUMNS,
    LIST_JOBS,
    MAX_RETRIES,
    PAGE_SIZE,
    PARALLEL_REQUESTS,
    REQUESTS_PER_SECOND,
    TIMEOUT_S,
)

__all__ = ["LinkupError", "linkup"]


@dlt.source(name="linkup", section="linkup")
def linkup(
    api_key: str = dlt.secrets.value,
    account_id: str = dlt.config.value,
    base_url: str = BASE_URL,
    job_ids: Sequence[str] = (),
    page_size: int = PAGE_SIZE,
    max_credits_per_run: float | None = None,
    page_store: str | None = None,
    requests_per_second: float = REQUESTS_PER_SECOND,
    parallel_requests: int = PARALLEL_REQUESTS,
    max_retries: int = MAX_RETRIES,
    timeout_s: float = TIMEOUT_S,
    as_of: str | None = None,
    session: Session | None = None,
) -> Iterable[DltResource]:
    """Jobs and candidates of a LinkedIn Recruiter account.

    Args:
        api_key: The key, sent as `x-api-key`.
        account_id: The LinkedIn account at LinkupAPI.
        base_url: Where the API is.
        job_ids: The jobs to read; none for all that the account lists.
        page_size: How many results a request asks for, at most 1000; ten cost one credit.
        max_credits_per_run: Stop before a run could cost more; the next one goes on there.
        page_store: A folder in which answers are kept, so that a run after a crash need not pay
            for them again; empty it once they are loaded. None keeps nothing.
        requests_per_second: How often a request may start, retries included; 0 for no limit.
        parallel_requests: How many requests may be under way at once.
        max_retries: How often a request that failed for a passing reason is sent again.
        timeout_s: How long to wait for an answer.
        as_of: Taken by every source of this project; this API has no dates to ask for.
        session: Its `send` gets every request, retries included, instead of the source's own
            connections, so that a caller can limit or record them.

    Returns:
        The resources `jobs`, `candidates` and `probe`. Each one's metrics hold `credits`
        (credits spent by job id, "" for the list of jobs) and, if so, `stopped_by_budget`.
    """
    client = LinkupClient(
        base_url,
        api_key,
        account_id,
        max_credits_per_run,
        requests_per_second,
        parallel_requests,
        max_retries,
        timeout_s,
        PageStore(page_store),
        session,
    )
    chosen = [job_ids] if isinstance(job_ids, str) else [str(job_id) for job_id in job_ids]

    @cache  # both resources need it, and it costs credits
    def listed_jobs() -> list[dict[str, Any]]:
        return list_jobs(client, page_size, dlt.current.resource_metrics())

    @dlt.resource(
        primary_key="job_id",
        write_disposition="merge",
        columns=JOB_COLUMNS,
        max_table_nesting=0,
    )
    def jobs() -> Iterator[list[dict[str, Any]]]:
        """One row a job; none when job_ids are given, for then nobody asks for the list."""
        if not chosen:
            yield [dict(job) for job in listed_jobs()]

    @dlt.resource(
        primary_key=("job_id", "application_id"),
        write_disposition="merge",
        columns=CANDIDATE_COLUMNS,
        max_table_nesting=0,
    )
    def candidates() -> Iterator[list[dict[str, Any]]]:
        """One row a job and application, as it stands now."""
        yield from read_jobs(
            client,
            chosen or [job["job_id"] for job in listed_jobs()],
            page_size,
            # Two at a time could spend together what one would have kept to.
            parallel_requests if max_credits_per_run is None else 1,
            dlt.current.resource_state,
            dlt.current.resource_metrics,
        )

    @dlt.resource(selected=False)
    def probe() -> Iterator[dict[str, Any]]:
        """Proves the credentials with a list of one job; LinkupAPI may charge a credit."""
        data = client.ask(LIST_JOBS, {"count": 1, "offset": 0})
        yield {"asked": LIST_JOBS, "jobs": data.get("total_available_results")}

    yield jobs
    yield candidates
    yield probe
