"""The world: its clock, its people, and what each vendor shows of them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import RLock
from typing import Any
from zoneinfo import ZoneInfo

from simulator.world.closerx import CloserxBook
from simulator.world.easir import EasirBook
from simulator.world.hirednow import HirednowBook
from simulator.world.hiring import Campaign, plan_hirings
from simulator.world.linkup import LinkupBook
from simulator.world.lives import Books, Lives
from simulator.world.outreach import OutreachPlan
from simulator.world.people import Arrivals
from simulator.world.shelf import Payload, Shelf
from simulator.world.talkpush import TalkpushBook, with_file_urls
from simulator.world.timeline import Timeline

Records = Mapping[Any, Payload]

# (id, title, days after the first day of history on which it is archived)
ARCHIVED_CAMPAIGN = (1907, "Seasonal Agents", 30)


class World:
    """People, and their records with five vendors, up to the world's clock.

    The same arguments give the same world, to the byte; a day and another day give what two days
    do. Only the clock's moves change what vendors show (and ``revise``, for tests).
    """

    def __init__(
        self,
        seed: int = 7,
        people: int = 2000,
        now: datetime | None = None,
        history_days: int = 90,
        *,
        drift_at: datetime | None = None,
        talkpush_timezone: str = "Asia/Manila",
        closerx_timezone: str = "America/New_York",
        easir_timezone: str = "Europe/Copenhagen",
    ) -> None:
        """Create the world with its history.

        Args:
            seed: Another seed is another world.
            people: How many people arrive in the history; later days keep the pace.
            now: The first moment of the world's clock, with a zone; default: the real one.
            history_days: How many days ago the first person arrived.
            drift_at: From when on Talkpush and HiredNow send a field that their docs do not name;
                default: from ``now`` on, so that the next night brings it.
            talkpush_timezone: The zone of the Talkpush account's days.
            closerx_timezone: The zone of the CloserX account's hours.
            easir_timezone: The zone of EASI'R's wall-clock times.

        Raises:
            ValueError: If ``now`` has no zone.
        """
        now = now or datetime.now(UTC)
        if now.tzinfo is None:
            raise ValueError("The world's clock needs a time zone: now=datetime(..., tzinfo=UTC).")
        self.lock = RLock()
        self.now = now.astimezone(UTC).replace(microsecond=0)
        self.first_day = (self.now - timedelta(days=history_days)).date()
        drift_at = drift_at or self.now
        owners: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self._owners = owners
        self._timeline = Timeline()

        self.hirings = plan_hirings(seed, self.first_day)
        self.talkpush = TalkpushBook(ZoneInfo(talkpush_timezone), drift_at, owners)
        self.hirednow = HirednowBook(self.hirings, people, drift_at, owners)
        self.linkup = LinkupBook(self.hirings, owners)
        self.easir = EasirBook(ZoneInfo(easir_timezone), owners)
        self.closerx = CloserxBook(
            seed,
            self.hirings,
            ZoneInfo(closerx_timezone),
            self.first_day,
            people / max(1, history_days),
        )

        self._arrivals = Arrivals(seed, people, self.first_day, history_days, self.hirings)
        self._outreach = OutreachPlan(
            seed, self.first_day, self.hirings, self.easir, self._timeline
        )
        books = Books(self.easir, self.talkpush, self.linkup, self.hirednow)
        self._lives = Lives(books, self._outreach, self._timeline, self.hirings)
        self._next_day = self.first_day
        self._plan_talkpush_campaigns()
        self._live_until(self.now)

    def advance(self, *, days: float = 0, hours: float = 0) -> None:
        """Move the clock: people arrive, statuses move, records are edited.

        Args:
            days: Days to add.
            hours: Hours to add.

        Raises:
            ValueError: If the clock would run backwards.
        """
        step = timedelta(days=days, hours=hours)
        if step < timedelta():
            raise ValueError("The world's clock does not run backwards.")
        with self.lock:
            self._live_until(self.now + step)

    def records(self, vendor: str, resource: str) -> Records:
        """What a complete read of a resource would bring now.

        Args:
            vendor: For example ``talkpush``.
            resource: For example ``leads``.

        Returns:
            The payloads by record id, as the contract builds it; for CloserX by
            ``(campaign_id, date, hour, occurrence)``. Not to be changed.
        """
        with self.lock:
            if (vendor, resource) == ("closerx", "hourly_metrics"):
                return self.closerx.hours(self.now)
            rows: dict[str, Payload] = {}
            for shelf in self._shelves(vendor, resource):
                rows.update(shelf.rows)
            if (vendor, resource) == ("talkpush", "leads"):
                return {key: with_file_urls(row, self.now) for key, row in rows.items()}
            return rows

    def campaigns(self) -> list[Campaign]:
        """The vendors' campaigns as of now, and the hiring campaign of each."""
        with self.lock:
            standing = [campaign for hiring in self.hirings for campaign in hiring.campaigns()]
            return standing + list(self.easir.hiring_campaigns.values())

    @property
    def people(self) -> dict[int, list[tuple[str, str]]]:
        """Who is truly behind the records: a person's number and their (vendor, record id)s."""
        with self.lock:
            return {number: list(records) for number, records in sorted(self._owners.items())}

    def revise(
        self,
        vendor: str,
        resource: str,
        record_id: str,
        changes: Payload,
        *,
        touch: bool = True,
    ) -> None:
        """Edit one record now: what a test needs to happen, and the world would not do.

        Args:
            vendor: Whose record.
            resource: Which kind of record.
            record_id: Which record.
            changes: The fields that differ from now on.
            touch: Move ``updated_at``, if the record has one.

        Raises:
            KeyError: If there is no such record.
        """
        stamps = {
            "talkpush": self.talkpush.stamp,
            "hirednow": self.hirednow.stamp,
            "easir": self.easir.stamp,
        }
        with self.lock:
            for shelf in self._shelves(vendor, resource):
                if record_id in shelf.rows:
                    if touch and "updated_at" in shelf.rows[record_id]:
                        changes = {**changes, "updated_at": stamps[vendor](self.now)}
                    shelf.change(record_id, changes)
                    return
        raise KeyError(record_id)

    def _shelves(self, vendor: str, resource: str) -> list[Shelf]:
        shelves: dict[tuple[str, str], list[Shelf]] = {
            ("hirednow", "results"): list(self.hirednow.results.values()),
            ("talkpush", "leads"): [self.talkpush.leads],
            ("talkpush", "campaigns"): [self.talkpush.campaigns, self.talkpush.archived_campaigns],
            ("linkup", "jobs"): [self.linkup.jobs],
            ("linkup", "candidates"): list(self.linkup.candidates.values()),
            ("easir", "campaigns"): [self.easir.campaigns],
            ("easir", "campaign_recipients"): list(self.easir.recipients.values()),
        }
        return shelves[vendor, resource]

    def _live_until(self, now: datetime) -> None:
        """Let the days begin and the moments pass, up to an instant."""
        while self._next_day <= now.date():
            self._outreach.plan_day(self._next_day)
            for person in self._arrivals.next_cohort(self._next_day):
                self._lives.begin(person)
            self._next_day += timedelta(days=1)
        self._timeline.pass_until(now)
        self.now = now

    def _plan_talkpush_campaigns(self) -> None:
        start = datetime.combine(self.first_day, datetime.min.time(), UTC)
        seasonal_id, title, archived_after_days = ARCHIVED_CAMPAIGN
        standing = [campaign for hiring in self.hirings for campaign in hiring.talkpush]
        for campaign_id, name in [*standing, (seasonal_id, title)]:
            self._timeline.plan(
                start, partial(self.talkpush.open_campaign, campaign_id, name, start)
            )
        archived_at = start + timedelta(days=archived_after_days)
        archive = partial(self.talkpush.archive_campaign, seasonal_id, archived_at)
        self._timeline.plan(archived_at, archive)
