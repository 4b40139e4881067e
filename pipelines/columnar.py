"""Records to columns: batches of JSON lines, typed and hashed by DuckDB, handed to dlt as Arrow tables.

dlt's own path looks at each value of each row in Python; this one looks at each row once, to write it as canonical
JSON, and leaves the rest to vectorised code. The tables are the same (a test loads odd records both ways), except that
a record without a usable key, or with a value that is not of its column's type, is set apart with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import md5
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from .column_sql import CONTENT_HASH, KEY_HASH, OWN_COLUMNS, PAYLOAD, REASON, SEEN_AT, batch_query
from .drift import Fields

if TYPE_CHECKING:
    from dlt.common.schema.typing import TTableSchemaColumns

BATCH_BYTES = 4 * 1024 * 1024

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


@dataclass(frozen=True)
class Columns:
    """A batch in columns.

    Attributes:
        stored: The records that can be stored: their fields, `_content_hash`, `_seen_at`.
        rejected: Those that cannot: `record_hash`, `reason`, `payload` (their JSON), `_seen_at`.
        key_hashes: A number for the key of each stored record, equal for equal keys.
    """

    stored: pa.Table
    rejected: pa.Table
    key_hashes: np.ndarray


class Batches:
    """Turns pages of records into Arrow tables of some size.

    Args:
        columns: The columns that the source declares, by name.
        key: Those that tell records apart.
        normalize: dlt's naming convention, for fields that nobody declared.

    Attributes:
        fields: What the records so far were made of.
    """

    def __init__(
        self, columns: TTableSchemaColumns, key: list[str], normalize: Callable[[str], str]
    ) -> None:
        self._columns = {
            name: str(column["data_type"])
            for name, column in columns.items()
            if not name.startswith("_")
        }
        self._key = key
        self.fields = Fields()
        self._declared = frozenset(self._columns)
        self._normalize = normalize
        self._engine = duckdb.connect(config={"threads": 1})
        self._engine.execute("set TimeZone = 'UTC'")
        self._next_seen = 0
        self.bytes_added = 0
        self._start_batch()

    def take(self) -> Batch:
        """What was added since the last time."""
        self.fields.add(self._shapes)
        undeclared = {name for names, _ in self._shapes for name in names} - self._declared
        batch = Batch(b"".join(self._lines), self._lengths, self._seen, undeclared)
        self._start_batch()
        return batch

    def _start_batch(self) -> None:
        self._lines: list[bytes] = []  # a page's joined: thousands of small ones waste memory
        self._lengths: list[int] = []
        self._seen: list[int] = []
        self._shapes: set[tuple[tuple[str, ...], tuple[type, ...]]] = set()
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
        self._shapes.update((tuple(each), tuple(map(type, each.values()))) for each in records)
        self._lines.append(b"".join(lines))
        self._lengths += map(len, lines)
        self.bytes_added += len(self._lines[-1])
        # A microsecond apart, so that two versions of a record on one page keep their order.
        first = max(round(seen_at.timestamp() * 1_000_000), self._next_seen)
        self._next_seen = first + len(records)
        self._seen += range(first, self._next_seen)
        return len(records)

    def columns(self, batch: Batch) -> Columns:
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
        query = batch_query(self._columns, self._key, self._normalize, batch.undeclared)
        table = self._engine.from_arrow(lines).query("lines", query).to_arrow_table()
        rejected = table.slice(0, 0)
        if table[REASON].null_count < len(table):
            is_stored = pc.is_null(table[REASON])
            rejected, table = table.filter(pc.invert(is_stored)), table.filter(is_stored)
        # A column of a field that is always null is no news.
        empty = [
            name
            for name, column in zip(table.column_names, table.columns, strict=True)
            if name not in self._declared | OWN_COLUMNS and column.null_count == len(column)
        ]
        return Columns(
            stored=table.drop_columns(list({*empty, REASON, PAYLOAD, KEY_HASH})),
            rejected=rejected.select([CONTENT_HASH, REASON, PAYLOAD, SEEN_AT]).rename_columns(
                ["record_hash", "reason", "payload", SEEN_AT]
            ),
            key_hashes=table[KEY_HASH].to_numpy(),
        )
