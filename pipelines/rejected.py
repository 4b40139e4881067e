"""Records that could not be stored: kept in `raw_<vendor>.rejected_records`, tried again when the mapping changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from .column_sql import CONTENT_HASH, DUCKDB_TYPES, SEEN_AT, quoted
from .versions import REJECTED, SUPERSEDED


def mappings(connection: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, set[str]]:
    """The mappings that have rejected records of which nothing later is stored, by resource."""
    found: dict[str, set[str]] = {}
    rows = connection.execute(
        f"select distinct resource, mapping from {dataset}.{REJECTED} where {SUPERSEDED} is not true"
    )
    for resource, mapping in rows.fetchall():
        found.setdefault(resource, set()).add(mapping)
    return found


def supersede(
    connection: duckdb.DuckDBPyConnection,
    dataset: str,
    resource: str,
    types: Mapping[str, str],
    key: list[str],
) -> None:
    """Marks the rejected records of which a later version is stored: they are nobody's concern any more.

    Nor are they tried again: that would hide what is known since. Rejected once more, they are news.
    """
    same_key = " and ".join(
        f"stored.{quoted(name)} = try_cast(json_extract_string(payload, '$.{quoted(name)}') "
        f"as {DUCKDB_TYPES[types[name]]})"
        for name in key
    )
    connection.execute(
        f"""
        update {dataset}.{REJECTED} as rejected
        set {SUPERSEDED} = true, {CONTENT_HASH} = -1
        where
            resource = ? and {SUPERSEDED} is not true
            and exists (
                from {dataset}.{quoted(resource)} as stored
                where {same_key} and stored.{SEEN_AT} > rejected.{SEEN_AT}
            )
        """,
        [resource],
    )


def to_retry(
    connection: duckdb.DuckDBPyConnection, dataset: str, resource: str, mapping: str
) -> list[dict[str, Any]]:
    """The records that another mapping of the resource rejected, in the order in which they were seen."""
    rows = connection.execute(
        f"""
        select payload from {dataset}.{REJECTED}
        where resource = ? and mapping <> ? and {SUPERSEDED} is not true
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
