"""What runs leave in the data folder and nobody needs: personal data stays where it has a purpose.

Removed while the warehouse is held, so that none of it is another run's.
"""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from .settings import Settings

# Folders in a pipeline's `normalize` that are no torn reading.
_KEPT = {"extracted"}
# The files that dlt renames once they are whole: in its folders for states, schemas and packages.
_HALF_WRITTEN = re.compile("[0-9a-f]{16}")


def remove(settings: Settings) -> None:
    """Removes what killed runs left half written, dlt's traces, and its notes about packages that are loaded.

    A trace and the notes repeat errors word for word, values of records included; the log tells the same, masked.
    Packages that are not loaded yet stay: their rows are nowhere else.
    """
    for pipeline in _folders(settings.dlt_dir):
        (pipeline / "trace.pickle").unlink(missing_ok=True)
        for path in (path for depth in ("*", "*/*", "*/*/*") for path in pipeline.glob(depth)):
            if _HALF_WRITTEN.fullmatch(path.name) and path.is_file():
                path.unlink()
        for folder in _folders(pipeline / "normalize"):
            if folder.name not in _KEPT:
                shutil.rmtree(folder, ignore_errors=True)
        for package in _folders(pipeline / "load" / "loaded"):
            if _is_loaded(package):
                shutil.rmtree(package, ignore_errors=True)
    # What DuckDB put on disk for lack of memory; a process that was killed could not take it away.
    shutil.rmtree(f"{settings.warehouse}.tmp", ignore_errors=True)


def remove_old_logs(folder: Path, oldest: datetime) -> None:
    """Removes the logs that were last written before a moment."""
    for path in folder.glob("*.log"):
        if path.stat().st_mtime < oldest.timestamp():
            path.unlink(missing_ok=True)


def _folders(parent: Path) -> list[Path]:
    return [path for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []


def _is_loaded(package: Path) -> bool:
    """Whether a package is in the warehouse, every file of it; an aborted one is kept."""
    failed = package / "failed_jobs"
    with suppress(OSError):
        state = (package / "package_completed.json").read_text(encoding="utf-8")
        return state.strip() == "loaded" and not (failed.is_dir() and any(failed.iterdir()))
    return False
