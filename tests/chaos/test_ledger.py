"""What the ledger calls unavoidable, and what it does not let pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from simulator import Request
from tests.chaos.attempt import Attempt
from tests.chaos.ledger import Ledger, write_up

NIGHT = datetime(2026, 3, 20, 22, tzinfo=UTC)


def page(offset: int, second: float, *, fault: str | None = None, status: int = 200) -> Request:
    params = {"action": "get_candidates", "offset": offset}
    at = NIGHT + timedelta(seconds=second)
    return Request("linkup", "POST", "/v2/recruiter", params, status, at, fault, credits=1)


def night(requests: list[Request], *ends: tuple[float, bool], stored: float = 99) -> Ledger:
    """A night of attempts, each ending at a second, by a kill or not."""
    attempts, begun = [], NIGHT
    for second, is_killed in ends:
        ended = NIGHT + timedelta(seconds=second)
        killed_in = "extract" if is_killed else None
        attempt = Attempt(begun, ended_at=ended, killed_in=killed_in, is_over=not is_killed)
        attempt.requests_until = sum(request.at < ended for request in requests)
        attempts.append(attempt)
        begun = ended
    return write_up(requests, attempts, 0, [NIGHT + timedelta(seconds=stored)])


def test_a_page_that_came_and_is_paid_for_again_is_paid_twice() -> None:
    ledger = night([page(0, 1), page(0, 11)], (10, False), (20, False))
    assert (ledger.charged, ledger.twice, ledger.extra) == (2, 1, 1)


def test_a_page_paid_again_after_a_whole_reading_is_read_anew() -> None:
    ledger = night([page(0, 1), page(0, 11)], (10, False), (20, False), stored=10)
    assert (ledger.charged, ledger.twice, ledger.anew) == (2, 0, 1)


def test_a_page_paid_again_after_a_kill_is_paid_twice_even_if_all_was_stored() -> None:
    ledger = night([page(0, 1), page(0, 11)], (10, True), (20, False), stored=5)
    assert (ledger.charged, ledger.twice, ledger.anew) == (2, 1, 0)


def test_an_answer_that_was_cut_off_is_lost_and_asked_for_again() -> None:
    ledger = night([page(0, 1, fault="truncate"), page(0, 2)], (10, False))
    assert (ledger.lost, ledger.twice, ledger.repeated, ledger.extra) == (1, 0, 1, 0)
    assert ledger.arrived == 1


def test_only_the_last_answers_before_a_kill_may_have_been_under_way() -> None:
    pages = [page(0, 1), *(page(number, 9.9) for number in range(1, 6)), page(0, 11), page(5, 12)]
    ledger = night(pages, (10, True), (20, False))
    assert ledger.under_way == 4
    assert ledger.twice == 1  # the first page was long on the disk


def test_an_answer_that_came_after_the_kill_is_lost() -> None:
    stalled = page(0, 9, fault="stall")
    attempts = [
        Attempt(NIGHT, ended_at=NIGHT + timedelta(seconds=10), killed_in="extract"),
        Attempt(
            NIGHT + timedelta(seconds=10), ended_at=NIGHT + timedelta(seconds=20), requests_until=2
        ),
    ]
    ledger = write_up([stalled, page(0, 12)], attempts, 0, [])
    assert (ledger.lost, ledger.twice, ledger.repeated) == (1, 0, 1)


def test_a_page_that_was_refused_is_asked_for_again() -> None:
    refused = replace(page(0, 1, status=429), credits=0)
    ledger = night([refused, page(0, 2)], (10, False))
    assert (ledger.charged, ledger.repeated, ledger.extra, ledger.twice) == (1, 1, 0, 0)
