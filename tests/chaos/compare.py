"""What an installation holds after a schedule, beside what one holds to which nothing happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from simulator import World
from tests.nights.truth import KEYS, RESOURCES, VANISHED, Truth, stored_contents

# What says when and in which load a row came. That differs with every retry, and says nothing about the vendor's
# record; the order of a record's versions, which it gives, is compared instead.
OF_THE_LOAD = ("_seen_at", "_dlt_load_id")

# How many records the last run happened to read is a fact about that run: after an attempt that had loaded most of
# the night, the last one reads less. The same for what LinkupAPI cost: an answer that was lost on the way is paid for
# again, so credits are checked against the vendor's own account (`ledger.py`), not against a run without faults.
OF_THE_RUN = {
    "rpt_sync_health": {"rows_last_run": "null"},
    "rpt_costs": {
        name: f"if(vendor = 'linkup', null, {name})"
        for name in (
            "credits",
            "credits_per_lead",
            "credits_per_hire",
            "cumulative_credits",
            "cumulative_credits_per_lead",
            "cumulative_credits_per_hire",
        )
    },
}

# While records move on during a night, which of their versions are met depends on when each page is asked for, so marts
# that tell a history differ rightly. These tell what is true now; of them, without what counts or dates versions
# (LinkedIn gives no time of an update: the model takes that of the version).
CURRENT_MARTS: dict[str, dict[str, str]] = {
    "dim_campaign": {},
    "fct_assessments": {},
    "fct_campaign_hourly": {},
    "dim_person": {"first_seen_at": "null", "last_seen_at": "null"},
    "person_records": {
        "first_seen_at": "null",
        "last_seen_at": "null",
        "version_count": "null",
        "record_updated_at": "if(vendor = 'linkup', null, record_updated_at)",
    },
}


@dataclass(frozen=True)
class Difference:
    """Rows of a table that are not there, and rows that should not be."""

    table: str
    lost: int
    doubled: int
    example: str

    def __str__(self) -> str:
        return f"{self.table}: {self.lost} rows lost, {self.doubled} rows too many; {self.example}"


@contextmanager
def both(expected: Path, found: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Two warehouses, open for reading as `expected` and `found`."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{expected}' as expected (read_only)")
        connection.execute(f"attach '{found}' as found (read_only)")
        yield connection


def raw_differences(connection: duckdb.DuckDBPyConnection) -> list[Difference]:
    """Every version of every record: all its columns, and the how-manieth of its record it is."""
    found = []
    for vendor, resource in RESOURCES:
        version = f"row_number() over (partition by {KEYS[vendor, resource]} order by _seen_at)"
        differing = _difference(
            connection, f"raw_{vendor}", resource, leave_out=OF_THE_LOAD, extra=version
        )
        found += [differing] if differing else []
    return found


def drifting_raw_differences(
    found: Path, world: World, truth: Truth, vendors: Sequence[str]
) -> list[Difference]:
    """Each record's versions are some that the vendor showed, in that order, and the last one is.

    What is marked as vanished must be so.

    Args:
        world: As it stands in the end.
        truth: Has watched the world after each of its moves, so it knows all that was ever shown.
        vendors: Those that were read.
    """
    differences = []
    with duckdb.connect(str(found), read_only=True) as connection:
        for vendor, resource in RESOURCES:
            if vendor not in vendors:
                continue
            stored = stored_contents(connection, vendor, resource)
            shown = truth.contents(vendor, resource)
            for key in set(stored) - set(world.records(vendor, resource)):
                stored[key] = [each for each in stored[key] if each != VANISHED]
            lost = [key for key in shown if stored.get(key, [])[-1:] != shown[key][-1:]]
            doubled = [key for key in stored if not _in_order(stored[key], shown.get(key, []))]
            if lost or doubled:
                example = f"such as {(lost or doubled)[0]}"
                table = f"raw_{vendor}.{resource}"
                differences.append(Difference(table, len(lost), len(doubled), example))
    return differences


def _in_order(stored: list[str], shown: list[str]) -> bool:
    """Whether what is stored is what was shown, perhaps with gaps, and nothing twice in a row."""
    following = iter(shown)
    without_gaps = all(before != after for before, after in pairwise(stored))
    return without_gaps and all(each in following for each in stored)


def mart_differences(
    connection: duckdb.DuckDBPyConnection, *, only_current: bool
) -> list[Difference]:
    """Every row of every mart."""
    found = []
    for name in _tables(connection, "expected", "marts"):
        if only_current and name not in CURRENT_MARTS:
            continue
        differing = _difference(
            connection,
            "marts",
            name,
            instead=CURRENT_MARTS[name] if only_current else OF_THE_RUN.get(name, {}),
            shown=_to_the_second,
        )
        found += [differing] if differing else []
    return found


def published_differences(found: Path, published: Path) -> list[Difference]:
    """The published copy is the marts, to the last digit; in it may be fewer columns."""
    differences = []
    with both(found, published) as connection:
        for name in _tables(connection, "expected", "marts"):
            kept = _columns(connection, "found", "marts", name)
            left_out = set(_columns(connection, "expected", "marts", name)) - set(kept)
            differing = _difference(
                connection, "marts", name, leave_out=tuple(left_out) if kept else ()
            )
            differences += [differing] if differing else []
    return differences


def _to_the_second(column: str, data_type: str) -> str:
    """A mart's value as it is compared.

    The suite's clock stands still, and rows read in one run are a microsecond apart so that they keep their order. In
    which order pages come is chance, so what was observed in a night is at the same second, not at the same
    microsecond; and numbers of days between such instants are equal to a millionth of a day.
    """
    if data_type == "TIMESTAMP WITH TIME ZONE":
        return f"date_trunc('second', {column})"
    return f"round({column}, 6)" if data_type == "DOUBLE" else column


def _difference(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    *,
    leave_out: tuple[str, ...] = (),
    instead: dict[str, str] | None = None,
    extra: str = "null",
    shown: Callable[[str, str], str] = lambda column, _: column,
) -> Difference | None:
    sides = {name: _columns(connection, name, schema, table) for name in ("expected", "found")}
    names = sorted({*sides["expected"], *sides["found"]} - set(leave_out))

    def rows(side: str) -> str:
        columns = [
            (instead or {}).get(name) or shown(f'"{name}"', sides[side].get(name, ""))
            if name in sides[side]
            else "null"
            for name in names
        ]
        values = ", ".join(f"cast({each} as varchar)" for each in [*columns, extra])
        return f'select {values} from {side}.{schema}."{table}"'

    def surplus(here: str, there: str) -> list[tuple[Any, ...]]:
        if not sides[here]:
            return []
        other = f"except all {rows(there)}" if sides[there] else ""
        return connection.execute(f"{rows(here)} {other} order by all").fetchall()

    lost, doubled = surplus("expected", "found"), surplus("found", "expected")
    if not lost and not doubled:
        return None
    return Difference(f"{schema}.{table}", len(lost), len(doubled), _example(names, lost, doubled))


def _example(names: list[str], lost: list[tuple[Any, ...]], doubled: list[tuple[Any, ...]]) -> str:
    """One row; of two that look like one that changed, only what differs."""
    if lost and doubled:
        pairs = zip([*names, "version"], lost[0], doubled[0], strict=True)
        changes = [
            f"{name} {before!r} -> {after!r}" for name, before, after in pairs if before != after
        ]
        return "for example " + ", ".join(changes)[:600]
    row = dict(zip([*names, "version"], (lost or doubled)[0], strict=True))
    return f"for example {row}"[:600]


def _columns(
    connection: duckdb.DuckDBPyConnection, side: str, schema: str, table: str
) -> dict[str, str]:
    found = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name = ? and schema_name = ? and table_name = ?",
        [side, schema, table],
    ).fetchall()
    return dict(found)


def _tables(connection: duckdb.DuckDBPyConnection, side: str, schema: str) -> list[str]:
    found = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? and schema_name = ? order by all",
        [side, schema],
    ).fetchall()
    return [name for (name,) in found]
