"""How people come in, and what they leave behind at which vendor."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from simulator.world.easir import EasirBook, Wave
from simulator.world.hirednow import HirednowBook
from simulator.world.hiring import Hiring
from simulator.world.linkup import Application, LinkupBook
from simulator.world.outreach import OutreachPlan
from simulator.world.pace import after, in_office_hours
from simulator.world.people import Person
from simulator.world.selection import Selection
from simulator.world.talkpush import Lead, TalkpushBook, campaign_for
from simulator.world.timeline import Timeline

CONTACTED, CAME_THEMSELVES, FROM_LINKEDIN = "contacted", "came themselves", "from LinkedIn"
ROUTES = {CONTACTED: 0.50, CAME_THEMSELVES: 0.36, FROM_LINKEDIN: 0.14}
SOURCES = {"Facebook": 0.38, "Indeed": 0.24, "Referral": 0.16, "Walk-in": 0.12, "Website": 0.10}
RATINGS = {"UNRATED": 0.5, "GOOD": 0.22, "GOOD_FIT": 0.06, "MAYBE": 0.08, "NOT_A_FIT": 0.14}

REPLY_SHARE = 0.12
SECOND_REPLY_SHARE = 0.08
UNSUBSCRIBE_SHARE = 0.04
SECOND_WAVE_SHARE = 0.12
LEAD_FROM_LINKEDIN_SHARE = 0.45
ALSO_ON_LINKEDIN_SHARE = 0.06
REAPPLY_SHARE = 0.05


@dataclass(frozen=True)
class Books:
    """The accounts in which lives leave records."""

    easir: EasirBook
    talkpush: TalkpushBook
    linkup: LinkupBook
    hirednow: HirednowBook


class Lives:
    """Plans each person's whole life with the vendors at the moment they arrive."""

    def __init__(
        self,
        books: Books,
        outreach: OutreachPlan,
        timeline: Timeline,
        hirings: tuple[Hiring, ...],
    ) -> None:
        """Know the places where lives happen.

        Args:
            books: The vendors' accounts.
            outreach: The EASI'R campaigns.
            timeline: Where to plan.
            hirings: The hiring campaigns.
        """
        self._books = books
        self._outreach = outreach
        self._timeline = timeline
        self._hirings = hirings
        self._selection = Selection(books.talkpush, books.hirednow, timeline)

    def begin(self, person: Person) -> None:
        """Plan everything that a person will ever do."""
        route = person.rng.choices(list(ROUTES), list(ROUTES.values()))[0]
        if route == CONTACTED:
            self._contact(person)
        elif route == FROM_LINKEDIN:
            self._apply_on_linkedin(person)
        else:
            source = person.rng.choices(list(SOURCES), list(SOURCES.values()))[0]
            self._become_lead(person, person.arrives_at, source)
            if person.rng.random() < ALSO_ON_LINKEDIN_SHARE:
                at = after(person.rng, person.arrives_at, 20)
                self._apply(person, person.hiring, at)

    def _contact(self, person: Person) -> None:
        """Reached by a wave; most do not answer, a few are reached again."""
        rng, at = person.rng, person.arrives_at
        wave = self._outreach.wave_at(person.hiring, at)
        self._timeline.plan(at, partial(self._books.easir.add_recipient, wave, person, at))
        chance = rng.random()
        if chance < REPLY_SHARE:
            self._reply(person, wave)
        elif chance < REPLY_SHARE + UNSUBSCRIBE_SHARE:
            at = after(rng, wave.send_at, 9)
            leave = partial(self._books.easir.note_unsubscribe, wave, person, at)
            self._timeline.plan(at, leave)
        elif chance < REPLY_SHARE + UNSUBSCRIBE_SHARE + SECOND_WAVE_SHARE:
            self._contact_again(person, wave)

    def _contact_again(self, person: Person, first: Wave) -> None:
        wave = self._outreach.wave_at(person.hiring, first.send_at)
        at = first.send_at + timedelta(minutes=person.rng.randrange(5, 300))
        self._timeline.plan(at, partial(self._books.easir.add_recipient, wave, person, at))
        if person.rng.random() < SECOND_REPLY_SHARE:
            self._reply(person, wave)

    def _reply(self, person: Person, wave: Wave) -> None:
        """Answer a wave, and sign up a little later."""
        at = after(person.rng, wave.send_at, 7)
        self._timeline.plan(at, partial(self._books.easir.note_reply, wave, person, at))
        source = "Outreach Call" if wave.type == "telephone" else "Outreach Email"
        self._become_lead(person, after(person.rng, at, 0.5), source)

    def _apply_on_linkedin(self, person: Person) -> None:
        """Apply to a job, a few to two; some are asked to sign up as well."""
        rng = person.rng
        self._apply(person, person.hiring, person.arrives_at)
        if rng.random() < 0.05:
            other = rng.choice([hiring for hiring in self._hirings if hiring != person.hiring])
            self._apply(person, other, after(rng, person.arrives_at, 20))
        if rng.random() < LEAD_FROM_LINKEDIN_SHARE:
            self._become_lead(person, after(rng, person.arrives_at, 28), "LinkedIn")

    def _apply(self, person: Person, hiring: Hiring, at: datetime) -> None:
        rng, linkup = person.rng, self._books.linkup
        application = Application(person, hiring)
        self._timeline.plan(at, partial(linkup.apply, application, at))
        rating = rng.choices(list(RATINGS), list(RATINGS.values()))[0]
        if rating == "UNRATED":
            return
        at = in_office_hours(rng, after(rng, at, 40), hiring.country)
        self._timeline.plan(at, partial(linkup.rate, application, rating))
        # Some recruiters take a rating back, and some of those give it again.
        for next_rating in ("UNRATED", rating):
            if rng.random() >= 0.2:
                return
            at = in_office_hours(rng, after(rng, at, 30), hiring.country)
            self._timeline.plan(at, partial(linkup.rate, application, next_rating))

    def _become_lead(self, person: Person, at: datetime, source: str) -> None:
        rng = person.rng
        lead = _lead(person, person.hiring, source)
        self._selection.begin(lead, person.hiring, at)
        if rng.random() < REAPPLY_SHARE:
            again = _lead(person, person.hiring, rng.choice(("Facebook", "Website")))
            again.same_candidate_as = lead if rng.random() < 0.7 else None
            self._selection.begin(again, person.hiring, after(rng, at, 12 * 24))


