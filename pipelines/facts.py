"""What the warehouse, or the published copy of it, knows of runs, resources, failures, drift: read for `status`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb

from . import database
from .vendors import VENDORS

LAST_RUNS = 5
# What is told of tables of `ops` as they are, under their name or another one.
_FACTS = {"rejected_records": "rejected"}
_NOTES = {
    "drift": """
        select vendor, resource, kind, field_name, detail, first_seen_at
        from ops.drift order by all
    """,
    "rejected_records": """
        select
            vendor, resource, reason, count(*) as count_records,
            max(rejected_at) as last_rejected_at
        from ops.rejected_records where not is_superseded group by all order by all
    """,
    "set_aside": """
        select vendor, folder, reason, set_aside_at
        from ops.set_aside where replayed_at is null order by set_aside_at
    """,
    "credits": """
        select
            run_id, vendor, vendor_campaign_id, cast(spent_at as date) as spent_date,
            sum(credits) as credits
        from ops.credits
        where spent_at >= (select arg_max(spent_at, rowid) - interval 7 days from ops.credits)
        group by all order by spent_date desc, run_id desc, credits desc
    """,
    "backfills": """
        select
            vendor, backfills.from_date, backfills.to_date, started_at,
            max(windows.finished_at) as last_window_at
        from ops.backfills
        left join ops.backfill_windows as windows using (backfill_id)
        where backfills.finished_at is null group by all order by all
    """,
}


def read_copy(connection: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    """What the published copy knows, while a run holds the warehouse."""
    facts["resources"] = _rows(
        connection,
        """
        select
            vendor, resource, last_success_at, last_attempt_at, last_status,
            null as rows_read_last_run, rows_last_run as versions_added_last_run,
            null as last_error, versions_total as rows_total
        from marts.rpt_sync_health order by resource_key
        """,
    )
    for (failures,) in connection.execute("select failures from marts.publication").fetchall():
        facts["failures"] = failures


def read(connection: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    """What the warehouse knows. What is last is what was written last (`rowid`): a clock may go back."""
    # Whoever holds the warehouse, as we do, knows that no run goes on: one that is called running was killed.
    facts["last_runs"] = _rows(
        connection,
        f"""
        select
            run_id, command, started_at, finished_at,
            if(status = 'running', 'interrupted', status) as status,
            exit_code
        from ops.runs order by rowid desc limit {LAST_RUNS}
        """,
    )
    facts["resources"] = _rows(
        connection,
        """
        select
            vendor, resource,
            arg_max(finished_at, rowid) filter (where status in ('ok', 'partial')) as last_success_at,
            arg_max(started_at, rowid) filter (where status != 'skipped') as last_attempt_at,
            arg_max(status, rowid) as last_status,
            arg_max(rows_read, rowid) as rows_read_last_run,
            arg_max(versions_added, rowid) as versions_added_last_run,
            arg_max(error, rowid) filter (where status = 'failed') as last_error
        from ops.resource_runs group by all
        """,
    )
    order = {
        (v.name, r): n
        for n, (v, r) in enumerate((v, r) for v in VENDORS.values() for r in v.resources)
    }
    facts["resources"].sort(key=lambda row: order.get((row["vendor"], row["resource"]), len(order)))
    for row in facts["resources"]:
        row["rows_total"] = _count(connection, f"raw_{row['vendor']}", row["resource"])
    facts["failures"] = failures(connection)
    ops = database.tables(connection, "ops")
    for name, query in _NOTES.items():
        if name in ops:
            facts[_FACTS.get(name, name)] = _rows(connection, query)
    if "forget_log" in ops:
        facts["failures"] += [
            f"a `forget` was cut short at {row['forgotten_at'][:16].replace('T', ' ')} UTC; give the command again"
            for row in _rows(
                connection, "select forgotten_at from ops.forget_log where finished_at is null"
            )
        ]
    facts["new_fields"] = [row for row in facts["drift"] if row["kind"] == "new_field"]
    if "rpt_unmapped_statuses" in database.tables(connection, "marts"):
        facts["unmapped_statuses"] = _rows(
            connection, "select * from marts.rpt_unmapped_statuses order by all"
        )


def failures(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What failed when it was last done, a line each: reading a resource, building a node of dbt."""
    rows = connection.execute(
        """
        select vendor || ' · ' || resource || ': ' || coalesce(arg_max(error, rowid), '')
        from ops.resource_runs
        group by vendor, resource
        having arg_max(status, rowid) = 'failed'
        order by min(rowid)
        """
    ).fetchall()
    rows += connection.execute(
        """
        select node_type || ' ' || node || ': ' || coalesce(message, status) from ops.build_results
        where status in ('error', 'fail', 'runtime error')
        and run_id = (select arg_max(run_id, rowid) from ops.build_results)
        order by rowid
        """
    ).fetchall()
    return [line for (line,) in rows]


def _count(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    """Stored versions of a raw table; DuckDB answers this from its metadata."""
    if table not in database.tables(connection, schema):
        return 0
    row = connection.execute(f'select count(*) from "{schema}"."{table}"').fetchone()
    return int(row[0]) if row else 0


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, map(_text, row), strict=True)) for row in cursor.fetchall()]


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
