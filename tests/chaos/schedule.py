"""What is to go wrong, drawn from a seed: two nights, and in each the attempts that will not go well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from simulator import World

VENDORS = ("hirednow", "talkpush", "linkup", "closerx", "easir")
# Who a world's recruiters work with: all of them, or those for whom they have credentials. Fewer make a start of the
# program twice as fast, so that there can be more of them.
TEAMS = (
    VENDORS,
    ("hirednow", "linkup"),
    ("talkpush", "closerx"),
    ("linkup", "easir"),
    ("hirednow", "talkpush", "easir"),
)
SYNC_PHASES = ("extract", "normalize", "load")
PHASES = (*SYNC_PHASES, "build", "publish")
NIGHTS = 2

# The moment of the first nightly run: late enough for CloserX to have settled the day before.
FIRST_NIGHT = datetime(2026, 3, 20, 22, tzinfo=UTC)
# Where records drift, a night's reading begins so much earlier, and its last one is at the moment.
DRIFT = timedelta(minutes=90)

# How long the vendors' answers are waited for; a longer stall is an answer that never came.
TIMEOUT_S = 2.0
OUTAGE: tuple[str, dict[str, Any]] = ("503", {"kind": "status", "status": 503, "times": None})
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("429 with Retry-After", {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}}),
    ("429", {"kind": "status", "status": 429}),
    ("500", {"kind": "status", "status": 500}),
    ("502", {"kind": "status", "status": 502}),
    ("503", {"kind": "status", "status": 503}),
    ("reset", {"kind": "reset"}),
    ("truncated", {"kind": "truncate"}),
    ("stall", {"kind": "stall", "seconds": 0.3}),
    ("HTML", {"kind": "html"}),
]
OWN_FAULTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "hirednow": [
        ("stuck cursor", {"kind": "stuck_cursor"}),
        ("empty page", {"kind": "empty_page_has_more"}),
        ("stall past the timeout", {"kind": "stall", "seconds": TIMEOUT_S + 0.5}),
    ],
    "talkpush": [
        ("no records key", {"kind": "no_candidates_key", "path": "campaign_invitations"}),
        ("stall past the timeout", {"kind": "stall", "seconds": TIMEOUT_S + 0.5}),
    ],
    "linkup": [
        ("error envelope", {"kind": "envelope", "code": "RATE_LIMITED"}),
        ("error envelope", {"kind": "envelope", "code": "INTERNAL_ERROR"}),
        ("empty page", {"kind": "empty_page_has_more"}),
    ],
    "closerx": [
        ("wrong date", {"kind": "wrong_date"}),
        ("unequal arrays", {"kind": "unequal_arrays"}),
    ],
    "easir": [
        ("expired token", {"kind": "expire_token", "path": "campaigns"}),
        ("expired token", {"kind": "expire_token", "path": "recipients"}),
    ],
}


@dataclass(frozen=True)
class FaultPlan:
    """One thing that goes wrong at a vendor.

    Attributes:
        name: Its kind, as the report counts it.
        position: Where among the vendor's requests of the night it begins, from 0 to 1.
        times: How many requests it strikes; None strikes all from there on.
        options: What the simulator is told.
    """

    name: str
    vendor: str
    position: float
    times: int | None
    options: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class LimitPlan:
    """How often a vendor lets itself be asked: `simulator/limits.py`."""

    vendor: str
    per_second: float
    burst: int
    says_retry_after: bool


@dataclass(frozen=True)
class KillPlan:
    """A SIGKILL.

    Attributes:
        phase: During what.
        position: In which of the night's phases of this kind, from 0 (the first) to 1.
        within: When in it, in parts of the time that the undisturbed run took for it.
    """

    phase: str
    position: float
    within: float


@dataclass(frozen=True)
class AttemptPlan:
    """One start of the program.

    Attributes:
        command: `sync` or `run`.
        cut: The chance of a page to be the last of its load package.
    """

    command: str
    cut: float
    faults: tuple[FaultPlan, ...] = ()
    kill: KillPlan | None = None
    limit: LimitPlan | None = None


@dataclass(frozen=True)
class NightPlan:
    """One night.

    Attributes:
        command: What must succeed before the night is over.
        attempts: What is tried before; from then on nothing goes wrong any more.
        drifts: By how many minutes the vendors' records move on, and when: (vendor, position, minutes).
    """

    command: str
    attempts: tuple[AttemptPlan, ...]
    drifts: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class Schedule:
    """All that will go wrong in one installation's life of two nights.

    Attributes:
        has_data_tests: Whether builds run dbt's data tests, too. They change nothing, and what they would find the
            comparison finds; but they are half of a build, which may be killed in them.
    """

    seed: int
    world: int
    is_drifting: bool
    has_data_tests: bool
    nights: tuple[NightPlan, ...]


def new_world(number: int) -> World:
    """A small world, some time before the first night's run: the same number, the same world."""
    return World(
        seed=number,
        people=150,
        now=FIRST_NIGHT - DRIFT,
        history_days=15,
        drift_at=FIRST_NIGHT + timedelta(hours=12),  # the second night brings an unknown field
    )


