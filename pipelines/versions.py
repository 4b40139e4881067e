"""What the conductor adds to a source's tables: stamps, and a load that keeps versions.

A record's version is stored only when its content differs from the version seen just before it, in this load or in
the warehouse. So re-reading an unchanged record adds nothing, loading a package twice adds nothing, and a record that
goes A, B, A has three versions. dlt's own strategies give less: `insert-only` would drop the return to A, `scd2`
rewrites the rows it closes.
"""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING, cast

from dlt.common.destination.client import RunnableLoadJob
from dlt.common.schema.typing import C_DLT_LOAD_ID
from dlt.common.schema.utils import dlt_load_id_column, get_columns_names_with_prop
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations import duckdb
from dlt.destinations.impl.duckdb.duck import DuckDbClient

from .column_sql import CONTENT_HASH, IS_DELETED, SEEN_AT

if TYPE_CHECKING:
    from dlt.common.destination import DestinationCapabilitiesContext
    from dlt.common.destination.client import LoadJob
    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.normalizers.naming import NamingConvention
    from dlt.common.schema.typing import TTableSchema, TTableSchemaColumns
    from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
    from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
    from dlt.extract import DltResource

LOADED_FILES = "_loaded_files"
REJECTED = "rejected_records"
STAMPS: TTableSchemaColumns = {
    CONTENT_HASH: {"name": CONTENT_HASH, "data_type": "text", "nullable": False},
    SEEN_AT: {"name": SEEN_AT, "data_type": "timestamp", "nullable": False},
}
# Set in the version that says that a full listing no longer showed the record.
DELETED: TTableSchemaColumns = {IS_DELETED: {"name": IS_DELETED, "data_type": "bool"}}
REJECTED_COLUMNS: TTableSchemaColumns = {
    "resource": {"name": "resource", "data_type": "text", "nullable": False},
    "record_hash": {"name": "record_hash", "data_type": "text", "nullable": False},
    "reason": {"name": "reason", "data_type": "text", "nullable": False},
    "payload": {"name": "payload", "data_type": "text", "nullable": False},
    "mapping": {"name": "mapping", "data_type": "text", "nullable": False},
    **STAMPS,
}


def declared_columns(resource: DltResource) -> TTableSchemaColumns:
    """The columns that the source declares, by name."""
    columns = cast("TTableSchemaColumns", resource.columns)
    return {name: hints for name, hints in columns.items() if not name.startswith("_")}


def table_columns(resource: DltResource) -> TTableSchemaColumns:
    """The columns of the table that the resource will load, if it brings no undeclared field."""
    declare_versions(resource)
    columns = resource.compute_table_schema()["columns"]
    return {**columns, C_DLT_LOAD_ID: dlt_load_id_column()}


def mapping(resource: DltResource) -> str:
    """Stands for a resource's columns and key."""
    columns = [
        (name, str(hints["data_type"])) for name, hints in declared_columns(resource).items()
    ]
    text = repr((record_key(resource), sorted(columns)))
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def declare_versions(resource: DltResource) -> None:
    """The merge key is the record, the primary key the version: the record as seen at a moment."""
    key = record_key(resource)
    resource.apply_hints(
        merge_key=key,
        primary_key=[*key, SEEN_AT],
        write_disposition="append",  # straight into the table: the load job knows what is new
        columns={**STAMPS, **DELETED},
    )


def record_key(resource: DltResource) -> list[str]:
    """The columns that tell the resource's records apart."""
    names = get_columns_names_with_prop(resource.compute_table_schema(), "primary_key")
    return [name for name in names if name != SEEN_AT]


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

    def capabilities(
        self,
        config: DuckDbClientConfiguration | None = None,
        naming: NamingConvention | None = None,
    ) -> DestinationCapabilitiesContext:
        """What DuckDB can do. No setting changes that, but dlt would look all of them up, sixteen times a package."""
        return super().capabilities(self.spec() if config is None else config, naming)
