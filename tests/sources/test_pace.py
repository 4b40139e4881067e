"""The pace of requests: never faster than configured, and slower, for all at once, when refused.

Tried with one of the five files, for they are equal.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf, nextafter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sources.hirednow.pace import STEPS_BACK, Pace

ATTEMPTS, FIRST_PAUSE_S, LONGEST_PAUSE_S = 6, 0.5, 300.0


class Clock:
    """A clock that moves only when somebody waits; `meanwhile` happens during the next wait."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.meanwhile: list[Callable[[], None]] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        before = self.now
        self.now += seconds / 2
        if self.meanwhile:
            self.meanwhile.pop()()
        self.now = max(self.now + seconds / 2, nextafter(before, inf))  # no clock stands still


class Vendor:
    """A token bucket, asked by one thread at a pace, in no time but the pace's."""

    def __init__(self, clock: Clock, per_second: float, burst: int, says: bool) -> None:
        self.clock, self.per_second, self.burst, self.says = clock, per_second, burst, says
        self.tokens, self.filled_at = float(burst), clock.now
        self.starts: list[float] = []
        self.served = self.refused = 0

    def ask(self, pace: Pace) -> None:
        pauses = pace.turn()
        now = self.clock.now
        self.starts.append(now)
        self.tokens = min(self.burst, self.tokens + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.tokens < 1 - 1e-9:
            self.refused += 1
            wait_s = ceil((1 - self.tokens) / self.per_second)
            pace.refused(pauses, wait_s if self.says else None)
        else:
            self.tokens -= 1
            self.served += 1
            pace.passed(pauses)

    def part_used(self) -> float:
        """Served requests as a part of what the bucket would have let through."""
        seconds = self.starts[-1] - self.starts[0]
        return self.served / (self.burst + seconds * self.per_second)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def paced(clock: Clock, requests_per_second: float) -> Pace:
    return Pace(requests_per_second, ATTEMPTS, FIRST_PAUSE_S, LONGEST_PAUSE_S, clock, clock.sleep)


def wait_of(pace: Pace, clock: Clock) -> float:
    """How long the next request waits for its turn."""
    before = clock.now
    pace.turn()
    return clock.now - before


class TestUntroubled:
    """Requests start evenly spaced, as often as configured."""

    def test_one_gap_apart(self, clock):
        pace = paced(clock, 4)
        assert [wait_of(pace, clock) for _ in range(4)] == [0, 0.25, 0.25, 0.25]

    def test_time_that_nobody_used_is_not_made_up_for(self, clock):
        pace = paced(clock, 4)
        pace.turn()
        clock.now += 100
        assert [wait_of(pace, clock) for _ in range(3)] == [0, 0.25, 0.25]

    def test_whoever_comes_while_others_wait_gets_the_turn_after_theirs(self, clock):
        pace = paced(clock, 4)
        pace.turn()
        clock.meanwhile.append(pace.turn)
        pace.turn()
        assert clock.waits == [0.25, 0.375]  # in the middle of ours, the other one's until 0.5

    def test_without_a_limit_nobody_waits(self, clock):
        pace = paced(clock, 0)
        for _ in range(100):
            pace.passed(pace.turn())
        assert clock.waits == []
        assert pace.rate == inf


class TestRefused:
    """A refusal is everybody's: one pause, one slower rate."""

    def test_all_wait_as_long_as_the_vendor_asks(self, clock):
        pace = paced(clock, 10)
        pace.refused(pace.turn(), 7)
        assert wait_of(pace, clock) == pytest.approx(7)

    def test_and_then_start_one_by_one(self, clock):
        pace = paced(clock, 10)
        pace.refused(pace.turn(), 7)
        pace.turn()
        assert wait_of(pace, clock) == pytest.approx(1 / pace.rate)

    def test_no_pause_is_longer_than_the_longest(self, clock):
        pace = paced(clock, 10)
        pace.refused(pace.turn(), 10**9)
        assert wait_of(pace, clock) == pytest.approx(LONGEST_PAUSE_S)

    def test_a_vendor_that_does_not_say_gets_longer_pauses_each_time(self, clock):
        pace = paced(clock, 1000)
        waits = []
        for _ in range(4):
            pace.refused(pace.turn(), None)
            waits.append(wait_of(pace, clock))
        assert waits == pytest.approx([0.5, 1, 2, 4])

    def test_until_it_answers(self, clock):
        pace = paced(clock, 1000)
        for _ in range(4):
            pace.refused(pace.turn(), None)
        pace.passed(pace.turn())
        pace.refused(pace.turn(), None)
        assert wait_of(pace, clock) == pytest.approx(0.5)

    @pytest.mark.parametrize(("asked_s", "pause_s"), [(7, 7), (None, FIRST_PAUSE_S)])
    def test_several_under_way_are_one_refusal(self, clock, asked_s, pause_s):
        alone, together = paced(clock, 100), paced(clock, 100)
        alone.refused(alone.turn(), asked_s)
        for turn in [together.turn() for _ in range(4)]:
            together.refused(turn, asked_s)
        assert together.rate == alone.rate
        assert wait_of(together, clock) == pytest.approx(pause_s)

    def test_the_longest_pause_asked_for_by_them_holds(self, clock):
        pace = paced(clock, 10)
        turns = [pace.turn() for _ in range(4)]
        for turn, asked_s in zip(turns, (1, 30, None, 2), strict=True):
            pace.refused(turn, asked_s)
        assert wait_of(pace, clock) == pytest.approx(30)

    def test_an_answer_from_before_does_not_end_it(self, clock):
        pace = paced(clock, 10)
        early, late = pace.turn(), pace.turn()
        pace.refused(early, 7)
        slowed = pace.rate
        pace.passed(late)
        assert pace.rate == slowed
        assert wait_of(pace, clock) == pytest.approx(7)

    def test_who_waits_for_a_turn_waits_through_a_pause_that_begins_meanwhile(self, clock):
        pace = paced(clock, 2)
        under_way = pace.turn()
        clock.meanwhile.append(lambda: pace.refused(under_way, 60))
        assert wait_of(pace, clock) == pytest.approx(0.25 + 60)

    def test_and_through_one_that_becomes_longer(self, clock):
        pace = paced(clock, 2)
        first, second = pace.turn(), pace.turn()
        pace.refused(first, 10)
        clock.meanwhile.append(lambda: pace.refused(second, 60))
        assert wait_of(pace, clock) == pytest.approx(5 + 60)

    def test_a_pace_without_a_limit_gets_one(self, clock):
        pace = paced(clock, 0)
        for _ in range(100):
            pace.passed(pace.turn())
            clock.now += 0.05
        pace.refused(pace.turn(), None)
        assert pace.rate == pytest.approx(20, rel=0.15)

    def test_a_vendor_that_refuses_for_ever_is_given_up_in_the_time_of_one_requests_retries(
        self, clock
    ):
        """Four threads with 6 attempts each: 6 pauses, not 24."""
        pace = paced(clock, 5)
        began = clock.now
        for _ in range(4 * ATTEMPTS):
            pace.refused(pace.turn(), LONGEST_PAUSE_S)
        assert clock.now - began < (ATTEMPTS + 1) * LONGEST_PAUSE_S


class TestRecovery:
    """The rate comes back by small steps, and no further than configured."""

    def test_it_is_back_after_so_many_answers_and_not_before(self, clock):
        pace = paced(clock, 10)
        pace.refused(pace.turn(), 1)
        assert pace.rate < 5
        for _ in range(STEPS_BACK // 2):
            pace.passed(pace.turn())
        assert pace.rate < 8
        for _ in range(STEPS_BACK // 2):
            pace.passed(pace.turn())
        assert pace.rate == pytest.approx(10)
        for _ in range(STEPS_BACK):
            pace.passed(pace.turn())
        assert pace.rate == 10

    def test_a_single_refusal_after_a_long_time_costs_a_tenth(self, clock):
        pace = paced(clock, 10)
        for _ in range(500):
            pace.passed(pace.turn())
        pace.refused(pace.turn(), 1)
        assert pace.rate == pytest.approx(9, rel=0.01)


class TestAgainstATokenBucket:
    """A vendor that allows less than configured, in a time that passes at once."""

    @pytest.mark.parametrize("says", [True, False], ids=["says when", "does not say"])
    @pytest.mark.parametrize(
        ("configured", "allowed", "burst"),
        [(5, 1, 5), (5, 1, 60), (5, 4.9, 5), (5, 0.2, 1), (2, 1, 1), (100, 20, 20), (0, 20, 20)],
    )
    def test_nine_tenths_of_what_is_allowed_and_few_refusals(
        self, clock, configured, allowed, burst, says
    ):
        pace, vendor = paced(clock, configured), Vendor(clock, allowed, burst, says)
        while vendor.served < 1000:
            vendor.ask(pace)
        print(f"{vendor.part_used():.0%} of what was allowed, {vendor.refused} refused")
        assert vendor.part_used() > 0.9
        assert vendor.refused <= 15

    @settings(deadline=None, max_examples=50)
    @given(
        configured=st.floats(0.1, 1000),
        part_allowed=st.floats(0.05, 2),
        burst=st.integers(1, 100),
        says=st.booleans(),
    )
    @example(configured=5.0, part_allowed=0.2, burst=1, says=False)
    def test_never_faster_than_configured_and_back_when_the_vendor_allows_it_again(
        self, configured, part_allowed, burst, says
    ):
        clock = Clock()
        pace = paced(clock, configured)
        vendor = Vendor(clock, configured * part_allowed, burst, says)
        while vendor.served < 200:
            vendor.ask(pace)
        assert vendor.refused <= 30
        assert pace.rate <= configured
        if part_allowed > 1.01:
            assert vendor.refused == 0
        vendor.per_second = 10 * configured
        for _ in range(12 * STEPS_BACK):
            if pace.rate == configured:
                break
            vendor.ask(pace)
        assert pace.rate == configured
        gaps = [
            later - sooner for sooner, later in zip(vendor.starts, vendor.starts[1:], strict=False)
        ]
        assert min(gaps) >= 1 / configured - 1e-6
