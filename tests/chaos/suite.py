"""Schedules, each lived through by an installation of its own and compared with one that nothing happened to."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

import duckdb

from simulator import Fault
from tests.chaos import compare
from tests.chaos.attempt import Attempt, Kill
from tests.chaos.installation import Installation, Reference, Site, Undisturbed
from tests.chaos.ledger import Ledger, write_up
from tests.chaos.schedule import (
    DRIFT,
    FIRST_NIGHT,
    SYNC_PHASES,
    AttemptPlan,
    FaultPlan,
    NightPlan,
    Schedule,
    new_world,
)
from tests.nights.truth import Truth

USUAL_CUT = 0.02  # in what ends well; the others are cut more
CUT_PAGES = 0.8  # of the requests, so many bring a page that may end a package


@dataclass
class Result:
    """What a schedule did, and what was wrong after it.

    Attributes:
        kills: How many, by phase.
        faults: How many requests they struck, by kind.
        needed: How many requests the undisturbed nights took.
        problems: What must not be, a sentence each.
    """

    schedule: Schedule
    attempts: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    ledgers: list[Ledger] = field(default_factory=list)
    needed: int = 0
    raw: list[compare.Difference] = field(default_factory=list)
    marts: list[compare.Difference] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, doubled, paid twice or otherwise wrong."""
        return not (self.raw or self.marts or self.problems)


def live_through(schedule: Schedule, reference: Reference, site: Site) -> Result:
    """Lives through a schedule, and looks at what is left."""
    began = monotonic()
    result = Result(schedule)
    with site.installed(
        schedule.world,
        is_drifting=schedule.is_drifting,
        has_data_tests=schedule.has_data_tests,
    ) as installation:
        for number, plan in enumerate(schedule.nights):
            _Night(
                installation, number, plan, reference.nights[number], reference, result
            ).pass_by()
        _compare(installation, reference, result)
    result.seconds = monotonic() - began
    return result


