"""How LinkupAPI's listings are read page by page, and the list of jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from dlt.common import logger

from .client import LinkupError
from .listing import as_record, count_of, fingerprint, usable_id
from .paid import Answer, BudgetSpentError, PaidPages
from .settings import (
    JOB_LISTS,
    LIST_CANDIDATES,
    LIST_JOBS,
    MAX_PAGES,
    MESSAGE_LENGTH,
    OTHER_ADVICE,
)

NO_ID = (None, "", 0)


@dataclass(frozen=True)
class Page:
    """What one request brought.

    Args:
        rows: The jobs or candidates; mostly objects.
        next_offset: Where to go on; None when there is no more.
        total: How many there are in all, if LinkupAPI says so.
        answer: What was paid for.
    """

    rows: list[Any]
    next_offset: int | None
    total: int | None
    answer: Answer

    def jobs(self) -> list[dict[str, Any]]:
        """The rows of a list of jobs, each with its `job_id` if it has any."""
        return [as_job(item) for item in self.rows]


@dataclass
class JobList:
    """The account's jobs, as far as they could be listed.

    Args:
        pages: What was brought.
        error: What ended the listing, if it was not its end.
        is_told: Whether what it cost was noted.
    """

    pages: list[Page]
    error: LinkupError | BudgetSpentError | None = None
    is_told: bool = False


def rows_of(action: str, data: dict[str, Any]) -> list[Any] | None:
    """The list in an answer. What its key is called is not documented for jobs."""
    if action == LIST_CANDIDATES:
        rows = data.get("candidates")
        return rows if isinstance(rows, list) else None
    lists = {name: value for name, value in data.items() if isinstance(value, list)}
    named = [lists[name] for name in JOB_LISTS if name in lists]
    of_objects = [rows for rows in lists.values() if any(isinstance(item, dict) for item in rows)]
    for choice in (named, list(lists.values()), of_objects):
        if len(choice) == 1:
            return choice[0]
    return None


def next_offset(answer: Answer, rows: int) -> Any:
    """Where to go on, as it was told; None for nowhere.

    Where `next_offset` is missing, `has_more` tells whether to go on after what came; where that is
    missing, too, an answer that is as long as asked for has more.
    """
    pagination = pagination_of(answer)
    if "next_offset" in pagination:
        return pagination["next_offset"]
    is_full = rows >= answer.params.get("count", 0)
    return answer.params["offset"] + rows if pagination.get("has_more", is_full) else None


def pagination_of(answer: Answer) -> dict[str, Any]:
    """What an answer says of its place in the listing; empty if nothing."""
    pagination = answer.data.get("pagination")
    return pagination if isinstance(pagination, dict) else {}


def read_pages(
    paid: PaidPages, action: str, params: dict[str, Any], page_size: int, offset: int = 0
) -> Iterator[Page]:
    """Read a listing from an offset on.

    Args:
        paid: Where pages come from.
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
    brought: set[bytes] = set()
    for number in count(1):
        answer = paid.read(action, params, offset, page_size)
        where = f"{action} for job {params.get('job_id', '')!r} at offset {offset}"
        rows = rows_of(action, answer.data)
        told = None if rows is None else next_offset(answer, len(rows))
        if rows is None or (told is not None and not rows):
            trouble = (
                "that it has more, and none of it" if rows == [] else "without a list of results"
            )
            raise paid.refused(answer, f"{where}: answered {trouble}; {OTHER_ADVICE}.")
        content = fingerprint(rows)
        following = count_of(told)
        total = count_of(answer.data.get("total_available_results"))
        if told is None:
            yield Page(rows, None, total, answer)
            return
        if following is None or following <= offset:
            trouble = f"{len(rows)} results came, the next offset is {brief(told)}"
        elif content in brought or number == MAX_PAGES:
            trouble = f"page {number} brought what another had, or is one too many"
        else:
            yield Page(rows, following, total, answer)
            brought.add(content)
            offset = following
            continue
        yield Page(rows, offset, total, answer)  # it was paid for
        raise LinkupError(f"{where}: {trouble}, and so paging would never end; {OTHER_ADVICE}.")


def brief(value: Any) -> str:
    """A value as an error may repeat it."""
    is_simple = value is None or isinstance(value, (str, int, float))
    return (
        repr(value[:MESSAGE_LENGTH] if isinstance(value, str) else value)
        if is_simple
        else "no number"
    )


def list_jobs(paid: PaidPages, page_size: int) -> JobList:
    """List the account's jobs, as far as the budget and the answers go."""
    listed = JobList([])
    try:
        for page in read_pages(paid, LIST_JOBS, {}, page_size):
            listed.pages.append(page)
    except BudgetSpentError as error:
        listed.error = error
        logger.warning(f"{LIST_JOBS}: the credits of this run are spent.")
    except LinkupError as error:
        listed.error = error
    return listed


def job_id_of(job: Any) -> str | None:
    """A job's id as text, if it has any; which of its two names is used is not documented."""
    if not isinstance(job, dict):
        return None
    told = job.get("job_id")
    return usable_id(job.get("id") if told in NO_ID else told)


def as_job(item: Any) -> dict[str, Any]:
    """A listed job as a record, with its id under `job_id`."""
    job_id = job_id_of(item)
    return as_record(item) if job_id is None else {**item, "job_id": job_id}


def is_whole(totals: list[int | None], found: int) -> bool:
    """Whether nothing is missing: as many were found as there are, and none left meanwhile."""
    told = [total for total in totals if total is not None]
    return len(told) == len(totals) and told == sorted(told) and told[-1:] == [found]
