"""Stock dlt: its `rest_api` source with defaults, into DuckDB, as its documentation shows it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import dlt
from dlt.sources.rest_api import rest_api_source
from dlt.sources.rest_api.typing import RESTAPIConfig

from .server import TOKEN


def hirednow(url: str, campaign_ids: list[str]) -> RESTAPIConfig:
    """HiredNow's results: a cursor, for each campaign of a list."""
    return {
        "client": {"base_url": url, "auth": {"type": "bearer", "token": TOKEN}},
        "resources": [
            dlt.resource(
                [[{"id": campaign_id} for campaign_id in campaign_ids]],  # one page of them
                name="role_campaigns",
                selected=False,
            ),
            {
                "name": "results",
                "primary_key": "id",
                "endpoint": {
                    "path": "v1/campaigns/role/results",
                    "params": {
                        "campaign_id": "{resources.role_campaigns.id}",
                        "limit": 100,
                        "sort": "asc",
                    },
                    "data_selector": "data",
                    "paginator": {
                        "type": "cursor",
                        "cursor_path": "last_record_index",
                        "cursor_param": "starting_after",
                    },
                },
            },
        ],
    }


def easir(url: str) -> RESTAPIConfig:
    """EASI'R's campaigns and, for each, its recipients: links to the next page."""
    return {
        "client": {
            "base_url": url,
            "auth": {"type": "bearer", "token": TOKEN},
            "paginator": {"type": "json_link", "next_url_path": "pagination.urls.next"},
        },
        "resources": [
            {
                "name": "campaigns",
                "primary_key": "id",
                "endpoint": {
                    "path": "campaigns",
                    "params": {"per_page": 50},
                    "data_selector": "data",
                },
            },
            {
                "name": "recipients",
                "primary_key": "id",
                "include_from_parent": ["id"],
                "endpoint": {
                    "path": "campaigns/{resources.campaigns.id}/recipients",
                    "params": {"per_page": 50},
                    "data_selector": "data",
                },
            },
        ],
    }


def main() -> None:
    """Runs both sources in one pipeline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    campaign_ids = json.loads(options.plan.read_text())["campaign_ids"]
    pipeline = dlt.pipeline(
        "stock",
        pipelines_dir=str(options.folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(options.folder / "dlt.duckdb")),
        dataset_name="stock",
    )
    pipeline.run(
        [
            rest_api_source(hirednow(options.url, campaign_ids), name="hirednow"),
            rest_api_source(easir(options.url), name="easir"),
        ]
    )


if __name__ == "__main__":
    main()
