"""The numbers as a table: on the terminal, and as a section of a Markdown file."""

from __future__ import annotations

import argparse
import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import Measured

COLUMNS = (
    "peer",
    "wall s",
    "of limit",
    "CPU s",
    "peak MB",
    "requests",
    "429s",
    "rate held",
    "rows",
    "server busy",
    "runs",
)


def title(options: argparse.Namespace) -> str:
    """What was measured."""
    network = "no latency"
    if options.latency_ms or options.rate:
        limit = f", {options.rate:g} requests a second" if options.rate else ""
        network = f"{options.latency_ms:g} ms a request{limit}"
    return (
        f"Backfill of {options.results:,} results and {options.recipients:,} recipients, {network}"
    )


def rows(measured: list[Measured]) -> list[list[str]]:
    """One row a peer."""
    limit = next((each for each in measured if each.peer.name == "limit" and each.costs), None)
    return [_row(each, limit) for each in measured]


def _row(each: Measured, limit: Measured | None) -> list[str]:
    if not each.costs:
        return [each.peer.name, *["-"] * (len(COLUMNS) - 2), "0"]
    wall_s = each.middle("wall_s")
    held = each.middle("rate_held")
    return [
        each.peer.name,
        f"{wall_s:.2f}",
        f"{wall_s / limit.middle('wall_s'):.2f}" if limit else "-",
        f"{each.middle('cpu_s'):.2f}",
        f"{each.middle('peak_mb'):,.0f}",
        f"{each.middle('requests'):,.0f}",
        f"{each.middle('refused'):,.0f}",
        f"{held:.0%}" if held else "-",
        "differ" if each.problem else "equal",
        f"{each.middle('cpu_s_of_server') / wall_s:.0%}",
        str(len(each.costs)),
    ]


def aligned(table: list[list[str]]) -> list[str]:
    """Lines for the terminal; the first row is the heading."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    ]


def as_markdown(table: list[list[str]]) -> list[str]:
    """Lines of a Markdown table, and under it which machine it was."""
    heading, *others = table
    rule = ["---", *["---:"] * (len(heading) - 1)]
    lines = ["| " + " | ".join(row) + " |" for row in (heading, rule, *others)]
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return [*lines, "", f"Medians; {machine}, {datetime.now(UTC):%Y-%m-%d}."]


def text(options: argparse.Namespace, ceiling: str, measured: list[Measured]) -> str:
    """For the terminal."""
    lines = aligned([list(COLUMNS), *rows(measured)])
    return "\n".join(
        [f"\n{title(options)}", f"server: {ceiling}", "", *lines, "", *_notes(measured)]
    )


def markdown(options: argparse.Namespace, ceiling: str, measured: list[Measured]) -> str:
    """A section: heading, table, notes."""
    lines = as_markdown([list(COLUMNS), *rows(measured)])
    notes = [f"- {note}" for note in (f"server: {ceiling}", *_notes(measured))]
    return "\n".join([f"## {title(options)}", "", *lines, "", *notes]) + "\n"


def put_section(path: Path, section: str) -> None:
    """Puts a section into a file in place of the one with the same heading, else at its end."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    heading = section.splitlines()[0]
    old = re.compile(rf"^{re.escape(heading)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(before):
        after = old.sub(lambda _: section.rstrip("\n") + "\n\n", before)
    else:
        after = f"{before.rstrip()}\n\n{section}" if before.strip() else section
    path.write_text(after.rstrip() + "\n", encoding="utf-8")


def _notes(measured: list[Measured]) -> list[str]:
    notes = [f"{each.peer.name}: {each.peer.what}. {each.peer.settings}." for each in measured]
    problems = [f"{each.peer.name}: {each.problem}." for each in measured if each.problem]
    return [*notes, *problems]
