"""The folder of published copies: what readers open, and what is removed when.

Readers keep the file they opened; a new connection through `current.duckdb` gets the newest. Nobody waits for anybody.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import duckdb

from . import database
from .errors import HirefunnelError
from .settings import Settings

CURRENT = "current.duckdb"
KEPT_COPIES = 5


def newest(settings: Settings) -> Path | None:
    """The published copy that readers get now."""
    link = settings.published_dir / CURRENT
    return link.resolve() if link.exists() else None


@contextmanager
def new(folder: Path, published_at: datetime) -> Iterator[tuple[Path, Path]]:
    """Where a copy is written in a block, and its name afterwards; readers get it when the block has ended well."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_unfinished(folder)
    final = _free_name(folder, published_at)
    unfinished = final.with_name(f".{final.name}.part")
    try:
        yield unfinished, final
        _flush(unfinished)
        if folder.stat().st_mode & stat.S_IRGRP:  # opened to a group on purpose
            unfinished.chmod(unfinished.stat().st_mode | stat.S_IRGRP)
        unfinished.replace(final)
        _point_current_to(final)
    finally:
        _remove_unfinished(folder)


def drop_old(folder: Path, *, hidden_only: bool) -> None:
    """Keeps a few; of those that say who people are, none, once a copy is to hide it."""
    current = (folder / CURRENT).resolve()  # not the last by name after a clock that was ahead
    copies = sorted(path for path in folder.glob("hirefunnel-*.duckdb") if path != current)
    kept = [path for path in copies if not hidden_only or _hides_people(path)]
    kept = kept[-(KEPT_COPIES - 1) :]
    for path in set(copies) - set(kept):
        with suppress(OSError):
            path.unlink()


def _hides_people(path: Path) -> bool:
    """Whether a copy is known to hold pseudonyms."""
    try:
        with database.connect(path, read_only=True) as connection:
            found = connection.execute("select is_pseudonymised from marts.publication")
            return found.fetchall() == [(True,)]
    except (duckdb.Error, HirefunnelError):
        return False


def _free_name(folder: Path, published_at: datetime) -> Path:
    """A name that no reader has open: a second publication within a second gets microseconds."""
    path = folder / f"hirefunnel-{published_at:%Y%m%dT%H%M%SZ}.duckdb"
    return (
        path
        if not path.exists()
        else folder / f"hirefunnel-{published_at:%Y%m%dT%H%M%S.%fZ}.duckdb"
    )


def _remove_unfinished(folder: Path) -> None:
    """Whoever holds the warehouse is the only one who publishes: what is half written is a dead run's."""
    for path in folder.glob(".hirefunnel-*.part*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


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
