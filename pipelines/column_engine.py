"""DuckDB as a reader of JSON texts: batches in, Arrow tables and what records were made of out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .batch import Batch
from .column_sql import PLACE, SEEN_AT, SHAPE, batch_query, names_query, shapes_query
from .drift import Fields

# While DuckDB reads some rows, it holds several times their texts; by default it takes 2,048 at a time.
CHUNK_BYTES = 256 * 1024

# Of a record: what stands under each of the known names, and how many names it has.
Shape = tuple[list[str | None], int]
MOST_SHAPES = 1000  # that are remembered


class AmbiguousError(Exception):
    """A name stands twice in a record."""


class ColumnEngine:
    """Turns batches of JSON texts into columns.

    To plan its queries takes milliseconds, each time. So they read whatever stands in `lines`, and are planned anew
    only when they are others, as when a field comes that was not there before.

    Args:
        columns: The declared columns, with dlt's names for their types.
        key: Those that tell records apart.
        normalize: dlt's naming convention, for fields that nobody declared.
    """

    def __init__(
        self, columns: Mapping[str, str], key: list[str], normalize: Callable[[str], str]
    ) -> None:
        self._columns = columns
        self._key = key
        self._normalize = normalize
        self._duckdb = duckdb.connect(config={"threads": 1})
        self._duckdb.execute("set TimeZone = 'UTC'")
        self._lines = _Lines()
        self._plans: dict[str, str] = {}
        self._names: list[str] = []  # that stood in a batch before, and most likely in the next one
        self._shapes: dict[int, Shape] = {}  # of these names, by their numbers

    def read(self, batch: Batch) -> tuple[pa.Table, Fields]:
        """The columns, a row for each record, and what records are made of.

        Raises:
            AmbiguousError: A name stands twice in a record.
            duckdb.InvalidInputException: A text is not what DuckDB takes for JSON.
        """
        lines = _table_of(batch)
        is_another = self._lines.table.schema != lines.schema
        self._lines.table = lines
        try:
            if is_another:
                self._duckdb.register("lines", self._lines)
            return self._read(batch.added, len(lines))
        finally:
            self._lines.table = lines.schema.empty_table()  # the batch's memory is not ours

    def _read(self, added: Mapping[str, Any], records: int) -> tuple[pa.Table, Fields]:
        table, shapes = self._columns_and_shapes(added, records)
        if not all(names == len(types) - types.count(None) for types, names in shapes):
            self._names, self._shapes = self._names_found(), {}
            table, shapes = self._columns_and_shapes(added, records)
        return table, self._fields(shapes, added)

    def _columns_and_shapes(
        self, added: Mapping[str, Any], records: int
    ) -> tuple[pa.Table, list[Shape]]:
        """The columns, and for each kind of record what stands under the known names."""
        query = batch_query(self._columns, self._key, self._normalize, self._names, added)
        # With room for these rows: by default DuckDB takes it for a million, in each column.
        table = self._planned("columns", query).to_arrow_table(max(records, 1))
        numbers = pc.unique(table[SHAPE]).to_pylist()
        if not self._shapes.keys() >= {*numbers}:
            if len(self._shapes) > MOST_SHAPES:
                self._shapes = {}
            found = self._planned("shapes", shapes_query(self._names)).fetchall()
            self._shapes |= {number: (types, names) for number, types, names in found}
        return table.drop_columns(SHAPE), [self._shapes[number] for number in numbers]

    def _names_found(self) -> list[str]:
        found = [names for (names,) in self._planned("names", names_query()).fetchall()]
        if any(len({*each}) < len(each) for each in found):
            raise AmbiguousError
        return sorted({name for names in found for name in names})

    def _fields(self, shapes: list[Shape], added: Mapping[str, Any]) -> Fields:
        fields, always = Fields(), {*self._names}
        for types, _ in shapes:
            there = {
                name: kind
                for name, kind in zip(self._names, types, strict=True)
                if kind is not None
            }
            always &= there.keys()
            for name, kind in there.items():
                fields.note(name, kind)
        for name, values in added.items():
            fields.types[name] = {"text"} if any(values) else set()
        fields.always = always.union(added)
        return fields

    def _planned(self, name: str, query: str) -> duckdb.DuckDBPyConnection:
        if self._plans.get(name) != query:
            self._duckdb.execute(f"prepare {name} as {query}")
            self._plans[name] = query
        return self._duckdb.execute(f"execute {name}")


class _Lines:
    """A batch's table under a name that stays, for DuckDB asks for it anew with each query."""

    def __init__(self) -> None:
        self.table = pa.table({})

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


def _table_of(batch: Batch) -> pa.Table:
    ends = np.cumsum([0, *batch.lengths], dtype=np.int32)
    texts = pa.StringArray.from_buffers(
        len(batch.lengths), pa.py_buffer(ends), pa.py_buffer(batch.texts.getbuffer())
    )
    seen_at = np.concatenate([np.arange(page.start, page.stop) for page in batch.seen_at])
    lines = {
        "line": texts,
        SEEN_AT: pa.array(seen_at).cast(pa.timestamp("us", "UTC")),
        PLACE: pa.array(np.arange(len(texts))),
    }
    if batch.added:
        added = [pa.array(values, pa.string()) for values in batch.added.values()]
        lines["added"] = pa.StructArray.from_arrays(added, list(batch.added))
    table = pa.table(lines)
    rows = max(len(texts) * CHUNK_BYTES // int(ends[-1]), 1)
    return pa.Table.from_batches(table.to_batches(max_chunksize=rows))
