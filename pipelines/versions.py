"""What the conductor adds to a source's tables: stamps, and a load that keeps versions (`version_load.py`).

A record's version is stored only when its content differs from the version seen just before it, in this load or in
the warehouse. So re-reading an unchanged record adds nothing, loading a package twice adds nothing, and a record that
goes A, B, A has three versions. dlt's own strategies give less: `insert-only` would drop the return to A, `scd2`
rewrites the rows it closes.
"""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING, cast

from dlt.common.destination.configuration import ParquetFormatConfiguration
from dlt.common.schema.typing import C_DLT_LOAD_ID
from dlt.common.schema.utils import dlt_load_id_column, get_columns_names_with_prop
from dlt.destinations import duckdb
from dlt.destinations.impl.duckdb.duck import DuckDbClient

from .column_sql import CONTENT_HASH, IS_DELETED, KEY_HASH, SEEN_AT
from .version_load import VersionLoadJob

if TYPE_CHECKING:
    from dlt.common.destination import DestinationCapabilitiesContext
    from dlt.common.destination.client import LoadJob
    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.normalizers.naming import NamingConvention
    from dlt.common.schema.typing import TTableSchema, TTableSchemaColumns
    from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
    from dlt.extract import DltResource

REJECTED = "rejected_records"
SUPERSEDED = "is_superseded"  # set once the same record could be stored as it was seen later
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
    SUPERSEDED: {"name": SUPERSEDED, "data_type": "bool"},
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


# Counted up whenever values can be read that could not be before: what was rejected for them is then tried again.
READING = 2


def mapping(resource: DltResource) -> str:
    """Stands for a resource's columns and key, and for how their values are read."""
    columns = [
        (name, str(hints["data_type"])) for name, hints in declared_columns(resource).items()
    ]
    text = repr((READING, record_key(resource), sorted(columns)))
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
        found = super().capabilities(self.spec() if config is None else config, naming)
        # lz4 takes less time than snappy, to write and to read, and no more space
        found.parquet_format = ParquetFormatConfiguration(compression="lz4")
        return found
