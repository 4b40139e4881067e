"""The read-only copy for BI: the marts, in a file of their own, swapped in with one rename.

Readers keep the file they opened; a new connection through `current.duckdb` gets the newest. Nobody waits for anybody.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import duckdb

from . import database
from .errors import HirefunnelError
from .settings import Settings

MARTS = "marts"
CURRENT = "current.duckdb"
KEPT_COPIES = 5


def publish(settings: Settings, published_at: datetime, run_id: str, failures: list[str]) -> Path:
    """Copies the marts to a new file and moves the link to it.

    Args:
        published_at: The time in the file's name.
        failures: What went wrong in the run that is published; told in `marts.publication`.

    Returns:
        The new file.

    Raises:
        HirefunnelError: If there are no marts yet.
    """
    settings.published_dir.mkdir(parents=True, exist_ok=True)
    final = _free_name(settings.published_dir, published_at)
    unfinished = final.with_name(f".{final.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        with database.connect(settings.warehouse) as connection:
            names = database.tables(connection, MARTS)
            if not names:
                raise HirefunnelError(
                    f"The warehouse {settings.warehouse} has no marts to publish; run `hirefunnel build` first."
                )
            # Storage of version 1.0.0, so that older DuckDB clients (BI tools, JDBC, node) read it too.
            connection.execute(f"attach '{_quoted(unfinished)}' as copy (storage_version 'v1.0.0')")
            connection.execute(f"create schema copy.{MARTS}")
            for name in names:
                _copy_table(connection, name)
            _describe_publication(connection, published_at, run_id, failures)
            connection.execute("checkpoint copy")
            connection.execute("detach copy")
        _flush(unfinished)
        unfinished.replace(final)
        _point_current_to(final)
    finally:
        unfinished.unlink(missing_ok=True)
        unfinished.with_name(unfinished.name + ".wal").unlink(missing_ok=True)
    _drop_old_copies(settings.published_dir)
    return final


def _free_name(folder: Path, published_at: datetime) -> Path:
    """A name that no reader has open: a second publication within a second gets microseconds."""
    path = folder / f"hirefunnel-{published_at:%Y%m%dT%H%M%SZ}.duckdb"
    return (
        path
        if not path.exists()
        else folder / f"hirefunnel-{published_at:%Y%m%dT%H%M%S.%fZ}.duckdb"
    )


def _copy_table(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """The table with its NOT NULLs and its descriptions, which `create table as` would lose."""
    columns = connection.execute(
        """
        select column_name, data_type, is_nullable, comment from duckdb_columns()
        where database_name = current_database() and schema_name = ? and table_name = ?
        order by column_index
        """,
        [MARTS, name],
    ).fetchall()
    definitions = ", ".join(
        f'"{column}" {data_type}{"" if nullable else " not null"}'
        for column, data_type, nullable, _ in columns
    )
    connection.execute(f'create table copy.{MARTS}."{name}" ({definitions})')
    connection.execute(f'insert into copy.{MARTS}."{name}" from {MARTS}."{name}"')
    comment = connection.execute(
        """
        select comment from duckdb_tables()
        where database_name = current_database() and schema_name = ? and table_name = ?
        """,
        [MARTS, name],
    ).fetchone()
    if comment and comment[0]:
        connection.execute(f"comment on table copy.{MARTS}.\"{name}\" is '{_quoted(comment[0])}'")
    for column, _, _, text in columns:
        if text:
            connection.execute(
                f'comment on column copy.{MARTS}."{name}"."{column}" is \'{_quoted(text)}\''
            )


def _describe_publication(
    connection: duckdb.DuckDBPyConnection, published_at: datetime, run_id: str, failures: list[str]
) -> None:
    connection.execute(
        f"""
        create table copy.{MARTS}.publication (
            run_id varchar not null, published_at timestamptz not null,
            status varchar not null, failures varchar[] not null
        )
        """
    )
    connection.execute(
        f"insert into copy.{MARTS}.publication values (?, ?, ?, ?)",
        [run_id, published_at, "failed" if failures else "ok", failures],
    )
    connection.execute(
        f"comment on table copy.{MARTS}.publication is "
        "'One row: which run made this copy, when, and what failed in it (those tables are older).'"
    )


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")


def _flush(path: Path) -> None:
    """The bytes must be on disk before the name says so."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _point_current_to(path: Path) -> None:
    link = path.with_name(CURRENT)
    fresh = path.with_name(f".{CURRENT}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(path.name)
    fresh.replace(link)


def _drop_old_copies(folder: Path) -> None:
    copies = sorted(folder.glob("hirefunnel-*.duckdb"))
    current = (folder / CURRENT).resolve()  # not the last by name after a clock that was ahead
    for path in copies[:-KEPT_COPIES]:
        if path != current:
            with suppress(OSError):
                path.unlink()


def newest(settings: Settings) -> Path | None:
    """The published copy that readers get now."""
    link = settings.published_dir / CURRENT
    return link.resolve() if link.exists() else None
