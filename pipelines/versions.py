"""What the conductor adds to a source's tables: stamps, and a load that keeps versions.

A record's version is stored only when its content differs from the version seen just before it, in this load or in
the warehouse. So re-reading an unchanged record adds nothing, loading a package twice adds nothing, and a record that
goes A, B, A has three versions. dlt's own strategies give less: `insert-only` would drop the return to A, `scd2`
rewrites the rows it closes.

What was sent alike is equal, and a hash tells that. What was sent otherwise (in another order, with other blanks) is
compared as what it says; of the few that have another hash, only those whose times are equal can be that.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import md5
from typing import TYPE_CHECKING, cast

import duckdb as duckdb_api
import orjson
from dlt.common.destination.client import RunnableLoadJob
from dlt.common.schema.typing import C_DLT_LOAD_ID
from dlt.common.schema.utils import dlt_load_id_column, get_columns_names_with_prop
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations import duckdb
from dlt.destinations.impl.duckdb.duck import DuckDbClient
from duckdb.sqltypes import BIGINT, VARCHAR

from .column_sql import CONTENT_HASH, IS_DELETED, KEY_HASH, OWN_COLUMNS, SEEN_AT, quoted
from .columnar import canonical, number_of

if TYPE_CHECKING:
    from dlt.common.destination import DestinationCapabilitiesContext
    from dlt.common.destination.client import LoadJob
    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.normalizers.naming import NamingConvention
    from dlt.common.schema.typing import TTableSchema, TTableSchemaColumns
    from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
    from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
    from dlt.extract import DltResource
    from duckdb import DuckDBPyConnection

LOADED_FILES = "_loaded_files"
CONTENT = "content_number"  # a function of Python's, in DuckDB
DOUBTFUL = "hash_before is not null and times is not distinct from times_before"
NO_CONTENT = OWN_COLUMNS - {IS_DELETED} | {"place"}
REJECTED = "rejected_records"
STAMPS: TTableSchemaColumns = {
    CONTENT_HASH: {"name": CONTENT_HASH, "data_type": "bigint", "nullable": False},
    KEY_HASH: {"name": KEY_HASH, "data_type": "bigint", "nullable": False},
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


def content_number(row: str) -> int:
    """Stands for what a row says, however it was sent; for DuckDB.

    Args:
        row: A row as JSON.
    """
    values = orjson.loads(row)
    return number_of(
        canonical(
            {
                name: value
                for name, value in values.items()
                if value is not None and name not in NO_CONTENT
            }
        )
    )


def _add_function(connection: DuckDBPyConnection) -> None:
    with suppress(duckdb_api.NotImplementedException):  # it is there already
        connection.create_function(CONTENT, content_number, [VARCHAR], BIGINT)


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
                self._insert(client)
                client.execute_sql(f"insert into {files} values (%s, %s)", self._load_id, name)

    def _insert(self, client: DuckDbSqlClient) -> None:
        """First the few columns that tell what may be new, so that only that is read whole."""
        target = client.make_qualified_table_name(self.load_table_name)
        path = client.capabilities.escape_literal(self._file_path)
        file = f"read_parquet({path}, file_row_number = true)"
        client.execute_sql(f"create or replace temp table news as {self._news(target, file)}")
        # A row that was seen before, and whose times are the same, may only have been sent otherwise.
        if client.execute_sql(f"select 1 from news where {DOUBTFUL} limit 1"):
            _add_function(client.native_connection)
            same = self._sent_otherwise(target, file)
            client.execute_sql(f"delete from news where place in ({same})")
        client.execute_sql(
            f"""
            insert into {target} by name
            select file.* exclude (file_row_number) replace (news.seen_at as {SEEN_AT})
            from {file} as file
            inner join news on news.place = file.file_row_number
            """
        )
        client.execute_sql("drop table news")

    def _news(self, target: str, file: str) -> str:
        """SQL for a file's rows whose hash is not that of the version before."""
        times = self._columns_of("timestamp")
        times_hash = f"hash({', '.join(times)})" if times else "0"
        return f"""
            with
            staged as (
                select
                    {KEY_HASH}, {CONTENT_HASH}, {SEEN_AT}, file_row_number as place, {times_hash} as times
                from {file}
            ),
            stored as (
                select
                    {KEY_HASH},
                    max_by({CONTENT_HASH}, {SEEN_AT}) as last_hash,
                    max_by({times_hash}, {SEEN_AT}) as last_times,
                    max_by(rowid, {SEEN_AT}) as last_row,
                    max({SEEN_AT}) as last_seen_at
                from {target}
                semi join staged using ({KEY_HASH})
                group by {KEY_HASH}
            ),
            compared as (
                select
                    place,
                    {CONTENT_HASH} as hash,
                    coalesce(lag({CONTENT_HASH}) over seen, last_hash) as hash_before,
                    times,
                    coalesce(lag(times) over seen, last_times) as times_before,
                    lag(place) over seen as place_before,
                    last_row,
                    greatest(
                        {SEEN_AT}, last_seen_at + to_microseconds(row_number() over seen)
                    ) as seen_at
                from staged
                left join stored using ({KEY_HASH})
                window seen as (partition by {KEY_HASH} order by place)
            )
            from compared
            where hash is distinct from hash_before
        """

    def _sent_otherwise(self, target: str, file: str) -> str:
        """SQL for the places of doubtful rows that say what the version before says."""
        nested = ", ".join(f"cast({name} as json) as {name}" for name in self._columns_of("json"))
        return f"""
            with
            doubtful as (select place, place_before, last_row from news where {DOUBTFUL}),
            in_file as (
                select place, {CONTENT}(cast(to_json(record) as varchar)) as content
                from (
                    select * exclude (file_row_number) {f"replace ({nested})" if nested else ""},
                        file_row_number as place
                    from {file}
                ) as record
                where place in (
                    select place from doubtful union all select place_before from doubtful
                )
            ),
            in_table as (
                select place, {CONTENT}(cast(to_json(record) as varchar)) as content
                from (select *, rowid as place from {target}) as record
                where place in (select last_row from doubtful where place_before is null)
            )
            select doubtful.place
            from doubtful
            inner join in_file as now on doubtful.place = now.place
            left join in_file as earlier on doubtful.place_before = earlier.place
            left join in_table as stored
                on doubtful.last_row = stored.place and doubtful.place_before is null
            where now.content = coalesce(earlier.content, stored.content)
        """

    def _columns_of(self, data_type: str) -> list[str]:
        """The declared columns of a type."""
        columns = cast("TTableSchema", self._load_table)["columns"]
        return [
            quoted(name)
            for name, column in columns.items()
            if column.get("data_type") == data_type and name not in OWN_COLUMNS
        ]


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
