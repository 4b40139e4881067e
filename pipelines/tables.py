"""Tables for people: the funnel after a demo, and `status`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from . import database

_BAR_WIDTH = 24
_MARK = {"ok": "[green]ok[/]", "failed": "[red]failed[/]", "partial": "[yellow]partial[/]"}


def print_funnel(published: Path, console: Console) -> None:
    """The funnel over all hiring campaigns, from a published copy: a bar a stage."""
    with database.connect(published, read_only=True) as connection:
        rows = connection.execute(
            """
            select stage, sum(people), sum(people_reached), sum(people_reached_from_previous)
            from marts.rpt_funnel group by stage, stage_order order by stage_order
            """
        ).fetchall()
    table = Table(title="The hiring funnel", title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("stage")
    table.add_column("seen in", justify="right")
    table.add_column("reached", justify="right")
    table.add_column("", min_width=_BAR_WIDTH, no_wrap=True)
    table.add_column("passed on", justify="right")
    widest = max((reached for _, _, reached, _ in rows), default=0) or 1
    before = 0
    for stage, people, reached, passed in rows:
        bar = "█" * max(round(_BAR_WIDTH * reached / widest), 1 if reached else 0)
        rate = f"{passed / before:.0%}" if before else ""
        table.add_row(stage, f"{people:,}", f"{reached:,}", f"[cyan]{bar}[/]", rate)
        before = reached
    console.print(table)


def print_status(facts: dict[str, Any]) -> None:
    """What `status --json` says, for reading."""
    console = Console(highlight=False)
    console.print(
        ("[green]●[/] " if facts["is_fresh"] else "[red]●[/] ") + facts["summary"], soft_wrap=True
    )
    if facts["resources"]:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("vendor", "resource", "last run", "last success"):
            table.add_column(heading)
        for heading in ("versions", "read", "new"):
            table.add_column(heading, justify="right")
        for row in facts["resources"]:
            table.add_row(
                row["vendor"],
                row["resource"],
                _MARK.get(row["last_status"], row["last_status"])
                + (" [red]stale[/]" if row["is_stale"] else ""),
                _ago(row["last_success_at"]),
                f"{row['rows_total']:,}",
                f"{row['rows_read_last_run'] or 0:,}",
                f"{row['versions_added_last_run'] or 0:,}",
            )
        console.print(table)
    _print_list(console, "failures", facts["failures"])
    _print_list(
        console,
        "load packages set aside (what they hold was read again; hirefunnel replay FOLDER adds what is missing)",
        [f"{row['folder']}: {row['reason']}" for row in facts["set_aside"]],
    )
    _print_list(
        console,
        "records rejected (kept in ops.rejected_records)",
        [
            f"{row['vendor']} · {row['resource']}: {row['count_records']:,} because {row['reason']}"
            for row in facts["rejected"]
        ],
    )
    _print_list(
        console,
        "drift (what vendors changed about their records)",
        [
            f"{row['vendor']} · {row['resource']}: {row['kind'].replace('_', ' ')} {row['field_name']}"
            + (f" ({row['detail']})" if row["detail"] else "")
            for row in facts["drift"]
        ],
    )
    _print_list(
        console,
        "statuses without a stage (map them in status_map.csv)",
        [
            f"{row['vendor']}: {row['vendor_status']} ({row['count_records']} records)"
            for row in facts["unmapped_statuses"]
        ],
    )
    _print_list(console, "credits spent, last seven days", _credit_lines(facts["credits"]))
    _print_list(
        console,
        "backfills to go on with",
        [
            f"{row['vendor']} --from {row['from_date']} --to {row['to_date']}"
            for row in facts["backfills"]
        ],
    )
    _print_list(
        console,
        "last runs",
        [
            f"{row['started_at'][:19].replace('T', ' ')} UTC  {row['command']}  {row['status']}"
            for row in facts["last_runs"]
        ],
    )
    _print_list(
        console,
        "cursors (in full: status --json)",
        [
            f"{vendor} · {resource}: {_summary(cursor)}"
            for vendor, resources in facts["cursors"].items()
            for resource, cursor in resources.items()
        ],
    )
    if facts["published"]:
        console.print(f"\npublished: {facts['published']}", soft_wrap=True)


def _credit_lines(credits: list[dict[str, Any]]) -> list[str]:
    """A line a run, with its jobs."""
    runs: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in credits:
        runs.setdefault((row["spent_date"], row["run_id"], row["vendor"]), []).append(row)
    return [
        f"{day} {vendor}: {sum(row['credits'] for row in jobs):g} in run {run_id} ("
        + ", ".join(
            f"{row['vendor_campaign_id'] or 'list of jobs'}: {row['credits']:g}" for row in jobs
        )
        + ")"
        for (day, run_id, vendor), jobs in runs.items()
    ]


def _summary(cursor: dict[str, Any]) -> str:
    """What a resource's state says, without the campaigns and jobs that it has something about."""
    if len(cursor) > 3 and all(isinstance(value, dict) for value in cursor.values()):
        return f"{len(cursor)} campaigns or jobs"
    return ", ".join(
        f"{name} ({len(value)})" if isinstance(value, dict | list) else f"{name} {value}"
        for name, value in cursor.items()
    )


def _print_list(console: Console, title: str, lines: list[str]) -> None:
    if lines:
        console.print(f"\n{title}")
        for line in lines:
            console.print(f"  {line}", markup=False, soft_wrap=True)


def _ago(instant: str | None) -> str:
    if instant is None:
        return "never"
    hours = (datetime.now(UTC) - datetime.fromisoformat(instant)).total_seconds() / 3600
    if hours < 1:
        return f"{hours * 60:.0f} min ago"
    return f"{hours:.0f} h ago" if hours < 48 else f"{hours / 24:.0f} days ago"
