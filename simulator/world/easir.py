"""EASI'R's campaigns and their recipients."""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from simulator.world.dice import dice_of, uuid_from
from simulator.world.easir_fields import consent, fixed_fields, responsible_user, user
from simulator.world.hiring import Campaign, Hiring
from simulator.world.people import Person
from simulator.world.shelf import Payload, Shelf

SHIFTS = ("Day", "Night", "Any")


@dataclass(frozen=True)
class Outreach:
    """One EASI'R campaign for one hiring campaign; as such, a draft."""

    id: str
    hiring: Hiring
    name: str
    type: str
    created_at: datetime


@dataclass(frozen=True)
class Wave(Outreach):
    """A mailing or a calling list that is going to be sent."""

    send_at: datetime


class EasirBook:
    """The company's EASI'R account."""

    def __init__(self, zone: ZoneInfo, owners: dict[int, list[tuple[str, str]]]) -> None:
        """Open an empty account.

        Args:
            zone: The account's time zone: its times are wall-clock times without an offset.
            owners: Where to note whose record is whose.
        """
        self.zone = zone
        self.campaigns = Shelf()
        self.recipients: dict[str, Shelf] = {}
        self.contents: dict[str, str] = {}
        self.hiring_campaigns: dict[str, Campaign] = {}
        self._owners = owners

    def stamp(self, at: datetime) -> str:
        """An instant as EASI'R writes it, e.g. ``2015-07-29 11:20:32``."""
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def open_campaign(self, outreach: Outreach) -> None:
        """Create a campaign: pending if it is to be sent, else a draft."""
        stamp = self.stamp(outreach.created_at)
        hiring = outreach.hiring
        send_at = outreach.send_at if isinstance(outreach, Wave) else None
        self.recipients[outreach.id] = Shelf()
        self.contents[outreach.id] = f"Hi! We are hiring: {hiring.role} in {hiring.city}."
        self.hiring_campaigns[outreach.id] = Campaign(
            "easir", outreach.id, outreach.name, hiring.name
        )
        self.campaigns.put(
            outreach.id,
            {
                "id": outreach.id,
                "user": user(hiring.recruiter),
                "team_id": 1 + hiring.number,
                "group_id": None,
                "scope": "global",
                "name": outreach.name,
                "approved": send_at is not None,
                "description": f"Outreach for {hiring.name}.",
                "type": outreach.type,
                "message": {"subject": f"{hiring.role} in {hiring.city}"},
                "template": _template(outreach),
                "filter": [
                    {
                        "field": "contact.fixed_fields.city",
                        "operator": "ct",
                        "value": hiring.city,
                    }
                ],
                "sent_at": None,
                "total_sent": None,
                "send_at": self.stamp(send_at) if send_at else None,
                "task": self._task(outreach),
                "created_at": stamp,
                "updated_at": stamp,
            },
        )

    def send_campaign(self, wave: Wave) -> None:
        """Send a campaign to everybody who is on its list."""
        stamp = self.stamp(wave.send_at)
        sent = {
            "sent_at": stamp,
            "total_sent": len(self.recipients[wave.id].rows),
            "updated_at": stamp,
        }
        self.campaigns.change(wave.id, sent)

    def delete_campaign(self, outreach: Outreach) -> None:
        """Delete a draft: from now on it is gone (410)."""
        self.campaigns.remove(outreach.id)
        del self.hiring_campaigns[outreach.id]

    def add_recipient(self, outreach: Outreach, person: Person, at: datetime) -> None:
        """Put a person on a campaign's list."""
        rng = _contact_rng(person)
        recipient_id = uuid_from(rng)
        social_profile = {}
        if rng.random() < 0.1:
            url = f"https://www.linkedin.com/in/{person.linkedin_id}"
            social_profile = {"linkedin": url}
        payload: Payload = {
            "id": recipient_id,
            "b2c": True,
            "account": {"id": uuid_from(rng), "name": person.full_name},
            "user": responsible_user(outreach.hiring.recruiter),
            "team_id": None,
            "team": None,
            "status": None,
            "fixed_fields": fixed_fields(person, rng),
            "custom_fields": _custom_fields(rng),
            "created_at": self.stamp(at),
            "updated_at": self.stamp(at),
            "latest_activity_at": None,
            "social_profile": social_profile,
            "consent": consent(),
        }
        record_id = f"{outreach.id}:{recipient_id}"
        self._owners[person.number].append(("easir", record_id))
        self.recipients[outreach.id].put(record_id, payload)

    def note_reply(self, outreach: Outreach, person: Person, at: datetime) -> None:
        """The person reacted, and agreed to be written to."""
        stamp = self.stamp(at)
        reply = {"status": "replied", "latest_activity_at": stamp, "consent": consent(True, stamp)}
        self._change_recipient(outreach, person, at, reply)

    def note_unsubscribe(self, outreach: Outreach, person: Person, at: datetime) -> None:
        """The person wants no more e-mails."""
        self._change_recipient(outreach, person, at, {"consent": consent(False, self.stamp(at))})

    def _change_recipient(
        self, outreach: Outreach, person: Person, at: datetime, changes: Payload
    ) -> None:
        stamp = {"updated_at": self.stamp(at)}
        record_id = f"{outreach.id}:{uuid_from(_contact_rng(person))}"
        self.recipients[outreach.id].change(record_id, {**changes, **stamp})
        # A reaction counts as a change of the campaign too; otherwise nobody could notice it.
        self.campaigns.change(outreach.id, stamp)

    def _task(self, outreach: Outreach) -> Payload | None:
        if outreach.type != "telephone" or not isinstance(outreach, Wave):
            return None
        start = self.stamp(outreach.send_at)
        return {
            "distribution_strategy": "distribute",
            "distribute_users": [user(outreach.hiring.recruiter)],
            "relations_path": "9eae431b-3d0f-4528-9c59-e9d1a40fcd04",
            "start_at": start,
            "end_at": start[:10] + " 23:59:59",
        }


def campaign_status(campaign: Payload) -> str:
    """The status by which campaigns can be asked for; they do not show it themselves."""
    if campaign["sent_at"]:
        return "completed"
    return "pending" if campaign["send_at"] else "draft"


def _template(outreach: Outreach) -> Payload | None:
    if outreach.type != "email":
        return None
    return {
        "id": 2,
        "type": "email",
        "company_id": 1,
        "title": "Email template",
        "user_id": outreach.hiring.recruiter.number,
    }


def _custom_fields(rng: Random) -> list[Payload] | None:
    if rng.random() < 0.6:
        return None
    number = rng.randrange(len(SHIFTS))
    return [
        {
            "id": 51,
            "type": "single_choice",
            "name": "preferred_shift",
            "label": "Preferred shift",
            "value": {"id": 300 + number, "value": SHIFTS[number]},
            "validation": None,
            "required": False,
            "hidden": False,
            "read_only": False,
            "sort_order": 0,
        }
    ]


def _contact_rng(person: Person) -> Random:
    """The same contact, with the same id, in all campaigns that reach a person."""
    return dice_of(person.email, "contact")
