"""What the conductor puts around a source: stamps on each record, and a merge that keeps versions.

A record's version is stored only when its content differs from the version seen just before it, in this load or in
the warehouse. So re-reading an unchanged record adds nothing, loading a package twice adds nothing, and a record that
goes A, B, A has three versions. dlt's own strategies give less: `insert-only` would drop the return to A, `scd2`
rewrites the rows it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import md5
from typing import TYPE_CHECKING, Any, cast

import dlt
import orjson
from dlt.common.schema.utils import get_columns_names_with_prop
from dlt.destinations import duckdb
from dlt.destinations.impl.duckdb.duck import DuckDbClient
from dlt.destinations.sql_jobs import SqlMergeFollowupJob

if TYPE_CHECKING:
    from dlt.common.destination.client import FollowupJobRequest
    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.schema.typing import TTableSchema, TTableSchemaColumns
    from dlt.destinations.sql_client import SqlClientBase
    from dlt.extract import DltResource

CONTENT_HASH = "_content_hash"
SEEN_AT = "_seen_at"
STAMPS: TTableSchemaColumns = {
    CONTENT_HASH: {"data_type": "text", "nullable": False},
    SEEN_AT: {"data_type": "timestamp", "nullable": False},
}


def content_hash(record: dict[str, Any]) -> str:
    """The md5 of the record's canonical JSON (32 hex digits): equal for equal content in any key order."""
    canonical = orjson.dumps(
        record, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str
    )
    return md5(canonical, usedforsecurity=False).hexdigest()


def add_stamps(
    resource: DltResource, now: Callable[[], datetime], on_record: Callable[[], None]
) -> None:
    """Turns a source's resource into one that loads versions.

    Args:
        resource: A resource of a source, with its key and its declared columns.
        now: The clock, asked once a record, so that two versions read in one run keep their order.
        on_record: Called for each record, for progress.
    """
    declared = declared_columns(resource)

    def stamp(record: dict[str, Any]) -> dict[str, Any]:
        on_record()
        stamped = {
            name: value if name in declared else _as_text(value) for name, value in record.items()
        }
        stamped[CONTENT_HASH] = content_hash(record)
        stamped[SEEN_AT] = now()
        return stamped

    resource.add_map(stamp)
    _declare_versions(resource)


def declared_columns(resource: DltResource) -> TTableSchemaColumns:
    """The columns that the source declares, by name."""
    return cast("TTableSchemaColumns", resource.columns)


def empty_table(resource: DltResource) -> DltResource:
    """A resource that creates the same table as `resource` and loads nothing."""

    def nothing() -> Iterator[Any]:
        yield dlt.mark.materialize_table_schema()

    return cast(
        "DltResource",
        dlt.resource(
            nothing,
            name=str(resource.name),
            columns={**declared_columns(resource), **STAMPS},
            write_disposition="append",
        ),
    )


def _declare_versions(resource: DltResource) -> None:
    """The merge key is the record, the primary key the version: the record as seen at a moment."""
    key = _record_key(resource)
    resource.apply_hints(
        merge_key=key,
        primary_key=[*key, SEEN_AT],
        write_disposition="merge",
        columns=STAMPS,
    )


def _record_key(resource: DltResource) -> list[str]:
    return get_columns_names_with_prop(resource.compute_table_schema(), "primary_key")


def _as_text(value: Any) -> str | None:
    """A field that nobody declared is kept as it is if it is text, as JSON text if not: its type never changes."""
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


class VersionMergeJob(SqlMergeFollowupJob):
    """Inserts the staged rows that differ from the version before them."""

    @classmethod
    def generate_sql(
        cls, table_chain: Sequence[PreparedTableSchema], sql_client: SqlClientBase[Any]
    ) -> list[str]:
        """The one statement of the merge, run in the load's transaction."""
        table = cast("TTableSchema", table_chain[0])
        target, staged = sql_client.get_qualified_table_names(str(table["name"]))
        quote = sql_client.escape_column_name
        key = ", ".join(quote(name) for name in get_columns_names_with_prop(table, "merge_key"))
        columns = ", ".join(quote(name) for name in table["columns"])
        return [
            f"""
            insert into {target} ({columns})
            with stored as (
                select {key}, max_by({CONTENT_HASH}, {SEEN_AT}) as stored_hash
                from {target}
                semi join {staged} using ({key})
                group by {key}
            ),
            compared as (
                select *, lag({CONTENT_HASH}, 1, stored_hash)
                    over (partition by {key} order by {SEEN_AT}) as hash_before
                from {staged}
                left join stored using ({key})
            )
            select {columns} from compared
            where hash_before is distinct from {CONTENT_HASH}
            """
        ]


class _VersionedClient(DuckDbClient):
    def _create_merge_followup_jobs(
        self, table_chain: Sequence[PreparedTableSchema]
    ) -> list[FollowupJobRequest]:
        return [VersionMergeJob.from_table_chain(table_chain, self.sql_client)]


class warehouse(duckdb):  # noqa: N801 - dlt names destinations in lower case
    """dlt's DuckDB destination with versions instead of upserts."""

    @property
    def client_class(self) -> type[DuckDbClient]:
        """The client whose merges keep versions."""
        return _VersionedClient
