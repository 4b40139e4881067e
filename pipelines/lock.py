"""One run at a time on a warehouse. The operating system frees the lock of a process that died."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import WarehouseHeldError
from .settings import Settings


def _paths(settings: Settings) -> tuple[Path, Path]:
    """The lock lies beside the warehouse itself, so that two data folders or links that lead there still meet it."""
    warehouse = settings.warehouse.resolve()
    return (
        warehouse.with_name(warehouse.name + ".lock"),
        warehouse.with_name(warehouse.name + ".holder.json"),
    )


# Long enough for a `status` that is reading to end, too short to be taken for work.
PATIENCE_S = 3


@contextmanager
def hold(settings: Settings, command: str, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Holds the warehouse for a block.

    Raises:
        WarehouseHeldError: If another run holds it; says which, and since when.
    """
    lock_path, holder_path = _paths(settings)
    try:
        lock = FileLock(lock_path, timeout=patience_s)
        lock.acquire()
    except Timeout:
        raise WarehouseHeldError(
            f"The warehouse {settings.warehouse} is held by {holder(settings) or 'another run'}; "
            "wait for it to end, or stop it."
        ) from None
    try:
        holder_path.write_text(
            json.dumps(
                {
                    "command": command,
                    "pid": os.getpid(),
                    "since": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
                }
            ),
            encoding="utf-8",
        )
        yield
    finally:
        holder_path.unlink(missing_ok=True)
        lock.release()


def holder(settings: Settings) -> str | None:
    """Who holds the warehouse, in words; None when nobody says so."""
    try:
        facts = json.loads(_paths(settings)[1].read_text(encoding="utf-8"))
        return f"`hirefunnel {facts['command']}` (process {facts['pid']}) since {facts['since']}"
    except (OSError, ValueError, KeyError):
        return None
