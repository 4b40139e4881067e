"""Where things are, and what the clock says. Vendors' own settings are `pipelines/vendors.py`."""

from __future__ import annotations

import os
import stat
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dotenv import load_dotenv

from .errors import SettingsError

WAREHOUSE_NAME = "hirefunnel.duckdb"
_SCHEMAS = {"main", "temp", "system", "marts", "intermediate", "staging", "seeds", "ops", "copy"}
PACKAGE_ROOT = Path(__file__).resolve().parent.parent

# What dlt needs to be told, unless the user says otherwise: nothing leaves the machine, no job seeker's
# data stays behind in working folders, and two data folders share nothing.
_DLT_DEFAULTS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    "NORMALIZE__WORKERS": "1",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_ID": "false",  # files are taken as they are
    "EXTRACT__MAX_PARALLEL_ITEMS": "1",
}

# When a replay of each instant began: records seen in one run must keep their order.
_replays: dict[str, float] = {}


@dataclass(frozen=True)
class Settings:
    """Folders and files of one installation.

    Attributes:
        data_dir: All that the program writes.
        warehouse: The DuckDB file; inside `data_dir` unless DESTINATION__DUCKDB__CREDENTIALS says otherwise.
        mappings_dir: The user's own CSVs.
    """

    data_dir: Path
    warehouse: Path
    mappings_dir: Path

    @property
    def dlt_dir(self) -> Path:
        """dlt's working folders: cursors, pending packages."""
        return self.data_dir / "dlt"

    @property
    def logs_dir(self) -> Path:
        """One log file a run."""
        return self.data_dir / "logs"

    @property
    def dbt_dir(self) -> Path:
        """dbt's copy of the project with the mappings as seeds, its target and its logs."""
        return self.data_dir / "dbt"

    @property
    def spool_dir(self) -> Path:
        """Pages that were paid for and are not yet in the warehouse."""
        return self.data_dir / "spool"

    @property
    def set_aside_dir(self) -> Path:
        """Load packages that could not be loaded, kept."""
        return self.data_dir / "set_aside"

    @property
    def published_dir(self) -> Path:
        """The read-only copies for BI."""
        return self.data_dir / "published"

    def prepare(self) -> None:
        """Makes the folders (readable by their owner only) and hands dlt its defaults.

        Raises:
            SettingsError: If a folder, or the warehouse, cannot be made or written.
        """
        own = (self.dlt_dir, self.logs_dir, self.dbt_dir, self.spool_dir)
        for folder in (self.data_dir, *own, self.published_dir):
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise SettingsError(
                    f"The data folder {folder} cannot be made ({error.strerror}); "
                    "set HIREFUNNEL_DATA_DIR to a folder that can be written."
                ) from None
        if not os.access(self.data_dir, os.W_OK):
            raise SettingsError(
                f"The data folder {self.data_dir} cannot be written; "
                "set HIREFUNNEL_DATA_DIR to a folder that can."
            )
        for folder in (
            *own,
            self.set_aside_dir,
        ):  # made by an earlier version, or by somebody's hand
            _narrow(folder, 0o700)
        # A group that was let in on purpose, by its mode or an ACL, goes on reading the published copy.
        _narrow(self.published_dir, 0o770)
        try:
            self.warehouse.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"The folder of the warehouse {self.warehouse} cannot be made ({error.strerror}); "
                "set DESTINATION__DUCKDB__CREDENTIALS to another place."
            ) from None
        for path in (self.warehouse.parent, self.warehouse):
            if path.exists() and not os.access(path, os.W_OK):
                raise SettingsError(
                    f"The warehouse {self.warehouse} cannot be written: see to the rights of {path}, "
                    "or set DESTINATION__DUCKDB__CREDENTIALS to another place."
                )
        for name, value in _DLT_DEFAULTS.items():
            os.environ.setdefault(name, value)
        os.environ["DLT_DATA_DIR"] = str(self.dlt_dir)


def load() -> Settings:
    """Reads `.env` in the working folder and the environment, in which an empty setting of a vendor is none."""
    load_dotenv(Path.cwd() / ".env")
    for name, value in list(os.environ.items()):
        if name.startswith("SOURCES__") and not value.strip():
            del os.environ[name]  # dlt would take it for a value
    data_dir = Path(os.environ.get("HIREFUNNEL_DATA_DIR") or "data").expanduser().resolve()
    mappings_dir = Path(os.environ.get("HIREFUNNEL_MAPPINGS_DIR") or "mappings").expanduser()
    return Settings(
        data_dir=data_dir,
        warehouse=_warehouse_elsewhere() or data_dir / WAREHOUSE_NAME,
        mappings_dir=mappings_dir.resolve(),
    )


def read_toml(path: Path) -> dict[str, Any]:
    """What a file of settings holds; nothing if there is none.

    Raises:
        SettingsError: If it is no TOML.
    """
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # TOML is UTF-8: what is not is no TOML either
        raise SettingsError(f"{path} is not valid TOML: {error}.") from None


def _warehouse_elsewhere() -> Path | None:
    """The file named by dlt's own setting for the DuckDB destination, without importing dlt."""
    credentials: Any = os.environ.get("DESTINATION__DUCKDB__CREDENTIALS")
    for name in ("secrets.toml", "config.toml"):
        tables = read_toml(Path(".dlt") / name)  # even if it says nothing of this, dlt reads it
        if credentials is None:
            credentials = tables.get("destination", {}).get("duckdb", {}).get("credentials")
    if not credentials:
        return None
    if isinstance(credentials, dict):
        credentials = credentials.get("database", "")
    text = str(credentials).removeprefix("duckdb:///")
    if not text or text.startswith((":memory:", "md:", "duckdb:")):
        raise SettingsError(
            "DESTINATION__DUCKDB__CREDENTIALS must name a DuckDB file, such as /srv/hirefunnel.duckdb."
        )
    path = Path(text).expanduser().resolve()
    # DuckDB names a database after its file, and could not tell it from a schema of the same name
    if path.stem in _SCHEMAS or path.stem.startswith("raw_"):
        raise SettingsError(
            f"DESTINATION__DUCKDB__CREDENTIALS names {path.name}, but {path.stem} is a schema inside it; "
            "choose another file name."
        )
    return path


def _narrow(folder: Path, widest: int) -> None:
    """Takes from a folder the rights beyond the widest mode that it may have; another owner's stays as it is."""
    mode = stat.S_IMODE(folder.stat().st_mode) if folder.exists() else 0
    if mode & ~widest:
        with suppress(PermissionError):
            folder.chmod(mode & widest)


def now() -> datetime:
    """The time in UTC. With HIREFUNNEL_AS_OF it starts at that instant and goes on from there.

    Raises:
        SettingsError: If HIREFUNNEL_AS_OF is not an ISO instant with an offset.
    """
    text = os.environ.get("HIREFUNNEL_AS_OF")
    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingsError(
            f"HIREFUNNEL_AS_OF is {text!r}; write an instant with an offset, such as 2026-03-01T04:00:00Z."
        )
    started = _replays.setdefault(text, time.monotonic())
    return moment.astimezone(UTC) + timedelta(seconds=time.monotonic() - started)


@contextmanager
def environment(values: Mapping[str, str | None]) -> Iterator[None]:
    """Sets environment variables (None unsets one) for a block and puts back what was there."""
    before = {name: os.environ.get(name) for name in values}
    _set_environment(values)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
