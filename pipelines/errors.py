"""The failures a user can meet, each with its exit code. Anything else that escapes is a bug."""

from __future__ import annotations

import re

STOPPED = 130  # the exit code of what Ctrl-C or a scheduler ends


class HirefunnelError(Exception):
    """One clear sentence for the user: what, where, what to do."""

    exit_code = 1


class SettingsError(HirefunnelError):
    """A setting, a mapping file or an argument is wrong; nothing was done."""

    exit_code = 2


class WarehouseHeldError(HirefunnelError):
    """Another run, or another program, holds the warehouse; nothing was done."""

    exit_code = 3


def sentence(error: BaseException) -> str:
    """What happened, in one line: the innermost cause, without dlt's wrappers around it."""
    known = explained(error)
    if known is not None:
        return str(known)
    cause = root_cause(error)
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def root_cause(error: BaseException) -> BaseException:
    """The innermost cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


# What the machine could not do, by the words that the system and DuckDB have for it.
_TROUBLES = (
    (
        re.compile("No space left on device|Disk quota exceeded"),
        "The disk is full ({reason}); free some space and run again: what was loaded is kept.",
    ),
    (
        re.compile("Read-only file system|Permission denied|Operation not permitted"),
        "A file cannot be written or read ({reason}); see to its rights, or to where the data folder is.",
    ),
    (
        re.compile("replaying WAL|Corrupt WAL"),
        "The log of the warehouse's latest changes is damaged ({reason}); move that file away and run again: "
        "what it held is read again.",
    ),
    (
        # a load package's file that is cut off is another matter
        re.compile(r"Corrupt database file|read enough bytes(?!.*\.parquet)|not a valid DuckDB"),
        "The warehouse cannot be opened or read ({reason}); restore it from a backup, or move it away and "
        "run again to read everything anew.",
    ),
)


def trouble(text: str) -> str | None:
    """What happened and what to do, if an engine's text tells of the machine: disk full, no rights, damage."""
    for words, told in _TROUBLES:
        line = next((line for line in text.splitlines() if words.search(line)), None)
        if line is not None:
            return told.format(reason=line.strip()[:300])
    return None


def explained(error: BaseException) -> HirefunnelError | None:
    """What a user can do about an error that is no bug, found behind the wrappers around it; None for a bug."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        if isinstance(cause, HirefunnelError):
            return cause
        # other OSErrors may be a vendor's words, and tell of another machine
        is_ours = type(cause).__module__.startswith(("duckdb", "_duckdb"))
        is_ours = is_ours or (isinstance(cause, OSError) and cause.errno is not None)
        told = trouble(str(cause)) if is_ours else None
        if told is not None:
            return HirefunnelError(told)
        cause = cause.__cause__ or cause.__context__
    return None
