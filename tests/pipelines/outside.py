"""An installation as its user sees it: commands in processes of their own, and the rows that they leave."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipelines import demo
from pipelines.settings import environment
from tests.nights.conftest import Installation
from tests.nights.truth import RESOURCES
from tests.nursery import PROGRAM, Child, nursery

# What does not follow the second at which a run read it.
MARTS = {
    "person_records": "person_id, record_key, match_rule, email, vendor_status, version_count",
    "dim_person": "person_id, full_name, email, phone_e164, record_count",
    "fct_funnel_events": "event_id, person_id, record_id, stage, vendor_status, time_precision",
    "fct_journeys": "person_id, hiring_campaign, source, furthest_stage, current_status, best_score",
    "fct_campaign_hourly": "campaign_hour_id, hour_at, credits, results, is_final",
    "rpt_funnel": "*",
}


def start(installation: Installation, *arguments: str, code: str = PROGRAM) -> Child:
    """The command, under way.

    Args:
        code: What is run, if it is not the program as it is.
    """
    demo._write_campaign_map(installation.world, installation.folder / "mappings")
    with environment(installation.environment):
        found = os.environ.copy()
    return nursery().start(found, Path.cwd(), *arguments, code=code)


def hirefunnel(installation: Installation, *arguments: str) -> tuple[int, str]:
    """The command's exit code and what it said; a stack trace is a failure."""
    process = start(installation, *arguments)
    stdout, stderr = process.communicate(timeout=300)
    assert "Traceback" not in stderr, stderr
    return process.returncode, stdout + stderr


def last_line(output: str) -> str:
    return output.strip().splitlines()[-1]


def raw_versions(installation: Installation) -> dict[str, Counter[str]]:
    """The contents of the raw tables, and how often each is there."""
    return {
        f"{vendor}.{resource}": Counter(
            content
            for (content,) in installation.query(
                f"select _content_hash from raw_{vendor}.{resource}"
            )
        )
        for vendor, resource in RESOURCES
    }


def mart_rows(installation: Installation) -> dict[str, Counter[tuple[Any, ...]]]:
    return {
        name: Counter(installation.query(f"select {columns} from marts.{name}"))
        for name, columns in MARTS.items()
    }


def copy_of(installation: Installation, folder: Path) -> Installation:
    """The same installation in another folder, before the same vendors."""
    shutil.copytree(installation.folder, folder, symlinks=True, dirs_exist_ok=True)
    return Installation(folder, installation.world, installation.simulator)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of its own under a folder, for a block."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """More room, or no right to write."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)
