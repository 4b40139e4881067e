"""The `ops` schema: what each run did. dbt reads it as a source; `status` tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from . import database

_TABLES = """
create schema if not exists ops;
create table if not exists ops.runs (
    run_id varchar, command varchar, as_of timestamptz, started_at timestamptz,
    finished_at timestamptz, status varchar, exit_code integer
);
create table if not exists ops.resource_runs (
    run_id varchar, vendor varchar, resource varchar, started_at timestamptz,
    finished_at timestamptz, status varchar, rows_read bigint, versions_added bigint,
    error varchar
);
create table if not exists ops.new_fields (
    vendor varchar, resource varchar, field_name varchar, first_seen_at timestamptz,
    run_id varchar
);
create table if not exists ops.credits (
    run_id varchar, vendor varchar, resource varchar, vendor_campaign_id varchar,
    spent_at timestamptz, credits double
);
create table if not exists ops.build_results (
    run_id varchar, node varchar, node_type varchar, status varchar, message varchar,
    seconds double
);
"""


@dataclass(frozen=True)
class ResourceRun:
    """What happened to one vendor resource in one run.

    Attributes:
        status: `ok`, `partial` (a budget ended it), `failed` or `skipped` (no credentials).
        rows_read: Records received, unchanged ones included.
        versions_added: Rows that raw gained.
        error: One masked sentence, when it failed.
        new_fields: Fields that the source does not declare.
        credits: Credits spent, by vendor campaign ('' when for none).
    """

    vendor: str
    resource: str
    started_at: datetime
    finished_at: datetime
    status: str
    rows_read: int = 0
    versions_added: int = 0
    error: str | None = None
    new_fields: tuple[str, ...] = ()
    credits: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class NodeResult:
    """How one dbt node ended: `success`, `pass`, `warn`, `error`, `fail` or `skipped`."""

    node: str
    node_type: str
    status: str
    message: str | None
    seconds: float

    @property
    def is_failure(self) -> bool:
        """Whether the run must not be called good."""
        failed = {"error", "fail", "runtime error"}
        # a skipped model keeps an older night's rows, because one before it failed
        return self.status in failed or (self.status == "skipped" and self.node_type == "model")


class History:
    """The run history of one warehouse. Each method opens and closes the file, as dlt and dbt do theirs."""

    def __init__(self, warehouse: Path) -> None:
        self.warehouse = warehouse

    def begin(self, run_id: str, command: str, as_of: datetime, started_at: datetime) -> None:
        """Notes that a run has started; a run that an earlier crash left open is closed as failed."""
        with database.connect(self.warehouse) as connection:
            connection.execute(_TABLES)
            connection.execute(
                "update ops.runs set status = 'interrupted' where status = 'running'"
            )
            connection.execute(
                "insert into ops.runs values (?, ?, ?, ?, null, 'running', null)",
                [run_id, command, as_of, started_at],
            )

    def finish(self, run_id: str, finished_at: datetime, exit_code: int) -> None:
        """Notes how the run ended."""
        with database.connect(self.warehouse) as connection:
            connection.execute(
                "update ops.runs set finished_at = ?, status = ?, exit_code = ? where run_id = ?",
                [finished_at, "failed" if exit_code else "ok", exit_code, run_id],
            )

    def add_resource_runs(self, run_id: str, results: Iterable[ResourceRun]) -> None:
        """Stores what was synced, which fields were new and what it cost."""
        with database.connect(self.warehouse) as connection:
            for result in results:
                self._add_resource_run(connection, run_id, result)

    def _add_resource_run(self, connection: Any, run_id: str, result: ResourceRun) -> None:
        connection.execute(
            "insert into ops.resource_runs values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                run_id,
                result.vendor,
                result.resource,
                result.started_at,
                result.finished_at,
                result.status,
                result.rows_read,
                result.versions_added,
                result.error,
            ],
        )
        for field in result.new_fields:
            connection.execute(
                """
                insert into ops.new_fields
                select $vendor, $resource, $field, $at, $run_id
                where not exists (
                    from ops.new_fields
                    where vendor = $vendor and resource = $resource and field_name = $field
                )
                """,
                {
                    "vendor": result.vendor,
                    "resource": result.resource,
                    "field": field,
                    "at": result.finished_at,
                    "run_id": run_id,
                },
            )
        for campaign, credits in result.credits:
            connection.execute(
                "insert into ops.credits values (?, ?, ?, ?, ?, ?)",
                [run_id, result.vendor, result.resource, campaign, result.finished_at, credits],
            )

    def add_build_results(self, run_id: str, results: Sequence[NodeResult]) -> None:
        """Stores how each model and test ended."""
        if not results:
            return
        with database.connect(self.warehouse) as connection:
            connection.executemany(
                "insert into ops.build_results values (?, ?, ?, ?, ?, ?)",
                [
                    [
                        run_id,
                        result.node,
                        result.node_type,
                        result.status,
                        result.message,
                        result.seconds,
                    ]
                    for result in results
                ],
            )

    def is_demo(self) -> bool | None:
        """Whether the warehouse holds the demo's invented people; None when it holds nothing yet."""
        if not self.warehouse.exists():
            return None
        with database.connect(self.warehouse, read_only=True) as connection:
            if "runs" not in database.tables(connection, "ops"):
                return None
            row = connection.execute(
                "select count(*) filter (where command = 'demo') > 0 from ops.runs having count(*) > 0"
            ).fetchone()
        return bool(row[0]) if row else None
