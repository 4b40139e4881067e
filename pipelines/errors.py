"""The failures a user can meet, each with its exit code. Anything else that escapes is a bug."""

from __future__ import annotations


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
    cause = root_cause(error)
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def root_cause(error: BaseException) -> BaseException:
    """The innermost cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
