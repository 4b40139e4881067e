"""What a peer brought, counted in a process of its own: the harness must stay small in memory.

Prints the number of results, campaigns and recipients, and the sum of the results' order indexes.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import duckdb

INDEX_SUM = "sum(order_index::hugeint)"


def count_tables(database: Path, tables: list[list[str]]) -> list[int]:
    """Counts the distinct records of DuckDB tables.

    Args:
        database: The file.
        tables: The names of the tables that hold results, campaigns, recipients.
    """
    connection = duckdb.connect(str(database), read_only=True)

    def ask(names: list[str], what: str) -> int:
        parts = " union all ".join(f"select {what} as n from {name}" for name in names)
        row = connection.execute(f"select coalesce(sum(n), 0)::bigint from ({parts})").fetchone()
        return int(row[0]) if row else 0

    counts = [ask(names, "count(distinct id)") for names in tables]
    rows = [ask(names, "count(*)") for names in tables]
    if rows != counts:
        raise SystemExit(f"rows {rows}, but {counts} different records")
    return [*counts, ask(tables[0], INDEX_SUM)]


def count_messages(output: Path) -> list[int]:
    """Counts the records that an Airbyte source wrote."""
    counts: Counter[str] = Counter()
    with output.open("rb") as lines:
        for line in lines:
            message = json.loads(line)
            if message["type"] == "RECORD":
                record = message["record"]
                counts[record["stream"]] += 1
                counts["index_sum"] += int(record["data"].get("order_index", 0))
    return [counts[name] for name in ("results", "campaigns", "recipients", "index_sum")]


def main() -> None:
    """Prints the counts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument(
        "tables", nargs="?", help="their names as JSON; none for a file of messages"
    )
    options = parser.parse_args()
    if options.tables:
        print(json.dumps(count_tables(options.path, json.loads(options.tables))))
    else:
        print(json.dumps(count_messages(options.path)))


if __name__ == "__main__":
    main()
