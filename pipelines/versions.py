"""What the conductor puts around a source: columns, stamps, and a merge that keeps versions.

A record's version is stored only when its content differs from the version seen just before it, in this load or in
the warehouse. So re-reading an unchanged record adds nothing, loading a package twice adds nothing, and a record that
goes A, B, A has three versions. dlt's own strategies give less: `insert-only` would drop the return to A, `scd2`
rewrites the rows it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import dlt
from dlt.common.schema.utils import get_columns_names_with_prop
from dlt.destinations import duckdb
from dlt.destinations.impl.duckdb.duck import DuckDbClient
from dlt.destinations.sql_jobs import SqlMergeFollowupJob

from .columnar import CONTENT_HASH, SEEN_AT, Batches

if TYPE_CHECKING:
    from dlt.common.destination.client import FollowupJobRequest
    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.schema.typing import TTableSchema, TTableSchemaColumns
    from dlt.destinations.sql_client import SqlClientBase
    from dlt.extract import DltResource

STAMPS: TTableSchemaColumns = {
    CONTENT_HASH: {"data_type": "text", "nullable": False},
    SEEN_AT: {"data_type": "timestamp", "nullable": False},
}


def load_versions(
    resource: DltResource,
    normalize: Callable[[str], str],
    now: Callable[[], datetime],
    on_records: Callable[[int], None],
) -> None:
    """Turns a source's resource into one that loads versions, in columns.

    Args:
        resource: A resource of a source, with its key and its declared columns.
        normalize: dlt's naming convention, for fields that nobody declared.
        now: The clock, asked once a page.
        on_records: Told how many records came, for progress.
    """
    batches = Batches(declared_columns(resource), normalize)
    # dlt has no public way to see a resource's pages and its end, which batches need
    pages: Any = resource._pipe.gen

    def tables() -> Iterator[Any]:
        yield from batches.of(pages() if callable(pages) else pages, now, on_records)

    resource._pipe.replace_gen(cast("Any", tables))
    declare_versions(resource)


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


def declare_versions(resource: DltResource) -> None:
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
            select {columns}
            from (
                select *, lag({CONTENT_HASH}) over (
                    partition by {key} order by {SEEN_AT}, is_staged
                ) as hash_before
                from (
                    select *, true as is_staged from {staged}
                    union all by name
                    select {key}, {CONTENT_HASH}, {SEEN_AT}, false as is_staged
                    from {target}
                    semi join {staged} using ({key})
                )
            )
            where is_staged and hash_before is distinct from {CONTENT_HASH}
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
