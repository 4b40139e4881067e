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
create table if not exists ops.builds (
    build_id bigint, started_at timestamptz, finished_at timestamptz, is_full boolean, is_whole boolean,
    fingerprint varchar
);
create table if not exists ops.built_loads (vendor varchar, load_id varchar);
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

    def begin_build(self, fingerprint: str, started_at: datetime, is_full: bool) -> bool:
        """Notes that a build has started, not whole yet.

        Args:
            fingerprint: Stands for all that defines the result, besides the raw rows.
            is_full: Whether everything is to be read in any case.

        Returns:
            Whether the build reads only new loads. It may if the last one was whole and defined the same, and each
            load that is in the models is still in raw.
        """
        with database.connect(self.warehouse) as connection:
            connection.execute(_TABLES)
            last = connection.execute(
                "select is_whole, fingerprint from ops.builds order by build_id desc limit 1"
            ).fetchone()
            is_news = (
                not is_full and last == (True, fingerprint) and not _has_lost_loads(connection)
            )
            connection.execute(
                """
                insert into ops.builds
                select coalesce(max(build_id), 0) + 1, ?, null, ?, false, ? from ops.builds
                """,
                [started_at, not is_news, fingerprint],
            )
        return is_news

    def finish_build(self, finished_at: datetime, is_whole: bool) -> None:
        """Notes how the last build ended, and, if it is whole, the loads that it has read."""
        this = "build_id = (select max(build_id) from ops.builds)"
        with database.connect(self.warehouse) as connection:
            connection.execute("begin")
            connection.execute(
                f"update ops.builds set finished_at = ?, is_whole = ? where {this}",
                [finished_at, is_whole],
            )
            if is_whole:
                connection.execute(
                    f"delete from ops.built_loads where (select is_full from ops.builds where {this})"
                )
                connection.execute(
                    """
                    insert into ops.built_loads
                    select vendor, load_id from intermediate.int_loads where is_new
                    """
                )
            connection.execute("commit")

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


def _has_lost_loads(connection: Any) -> bool:
    """Whether a load that the models contain is in raw no more: somebody put raw tables back or took them away."""
    vendors = connection.execute("select distinct vendor from ops.built_loads").fetchall()
    for (vendor,) in vendors:
        dataset = f"raw_{vendor}"
        if "_dlt_loads" not in database.tables(connection, dataset):
            return True
        lost = connection.execute(
            f"""
            select load_id from ops.built_loads where vendor = ?
            except select load_id from {dataset}._dlt_loads where status = 0
            """,
            [vendor],
        ).fetchone()
        if lost:
            return True
    return False
