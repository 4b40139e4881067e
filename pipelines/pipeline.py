"""A vendor's dlt pipeline: opened in this data folder, its tables made, its cursors kept true or forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt
from dlt.common.schema import Schema
from dlt.pipeline.helpers import pipeline_drop

from . import database, versions
from .columnar import DUCKDB_TYPES
from .settings import Settings
from .vendors import VENDORS, Vendor

if TYPE_CHECKING:
    from dlt.common.schema.typing import TTableSchemaColumns
    from dlt.pipeline.pipeline import Pipeline


def open_pipeline(vendor: Vendor, settings: Settings) -> Pipeline:
    """The vendor's dlt pipeline, in this data folder, loading versions into `raw_<vendor>`."""
    pipeline = dlt.pipeline(
        pipeline_name=vendor.name,
        pipelines_dir=str(settings.dlt_dir),
        destination=versions.warehouse(
            credentials=str(settings.warehouse), destination_name="duckdb"
        ),
        dataset_name=vendor.dataset,
    )
    if not pipeline.has_pending_data and _is_ahead_of_warehouse(pipeline, vendor, settings):
        pipeline = pipeline.drop()
    if not pipeline.state["_state_version"]:  # the cursors are in the warehouse, too
        pipeline.sync_destination()
    return pipeline


def _is_ahead_of_warehouse(pipeline: Pipeline, vendor: Vendor, settings: Settings) -> bool:
    """Whether the cursors know of loads that the warehouse does not: it was replaced by an older one."""
    if not pipeline.state["_state_version"]:
        return False
    with database.connect(settings.warehouse) as connection:
        if "_dlt_pipeline_state" not in database.tables(connection, vendor.dataset):
            return True
        row = connection.execute(
            f"select max(version) from {vendor.dataset}._dlt_pipeline_state where pipeline_name = ?",
            [vendor.name],
        ).fetchone()
    stored = row[0] if row and row[0] is not None else 0
    return bool(stored < pipeline.state["_state_version"])


def finish_pending(pipeline: Pipeline) -> None:
    """Loads the packages of a run that was cut short; without this, nothing new would be extracted."""
    pipeline.normalize()
    pipeline.load()


def create_missing_tables(settings: Settings) -> None:
    """Makes the raw tables of every vendor exist, so that every model builds with any of them.

    dlt finds them as they are when it first loads, and adds what they lack.
    """
    with database.connect(settings.warehouse) as connection:
        for vendor in VENDORS.values():
            existing = set(database.tables(connection, vendor.dataset))
            if existing >= {*vendor.resources, "_dlt_loads"}:
                continue
            connection.execute(f"create schema if not exists {vendor.dataset}")
            for name, columns in _tables(vendor).items():
                connection.execute(
                    f"create table if not exists {vendor.dataset}.{name} ({ddl(columns)})"
                )


def ddl(columns: TTableSchemaColumns) -> str:
    """A table's columns as its definition lists them."""
    return ", ".join(
        f'"{name}" {DUCKDB_TYPES[str(hints["data_type"])]}'
        + ("" if hints.get("nullable", True) else " not null")
        for name, hints in columns.items()
    )


def _tables(vendor: Vendor) -> dict[str, TTableSchemaColumns]:
    """The columns of the tables that the vendor's resources load, and of dlt's list of loads."""
    source = vendor.blueprint()
    tables = {
        name: versions.table_columns(resource)
        for name, resource in source.selected_resources.items()
    }
    loads = Schema(vendor.name).get_table("_dlt_loads")
    return {**tables, "_dlt_loads": loads["columns"]}


def forget_cursors(vendor: Vendor, settings: Settings, resources: list[str]) -> list[str]:
    """Drops the cursors of these resources, in the working folder and in the warehouse.

    Returns:
        The resources that had one.
    """
    pipeline = open_pipeline(vendor, settings)
    pipeline.sync_destination()
    if not list(pipeline.schemas or ()):
        return []
    if pipeline.has_pending_data:
        finish_pending(pipeline)
    drop = pipeline_drop(pipeline, resources=resources, state_only=True)
    forgotten = list(drop.info["resource_states"])
    if forgotten:
        drop()
    return forgotten
