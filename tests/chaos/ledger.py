"""What was asked of the vendors in a night, and what LinkupAPI charged: what had to be, and what was too much."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator import Request
from tests.chaos.attempt import Attempt

# After these the program has no whole answer, or none that it can use.
LOSING = {"reset", "truncate"}
SPOILING = {
    *LOSING,
    "status",
    "html",
    "envelope",
    "wrong_date",
    "unequal_arrays",
    "stuck_cursor",
    "empty_page_has_more",
    "no_candidates_key",
    "expire_token",
}
# An answer that is under way when the program dies has been charged, and is not on its disk: so many of LinkupAPI's
# are at once, and so much earlier one may have been sent.
LINKUP_REQUESTS_AT_ONCE = 4
TOKEN_PATH = "/token"  # each start of the program needs one of its own
UNDER_WAY = timedelta(seconds=1)

Asked = tuple[str, str, str, str]


@dataclass
class Ledger:
    """A night's requests and credits.

    Attributes:
        requests: All that were made.
        repeated: Asked again because there was no usable answer: a fault, or a kill before it came.
        extra: Asked again although it had been answered.
        charged: Credits that LinkupAPI took.
        lost: Of these, for answers that were cut off, or came when the program was dead.
        under_way: Of these, for answers that may have been under way when the program was killed.
        anew: Of these, for pages asked for once more after an attempt that had stored them all came to its own end.
        twice: Of these, for pages that had been paid for and had arrived, all the same.
    """

    requests: int = 0
    repeated: int = 0
    extra: int = 0
    charged: int = 0
    lost: int = 0
    under_way: int = 0
    anew: int = 0
    twice: int = 0
    answered: set[Asked] = field(default_factory=set)
    asked_before: set[Asked] = field(default_factory=set)

    @property
    def arrived(self) -> int:
        """Credits for answers that came: all of these must be in `ops.credits`."""
        return self.charged - self.lost - self.under_way


def write_up(
    requests: list[Request], attempts: list[Attempt], first: int, stored_after: list[datetime]
) -> Ledger:
    """Counts a night.

    Args:
        requests: The simulator's notes, of the whole schedule.
        attempts: The night's attempts, all ended.
        first: How many requests were noted before the night.
        stored_after: When it was seen that all of LinkupAPI's rows of the night are in the warehouse.
    """
    ledger = Ledger()
    paid: dict[Asked, datetime] = {}
    for number, request in enumerate(requests[first:], first):
        attempt = _attempt_of(request, attempts)
        is_lost = number >= attempt.requests_until or request.fault in LOSING
        is_whole = not is_lost and request.fault not in SPOILING and request.status < 400
        if request.fault == "stall" and not request.credits:
            is_whole = False  # perhaps past the timeout; LinkupAPI's never are
        asked = _asked(request)
        ledger.requests += 1
        if request.path == TOKEN_PATH:
            continue
        if asked in ledger.answered:
            ledger.extra += 1
        elif asked in ledger.asked_before:
            ledger.repeated += 1
        ledger.asked_before.add(asked)
        if is_whole:
            ledger.answered.add(asked)
        if request.credits:
            ledger.charged += request.credits
            if asked in paid:
                is_stored = any(at <= attempt.started_at for at in stored_after)
                is_stored = is_stored and _was_ended(attempts, paid[asked], attempt.started_at)
                ledger.anew += request.credits if is_stored else 0
                ledger.twice += 0 if is_stored else request.credits
            if is_lost:
                ledger.lost += request.credits
            elif _is_under_way(number, requests, attempt):
                ledger.under_way += request.credits
            elif is_whole:
                paid.setdefault(asked, request.at)
    return ledger


def _was_ended(attempts: Iterable[Attempt], since: datetime, until: datetime) -> bool:
    """Whether a run came to its own end: the one after a killed one must not pay again."""
    return any(
        each.is_over and each.ended_at is not None and since <= each.ended_at <= until
        for each in attempts
    )


def _attempt_of(request: Request, attempts: Iterable[Attempt]) -> Attempt:
    return max(
        (each for each in attempts if each.started_at <= request.at),
        key=lambda each: each.started_at,
    )


def _is_under_way(number: int, requests: list[Request], attempt: Attempt) -> bool:
    """Whether an answer was one of the last before a kill."""
    if attempt.killed_in is None or attempt.ended_at is None:
        return False
    later = requests[number + 1 : attempt.requests_until]
    paid_later = sum(1 for each in later if each.credits)
    is_late = requests[number].at >= attempt.ended_at - UNDER_WAY
    return is_late and paid_later < LINKUP_REQUESTS_AT_ONCE


def _asked(request: Request) -> Asked:
    params = json.dumps(request.params, sort_keys=True)
    return (request.vendor, request.method, request.path, params)
