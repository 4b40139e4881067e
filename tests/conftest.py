"""What every test needs: an installation of its own, and no vendor reachable by accident."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines import settings as configuration
from pipelines.settings import Settings

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
