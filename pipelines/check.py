"""Settings and credentials, tried against the vendors; nothing is loaded."""

from __future__ import annotations

from . import settings as configuration
from .errors import sentence
from .redact import mask
from .report import Reporter, log_file
from .run import prepare_vendors
from .vendor_sync import open_source
from .vendors import choose, is_configured


def check(names: list[str] | None, reporter: Reporter) -> int:
    """Asks each configured vendor for the cheapest thing that proves the credentials.

    What that costs is said; `ops.credits` does not have it, for no warehouse is opened.

    Returns:
        0 if each answered, else 1.

    Raises:
        SettingsError: If a setting is missing or malformed.
    """
    settings = configuration.load()
    settings.prepare()
    vendors = choose(names)
    prepare_vendors(settings, vendors)
    failed = 0
    with log_file(settings.logs_dir / "check.log"):
        for vendor in vendors:
            if not is_configured(vendor):
                reporter.say(f"{vendor.name}: skipped, no credentials", mark="skipped")
                continue
            with reporter.step(vendor.name):
                try:
                    source = open_source(vendor, settings)
                    answers = list(source.resources["probe"])
                except Exception as error:
                    failed += 1
                    reporter.say(f"{vendor.name}: {mask(sentence(error))}", mark="failed")
                    continue
            facts = ", ".join(
                f"{key} {value}" for answer in answers for key, value in answer.items()
            )
            reporter.say(f"{vendor.name}: answered ({facts})", mark="ok")
    return 1 if failed else 0
