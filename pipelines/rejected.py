"""Records that could not be stored: kept in `raw_<vendor>.rejected_records`, tried again when the mapping changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from .column_sql import DUCKDB_TYPES, SEEN_AT, quoted
from .versions import REJECTED


def mappings(connection: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, set[str]]:
    """The mappings that have rejected records, by resource."""
    found: dict[str, set[str]] = {}
    rows = connection.execute(f"select distinct resource, mapping from {dataset}.{REJECTED}")
    for resource, mapping in rows.fetchall():
        found.setdefault(resource, set()).add(mapping)
    return found


def to_retry(
    connection: duckdb.DuckDBPyConnection,
    dataset: str,
    resource: str,
    mapping: str,
    types: Mapping[str, str],
    key: list[str],
) -> list[dict[str, Any]]:
    """The records that another mapping of the resource rejected, in the order in which they were seen.

    One of which a later version is stored is left where it is: it would hide what is known since.
    """
    same_key = " and ".join(
        f"stored.{quoted(name)} = try_cast(json_extract_string(payload, '$.{quoted(name)}') "
        f"as {DUCKDB_TYPES[types[name]]})"
        for name in key
    )
    rows = connection.execute(
        f"""
        select payload from {dataset}.{REJECTED} as rejected
        where
            resource = ? and mapping <> ?
            and not exists (
                from {dataset}.{quoted(resource)} as stored
                where {same_key} and stored.{SEEN_AT} > rejected.{SEEN_AT}
            )
        order by {SEEN_AT}
        """,
        [resource, mapping],
    ).fetchall()
    return [json.loads(payload) for (payload,) in rows]


def settle(
    connection: duckdb.DuckDBPyConnection, dataset: str, hashes: list[str], mapping: str
) -> None:
    """Forgets rejections by another mapping, once their records were tried again and loaded."""
    connection.execute(
        f"delete from {dataset}.{REJECTED} where mapping <> ? and record_hash in (select unnest(?))",
        [mapping, hashes],
    )
