"""A window of history, read piece by piece: each piece is loaded before the next one is asked for."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from . import database
from . import settings as clock
from .errors import SettingsError
from .history import ResourceRun
from .progress import Progress
from .report import Reporter
from .run import Run, open_run, prepare_vendors
from .vendors import Vendor, choose, is_configured, setting

EARLIEST_DAY = date(1970, 1, 1)


@dataclass(frozen=True)
class Window:
    """Days of a backfill that are read at once, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


def backfill(vendor_name: str, first: str, last: str, reporter: Reporter) -> int:
    """Reads the records of these days, whatever the nightly cursors say; they stay where they are.

    A backfill that was stopped goes on where it ended when it is asked for again with the same days.

    Returns:
        1 if a resource failed, else 0: as of a run, also if the credit budget ended it, which is said.

    Raises:
        SettingsError: If the days make no sense, or the vendor cannot be asked for them.
    """
    settings = clock.load()
    (vendor,) = choose([vendor_name])
    span = Window(_day("--from", first), _day("--to", last))
    if span.last < span.first:
        raise SettingsError(f"--to {last} is before --from {first}; write the earlier day first.")
    if span.first < EARLIEST_DAY:
        raise SettingsError(f"--from {first} is before {EARLIEST_DAY}; no vendor has such records.")
    if span.first > clock.now().date():
        raise SettingsError(f"--from {first} is still to come; there is no history to read.")
    settings.prepare()
    prepare_vendors(settings, [vendor])
    if not is_configured(vendor):
        raise SettingsError(
            f"{vendor.name} has no credentials; set {', '.join(vendor.secrets)} for it first."
        )
    if vendor.name == "closerx" and not setting(vendor, "date_param"):
        raise SettingsError(
            "CloserX answers only its current day unless it is told which one; "
            "set SOURCES__CLOSERX__DATE_PARAM to the parameter that CloserX has named to you."
        )
    with open_run(settings, "backfill", reporter, [vendor]) as run:
        _read(run, vendor, span)
        return 1 if run.failures else 0


def _day(option: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise SettingsError(f"{option} is {text!r}; write a day such as 2026-01-31.")
    return day


def windows(span: Window, days: int | None) -> Iterator[Window]:
    """The pieces of a span of days, latest first: what is recent is of use first."""
    last = span.last
    while last >= span.first:
        first = max(last - timedelta(days=days - 1), span.first) if days else span.first
        yield Window(first, last)
        last = first - timedelta(days=1)


def _read(run: Run, vendor: Vendor, span: Window) -> None:
    from . import pipeline
    from .sync import prepare_process
    from .vendor_sync import VendorSync

    pipeline.create_missing_tables(run.settings)
    prepare_process()
    if vendor.window_days is None:
        run.reporter.say(
            f"{vendor.name} knows no dates: everything is read, whatever the days", mark="partial"
        )
    notes = _Notes(run.settings.warehouse, vendor, span)
    today = clock.now().date()
    pieces = [piece for piece in windows(span, vendor.window_days) if piece.first <= today]
    done = notes.done()
    if done:
        run.reporter.say(f"{len(done)} of {len(pieces)} windows were read before; going on")
    progress = Progress()
    progress.note({"done": len(done), "total": len(pieces), "unit": "windows"})
    for number, piece in enumerate((piece for piece in pieces if piece not in done), len(done) + 1):
        arguments = (
            {"start_date": piece.first.isoformat(), "end_date": piece.last.isoformat()}
            if vendor.window_days
            else {}
        )
        sync = VendorSync(
            vendor, run.settings, run.reporter, run.history, run.run_id, threading.Event()
        )
        results = sync.run(vendor.backfills, **arguments)
        run.note_paid(results)
        unfinished = [result for result in results if result.status != "ok"]
        for result in unfinished:
            run.tell(result)
        if unfinished:
            run.reporter.say(
                f"{vendor.name}: stopped in {piece}; the same command goes on there", mark="partial"
            )
            return
        notes.add(piece, run.run_id, results)
        progress.note({"done": number, "total": len(pieces), "unit": "windows"})
        read = sum(result.rows_read for result in results)
        added = sum(result.versions_added for result in results)
        run.reporter.say(
            f"{vendor.name} · {piece}: {read:,} read, {added:,} new versions ({progress})",
            mark="ok",
        )
    notes.finish()


class _Notes:
    """What of a backfill has been read, in `ops.backfills` and `ops.backfill_windows`."""

    def __init__(self, warehouse: Path, vendor: Vendor, span: Window) -> None:
        self._warehouse = warehouse
        with database.connect(warehouse) as connection:
            row = connection.execute(
                """
                select backfill_id from ops.backfills
                where vendor = ? and from_date = ? and to_date = ? and finished_at is null
                """,
                [vendor.name, span.first, span.last],
            ).fetchone()
            self._id = row[0] if row else uuid.uuid4().hex
            if row is None:
                connection.execute(
                    "insert into ops.backfills values (?, ?, ?, ?, ?, null)",
                    [self._id, vendor.name, span.first, span.last, clock.now()],
                )

    def done(self) -> set[Window]:
        """The windows that were read."""
        with database.connect(self._warehouse) as connection:
            rows = connection.execute(
                "select from_date, to_date from ops.backfill_windows where backfill_id = ?",
                [self._id],
            ).fetchall()
        return {Window(*row) for row in rows}

    def add(self, window: Window, run_id: str, results: list[ResourceRun]) -> None:
        """Notes that a window was read and loaded."""
        with database.connect(self._warehouse) as connection:
            connection.execute(
                "insert into ops.backfill_windows values (?, ?, ?, ?, ?, ?, ?)",
                [
                    self._id,
                    window.first,
                    window.last,
                    clock.now(),
                    run_id,
                    sum(result.rows_read for result in results),
                    sum(result.versions_added for result in results),
                ],
            )

    def finish(self) -> None:
        """Notes that all of it was read: asked for again, it is read anew."""
        with database.connect(self._warehouse) as connection:
            connection.execute(
                "update ops.backfills set finished_at = ? where backfill_id = ?",
                [clock.now(), self._id],
            )
