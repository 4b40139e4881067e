"""A vendor's dlt pipeline: opened in this data folder, its tables made, its cursors kept true or forgotten."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import C_DLT_LOAD_ID
from dlt.common.schema.utils import dlt_load_id_column
from dlt.pipeline.helpers import pipeline_drop

from . import database, versions
from .column_sql import DUCKDB_TYPES, IS_DELETED, SEEN_AT
from .settings import Settings
from .vendors import VENDORS, Vendor
from .version_load import LOADED_FILES, file_name

if TYPE_CHECKING:
    from dlt.common.schema.typing import TTableSchemaColumns
    from dlt.pipeline.pipeline import Pipeline


def open_pipeline(vendor: Vendor, settings: Settings) -> Pipeline:
    """The vendor's dlt pipeline, in this data folder, loading versions into `raw_<vendor>`.

    Raises:
        RuntimeError: If what is pending cannot follow on what the warehouse has.
    """
    pipeline = dlt.pipeline(
        pipeline_name=vendor.name,
        pipelines_dir=str(settings.dlt_dir),
        destination=versions.warehouse(
            credentials=str(settings.warehouse), destination_name="duckdb"
        ),
        dataset_name=vendor.dataset,
    )
    if pipeline.state["_state_version"] and not _follows_on_warehouse(pipeline, vendor, settings):
        if pipeline.has_pending_data:
            raise RuntimeError(
                "The load packages follow on loads that the warehouse does not have."
            )
        pipeline = pipeline.drop()
    if not pipeline.state["_state_version"]:  # the cursors are in the warehouse, too
        pipeline.sync_destination()
    return pipeline


def _follows_on_warehouse(pipeline: Pipeline, vendor: Vendor, settings: Settings) -> bool:
    """Whether the warehouse has the cursors of the working folder, or those that its pending packages follow on.

    A warehouse may have been put back from a backup, moved away, or be another one than the last time.
    """
    states: dict[str, int] = {}
    loaded: set[str] = set()
    with database.connect(settings.warehouse) as connection:
        tables = database.tables(connection, vendor.dataset)
        if "_dlt_pipeline_state" in tables:
            rows = connection.execute(
                f"""
                select version_hash, version from {vendor.dataset}._dlt_pipeline_state
                where pipeline_name = ? and _dlt_load_id in (
                    select load_id from {vendor.dataset}._dlt_loads where status = 0
                )
                """,
                [vendor.name],
            )
            states = dict(rows.fetchall())
        if LOADED_FILES in tables:
            rows = connection.execute(f"select file from {vendor.dataset}.{LOADED_FILES}")
            loaded = {file for (file,) in rows.fetchall()}
    if not pipeline.has_pending_data:
        return pipeline.state["_version_hash"] in states
    folder = Path(pipeline.working_dir)
    files = [
        file
        for file in folder.glob("*/*/*/*_jobs/*")
        if file.relative_to(folder).parts[1] != "loaded"
    ]
    # A package brings the cursors only if they have moved: then there is a file of them in it.
    pending = sum(file.name.startswith("_dlt_pipeline_state.") for file in files)
    brought = {
        file_name(file)
        for file in files
        if file.parent.name == "completed_jobs" and not file.name.startswith("_dlt")
    }
    is_complete = max(states.values(), default=0) + pending >= pipeline.state["_state_version"]
    return is_complete and brought <= loaded


def create_missing_tables(settings: Settings) -> None:
    """Makes the raw tables of every vendor exist, so that every model builds with any of them.

    dlt finds them as they are when it first loads, and adds what they lack.
    """
    with database.connect(settings.warehouse) as connection:
        for vendor in VENDORS.values():
            existing = set(database.tables(connection, vendor.dataset))
            if versions.REJECTED in existing:  # a table that an older version of this program made
                connection.execute(
                    f"alter table {vendor.dataset}.{versions.REJECTED} "
                    f"add column if not exists {versions.SUPERSEDED} boolean"
                )
            if existing >= {*vendor.resources, versions.REJECTED, "_dlt_loads"}:
                continue
            connection.execute(f"create schema if not exists {vendor.dataset}")
            for name, columns in _tables(vendor).items():
                table = f"{vendor.dataset}.{name}"
                connection.execute(f"create table if not exists {table} ({ddl(columns)})")
                if IS_DELETED in columns:  # tables that an older version of this program made
                    connection.execute(
                        f"alter table {table} add column if not exists {IS_DELETED} boolean"
                    )
        connection.execute(_REJECTED_RECORDS)


_REJECTED_RECORDS = f"""
    create schema if not exists ops;
    create or replace view ops.rejected_records as
    with every as (
        {
    " union all by name ".join(
        f"select '{vendor.name}' as vendor, * from {vendor.dataset}.{versions.REJECTED}"
        for vendor in VENDORS.values()
    )
}
    )
    select
        vendor, resource, record_hash, reason, payload::json as payload,
        {SEEN_AT} as rejected_at, mapping,
        coalesce({versions.SUPERSEDED}, false) as {versions.SUPERSEDED}, _dlt_load_id
    from every
    qualify row_number() over (
        partition by vendor, resource, record_hash order by {SEEN_AT} desc
    ) = 1
"""


# To try out a dictionary of kilobytes of JSON takes DuckDB a hundred megabytes and some time, and brings nothing.
LONG_TEXTS = " using compression fsst"


def ddl(columns: TTableSchemaColumns) -> str:
    """A table's columns as its definition lists them."""
    return ", ".join(
        f'"{name}" {DUCKDB_TYPES[str(hints["data_type"])]}'
        + ("" if hints.get("nullable", True) else " not null")
        + (LONG_TEXTS if hints["data_type"] == "json" else "")
        for name, hints in columns.items()
    )


@cache
def _tables(vendor: Vendor) -> dict[str, TTableSchemaColumns]:
    """The columns of the tables that the vendor's resources load, and of dlt's list of loads."""
    source = vendor.blueprint()
    tables = {
        name: versions.table_columns(resource)
        for name, resource in source.selected_resources.items()
    }
    loads = Schema(vendor.name).get_table("_dlt_loads")
    rejected = {**versions.REJECTED_COLUMNS, C_DLT_LOAD_ID: dlt_load_id_column()}
    return {**tables, versions.REJECTED: rejected, "_dlt_loads": loads["columns"]}


def forget_cursors(pipeline: Pipeline, resources: list[str]) -> list[str]:
    """Drops the cursors of these resources, in the working folder and in the warehouse.

    Returns:
        The resources that had one.
    """
    pipeline.sync_destination()
    if not list(pipeline.schemas or ()):
        return []
    drop = pipeline_drop(pipeline, resources=resources, state_only=True)
    forgotten = list(drop.info["resource_states"])
    if forgotten:
        drop()
    return forgotten
