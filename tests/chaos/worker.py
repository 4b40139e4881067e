"""A process that lives through schedules, one after the other, on a site of its own."""

from __future__ import annotations

import os
from pathlib import Path

from tests.chaos import installation
from tests.chaos.installation import Reference, Site
from tests.chaos.kept import keep
from tests.chaos.schedule import draw
from tests.chaos.suite import Result, live_through

_site: Site


def settle(folder: Path) -> None:
    """Prepares this process."""
    global _site
    _site = Site(folder / f"site-{os.getpid()}")


def reference(folder: Path, world: int) -> Reference:
    """A world's reference, its warehouse in the folder."""
    return installation.reference(_site, folder, world)


def live(folder: Path, references: dict[int, Reference], seed: int) -> Result:
    """Lives through the schedule of a seed; the installation is kept if anything is wrong with it."""
    schedule = draw(seed)
    result = live_through(schedule, references[schedule.world], _site)
    if not result.is_good:
        _site.folder.rename(folder / f"seed-{seed}")
    keep(folder, result)
    return result