class _Night:
    """A night: attempts in which things go wrong, then one in which nothing does."""

    def __init__(
        self,
        installation: Installation,
        number: int,
        plan: NightPlan,
        usual: Undisturbed,
        reference: Reference,
        result: Result,
    ) -> None:
        self.installation, self.plan, self.usual, self.result = installation, plan, usual, result
        self.moment = FIRST_NIGHT + timedelta(days=number)
        self.name = f"night {number + 1}"
        self.spans = usual.spans + reference.nights[-1].spans
        self.done: list[Attempt] = []
        self.stored_after: list[datetime] = []
        self.drifts = list(plan.drifts)

    def pass_by(self) -> None:
        """Runs the program until it is done with the night."""
        installation, simulator = self.installation, self.installation.simulator
        installation.advance_to(self.moment - DRIFT if installation.is_drifting else self.moment)
        first = len(simulator.requests)
        spent_before = self._credits_noted()
        self.result.needed += self.usual.requests.total()
        is_over = False
        for plan in self.plan.attempts:
            is_over = self._try(plan).exit_code == 0 and plan.command == self.plan.command
            if is_over and not installation.is_drifting:
                break
        if installation.is_drifting or not is_over:
            if installation.is_drifting:
                installation.advance_to(self.moment)
            clean = self._try(AttemptPlan(self.plan.command, USUAL_CUT), is_clean=True)
            if clean.exit_code:
                self._tell(
                    f"a run without faults ended with {clean.exit_code}: {clean.output[-2000:]}"
                )
        ledger = write_up(simulator.requests, self.done, first, self.stored_after)
        self.result.ledgers.append(ledger)
        self._check_credits(ledger, self._credits_noted() - spent_before)

    def _try(self, plan: AttemptPlan, *, is_clean: bool = False) -> Attempt:
        simulator = self.installation.simulator
        faults = [(each, self._add(each)) for each in plan.faults]
        limit = plan.limit and simulator.limit(**asdict(plan.limit))
        self._add_drifts()
        done = self.installation.start(plan, self._kill(plan), is_clean=is_clean)
        simulator.faults.clear()
        simulator.lift_limits()
        done.is_over = self.installation.is_last_run_over()
        self.done.append(done)
        self.result.attempts += 1
        self.result.faults.update({each.name: fault.fired for each, fault in faults if fault.fired})
        if limit and limit.refused:
            self.result.faults["too many requests"] += limit.refused
        if done.killed_in:
            self.result.kills[done.killed_in] += 1
        self._check_attempt(done)
        if self._is_linkup_stored():
            self.stored_after.append(datetime.now(UTC))
        return done

    def _add(self, plan: FaultPlan) -> Fault:
        after = int(plan.position * self.usual.requests[plan.vendor])
        kind, options = plan.options["kind"], plan.options
        others = {name: value for name, value in options.items() if name not in ("kind", "times")}
        return self.installation.simulator.faults.add(
            plan.vendor, kind, times=plan.times, after=after, **others
        )

    def _add_drifts(self) -> None:
        for drift in self.drifts:
            vendor, position, minutes = drift
            self.installation.simulator.faults.add(
                vendor,
                "callback",
                after=int(position * self.usual.requests[vendor]),
                function=partial(self._drift, drift, minutes),
            )

    def _drift(self, drift: tuple[str, float, float], minutes: float, _: Any, payload: Any) -> Any:
        """Between this answer and the next, the vendors' records move on."""
        world = self.installation.world
        step = min(timedelta(minutes=minutes), self.moment - world.now)
        if drift in self.drifts and step > timedelta():
            self.drifts.remove(drift)
            self.installation.advance_to(world.now + step)
            self.result.faults["drifting pages"] += 1
        return payload

    def _kill(self, plan: AttemptPlan) -> Kill | None:
        """The kill in seconds, by what such phases took in the undisturbed nights."""
        if plan.kill is None:
            return None
        took = sorted(seconds for phase, seconds in self.spans if phase == plan.kill.phase)
        phases = sum(phase == plan.kill.phase for phase, _ in self.usual.spans)
        if plan.kill.phase in SYNC_PHASES:  # each page that ends a package makes one more of each
            phases += int(plan.cut * self.usual.requests.total() * CUT_PAGES)
        occurrence = int(plan.kill.position * phases)
        return Kill(plan.kill.phase, occurrence, plan.kill.within * took[len(took) // 2])

    def _is_linkup_stored(self) -> bool:
        if not self.installation.is_drifting:
            return self.installation.linkup_rows() == self.usual.linkup_rows
        # Nobody knows how many rows that are, but the program says when it has read all.
        ended = self.installation.ask(
            "select distinct status from ops.resource_runs where vendor = 'linkup' "
            "and run_id = (select max_by(run_id, started_at) from ops.runs)"
        )
        return ended == [("ok",)]

    def _credits_noted(self) -> float:
        rows = self.installation.ask("select coalesce(sum(credits), 0) from ops.credits")
        return float(rows[0][0]) if rows else 0.0

    def _check_attempt(self, done: Attempt) -> None:
        if done.is_hung:
            self._tell("a run hung")
        if done.killed_in is None and done.exit_code not in (0, 1):
            self._tell(f"a run ended with {done.exit_code}: {done.output[-2000:]}")
        if "Traceback" in done.output:
            self._tell(f"a run ended with a stack trace: {done.output[-3000:]}")
        current = self.installation.data / "published" / "current.duckdb"
        if current.is_symlink():
            try:
                with duckdb.connect(str(current.resolve()), read_only=True) as connection:
                    connection.execute("select run_id from marts.publication").fetchall()
            except duckdb.Error as error:
                self._tell(f"the published copy cannot be read: {error}")

    def _check_credits(self, ledger: Ledger, noted: float) -> None:
        if not ledger.arrived <= noted <= ledger.arrived + ledger.under_way:
            self._tell(
                f"ops.credits has {noted:g} credits; LinkupAPI charged {ledger.arrived} for answers that came, "
                f"and {ledger.under_way} for some that may have been under way at a kill"
            )
        if ledger.twice:
            self._tell(f"{ledger.twice} credits were paid twice")

    def _tell(self, problem: str) -> None:
        self.result.problems.append(f"{self.name}, attempt {len(self.done)}: {problem}")


def _compare(installation: Installation, reference: Reference, result: Result) -> None:
    """What is left beside what should be."""
    with compare.both(reference.warehouse, installation.warehouse) as connection:
        result.marts = compare.mart_differences(connection, only_current=installation.is_drifting)
        if not installation.is_drifting:
            result.raw = compare.raw_differences(connection)
    if installation.is_drifting:
        shown = _shown(installation, result)
        result.raw = compare.drifting_raw_differences(
            installation.warehouse, installation.world, shown, installation.vendors
        )
    published = installation.data / "published" / "current.duckdb"
    result.marts += compare.published_differences(installation.warehouse, published.resolve())
    result.problems += _leftovers(installation)


def _shown(installation: Installation, result: Result) -> Truth:
    """All that the vendors showed: the same world, watched at each of its moments."""
    truth, world = Truth(), new_world(result.schedule.world)
    for moment in installation.moments:
        world.advance(hours=(moment - world.now) / timedelta(hours=1))
        truth.watch(world)
    return truth


def _leftovers(installation: Installation) -> list[str]:
    """What a run that ended well must not leave behind."""
    data = installation.data
    patterns = {
        "an unfinished published copy": "published/.*",
        "a page that was paid for": "spool/*/*",
        "an extracted package": "dlt/*/normalize/extracted/*",
        "a package that is not loaded": "dlt/*/load/normalized/*",
    }
    found = [
        f"left behind: {what}, {path.relative_to(data)}"
        for what, pattern in patterns.items()
        for path in data.glob(pattern)
    ]
    running = installation.ask("select run_id from ops.runs where status = 'running'")
    return found + [
        f"a run that is over is still called running: {run_id}" for (run_id,) in running
    ]
