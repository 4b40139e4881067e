"""The five vendors as the conductor sees them: where the source is, what it needs, what it offers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from math import isfinite
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import SettingsError

if TYPE_CHECKING:
    from dlt.extract import DltSource


@dataclass(frozen=True)
class Vendor:
    """One vendor.

    Attributes:
        name: The folder in `sources/`, the section in dlt's settings, and `raw_<name>`.
        resources: Its raw tables, in the order in which they are read.
        secrets: Without these the vendor is skipped.
        required: With the secrets, these must be set too.
        options: Settings that switch on an optional resource, whose table exists all the same.
        pays: Whether reads cost money, so that a page must never be asked for twice.
        listings: Resources of which a complete reading shows all that there is.
        window_days: How many days a window of a backfill has; None if the vendor knows no dates.
        backfills: The resources that a backfill reads.
    """

    name: str
    resources: tuple[str, ...]
    secrets: tuple[str, ...]
    required: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict, hash=False)
    pays: bool = False
    listings: tuple[str, ...] = ()
    window_days: int | None = None
    backfills: tuple[str, ...] = ()

    @property
    def dataset(self) -> str:
        """The schema of its raw tables."""
        return f"raw_{self.name}"

    def source(self, **arguments: Any) -> DltSource:
        """Its dlt source; settings not given here come from dlt's configuration."""
        factory: Callable[..., DltSource] = getattr(
            import_module(f"sources.{self.name}"), self.name
        )
        return factory(**arguments)

    def blueprint(self) -> DltSource:
        """Its source with all resources and no credentials: for the tables it would load."""
        settings = dict.fromkeys((*self.secrets, *self.required), "-")
        return self.source(**settings, **dict.fromkeys(self.options, True))


VENDORS = {
    vendor.name: vendor
    for vendor in (
        Vendor(
            "hirednow",
            ("results",),
            ("api_key",),
            ("campaign_ids",),
            options={"detailed": "detailed_results"},
            window_days=7,
            backfills=("results", "detailed_results"),
        ),
        Vendor(
            "talkpush",
            ("leads", "campaigns"),
            ("api_key",),
            ("base_url",),
            window_days=7,
            backfills=("leads",),
        ),
        Vendor(
            "linkup",
            ("jobs", "candidates"),
            ("api_key",),
            ("account_id",),
            pays=True,
            listings=("jobs", "candidates"),
            backfills=("jobs", "candidates"),
        ),
        Vendor(
            "closerx",
            ("hourly_metrics",),
            ("api_key",),
            ("company_name", "campaign_ids"),
            window_days=31,
            backfills=("hourly_metrics",),
        ),
        Vendor(
            "easir",
            ("campaigns", "campaign_recipients"),
            ("client_id", "client_secret"),
            listings=("campaigns", "campaign_recipients"),
            window_days=31,
            backfills=("campaign_recipients",),
        ),
    )
}

_LISTS = ("campaign_ids", "job_ids")
_DATES = ("start_date",)
_WHOLE_NUMBERS = (
    "lookback_days",
    "page_size",
    "parallel_requests",
    "max_retries",
    "full_reread_days",
)
_NUMBERS = (*_WHOLE_NUMBERS, "max_credits_per_run", "requests_per_second", "timeout_s")
_MAY_BE_ZERO = {
    "lookback_days",
    "max_retries",
    "max_credits_per_run",
    "requests_per_second",
    "full_reread_days",
}


def choose(names: list[str] | None) -> list[Vendor]:
    """The vendors named on the command line, or all.

    Raises:
        SettingsError: If a name is none of the five.
    """
    for name in names or ():
        if name not in VENDORS:
            raise SettingsError(f"{name!r} is no vendor; choose from {', '.join(VENDORS)}.")
    return [VENDORS[name] for name in dict.fromkeys(names)] if names else list(VENDORS.values())


def setting(vendor: Vendor, name: str) -> Any:
    """A setting as dlt's configuration has it, or None."""
    import dlt

    key = f"sources.{vendor.name}.{name}"
    return (dlt.secrets if name in vendor.secrets else dlt.config).get(key)


def _variable(vendor: Vendor, name: str) -> str:
    return f"SOURCES__{vendor.name.upper()}__{name.upper()}"


def secret_values(vendors: list[Vendor]) -> list[str]:
    """The secrets that are set, so that they can be masked wherever text is written."""
    found = [setting(vendor, name) for vendor in vendors for name in vendor.secrets]
    return [str(value) for value in found if value]


def is_configured(vendor: Vendor) -> bool:
    """Whether its secrets are set.

    Raises:
        SettingsError: If some are and some are not.
    """
    present = [name for name in vendor.secrets if setting(vendor, name)]
    missing = [name for name in vendor.secrets if name not in present]
    if present and missing:
        raise SettingsError(
            f"{vendor.name} has {present[0]} but no {missing[0]}; set {_variable(vendor, missing[0])} too."
        )
    return bool(present)


def validate(vendor: Vendor) -> None:
    """Checks a configured vendor's settings before anything is asked of it.

    Raises:
        SettingsError: At the first setting that is missing or malformed, naming its variable.
    """
    for name in vendor.required:
        if setting(vendor, name) in (None, "", "[]", []):
            raise SettingsError(
                f"{vendor.name} has credentials but no {name}; "
                f"set {_variable(vendor, name)} (or {name} under [sources.{vendor.name}])."
            )
    for name in _LISTS:
        value = setting(vendor, name)
        if isinstance(value, str) and not _is_list(value):
            _refuse(vendor, name, value, """a list such as '["first", "second"]'""")
    for name in _DATES:
        value = setting(vendor, name)
        if value and not _is_date(str(value)):
            _refuse(vendor, name, value, "a date such as 2026-01-31")
    for name in _NUMBERS:
        _check_number(vendor, name, setting(vendor, name))
    for name in ("base_url", "auth_url"):
        value = setting(vendor, name)
        if value and not re.match(r"https?://[^\s/]+", str(value)):
            _refuse(vendor, name, value, "an address that begins with https://")
    zone = setting(vendor, "timezone")
    if zone:
        try:
            ZoneInfo(str(zone))
        except (ZoneInfoNotFoundError, ValueError):
            _refuse(vendor, "timezone", zone, "a zone such as Europe/Copenhagen")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


def _check_number(vendor: Vendor, name: str, value: Any) -> None:
    if value is None:
        return
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1
    if not isfinite(number) or number < 0 or (number == 0 and name not in _MAY_BE_ZERO):
        _refuse(vendor, name, value, "a number above zero")
    if name in _WHOLE_NUMBERS and number != int(number):
        _refuse(vendor, name, value, "a whole number")


def _refuse(vendor: Vendor, name: str, value: Any, wanted: str) -> None:
    raise SettingsError(f"{_variable(vendor, name)} is {value!r}; it must be {wanted}.")
