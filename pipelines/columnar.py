"""Records to columns: batches of JSON lines, typed and hashed by DuckDB, handed to dlt as Arrow tables.

dlt's own path looks at each value of each row in Python; this one looks at each row once, to write it as canonical
JSON, and leaves the rest to vectorised code. The tables are the same (a test loads odd records both ways).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import md5
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import orjson
import pyarrow as pa

if TYPE_CHECKING:
    from dlt.common.schema.typing import TTableSchemaColumns

CONTENT_HASH = "_content_hash"
SEEN_AT = "_seen_at"
OWN_COLUMNS = frozenset({CONTENT_HASH, SEEN_AT, "_dlt_load_id"})
BATCH_BYTES = 4 * 1024 * 1024

DUCKDB_TYPES = {
    "text": "VARCHAR",
    "json": "JSON",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "date": "DATE",
}
_UNTYPED = {"text", "json"}
_sorted_json = partial(orjson.dumps, option=orjson.OPT_SORT_KEYS, default=str)


def canonical(record: Mapping[str, Any]) -> bytes:
    """The record as JSON with sorted keys: equal bytes for equal content."""
    try:
        return _sorted_json(record)
    except TypeError:  # an integer past 64 bits, half of a surrogate pair, a key that is no text
        text = json.dumps(record, sort_keys=True, ensure_ascii=False, default=str)
        return text.encode("utf-8", "replace")


def _canonical_lines(records: list[dict[str, Any]]) -> list[bytes]:
    try:
        return list(map(_sorted_json, records))
    except TypeError:
        return list(map(canonical, records))


def content_hash(record: Mapping[str, Any]) -> str:
    """The md5 of the record's canonical JSON, as 32 hex digits."""
    return md5(canonical(record), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Batch:
    """Records on their way into columns.

    Attributes:
        lines: Each record as canonical JSON, one after the other.
        lengths: How long each is, in bytes.
        seen_at: When each was seen, in microseconds since 1970.
        undeclared: The fields in them that nobody declared.
    """

    lines: bytes
    lengths: list[int]
    seen_at: list[int]
    undeclared: Iterable[str]


class Batches:
    """Turns pages of records into Arrow tables of some size.

    Args:
        columns: The columns that the source declares, by name.
        normalize: dlt's naming convention, for fields that nobody declared.
    """

    def __init__(self, columns: TTableSchemaColumns, normalize: Callable[[str], str]) -> None:
        self._columns = {
            name: str(column["data_type"])
            for name, column in columns.items()
            if not name.startswith("_")
        }
        self._declared = frozenset(self._columns)
        self._normalize = normalize
        self._engine = duckdb.connect(config={"threads": 1})
        self._engine.execute("set TimeZone = 'UTC'")
        self._next_seen = 0
        self.bytes_added = 0
        self._start_batch()

    def take(self) -> Batch:
        """What was added since the last time."""
        batch = Batch(b"".join(self._lines), self._lengths, self._seen, self._undeclared)
        self._start_batch()
        return batch

    def _start_batch(self) -> None:
        self._lines: list[bytes] = []  # a page's joined: thousands of small ones waste memory
        self._lengths: list[int] = []
        self._seen: list[int] = []
        self._undeclared: dict[str, None] = {}
        self._full_at = self.bytes_added + BATCH_BYTES

    @property
    def has_records(self) -> bool:
        """Whether records were added since the last batch was taken."""
        return bool(self._lengths)

    @property
    def is_full(self) -> bool:
        """Whether there is enough for a batch."""
        return self.bytes_added >= self._full_at

    def add(self, page: list[dict[str, Any]] | dict[str, Any], seen_at: datetime) -> int:
        """Adds what a resource yielded.

        Args:
            page: The record or records.
            seen_at: When they came.

        Returns:
            How many records there are.
        """
        records = [page] if isinstance(page, dict) else page
        lines = _canonical_lines(records)
        for record in records:
            if not record.keys() <= self._declared:
                self._undeclared |= dict.fromkeys(record.keys() - self._declared)
        self._lines.append(b"".join(lines))
        self._lengths += map(len, lines)
        self.bytes_added += len(self._lines[-1])
        # A microsecond apart, so that two versions of a record on one page keep their order.
        first = max(round(seen_at.timestamp() * 1_000_000), self._next_seen)
        self._next_seen = first + len(records)
        self._seen += range(first, self._next_seen)
        return len(records)

    def table(self, batch: Batch) -> pa.Table:
        """A batch in columns; as nearly all of it runs in DuckDB, other threads go on meanwhile."""
        ends = np.cumsum([0, *batch.lengths], dtype=np.int32)
        lines = pa.table(
            {
                "line": pa.StringArray.from_buffers(
                    len(batch.lengths), pa.py_buffer(ends), pa.py_buffer(batch.lines)
                ),
                SEEN_AT: pa.array(batch.seen_at, pa.timestamp("us", "UTC")),
            }
        )
        query = self._query(batch.undeclared)
        table = self._engine.from_arrow(lines).query("lines", query).to_arrow_table()
        # A column of variants, or of a field that is always null, is no news.
        empty = [
            name
            for name, column in zip(table.column_names, table.columns, strict=True)
            if name not in self._declared and column.null_count == len(column)
        ]
        return table.drop_columns(empty)

    def _query(self, undeclared: Iterable[str]) -> str:
        as_read = {
            name: "JSON" if kind == "json" else "VARCHAR" for name, kind in self._columns.items()
        }
        shape = orjson.dumps(as_read).decode().replace("'", "''")
        columns = [
            part for name, kind in self._columns.items() for part in _typed_column(name, kind)
        ]
        columns += self._undeclared_columns(undeclared)
        return f"""
            with read as (
                select line, {SEEN_AT}, from_json(line, '{shape}') as record from lines
            )
            select {", ".join(columns)}, md5(line) as {CONTENT_HASH}, {SEEN_AT} from read
        """

    def _undeclared_columns(self, fields: Iterable[str]) -> Iterator[str]:
        """A field that nobody declared is kept as text, whatever it is: its type never changes."""
        used = {*self._declared, *OWN_COLUMNS, *(f"{name}__v_text" for name in self._declared)}
        for field in sorted(fields):
            name = self._column_name(field)
            while name in used:
                name += "_"
            used.add(name)
            pointer = "/" + field.replace("~", "~0").replace("/", "~1")
            yield f"json_extract_string(line, {_literal(pointer)}) as {_quoted(name)}"

    def _column_name(self, field: str) -> str:
        try:
            return self._normalize(field)
        except ValueError:  # a name without any letter
            return f"field_{md5(field.encode(), usedforsecurity=False).hexdigest()[:8]}"


def _typed_column(name: str, kind: str) -> Iterator[str]:
    """The column, and for typed ones what cannot be read as its type, as text beside it."""
    value = f"record.{_quoted(name)}"
    if kind in _UNTYPED:
        yield f"{value} as {_quoted(name)}"
        return
    typed = f"try_cast({value} as {DUCKDB_TYPES[kind]})"
    if kind == "bigint":  # 3.7 is no integer, though a cast would round it
        typed = f"if(try_cast({value} as DOUBLE) = {typed}, {typed}, null)"
    yield f"{typed} as {_quoted(name)}"
    yield f"if({typed} is null, {value}, null) as {_quoted(name + '__v_text')}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    quoted = "'" + text.replace("'", "''") + "'"
    return quoted.replace("\x00", "' || chr(0) || '")  # a query's text ends at the first zero
