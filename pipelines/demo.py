"""The demo: five simulated vendors on loopback, nightly runs over them, and what to look at next."""

from __future__ import annotations

import csv
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from . import settings as configuration
from .copies import newest
from .errors import SettingsError
from .history import History
from .lock import hold
from .report import Reporter
from .run import open_run, prepare_vendors
from .settings import Settings, environment
from .vendors import VENDORS

if TYPE_CHECKING:
    from simulator import World

NEXT = """
What to look at next
  hirefunnel status                          what is fresh, what drifted, what it cost
  duckdb {published}
    from marts.rpt_funnel;                   how each campaign and source converts, week by week
    from marts.rpt_stage_durations;          how long each stage takes
    from marts.rpt_costs;                    what a lead and a hire cost
    from marts.person_records;               who is one person, and why
  the warehouse, with every version of every record: {warehouse}
  your own vendors: copy .dlt/secrets.example.toml to .dlt/secrets.toml, then `hirefunnel run`
  with HIREFUNNEL_DATA_DIR set to another folder
"""


def demo(nights: int, people: int, reporter: Reporter) -> int:
    """Runs the nightly job over a simulated world, once a night.

    Args:
        nights: How many runs; the last one is tonight's.
        people: How many people the world has.

    Returns:
        The worst exit code of the nights.

    Raises:
        SettingsError: If the warehouse holds real data.
    """
    from simulator import World, serve

    settings = configuration.load()
    _refuse_real_data(settings)
    settings.prepare()
    with hold(settings, "demo"):
        _start_anew(settings)
    tonight = datetime.now(UTC).replace(microsecond=0)
    world = World(seed=7, people=people, now=tonight - timedelta(days=nights - 1))
    mappings = settings.data_dir / "demo_mappings"
    _write_campaign_map(world, mappings)
    exit_code = 0
    with serve(world) as simulator:
        variables = {
            **_no_settings_of_the_user(),
            **simulator.settings(),
            "HIREFUNNEL_MAPPINGS_DIR": str(mappings),
            # dlt reads `.dlt/` here, where there is none
            "DLT_PROJECT_DIR": str(settings.data_dir),
        }
        for night in range(nights):
            reporter.say(f"night {night + 1} of {nights}: {world.now:%A %d %B %Y}")
            with environment(variables | {"HIREFUNNEL_AS_OF": world.now.isoformat()}):
                exit_code = max(exit_code, _night(reporter))
            if night + 1 < nights:
                world.advance(days=1)
    published = newest(settings)
    if published is not None:
        from .tables import print_funnel

        reporter.console.print()
        print_funnel(published, reporter.console)
        reporter.console.print(
            NEXT.format(
                published=_short(settings.published_dir / "current.duckdb"),
                warehouse=_short(settings.warehouse),
            ),
            markup=False,
            soft_wrap=True,
        )
    return exit_code


def _night(reporter: Reporter) -> int:
    settings = configuration.load()
    vendors = list(VENDORS.values())
    with open_run(settings, "demo", reporter) as run:
        prepare_vendors(settings, [])
        run.sync(vendors)
        run.build()
        run.publish()
    return 1 if run.failures else 0


def _no_settings_of_the_user() -> dict[str, str | None]:
    """Real vendors' settings, unset: none of them is for the simulator."""
    return {name: None for name in os.environ if name.startswith("SOURCES__")}


def _refuse_real_data(settings: Settings) -> None:
    """Only what a demo made may be replaced by another demo.

    Raises:
        SettingsError: If there is a warehouse, or cursors, that no demo made.
    """
    is_demo = History(settings.warehouse).is_demo()
    has_cursors = settings.dlt_dir.exists() and any(settings.dlt_dir.iterdir())
    if not is_demo and (settings.warehouse.exists() or has_cursors):
        raise SettingsError(
            f"{settings.warehouse} or {settings.dlt_dir} was not made by a demo; "
            "set HIREFUNNEL_DATA_DIR to another folder for this one."
        )


def _start_anew(settings: Settings) -> None:
    """Removes an earlier demo's warehouse and cursors."""
    for path in (
        settings.warehouse,
        settings.warehouse.with_name(settings.warehouse.name + ".wal"),
    ):
        path.unlink(missing_ok=True)
    for folder in (settings.dlt_dir, settings.spool_dir):
        shutil.rmtree(folder, ignore_errors=True)
    settings.prepare()


def _write_campaign_map(world: World, folder: Path) -> None:
    """The user's part: which vendors' campaigns are one hiring campaign."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "campaign_map.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("vendor", "vendor_campaign_id", "hiring_campaign"))
        for campaign in world.campaigns():
            writer.writerow(
                (campaign.vendor, campaign.vendor_campaign_id, campaign.hiring_campaign)
            )


def _short(path: Path) -> str:
    """Relative to the working folder where that is shorter."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
