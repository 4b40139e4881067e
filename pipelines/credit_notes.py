"""What a vendor's pages have cost, in `ops.credits`: each once, whatever is killed in between.

Two files in the vendor's spool say how far that is. `noting` holds the name of the credits that are being stored; it
becomes `reported` when they are: of all that the source has handed over, none is to be counted any more.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import uuid4

from . import database
from .history import insert
from .settings import Settings
from .vendors import Vendor

NOTING, REPORTED = "noting", "reported"


class CreditNotes:
    """The credits of one vendor in one run."""

    def __init__(self, vendor: Vendor, settings: Settings, run_id: str) -> None:
        self._vendor = vendor.name
        self._run_id = run_id
        self._warehouse = settings.warehouse
        self._spool: Path = settings.spool_dir / vendor.name

    def add(self, resource: str, spent: dict[str, float], spent_at: datetime) -> None:
        """Stores what pages have cost, then says in the spool that it is known.

        Args:
            resource: Whose pages.
            spent: Credits by vendor campaign, '' for none's.
            spent_at: When they were spent.
        """
        self._spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        note_id = uuid4().hex
        (self._spool / NOTING).write_text(note_id)
        self._store(resource, spent, spent_at, note_id)
        (self._spool / NOTING).rename(self._spool / REPORTED)

    def end_killed(self) -> None:
        """An earlier run may have been killed while it noted credits: had it stored them?"""
        note = self._spool / NOTING
        if not note.exists():
            return
        if self._has(note.read_text()):
            note.rename(self._spool / REPORTED)
        else:
            note.unlink()

    def _store(
        self, resource: str, spent: dict[str, float], spent_at: datetime, note_id: str
    ) -> None:
        """All or none, and their name, which stands until the vendor's next ones are stored."""
        with database.connect(self._warehouse) as connection:
            connection.begin()
            for campaign, credits in spent.items():
                insert(
                    connection,
                    "credits",
                    run_id=self._run_id,
                    vendor=self._vendor,
                    resource=resource,
                    vendor_campaign_id=campaign,
                    spent_at=spent_at,
                    credits=credits,
                )
            connection.execute("delete from ops.credit_notes where vendor = ?", [self._vendor])
            insert(connection, "credit_notes", vendor=self._vendor, note_id=note_id)
            connection.commit()

    def _has(self, note_id: str) -> bool:
        query = "select 1 from ops.credit_notes where vendor = ? and note_id = ?"
        with database.connect(self._warehouse) as connection:
            return connection.execute(query, [self._vendor, note_id]).fetchone() is not None
