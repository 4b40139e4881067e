"""The user's CSVs laid over the packaged ones, checked, as dbt's seeds."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from .errors import SettingsError
from .settings import PACKAGE_ROOT, Settings
from .vendors import VENDORS

PACKAGED = PACKAGE_ROOT / "dbt_models" / "seeds"
STAGES = (
    "contacted",
    "lead",
    "applied",
    "assessed",
    "recommended",
    "shortlisted",
    "hired",
    "rejected",
    "on_hold",
    "no_response",
)
KEY_TYPES = ("", "email", "phone", "linkedin")


@dataclass(frozen=True)
class Mapping:
    """One CSV: its columns, of which the first `key` name a row (a user's row replaces the packaged one).

    Attributes:
        allowed: For a column, the values it may have.
        optional: Columns that a file may leave out.
    """

    name: str
    columns: tuple[str, ...]
    key: int
    allowed: dict[str, tuple[str, ...]] = field(hash=False)
    optional: tuple[str, ...] = ()

    def identity(self, row: list[str]) -> tuple[str, ...]:
        """What makes two rows the same row; only campaign ids are told apart by case and spaces."""
        named = row[: self.key]
        if self.name == "campaign_map":
            return tuple(named)
        return tuple(value.lower().replace(" ", "_") for value in named)

    @property
    def file_name(self) -> str:
        """The name in the mappings folder and among the seeds."""
        return f"{self.name}.csv"


MAPPINGS = (
    Mapping(
        "campaign_map",
        ("vendor", "vendor_campaign_id", "hiring_campaign"),
        key=2,
        allowed={"vendor": tuple(VENDORS)},
    ),
    Mapping(
        "status_map",
        ("vendor", "vendor_status", "stage"),
        key=2,
        allowed={"vendor": tuple(VENDORS), "stage": STAGES},
    ),
    Mapping(
        "blocked_keys",
        ("key_type", "value", "reason"),
        key=2,
        allowed={"key_type": KEY_TYPES},
        optional=("key_type", "reason"),
    ),
)


def write_seeds(settings: Settings, folder: Path) -> None:
    """Writes the three CSVs that dbt loads into its seeds' folder.

    Raises:
        SettingsError: At the first line of a user's file that cannot be used.
    """
    for mapping, rows in read_mappings(settings).items():
        with (folder / mapping.file_name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(mapping.columns)
            writer.writerows(rows)


def read_mappings(settings: Settings) -> dict[Mapping, list[list[str]]]:
    """The rows of each CSV: the packaged ones, and the user's instead of or beside them.

    Raises:
        SettingsError: At the first line of a user's file that cannot be used.
    """
    found = {}
    for mapping in MAPPINGS:
        rows = _read(mapping, PACKAGED / mapping.file_name)
        own = settings.mappings_dir / mapping.file_name
        if own.is_file():
            rows |= _read(mapping, own)
        found[mapping] = list(rows.values())
    return found


def _read(mapping: Mapping, path: Path) -> dict[tuple[str, ...], list[str]]:
    """The file's rows by their key; keys compare without regard to case."""
    try:
        # utf-8-sig: spreadsheets put a byte order mark in front
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            for column in mapping.columns:
                if column not in header and column not in mapping.optional:
                    raise SettingsError(
                        f"{path} has no column {column!r}; its first line must be "
                        f"{','.join(mapping.columns)}."
                    )
            rows: dict[tuple[str, ...], list[str]] = {}
            for record in reader:
                row = [(record.get(column) or "").strip() for column in mapping.columns]
                if not any(row):
                    continue
                place = f"{path}, line {reader.line_num}"
                _check(mapping, row, place)
                if rows.setdefault(mapping.identity(row), row) is not row:
                    raise SettingsError(f"{place} says again what an earlier line says; keep one.")
            return rows
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}).") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{path} is not a CSV file in UTF-8 ({error}).") from None


def _check(mapping: Mapping, row: list[str], place: str) -> None:
    for column, value in zip(mapping.columns, row, strict=True):
        if not value and column not in mapping.optional:
            raise SettingsError(f"{place}: {column} is empty.")
        allowed = mapping.allowed.get(column)
        if allowed and value not in allowed:
            raise SettingsError(
                f"{place}: {column} is {value!r}; it must be one of {', '.join(filter(None, allowed))}."
            )
