"""Schedules from seeds, one after the other or side by side; then what was done and what was wrong.

python -m tests.chaos --schedules 20 --seed 0 --markdown docs/guarantees.md
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console

from benchmarks.report import put_section
from tests.chaos import report, worker
from tests.chaos.kept import kept
from tests.chaos.schedule import draw


def main() -> int:
    """Runs the schedules; 1 if anything was wrong after one of them."""
    options = _options()
    console = Console(highlight=False)
    seeds = range(options.seed, options.seed + options.schedules)
    with (
        _folder(options.folder) as folder,
        ProcessPoolExecutor(options.jobs, get_context("spawn"), worker.settle, [folder]) as pool,
    ):
        results = [result for seed in seeds if (result := kept(folder, seed))]
        done = {result.schedule.seed for result in results}
        if done:
            console.print(f"{len(done):,} schedules were lived through before, by the same code.")
        still = [seed for seed in seeds if seed not in done]
        worlds = sorted({draw(seed).world for seed in still})
        references = dict(
            zip(worlds, pool.map(partial(worker.reference, folder), worlds), strict=True)
        )
        for result in pool.map(partial(worker.live, folder, references), still):
            results.append(result)
            console.print(report.line(result), markup=False, soft_wrap=True)
    console.print(report.table(results))
    if options.markdown:
        put_section(options.markdown, report.markdown(results, options.seed))
    return 0 if all(result.is_good for result in results) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--schedules", type=int, default=20, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first one; the others follow")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument(
        "--folder",
        type=Path,
        help="keeps results, and installations that went wrong; what was cut off goes on there",
    )
    parser.add_argument("--markdown", type=Path, help="a file that gets the result as a section")
    return parser.parse_args()


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    if chosen:
        yield chosen.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="chaos-") as name:
            yield Path(name)


if __name__ == "__main__":
    sys.exit(main())
