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


def test_hirefunnel_brings_every_record_once_in_windows_and_side_by_side(tmp_path: Path) -> None:
    """Forty pages a campaign and more, at a latency that makes readers run at once."""
    size = ["--results", "12000", "--recipients", "600", "--runs", "1", "--latency-ms", "30"]
    done = subprocess.run(
        [
            *[sys.executable, "-m", "benchmarks.run", "--peers", "hirefunnel,hirefunnel-idle"],
            *[*size, "--folder", str(tmp_path)],
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("hirefunnel")]
    assert len([row for row in rows if " equal " in row]) == 2, done.stdout


@pytest.mark.slow
def test_a_night_is_measured_on_top_of_a_history(tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    size = ["--records", "4000", "--changes", "100", "--runs", "1"]
    done = subprocess.run(
        [
            *[sys.executable, "-m", "benchmarks.nightly", *size],
            *["--folder", str(tmp_path), "--markdown", str(report)],
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in report.read_text("utf-8").splitlines() if line.startswith("| 4,000")]
    assert [row.split(" | ")[1] for row in rows] == [
        "build, 100 changes",
        "build, in full",
        "sync, 100 changes",
        "the reports, by hand",
    ]
