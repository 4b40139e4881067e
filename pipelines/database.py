"""Opening the warehouse file, and saying clearly why it cannot be opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from .errors import HirefunnelError, WarehouseHeldError, explained, trouble


@contextmanager
def connect(
    path: Path, *, read_only: bool = False, memory: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for a block, in UTC.

    Args:
        path: The file.
        read_only: Whether others may read it, too.
        memory: What DuckDB may hold, such as 256MB, for all of this process's connections to the
            file while this one is open; what is more goes to disk.

    Raises:
        WarehouseHeldError: If another program has the file open.
        HirefunnelError: If the file is no DuckDB database, or is damaged, or the disk is full.
    """
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.IOException as error:
        if is_held(error):
            raise WarehouseHeldError(
                f"The warehouse {path} is open in another program; close it there, "
                "or read the published copy instead."
            ) from None
        raise _unreadable(path, error) from None
    except duckdb.Error as error:
        raise _unreadable(path, error) from None
    try:
        connection.execute("set TimeZone = 'UTC'")
        if memory:
            connection.execute(f"set memory_limit = '{memory}'; set threads = 1")
        yield connection
    finally:
        connection.close()


def is_held(error: BaseException) -> bool:
    """Whether DuckDB says that another process has the file open."""
    return "Could not set lock on file" in str(error) or "Conflicting lock" in str(error)


def is_passing(error: BaseException) -> bool:
    """Whether an error is the machine's or another program's, so that the same may work another time."""
    if explained(error) is not None:
        return True
    while True:
        if is_held(error) or isinstance(error, MemoryError | InterruptedError):
            return True
        if isinstance(error, duckdb.OutOfMemoryException):
            return True
        if error.__cause__ is None:
            return False
        error = error.__cause__


def _unreadable(path: Path, error: Exception) -> HirefunnelError:
    reason = str(error).splitlines()[0]
    return HirefunnelError(
        trouble(str(error))
        or f"The warehouse {path} cannot be opened ({reason}); "
        "restore it from a backup, or move it away and run again to read everything anew."
    )


def tables(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """The names of a schema's tables, in alphabetical order."""
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = ? order by 1",
        [schema],
    ).fetchall()
    return [name for (name,) in rows]
