"""Nights: the nightly job run on a simulated world, one night after the other, beside the truth."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines import cli, demo
from pipelines.errors import HirefunnelError
from pipelines.settings import environment
from simulator import Simulator, World, serve
from tests.builds import WITHOUT_DATA_TESTS
from tests.nights.truth import Truth, stored_contents

# Late enough for CloserX to have settled the day before: later revisions are not read again.
FIRST_NIGHT = datetime(2026, 3, 20, 22, tzinfo=UTC)


@dataclass
class Installation:
    """A data folder of its own, with the simulator's vendors as its settings."""

    folder: Path
    world: World
    simulator: Simulator
    truth: Truth = field(default_factory=Truth)
    settings: dict[str, str] = field(default_factory=dict)
    has_data_tests: bool = False

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.simulator.settings(),
            # every change must be seen, so that the truth is simply what the vendors show
            "SOURCES__EASIR__FULL_REREAD_DAYS": "1",
            "HIREFUNNEL_DATA_DIR": str(self.data),
            "HIREFUNNEL_MAPPINGS_DIR": str(self.folder / "mappings"),
            "HIREFUNNEL_AS_OF": self.world.now.isoformat(),
            **({} if self.has_data_tests else WITHOUT_DATA_TESTS),
            **self.settings,
        }

    def hirefunnel(self, *arguments: str) -> int:
        """Runs a command in this process and returns its exit code."""
        demo._write_campaign_map(self.world, self.folder / "mappings")
        with environment(self.environment), pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["hirefunnel", *arguments])  # dbt looks at it
            result = CliRunner().invoke(cli.app, list(arguments))
        if isinstance(result.exception, HirefunnelError):
            self.output = str(result.exception)
            return result.exception.exit_code
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.output = result.output
        return result.exit_code

    def night(self, command: str = "run", *vendors: str) -> int:
        """One nightly run, of these vendors or all, with the truth watching."""
        self.simulator.clear_requests()
        self.truth.watch(self.world)
        return self.hirefunnel(command, *vendors)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.data / "hirefunnel.duckdb"), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def stored(self, vendor: str, resource: str) -> dict[Any, list[str]]:
        """What raw holds of each record, in the order in which it was seen."""
        with duckdb.connect(str(self.data / "hirefunnel.duckdb"), read_only=True) as connection:
            return stored_contents(connection, vendor, resource)


@pytest.fixture(scope="module")
def clean_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        import os

        for name in list(os.environ):
            if name.startswith(("SOURCES__", "DESTINATION__", "HIREFUNNEL_", "DLT_")):
                patch.delenv(name)
        yield


@pytest.fixture(scope="module")
def new_installation(
    clean_environment: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """Makes installations on worlds of their own."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def make(people: int = 250, **options: Any) -> Installation:
            world = World(seed=11, people=people, now=FIRST_NIGHT, history_days=35)
            simulator = stack.enter_context(serve(world, **options))
            return Installation(tmp_path_factory.mktemp("installation"), world, simulator)

        yield make
