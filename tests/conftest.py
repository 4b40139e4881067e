"""What every test needs: an installation of its own, and no vendor reachable by accident."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from dbt_common.tests import enable_test_caching

from pipelines import settings as configuration
from pipelines.settings import Settings

# dbt's macros are the same in every project: a process that builds many parses them once.
enable_test_caching()

# Before dlt is imported anywhere: nothing is sent, and no test shares dlt's global folder.
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty installation in an empty working folder, without any vendor's settings."""
    for name in list(os.environ):
        if name.startswith(("SOURCES__", "DESTINATION__", "HIREFUNNEL_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIREFUNNEL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HIREFUNNEL_MAPPINGS_DIR", str(tmp_path / "mappings"))
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "data" / "dlt"))
    return configuration.load()


# Files whose tests share what is dear to set up: one process runs them, or each would set it up.
TOGETHER = {
    **dict.fromkeys(
        (
            "tests/dbt/test_build.py",
            "tests/dbt/test_events.py",
            "tests/dbt/test_identity.py",
            "tests/dbt/test_reports.py",
            "tests/dbt/test_vanished.py",
        ),
        "the story",
    ),
    "tests/chaos/test_chaos.py": "chaos",
    "tests/nights/test_clocks.py": "clocks",
    "tests/nights/test_forget.py": "forget",
    "tests/nights/test_nights.py": "nights",
    "tests/nights/test_runs.py": "runs",
    "tests/pipelines/test_private.py": "private",
    "tests/pipelines/test_trouble.py": "trouble",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deals out tests one by one, but those of TOGETHER to one process."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER.get(nodeid.split("::")[0], nodeid)

    return Together(config, log)
