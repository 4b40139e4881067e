"""What `status` tells: freshness, last runs, rows, failures, drift, cursors. Quick: imports no dlt, no dbt."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from . import copies, database, lock
from .errors import WarehouseHeldError
from .facts import read, read_copy
from .options import stale_after
from .settings import Settings, now
from .vendors import VENDORS

PATIENCE_S = 1.0  # with another `status`, which is shorter than that


def collect(settings: Settings) -> dict[str, Any]:
    """The state of the installation, ready for JSON.

    Keys: `is_fresh`, `summary` (one sentence), `warehouse`, `held_by`, `published`, `last_runs`, `resources`
    (a vendor resource each), `failures`, `drift`, `new_fields` (those of `drift`), `rejected` (records that cannot be
    stored, by resource and reason), `set_aside` (load packages that could not be loaded), `unmapped_statuses`,
    `credits` (by run, day and job), `backfills` (begun and not finished), `cursors`. Times are ISO in UTC.
    """
    copy = copies.newest(settings)
    facts: dict[str, Any] = {
        "is_fresh": False,
        "summary": "",
        "warehouse": str(settings.warehouse),
        "held_by": None,
        "published": str(copy) if copy else None,
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
                read(connection, facts)
    except WarehouseHeldError:
        facts["held_by"] = holder or lock.holder(settings) or "another program"
        facts["summary"] = f"The warehouse is held by {facts['held_by']}; nothing is published yet."
        if copy is not None:
            with database.connect(copy, read_only=True) as connection:
                read_copy(connection, facts)
            _judge(facts)
            facts["summary"] = (
                f"The warehouse is held by {facts['held_by']}; by the published copy: {facts['summary']}"
            )
        return facts
    _judge(facts)
    return facts


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
