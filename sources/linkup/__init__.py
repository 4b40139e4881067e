"""LinkupAPI (LinkedIn Recruiter): jobs and their candidates, read within a credit budget."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import dlt
from dlt.extract import DltResource
from requests import Session

from .client import LinkupClient, LinkupError
from .helpers import JobList, as_job, is_whole, job_id_of, list_jobs
from .listing import Records
from .page_store import PageStore
from .paid import PaidPages, data_of
from .prices import highest_price, price_of
from .reading import left_over, read_jobs, tell_jobs, with_job
from .settings import (
    BASE_URL,
    CANDIDATE_COLUMNS,
    JOB_COLUMNS,
    LIST_CANDIDATES,
    LIST_JOBS,
    MAX_RETRIES,
    OTHER_ADVICE,
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
        requests_per_second,
        parallel_requests,
        max_retries,
        timeout_s,
        session,
    )
    paid = PaidPages(client, max_credits_per_run, PageStore(page_store))
    chosen = [job_ids] if isinstance(job_ids, str) else [str(job_id) for job_id in job_ids]

    lists: list[JobList] = []  # both resources need one, and it costs credits

    def listed_jobs() -> JobList:
        if not lists or not lists[-1].pages:
            lists.append(list_jobs(paid, page_size))
        return lists[-1]

    @dlt.resource(
        primary_key="job_id",
        write_disposition="merge",
        columns=JOB_COLUMNS,
        max_table_nesting=0,
    )
    def jobs() -> Iterator[list[dict[str, Any]]]:
        """One row a job; none when job_ids are given, for then nobody asks for the list."""
        metrics = dlt.current.resource_metrics
        for _, rows in left_over(paid, LIST_JOBS, metrics):
            yield [as_job(row) for row in rows]
        if chosen:
            return
        listed = listed_jobs()
        tell_jobs(paid, listed, metrics())
        known = Records("job_id")
        # A page that was left over is handed over by now, but counts.
        fresh = [(page, known.fresh(page.jobs())) for page in listed.pages]
        yield [job for page, jobs in fresh if not page.answer.is_known for job in jobs]
        if isinstance(listed.error, LinkupError):
            raise listed.error
        is_fresh = not any(page.answer.is_stored for page in listed.pages)
        totals = [page.total for page in listed.pages]
        if is_fresh and not listed.error and is_whole(totals, known.found):
            metrics().setdefault("complete_listings", []).append({})

    @dlt.resource(
        primary_key=("job_id", "application_id"),
        write_disposition="merge",
        columns=CANDIDATE_COLUMNS,
        max_table_nesting=0,
    )
    def candidates() -> Iterator[list[dict[str, Any]]]:
        """One row a job and application, as it stands now."""
        metrics = dlt.current.resource_metrics
        for job_id, rows in left_over(paid, LIST_CANDIDATES, metrics):
            yield with_job(rows, job_id)
        job_ids, failures = chosen, []
        if not chosen:
            listed = listed_jobs()
            tell_jobs(paid, listed, metrics())
            if isinstance(listed.error, LinkupError):
                raise listed.error
            listed_ids = [job_id_of(item) for page in listed.pages for item in page.rows]
            job_ids = list(dict.fromkeys(job_id for job_id in listed_ids if job_id))
            if nameless := listed_ids.count(None):
                failures = [
                    f"{LIST_JOBS}: {nameless} of {len(listed_ids)} jobs have no id to ask for "
                    f"their candidates with; {OTHER_ADVICE}."
                ]
        yield from read_jobs(
            paid,
            job_ids,
            page_size,
            # Two at a time could spend together what one would have kept to.
            parallel_requests if max_credits_per_run is None else 1,
            dlt.current.resource_state,
            metrics,
            failures,
        )

    @dlt.resource(selected=False)
    def probe() -> Iterator[dict[str, Any]]:
        """Proves the credentials with a list of one job; LinkupAPI may charge a credit."""
        params = {"count": 1, "offset": 0}
        if max_credits_per_run is not None and max_credits_per_run < highest_price(params):
            raise LinkupError(
                f"{LIST_JOBS} was not sent, for it may cost a credit and max_credits_per_run allows none; "
                "allow one to try the credentials."
            )
        answer = client.ask(LIST_JOBS, params)
        yield {
            "asked": LIST_JOBS,
            "jobs": data_of(answer).get("total_available_results"),
            "credits": price_of(answer, params),
        }

    yield jobs
    yield candidates
    yield probe
