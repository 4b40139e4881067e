"""How LinkupAPI's pages are read, so that nothing is missed and nothing is paid for twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dlt.common import logger

from .client import BudgetSpentError, LinkupClient, LinkupError
from .settings import CANDIDATE_ORDER, LIST_CANDIDATES, LIST_JOBS, MAX_PAGE_SIZE, OTHER_ADVICE


@dataclass(frozen=True)
class Page:
    """What one request brought.

    Args:
        rows: The jobs or candidates.
        next_offset: Where to go on; None when there is no more.
        total: How many there are in all, as far as LinkupAPI says.
    """

    rows: list[dict[str, Any]]
    next_offset: int | None
    total: int


def only_list(data: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The one list of objects in an answer: what its key is called is not documented for jobs."""
    lists = [
        value
        for value in data.values()
        if isinstance(value, list) and all(isinstance(row, dict) for row in value)
    ]
    return lists[0] if len(lists) == 1 else None


def next_offset(data: dict[str, Any], offset: int, count: int, rows: int) -> int | None:
    """Where to go on. An answer without `pagination` has more if it is as long as asked for."""
    pagination = data.get("pagination")
    if not isinstance(pagination, dict):
        return offset + rows if rows >= count else None
    return pagination.get("next_offset") if pagination.get("has_more") else None


def read_pages(
    client: LinkupClient,
    action: str,
    params: dict[str, Any],
    page_size: int,
    metrics: dict[str, Any],
    offset: int = 0,
) -> Iterator[Page]:
    """Read a listing from an offset on.

    Args:
        client: Who asks.
        action: What is listed.
        params: The rest of what is asked; its `job_id`, if any, is what the credits go under.
        page_size: How many results a page has.
        metrics: Where the run's `credits` by job, and `stopped_by_budget`, are noted.
        offset: Where to start.

    Yields:
        Page after page.

    Raises:
        BudgetSpentError: The budget does not pay for the next page.
        LinkupError: The answer has no list, or its paging would never end.
    """
    job_id = params.get("job_id", "")
    at: int | None = offset
    while at is not None:
        try:
            count = client.affordable_count(min(page_size, MAX_PAGE_SIZE))
        except BudgetSpentError:
            metrics["stopped_by_budget"] = True
            raise
        data, credits_spent = client.ask(action, {**params, "count": count, "offset": at})
        by_job = metrics.setdefault("credits", {})
        by_job[job_id] = by_job.get(job_id, 0) + credits_spent
        where = f"{action} for job {job_id!r} at offset {at}"
        rows = data.get("candidates") if action == LIST_CANDIDATES else only_list(data)
        if not isinstance(rows, list):
            raise LinkupError(f"{where}: the answer has no list of results; {OTHER_ADVICE}.")
        following = next_offset(data, at, count, len(rows))
        if following is not None and (not rows or following <= at):
            raise LinkupError(
                f"{where}: {len(rows)} results came, the next offset is {following}, and so "
                f"paging would never end; {OTHER_ADVICE}."
            )
        yield Page(rows, following, int(data.get("total_available_results") or 0))
        at = following


def list_jobs(
    client: LinkupClient, page_size: int, metrics: dict[str, Any]
) -> list[dict[str, Any]]:
    """List the account's jobs, as far as the budget goes."""
    jobs: list[dict[str, Any]] = []
    try:
        for page in read_pages(client, LIST_JOBS, {}, page_size, metrics):
            jobs += page.rows
    except BudgetSpentError:
        logger.warning(f"{LIST_JOBS}: the credits of this run are spent after {len(jobs)} jobs.")
    return [{**job, "job_id": job_key(job)} for job in jobs]


def job_key(job: dict[str, Any]) -> str:
    """A job's id as text; which of its two names is used is not documented."""
    for name in ("job_id", "id"):
        if job.get(name):
            return str(job[name])
    raise LinkupError(f"{LIST_JOBS}: a job has neither job_id nor id; {OTHER_ADVICE}.")


def in_turn(job_ids: list[str], offsets: dict[str, int]) -> list[str]:
    """The jobs, beginning with the one at which the last run's budget ended."""
    stopped_at = next((job_id for job_id in job_ids if job_id in offsets), None)
    if stopped_at is None:
        return job_ids
    start = job_ids.index(stopped_at)
    return job_ids[start:] + job_ids[:start]


def read_job(
    client: LinkupClient,
    job_id: str,
    page_size: int,
    metrics: dict[str, Any],
    offsets: dict[str, int],
) -> Iterator[list[dict[str, Any]]]:
    """Read a job's candidates, from where the last run stopped if it did.

    Args:
        client: Who asks.
        job_id: The job.
        page_size: How many candidates a page has.
        metrics: Where the run's `credits` by job, and `stopped_by_budget`, are noted.
        offsets: Where to go on with a job that was begun and not finished, kept between runs.

    Yields:
        The candidates of a page, with their job.
    """
    start = offsets.setdefault(job_id, 0)
    params = {"job_id": job_id, **CANDIDATE_ORDER}
    seen: set[str] = set()
    total = 0
    for page in read_pages(client, LIST_CANDIDATES, params, page_size, metrics, start):
        # Set before the rows are handed over: dlt commits the two together.
        if page.next_offset is None:
            del offsets[job_id]
        else:
            offsets[job_id] = page.next_offset
        total = max(total, page.total)  # those who withdrew meanwhile were seen, or should be
        yield unseen(page.rows, seen, job_id)
    if start > 0 or len(seen) >= total:
        return
    # Someone withdrew meanwhile, and the rest moved up across a page boundary: look once more.
    try:
        for page in read_pages(client, LIST_CANDIDATES, params, page_size, metrics):
            yield unseen(page.rows, seen, job_id)
            if len(seen) >= total:
                return
    except BudgetSpentError:
        pass  # the next job meets the same end, and remembers that it is its turn
    logger.warning(f"{LIST_CANDIDATES}: job {job_id} has {len(seen)} of {total} candidates.")


def unseen(rows: list[dict[str, Any]], seen: set[str], job_id: str) -> list[dict[str, Any]]:
    """The rows not seen before in this listing, with their job; they are seen from now on."""
    fresh = {str(row.get("application_id")): row for row in rows}
    new = [{**row, "job_id": job_id} for key, row in fresh.items() if key not in seen]
    seen.update(fresh)
    return new


def read_each(
    job_ids: list[str],
    read: Callable[[str], Iterator[list[dict[str, Any]]]],
    metrics: dict[str, Any],
) -> Iterator[list[dict[str, Any]]]:
    """Read one job after the other; one that fails does not take the others' rows with it.

    Args:
        job_ids: What to read.
        read: Reads one of them.
        metrics: Where the `failures` are noted, a sentence each, if other jobs could be read.

    Yields:
        The rows of a page.

    Raises:
        LinkupError: Nothing could be read.
    """
    failures: list[LinkupError] = []
    in_a_row, was_read = 0, False
    for job_id in job_ids:
        try:
            for rows in read(job_id):
                was_read = True
                yield rows
            in_a_row, was_read = 0, True
        except LinkupError as error:
            logger.error(str(error))
            failures.append(error)
            in_a_row = in_a_row + 1 if error.concerns_all else 0
            if in_a_row == 2:
                break  # LinkupAPI cannot be reached, whatever it is asked for
    if failures and not was_read:
        raise failures[0]
    if failures:
        metrics["failures"] = [str(error) for error in failures]
