"""Who is measured: how each is set up, started, and what it must have brought at the end.

Each is set up as its own documentation advises for speed; `settings` says how, and is printed with the numbers.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .data import AS_OF
from .server import TOKEN
from .vendor import RunningVendors

ROOT = Path(__file__).parent.parent
MANIFEST = ROOT / "benchmarks" / "manifests" / "airbyte.json"
INSTALL_LIMIT_S = 600
NO_LIMIT = "1000000"  # requests a second: hirefunnel wants a number above zero

NESTED_RESULT = ["campaign", "user", "additional_scores"]
NESTED_CAMPAIGN = ["user", "message", "template", "filter", "task"]
NESTED_RECIPIENT = ["account", "user", "fixed_fields", "custom_fields", "social_profile", "consent"]


class NotInstalledError(Exception):
    """A peer could not be installed."""


@dataclass(frozen=True)
class Job:
    """One run of one peer.

    Attributes:
        folder: Its own, empty unless the peer goes on where another stopped.
        rate: How many requests a second each vendor allows; 0 for no limit.
        venvs: Where virtualenvs are made and kept.
    """

    vendors: RunningVendors
    folder: Path
    rate: float
    venvs: Path

    @property
    def campaign_ids(self) -> list[str]:
        """HiredNow's campaigns, which its API cannot list."""
        return list(self.vendors.plan()["campaign_ids"])

    @property
    def easir_ids(self) -> list[str]:
        """EASI'R's campaigns, for those who cannot read a list of a list."""
        owners = (owner for kind, owner, _ in self.vendors.plan()["pages"] if kind == "recipients")
        return list(dict.fromkeys(owners))

    def script(self, name: str, *arguments: str) -> list[str]:
        """A command that runs a module of this package on this job."""
        places = ["--url", self.vendors.url, "--plan", str(self.vendors.folder / "plan.json")]
        module = [sys.executable, "-m", f"benchmarks.{name}"]
        return [*module, *places, "--folder", str(self.folder), *arguments]

    def write(self, name: str, content: dict[str, Any]) -> str:
        """Writes a file of settings and names it."""
        path = self.folder / name
        path.write_text(json.dumps(content))
        return str(path)


Tables = list[list[str]]


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


def _hirefunnel(_job: Job) -> list[list[str]]:
    return [[str(Path(sys.executable).with_name("hirefunnel")), "sync", "hirednow", "easir"]]


def _hirefunnel_environment(job: Job) -> dict[str, str]:
    rate = str(job.rate) if job.rate else NO_LIMIT
    return {
        "HIREFUNNEL_DATA_DIR": str(job.folder / "data"),
        "HIREFUNNEL_AS_OF": AS_OF,
        "SOURCES__HIREDNOW__API_KEY": TOKEN,
        "SOURCES__HIREDNOW__BASE_URL": job.vendors.url,
        "SOURCES__HIREDNOW__CAMPAIGN_IDS": json.dumps(job.campaign_ids),
        "SOURCES__HIREDNOW__REQUESTS_PER_SECOND": rate,
        "SOURCES__EASIR__CLIENT_ID": "bench",
        "SOURCES__EASIR__CLIENT_SECRET": "not-a-secret",
        "SOURCES__EASIR__BASE_URL": job.vendors.url,
        "SOURCES__EASIR__AUTH_URL": f"{job.vendors.url}/token",
        "SOURCES__EASIR__REQUESTS_PER_SECOND": rate,
    }


def _hirefunnel_brought(job: Job) -> tuple[Path, Tables]:
    tables = [["raw_hirednow.results"], ["raw_easir.campaigns"], ["raw_easir.campaign_recipients"]]
    return job.folder / "data" / "hirefunnel.duckdb", tables


