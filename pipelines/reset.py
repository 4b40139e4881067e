"""Forgetting cursors: the next run reads all again; unchanged records add nothing."""

from __future__ import annotations

from . import settings as configuration
from .errors import SettingsError, sentence
from .redact import mask
from .report import Reporter
from .run import open_run
from .vendors import choose


def reset(vendor_name: str, resource: str | None, reporter: Reporter) -> int:
    """Drops the dlt state of a vendor, or of one of its resources, here and in the warehouse.

    Pages that were paid for and are not loaded yet stay: the next run loads them, and does not pay for them again.

    Raises:
        SettingsError: If there is no such vendor or resource.
    """
    settings = configuration.load()
    (vendor,) = choose([vendor_name])
    known = [*vendor.resources, *vendor.options.values()]
    if resource is not None and resource not in known:
        raise SettingsError(
            f"{vendor.name} has no resource {resource!r}; choose from {', '.join(known)}."
        )
    names = [resource] if resource else known
    with open_run(settings, "reset", reporter) as run:
        from .packages import open_drained
        from .pipeline import forget_cursors

        pipeline, kept = open_drained(vendor, settings)
        for folder, error in kept:
            reason = mask(sentence(error))
            run.history.add_set_aside(
                run.run_id, vendor.name, folder.name, reason, configuration.now()
            )
            run.reporter.say(
                f"{vendor.name}: load packages that cannot be loaded ({reason}) are kept in set_aside/{folder.name}",
                mark="partial",
            )
        forgotten = forget_cursors(pipeline, names)
        run.reporter.say(
            f"{vendor.name}: cursors of {', '.join(forgotten)} forgotten"
            if forgotten
            else f"{vendor.name}: there were no cursors to forget",
            mark="ok",
        )
    return 0
