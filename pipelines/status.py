"""What `status` tells: freshness, last runs, rows, failures, drift, cursors. Quick: imports no dlt, no dbt."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from . import database, lock, publish
from .errors import WarehouseHeldError
from .settings import Settings, now, stale_after
from .vendors import VENDORS

LAST_RUNS = 5
PATIENCE_S = 1.0  # with another `status`, which is shorter than that
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


def collect(settings: Settings) -> dict[str, Any]:
    """The state of the installation, ready for JSON.

    Keys: `is_fresh`, `summary` (one sentence), `warehouse`, `held_by`, `published`, `last_runs`, `resources`
    (a vendor resource each), `failures`, `drift`, `new_fields` (those of `drift`), `rejected` (records that cannot be
    stored, by resource and reason), `set_aside` (load packages that could not be loaded), `unmapped_statuses`,
    `credits` (by run, day and job), `backfills` (begun and not finished), `cursors`. Times are ISO in UTC.
    """
    facts: dict[str, Any] = {
        "is_fresh": False,
        "summary": "",
        "warehouse": str(settings.warehouse),
        "held_by": None,
        "published": _text(publish.newest(settings)),
        "last_runs": [],
        "resources": [],
        "failures": [],
        "drift": [],
        "new_fields": [],
        "rejected": [],
        "set_aside": [],
        "unmapped_statuses": [],
        "credits": [],
        "backfills": [],
        "cursors": _cursors(settings),
    }
    if not settings.warehouse.exists():
        facts["summary"] = f"Nothing has run yet: there is no warehouse at {settings.warehouse}."
        return facts
    holder = lock.holder(settings)
    try:
        # Held while it is read: a run that finds the file open could not write to it.
        with (
            lock.hold(settings, "status", patience_s=PATIENCE_S),
            database.connect(settings.warehouse, read_only=True) as connection,
        ):
            if "runs" in database.tables(connection, "ops"):
                _read(connection, facts)
    except WarehouseHeldError:
        facts["held_by"] = holder or lock.holder(settings) or "another program"
        facts["summary"] = f"The warehouse is held by {facts['held_by']}; nothing is published yet."
        copy = publish.newest(settings)
        if copy is not None:
            with database.connect(copy, read_only=True) as connection:
                _read_copy(connection, facts)
            _judge(facts)
            facts["summary"] = (
                f"The warehouse is held by {facts['held_by']}; by the published copy: {facts['summary']}"
            )
        return facts
    _judge(facts)
    return facts


def _read_copy(connection: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
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


def _read(connection: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    # What is last is what was written last (`rowid`): a clock may go back.
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
            arg_max(finished_at, rowid) filter (where status != 'skipped') as last_attempt_at,
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


def _judge(facts: dict[str, Any]) -> None:
    """Fresh means: something runs, the last run was good, and no resource's last success is too old."""
    limit = now() - stale_after()
    used = [row for row in facts["resources"] if row["last_attempt_at"] is not None]
    for row in facts["resources"]:
        success = row["last_success_at"]
        row["is_stale"] = row in used and (
            success is None or datetime.fromisoformat(success) < limit
        )
    stale = [f"{row['vendor']} · {row['resource']}" for row in used if row["is_stale"]]
    last_status = facts["last_runs"][0]["status"] if facts["last_runs"] else None
    if not facts["last_runs"] and not facts["resources"]:
        facts["summary"] = "Nothing has run yet."
    elif last_status in ("failed", "interrupted") and not facts["failures"]:
        facts["summary"] = f"The last run, `{facts['last_runs'][0]['command']}`, did not end well."
    elif facts["failures"]:
        facts["summary"] = f"Failing: {facts['failures'][0]}"
    elif stale:
        facts["summary"] = f"Stale: {', '.join(stale)}."
    elif not used:
        facts["summary"] = "No vendor has credentials yet; see .dlt/secrets.example.toml."
    else:
        facts["summary"] = f"Fresh: {len(used)} resources."
        facts["is_fresh"] = True


def _cursors(settings: Settings) -> dict[str, Any]:
    """Where each vendor's next run goes on, from dlt's state files."""
    found = {}
    for vendor in VENDORS:
        path = settings.dlt_dir / vendor / "state.json"
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        resources = state.get("sources", {}).get(vendor, {}).get("resources", {})
        if resources:
            found[vendor] = resources
    return found


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, map(_text, row), strict=True)) for row in cursor.fetchall()]


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return (
        str(value)
        if isinstance(value, Path) or not hasattr(value, "isoformat")
        else value.isoformat()
    )
