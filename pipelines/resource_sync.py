"""One resource's reading: package after package, then what is known once all is loaded."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

import dlt
from dlt.common.pipeline import ExtractInfo, LoadInfo

from . import drift, rejected, versions
from . import settings as clock
from .column_sql import column_name
from .drift import Drift
from .history import ResourceRun
from .progress import Progress
from .reading import VersionedResource
from .redact import mask
from .report import Step
from .vanished import vanished

if TYPE_CHECKING:
    from dlt.extract import DltSource

    from .vendor_sync import VendorSync

# Once so much was read, or for so long, it is loaded together with its cursor, and reading goes on.
CHECKPOINT_BYTES = 48 * 1024 * 1024
CHECKPOINT_S = 30.0


class ResourceSync:
    """One resource's reading, from its first page to what is known once it is loaded."""

    def __init__(self, owner: VendorSync, source: DltSource, name: str, *, is_full: bool) -> None:
        self.owner, self.name = owner, name
        self.vendor = owner.vendor
        self.title = f"{owner.vendor.name} · {name}"
        self.is_full = is_full
        self.part = source.with_resources(name)
        resource = self.part.resources[name]
        self.key = versions.record_key(resource)
        self.types = {
            column: str(hints["data_type"])
            for column, hints in versions.declared_columns(resource).items()
        }
        self.naming = self.part.schema.naming.normalize_identifier
        self.progress = Progress()
        self.metrics: dict[str, Any] = {}
        self.rows_read = self.versions_added = self.rows_rejected = self.rows_deleted = 0
        self.drift: list[Drift] = []

    def run(self) -> ResourceRun:
        """Reads and loads, package after package."""
        started_at = clock.now()
        error: Exception | None = None
        with self.owner.reporter.step(self.title) as step:
            try:
                self._read(step)
            except Exception as failed:
                error = failed
        failures = self.metrics.get("failures", [])
        status = "failed" if failures else "ok"
        if not failures and self.metrics.get("stopped_by_budget"):
            status = "partial"
        text = mask(" | ".join(failures)) or None
        if error is not None:
            failure = self.owner.failure(self.name, started_at, error)
            status, text = failure.status, failure.error
        return ResourceRun(
            vendor=self.vendor.name,
            resource=self.name,
            started_at=started_at,
            finished_at=clock.now(),
            status=status,
            rows_read=self.rows_read,
            versions_added=self.versions_added,
            error=text,
            rows_rejected=self.rows_rejected,
            rows_deleted=self.rows_deleted,
            drift=tuple(self.drift),
        )

    def _read(self, step: Step) -> None:
        reading = VersionedResource(
            self.part.resources[self.name],
            self.naming,
            clock.now,
            lambda records: self._on_page(step, records),
            is_due=_Checkpoint().is_due,
            keeps_keys=self.name in self.vendor.listings,
        )
        try:
            retried = self._add_rejected(reading)
            while not reading.is_done:
                self._load_package(reading)
                if retried:
                    self._settle(retried, reading.mapping)
                    retried = []
                if not reading.is_done:
                    self._say_progress()
            self._notice_drift(reading)
            if reading.error is not None:
                raise reading.error
            self._mark_vanished(reading)
        finally:
            reading.close()

    def _on_page(self, step: Step, records: int) -> None:
        if self.owner.stop.is_set():
            raise InterruptedError("stopped before it was complete")
        self.rows_read += records
        self.progress.note(dlt.current.resource_metrics().get("progress"))
        step.tick(records, str(self.progress))

    def _say_progress(self) -> None:
        how_far = str(self.progress)
        self.owner.reporter.say(
            f"{self.title}: {self.rows_read:,} read" + (f", {how_far}" if how_far else "")
        )

    def _load_package(self, reading: VersionedResource) -> None:
        pipeline = self.owner.pipeline
        extracted = pipeline.extract(self.part, loader_file_format="parquet")
        found = _custom_metrics(extracted, self.name)
        self.part.resources[
            self.name
        ].custom_metrics.clear()  # dlt adds them up, package by package
        spent = found.pop("credits", {})
        _add_metrics(self.metrics, found)
        try:
            with self.owner.writing():
                if self.vendor.pays:
                    self.owner.note_credits(self.name, spent)
                pipeline.normalize()
                loaded = pipeline.load()
                self.versions_added += self._rows_of(loaded, self.name)
                self.rows_rejected += self._rows_of(loaded, versions.REJECTED)
        except Exception as error:
            self.owner.after_failed_load(error)
            raise

    def _rows_of(self, loaded: LoadInfo, table: str) -> int:
        """How many rows a load added; found by the load's id, so that DuckDB skips what is older."""
        with self.owner.pipeline.sql_client() as client:
            rows = client.execute_sql(
                f"select count(*) from {client.make_qualified_table_name(table)} where _dlt_load_id in "
                f"({', '.join(['%s'] * len(loaded.loads_ids)) or 'null'})",
                *loaded.loads_ids,
            )
        return int(rows[0][0]) if rows else 0

    def _add_rejected(self, reading: VersionedResource) -> list[str]:
        """Tries again what another mapping of the resource rejected."""
        with self.owner.writing() as connection:
            records = rejected.to_retry(
                connection, self.vendor.dataset, self.name, reading.mapping, self.types, self.key
            )
        return reading.add_records(records)

    def _settle(self, hashes: list[str], mapping: str) -> None:
        with self.owner.writing() as connection:
            rejected.settle(connection, self.vendor.dataset, hashes, mapping)

    def _notice_drift(self, reading: VersionedResource) -> None:
        """Compares what the records were made of with other nights."""
        now = clock.now()
        with self.owner.writing() as connection:
            self.drift = drift.notice(
                connection,
                self.vendor.name,
                self.name,
                reading.fields,
                self.rows_read,
                set(self.types),
                lambda field: column_name(field, self.naming),
                now,
            )
            self.owner.history.add_drift(
                self.owner.run_id, self.vendor.name, self.name, self.drift, now
            )

    def _mark_vanished(self, reading: VersionedResource) -> None:
        """Gives what complete listings no longer show a version that says so."""
        listings = self.metrics.get("complete_listings", [])
        if not listings or self.name not in self.vendor.listings or not self.is_full:
            return
        with self.owner.writing() as connection:
            rows = vanished(
                connection,
                f"{self.vendor.dataset}.{self.name}",
                self.types,
                self.key,
                listings,
                reading.key_hashes,
                clock.now(),
            )
        if len(rows):
            before = self.versions_added
            reading.add_rows(rows)
            self._load_package(reading)
            self.rows_deleted = self.versions_added - before


class _Checkpoint:
    """Cuts a resource's reading into load packages: what a kill costs at most, and what memory holds."""

    def __init__(self) -> None:
        self._last = monotonic()

    def is_due(self, bytes_read: int) -> bool:
        """Whether what was read is to be loaded now."""
        if bytes_read < CHECKPOINT_BYTES and monotonic() - self._last < CHECKPOINT_S:
            return False
        self._last = monotonic()
        return True


def _add_metrics(metrics: dict[str, Any], found: dict[str, Any]) -> None:
    """What one package's reading told, added to what the resource's told so far."""
    listings = metrics.get("complete_listings", []) + found.pop("complete_listings", [])
    metrics |= {**found, "complete_listings": listings}


def _custom_metrics(extracted: ExtractInfo, resource: str) -> dict[str, Any]:
    """What the source told besides records, such as credits spent."""
    found: dict[str, Any] = {}
    for of_loads in extracted.metrics.values():
        for package in of_loads:
            metrics = package["resource_metrics"].get(resource)
            found |= getattr(metrics, "custom_metrics", None) or {}
    return found
