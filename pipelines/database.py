"""Opening the warehouse file, and saying clearly why it cannot be opened."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb

from .errors import HirefunnelError, WarehouseHeldError, explained, trouble

# So long an unused file is kept open: a vendor's answer, not a vendor's hour, passes between two uses.
LINGER_S = 1.0


class _Kept:
    """A file that is kept open between its uses, but left to others when there are none for a while."""

    def __init__(self, path: Path, *, checkpoint: bool) -> None:
        self._path = path
        self._checkpoint = checkpoint
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._uses = 0
        self._closing: threading.Timer | None = None

    @contextmanager
    def use(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for a block."""
        with self._lock:
            if self._closing is not None:
                self._closing.cancel()
            connection = self._cursor()
            self._uses += 1
        try:
            yield connection
        finally:
            connection.close()
            with self._lock:
                self._uses -= 1
                if not self._uses:
                    self._closing = threading.Timer(LINGER_S, self._close_unused)
                    self._closing.daemon = True
                    self._closing.start()

    def close(self) -> None:
        """Leaves the file to others."""
        with self._lock:
            if self._closing is not None:
                self._closing.cancel()
            if self._connection is not None and not self._checkpoint:
                with suppress(duckdb.Error):  # of a file that has failed already
                    self._connection.execute("pragma disable_checkpoint_on_shutdown")
            self._close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if self._connection is not None:
            connection = self._connection.cursor()
            try:
                connection.execute("select 1")
                return connection
            except duckdb.Error:  # after a full disk nothing goes in a file until it is opened anew
                connection.close()
                self._close()
        self._connection = _open(self._path, read_only=False)
        return self._connection.cursor()

    def _close_unused(self) -> None:
        with self._lock:
            if not self._uses:
                self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_kept: dict[Path, _Kept] = {}


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
    kept = _kept.get(path)
    with kept.use() if kept else closing(_open(path, read_only=read_only)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        if memory:
            connection.execute(f"set memory_limit = '{memory}'; set threads = 1")
        try:
            yield connection
        except BaseException as error:
            # What Ctrl-C has interrupted DuckDB lets go of with the next query; until then, the file cannot be opened.
            with suppress(duckdb.Error):
                connection.interrupt()  # its threads, which Ctrl-C does not reach
                connection.execute("select 1")
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise


@contextmanager
def kept_open(path: Path, *, checkpoint: bool = True) -> Iterator[None]:
    """Keeps a file open for a block, between uses that follow each other closely.

    To open and close it takes DuckDB longer than most of what is done in between, and longer with each night of rows.

    Args:
        path: The file.
        checkpoint: Whether what is in its log goes into it at the end; else whoever opens it next does that.
    """
    _kept[path] = _Kept(path, checkpoint=checkpoint)
    try:
        yield
    finally:
        _kept.pop(path).close()


def _open(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.IOException as error:
        if is_held(error):
            raise WarehouseHeldError(
                f"The warehouse {path} is open in another program; close it there, "
                "or read the published copy instead."
            ) from None
        raise _unreadable(path, error) from None
    except duckdb.Error as error:
        raise _unreadable(path, error) from None


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


def literal(text: object) -> str:
    """A text as SQL has it, where no parameter may stand: in ATTACH, COPY and COMMENT."""
    return "'" + str(text).replace("'", "''") + "'"
