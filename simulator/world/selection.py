"""The way of one lead: from the first form to hired, rejected or silence."""

from datetime import datetime, timedelta
from functools import partial
from random import Random

from simulator.world.hirednow import HirednowBook, Result
from simulator.world.hiring import Hiring
from simulator.world.pace import after, in_office_hours
from simulator.world.shelf import Payload
from simulator.world.talkpush import Lead, TalkpushBook
from simulator.world.timeline import Timeline

APPLIED_SHARE = 0.55
ASSESSED_SHARE = 0.60
RECOMMENDED_SHARE = 0.45
SHORTLISTED_SHARE = 0.75
HIRED_SHARE = 0.68
LATE_EDIT_SHARE = 0.06
REVIEW_SHARE = 0.06
LATEST_EDIT_HOURS = 5 * 24


class Selection:
    """Plans what Talkpush and HiredNow will show of a lead."""

    def __init__(self, talkpush: TalkpushBook, hirednow: HirednowBook, timeline: Timeline) -> None:
        """Know the accounts.

        Args:
            talkpush: Where leads are kept.
            hirednow: Where they are assessed.
            timeline: Where to plan.
        """
        self._talkpush = talkpush
        self._hirednow = hirednow
        self._timeline = timeline

    def begin(self, lead: Lead, hiring: Hiring, at: datetime) -> None:
        """Plan a lead's whole way.

        Args:
            lead: The new lead.
            hiring: What it is for.
            at: When it signs up.
        """
        rng = lead.person.rng
        self._timeline.plan(at, partial(self._talkpush.open_lead, lead, at))
        if rng.random() < LATE_EDIT_SHARE:
            self._edit_late(lead, at, rng)
        if rng.random() < APPLIED_SHARE:
            self._apply(lead, hiring, after(rng, at, 6))
        elif rng.random() < 0.6:
            self._decide(lead, hiring, after(rng, at, 110), "no_response")

    def _edit_late(self, lead: Lead, at: datetime, rng: Random) -> None:
        edited_at = at + timedelta(hours=rng.uniform(2, LATEST_EDIT_HOURS))
        edit: Payload = rng.choice(
            (
                {"labels": ["verified"]},
                {"education": "Vocational course"},
                {"user_phone_number": lead.person.phone.e164},
            )
        )
        self._timeline.plan(edited_at, partial(self._talkpush.change_lead, lead, edited_at, edit))

    def _apply(self, lead: Lead, hiring: Hiring, at: datetime) -> None:
        rng = lead.person.rng
        self._timeline.plan(at, partial(self._talkpush.complete_lead, lead, at))
        if rng.random() < ASSESSED_SHARE:
            self._assess(lead, hiring, at)
        elif rng.random() < 0.5:
            self._decide(lead, hiring, after(rng, at, 60), "rejected")

    def _assess(self, lead: Lead, hiring: Hiring, applied_at: datetime) -> None:
        rng = lead.person.rng
        at = after(rng, applied_at, 26)
        # Scoring takes up to two days: results come out in another order than they were begun.
        taken_before = min(at - applied_at, timedelta(hours=48)) * rng.random()
        is_recommended = rng.random() < RECOMMENDED_SHARE
        status = _verdict(is_recommended, rng)
        result = Result(lead.person, hiring, status, _assessed_email(lead, rng), taken_before)
        self._timeline.plan(at, partial(self._hirednow.open_result, result, at))
        if rng.random() < REVIEW_SHARE:
            is_recommended = not is_recommended
            at += timedelta(hours=rng.uniform(4, 70))
            status = _verdict(is_recommended, rng)
            self._timeline.plan(at, partial(self._hirednow.review_result, result, at, status))
        if is_recommended and rng.random() < SHORTLISTED_SHARE:
            self._shortlist(lead, hiring, at)
        elif rng.random() < 0.8:
            self._decide(lead, hiring, after(rng, at, 40), "rejected")

    def _shortlist(self, lead: Lead, hiring: Hiring, assessed_at: datetime) -> None:
        rng = lead.person.rng
        at = after(rng, assessed_at, 36)
        interview_at = in_office_hours(rng, after(rng, at, 50), hiring.country)
        interview = {"scheduled_at": self._talkpush.stamp(interview_at)}
        at = self._decide(lead, hiring, at, "shortlisted", interview)
        if rng.random() < 0.15:
            at = self._decide(lead, hiring, after(rng, at, 40), "on_hold")
            at = self._decide(lead, hiring, after(rng, at, 90), "shortlisted")
        if rng.random() < 0.4:
            check = rng.choices(("background_check", "medical_exam"), (3, 1))[0]
            at = self._decide(lead, hiring, after(rng, at, 50), check)
        if rng.random() < HIRED_SHARE:
            self._decide(lead, hiring, after(rng, at, 80), "hired")
        elif rng.random() < 0.6:
            self._decide(lead, hiring, after(rng, at, 70), "rejected")

    def _decide(
        self, lead: Lead, hiring: Hiring, at: datetime, status: str, more: Payload | None = None
    ) -> datetime:
        """Plan a recruiter's decision for the first office hour, and tell when that is."""
        at = in_office_hours(lead.person.rng, at, hiring.country)
        changes = {"state": status, **(more or {})}
        self._timeline.plan(at, partial(self._talkpush.change_lead, lead, at, changes))
        return at


def _verdict(is_recommended: bool, rng: Random) -> str:
    if not is_recommended:
        return "NOT_RECOMMENDED"
    return rng.choices(("RECOMMENDED", "STRONGLY_RECOMMENDED"), (3, 1))[0]


def _assessed_email(lead: Lead, rng: Random) -> str:
    """The address that the invitation went to, as the vendor got it."""
    hiring = lead.person.hiring
    if lead.email == hiring.recruiter.email:
        return hiring.recruiter.email
    chance = rng.random()
    if chance < 0.04:
        return f"work.{lead.person.email}"
    return lead.person.email.upper() if chance < 0.07 else lead.person.email
