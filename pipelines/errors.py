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
