"""What the user may choose about runs, in `HIREFUNNEL_...` variables: a bad word is one sentence."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import timedelta

from .errors import SettingsError

MOST_STALE_HOURS = 100 * 365 * 24  # a century


def check() -> None:
    """Says what is wrong with one of them before anything is done.

    Raises:
        SettingsError: At the first that is no such thing.
    """
    keep_logs()
    is_pseudonymised()
    stale_after()
    build_memory()


def keep_logs() -> timedelta:
    """How long the log of a run is kept (HIREFUNNEL_KEEP_LOGS_DAYS; a month).

    Raises:
        SettingsError: If it is no number of days.
    """
    text = os.environ.get("HIREFUNNEL_KEEP_LOGS_DAYS") or "30"
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise SettingsError(
            f"HIREFUNNEL_KEEP_LOGS_DAYS is {text!r}; write a number of days, such as 30."
        )
    return timedelta(days=int(text))


def is_pseudonymised() -> bool:
    """Whether the published copy gets keyed hashes in place of who people are (HIREFUNNEL_PSEUDONYMISE).

    Raises:
        SettingsError: If it is neither true nor false.
    """
    text = os.environ.get("HIREFUNNEL_PSEUDONYMISE") or "false"
    if text not in {"true", "false"}:
        raise SettingsError(f"HIREFUNNEL_PSEUDONYMISE is {text!r}; write true or false.")
    return text == "true"


def stale_after() -> timedelta:
    """How old a resource's last success may be (HIREFUNNEL_STALE_AFTER_HOURS; a night and a half)."""
    text = os.environ.get("HIREFUNNEL_STALE_AFTER_HOURS") or "36"
    with suppress(ValueError):
        hours = float(text)
        if 0 < hours <= MOST_STALE_HOURS:
            return timedelta(hours=hours)
    raise SettingsError(
        f"HIREFUNNEL_STALE_AFTER_HOURS is {text!r}; write a number of hours, such as 36."
    )


def build_memory() -> str | None:
    """What a build may hold in memory before it spills to disk (HIREFUNNEL_MEMORY_LIMIT), as DuckDB writes sizes.

    Raises:
        SettingsError: If it is no size.
    """
    text = os.environ.get("HIREFUNNEL_MEMORY_LIMIT")
    if text and not re.fullmatch(r"[1-9]\d{0,8} ?[kmgt]i?b", text, flags=re.IGNORECASE | re.ASCII):
        raise SettingsError(f"HIREFUNNEL_MEMORY_LIMIT is {text!r}; write a size, such as 4GB.")
    return text or None
