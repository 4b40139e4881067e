"""The load of a file's rows: which of them are versions, and no others.

What was sent alike is equal, and a hash tells that. What was sent otherwise (in another order, with other blanks) is
compared as what it says; of the few that have another hash, only those whose times are equal can be that.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import duckdb
from dlt.common.destination.client import RunnableLoadJob
from dlt.common.storages.load_package import ParsedLoadJobFileName
from duckdb.sqltypes import BIGINT, VARCHAR

from .column_sql import CONTENT_HASH, IS_DELETED, KEY_HASH, OWN_COLUMNS, PLACE, SEEN_AT, quoted
from .contents import canonical, number_of
from .errors import root_cause

if TYPE_CHECKING:
    from dlt.common.schema.typing import TTableSchema
    from dlt.destinations.impl.duckdb.duck import DuckDbClient
    from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
    from duckdb import DuckDBPyConnection

LOADED_FILES = "_loaded_files"
# What is more than this, by DuckDB's estimate, is put into the file with its commit, and not first into its log, which
# all has to be written, read and compressed again once the file is closed. Some twenty thousand rows.
LARGE_LOAD = "4MB"
MORE_MEMORY = ("400MB", "1600MB")  # than what a load is given at first
CONTENT = "content_number"  # a function of Python's, in DuckDB
ROW = "_whole_row"  # a name that no column has
DOUBTFUL = "hash_before is not null and times is not distinct from times_before"
_keeping_books = threading.Lock()
NO_CONTENT = OWN_COLUMNS - {IS_DELETED} | {PLACE}


def file_name(path: Path | str) -> str:
    """What stands for a load's file in `_loaded_files`, however often it is tried."""
    file = ParsedLoadJobFileName.parse(str(path))
    return f"{file.table_name}.{file.file_id}"


def content_number(row: str) -> int:
    """Stands for what a row says, however it was sent; for DuckDB.

    Args:
        row: A row as JSON.
    """
    try:
        values = json.loads(row).items()  # reads integers of any size
        said = {
            name: value for name, value in values if value is not None and name not in NO_CONTENT
        }
        return number_of(canonical(said))
    except RecursionError:  # nested too deep to be looked through
        return number_of(row.encode())


def _add_function(connection: DuckDBPyConnection) -> None:
    # it is there already, by this connection or by another
    with suppress(duckdb.NotImplementedException, duckdb.CatalogException):
        connection.create_function(CONTENT, content_number, [VARCHAR], BIGINT)


class VersionLoadJob(RunnableLoadJob):
    """Inserts a file's rows that differ from the version before them, in one transaction.

    Within a file rows follow each other as they were seen: dlt may write a part that was read later first. Loads follow
    each other as the readings did, so a file's rows come after all that is stored, whatever the clock said meanwhile: a
    row seen at an earlier moment than the version that is stored gets the moment after that one.
    A file that was inserted in a run that was then cut short is known by its name, and not inserted again.
    """

    _job_client: DuckDbClient

    def run(self) -> None:
        """Loads the file; with more memory if its records are so large that it takes more."""
        client = self._job_client.sql_client
        for memory in MORE_MEMORY:
            try:
                self._load(client)
                return
            except Exception as error:
                if not isinstance(root_cause(error), duckdb.OutOfMemoryException):
                    raise
            client.execute_sql(f"set memory_limit = '{memory}'")
        self._load(client)

    def _load(self, client: DuckDbSqlClient) -> None:
        files = client.make_qualified_table_name(LOADED_FILES)
        name = file_name(self._file_path)
        with _keeping_books:  # files are loaded side by side
            client.execute_sql(f"create table if not exists {files} (load_id text, file text)")
            client.execute_sql(f"delete from {files} where load_id <> %s", self._load_id)
        client.execute_sql(f"set checkpoint_threshold = '{LARGE_LOAD}'")  # dlt has set it to 1 GB
        with client.begin_transaction():
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
            client.execute_sql(f"delete from news where {PLACE} in ({same})")
        client.execute_sql(
            f"""
            insert into {target} by name
            select file.* exclude (file_row_number) replace (news.seen_at as {SEEN_AT})
            from {file} as file
            inner join news on news.{PLACE} = file.file_row_number
            """
        )
        client.execute_sql("drop table news")

    def _news(self, target: str, file: str) -> str:
        """SQL for a file's rows whose hash is not that of the version before.

        Only records that stand in the file more than once, which few do, are put in order.
        """
        times = self._columns_of("timestamp")
        times_hash = f"hash({', '.join(times)})" if times else "0"
        return f"""
            with
            staged as (
                select
                    {KEY_HASH}, {CONTENT_HASH}, {SEEN_AT}, file_row_number as {PLACE}, {times_hash} as times
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
            several as (select {KEY_HASH} from staged group by {KEY_HASH} having count(*) > 1),
            in_order as (
                select
                    staged.*,
                    lag({CONTENT_HASH}) over seen as hash_in_file,
                    lag(times) over seen as times_in_file,
                    lag({PLACE}) over seen as place_before,
                    row_number() over seen as number
                from staged
                semi join several using ({KEY_HASH})
                window seen as (partition by {KEY_HASH} order by {SEEN_AT}, {PLACE})
                union all
                select *, null, null, null, 1
                from staged
                anti join several using ({KEY_HASH})
            ),
            compared as (
                select
                    {PLACE},
                    {CONTENT_HASH} as hash,
                    coalesce(hash_in_file, last_hash) as hash_before,
                    times,
                    coalesce(times_in_file, last_times) as times_before,
                    place_before,
                    last_row,
                    greatest({SEEN_AT}, last_seen_at + to_microseconds(number)) as seen_at
                from in_order
                left join stored using ({KEY_HASH})
            )
            from compared
            where hash is distinct from hash_before
        """

    def _sent_otherwise(self, target: str, file: str) -> str:
        """SQL for the places of doubtful rows that say what the version before says."""
        nested = ", ".join(f"cast({name} as json) as {name}" for name in self._columns_of("json"))
        return f"""
            with
            doubtful as (select {PLACE}, place_before, last_row from news where {DOUBTFUL}),
            in_file as (
                select {PLACE}, {CONTENT}(cast(to_json({ROW}) as varchar)) as content
                from (
                    select * exclude (file_row_number) {f"replace ({nested})" if nested else ""},
                        file_row_number as {PLACE}
                    from {file}
                ) as {ROW}
                where {PLACE} in (
                    select {PLACE} from doubtful union all select place_before from doubtful
                )
            ),
            in_table as (
                select {PLACE}, {CONTENT}(cast(to_json({ROW}) as varchar)) as content
                from (select *, rowid as {PLACE} from {target}) as {ROW}
                where {PLACE} in (select last_row from doubtful where place_before is null)
            )
            select doubtful.{PLACE}
            from doubtful
            inner join in_file as now on doubtful.{PLACE} = now.{PLACE}
            left join in_file as earlier on doubtful.place_before = earlier.{PLACE}
            left join in_table as stored
                on doubtful.last_row = stored.{PLACE} and doubtful.place_before is null
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