def draw(seed: int, worlds: int = len(TEAMS)) -> Schedule:
    """The schedule of a seed.

    Args:
        worlds: How many worlds there are to draw from; each needs a run without faults to compare with.
    """
    dice = Random(seed)
    world = Random(f"world {seed}").randrange(worlds)
    vendors = TEAMS[world]
    is_drifting = dice.random() < 0.2
    limits = Random(f"limits {seed}")
    nights = (
        _night(dice, limits, vendors, dice.choice(("sync", "sync", "sync", "run")), is_drifting),
        _night(dice, limits, vendors, "run", is_drifting),
    )
    has_data_tests = Random(f"data tests {seed}").random() < 0.1
    return Schedule(seed, world, is_drifting, has_data_tests, nights)


def _night(
    dice: Random, limits: Random, vendors: Sequence[str], command: str, is_drifting: bool
) -> NightPlan:
    attempts = tuple(
        _attempt(dice, limits, vendors, command) for _ in range(dice.choice((1, 1, 1, 2, 3)))
    )
    drifts: tuple[tuple[str, float, float], ...] = ()
    if is_drifting:
        drifts = tuple(
            (dice.choice(vendors), dice.random(), dice.choice((5.0, 10.0, 20.0))) for _ in range(8)
        )
    return NightPlan(command, attempts, drifts)


def _attempt(dice: Random, limits: Random, vendors: Sequence[str], command: str) -> AttemptPlan:
    kill = _kill(dice, command) if dice.random() < 0.75 else None
    if kill is None or kill.phase in SYNC_PHASES:
        command = "sync"  # most of a run is dbt, and that is for those who are killed in it
    faults = tuple(_fault(dice, vendors) for _ in range(dice.choice((0, 1, 2, 3, 4, 6))))
    cut = dice.choice((0.0, 0.05, 0.1, 0.2))
    return AttemptPlan(command, cut, faults, kill, _limit(limits, vendors))


def _limit(dice: Random, vendors: Sequence[str]) -> LimitPlan | None:
    if dice.random() >= 0.25:
        return None
    says_retry_after = dice.random() < 0.5
    rate = dice.choice((5.0, 10.0, 20.0))
    return LimitPlan(dice.choice(vendors), rate, dice.choice((2, 5, 10)), says_retry_after)


def _kill(dice: Random, command: str) -> KillPlan:
    phases = SYNC_PHASES if command == "sync" else PHASES
    return KillPlan(dice.choice(phases), dice.random(), dice.random())


def _fault(dice: Random, vendors: Sequence[str]) -> FaultPlan:
    vendor = dice.choice(vendors)
    if dice.random() < 0.05:
        name, options = OUTAGE
    else:
        name, options = dice.choice(FAULTS + OWN_FAULTS[vendor] * 2)
    times = options.get("times", dice.choice((1, 1, 1, 2, 4)))
    return FaultPlan(name, vendor, dice.random(), times, {**options, "times": times})
