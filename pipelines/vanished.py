"""Records that a full listing no longer shows: each gets a version that says so. No row is ever deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from .column_sql import CONTENT_HASH, IS_DELETED, KEY_HASH, SEEN_AT, quoted

# A source's word for a listing that it read from beginning to end, nothing missing: the columns and
# values that all its records have; none for a whole table.
Listing = Mapping[str, Any]


def vanished(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    key: list[str],
    listings: Sequence[Listing],
    seen_keys: Sequence[np.ndarray],
    now: datetime,
) -> pa.Table:
    """The records of the listings that are stored and were not seen, as versions that say so.

    A record that comes back differs from this version, so that it gets another one, without `_is_deleted`.

    Args:
        connection: The warehouse.
        table: The raw table.
        key: Those that tell records apart.
        listings: What was read completely.
        seen_keys: Hashes of the keys of all that was read.
        now: When they were first missing.

    Returns:
        Rows for the raw table.
    """
    keys = ", ".join(quoted(name) for name in key)
    where, values = _within(listings)
    seen = np.concatenate([*seen_keys, np.zeros(0, dtype=np.int64)])
    connection.register("seen_keys", pa.table({"key_hash": seen}))
    try:
        return connection.execute(
            f"""
            select
                * exclude (_dlt_load_id) replace (
                    true as {IS_DELETED}, 0 as {CONTENT_HASH}, ?::timestamptz as {SEEN_AT}
                )
            from (
                from {table}
                where {where} and {KEY_HASH} not in (select key_hash from seen_keys)
                qualify row_number() over (partition by {keys} order by {SEEN_AT} desc) = 1
            )
            where {IS_DELETED} is distinct from true
            """,
            [now, *values],
        ).to_arrow_table()
    finally:
        connection.unregister("seen_keys")


def _within(listings: Sequence[Listing]) -> tuple[str, list[Any]]:
    """SQL for a record being of one of the listings, and its values."""
    if not all(listings):
        return "true", []
    values: dict[tuple[str, ...], list[Any]] = {}
    for listing in listings:
        values.setdefault(tuple(listing), []).append(tuple(listing.values()))
    parts, parameters = [], []
    for columns, found in values.items():
        names = ", ".join(f"{quoted(name)}::varchar" for name in columns)
        marks = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in found)
        parts.append(f"({names}) in ({marks})")
        parameters += [str(value) for row in found for value in row]
    return f"({' or '.join(parts) or 'false'})", parameters
