"""What a night costs while history grows: `python -m benchmarks.nightly --records 100000 1000000 --runs 3`.

For each size: years of history are put straight into a warehouse and built in full, beside a script by hand that
computes the same reports; then nights of changes are built; then two vendors, served over HTTP, show as many changed
records, and are synced. Sizes take turns, for a machine is not as fast all day. Whole processes are measured.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from . import measure, report, setups
from .history import AS_OF
from .job import Job
from .measure import Cost
from .vendor import running_vendors

FOLDER = Path(tempfile.gettempdir()) / "hirefunnel-benchmarks"
ROOT = Path(__file__).parent.parent
HIREFUNNEL = str(Path(sys.executable).with_name("hirefunnel"))
# Measured on the way to what is shown.
ASIDE = FIRST_SYNC, RESET = "first sync", "reset"
COLUMNS = ("records", "command", "wall s", "of smallest", "CPU s", "peak MB", "file MB", "runs")
# As if other versions had been stored of what came over HTTP: then it is news when it comes again.
FORGOTTEN = "; ".join(
    f"update {table} set _content_hash = 0, updated_at = null where _dlt_load_id not like '17%.5'"
    for table in ("raw_hirednow.results", "raw_easir.campaign_recipients")
)


@dataclass
class Measured:
    """One command at one size.

    Attributes:
        file_mb: The warehouse's size after it.
    """

    records: int
    command: str
    costs: list[Cost] = field(default_factory=list)
    file_mb: float = 0.0

    def middle(self, name: str) -> float:
        """The median of a cost."""
        return float(median(getattr(cost, name) for cost in self.costs))


@dataclass
class Size:
    """A warehouse with so many records, in a folder of its own, and what was measured with it."""

    records: int
    options: argparse.Namespace
    measured: dict[str, Measured] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder: Path = self.options.folder / "nightly" / str(self.records)
        self.data = self.folder / "data"
        self.data.mkdir(parents=True)
        self.warehouse = self.data / "hirefunnel.duckdb"
        self.history("make")

    def history(self, what: str) -> None:
        """Puts years of records, or a night of changes, straight into the raw tables."""
        module = [sys.executable, "-m", "benchmarks.history", what]
        sizes = ["--records", str(self.records), "--changes", str(self.options.changes)]
        subprocess.run([*module, *sizes, "--warehouse", str(self.warehouse)], check=True)  # noqa: S603

    def change(self, statements: str) -> None:
        """Changes the warehouse, as no command of hirefunnel's would."""
        program = "import sys, duckdb; duckdb.connect(sys.argv[1]).execute(sys.argv[2])"
        command = [sys.executable, "-c", program, str(self.warehouse), statements]
        subprocess.run(command, check=True)  # noqa: S603

    def run(self, name: str, settings: dict[str, str], command: list[str]) -> None:
        """Runs a command, and notes what it cost."""
        cost = measure.run([command], settings, self.folder, self.options.limit_s)
        if cost.error:
            raise SystemExit(f"{name} at {self.records:,}: {cost.error}")
        measured = self.measured.setdefault(name, Measured(self.records, name))
        measured.costs.append(cost)
        measured.file_mb = self.warehouse.stat().st_size / 1e6
        print(f"{self.records:,} {name}: {cost}", file=sys.stderr, flush=True)


def measure_builds(sizes: list[Size], options: argparse.Namespace) -> None:
    """Full builds, the same reports by hand, nights' builds on top."""
    environment = {"HIREFUNNEL_AS_OF": AS_OF}
    for size in sizes * options.full_runs:
        settings = {**environment, "HIREFUNNEL_DATA_DIR": str(size.data)}
        if size.measured:  # no build can follow on one that is not there
            size.change("delete from ops.builds")
        size.run("build, in full", settings, [HIREFUNNEL, "build"])
        script = [sys.executable, "-m", "benchmarks.byhand", "--warehouse", str(size.warehouse)]
        size.run("the reports, by hand", {"PYTHONPATH": str(ROOT)}, script)
        subprocess.run([*script, "--check"], check=True)  # noqa: S603
    for size in sizes * options.runs:
        settings = {**environment, "HIREFUNNEL_DATA_DIR": str(size.data)}
        size.history("night")
        size.run(f"build, {options.changes:,} changes", settings, [HIREFUNNEL, "build"])


def measure_syncs(sizes: list[Size], options: argparse.Namespace) -> None:
    """Nights' syncs of two vendors that show as many changed records."""
    share = options.changes // 2
    vendors = ["hirednow", "easir"]
    with running_vendors(options.folder, share, share) as served:
        for place, size in enumerate(sizes * (1 + options.runs)):
            job = Job(served, size.folder, 0, options.folder / "venvs")
            settings = {
                **setups.hirefunnel_environment(job),
                "HIREFUNNEL_DATA_DIR": str(size.data),
            }
            sync = [HIREFUNNEL, "sync", *vendors]
            if place < len(sizes):
                size.run(FIRST_SYNC, settings, sync)
                continue
            for vendor in vendors:
                size.run(RESET, settings, [HIREFUNNEL, "reset", vendor])
            size.change(FORGOTTEN)
            size.run(f"sync, {options.changes:,} changes", settings, sync)


def table(measured: list[Measured]) -> list[list[str]]:
    """One row a command and size, with its cost as a multiple of the smallest size's."""
    smallest: dict[str, float] = {}
    rows = []
    for each in sorted(measured, key=lambda each: (each.command, each.records)):
        wall_s = each.middle("wall_s")
        smallest.setdefault(each.command, wall_s)
        rows.append(
            [
                f"{each.records:,}",
                each.command,
                f"{wall_s:.2f}",
                f"{wall_s / smallest[each.command]:.2f}",
                f"{each.middle('cpu_s'):.2f}",
                f"{each.middle('peak_mb'):,.0f}",
                f"{each.file_mb:,.0f}",
                str(len(each.costs)),
            ]
        )
    return rows


def main() -> None:
    """Measures all sizes, prints a table, and writes it where it is asked to."""
    parser = argparse.ArgumentParser(prog="benchmarks.nightly", description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--changes", type=int, default=1_000, help="of a night")
    parser.add_argument("--runs", type=int, default=3, help="nights; medians are shown")
    parser.add_argument("--full-runs", type=int, default=1, help="full builds; medians are shown")
    parser.add_argument("--limit-s", type=float, default=3600, help="for one command")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to work")
    parser.add_argument("--markdown", type=Path, help="write the section of this run into a file")
    parser.add_argument("--syncs", action="store_true", help="no builds")
    options = parser.parse_args()
    shutil.rmtree(options.folder / "nightly", ignore_errors=True)
    sizes = [Size(records, options) for records in options.records]
    if not options.syncs:
        measure_builds(sizes, options)
    measure_syncs(sizes, options)
    measured = [
        each for size in sizes for each in size.measured.values() if each.command not in ASIDE
    ]
    what = "night's sync" if options.syncs else "night"
    heading = f"A {what} of {options.changes:,} changes while history grows"
    lines = [list(COLUMNS), *table(measured)]
    print("\n".join([f"\n{heading}\n", *report.aligned(lines)]))
    if options.markdown:
        report.put_section(
            options.markdown, "\n".join([f"## {heading}", "", *report.as_markdown(lines)])
        )


if __name__ == "__main__":
    main()