def _lead(person: Person, hiring: Hiring, source: str) -> Lead:
    """A lead with the contact details as the person, a kiosk or a recruiter entered them."""
    rng = person.rng
    campaign_id, title = campaign_for(hiring, source)
    email, phone = _typed_email(person, rng), _typed_phone(person, rng)
    if source == "Walk-in":
        if hiring.kiosk and rng.random() < 0.8:
            phone = hiring.kiosk.e164
        if hiring.recruiter.is_hurried and rng.random() < 0.25:
            email = hiring.recruiter.email
            phone = hiring.recruiter.phone.e164
    if email is None and phone is None:
        email = person.email
    others = {
        "city": hiring.city,
        "years_of_experience": rng.choice((None, 0, 1, 2, 3, 5)),
        "preferred_shift": rng.choice(("Day", "Night", "Any")),
    }
    if source == "LinkedIn" and rng.random() < 0.6:
        others["linkedin_url"] = f"https://www.linkedin.com/in/{person.linkedin_id}/"
    return Lead(person, campaign_id, title, source, email, phone, others)


def _typed_email(person: Person, rng: Random) -> str | None:
    kind = rng.choices(("as it is", "capital", "shouted", "missing"), (77, 11, 4, 8))[0]
    return {
        "as it is": person.email,
        "capital": person.email.capitalize(),
        "shouted": person.email.upper(),
        "missing": None,
    }[kind]


def _typed_phone(person: Person, rng: Random) -> str | None:
    chance = rng.random()
    if chance < 0.04:
        return None
    return person.phone.written(rng, national=chance > 0.9)
