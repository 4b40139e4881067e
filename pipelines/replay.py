"""Load packages that were set aside, put into the warehouse after all."""

from __future__ import annotations

from . import settings as clock
from .errors import SettingsError
from .report import Reporter
from .run import open_run
from .vendors import VENDORS


def replay(name: str, reporter: Reporter) -> int:
    """Adds the versions that a folder of `set_aside` holds and the warehouse lacks.

    Raises:
        SettingsError: If there is no such folder.
        HirefunnelError: If what it holds cannot be read.
    """
    settings = clock.load()
    folder = settings.set_aside_dir / name
    vendor = VENDORS.get(name.split("-")[0])
    if vendor is None or not folder.is_dir() or folder.parent != settings.set_aside_dir:
        raise SettingsError(f"There is no {name!r} in {settings.set_aside_dir}; see `status`.")
    with open_run(settings, "replay", reporter) as run:
        from . import packages, pipeline

        pipeline.create_missing_tables(settings)
        added = packages.replay(vendor, settings, folder)
        run.history.note_replayed(name, clock.now())
        run.reporter.say(f"{name}: {added:,} versions added", mark="ok")
    return 0
