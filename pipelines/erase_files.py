"""Somebody taken out of the files that runs leave, and out of what deleted rows leave in the warehouse's file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import database
from .erase import REJECTED, Person
from .forgotten import Forgotten
from .settings import Settings
from .vendors import VENDORS


def erase_from_files(settings: Settings, person: Person, forgotten: Forgotten) -> Iterator[str]:
    """Takes somebody out of the files that runs have left: logs, load packages, spooled pages, dbt's artefacts.

    The warehouse, the published copies and the user's own files are not touched.

    Args:
        forgotten: The list, with them on it.

    Yields:
        A line for each file that was changed or deleted.
    """
    for path in sorted(settings.data_dir.rglob("*")):
        if not path.is_file() or path.is_symlink() or _is_kept(settings, path):
            continue
        name = path.relative_to(settings.data_dir)
        if path.suffix == ".parquet":
            outcome = _erase_from_parquet(settings, path, forgotten)
        else:
            outcome = _erase_from_text(path, person.words)
        if outcome:
            yield f"{name}: {outcome}"


def _is_kept(settings: Settings, path: Path) -> bool:
    folders = (settings.published_dir, settings.mappings_dir, settings.dbt_dir / "project")
    return (
        any(path.is_relative_to(folder) for folder in folders)
        or path.name.startswith(settings.warehouse.name)
        or path == settings.data_dir / "salt"
    )


def _erase_from_parquet(settings: Settings, path: Path, forgotten: Forgotten) -> str:
    """A load package's rows; who is meant is told by the folder (`dlt/talkpush/…`) and the file's name (`leads.…`)."""
    folder = path.relative_to(settings.data_dir).parts[1]
    vendor, resource = folder.split("-")[0], path.name.split(".")[0]
    try:
        rows = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError):
        path.unlink()
        return "deleted, for it cannot be read"
    kept = rows
    if vendor in VENDORS:
        kept = _kept_of(rows, vendor, resource, forgotten)
    if kept is rows:
        return ""
    unfinished = path.with_name(f".{path.name}.part")
    pq.write_table(kept, unfinished)
    unfinished.replace(path)
    return f"{len(rows) - len(kept)} rows erased"


def _kept_of(rows: pa.Table, vendor: str, resource: str, forgotten: Forgotten) -> pa.Table:
    if resource != REJECTED:
        return forgotten.without(rows, vendor, resource)
    of_resource = [
        rows.filter(pc.equal(rows["resource"], name)) for name in rows["resource"].unique()
    ]
    kept = [forgotten.without(part, vendor, part["resource"][0].as_py()) for part in of_resource]
    is_same = all(part is before for part, before in zip(kept, of_resource, strict=True))
    return rows if is_same else pa.concat_tables(kept)


def _erase_from_text(path: Path, words: list[str]) -> str:
    """A log loses its lines; any other file goes whole, since what it holds can be made or read again."""
    text = path.read_bytes().decode("utf-8", "replace")
    lowered = text.lower()
    if not any(word in lowered for word in words):
        return ""
    if path.suffix != ".log":
        path.unlink()
        return "deleted"
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not any(word in line.lower() for word in words)]
    # in place: this run is writing to one of them
    path.write_text("".join(kept), encoding="utf-8")
    return f"{len(lines) - len(kept)} lines erased"


def write_warehouse_anew(warehouse: Path) -> None:
    """Copies the warehouse to a new file that takes its place: what was deleted stays in the old one's free space."""
    warehouse = warehouse.resolve()
    fresh = warehouse.with_name(f".{warehouse.name}.fresh")
    old_log = warehouse.with_name(f"{warehouse.name}.wal")
    fresh.unlink(missing_ok=True)
    try:
        with database.connect(warehouse) as connection:
            connection.execute("checkpoint")  # from here on the write-ahead log holds nothing
            (name,) = connection.execute("select current_database()").fetchall()[0]
            quoted = str(fresh).replace("'", "''")
            connection.execute(f"attach '{quoted}' as fresh")
            connection.execute(f'copy from database "{name}" to fresh')
            connection.execute("checkpoint fresh")
            connection.execute("detach fresh")
        shutil.copymode(warehouse, fresh)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        old_log.unlink(missing_ok=True)
        fresh.replace(warehouse)
    finally:
        fresh.unlink(missing_ok=True)
        fresh.with_name(f"{fresh.name}.wal").unlink(missing_ok=True)
    shutil.rmtree(warehouse.with_name(f"{warehouse.name}.tmp"), ignore_errors=True)
