"""One vendor's part of a run: what is pending first, then resource by resource.

The unit of commitment is the load package, some seconds of a resource's reading: its rows and its cursor reach the
warehouse together or not at all. A resource that fails keeps what it brought until then, and leaves the others alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import database, packages, rejected
from . import settings as clock
from .credit_notes import CreditNotes
from .curl import CurlSession
from .errors import WarehouseHeldError, root_cause, sentence
from .forgotten import Forgotten
from .history import History, ResourceRun
from .redact import mask
from .report import Reporter, Step
from .resource_sync import ResourceSync
from .settings import Settings
from .vendors import Vendor, is_configured

if TYPE_CHECKING:
    from dlt.extract import DltSource
    from duckdb import DuckDBPyConnection

log = logging.getLogger("hirefunnel")

LOAD_MEMORY = "96MB"

# Vendors are read side by side and written one after the other: loads are short beside the vendors' answers.
writing = threading.Lock()


def open_source(vendor: Vendor, settings: Settings, **arguments: Any) -> DltSource:
    """The vendor's source with its settings, and what the conductor adds to them."""
    arguments["as_of"] = clock.now().isoformat()
    if vendor.pays:
        arguments["page_store"] = str(settings.spool_dir / vendor.name)
    else:  # libcurl asks once more of its own accord if a connection that it kept was closed meanwhile
        arguments["session"] = CurlSession()
    return vendor.source(**arguments)


class VendorSync:
    """One vendor's part of a run.

    Args:
        vendor: Which.
        settings: Where things are.
        reporter: Told how far it is.
        history: Where what must not be lost is noted at once.
        run_id: The run's name.
        stop: Set when the run is to end.
    """

    def __init__(
        self,
        vendor: Vendor,
        settings: Settings,
        reporter: Reporter,
        history: History,
        run_id: str,
        stop: threading.Event,
    ) -> None:
        self.vendor = vendor
        self.settings = settings
        self.reporter = reporter
        self.history = history
        self.run_id = run_id
        self.stop = stop
        self.credits = CreditNotes(vendor, settings, run_id)
        self.rejections: dict[str, set[str]] = {}  # by resource: the mappings that rejected records

    def run(self, resources: tuple[str, ...] = (), **arguments: Any) -> list[ResourceRun]:
        """Reads and loads, in the source's order.

        Args:
            resources: Only these; all that are selected by default.
            arguments: For the source, besides its settings.
        """
        started_at = clock.now()
        try:
            with self.reporter.step(self.vendor.name) as step:
                self._drain(step)
            if not is_configured(self.vendor):
                return [
                    ResourceRun(self.vendor.name, name, started_at, clock.now(), "skipped")
                    for name in resources or self.vendor.resources
                ]
            source = open_source(self.vendor, self.settings, **arguments)
        except Exception as error:
            return [
                self.failure(name, started_at, error) for name in resources or self.vendor.resources
            ]
        names = [name for name in source.selected_resources if not resources or name in resources]
        return [ResourceSync(self, source, name, is_full=not arguments).run() for name in names]

    def _drain(self, step: Step | None = None) -> None:
        """Loads what an earlier run left; what can never be loaded is set aside."""
        if step is not None:
            step.update("loading what an earlier run left")
        with self.writing() as connection:
            self.credits.end_killed()
            self.forgotten = Forgotten.load(self.settings)
            self.pipeline, kept = packages.open_drained(self.vendor, self.settings)
            self.rejections = rejected.mappings(connection, self.vendor.dataset)
            for folder, error in kept:
                self._note_set_aside(folder.name, error)

    def after_failed_load(self, error: Exception) -> None:
        """Sets aside a package that could not be loaded, unless the same may work another time."""
        if not self.pipeline.has_pending_data or database.is_passing(error):
            return
        with self.writing():
            folder = packages.set_aside(self.vendor, self.settings)
            self._note_set_aside(folder.name, error)
            self.pipeline, _ = packages.open_drained(self.vendor, self.settings)

    def _note_set_aside(self, folder: str, error: Exception) -> None:
        reason = mask(sentence(error))
        self.history.add_set_aside(self.run_id, self.vendor.name, folder, reason, clock.now())
        self.reporter.say(
            f"{self.vendor.name}: load packages that cannot be loaded ({reason}) are kept in set_aside/{folder}; "
            "what they hold is read again",
            mark="partial",
        )

    @contextmanager
    def writing(self) -> Iterator[DuckDBPyConnection]:
        """The warehouse, for this vendor alone; held open, so that dlt's many connections in it open nothing."""
        with writing, database.connect(self.settings.warehouse, memory=LOAD_MEMORY) as connection:
            yield connection

    def failure(self, name: str, started_at: datetime, error: Exception) -> ResourceRun:
        """A failed resource; if another program has the warehouse, nothing can go on."""
        if isinstance(error, WarehouseHeldError):
            raise error
        if database.is_held(root_cause(error)):
            raise WarehouseHeldError(
                "The warehouse is open in another program; close it there and run again."
            ) from None
        log.error("%s %s failed", self.vendor.name, name, exc_info=error)
        return ResourceRun(
            vendor=self.vendor.name,
            resource=name,
            started_at=started_at,
            finished_at=clock.now(),
            status="failed",
            error=mask(sentence(error)),
        )
