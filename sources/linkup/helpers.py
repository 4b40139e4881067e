"""How LinkupAPI's pages are read, so that nothing is missed and nothing is paid for twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dlt.common import logger

from .client import BudgetSpentError, LinkupClient, LinkupError
from .parallel import side_by_side
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
    offset: int = 0,
) -> Iterator[Page]:
    """Read a listing from an offset on.

    Args:
        client: Who asks.
        action: What is listed.
        params: The rest of what is asked.
        page_size: How many results a page has.
        offset: Where to start.

    Yields:
        Page after page.

    Raises:
        BudgetSpentError: The budget does not pay for the next page.
        LinkupError: The answer has no list, or its paging would never end.
    """
    at: int | None = offset
    while at is not None:
        count = client.affordable_count(min(page_size, MAX_PAGE_SIZE))
        data = client.ask(action, {**params, "count": count, "offset": at})
        where = f"{action} for job {params.get('job_id', '')!r} at offset {at}"
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


def note_credits(client: LinkupClient, metrics: dict[str, Any]) -> None:
    """Note what was spent under `credits`, by job."""
    by_job = metrics.setdefault("credits", {})
    for job_id, spent in client.take_credits().items():
        by_job[job_id] = by_job.get(job_id, 0) + spent


def list_jobs(
    client: LinkupClient, page_size: int, metrics: dict[str, Any]
) -> list[dict[str, Any]]:
    """List the account's jobs, as far as the budget goes."""
    jobs: list[dict[str, Any]] = []
    try:
        for page in read_pages(client, LIST_JOBS, {}, page_size):
            note_credits(client, metrics)
            jobs += page.rows
    except BudgetSpentError:
        metrics["stopped_by_budget"] = True
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
    client: LinkupClient, job_id: str, page_size: int, offset: int
) -> Iterator[tuple[list[dict[str, Any]], int | None]]:
    """Read a job's candidates, from where the last run stopped if it did.

    Args:
        client: Who asks.
        job_id: The job.
        page_size: How many candidates a page has.
        offset: Where to go on with a job that was begun and not finished; 0 for the start.

    Yields:
        The candidates of a page, with their job, and where to go on after them.
    """
    params = {"job_id": job_id, **CANDIDATE_ORDER}
    seen: set[str] = set()
    total = 0
    for page in read_pages(client, LIST_CANDIDATES, params, page_size, offset):
        total = max(total, page.total)  # those who withdrew meanwhile were seen, or should be
        yield unseen(page.rows, seen, job_id), page.next_offset
    if offset > 0 or len(seen) >= total:
        return
    # Someone withdrew meanwhile, and the rest moved up across a page boundary: look once more.
    try:
        for page in read_pages(client, LIST_CANDIDATES, params, page_size):
            yield unseen(page.rows, seen, job_id), None
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


def read_jobs(
    client: LinkupClient,
    job_ids: list[str],
    page_size: int,
    workers: int,
    state_of: Callable[[], dict[str, Any]],
    metrics: Callable[[], dict[str, Any]],
) -> Iterator[list[dict[str, Any]]]:
    """Read jobs side by side; one that fails does not take the others' rows with it.

    Args:
        client: Who asks.
        job_ids: What to read.
        page_size: How many candidates a page has.
        workers: How many jobs are read at once.
        state_of: Gives what is kept between runs, asked for anew at each page: the `offsets` at
            which to go on with jobs that were begun and not finished.
        metrics: Gives where `credits` by job, `stopped_by_budget` and, if others could be read,
            `failures` are noted, a sentence each.

    Yields:
        The candidates of a page.

    Raises:
        LinkupError: Nothing could be read.
    """
    offsets = state_of().get("offsets", {})
    readers = (
        (job_id, read_job(client, job_id, page_size, offsets.get(job_id, 0)))
        for job_id in in_turn(job_ids, offsets)
    )
    failures: list[LinkupError] = []
    in_a_row, was_read = 0, False
    for job_id, page in side_by_side(readers, workers):
        note_credits(client, metrics())
        offsets = state_of().setdefault("offsets", {})
        if isinstance(page, BudgetSpentError):
            metrics()["stopped_by_budget"] = True
            offsets.setdefault(job_id, 0)  # what was read is kept, and it is this job's turn
            return
        if isinstance(page, LinkupError):
            offsets.pop(job_id, None)  # only where a reading ended in peace is it gone on with
            logger.error(str(page))
            failures.append(page)
            in_a_row = in_a_row + 1 if page.concerns_all else 0
            if in_a_row == 2:
                break  # LinkupAPI cannot be reached, whatever it is asked for
        elif isinstance(page, Exception):
            raise page
        else:
            in_a_row, was_read = 0, True
            if page is not None:
                rows, following = page
                # Noted before the rows are handed over: dlt commits the two together.
                if following is None:
                    offsets.pop(job_id, None)
                else:
                    offsets[job_id] = following
                yield rows
    if failures and not was_read:
        raise failures[0]
    if failures:
        metrics()["failures"] = [str(error) for error in failures]
