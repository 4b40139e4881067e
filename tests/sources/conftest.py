"""What the sources' tests share: a simulator, a pipeline of one's own, and no waiting."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from simulator import Simulator, World, serve

VENDORS = ("hirednow", "talkpush", "linkup", "closerx", "easir")
NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)


class Reader:
    """Reads resources of a source as a pipeline does, and remembers state between readings."""

    def __init__(self, folder: Path) -> None:
        self.pipeline = dlt.pipeline("reader", pipelines_dir=str(folder), destination="duckdb")
        self.metrics: dict[str, Any] = {}

    def read(self, source: DltSource, resource: str) -> list[dict[str, Any]]:
        """The rows of one resource."""
        rows: list[dict[str, Any]] = []

        def collect(row: dict[str, Any]) -> dict[str, Any]:
            rows.append(row)
            return row

        part = source.with_resources(resource)
        part.resources[resource].add_map(collect)
        info = self.pipeline.extract(part)
        (packages,) = info.metrics.values()
        metrics = packages[0]["resource_metrics"].get(resource)
        self.metrics = dict(metrics.custom_metrics or {}) if metrics else {}
        return rows

    def failure(self, source: DltSource, resource: str) -> BaseException:
        """The error with which reading fails, without what dlt wraps around it."""
        with pytest.raises(PipelineStepFailed) as failed:
            self.read(source, resource)
        error: BaseException = failed.value
        while error.__cause__ is not None:
            error = error.__cause__
        return error

    def state(self, source: str, resource: str) -> dict[str, Any]:
        """What the resource will remember."""
        sources = self.pipeline.state.get("sources", {})
        return dict(sources.get(source, {}).get("resources", {}).get(resource, {}))


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings from outside, no cursors of another test, dlt's folders inside the test's, and no waiting."""
    # Who reads a source without a pipeline reads on from the state of the one that was active last.
    Container()[PipelineContext].deactivate()
    for name in list(os.environ):
        if name.startswith(("SOURCES__", "DESTINATION__")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    for vendor in VENDORS:
        monkeypatch.setattr(import_module(f"sources.{vendor}.client"), "BACKOFF_FACTOR", 0)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path / "pipelines")


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A small world's vendors, and the environment with which to read them."""
    with serve(World(people=150, now=NOW, history_days=12)) as running:
        for name, value in running.settings().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def open_source() -> Callable[..., DltSource]:
    """Opens a vendor's source at the world's moment; settings come from the environment."""

    def opened(vendor: str, **settings: Any) -> DltSource:
        factory = getattr(import_module(f"sources.{vendor}"), vendor)
        source: DltSource = factory(**{"as_of": NOW.isoformat(), "max_retries": 2, **settings})
        return source

    return opened


@pytest.fixture
def documented() -> Callable[[str], Any]:
    """Payloads as the vendors' own pages show them."""

    def payload(name: str) -> Any:
        path = Path(__file__).parent / "fixtures" / f"{name}.json"
        return json.loads(path.read_text("utf-8"))

    return payload
