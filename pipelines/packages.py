"""Load packages that an earlier run left: finished, or, if they never can be, set aside and kept.

What is set aside is the vendor's whole working folder of dlt: packages, schemas, cursors. The cursors are then those
of the warehouse, so that the next reading brings again what the folder holds, and nothing waits for it.
`hirefunnel replay` puts the versions in it that the warehouse lacks where they belong.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from . import database
from .column_sql import CONTENT_HASH, SEEN_AT, quoted
from .errors import HirefunnelError
from .pipeline import open_pipeline
from .settings import Settings
from .vendors import Vendor
from .version_load import LOADED_FILES
from .versions import REJECTED, record_key

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline


def set_aside(vendor: Vendor, settings: Settings) -> Path:
    """Moves a vendor's working folder out of the way.

    Returns:
        Where it is kept.
    """
    settings.set_aside_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{vendor.name}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    kept = settings.set_aside_dir / name
    shutil.move(settings.dlt_dir / vendor.name, kept)
    return kept


def finish_pending(pipeline: Pipeline) -> None:
    """Loads the packages of a run that was cut short; without this, nothing new would be extracted."""
    pipeline.normalize()
    pipeline.load()


def open_drained(
    vendor: Vendor, settings: Settings
) -> tuple[Pipeline, list[tuple[Path, Exception]]]:
    """The vendor's pipeline with nothing pending.

    Returns:
        It, and what had to be set aside, with the reason.

    Raises:
        Exception: What is no fault of the packages: another program has the warehouse, the disk is full.
    """
    kept: list[tuple[Path, Exception]] = []
    while True:
        try:
            pipeline = open_pipeline(vendor, settings)
            if pipeline.has_pending_data:
                finish_pending(pipeline)
            _count_broken_off(vendor, settings)
            return pipeline, kept
        except Exception as error:
            folder = settings.dlt_dir / vendor.name
            if database.is_passing(error) or kept or not folder.exists():
                raise
            kept.append((set_aside(vendor, settings), error))


def _count_broken_off(vendor: Vendor, settings: Settings) -> None:
    """Lets the rows count that a load brought before it was given up.

    They are versions that were seen, and what is read again is not stored a second time, so nothing else would show
    them. The cursors that came with them go: they stand for rows that may never have come.
    """
    with database.connect(settings.warehouse) as connection:
        tables = database.tables(connection, vendor.dataset)
        if LOADED_FILES not in tables:
            return
        broken_off = connection.execute(
            f"""
            select load_id from {vendor.dataset}.{LOADED_FILES}
            except select load_id from {vendor.dataset}._dlt_loads where status = 0
            """
        ).fetchall()
        connection.execute("begin")
        for (load_id,) in broken_off:
            if "_dlt_pipeline_state" in tables:
                connection.execute(
                    f"delete from {vendor.dataset}._dlt_pipeline_state where _dlt_load_id = ?",
                    [load_id],
                )
            _note_complete(connection, vendor, load_id)
        connection.execute("commit")


def _note_complete(connection: duckdb.DuckDBPyConnection, vendor: Vendor, load_id: str) -> None:
    connection.execute(
        f"""
        insert into {vendor.dataset}._dlt_loads by name
        select ? as load_id, ? as schema_name, 0 as status, now() as inserted_at
        where not exists (from {vendor.dataset}._dlt_loads where load_id = ?)
        """,
        [load_id, vendor.name, load_id],
    )


def replay(vendor: Vendor, settings: Settings, folder: Path) -> int:
    """Puts the versions of a folder that was set aside into the warehouse, each at the moment it was seen.

    Versions that the warehouse has, or that equal the one seen before or after them, are left out.

    Returns:
        How many rows the warehouse gained.

    Raises:
        HirefunnelError: If one of its files cannot be read; nothing was changed then.
    """
    source = vendor.blueprint()
    keys = {name: record_key(resource) for name, resource in source.resources.items()}
    keys[REJECTED] = ["resource", "record_hash"]
    added = 0
    with database.connect(settings.warehouse) as connection:
        connection.execute("begin")
        for table, load_id, file in _files(folder):
            if table in keys:
                added += _insert_missing(connection, vendor, table, keys[table], load_id, file)
        connection.execute("commit")
    return added


def _files(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """The table, the load and the path of each file with rows; in the order in which they were read."""
    found = folder.glob("*/*/*/*_jobs/*.parquet")
    for file in sorted(found, key=lambda path: (path.parent.parent.name, path.name)):
        yield file.name.split(".")[0], file.parent.parent.name, file


def _insert_missing(
    connection: duckdb.DuckDBPyConnection,
    vendor: Vendor,
    table: str,
    key: list[str],
    load_id: str,
    file: Path,
) -> int:
    target = f"{vendor.dataset}.{quoted(table)}"
    rows = f"read_parquet({database.literal(file)})"
    same_key = " and ".join(f"stored.{quoted(name)} = kept.{quoted(name)}" for name in key)

    def neighbour(side: str, best: str) -> str:
        return (
            f"(select {best}({CONTENT_HASH}, {SEEN_AT}) from {target} as stored "
            f"where {same_key} and stored.{SEEN_AT} {side} kept.{SEEN_AT})"
        )

    try:
        columns = connection.execute(f"describe from {rows}").fetchall()
    except duckdb.Error as error:
        raise HirefunnelError(
            f"{file} cannot be read ({str(error).splitlines()[0]}); "
            "its rows were read again from the vendor, so the folder can be deleted."
        ) from None
    for name, kind, *_ in columns:
        connection.execute(f"alter table {target} add column if not exists {quoted(name)} {kind}")
    row = connection.execute(
        f"""
        insert into {target} by name
        select * from {rows} as kept
        where
            {neighbour("<=", "max_by")} is distinct from {CONTENT_HASH}
            and {neighbour(">", "min_by")} is distinct from {CONTENT_HASH}
        """
    ).fetchone()
    _note_complete(connection, vendor, load_id)
    # for builds it is a new load again, if one has read it before
    connection.execute(
        "delete from ops.built_loads where vendor = ? and load_id = ?", [vendor.name, load_id]
    )
    return int(row[0]) if row else 0
