"""What a night costs while history grows: `python -m benchmarks.nightly --records 100000 1000000 --runs 3`.

For each size: years of history are put straight into a warehouse and built in full, beside a script by hand that
computes the same reports; then nights of changes are built; then two vendors, served over HTTP, show as many changed
records, and are synced. Whole processes are measured.
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


def measure_size(records: int, options: argparse.Namespace) -> list[Measured]:
    """A full build, nights' builds and nights' syncs on top of so many records."""
    folder = options.folder / "nightly"
    shutil.rmtree(folder, ignore_errors=True)
    data = folder / "data"
    data.mkdir(parents=True)
    warehouse = data / "hirefunnel.duckdb"
    environment = {"HIREFUNNEL_DATA_DIR": str(data), "HIREFUNNEL_AS_OF": AS_OF}

    def history(what: str) -> None:
        module = [sys.executable, "-m", "benchmarks.history", what]
        sizes = ["--records", str(records), "--changes", str(options.changes)]
        subprocess.run([*module, *sizes, "--warehouse", str(warehouse)], check=True)  # noqa: S603

    def run(measured: Measured, settings: dict[str, str], *arguments: str) -> None:
        cost = measure.run([[HIREFUNNEL, *arguments]], settings, folder, options.limit_s)
        if cost.error:
            raise SystemExit(f"{measured.command} at {records:,}: {cost.error}")
        measured.costs.append(cost)
        measured.file_mb = warehouse.stat().st_size / 1e6
        print(f"{records:,} {measured.command}: {cost}", file=sys.stderr, flush=True)

    full = Measured(records, "build, in full")
    byhand = Measured(records, "the reports, by hand")
    build = Measured(records, f"build, {options.changes:,} changes")
    sync = Measured(records, f"sync, {options.changes:,} changes")
    history("make")
    run(full, environment, "build")
    script = [sys.executable, "-m", "benchmarks.byhand", "--warehouse", str(warehouse)]
    cost = measure.run([script], {"PYTHONPATH": str(ROOT)}, folder, options.limit_s)
    if cost.error:
        raise SystemExit(f"by hand at {records:,}: {cost.error}")
    byhand.costs.append(cost)
    byhand.file_mb = full.file_mb
    subprocess.run([*script, "--check"], check=True)  # noqa: S603
    for _ in range(options.runs):
        history("night")
        run(build, environment, "build")
    share = options.changes // 2
    with running_vendors(options.folder, share, share) as vendors:
        job = Job(vendors, folder, 0, options.folder / "venvs")
        settings = {**setups.hirefunnel_environment(job), "HIREFUNNEL_DATA_DIR": str(data)}
        run(Measured(records, "first sync"), settings, "sync", "hirednow", "easir")
        for _ in range(options.runs):
            run(Measured(records, "reset"), settings, "reset", "hirednow")
            run(Measured(records, "reset"), settings, "reset", "easir")
            command = [
                sys.executable,
                "-c",
                "import sys, duckdb; duckdb.connect(sys.argv[1]).execute(sys.argv[2])",
            ]
            subprocess.run([*command, str(warehouse), FORGOTTEN], check=True)  # noqa: S603
            run(sync, settings, "sync", "hirednow", "easir")
    return [full, byhand, build, sync]


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
    parser.add_argument("--limit-s", type=float, default=3600, help="for one command")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to work")
    parser.add_argument("--markdown", type=Path, help="write the section of this run into a file")
    options = parser.parse_args()
    measured = [each for records in options.records for each in measure_size(records, options)]
    heading = f"A night of {options.changes:,} changes while history grows"
    lines = [list(COLUMNS), *table(measured)]
    print("\n".join([f"\n{heading}\n", *report.aligned(lines)]))
    if options.markdown:
        report.put_section(
            options.markdown, "\n".join([f"## {heading}", "", *report.as_markdown(lines)])
        )


if __name__ == "__main__":
    main()
