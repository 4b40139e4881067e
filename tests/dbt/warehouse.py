"""A warehouse as the conductor leaves it: all raw and ops tables, and whatever rows a test needs.

The tables are those of docs/architecture.md, empty. ``insert`` adds rows the way a run would: a
content hash over what the vendor sent, and the moment it was seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contents import number_of

Row = Mapping[str, Any]

STAMPS = {
    "_content_hash": "bigint",
    "_key_hash": "bigint",
    "_seen_at": "timestamptz",
    "_is_deleted": "boolean",
    "_dlt_load_id": "text",
}

RAW_TABLES: dict[str, dict[str, str]] = {
    "raw_hirednow.results": {
        "id": "text",
        "recommendation_status": "text",
        "campaign": "json",
        "campaign_id": "text",
        "user": "json",
        "user_id": "text",
        "overall_score": "double",
        "additional_scores": "json",
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
        "order_index": "text",
    },
    "raw_hirednow.detailed_results": {
        "id": "text",
        "campaign_id": "text",
        "order_index": "text",
        "report": "json",
    },
    "raw_talkpush.leads": {
        "id": "bigint",
        "candidate_id": "bigint",
        "campaign_id": "bigint",
        "campaign_ats_external_id": "text",
        "state": "text",
        "folder": "text",
        "first_name": "text",
        "last_name": "text",
        "campaign_title": "text",
        "email": "text",
        "user_phone_number": "text",
        "school_name": "text",
        "education": "text",
        "source": "text",
        "scheduled_at": "timestamptz",
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
        "others": "json",
        "labels": "json",
        "answers": "json",
        "attachments": "json",
        "documents": "json",
    },
    "raw_talkpush.campaigns": {
        "id": "bigint",
        "title": "text",
        "name": "text",
        "is_archived": "boolean",
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
    },
    "raw_linkup.jobs": {"job_id": "text", "title": "text", "location": "text", "state": "text"},
    "raw_linkup.candidates": {
        "job_id": "text",
        "application_id": "text",
        "rating": "text",
        "is_top_choice": "boolean",
        "top_choice_message": "text",
        "first_name": "text",
        "last_name": "text",
        "full_name": "text",
        "headline": "text",
        "public_identifier": "text",
        "profile_url": "text",
        "location": "text",
        "application_date": "text",
        "experiences": "json",
        "education": "json",
    },
    "raw_closerx.hourly_metrics": {
        "campaign_id": "text",
        "date": "date",
        "hour": "bigint",
        "hour_occurrence": "bigint",
        "hour_at": "timestamptz",
        "credit_deductions": "bigint",
        "credit_deductions_change": "bigint",
        "campaign_results": "bigint",
        "campaign_results_change": "bigint",
        "is_final": "boolean",
    },
    "raw_easir.campaigns": {
        "id": "text",
        "user": "json",
        "message": "json",
        "template": "json",
        "filter": "json",
        "task": "json",
        "team_id": "bigint",
        "group_id": "bigint",
        "total_sent": "bigint",
        "scope": "text",
        "name": "text",
        "description": "text",
        "type": "text",
        "status": "text",
        "approved": "boolean",
        "sent_at": "timestamptz",
        "send_at": "timestamptz",
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
    },
    "raw_easir.campaign_recipients": {
        "campaign_id": "text",
        "id": "text",
        "status": "text",
        "b2c": "boolean",
        "team_id": "bigint",
        "account": "json",
        "user": "json",
        "team": "json",
        "fixed_fields": "json",
        "custom_fields": "json",
        "social_profile": "json",
        "consent": "json",
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
        "latest_activity_at": "timestamptz",
        "nested_timezone": "text",
    },
}

OPS_TABLES: dict[str, dict[str, str]] = {
    "ops.runs": {
        "run_id": "text",
        "command": "text",
        "as_of": "timestamptz",
        "started_at": "timestamptz",
        "finished_at": "timestamptz",
        "status": "text",
        "exit_code": "integer",
    },
    "ops.resource_runs": {
        "run_id": "text",
        "vendor": "text",
        "resource": "text",
        "started_at": "timestamptz",
        "finished_at": "timestamptz",
        "status": "text",
        "rows_read": "bigint",
        "versions_added": "bigint",
        "error": "text",
        "rows_rejected": "bigint",
        "rows_deleted": "bigint",
    },
    "ops.drift": {
        "vendor": "text",
        "resource": "text",
        "kind": "text",
        "field_name": "text",
        "detail": "text",
        "first_seen_at": "timestamptz",
        "run_id": "text",
    },
    "ops.rejected_records": {
        "vendor": "text",
        "resource": "text",
        "record_hash": "text",
        "reason": "text",
        "payload": "json",
        "rejected_at": "timestamptz",
        "is_superseded": "boolean",
        "mapping": "text",
        "_dlt_load_id": "text",
    },
    "ops.credits": {
        "run_id": "text",
        "vendor": "text",
        "resource": "text",
        "vendor_campaign_id": "text",
        "spent_at": "timestamptz",
        "credits": "double",
    },
    "ops.built_loads": {"vendor": "text", "load_id": "text"},
    "ops.build_results": {
        "run_id": "text",
        "node": "text",
        "node_type": "text",
        "status": "text",
        "message": "text",
        "seconds": "double",
    },
}

LOADS = {
    "load_id": "text",
    "schema_name": "text",
    "status": "bigint",
    "inserted_at": "timestamptz",
    "schema_version_hash": "text",
}


def create(path: Path) -> duckdb.DuckDBPyConnection:
    """A new warehouse file with every table, empty. The caller closes the connection."""
    connection = duckdb.connect(str(path))
    connection.execute("set TimeZone = 'UTC'")
    for table, columns in RAW_TABLES.items():
        _create_table(connection, table, columns | STAMPS)
        _create_table(connection, f"{table.split('.')[0]}._dlt_loads", LOADS)
    for table, columns in OPS_TABLES.items():
        _create_table(connection, table, columns)
    return connection


def open_again(path: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse for more rows or questions, with times in UTC."""
    connection = duckdb.connect(str(path))
    connection.execute("set TimeZone = 'UTC'")
    return connection


def insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rows: Iterable[Row],
    *,
    seen_at: str = "2026-03-01T02:00:00Z",
    load_id: str | None = None,
    load_status: int = 0,
) -> None:
    """Adds rows to a raw table, stamped as seen by the run of that moment, or to an ops table.

    Args:
        connection: The warehouse.
        table: ``schema.table``.
        rows: Dicts with any of the table's columns; nested values become JSON. With `_is_deleted`, a record that
            a full listing no longer showed.
        seen_at: The moment the run received them (raw tables only).
        load_id: dlt's load that brings them; by default one named after that moment.
        load_status: 0 for a load that is complete.
    """
    load_id = load_id or str(datetime.fromisoformat(seen_at).timestamp())
    if table.startswith("raw_"):
        add_load(connection, table.split(".")[0], load_id, load_status)
    for row in rows:
        values = {name: _value(value) for name, value in row.items()}
        if table.startswith("raw_"):
            is_deleted = row.get("_is_deleted")
            content = "deleted" if is_deleted else json.dumps(row, sort_keys=True, default=str)
            values["_content_hash"] = number_of(content.encode())
            values["_key_hash"] = number_of(_key(table, row).encode())
            values["_seen_at"] = seen_at
            values["_dlt_load_id"] = load_id
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" for _ in values)
        connection.execute(f"insert into {table} ({names}) values ({marks})", list(values.values()))


def _key(table: str, row: Row) -> str:
    """What tells the row's record apart."""
    of_campaign = table in ("raw_easir.campaign_recipients", "raw_closerx.hourly_metrics")
    names = ["id", "job_id", "application_id", "date", "hour", "hour_occurrence"]
    return repr([row.get(name) for name in names + ["campaign_id"] * of_campaign])


def add_load(
    connection: duckdb.DuckDBPyConnection, dataset: str, load_id: str, status: int = 0
) -> None:
    """Notes in dlt's own list that a load has ended, or sets how."""
    connection.execute(f"delete from {dataset}._dlt_loads where load_id = ?", [load_id])
    connection.execute(
        f"insert into {dataset}._dlt_loads (load_id, status) values (?, ?)", [load_id, status]
    )


def fixed_fields(**values: Any) -> list[dict[str, Any]]:
    """EASI'R's list form of a recipient's fixed fields."""
    return [
        {"id": i, "name": name, "value": value} for i, (name, value) in enumerate(values.items())
    ]


def _value(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value


def _create_table(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]
) -> None:
    connection.execute(f"create schema if not exists {table.split('.')[0]}")
    typed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    connection.execute(f"create table if not exists {table} ({typed})")
