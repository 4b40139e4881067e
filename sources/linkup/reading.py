"""How jobs' candidates are read, so that nothing is missed and nothing is paid for twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from typing import Any

from dlt.common import logger

from .client import LinkupError
from .helpers import JobList, Page, is_whole, pagination_of, read_pages, rows_of
from .listing import Records, as_record
from .paid import Answer, BudgetSpentError, PaidPages
from .parallel import side_by_side
from .settings import CANDIDATE_ORDER, LIST_CANDIDATES, OTHER_ADVICE

Metrics = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """Some of a job's candidates.

    Args:
        records: The candidates, with their job.
        next_offset: Where to go on after them; None when there is no more.
        answer: What was paid for.
        is_end: Whether with this the job was read from its beginning to its end, all of it, in this run.
    """

    records: list[dict[str, Any]]
    next_offset: int | None
    answer: Answer
    is_end: bool


def hand_over(paid: PaidPages, metrics: Metrics, job_id: str, cost: Answer | LinkupError) -> None:
    """Note what an answer cost under `credits`, by job ("" is no job's): with what is yielded next it is told."""
    paid.hand_over(cost.page)
    if cost.credits_spent:
        by_job = metrics.setdefault("credits", {})
        by_job[job_id] = by_job.get(job_id, 0) + cost.credits_spent


def tell_jobs(paid: PaidPages, listed: JobList, metrics: Metrics) -> None:
    """Note what the list of jobs cost, once, and what ended it."""
    for page in () if listed.is_told else listed.pages:
        hand_over(paid, metrics, "", page.answer)
    if isinstance(listed.error, LinkupError) and not listed.is_told:
        hand_over(paid, metrics, "", listed.error)
    if isinstance(listed.error, BudgetSpentError):
        metrics["stopped_by_budget"] = True
    listed.is_told = True


def left_over(
    paid: PaidPages, action: str, metrics: Callable[[], Metrics]
) -> Iterator[tuple[str, list[Any]]]:
    """Hand over the pages that an earlier run paid for and did not see loaded, as what they were.

    Yields:
        The job, "" for the list of jobs, and the rows of a page.
    """
    for answer in paid.left_over(action):
        rows = rows_of(action, answer.data)
        job_id = str(answer.params.get("job_id", ""))
        hand_over(paid, metrics(), job_id, answer)
        yield job_id, rows or []


def in_turn(job_ids: list[str], offsets: dict[str, int]) -> list[str]:
    """The jobs, beginning with the one at which the last run's budget ended."""
    stopped_at = next((job_id for job_id in job_ids if job_id in offsets), None)
    if stopped_at is None:
        return job_ids
    start = job_ids.index(stopped_at)
    return job_ids[start:] + job_ids[:start]


def with_job(rows: list[Any], job_id: str) -> list[dict[str, Any]]:
    """The rows of a job as records."""
    return [{**as_record(row), "job_id": job_id} for row in rows]


def read_job(paid: PaidPages, job_id: str, page_size: int, offset: int) -> Iterator[Part]:
    """Read a job's candidates, from where the last run stopped if it did.

    Args:
        paid: Where pages come from.
        job_id: The job.
        page_size: How many candidates a page has.
        offset: Where to go on with a job that was begun and not finished; 0 for the start.

    Yields:
        The candidates of a page that were not yielded before.

    Raises:
        LinkupError: Some are missing, also after a second look.
    """
    known = Records("application_id")

    def part(page: Page, next_offset: int | None, is_end: bool = False) -> Part:
        fresh = known.fresh(page.rows)
        rows = [] if page.answer.is_known else fresh
        return Part(with_job(rows, job_id), next_offset, page.answer, is_end)

    params = {"job_id": job_id, **CANDIDATE_ORDER}
    totals: list[int | None] = []
    is_fresh = offset == 0
    for page in read_pages(paid, LIST_CANDIDATES, params, page_size, offset):
        totals.append(page.total)
        is_fresh = is_fresh and not page.answer.is_stored
        brought = part(page, page.next_offset)
        is_end = is_fresh and page.next_offset is None and is_whole(totals, known.found)
        yield replace(brought, is_end=is_end)
    total = max((each for each in totals if each is not None), default=0)
    if offset > 0 or known.found >= total:
        return
    # Someone withdrew meanwhile, and the rest moved up across a page boundary: look once more.
    again = read_pages(paid, LIST_CANDIDATES, params, page_size)
    yield from look_again(job_id, again, totals, known, part)


def look_again(
    job_id: str,
    pages: Iterator[Page],
    totals: list[int | None],
    known: Records,
    part: Callable[[Page, int | None], Part],
) -> Iterator[Part]:
    """Read a job once more, for candidates who were missing, until as many are found as it had.

    Args:
        job_id: The job.
        pages: Its pages, anew.
        totals: What the first reading's pages said.
        known: Its candidates.
        part: Makes a page's part.

    Yields:
        The candidates of a page that were not yielded before.

    Raises:
        LinkupError: Some are missing all the same.
    """
    total = max(each for each in totals if each is not None)
    found_before = known.found
    known.look_again()
    listed = Records("application_id")
    totals_again: list[int | None] = []
    has_ended = is_cut = False
    try:
        for page in islice(pages, len(totals)):
            listed.fresh(page.rows)
            totals_again.append(page.total)
            yield part(page, None)
            if known.found >= total:
                return
            has_ended = page.next_offset is None and not pagination_of(page.answer).get("has_more")
    except BudgetSpentError:
        is_cut = True  # the next job meets the same end, and remembers that it is its turn
    if not is_cut and is_whole(totals_again, listed.found):
        return  # whoever is missing withdrew before they were seen
    # A total that stays, beside a listing that stays, is wrong for good: nobody is known to be missing.
    is_steady = known.found == found_before and len({*totals, *totals_again}) == 1
    trouble = f"{LIST_CANDIDATES}: job {job_id} has {known.found} of {total} candidates"
    if not is_cut and not (has_ended and is_steady):
        raise LinkupError(f"{trouble}, also after a second look; {OTHER_ADVICE}.")
    logger.warning(f"{trouble}.")


def read_jobs(
    paid: PaidPages,
    job_ids: list[str],
    page_size: int,
    workers: int,
    state_of: Callable[[], dict[str, Any]],
    metrics: Callable[[], Metrics],
    failures: list[str],
) -> Iterator[list[dict[str, Any]]]:
    """Read jobs side by side; one that fails does not take the others' rows with it.

    Args:
        paid: Where pages come from.
        job_ids: What to read.
        page_size: How many candidates a page has.
        workers: How many jobs are read at once.
        state_of: Gives what is kept between runs, asked for anew at each page: the `offsets` at
            which to go on with jobs that were begun and not finished.
        metrics: Gives where `credits` by job, `progress`, `complete_listings`, `stopped_by_budget`
            and, if others could be read, `failures` are noted, a sentence each.
        failures: What failed before, a sentence each.

    Yields:
        The candidates of a page.

    Raises:
        LinkupError: Nothing could be read.
    """
    offsets = state_of().get("offsets", {})
    errors: list[LinkupError] = []
    done, in_a_row, was_read = 0, 0, False
    turns = in_turn(job_ids, offsets)
    # After two errors in a row that concern all, whatever is under way is seen to its end, no more.
    readers = (
        (job_id, read_job(paid, job_id, page_size, offsets.get(job_id, 0)))
        for job_id in takewhile(lambda _: in_a_row < 2, turns)
    )
    whole: set[str] = set()
    for job_id, part in side_by_side(readers, workers):
        offsets = state_of().setdefault("offsets", {})
        if isinstance(part, BudgetSpentError):
            metrics()["stopped_by_budget"] = True
            offsets.setdefault(job_id, 0)  # what was read is kept, and it is this job's turn
            break
        if isinstance(part, LinkupError):
            offsets.pop(job_id, None)  # only where a reading ended in peace is it gone on with
            hand_over(paid, metrics(), job_id, part)
            logger.error(str(part))
            errors.append(part)
            in_a_row = in_a_row + 1 if part.concerns_all else 0
            continue
        if isinstance(part, Exception):
            raise part
        in_a_row, was_read = 0, True
        done += part is None
        metrics()["progress"] = {"done": done, "total": len(turns), "unit": "jobs"}
        if part is None:
            if job_id in whole:
                metrics().setdefault("complete_listings", []).append({"job_id": job_id})
            continue
        if part.is_end:
            whole.add(job_id)
        # Noted before the rows are handed over: dlt commits the two together.
        if part.next_offset is None:
            offsets.pop(job_id, None)
        else:
            offsets[job_id] = part.next_offset
        hand_over(paid, metrics(), job_id, part.answer)
        yield part.records
    if errors and not was_read:
        raise errors[0]
    sentences = failures + [str(error) for error in errors]
    if sentences:
        metrics()["failures"] = sentences
