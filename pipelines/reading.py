"""One resource, read by the conductor: its pages as columns, in as many load packages as it takes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import dlt
import numpy as np
import pyarrow as pa

from . import versions
from .batch import Batch
from .column_sql import CONTENT_HASH, KEY_HASH, SEEN_AT
from .columnar import Batches, Columns
from .contents import content_hash, number_of
from .memory import give_back

if TYPE_CHECKING:
    from dlt.extract import DltResource

    from .drift import Fields

# What dlt does once a table, whatever its size, costs tens of milliseconds: so it gets few.
TABLE_BYTES = 8 * 1024 * 1024


class VersionedResource:
    """A source's resource that loads versions, in columns, and as many packages as it takes.

    Each `pipeline.extract` of the resource goes on reading where the last one stopped, until enough
    was read for a package or there is no more. A source notes in its state what a page brought when
    it hands that page over, so that rows and cursors are committed together wherever it is cut.
    When reading fails, what was read until then is still a package; the error is kept.
    Records that cannot be stored go to the table `rejected_records` of the same package.

    Args:
        resource: A resource of a source, with its key and its declared columns.
        normalize: dlt's naming convention, for fields that nobody declared.
        now: The clock, asked once a page.
        on_page: Told how many records came, in the thread that reads; an error it raises ends the reading.
        is_due: Asked after each page, with the bytes read for this package: is it to be loaded now?
        keeps_keys: Whether the keys that come are remembered, to find those that a full listing lacks.
        keep: Which of the rows are kept; None keeps all.
        beside: Entered while a package is read. An error that leaves it ends the extract, and nothing of it stays.

    Attributes:
        is_done: Whether there is no more to read.
        error: What ended the reading, if it was not its end.
        key_hashes: The keys that came, if they are remembered (`column_sql.key_hash`); those of rejected records, too.
        has_nameless: Whether records came whose key cannot be used: nobody knows which they are.
        mapping: Stands for the columns and the key: what was rejected is tried again when it changes.
    """

    def __init__(
        self,
        resource: DltResource,
        normalize: Callable[[str], str],
        now: Callable[[], datetime],
        on_page: Callable[[int], None],
        is_due: Callable[[int], bool] = lambda _: False,
        *,
        keeps_keys: bool = False,
        keep: Callable[[pa.Table], pa.Table] | None = None,
        beside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.is_done = False
        self.error: Exception | None = None
        self.key_hashes: list[np.ndarray] = []
        self.has_nameless = False
        key, declared = versions.record_key(resource), versions.declared_columns(resource)
        self.mapping = versions.mapping(resource)
        self._name = resource.name
        self._batches = Batches(declared, key, normalize)
        self._now, self._on_page, self._is_due = now, on_page, is_due
        self._keeps_keys = keeps_keys
        self._keep = keep
        self._beside = beside
        self._more: list[pa.Table] = []
        self._waiting: list[pa.Table] = []
        # dlt has no public way to see a resource's pages and its end, which batches need
        self._source: Any = resource._pipe.gen
        self._pages: Iterator[Any] | None = None
        resource._pipe.replace_gen(cast("Any", self._tables))
        versions.declare_versions(resource)

    @property
    def fields(self) -> Fields:
        """What the records so far were made of."""
        return self._batches.fields

    def add_records(self, records: list[dict[str, Any]]) -> list[str]:
        """Puts records before those that the source will bring, and returns their hashes."""
        self._batches.add(records, self._now())
        return [content_hash(record) for record in records]

    def add_rows(self, rows: pa.Table) -> None:
        """Puts finished rows into the next package, which then brings nothing else."""
        self._more.append(rows)

    def _tables(self) -> Iterator[Any]:
        """The tables of one package; one is made while the pages of the next one are read."""
        if self._more:
            yield from self._more
            self._more.clear()
            return
        if self._pages is None:
            self._pages = iter(self._source() if callable(self._source) else self._source)
        with self._beside(), ThreadPoolExecutor(1) as maker:
            making: Future[Columns] | None = None
            for batch in self._batches_of_package(self._pages):
                if making is not None:
                    yield from self._hand_over(making.result())
                making = maker.submit(self._columns, batch)
            if making is not None:
                yield from self._hand_over(making.result())
            yield from self._joined()

    def _columns(self, batch: Batch) -> Columns:
        columns = self._batches.columns(batch)
        if self._keep is None:
            return columns
        return replace(
            columns, stored=self._keep(columns.stored), rejected=self._keep(columns.rejected)
        )

    def _hand_over(self, columns: Columns) -> Iterator[Any]:
        if self._keeps_keys:
            self.key_hashes.append(columns.key_hashes)
            self.has_nameless |= columns.has_nameless
        if len(columns.stored):
            if self._waiting and (
                self._waiting[0].schema != columns.stored.schema
                or sum(table.nbytes for table in self._waiting) > TABLE_BYTES
            ):
                yield from self._joined()
            self._waiting.append(columns.stored)
        if len(columns.rejected):
            yield _as_rejected(columns.rejected, self._name, self.mapping)

    def _joined(self) -> Iterator[pa.Table]:
        """The tables that wait to be handed over, as one."""
        if self._waiting:
            yield pa.concat_tables(self._waiting)
            self._waiting.clear()
            give_back()

    def _batches_of_package(self, pages: Iterator[Any]) -> Iterator[Batch]:
        bytes_before = self._batches.bytes_added
        is_due = False
        while not self.is_done and not is_due:
            try:
                page = next(pages, None)
                if page is None:
                    self.is_done = True
                else:
                    if not self._batches.takes(page):
                        yield self._batches.take()
                    self._on_page(self._batches.add(page, self._now()))
            except Exception as error:
                self.is_done, self.error = True, error
            is_due = self._is_due(self._batches.bytes_added - bytes_before)
            if self._batches.is_full:
                yield self._batches.take()
        if self._batches.has_records:
            yield self._batches.take()

    def close(self) -> None:
        """Ends the reading early, and with it the source's threads."""
        if isinstance(self._pages, Generator):
            self._pages.close()


def _as_rejected(rows: pa.Table, resource: str, mapping: str) -> Any:
    """Rows for `rejected_records`: one a record and what was wrong with it."""
    texts = {"resource": resource, "mapping": mapping}
    for name, text in texts.items():
        rows = rows.append_column(name, pa.array([text] * len(rows), pa.string()))
    stamps = {
        CONTENT_HASH: [f"{reason} {mapping}" for reason in rows["reason"].to_pylist()],
        KEY_HASH: [f"{resource} {record}" for record in rows["record_hash"].to_pylist()],
    }
    for name, told in stamps.items():
        numbers = [number_of(each.encode()) for each in told]
        rows = rows.append_column(name, pa.array(numbers, pa.int64()))
    key = ["resource", "record_hash"]
    hints = dlt.mark.make_hints(
        table_name=versions.REJECTED,
        columns=versions.REJECTED_COLUMNS,
        merge_key=key,
        primary_key=[*key, SEEN_AT],
        write_disposition="append",
    )
    return dlt.mark.with_hints(rows, hints, create_table_variant=True)
