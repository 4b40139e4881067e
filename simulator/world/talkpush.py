"""Talkpush's leads and campaigns."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.world.dice import dice_of
from simulator.world.hiring import Hiring
from simulator.world.people import Person
from simulator.world.shelf import Payload, Shelf

FOLDERS = {
    "pending": "Inbox",
    "completed": "Completed",
    "shortlisted": "Shortlisted",
    "on_hold": "On Hold",
    "rejected": "Rejected",
    "hired": "Hired",
    "no_response": "No Response",
    "background_check": "Background Check",
    "medical_exam": "Medical Exam",
}
SCHOOLS = {
    "Philippines": ("University of Santo Tomas", "Polytechnic University of the Philippines", None),
    "Colombia": ("SENA", "Universidad Nacional de Colombia", None),
    "South Africa": ("Cape Peninsula University of Technology", "False Bay College", None),
    "Mexico": ("Universidad de Guadalajara", "CETI", None),
}
EDUCATION = ("High school", "Some college", "Bachelor's degree", None)
QUESTIONS = (
    "Why would you like to work with us?",
    "Do you have experience with customers on the phone?",
    "When can you start?",
)
TRANSCRIPTS = (
    "I like to help people and I learn fast.",
    "Yes, two years in a call center, night shift.",
    "Right away, I have no notice period.",
    "Next month, after my current contract ends.",
)
LABELS = ("priority", "night shift", "callback", "bilingual", "rehire")
FILE_URL_DAYS = 7


@dataclass
class Lead:
    """One application of a person, with the contact details as they were typed in."""

    person: Person
    campaign_id: int
    campaign_title: str
    source: str
    email: str | None
    phone: str | None
    others: Payload = field(default_factory=dict)
    same_candidate_as: "Lead | None" = None
    id: int = 0
    candidate_id: int = 0

    @property
    def record_id(self) -> str:
        """The lead's id as text, once it is open."""
        return str(self.id)


class TalkpushBook:
    """The company's Talkpush account."""

    def __init__(
        self, zone: ZoneInfo, drift_at: datetime, owners: dict[int, list[tuple[str, str]]]
    ):
        """Open an empty account.

        Args:
            zone: The account's time zone.
            drift_at: Leads created from then on carry a field that the vendor's docs do not name.
            owners: Where to note whose record is whose.
        """
        self.zone = zone
        self.leads = Shelf()
        self.campaigns = Shelf()
        self.archived_campaigns = Shelf()
        self._drift_at = drift_at
        self._owners = owners
        self._last_lead_id = 482_000
        self._last_candidate_id = 391_000

    def stamp(self, at: datetime) -> str:
        """An instant as Talkpush writes it, e.g. ``2020-05-12T08:51:58.487+08:00``."""
        return at.astimezone(self.zone).isoformat(timespec="milliseconds")

    def open_campaign(self, campaign_id: int, title: str, at: datetime) -> None:
        """Start a campaign."""
        stamp = self.stamp(at)
        self.campaigns.put(
            str(campaign_id),
            {
                "id": campaign_id,
                "title": title,
                "name": title,
                "created_at": stamp,
                "updated_at": stamp,
            },
        )

    def archive_campaign(self, campaign_id: int, at: datetime) -> None:
        """Move a campaign to the archive."""
        record_id = str(campaign_id)
        payload = {**self.campaigns.rows[record_id], "updated_at": self.stamp(at)}
        self.campaigns.remove(record_id)
        self.archived_campaigns.put(record_id, payload)

    def open_lead(self, lead: Lead, at: datetime) -> None:
        """Enter a new lead; its id is higher than all before."""
        self._last_lead_id += 1 + lead.person.number % 3
        lead.id = self._last_lead_id
        if lead.same_candidate_as:
            lead.candidate_id = lead.same_candidate_as.candidate_id
        else:
            self._last_candidate_id += 1 + lead.person.number % 2
            lead.candidate_id = self._last_candidate_id
        self._owners[lead.person.number].append(("talkpush", lead.record_id))
        self.leads.put(lead.record_id, self._payload(lead, at))

    def change_lead(self, lead: Lead, at: datetime, changes: Payload) -> None:
        """Edit a lead, or move it to another status."""
        if "state" in changes:
            changes = {**changes, "folder": FOLDERS.get(changes["state"], changes["state"])}
        self.leads.change(lead.record_id, {**changes, "updated_at": self.stamp(at)})

    def complete_lead(self, lead: Lead, at: datetime) -> None:
        """The candidate has answered everything."""
        rng = dice_of(lead.id, "answers")
        answers = [
            {"question": question, "transcript": rng.choice(TRANSCRIPTS), "file": None}
            for question in QUESTIONS
        ]
        self.change_lead(lead, at, {"state": "completed", "answers": answers})

    def _payload(self, lead: Lead, at: datetime) -> Payload:
        rng = dice_of(lead.id, "lead")
        person = lead.person
        stamp = self.stamp(at)
        payload: Payload = {
            "id": lead.id,
            "candidate_id": lead.candidate_id,
            "campaign_id": lead.campaign_id,
            "campaign_ats_external_id": f"REQ-{lead.campaign_id}" if lead.id % 5 == 0 else None,
            "state": "pending",
            "folder": FOLDERS["pending"],
            "first_name": person.first_name,
            "last_name": person.last_name,
            "campaign_title": lead.campaign_title,
            "email": lead.email,
            "user_phone_number": lead.phone,
            "school_name": rng.choice(SCHOOLS[person.hiring.country.name]),
            "education": rng.choice(EDUCATION),
            "source": lead.source,
            "scheduled_at": None,
            "created_at": stamp,
            "updated_at": stamp,
            "others": lead.others,
            "labels": [rng.choice(LABELS)] if rng.random() < 0.15 else [],
            "answers": [],
            "attachments": [{"name": "cv.pdf", "type": "resume"}] if rng.random() < 0.4 else [],
            "documents": [{"name": "government_id.jpg"}] if rng.random() < 0.1 else [],
        }
        if at >= self._drift_at:
            payload["referral_code"] = f"RF{lead.id % 9973:04d}" if rng.random() < 0.5 else None
        return payload


def with_file_urls(payload: Payload, now: datetime) -> Payload:
    """The lead with the file addresses of the day: they expire, so they are signed anew.

    Args:
        payload: A lead as it is kept.
        now: The world's moment.

    Returns:
        The lead, its attachments and documents with a ``url``.
    """
    expires = (now + timedelta(days=FILE_URL_DAYS)).date().isoformat()

    def signed(files: Iterable[Payload]) -> list[Payload]:
        folder = f"https://files.talkpush.example.com/{payload['id']}"
        return [{**file, "url": f"{folder}/{file['name']}?expires={expires}"} for file in files]

    return {
        **payload,
        "attachments": signed(payload["attachments"]),
        "documents": signed(payload["documents"]),
    }


def campaign_for(hiring: Hiring, source: str) -> tuple[int, str]:
    """The Talkpush campaign that a lead of this source falls into."""
    return hiring.talkpush[-1] if source == "Referral" else hiring.talkpush[0]
