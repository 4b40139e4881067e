"""One run: the lock, the history, the steps in order, the exit code."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from . import leftovers, lock, options, redact
from . import settings as clock
from .errors import STOPPED, HirefunnelError, SettingsError
from .history import History, NodeResult, ResourceRun
from .report import Reporter, log_file
from .settings import Settings
from .vendors import VENDORS, Vendor, is_configured, secret_values, validate


@dataclass
class Run:
    """A run that holds the warehouse.

    Attributes:
        run_id: Its name in `ops` and of its log file: the UTC time it started and four random digits.
        failures: What went wrong, one line each; not empty means exit code 1.
        settled: Vendors of which all that was paid for is in the warehouse.
    """

    run_id: str
    settings: Settings
    history: History
    reporter: Reporter
    failures: list[str] = field(default_factory=list)
    settled: list[Vendor] = field(default_factory=list)

    def sync(self, vendors: list[Vendor]) -> list[ResourceRun]:
        """Extracts and loads each vendor; one vendor's failure never stops the others."""
        from . import database, pipeline, sync
        from .vendor_sync import writing

        results: list[ResourceRun] = []
        # how the run ended is noted next, and brings the file's log into it, too: once is enough
        with database.kept_open(self.settings.warehouse, checkpoint=False):
            pipeline.create_missing_tables(self.settings)
            for found in sync.sync(
                vendors, self.settings, self.reporter, self.history, self.run_id
            ):
                with writing:
                    self.history.add_resource_runs(self.run_id, found)
                for result in found:
                    self.tell(result)
                self.note_paid(found)
                results += found
        return results

    def note_paid(self, results: list[ResourceRun]) -> None:
        """Notes that a vendor's pages need not be kept, if all that was paid for was loaded."""
        if results and all(result.status in ("ok", "partial") for result in results):
            self.settled.append(VENDORS[results[0].vendor])

    def drop_paid_pages(self) -> None:
        """Empties the spool. Only when the run is over: the one after a kill must not pay again."""
        for vendor in self.settled:
            shutil.rmtree(self.settings.spool_dir / vendor.name, ignore_errors=True)

    def build(self) -> list[NodeResult]:
        """Builds and tests the models."""
        from . import build, database

        def create_missing_tables() -> None:
            from . import pipeline  # brings dlt along

            pipeline.create_missing_tables(self.settings)

        with database.kept_open(self.settings.warehouse):
            results = build.build(self.settings, self.reporter, before_full=create_missing_tables)
            self.history.add_build_results(self.run_id, results)
        failed = [result for result in results if result.is_failure]
        for result in failed:
            self.failures.append(
                f"{result.node_type} {result.node}: {result.message or result.status}"
            )
        models = sum(result.node_type == "model" for result in results)
        tests = sum(result.node_type in {"test", "unit_test"} for result in results)
        self.reporter.say(
            f"dbt: {models} models, {tests} tests, {len(failed)} failed"
            + "".join(f"\n    {line}" for line in self.failures[-len(failed) :] if failed),
            mark="failed" if failed else "ok",
        )
        return results

    def publish(self) -> None:
        """Publishes the marts, with what failed when it was last done, in this run or before it."""
        from . import database, facts, publish

        with database.connect(self.settings.warehouse) as connection:
            known = facts.failures(connection)
        failures = list(dict.fromkeys([*self.failures, *known]))
        path = publish.publish(self.settings, datetime.now(UTC), self.run_id, failures)
        self.reporter.say(f"published {path}", mark="ok")

    def tell(self, result: ResourceRun) -> None:
        """Says how a resource ended, and notes its failure."""
        name = f"{result.vendor} · {result.resource}"
        if result.status == "skipped":
            self.reporter.say(f"{name}: skipped, no credentials", mark="skipped")
            return
        if result.status == "failed":
            self.failures.append(f"{name}: {result.error}")
            self.reporter.say(f"{name}: {result.error}", mark="failed")
            return
        text = f"{name}: {result.rows_read:,} read, {result.versions_added:,} new versions"
        if result.rows_deleted:
            text += f", {result.rows_deleted:,} no longer listed"
        if result.rows_rejected:
            text += f", {result.rows_rejected:,} rejected"
        for drift in result.drift:
            text += f", {drift}"
        if result.status == "partial":
            text += ", ended by the credit budget"
        self.reporter.say(text, mark=result.status)


@contextmanager
def open_run(
    settings: Settings, command: str, reporter: Reporter, vendors: Sequence[Vendor] = ()
) -> Iterator[Run]:
    """Holds the warehouse for a run and writes its history, whatever happens inside.

    Args:
        settings: Where things are.
        command: What it is called in the history.
        reporter: Told what happens.
        vendors: Real ones, from which it will read.

    Raises:
        SettingsError: If a setting of the run itself is wrong, real people would come among the demo's, or forgotten
            ones come back.
        WarehouseHeldError: If another run holds the warehouse.
    """
    settings.prepare()
    options.check()
    started_at = datetime.now(UTC)
    run_id = f"{started_at:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:4]}"
    history = History(settings.warehouse)
    with lock.hold(settings, command), log_file(settings.logs_dir / f"{run_id}.log"):
        _refuse_demo(settings, history, vendors)
        _refuse_another_salt(settings, vendors)
        history.begin(run_id, command, clock.now(), started_at)
        leftovers.remove(settings)
        leftovers.remove_old_logs(settings.logs_dir, started_at - options.keep_logs())
        run = Run(run_id, settings, history, reporter)
        exit_code = 1
        try:
            yield run
            exit_code = 1 if run.failures else 0
        except HirefunnelError as error:
            exit_code = error.exit_code
            raise
        except KeyboardInterrupt:
            exit_code = STOPPED
            raise
        finally:
            leftovers.remove(settings)
            history.finish(run_id, datetime.now(UTC), exit_code)
        run.drop_paid_pages()


def _refuse_demo(settings: Settings, history: History, vendors: Sequence[Vendor]) -> None:
    """Asked while the warehouse is held: even to read, nobody else may open it while a run goes on."""
    if any(is_configured(vendor) for vendor in vendors) and history.is_demo():
        raise SettingsError(
            f"The warehouse {settings.warehouse} holds the demo's invented people; set HIREFUNNEL_DATA_DIR "
            "to another folder for real vendors, or delete this one."
        )


def _refuse_another_salt(settings: Settings, vendors: Sequence[Vendor]) -> None:
    if any(is_configured(vendor) for vendor in vendors):
        from .forgotten import Forgotten

        Forgotten.load(settings)


def prepare_vendors(settings: Settings, vendors: list[Vendor]) -> None:
    """Refuses settings that cannot work before anything is asked of a vendor, and hides the secrets.

    Raises:
        SettingsError: At the first bad setting.
    """
    clock.now()
    redact.remember(secret_values(vendors))
    for vendor in vendors:
        if is_configured(vendor):
            validate(vendor)
