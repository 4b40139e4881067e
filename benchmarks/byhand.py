"""The reports by one hand-written script, beside the models: `python -m benchmarks.byhand --warehouse FILE`.

It reads the same raw tables, resolves people, and keeps nothing on the way that a mart would: no contract, no test, no
column that the reports do not need. Its numbers must be those of the marts, row for row, or the comparison is void.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import duckdb

SCRIPT = Path(__file__).with_suffix(".sql")
PAIRS = (
    (
        "select period_start_date, hiring_campaign, source, stage_order, coalesce(people, 0),"
        " coalesce(people_from_previous, 0) from hand_funnel",
        "select period_start_date, hiring_campaign, source, stage_order, people, people_from_previous"
        " from marts.rpt_funnel",
    ),
    (
        "select hiring_campaign, from_stage_order, people, p50_days, p90_days, still_waiting from hand_durations",
        "select hiring_campaign, from_stage_order, people, p50_days, p90_days, still_waiting"
        " from marts.rpt_stage_durations",
    ),
    (
        "select cost_date, hiring_campaign, credits, results, leads, hires from hand_costs",
        "select cost_date, hiring_campaign, credits, results, leads, hires from marts.rpt_costs"
        " where vendor = 'closerx'",
    ),
)


def run(connection: duckdb.DuckDBPyConnection) -> None:
    """The script; its loop, which resolves people, as often as it takes."""
    before, rest = SCRIPT.read_text("utf-8").split("-- repeat until edges is empty\n")
    loop, after = rest.split("-- end\n")
    connection.execute(before)
    while _count(connection, "edges"):
        connection.execute(loop)
    connection.execute(after)


def differences(connection: duckdb.DuckDBPyConnection) -> int:
    """How many rows the marts and the script do not have in common."""
    return sum(
        _count(connection, f"(({one}) except all ({other}))")
        for hand, mart in PAIRS
        for one, other in ((hand, mart), (mart, hand))
    )


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    """Runs the script; fails if the marts say something else."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, required=True)
    parser.add_argument("--memory", default="4GB", help="as the models have it")
    parser.add_argument(
        "--check", action="store_true", help="compare with the marts instead of timing"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute(
            f"set memory_limit = '{options.memory}'; set temp_directory = '{folder}'"
        )
        connection.execute(f"attach '{options.warehouse}' as warehouse (read_only); use warehouse")
        connection.execute("set preserve_insertion_order = false")
        run(connection)
        if options.check and (count := differences(connection)):
            raise SystemExit(f"{count} rows differ from the marts")


if __name__ == "__main__":
    main()
