"""The result of schedules: on the terminal, and as a section of a Markdown file."""

from __future__ import annotations

import os
import platform
from collections import Counter
from datetime import UTC, datetime

from rich.table import Table

from tests.chaos.schedule import PHASES
from tests.chaos.suite import Result

HEADING = "## The last result of `make chaos`"


def line(result: Result) -> str:
    """One schedule, and under it what was wrong."""
    kills = ", ".join(f"{phase} {count}" for phase, count in result.kills.items()) or "none"
    verdict = "ok" if result.is_good else "WRONG"
    drift = ", drifting" if result.schedule.is_drifting else ""
    head = (
        f"seed {result.schedule.seed}: {verdict}; {result.attempts} runs, kills: {kills}; "
        f"{result.faults.total()} faults{drift}; {result.seconds:.0f} s"
    )
    wrong = [*map(str, result.raw), *map(str, result.marts), *result.problems]
    return "\n".join([head, *(f"    {each}" for each in wrong)])


def rows(results: list[Result]) -> list[tuple[str, str]]:
    """What was done and what came of it."""
    kills = sum((result.kills for result in results), Counter[str]())
    faults = sum((result.faults for result in results), Counter[str]())
    ledgers = [ledger for result in results for ledger in result.ledgers]
    differences = [each for result in results for each in (*result.raw, *result.marts)]
    needed = sum(result.needed for result in results)
    asked = sum(ledger.requests for ledger in ledgers)
    repeated = sum(ledger.repeated for ledger in ledgers)
    extra = sum(ledger.extra for ledger in ledgers)
    charged = sum(ledger.charged for ledger in ledgers)
    lost = sum(ledger.lost for ledger in ledgers)
    under_way = sum(ledger.under_way for ledger in ledgers)
    anew = sum(ledger.anew for ledger in ledgers)
    drifting = sum(result.schedule.is_drifting for result in results)
    return [
        (
            "schedules run",
            f"{len(results):,}, {drifting:,} of them with drifting pages, "
            f"{sum(result.schedule.has_data_tests for result in results):,} with dbt's data tests",
        ),
        ("runs of the program", f"{sum(result.attempts for result in results):,}"),
        ("kills", _counted(kills, [*PHASES, "between"])),
        ("requests struck by faults", _counted(faults, sorted(faults))),
        (
            "requests",
            f"{asked:,} ({needed:,} without faults); {repeated:,} asked again after a fault or a kill, "
            f"{extra:,} though answered before",
        ),
        (
            "LinkupAPI credits",
            f"{charged:,}; for answers cut off {lost:,}, perhaps under way at a kill {under_way:,}, "
            f"read anew after a whole reading {anew:,}",
        ),
        ("credits paid twice", f"{sum(ledger.twice for ledger in ledgers):,}"),
        ("rows lost", f"{sum(each.lost for each in differences):,}"),
        ("rows doubled", f"{sum(each.doubled for each in differences):,}"),
        ("schedules after which anything was wrong", f"{sum(not r.is_good for r in results):,}"),
    ]


def _counted(counter: Counter[str], names: list[str]) -> str:
    parts = ", ".join(f"{name} {counter[name]:,}" for name in names if counter[name])
    return f"{counter.total():,}" + (f" ({parts})" if parts else "")


def table(results: list[Result]) -> Table:
    """For the terminal."""
    made = Table(show_header=False)
    for name, value in rows(results):
        made.add_row(name, value)
    return made


def markdown(results: list[Result], seed: int) -> str:
    """The section: heading, table, where it was measured."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    seconds = sum(result.seconds for result in results)
    lines = [
        HEADING,
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows(results)),
        "",
        f"Seeds {seed} to {seed + len(results) - 1}; {seconds / max(1, len(results)):.0f} s a schedule; "
        f"{machine}, {datetime.now(UTC):%Y-%m-%d}.",
    ]
    wrong = [result for result in results if not result.is_good]
    lines += [f"\n    {line(result)}" for result in wrong]
    return "\n".join(lines) + "\n"
