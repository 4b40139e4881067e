"""When EASI'R's campaigns are written and sent: a wave every ten days for each hiring campaign."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from simulator.world.dice import dice_of, uuid_from
from simulator.world.easir import EasirBook, Outreach, Wave
from simulator.world.hiring import Hiring
from simulator.world.timeline import Timeline

WAVE_DAYS = 10
# The waves of different hiring campaigns are two days apart, so some are always pending.
STAGGER_DAYS = 2
SENDING_HOUR = 10


class OutreachPlan:
    """The waves of all hiring campaigns, and a few drafts that never become one."""

    def __init__(
        self,
        seed: int,
        first_day: date,
        hirings: tuple[Hiring, ...],
        book: EasirBook,
        timeline: Timeline,
    ) -> None:
        """Plan the drafts; waves are planned day by day.

        Args:
            seed: The world's seed.
            first_day: The first day of history.
            hirings: The hiring campaigns.
            book: The EASI'R account.
            timeline: Where to plan.
        """
        self._seed = seed
        self._start = datetime.combine(first_day, time(), UTC)
        self._hirings = hirings
        self._book = book
        self._timeline = timeline
        self._waves: dict[tuple[int, int], Wave] = {}
        self._plan_drafts()

    def plan_day(self, day: date) -> None:
        """Plan the waves whose list is begun on a day."""
        at = datetime.combine(day, time(), UTC)
        for hiring in self._hirings:
            wave = self.wave_at(hiring, at)
            if wave.created_at == at:
                self._timeline.plan(at, partial(self._book.open_campaign, wave))
                self._timeline.plan(wave.send_at, partial(self._book.send_campaign, wave))

    def wave_at(self, hiring: Hiring, at: datetime) -> Wave:
        """The wave whose list somebody gets on who is found at an instant."""
        stagger = STAGGER_DAYS * hiring.number
        number = ((at - self._start).days + stagger) // WAVE_DAYS
        if (hiring.number, number) not in self._waves:
            self._waves[hiring.number, number] = self._wave(hiring, number, stagger)
        return self._waves[hiring.number, number]

    def _wave(self, hiring: Hiring, number: int, stagger: int) -> Wave:
        created_at = self._start + timedelta(days=max(0, WAVE_DAYS * number - stagger))
        closed_at = self._start + timedelta(days=WAVE_DAYS * (number + 1) - stagger)
        send_at = closed_at.replace(hour=(SENDING_HOUR - hiring.country.utc_offset_hours) % 24)
        while send_at.weekday() >= 5:
            send_at += timedelta(days=1)
        kind = "telephone" if (hiring.number + number) % 3 == 2 else "email"
        label = "Call list" if kind == "telephone" else "Email wave"
        name = f"{hiring.city} {label} {number + 1}"
        return Wave(self._id(hiring, name), hiring, name, kind, created_at, send_at)

    def _plan_drafts(self) -> None:
        self._plan_draft(self._hirings[1], "Feria de empleo", "email", timedelta(days=3))
        self._plan_draft(self._hirings[3], "Cebu campus letter", "letter", timedelta(days=5))
        mistake = self._plan_draft(self._hirings[0], "Copy of copy", "email", timedelta(days=1))
        deleted_at = mistake.created_at + timedelta(days=6)
        self._timeline.plan(deleted_at, partial(self._book.delete_campaign, mistake))

    def _plan_draft(self, hiring: Hiring, name: str, kind: str, start: timedelta) -> Outreach:
        draft = Outreach(self._id(hiring, name), hiring, name, kind, self._start + start)
        self._timeline.plan(draft.created_at, partial(self._book.open_campaign, draft))
        return draft

    def _id(self, hiring: Hiring, name: str) -> str:
        rng = dice_of(self._seed, "outreach", hiring.number, name)
        return uuid_from(rng)
