"""Installations in folders of their own, each with its vendors; and those that nothing happens to."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines import demo
from simulator import Simulator, World, serve
from tests.chaos import attempt as attempts
from tests.chaos.attempt import Attempt, Kill
from tests.chaos.schedule import (
    FIRST_NIGHT,
    NIGHTS,
    TEAMS,
    TIMEOUT_S,
    VENDORS,
    AttemptPlan,
    new_world,
)

NOT_OURS = ("SOURCES__", "DESTINATION__", "HIREFUNNEL_", "DLT_")


@dataclass
class Installation:
    """A data folder, and the vendors that it reads.

    Attributes:
        moments: When the vendors' records stood how; the last one is now.
    """

    folder: Path
    world: World
    simulator: Simulator
    is_drifting: bool = False
    has_data_tests: bool = False
    moments: list[datetime] = field(default_factory=list)
    vendors: Sequence[str] = VENDORS
    attempts: int = 0

    @property
    def data(self) -> Path:
        """All that the program writes."""
        return self.folder / "data"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.data / "hirefunnel.duckdb"

    def advance_to(self, moment: datetime) -> None:
        """Lets the world go on until a moment."""
        self.world.advance(hours=(moment - self.world.now) / timedelta(hours=1))
        self.moments.append(self.world.now)

    def start(self, plan: AttemptPlan, kill: Kill | None, *, is_clean: bool) -> Attempt:
        """Starts the program, and waits for its end."""
        demo._write_campaign_map(self.world, self.folder / "mappings")
        environment = self._environment(is_clean)
        self.attempts += 1
        options = (plan.cut, self.attempts, self.has_data_tests)
        done = attempts.start(plan.command, options, environment, self.folder, kill)
        done.requests_until = len(self.simulator.requests)
        return done

    def _environment(self, is_clean: bool) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(NOT_OURS)}
        for vendor in VENDORS:
            # an answer of LinkupAPI's is never given up: what it cost would be anyone's guess
            patience_s = 30 if is_clean or vendor == "linkup" else TIMEOUT_S
            inherited[f"SOURCES__{vendor.upper()}__TIMEOUT_S"] = str(patience_s)
            inherited[f"SOURCES__{vendor.upper()}__MAX_RETRIES"] = "2"
        credentials = {
            name: value
            for name, value in self.simulator.settings().items()
            if name.split("__")[1].lower() in self.vendors
        }
        return {
            **inherited,
            **credentials,
            "SOURCES__LINKUP__PAGE_SIZE": "4",
            # where records drift, each night's last reading must find all that has changed
            "SOURCES__EASIR__FULL_REREAD_DAYS": "1" if self.is_drifting else "7",
            "HIREFUNNEL_DATA_DIR": str(self.data),
            "HIREFUNNEL_MAPPINGS_DIR": str(self.folder / "mappings"),
            "HIREFUNNEL_AS_OF": self.world.now.isoformat(),
        }

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse; none if there is nothing to ask yet."""
        try:
            with duckdb.connect(str(self.warehouse), read_only=True) as connection:
                return connection.execute(query).fetchall()
        except duckdb.Error:
            return []

    def is_last_run_over(self) -> bool:
        """Whether the program noted how its last run ended."""
        query = "select max_by(status, started_at) not in ('running') from ops.runs"
        return self.ask(query) == [(True,)]

    def linkup_rows(self) -> list[tuple[Any, ...]]:
        """How many versions of LinkedIn's jobs and applicants are stored."""
        return self.ask(
            "select (select count(*) from raw_linkup.jobs), (select count(*) from raw_linkup.candidates)"
        )


@dataclass
class Undisturbed:
    """What a night without faults was like.

    Attributes:
        spans: The phases, and the seconds each took.
    """

    requests: Counter[str]
    spans: list[tuple[str, float]]
    linkup_rows: list[tuple[Any, ...]]


@dataclass
class Reference:
    """An installation that nothing happened to."""

    warehouse: Path
    nights: list[Undisturbed]


class Site:
    """Where one installation after the other stands, always in the same folder: dbt parses anew what has moved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "installation"
        self._parsed = folder / "parsed"

    @contextmanager
    def installed(
        self, world: int, *, is_drifting: bool = False, has_data_tests: bool = False
    ) -> Iterator[Installation]:
        """A new installation, with its vendors; all that it has is dbt's project parsed, as on every other night."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        with serve(new_world(world)) as simulator:
            made = Installation(
                self.folder,
                simulator.world,
                simulator,
                is_drifting,
                has_data_tests,
                vendors=TEAMS[world],
            )
            if self._parsed.exists():
                shutil.copytree(self._parsed, made.data / "dbt")
            yield made

    def keep_parsed(self) -> None:
        """Lays aside what dbt has parsed, for the installations that follow."""
        if not self._parsed.exists():
            shutil.copytree(self.folder / "data" / "dbt", self._parsed)


def reference(site: Site, folder: Path, world: int) -> Reference:
    """What a world's installation is like to which nothing happens; its warehouse is kept in the folder."""
    nights = []
    with site.installed(world) as installation:
        for number in range(NIGHTS):
            installation.advance_to(FIRST_NIGHT + timedelta(days=number))
            installation.simulator.clear_requests()
            command = "run" if number == NIGHTS - 1 else "sync"
            done = installation.start(AttemptPlan(command, cut=0), None, is_clean=True)
            if done.exit_code:
                raise RuntimeError(f"The run without faults failed:\n{done.output}")
            asked = Counter(request.vendor for request in installation.simulator.requests)
            nights.append(Undisturbed(asked, done.spans, installation.linkup_rows()))
        site.keep_parsed()
        folder.mkdir(parents=True, exist_ok=True)
        warehouse = folder / f"reference-{world}.duckdb"
        shutil.copy(installation.warehouse, warehouse)
    return Reference(warehouse, nights)
