"""Forgetting cursors: the next run reads all again; unchanged records add nothing."""

from __future__ import annotations

import shutil

from . import settings as configuration
from .errors import SettingsError
from .report import Reporter
from .run import open_run
from .vendors import choose


def reset(vendor_name: str, resource: str | None, reporter: Reporter) -> int:
    """Drops the dlt state of a vendor, or of one of its resources, here and in the warehouse.

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

        pipeline, _ = open_drained(vendor, settings)
        forgotten = forget_cursors(pipeline, names)
        shutil.rmtree(settings.spool_dir / vendor.name, ignore_errors=True)
        run.reporter.say(
            f"{vendor.name}: cursors of {', '.join(forgotten)} forgotten"
            if forgotten
            else f"{vendor.name}: there were no cursors to forget",
            mark="ok",
        )
    return 0
