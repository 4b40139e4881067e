"""What a vendor's records are made of, beside what they were made of on other nights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Before a field is missed, so many records must have had it.
ENOUGH_RECORDS = 10

Kind = Literal["new_field", "changed_type", "vanished_field"]

# What DuckDB calls the values of JSON; NULL is none.
_JSON_TYPES = {
    "BOOLEAN": "boolean",
    "BIGINT": "number",
    "UBIGINT": "number",
    "HUGEINT": "number",
    "DOUBLE": "number",
    "VARCHAR": "text",
    "OBJECT": "object",
    "ARRAY": "list",
}


@dataclass
class Fields:
    """What records are made of.

    Attributes:
        types: The JSON types that each field had; null is none.
        always: The fields that every record had; None before the first record.
    """

    types: dict[str, set[str]] = field(default_factory=dict)
    always: set[str] | None = None

    def note(self, name: str, json_type: str | None) -> None:
        """Notes what stands in a field of a record, as DuckDB's `json_type` says it."""
        known = self.types.setdefault(name, set())
        if json_type in _JSON_TYPES:
            known.add(_JSON_TYPES[json_type])

    def add(self, more: Fields) -> None:
        """Adds what more records are made of."""
        for name, types in more.types.items():
            self.types.setdefault(name, set()).update(types)
        if more.always is not None:
            self.always = more.always if self.always is None else self.always & more.always


@dataclass(frozen=True)
class Drift:
    """One thing about a vendor's records that is not as it was.

    Attributes:
        kind: `new_field` (nobody declared it), `changed_type` or `vanished_field` (all records had it).
        field_name: As the vendor writes it; a new field as its column in raw is named.
        detail: For a changed type, which it was and which it is.
    """

    kind: Kind
    field_name: str
    detail: str = ""

    def __str__(self) -> str:
        """Such as `new field badge`."""
        return f"{self.kind.replace('_', ' ')} {self.field_name}" + (
            f" ({self.detail})" if self.detail else ""
        )


def notice(
    connection: DuckDBPyConnection,
    vendor: str,
    resource: str,
    fields: Fields,
    records: int,
    declared: set[str],
    column_name: Callable[[str], str],
    run_id: str,
    seen_at: datetime,
) -> list[Drift]:
    """Compares a reading with what is known in `ops.fields`, and notes it there and, what is new, in `ops.drift`.

    Both in one transaction: what is known is told no more.

    Args:
        connection: The warehouse.
        fields: What was read.
        records: How many records that was.
        declared: The fields that the source knows.
        column_name: The column in which an undeclared field is kept.
        run_id: The run.
        seen_at: When it was seen.

    Returns:
        What has changed; each thing once, on the night on which it was first seen.
    """
    if fields.always is None:
        return []
    known = {
        name: (types, is_always, count)
        for name, types, is_always, count in connection.execute(
            "select field_name, json_types, is_always, records from ops.fields "
            "where vendor = ? and resource = ?",
            [vendor, resource],
        ).fetchall()
    }
    found = list(_differences(known, fields, declared, column_name))
    updated = {}
    for name in known.keys() | fields.types.keys():
        types, was_always, count = known.get(name, ("", not known, 0))
        updated[name] = (
            ", ".join(sorted(_set(types) | fields.types.get(name, set()))),
            was_always and name in fields.always,
            min(count + records, ENOUGH_RECORDS),
        )
    if updated != known:  # a night like the others writes nothing
        connection.execute("begin")
        connection.execute(
            "delete from ops.fields where vendor = ? and resource = ?", [vendor, resource]
        )
        connection.execute(
            "insert into ops.fields "
            "select ?, ?, unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::bool[]), unnest(?::bigint[])",
            [
                vendor,
                resource,
                list(updated),
                *(list(each) for each in zip(*updated.values(), strict=True)),
            ],
        )
        _store(connection, run_id, vendor, resource, found, seen_at)
        connection.execute("commit")
    return found


def _store(
    connection: DuckDBPyConnection,
    run_id: str,
    vendor: str,
    resource: str,
    found: list[Drift],
    seen_at: datetime,
) -> None:
    """Stores what about a vendor's records is not as it was; each thing once."""
    for drift in found:
        connection.execute(
            """
            insert into ops.drift
            select $vendor, $resource, $kind, $field, $detail, $at, $run_id
            where not exists (
                from ops.drift where vendor = $vendor and resource = $resource
                and kind = $kind and field_name = $field and detail = $detail
            )
            """,
            {
                "vendor": vendor,
                "resource": resource,
                "kind": drift.kind,
                "field": drift.field_name,
                "detail": drift.detail,
                "at": seen_at,
                "run_id": run_id,
            },
        )


def _set(types: str) -> set[str]:
    return set(types.split(", ")) - {""}


def _differences(
    known: dict[str, tuple[str, bool, int]],
    fields: Fields,
    declared: set[str],
    column_name: Callable[[str], str],
) -> Iterator[Drift]:
    for name in sorted(fields.types.keys() - known.keys() - declared):
        if fields.types[name]:  # one that was only ever null is no news
            yield Drift("new_field", column_name(name))
    for name, (known_types, was_always, records) in sorted(known.items()):
        types = _set(known_types)
        added = fields.types.get(name, set()) - types
        if added and not types and name not in declared:
            yield Drift("new_field", column_name(name))
        elif added and types:
            yield Drift("changed_type", name, f"{_words(types)} before, now {_words(added)}")
        if was_always and name not in fields.types and records >= ENOUGH_RECORDS:
            yield Drift("vanished_field", name)


def _words(types: set[str]) -> str:
    return " or ".join(sorted(types))
