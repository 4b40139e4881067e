"""What the conductor puts around a source: columns, stamps, and a load that keeps versions.

A record's version is stored only when its content differs from the version seen just before it, in this load or in
the warehouse. So re-reading an unchanged record adds nothing, loading a package twice adds nothing, and a record that
goes A, B, A has three versions. dlt's own strategies give less: `insert-only` would drop the return to A, `scd2`
rewrites the rows it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from dlt.common.destination.client import RunnableLoadJob
from dlt.common.schema.typing import C_DLT_LOAD_ID
from dlt.common.schema.utils import dlt_load_id_column, get_columns_names_with_prop
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations import duckdb
from dlt.destinations.impl.duckdb.duck import DuckDbClient

from .columnar import CONTENT_HASH, SEEN_AT, Batch, Batches

if TYPE_CHECKING:
    from dlt.common.destination.client import LoadJob
    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.schema.typing import TTableSchema, TTableSchemaColumns
    from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
    from dlt.extract import DltResource

LOADED_FILES = "_loaded_files"
STAMPS: TTableSchemaColumns = {
    CONTENT_HASH: {"name": CONTENT_HASH, "data_type": "text", "nullable": False},
    SEEN_AT: {"name": SEEN_AT, "data_type": "timestamp", "nullable": False},
}


class VersionedResource:
    """A source's resource that loads versions, in columns, and as many packages as it takes.

    Each `pipeline.extract` of the resource goes on reading where the last one stopped, until enough
    was read for a package or there is no more. A source notes in its state what a page brought when
    it hands that page over, so that rows and cursors are committed together wherever it is cut.
    When reading fails, what was read until then is still a package; the error is kept.

    Args:
        resource: A resource of a source, with its key and its declared columns.
        normalize: dlt's naming convention, for fields that nobody declared.
        now: The clock, asked once a page.
        on_records: Told how many records came, for progress; an error it raises ends the reading.
        is_due: Asked after each page, with the bytes read for this package: is it to be loaded now?

    Attributes:
        is_done: Whether there is no more to read.
        error: What ended the reading, if it was not its end.
    """

    def __init__(
        self,
        resource: DltResource,
        normalize: Callable[[str], str],
        now: Callable[[], datetime],
        on_records: Callable[[int], None],
        is_due: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self.is_done = False
        self.error: Exception | None = None
        self._batches = Batches(declared_columns(resource), normalize)
        self._now, self._on_records, self._is_due = now, on_records, is_due
        # dlt has no public way to see a resource's pages and its end, which batches need
        self._source: Any = resource._pipe.gen
        self._pages: Iterator[Any] | None = None
        resource._pipe.replace_gen(cast("Any", self._tables))
        declare_versions(resource)

    def _tables(self) -> Iterator[Any]:
        """The tables of one package; one is made while the pages of the next one are read."""
        if self._pages is None:
            self._pages = iter(self._source() if callable(self._source) else self._source)
        with ThreadPoolExecutor(1) as maker:
            making: Future[Any] | None = None
            for batch in self._batches_of_package(self._pages):
                if making is not None:
                    yield making.result()
                making = maker.submit(self._batches.table, batch)
            if making is not None:
                yield making.result()

    def _batches_of_package(self, pages: Iterator[Any]) -> Iterator[Batch]:
        bytes_before = self._batches.bytes_added
        is_due = False
        while not self.is_done and not is_due:
            try:
                page = next(pages, None)
                if page is None:
                    self.is_done = True
                else:
                    self._on_records(self._batches.add(page, self._now()))
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


def declared_columns(resource: DltResource) -> TTableSchemaColumns:
    """The columns that the source declares, by name."""
    return cast("TTableSchemaColumns", resource.columns)


def table_columns(resource: DltResource) -> TTableSchemaColumns:
    """The columns of the table that the resource will load, if it brings no undeclared field."""
    declare_versions(resource)
    columns = resource.compute_table_schema()["columns"]
    return {**columns, C_DLT_LOAD_ID: dlt_load_id_column()}


def declare_versions(resource: DltResource) -> None:
    """The merge key is the record, the primary key the version: the record as seen at a moment."""
    key = _record_key(resource)
    resource.apply_hints(
        merge_key=key,
        primary_key=[*key, SEEN_AT],
        write_disposition="append",  # straight into the table: the load job knows what is new
        columns=STAMPS,
    )


def _record_key(resource: DltResource) -> list[str]:
    return get_columns_names_with_prop(resource.compute_table_schema(), "primary_key")


class VersionLoadJob(RunnableLoadJob):
    """Inserts a file's rows that differ from the version before them, in one transaction.

    Loads follow each other as the readings did, so a file's rows come after all that is stored, whatever the clock said
    meanwhile: a row seen at an earlier moment than the version that is stored gets the moment after that one.
    A file that was inserted in a run that was then cut short is known by its name, and not inserted again.
    """

    _job_client: DuckDbClient

    def run(self) -> None:
        """Loads the file."""
        client = self._job_client.sql_client
        files = client.make_qualified_table_name(LOADED_FILES)
        file = ParsedLoadJobFileName.parse(self._file_path)
        name = f"{file.table_name}.{file.file_id}"
        with client.begin_transaction():
            client.execute_sql(f"create table if not exists {files} (load_id text, file text)")
            client.execute_sql(f"delete from {files} where load_id <> %s", self._load_id)
            if not client.execute_sql(f"select 1 from {files} where file = %s", name):
                client.execute_sql(self._insert(client))
                client.execute_sql(f"insert into {files} values (%s, %s)", self._load_id, name)

    def _insert(self, client: DuckDbSqlClient) -> str:
        """First the few columns that tell what is new, so that only what is new is read whole."""
        target = client.make_qualified_table_name(self.load_table_name)
        names = get_columns_names_with_prop(cast("TTableSchema", self._load_table), "merge_key")
        key = ", ".join(client.escape_column_name(name) for name in names)
        path = client.capabilities.escape_literal(self._file_path)
        file = f"read_parquet({path}, file_row_number = true)"
        return f"""
            with
            staged as (
                select {key}, {CONTENT_HASH}, {SEEN_AT}, file_row_number from {file}
            ),
            stored as (
                select
                    {key},
                    max_by({CONTENT_HASH}, {SEEN_AT}) as last_hash,
                    max({SEEN_AT}) as last_seen_at
                from {target}
                semi join staged using ({key})
                group by {key}
            ),
            compared as (
                select
                    file_row_number,
                    {CONTENT_HASH} as hash,
                    coalesce(lag({CONTENT_HASH}) over seen, last_hash) as hash_before,
                    greatest(
                        {SEEN_AT}, last_seen_at + to_microseconds(row_number() over seen)
                    ) as seen_at
                from staged
                left join stored using ({key})
                window seen as (partition by {key} order by file_row_number)
            ),
            news as (
                select file_row_number, seen_at
                from compared
                where hash is distinct from hash_before
            )
            insert into {target} by name
            select file.* exclude (file_row_number) replace (news.seen_at as {SEEN_AT})
            from {file} as file
            inner join news using (file_row_number)
        """


class _VersionedClient(DuckDbClient):
    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        if get_columns_names_with_prop(cast("TTableSchema", table), "merge_key"):
            return VersionLoadJob(file_path)
        return super().create_load_job(table, file_path, load_id, restore)


class warehouse(duckdb):  # noqa: N801 - dlt names destinations in lower case
    """dlt's DuckDB destination with versions instead of upserts."""

    @property
    def client_class(self) -> type[DuckDbClient]:
        """The client whose loads keep versions."""
        return _VersionedClient
