"""Vendors' extract and load: all vendors at once, each with what is pending first, then resource by resource.

The unit of commitment is the load package, some seconds of a resource's reading: its rows and its cursor reach the
warehouse together or not at all. A resource that fails keeps what it brought until then, and leaves the others alone.
"""

from __future__ import annotations

import gc
import logging
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

import requests
from dlt.common.pipeline import ExtractInfo, LoadInfo

from . import database, versions
from . import settings as clock
from .columnar import OWN_COLUMNS
from .errors import WarehouseHeldError
from .history import ResourceRun
from .pipeline import finish_pending, open_pipeline
from .redact import mask
from .report import Reporter
from .settings import Settings
from .vendors import Vendor, is_configured
from .versions import VersionedResource

if TYPE_CHECKING:
    from dlt.extract import DltSource
    from dlt.pipeline.pipeline import Pipeline

log = logging.getLogger("hirefunnel")

# Once so much was read, or for so long, it is loaded together with its cursor, and reading goes on.
CHECKPOINT_BYTES = 48 * 1024 * 1024
CHECKPOINT_S = 30.0
LOAD_MEMORY = "128MB"

# Vendors are read side by side and written one after the other: loads are short beside the vendors' answers.
writing = threading.Lock()


def open_source(vendor: Vendor, settings: Settings, **arguments: Any) -> DltSource:
    """The vendor's source with its settings, and what the conductor adds to them."""
    arguments["as_of"] = clock.now().isoformat()
    if vendor.pays:
        arguments["page_store"] = str(settings.spool_dir / vendor.name)
    return vendor.source(**arguments)


def sync(
    vendors: list[Vendor], settings: Settings, reporter: Reporter
) -> Iterator[list[ResourceRun]]:
    """Reads what is new from the vendors, side by side: one waits while another answers.

    Yields:
        One vendor's results, a resource each, as soon as it is done; a failure is a result, not an exception.

    Raises:
        WarehouseHeldError: If another program has the warehouse open.
    """
    stop = threading.Event()
    gc.freeze()  # what is imported stays: looking through it again and again is a tenth of the work
    requests.models.CONTENT_CHUNK_SIZE = 1 << 20  # a page at a time, not ten kilobytes
    with ThreadPoolExecutor(max_workers=len(vendors)) as pool:
        futures = [
            pool.submit(_VendorSync(vendor, settings, reporter, stop).run) for vendor in vendors
        ]
        held: WarehouseHeldError | None = None
        try:
            for future in as_completed(futures):
                try:
                    yield future.result()
                except WarehouseHeldError as error:
                    held = error
        finally:
            stop.set()
    if held is not None:  # after the others' results, which are in the warehouse
        raise held


