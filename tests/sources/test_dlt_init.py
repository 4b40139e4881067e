"""A stranger copies one source with `dlt init` and loads it, without the rest of hirefunnel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.sources.conftest import NOW, VENDORS

SOURCES = Path(__file__).parents[2] / "sources"


def run(folder: Path, *command: str, answer: str = "") -> str:
    environment = {**os.environ, "HOME": str(folder), "PYTHONPATH": ""}
    done = subprocess.run(
        command, cwd=folder, env=environment, input=answer, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources in a repository of their own, committed as they are now."""
    folder = tmp_path_factory.mktemp("repository")
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(SOURCES, folder / "sources", ignore=ignored)
    author = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    run(folder, "git", "init", "--quiet", "--initial-branch=main")
    run(folder, "git", "add", ".")
    run(folder, "git", *author, "commit", "--quiet", "--message=Sources")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_copied_source_loads(vendor, repository, simulator, tmp_path, monkeypatch):
    monkeypatch.setenv(f"SOURCES__{vendor.upper()}__AS_OF", NOW.isoformat())
    dlt_command = str(Path(sys.executable).with_name("dlt"))
    project = tmp_path / "project"
    project.mkdir()
    run(
        project,
        dlt_command,
        "--non-interactive",
        "init",
        "--location",
        str(repository),
        vendor,
        "duckdb",
    )
    assert (project / vendor / "README.md").exists()
    assert "dlt[duckdb]" in (project / "requirements.txt").read_text()

    run(project, sys.executable, f"{vendor}_pipeline.py")
    with duckdb.connect(str(project / f"{vendor}.duckdb")) as warehouse:
        tables = warehouse.sql(
            "select table_name from information_schema.tables "
            f"where table_schema = 'raw_{vendor}' and not starts_with(table_name, '_dlt')"
        ).fetchall()
        assert tables
        for (table,) in tables:
            (count,) = warehouse.sql(f"select count(*) from raw_{vendor}.{table}").fetchone()
            assert count > 0
