"""What is drawn from seeds."""

from __future__ import annotations

from collections import Counter

from tests.chaos.schedule import PHASES, VENDORS, draw

ATTEMPTS = [
    attempt for seed in range(300) for night in draw(seed).nights for attempt in night.attempts
]


def test_a_seed_is_a_schedule() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_all_that_can_go_wrong_is_drawn() -> None:
    assert {attempt.kill.phase for attempt in ATTEMPTS if attempt.kill} == set(PHASES)
    assert {fault.vendor for attempt in ATTEMPTS for fault in attempt.faults} == set(VENDORS)
    limits = Counter(attempt.limit.vendor for attempt in ATTEMPTS if attempt.limit)
    assert set(limits) == set(VENDORS)
    assert 0.15 < limits.total() / len(ATTEMPTS) < 0.35