class _VendorSync:
    """One vendor's part of a run, in a thread of its own."""

    def __init__(
        self, vendor: Vendor, settings: Settings, reporter: Reporter, stop: threading.Event
    ) -> None:
        self.vendor = vendor
        self.settings = settings
        self.reporter = reporter
        self.stop = stop
        self.committed: set[str] = set()

    def run(self) -> list[ResourceRun]:
        """Everything of this vendor, in the source's order."""
        started_at = clock.now()
        with self.reporter.step(self.vendor.name) as step:
            try:
                with writing, self._open_warehouse():
                    self.pipeline = open_pipeline(self.vendor, self.settings)
                    if self.pipeline.has_pending_data:
                        step.update("loading what an earlier run left")
                        finish_pending(self.pipeline)
                if not is_configured(self.vendor):
                    return [
                        ResourceRun(self.vendor.name, name, started_at, clock.now(), "skipped")
                        for name in self.vendor.resources
                    ]
                source = open_source(self.vendor, self.settings)
            except Exception as error:
                return [
                    _failure(self.vendor, name, started_at, error) for name in self.vendor.resources
                ]
        results = [self._sync_resource(source, name) for name in source.selected_resources]
        if self.vendor.pays and self.committed >= set(source.selected_resources):
            # All that was paid for is in the warehouse.
            shutil.rmtree(self.settings.spool_dir / self.vendor.name, ignore_errors=True)
        return results

    def _sync_resource(self, source: DltSource, name: str) -> ResourceRun:
        started_at = clock.now()
        rows_read = versions_added = 0
        metrics: dict[str, Any] = {}
        pipeline = self.pipeline

        with self.reporter.step(f"{self.vendor.name} · {name}") as step:

            def count(records: int) -> None:
                nonlocal rows_read
                if self.stop.is_set():
                    raise InterruptedError("stopped before it was complete")
                rows_read += records
                step.tick(records)

            part = source.with_resources(name)
            reading = VersionedResource(
                part.resources[name],
                part.schema.naming.normalize_identifier,
                clock.now,
                count,
                is_due=_Checkpoint().is_due,
            )
            try:
                while not reading.is_done:
                    extracted = pipeline.extract(part, loader_file_format="parquet")
                    _add_metrics(metrics, _custom_metrics(extracted, name))
                    with writing, self._open_warehouse():
                        pipeline.normalize()
                        versions_added += _versions_added(pipeline, name, pipeline.load())
                    if self.vendor.pays:
                        self._mark_reported()
                if reading.error is not None:
                    raise reading.error
            except Exception as error:
                reading.close()
                return _failure(
                    self.vendor, name, started_at, error, rows_read, versions_added, metrics
                )
        self.committed.add(name)
        failures = metrics.get("failures", [])
        declared = set(versions.declared_columns(source.resources[name]))
        return ResourceRun(
            vendor=self.vendor.name,
            resource=name,
            started_at=started_at,
            finished_at=clock.now(),
            status=(
                "failed" if failures else "partial" if metrics.get("stopped_by_budget") else "ok"
            ),
            rows_read=rows_read,
            versions_added=versions_added,
            error=mask(" | ".join(failures)) or None,
            new_fields=_undeclared(pipeline, name, declared),
            credits=tuple(metrics.get("credits", {}).items()),
        )

    def _open_warehouse(self) -> AbstractContextManager[Any]:
        """Held open for a block, so that dlt's many connections in it open nothing."""
        return database.connect(self.settings.warehouse, memory=LOAD_MEMORY)

    def _mark_reported(self) -> None:
        """Says in the spool that what its pages cost so far is known."""
        spool = self.settings.spool_dir / self.vendor.name
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        (spool / "reported").touch()


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
    spent = metrics.setdefault("credits", {})
    for campaign_id, amount in found.pop("credits", {}).items():
        spent[campaign_id] = spent.get(campaign_id, 0) + amount
    metrics |= found


def _versions_added(pipeline: Pipeline, table: str, loaded: LoadInfo) -> int:
    """How many rows a load added; found by the load's id, so that DuckDB skips what is older."""
    with pipeline.sql_client() as client:
        rows = client.execute_sql(
            f"select count(*) from {client.make_qualified_table_name(table)} where _dlt_load_id in "
            f"({', '.join(['%s'] * len(loaded.loads_ids)) or 'null'})",
            *loaded.loads_ids,
        )
    return int(rows[0][0]) if rows else 0


def _undeclared(pipeline: Pipeline, table: str, declared: set[str]) -> tuple[str, ...]:
    columns = pipeline.default_schema.tables.get(table, {}).get("columns", {})
    return tuple(
        name
        for name, column in columns.items()
        if name not in declared | OWN_COLUMNS and "data_type" in column
    )


def _custom_metrics(extracted: ExtractInfo, resource: str) -> dict[str, Any]:
    """What the source told besides records, such as credits spent."""
    found: dict[str, Any] = {}
    for packages in extracted.metrics.values():
        for package in packages:
            metrics = package["resource_metrics"].get(resource)
            found |= getattr(metrics, "custom_metrics", None) or {}
    return found


def _failure(
    vendor: Vendor,
    resource: str,
    started_at: datetime,
    error: Exception,
    rows_read: int = 0,
    versions_added: int = 0,
    metrics: dict[str, Any] | None = None,
) -> ResourceRun:
    cause = _root_cause(error)
    if isinstance(error, WarehouseHeldError):
        raise error
    if database.is_held(cause):
        raise WarehouseHeldError(
            "The warehouse is open in another program; close it there and run again."
        ) from None
    log.error("%s %s failed", vendor.name, resource, exc_info=error)
    return ResourceRun(
        vendor=vendor.name,
        resource=resource,
        started_at=started_at,
        finished_at=clock.now(),
        status="failed",
        rows_read=rows_read,
        versions_added=versions_added,
        error=mask(sentence(error)),
        credits=tuple((metrics or {}).get("credits", {}).items()),
    )


def sentence(error: BaseException) -> str:
    """What happened, in one line: the innermost cause, without dlt's wrappers around it."""
    cause = _root_cause(error)
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def _root_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
