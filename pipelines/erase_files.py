"""Somebody taken out of the files that runs leave, and out of what deleted rows leave in the warehouse's file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import apart, database
from .database import literal
from .erase import REJECTED, Person
from .erase_pages import erase_from_page
from .forgotten import Forgotten
from .settings import Settings
from .vendors import VENDORS

BLOCK_SIZE = 262_144  # bytes, DuckDB's own
ANOTHER_BLOCK_SIZE = 131_072


def erase_from_files(settings: Settings, person: Person, forgotten: Forgotten) -> Iterator[str]:
    """Takes somebody out of the files that runs have left: logs, load packages, spooled pages, dbt's artefacts.

    The warehouse, the published copies and the user's own files are not touched.

    Args:
        forgotten: The list, with them on it.

    Yields:
        A line for each file that was changed or deleted.
    """
    for path in _files(settings):
        if not _is_of_a_run(settings, path):
            continue
        outcome = None
        if path.suffix == ".parquet":
            outcome = _erase_from_parquet(settings, path, forgotten)
        elif path.is_relative_to(settings.spool_dir):
            outcome = erase_from_page(path, person, forgotten)
        if outcome is None:
            outcome = _erase_from_text(path, person)
        if outcome:
            yield f"{path.relative_to(settings.data_dir)}: {outcome}"


def others_that_name(settings: Settings, person: Person) -> Iterator[Path]:
    """Files in the data folder that no run has made, and that name somebody: an export, a note."""
    for path in _files(settings):
        if _is_of_a_run(settings, path):
            continue
        lines = _rows(path) if path.suffix == ".parquet" else _lines(path)
        if any(person.is_named_in(line) for line in lines):
            yield path


def _files(settings: Settings) -> Iterator[Path]:
    """What is in the data folder, without the warehouse, the published copies and the user's settings."""
    folders = (settings.published_dir, settings.mappings_dir, settings.dbt_dir / "project")
    for path in sorted(settings.data_dir.rglob("*")):
        is_kept = (
            any(path.is_relative_to(folder) for folder in folders)
            or path.name.startswith(settings.warehouse.name)
            or path == settings.data_dir / "salt"
        )
        if path.is_file() and not path.is_symlink() and not is_kept:
            yield path


def _is_of_a_run(settings: Settings, path: Path) -> bool:
    if path.suffix == ".parquet":
        return _vendor(settings, path) in VENDORS
    folders = (settings.dlt_dir, settings.set_aside_dir, settings.spool_dir, settings.logs_dir)
    return any(path.is_relative_to(folder) for folder in (*folders, settings.dbt_dir))


def _vendor(settings: Settings, path: Path) -> str:
    """Whose load package a file is in: `dlt/talkpush/…`, `set_aside/talkpush-…/…`."""
    for folder in (settings.dlt_dir, settings.set_aside_dir):
        if path.is_relative_to(folder):
            return path.relative_to(folder).parts[0].split("-")[0]
    return ""


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from file


def _rows(path: Path) -> Iterator[str]:
    try:
        for batch in pq.ParquetFile(path).iter_batches():
            yield from map(str, batch.to_pylist())
    except (pa.ArrowException, OSError):
        return  # what cannot be read names nobody


def _erase_from_parquet(settings: Settings, path: Path, forgotten: Forgotten) -> str:
    """A load package's rows; whose they are is told by the folder and the file's name (`leads.…`)."""
    resource = path.name.split(".")[0]
    try:
        rows = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError):
        path.unlink()
        return "deleted, for it cannot be read"
    kept = _kept_of(rows, _vendor(settings, path), resource, forgotten)
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


def _erase_from_text(path: Path, person: Person) -> str:
    """A log loses its lines; any other file goes whole, since what it holds can be made or read again."""
    text = path.read_bytes().decode("utf-8", "replace")
    if not person.is_named_in(text):
        return ""
    if path.suffix != ".log":
        path.unlink()
        return "deleted"
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not person.is_named_in(line)]
    # in place: this run is writing to one of them
    path.write_text("".join(kept), encoding="utf-8")
    return f"{len(lines) - len(kept)} lines erased"


def write_warehouse_anew(warehouse: Path) -> None:
    """Copies the warehouse to a new file that takes its place: what was deleted stays in the old one's free space.

    It is copied twice. DuckDB takes blocks of the old file out of its memory to make room for blocks of the same size
    of the new one, and writes what it does not need of these as it was (see `apart.py`).
    """
    warehouse = warehouse.resolve()
    between = warehouse.with_name(f".{warehouse.name}.between")
    fresh = warehouse.with_name(f".{warehouse.name}.fresh")
    _remove(between, fresh)
    try:
        with database.connect(warehouse) as connection:
            connection.execute("checkpoint")  # from here on the write-ahead log holds nothing
            (name,) = connection.execute("select current_database()").fetchall()[0]
        _copy(warehouse, between, name, ANOTHER_BLOCK_SIZE)
        _copy(between, fresh, name, BLOCK_SIZE)
        shutil.copymode(warehouse, fresh)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        warehouse.with_name(f"{warehouse.name}.wal").unlink(missing_ok=True)
        fresh.replace(warehouse)
    finally:
        _remove(between, fresh)
    shutil.rmtree(warehouse.with_name(f"{warehouse.name}.tmp"), ignore_errors=True)


def _copy(old: Path, new: Path, name: str, block_size: int) -> None:
    """Copies a database to a new file.

    Args:
        name: By which its views call the database.
        block_size: Of the new file, in bytes.
    """
    with apart.process(empty_memory=True) as execute:
        execute(f"set temp_directory = {literal(f'{new}.tmp')}")
        execute(f'attach {literal(old)} as "{name}" (read_only)')
        execute(f"attach {literal(new)} as fresh (block_size {block_size})")
        execute(f'copy from database "{name}" to fresh')
        execute("checkpoint fresh")
        execute("detach fresh")


def _remove(*files: Path) -> None:
    """Takes away new files, and what DuckDB puts beside them."""
    for path in files:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
        shutil.rmtree(path.with_name(f"{path.name}.tmp"), ignore_errors=True)