def _singer(job: Job) -> list[list[str]]:
    """Two taps, for paging is set for a tap and not for a stream; one target reads both."""

    def tap(name: str, streams: list[dict[str, Any]], **paging: Any) -> str:
        shared = {"api_url": job.vendors.url, "backoff_type": "header"}
        token = {"auth_method": "bearer_token", "bearer_token": TOKEN}
        program = str(job.venvs / "tap" / "bin" / "tap-rest-api-msdk")
        config = job.write(f"{name}.json", {**shared, **token, **paging, "streams": streams})
        return shlex.join([program, "--config", config])

    def stream(name: str, path: str, params: dict[str, Any], nested: list[str]) -> dict[str, Any]:
        settings = {"name": name, "path": path, "params": params, "except_keys": nested}
        return {**settings, "records_path": "$.data[*]", "primary_keys": ["id"]}

    results = [
        stream(
            f"results_{number}",
            "/v1/campaigns/role/results",
            {"campaign_id": campaign_id, "limit": 100, "sort": "asc"},
            NESTED_RESULT,
        )
        for number, campaign_id in enumerate(job.campaign_ids)
    ]
    size = {"per_page": 50}
    recipients = [
        stream(f"recipients_{number}", f"/campaigns/{owner}/recipients", size, NESTED_RECIPIENT)
        for number, owner in enumerate(job.easir_ids)
    ]
    campaigns = stream("campaigns", "/campaigns", size, NESTED_CAMPAIGN)
    taps = (
        tap(
            "hirednow",
            results,
            pagination_request_style="jsonpath_paginator",
            pagination_response_style="page",
            next_page_token_path="$.last_record_index",  # noqa: S106 - no secret
            pagination_next_page_param="starting_after",
        ),
        tap(
            "easir",
            [campaigns, *recipients],
            pagination_request_style="jsonpath_paginator",
            pagination_response_style="hateoas_body",
            next_page_token_path="$.pagination.urls.next",  # noqa: S106 - no secret
        ),
    )
    warehouse = {"path": str(job.folder / "singer.duckdb"), "default_target_schema": "main"}
    target = str(job.venvs / "target" / "bin" / "target-duckdb")
    return [
        ["bash", "-c", " && ".join(taps)],
        [target, "--config", job.write("target.json", warehouse)],
    ]


def _singer_brought(job: Job) -> tuple[Path, Tables]:
    results = [f"main.results_{number}" for number in range(len(job.campaign_ids))]
    recipients = [f"main.recipients_{number}" for number in range(len(job.easir_ids))]
    return job.folder / "singer.duckdb", [results, ["main.campaigns"], recipients]


def _airbyte(job: Job) -> list[list[str]]:
    config = {
        "url": job.vendors.url,
        "token": TOKEN,
        "campaign_ids": job.campaign_ids,
        "__injected_declarative_manifest": json.loads(MANIFEST.read_text()),
    }
    catalog = {
        "streams": [
            {
                "stream": {
                    "name": name,
                    "json_schema": {},
                    "supported_sync_modes": ["full_refresh"],
                },
                "sync_mode": "full_refresh",
                "destination_sync_mode": "append",
            }
            for name in ("results", "campaigns", "recipients")
        ]
    }
    program = str(job.venvs / "airbyte" / "bin" / "source-declarative-manifest")
    files = ["--config", job.write("config.json", config)]
    return [[program, "read", *files, "--catalog", job.write("catalog.json", catalog)]]


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
            _hirefunnel,
            _hirefunnel_brought,
            environment=_hirefunnel_environment,
        ),
        Peer(
            "hirefunnel-idle",
            "the same again, with nothing new",
            "the same",
            _hirefunnel,
            _hirefunnel_brought,
            environment=_hirefunnel_environment,
            after="hirefunnel",
        ),
        Peer(
            "singer",
            "tap-rest-api-msdk into target-duckdb; a stream and a table for each campaign",
            "nested fields kept as JSON (except_keys), target's batches of 100,000 rows, duckdb 1.5 in the target",
            _singer,
            _singer_brought,
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
            _airbyte,
            lambda job: (job.folder / "output", None),
            requirements={"airbyte": ["airbyte-cdk==7.39.1"]},
        ),
    )
}
