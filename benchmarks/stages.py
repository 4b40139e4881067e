"""Where a backfill's CPU seconds go: `python -m benchmarks.stages --results 200000 --recipients 20000`.

`hirefunnel sync` runs in this process with a stopwatch around its stages; each counts the CPU of its own thread, less
that of the stages inside it. What no stage covers is said, too.
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from . import report, setups
from .job import Job
from .vendor import running_vendors

FOLDER = Path(tempfile.gettempdir()) / "hirefunnel-benchmarks"


class Stopwatch:
    """CPU seconds by stage, of all threads."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inside = threading.local()

    def around(self, owner: Any, name: str, stage: str) -> None:
        """Counts a function's CPU seconds as a stage's."""
        function = getattr(owner, name)

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            before, self._inside.seconds = getattr(self._inside, "seconds", 0.0), 0.0
            started = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.thread_time() - started
                self.seconds[stage] += spent - self._inside.seconds
                self._inside.seconds = before + spent

        setattr(owner, name, timed)


def watch(stopwatch: Stopwatch) -> None:
    """Puts the stopwatch around the stages."""
    from dlt.common.data_writers.writers import ArrowToParquetWriter
    from dlt.pipeline.pipeline import Pipeline

    from pipelines import columnar, curl, version_load
    from sources.easir import client as easir
    from sources.easir import reading as easir_reading
    from sources.easir import sent as easir_sent
    from sources.hirednow import client as hirednow
    from sources.hirednow import reading as hirednow_reading
    from sources.hirednow import sent as hirednow_sent

    stopwatch.around(curl.CurlSession, "send", "HTTP: libcurl and the socket")
    stopwatch.around(hirednow.HiredNowClient, "get", "HTTP: requests, retries, pace")
    stopwatch.around(easir.EasirClient, "get", "HTTP: requests, retries, pace")
    stopwatch.around(hirednow, "read_answer", "JSON: answers opened, records left as they are")
    stopwatch.around(easir, "read_answer", "JSON: answers opened, records left as they are")
    stopwatch.around(hirednow_reading, "note", "sources: cursors, times, campaigns")
    stopwatch.around(easir_reading, "with_times", "sources: cursors, times, campaigns")
    for sent in (hirednow_sent, easir_sent):
        stopwatch.around(sent.SentRecords, "columns", "sources: cursors, times, campaigns")
    stopwatch.around(columnar.Batches, "add", "texts joined to batches")
    stopwatch.around(columnar.Batches, "columns", "JSON to columns, in DuckDB")
    stopwatch.around(ArrowToParquetWriter, "write_data", "columns to parquet")
    stopwatch.around(Pipeline, "extract", "dlt: extract")
    stopwatch.around(Pipeline, "normalize", "dlt: normalize and load, without the insert")
    stopwatch.around(Pipeline, "load", "dlt: normalize and load, without the insert")
    stopwatch.around(version_load.VersionLoadJob, "run", "insert of new versions, in DuckDB")


def main() -> None:
    """Runs a backfill and prints its stages."""
    parser = argparse.ArgumentParser(prog="benchmarks.stages", description=__doc__)
    parser.add_argument("--results", type=int, default=200_000, help="HiredNow results")
    parser.add_argument("--recipients", type=int, default=20_000, help="EASI'R recipients")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to work")
    parser.add_argument("--markdown", type=Path, help="write the section of this run into a file")
    options = parser.parse_args()
    folder = options.folder / "runs" / "stages"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with running_vendors(options.folder, options.results, options.recipients) as vendors:
        os.environ |= setups.hirefunnel_environment(Job(vendors, folder, 0, options.folder))
        imported = time.process_time()
        stopwatch = Stopwatch()
        watch(stopwatch)
        stopwatch.seconds["start: imports of dlt, pyarrow, DuckDB"] = time.process_time() - imported
        from pipelines import cli

        started, cpu = time.perf_counter(), time.process_time()
        sys.argv = ["hirefunnel", "sync", "hirednow", "easir"]
        try:
            cli.main()
        except SystemExit as exit_:
            if exit_.code:
                raise
        wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    covered = (
        sum(stopwatch.seconds.values())
        - stopwatch.seconds["start: imports of dlt, pyarrow, DuckDB"]
    )
    stopwatch.seconds["the rest: threads, hand-overs, DuckDB's own threads"] = cpu_s - covered
    total = sum(stopwatch.seconds.values())
    table = [["stage", "CPU s", "share"]] + [
        [stage, f"{seconds:.2f}", f"{seconds / total:.0%}"]
        for stage, seconds in sorted(stopwatch.seconds.items(), key=lambda item: -item[1])
    ]
    heading = f"Where {options.results:,} results and {options.recipients:,} recipients go"
    summary = f"{wall_s:.1f} s wall after the imports, {total:.1f} CPU s in all, with the stopwatch's own."
    print("\n".join([f"\n{heading}\n", *report.aligned(table), "", summary]))
    if options.markdown:
        lines = [f"## {heading}", "", *report.as_markdown(table), "", summary]
        report.put_section(options.markdown, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
