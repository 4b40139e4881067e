"""How hirefunnel, Singer and Airbyte are set up for a job: commands, files of settings, environment."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

from .data import AS_OF
from .job import Job
from .server import TOKEN

MANIFEST = Path(__file__).parent / "manifests" / "airbyte.json"
NO_LIMIT = "1000000"  # requests a second: hirefunnel wants a number above zero

NESTED_RESULT = ["campaign", "user", "additional_scores"]
NESTED_CAMPAIGN = ["user", "message", "template", "filter", "task"]
NESTED_RECIPIENT = ["account", "user", "fixed_fields", "custom_fields", "social_profile", "consent"]

Tables = list[list[str]]


def hirefunnel(_job: Job) -> list[list[str]]:
    """One command."""
    return [[str(Path(sys.executable).with_name("hirefunnel")), "sync", "hirednow", "easir"]]


def hirefunnel_environment(job: Job) -> dict[str, str]:
    """Its settings."""
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


def hirefunnel_brought(job: Job) -> tuple[Path, Tables]:
    """The warehouse."""
    tables = [["raw_hirednow.results"], ["raw_easir.campaigns"], ["raw_easir.campaign_recipients"]]
    return job.folder / "data" / "hirefunnel.duckdb", tables


def singer(job: Job) -> list[list[str]]:
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


def singer_brought(job: Job) -> tuple[Path, Tables]:
    """The target's file."""
    results = [f"main.results_{number}" for number in range(len(job.campaign_ids))]
    recipients = [f"main.recipients_{number}" for number in range(len(job.easir_ids))]
    return job.folder / "singer.duckdb", [results, ["main.campaigns"], recipients]


def airbyte(job: Job) -> list[list[str]]:
    """The low-code source alone, as the CDK runs it."""
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
