"""A vendor's dlt pipeline: opened in this data folder, its tables made, its cursors kept true or forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt
from dlt.pipeline.helpers import pipeline_drop

from . import database, versions
from .settings import Settings
from .vendors import VENDORS, Vendor

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline


def open_pipeline(vendor: Vendor, settings: Settings) -> Pipeline:
    """The vendor's dlt pipeline, in this data folder, loading versions into `raw_<vendor>`."""
    pipeline = dlt.pipeline(
        pipeline_name=vendor.name,
        pipelines_dir=str(settings.dlt_dir),
        # The staging schema is dlt's own; its name must not look like one of ours.
        destination=versions.warehouse(
            credentials=str(settings.warehouse),
            destination_name="duckdb",
            staging_dataset_name_layout="_staging_%s",
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
    """Makes the raw tables of every vendor exist, so that every model builds with any of them."""
    with database.connect(settings.warehouse) as connection:
        existing = {
            vendor.name: set(database.tables(connection, vendor.dataset))
            for vendor in VENDORS.values()
        }
    for vendor in VENDORS.values():
        if not existing[vendor.name] >= {*vendor.resources, "_dlt_loads"}:
            _create_tables(vendor, open_pipeline(vendor, settings), existing[vendor.name])


def _create_tables(vendor: Vendor, pipeline: Pipeline, existing: set[str]) -> None:
    if pipeline.has_pending_data:
        finish_pending(pipeline)
    source = vendor.blueprint()
    missing = [
        versions.empty_table(resource)
        for name, resource in source.selected_resources.items()
        if name not in existing
    ]
    if missing:
        empty = dlt.source(lambda: missing, name=source.name, max_table_nesting=0)()
        pipeline.extract(empty, loader_file_format="parquet")
        finish_pending(pipeline)


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
