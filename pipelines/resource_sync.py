"""One resource's reading: package after package, then what is known once all is loaded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import dlt
import pyarrow as pa
from dlt.common.pipeline import LoadInfo

from . import drift, rejected, versions
from . import settings as clock
from .column_sql import column_name
from .drift import Drift
from .forgotten import Forgotten
from .history import ResourceRun
from .loading import Checkpoint, LoadBeside
from .metrics import add_metrics, custom_metrics
from .progress import Progress
from .reading import VersionedResource
from .redact import mask
from .report import Step
from .vanished import vanished

if TYPE_CHECKING:
    from dlt.extract import DltSource
    from duckdb import DuckDBPyConnection

    from .vendor_sync import VendorSync


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
        self.rows_kept_out = 0
        self.drift: list[Drift] = []
        self.retried: list[str] = []
        self.beside = LoadBeside()

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
        forgotten = self.owner.forgotten
        reading = VersionedResource(
            self.part.resources[self.name],
            self.naming,
            clock.now,
            lambda records: self._on_page(step, records),
            is_due=Checkpoint().is_due,
            keeps_keys=self.name in self.vendor.listings,
            keep=partial(self._keep, forgotten) if forgotten else None,
            beside=self.beside.loading,
        )
        try:
            self._add_rejected(reading)
            while not reading.is_done:
                self._load_package(reading)
                if not reading.is_done:
                    self._say_progress()
            if reading.error is not None:
                raise reading.error
            self._mark_vanished(reading)
        finally:
            reading.close()
            if self.rows_kept_out:
                self.owner.reporter.say(
                    f"{self.title}: {self.rows_kept_out:,} rows of people who were forgotten were kept out"
                )

    def _keep(self, forgotten: Forgotten, rows: pa.Table) -> pa.Table:
        """What is about nobody who was forgotten."""
        kept = forgotten.without(rows, self.vendor.name, self.name)
        self.rows_kept_out += len(rows) - len(kept)
        return kept

    def _on_page(self, step: Step, records: int) -> None:
        if self.owner.stop.is_set():
            raise InterruptedError("stopped before it was complete")
        self.rows_read += records
        step.tick(records, self._how_far)

    def _how_far(self) -> str:
        self.progress.note(dlt.current.resource_metrics().get("progress"))
        return str(self.progress)

    def _say_progress(self) -> None:
        how_far = str(self.progress)
        self.owner.reporter.say(
            f"{self.title}: {self.rows_read:,} read" + (f", {how_far}" if how_far else "")
        )

    def _load_package(self, reading: VersionedResource) -> None:
        """Makes a package of what is read, while the one before it is loaded; loads it, too, if it is the last."""
        pipeline = self.owner.pipeline
        try:
            extracted = pipeline.extract(self.part, loader_file_format="parquet")
        except Exception:
            if self.beside.error is not None:  # the extract ended for that
                self.owner.after_failed_load(self.beside.error)
                raise self.beside.error from None
            raise
        found = custom_metrics(extracted, self.name)
        self.part.resources[
            self.name
        ].custom_metrics.clear()  # dlt adds them up, package by package
        self.progress.note(found.get("progress"))
        spent = found.pop("credits", {})
        add_metrics(self.metrics, found)
        try:
            pipeline.normalize()
            self.beside.put(partial(self._load, reading, spent, is_last=reading.is_done))
            if reading.is_done or self.vendor.pays:  # what was paid is noted before more is spent
                self.beside.load_now()
        except Exception as error:
            self.owner.after_failed_load(error)
            raise

    def _load(self, reading: VersionedResource, spent: dict[str, float], *, is_last: bool) -> None:
        with self.owner.writing() as connection:
            if self.vendor.pays:
                self.owner.credits.add(self.name, spent, clock.now())
            loaded = self.owner.pipeline.load()
            self.versions_added += self._rows_of(connection, loaded, self.name)
            self.rows_rejected += self._rows_of(connection, loaded, versions.REJECTED)
            self._settle_rejected(connection, reading, is_last=is_last)
            if is_last:
                self._notice_drift(connection, reading)

    def _rows_of(self, connection: DuckDBPyConnection, loaded: LoadInfo, table: str) -> int:
        """How many rows a load added; found by the load's id, so that DuckDB skips what is older."""
        row = connection.execute(
            f"select count(*) from {self.vendor.dataset}.{table} "
            "where _dlt_load_id in (select unnest(?::varchar[]))",
            [loaded.loads_ids],
        ).fetchone()
        return int(row[0]) if row else 0

    def _add_rejected(self, reading: VersionedResource) -> None:
        """Tries again what another mapping of the resource rejected."""
        if not self.owner.rejections.get(self.name, set()) - {reading.mapping}:
            return
        with self.owner.writing() as connection:
            self._supersede(connection)
            records = rejected.to_retry(connection, self.vendor.dataset, self.name, reading.mapping)
        self.retried = reading.add_records(records)

    def _settle_rejected(
        self, connection: DuckDBPyConnection, reading: VersionedResource, *, is_last: bool
    ) -> None:
        if self.retried:
            rejected.settle(connection, self.vendor.dataset, self.retried, reading.mapping)
            self.retried = []
        if is_last and (self.rows_rejected or self.owner.rejections.get(self.name)):
            self._supersede(connection)

    def _supersede(self, connection: DuckDBPyConnection) -> None:
        rejected.supersede(connection, self.vendor.dataset, self.name, self.types, self.key)

    def _notice_drift(self, connection: DuckDBPyConnection, reading: VersionedResource) -> None:
        """Compares what the records were made of with other nights."""
        self.drift = drift.notice(
            connection,
            self.vendor.name,
            self.name,
            reading.fields,
            self.rows_read,
            set(self.types),
            lambda field: column_name(field, self.naming),
            self.owner.run_id,
            clock.now(),
        )

    def _mark_vanished(self, reading: VersionedResource) -> None:
        """Gives what complete listings no longer show a version that says so."""
        listings = self.metrics.get("complete_listings", [])
        if not listings or self.name not in self.vendor.listings or not self.is_full:
            return
        if reading.has_nameless:  # any of those that seem to be missing may be among them
            return
        with self.owner.writing() as connection:
            rows = vanished(
                connection,
                f"{self.vendor.dataset}.{self.name}",
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
