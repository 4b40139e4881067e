"""The `ops` schema: what each run did. dbt reads it as a source; `status` tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import database
from .drift import Drift

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = """
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
alter table ops.resource_runs add column if not exists rows_rejected bigint;
alter table ops.resource_runs add column if not exists rows_deleted bigint;
create table if not exists ops.drift (
    vendor varchar, resource varchar, kind varchar, field_name varchar, detail varchar,
    first_seen_at timestamptz, run_id varchar
);
create table if not exists ops.fields (
    vendor varchar, resource varchar, field_name varchar, json_types varchar,
    is_always boolean, records bigint
);
create table if not exists ops.set_aside (
    vendor varchar, folder varchar, reason varchar, set_aside_at timestamptz, run_id varchar,
    replayed_at timestamptz
);
create table if not exists ops.backfills (
    backfill_id varchar, vendor varchar, from_date date, to_date date,
    started_at timestamptz, finished_at timestamptz
);
create table if not exists ops.backfill_windows (
    backfill_id varchar, from_date date, to_date date, finished_at timestamptz, run_id varchar,
    rows_read bigint, versions_added bigint
);
create table if not exists ops.credits (
    run_id varchar, vendor varchar, resource varchar, vendor_campaign_id varchar,
    spent_at timestamptz, credits double
);
create table if not exists ops.credit_notes (vendor varchar, note_id varchar);
create table if not exists ops.build_results (
    run_id varchar, node varchar, node_type varchar, status varchar, message varchar,
    seconds double
);
create table if not exists ops.builds (
    build_id bigint, started_at timestamptz, finished_at timestamptz, is_full boolean, is_whole boolean,
    fingerprint varchar
);
create table if not exists ops.built_loads (vendor varchar, load_id varchar);
create table if not exists ops.forgotten (kind varchar, hash varchar, forgotten_at timestamptz);
create table if not exists ops.forget_log (
    forgotten_at timestamptz, run_id varchar, "by" varchar, records map(varchar, bigint),
    finished_at timestamptz
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
        rows_rejected: Records that could not be stored; they are in `ops.rejected_records`.
        rows_deleted: Records that a full listing did not show any more.
        drift: What about the records is not as it was.
    """

    vendor: str
    resource: str
    started_at: datetime
    finished_at: datetime
    status: str
    rows_read: int = 0
    versions_added: int = 0
    error: str | None = None
    rows_rejected: int = 0
    rows_deleted: int = 0
    drift: tuple[Drift, ...] = ()


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
            # What was noted stands in the file's log, which whoever opens it next takes over: the run itself, soon.
            connection.execute("pragma disable_checkpoint_on_shutdown")
            connection.execute(TABLES)
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
        """Stores what was synced."""
        with database.connect(self.warehouse) as connection:
            for result in results:
                insert(
                    connection,
                    "resource_runs",
                    run_id=run_id,
                    vendor=result.vendor,
                    resource=result.resource,
                    started_at=result.started_at,
                    finished_at=result.finished_at,
                    status=result.status,
                    rows_read=result.rows_read,
                    versions_added=result.versions_added,
                    error=result.error,
                    rows_rejected=result.rows_rejected,
                    rows_deleted=result.rows_deleted,
                )

    def add_set_aside(
        self, run_id: str, vendor: str, folder: str, reason: str, set_aside_at: datetime
    ) -> None:
        """Stores that load packages could not be loaded, and where they are kept."""
        with database.connect(self.warehouse) as connection:
            insert(
                connection,
                "set_aside",
                vendor=vendor,
                folder=folder,
                reason=reason,
                set_aside_at=set_aside_at,
                run_id=run_id,
            )

    def note_replayed(self, folder: str, replayed_at: datetime) -> None:
        """Stores that what was set aside is in the warehouse after all."""
        with database.connect(self.warehouse) as connection:
            connection.execute(
                "update ops.set_aside set replayed_at = ? where folder = ?", [replayed_at, folder]
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


def insert(connection: DuckDBPyConnection, table: str, **values: Any) -> None:
    """One row into a table of `ops`."""
    connection.execute(
        f"insert into ops.{table} ({', '.join(values)}) values ({', '.join('?' for _ in values)})",
        list(values.values()),
    )
