"""Records to columns: batches of JSON texts, typed and hashed by DuckDB, handed to dlt as Arrow tables.

dlt's own path looks at each value of each row in Python; this one looks at no row at all where a source hands over
records as they were sent, and leaves them to vectorised code. The tables are the same (a test loads odd records both
ways), except that a record without a usable key, or with a value that is not of its column's type, is set apart with
the reason.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, cast

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .batch import Batch, Page
from .column_engine import AmbiguousError, ColumnEngine
from .column_sql import KEY_HASH, OWN_COLUMNS, PLACE, REASON, SEEN_AT
from .contents import as_text, canonical, content_hash
from .drift import Fields

if TYPE_CHECKING:
    from dlt.common.schema.typing import TTableSchemaColumns

BATCH_BYTES = 3 * 1024 * 1024


@dataclass(frozen=True)
class Columns:
    """A batch in columns.

    Attributes:
        stored: The records that can be stored: their fields and stamps.
        rejected: Those that cannot: `record_hash`, `reason`, `payload` (their JSON), `_seen_at`.
        key_hashes: A number for the key of each record, of the rejected ones, too; equal for equal keys.
        has_nameless: Whether there are records whose key cannot be used.
    """

    stored: pa.Table
    rejected: pa.Table
    key_hashes: np.ndarray
    has_nameless: bool


class Batches:
    """Turns pages of records into Arrow tables of some size.

    Args:
        columns: The columns that the source declares, by name.
        key: Those that tell records apart.
        normalize: dlt's naming convention, for fields that nobody declared.

    Attributes:
        fields: What the records so far were made of.
        bytes_added: How much JSON came so far.
    """

    def __init__(
        self, columns: TTableSchemaColumns, key: list[str], normalize: Callable[[str], str]
    ) -> None:
        self._columns = {
            name: str(column["data_type"])
            for name, column in columns.items()
            if not name.startswith("_")
        }
        self.fields = Fields()
        self._engine = ColumnEngine(self._columns, key, normalize)
        self._next_seen = 0
        self.bytes_added = 0
        self._spare: deque[BytesIO] = deque()
        self._batch = Batch()
        self._full_at = BATCH_BYTES

    def take(self) -> Batch:
        """What was added since the last time."""
        batch, self._batch = self._batch, Batch(self._spare.pop() if self._spare else BytesIO())
        self._full_at = self.bytes_added + BATCH_BYTES
        return batch

    @property
    def has_records(self) -> bool:
        """Whether records were added since the last batch was taken."""
        return bool(self._batch.lengths)

    @property
    def is_full(self) -> bool:
        """Whether there is enough for a batch."""
        return self.bytes_added >= self._full_at

    def takes(self, page: Page) -> bool:
        """Whether a page can stand in the batch: what is added to its records must be alike."""
        return not self.has_records or getattr(page, "added", {}).keys() == self._batch.added.keys()

    def add(self, page: Page, seen_at: datetime) -> int:
        """Adds what a resource yielded.

        Args:
            page: The record or records.
            seen_at: When they came.

        Returns:
            How many records there are.
        """
        batch = self._batch
        if isinstance(page, list | dict):
            texts: Sequence[bytes] = list(
                map(canonical, [page] if isinstance(page, dict) else page)
            )
        else:
            texts = page.texts
            for name, values in page.added.items():
                batch.added.setdefault(name, []).extend(map(as_text, values))
        begin = batch.texts.tell()
        batch.texts.writelines(texts)
        batch.lengths += map(len, texts)
        self.bytes_added += batch.texts.tell() - begin
        # A microsecond apart, so that two versions of a record on one page keep their order.
        first = max(round(seen_at.timestamp() * 1_000_000), self._next_seen)
        self._next_seen = first + len(texts)
        batch.seen_at.append(range(first, self._next_seen))
        return len(texts)

    def columns(self, batch: Batch) -> Columns:
        """A batch in columns; as nearly all of it runs in DuckDB, other threads go on meanwhile.

        The batch is used up with that.
        """
        try:
            columns = self._judged(batch)
        except (duckdb.InvalidInputException, AmbiguousError):
            # Half of a surrogate pair, a name that stands twice in a record: what Python makes of it.
            columns = self._judged(batch.rewritten())
        if batch.texts.getbuffer().nbytes < 2 * BATCH_BYTES:
            # To be filled again, for memory that is new takes longer to be given than to be filled.
            batch.texts.seek(0)
            self._spare.append(batch.texts)
        return columns

    def _judged(self, batch: Batch) -> Columns:
        table, fields = self._engine.read(batch)
        self.fields.add(fields)
        is_rejected = pc.is_valid(table[REASON])
        rejected = table.filter(is_rejected) if pc.any(is_rejected).as_py() else table.slice(0, 0)
        stored = table.filter(pc.invert(is_rejected)) if len(rejected) else table
        # A column of a field that is always null is no news.
        empty = [
            name
            for name, column in zip(stored.column_names, stored.columns, strict=True)
            if name not in self._columns.keys() | OWN_COLUMNS and column.null_count == len(column)
        ]
        keys = table[KEY_HASH]
        return Columns(
            stored=stored.drop_columns(list({*empty, REASON, PLACE})),
            rejected=_with_payload(rejected, batch),
            # A copy: the column's own memory would keep the whole table.
            key_hashes=cast("np.ndarray", keys.drop_null().to_numpy()).copy(),
            has_nameless=keys.null_count > 0,
        )


def _with_payload(rejected: pa.Table, batch: Batch) -> pa.Table:
    """Rejected rows with their records' JSON, and its hash."""
    places = set(rejected[PLACE].to_pylist())
    records = (
        [record for place, record in enumerate(batch.records()) if place in places]
        if places
        else []
    )
    payloads = [canonical(record).decode() for record in records]
    hashes = [content_hash(record) for record in records]
    return pa.table(
        {
            "record_hash": pa.array(hashes, pa.string()),
            "reason": rejected[REASON],
            "payload": pa.array(payloads, pa.string()),
            SEEN_AT: rejected[SEEN_AT],
        }
    )
