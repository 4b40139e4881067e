"""Who is measured, and what each must have brought at the end.

Each is set up as its own documentation advises for speed; `settings` says how, and is printed with the numbers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from . import setups
from .job import Job
from .setups import Tables

ROOT = Path(__file__).parent.parent
INSTALL_LIMIT_S = 600


class NotInstalledError(Exception):
    """A peer could not be installed."""


@dataclass(frozen=True)
class Peer:
    """One that is measured.

    Attributes:
        what: What it is, and what it does not do.
        settings: How it is set up.
        commands: What to run, as a pipe.
        brought: The file with what it brought, and the names of its tables of results, campaigns and recipients;
            no tables if it is a file of Airbyte messages.
        environment: Variables that it needs.
        requirements: For each virtualenv that it needs, what to install.
        after: The peer in whose folder it goes on.
    """

    name: str
    what: str
    settings: str
    commands: Callable[[Job], list[list[str]]]
    brought: Callable[[Job], tuple[Path, Tables | None]]
    environment: Callable[[Job], dict[str, str]] = lambda _job: {}
    requirements: dict[str, list[str]] = field(default_factory=dict)
    after: str = ""

    def install(self, venvs: Path) -> None:
        """Makes its virtualenvs, unless they are there.

        Raises:
            NotInstalledError: With pip's last line.
        """
        for name, requirements in self.requirements.items():
            _install(venvs / name, tuple(requirements))

    def count(self, job: Job) -> list[int]:
        """The results, campaigns, recipients and the sum of order indexes that it brought; empty if unreadable."""
        path, tables = self.brought(job)
        command = [sys.executable, "-m", "benchmarks.tables", str(path)]
        if tables is not None:
            command.append(json.dumps(tables))
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            print(done.stderr.strip(), file=sys.stderr)
            return []
        return list(json.loads(done.stdout))


@cache
def _install(venv: Path, requirements: tuple[str, ...]) -> None:
    ready = venv / "installed"
    wanted = "\n".join(requirements)
    if ready.exists() and ready.read_text() == wanted:
        return
    pip = [str(venv / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(venv)], [*pip, *requirements]):
        try:
            done = subprocess.run(  # noqa: S603
                command, capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise NotInstalledError(f"not installed within {INSTALL_LIMIT_S} s") from None
        if done.returncode:
            raise NotInstalledError(done.stderr.strip().splitlines()[-1][:200])
    ready.write_text(wanted)


PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "limit",
            "the plan's pages fetched by threads into files, read_json into tables",
            "urllib3, 8 threads a vendor (4 and paced when the rate is limited), columns declared",
            lambda job: [job.script("limit", "--rate", str(job.rate))],
            lambda job: (job.folder / "limit.duckdb", [["results"], ["campaigns"], ["recipients"]]),
            environment=lambda _job: {"PYTHONPATH": str(ROOT)},
        ),
        Peer(
            "dlt",
            "stock dlt: rest_api source into duckdb",
            "defaults; parent and child resources; cursor and json_link paginators",
            lambda job: [job.script("stock_dlt")],
            lambda job: (
                job.folder / "dlt.duckdb",
                [["stock.results"], ["stock.campaigns"], ["stock.recipients"]],
            ),
            environment=lambda _job: {
                "PYTHONPATH": str(ROOT),
                "RUNTIME__DLTHUB_TELEMETRY": "false",
            },
        ),
        Peer(
            "hirefunnel",
            "hirefunnel sync hirednow easir, a first time",
            "defaults; requests_per_second as the vendor allows",
            setups.hirefunnel,
            setups.hirefunnel_brought,
            environment=setups.hirefunnel_environment,
        ),
        Peer(
            "hirefunnel-idle",
            "the same again, with nothing new",
            "the same",
            setups.hirefunnel,
            setups.hirefunnel_brought,
            environment=setups.hirefunnel_environment,
            after="hirefunnel",
        ),
        Peer(
            "singer",
            "tap-rest-api-msdk into target-duckdb; a stream and a table for each campaign",
            "nested fields kept as JSON (except_keys), target's batches of 100,000 rows, duckdb 1.5 in the target",
            setups.singer,
            setups.singer_brought,
            requirements={
                "tap": ["tap-rest-api-msdk==1.4.2"],
                # the harness must be able to read its file
                "target": ["target-duckdb==0.8.0", "duckdb<1.6"],
            },
        ),
        Peer(
            "airbyte",
            "airbyte-cdk's source-declarative-manifest into a file of messages; **nothing is loaded**",
            "low-code manifest, concurrency 10, substreams",
            setups.airbyte,
            lambda job: (job.folder / "output", None),
            requirements={"airbyte": ["airbyte-cdk==7.39.1"]},
        ),
    )
}
