"""A backfill, measured: `python -m benchmarks.run --results 20000 --recipients 2000 --runs 3`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from . import measure
from .job import Job
from .measure import Cost
from .peers import PEERS, NotInstalledError, Peer
from .report import markdown, put_section, text
from .vendor import RunningVendors, running_vendors

FOLDER = Path(tempfile.gettempdir()) / "hirefunnel-benchmarks"


@dataclass
class Measured:
    """All runs of one peer.

    Attributes:
        counts: What it brought: results, campaigns, recipients, the sum of order indexes.
        problem: Why there is no (further) number.
    """

    peer: Peer
    costs: list[Cost] = field(default_factory=list)
    stats: list[dict[str, Any]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    problem: str = ""

    def middle(self, name: str) -> float:
        """The median of a cost or of one of the server's counts."""
        if hasattr(self.costs[0], name):
            return float(median(getattr(cost, name) for cost in self.costs))
        values = [stats[name] for stats in self.stats]
        return float(median(values)) if None not in values else 0.0


def measure_all(options: argparse.Namespace, vendors: RunningVendors) -> list[Measured]:
    """Every peer once, then every peer again: what else the machine does hits all of them."""
    measured = [Measured(PEERS[name]) for name in options.peers]
    for each in measured:
        try:
            each.peer.install(options.folder / "venvs")
        except NotInstalledError as error:
            each.problem = f"could not be installed: {error}"
    for number in range(options.runs):
        for each in measured:
            is_slow = bool(each.costs) and each.costs[0].wall_s > options.once_above
            if each.problem or is_slow:
                continue
            _measure(each, options, vendors)
            print(f"run {number + 1}: {each.peer.name}: {_last(each)}", file=sys.stderr, flush=True)
    return measured


def _measure(each: Measured, options: argparse.Namespace, vendors: RunningVendors) -> None:
    peer = each.peer
    folder = options.folder / "runs" / (peer.after or peer.name)
    if not peer.after:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    job = Job(vendors, folder, options.rate, options.folder / "venvs")
    vendors.start(options.latency_ms, options.rate)
    commands, environment = peer.commands(job), peer.environment(job)
    cost = measure.run(commands, environment, folder, options.limit_s)
    if cost.error:
        each.problem = cost.error
        return
    each.costs.append(cost)
    each.stats.append(vendors.stats())
    each.counts = peer.count(job)
    expected = vendors.expected()
    if each.counts != expected:
        each.problem = f"brought {each.counts or 'something unreadable'}, not {expected}"


def _last(each: Measured) -> str:
    if each.problem:
        return each.problem
    cost, stats = each.costs[-1], each.stats[-1]
    return f"{cost.wall_s:.2f} s, {cost.cpu_s:.2f} CPU s, {cost.peak_mb:.0f} MB, {stats['requests']} requests"


def _peers(names: str) -> list[str]:
    chosen = names.split(",")
    unknown = set(chosen) - set(PEERS)
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(PEERS)}")
    return chosen


def main() -> int:
    """Measures, prints a table, and fails if a peer that was measured brought something else."""
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__)
    parser.add_argument("--results", type=int, default=20_000, help="HiredNow results")
    parser.add_argument("--recipients", type=int, default=2_000, help="EASI'R recipients")
    parser.add_argument("--runs", type=int, default=3, help="of each peer; medians are shown")
    parser.add_argument("--latency-ms", type=float, default=0, help="of each request")
    parser.add_argument("--rate", type=float, default=0, help="requests a second, a vendor")
    parser.add_argument("--peers", type=_peers, default=list(PEERS), help="a,b,c")
    parser.add_argument("--limit-s", type=float, default=1800, help="for one run of a peer")
    parser.add_argument("--once-above", type=float, default=120, help="no second run after so long")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="data, virtualenvs, runs")
    parser.add_argument("--markdown", type=Path, help="write the section of this run into a file")
    options = parser.parse_args()
    with running_vendors(options.folder, options.results, options.recipients) as vendors:
        ceiling = vendors.ceiling()
        print(f"server: {ceiling}", file=sys.stderr, flush=True)
        measured = measure_all(options, vendors)
    print(text(options, ceiling, measured))
    if options.markdown:
        put_section(options.markdown, markdown(options, ceiling, measured))
    return int(any(each.counts and each.problem for each in measured))


if __name__ == "__main__":
    sys.exit(main())
