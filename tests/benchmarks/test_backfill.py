"""The benchmark itself: what it serves, paced or not, is what a warehouse holds at the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("network", "heading"),
    [
        ([], "no latency"),
        (["--latency-ms", "5", "--rate", "50"], "5 ms a request, 50 requests a second"),
    ],
)
def test_the_limit_brings_every_record(tmp_path: Path, network: list[str], heading: str) -> None:
    report = tmp_path / "report.md"
    size = ["--results", "1500", "--recipients", "300", "--runs", "1"]
    places = ["--folder", str(tmp_path), "--markdown", str(report)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", "--peers", "limit", *size, *places, *network],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    section = report.read_text(encoding="utf-8")
    assert f"## Backfill of 1,500 results and 300 recipients, {heading}" in section
    row = next(line for line in section.splitlines() if line.startswith("| limit |"))
    assert "| equal |" in row
    assert "| 26 | 0 |" in row  # 18 pages of results, 1 of campaigns, 7 of recipients; none refused
