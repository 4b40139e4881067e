"""What the warehouse must say after some nights, worked out from the vendors' records and the contract alone.

Written without a look at the models: plain Python over what each vendor showed on each night.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from dbt_models.functions import phone_e164
from simulator import World

Record = dict[str, Any]
RecordKey = tuple[str, str]  # vendor, record id

VANISHED = "vanished"

RESOURCES = [
    ("hirednow", "results"),
    ("talkpush", "leads"),
    ("talkpush", "campaigns"),
    ("linkup", "jobs"),
    ("linkup", "candidates"),
    ("closerx", "hourly_metrics"),
    ("easir", "campaigns"),
    ("easir", "campaign_recipients"),
]
# What names a record in its raw table.
KEYS = {
    ("hirednow", "results"): "id",
    ("talkpush", "leads"): "cast(id as varchar)",
    ("talkpush", "campaigns"): "cast(id as varchar)",
    ("linkup", "jobs"): "job_id",
    ("linkup", "candidates"): "job_id || ':' || application_id",
    ("closerx", "hourly_metrics"): "row(campaign_id, cast(date as varchar), hour, hour_occurrence)",
    ("easir", "campaigns"): "id",
    ("easir", "campaign_recipients"): "campaign_id || ':' || id",
}
PEOPLE = {
    "hirednow": "results",
    "talkpush": "leads",
    "linkup": "candidates",
    "easir": "campaign_recipients",
}
ORDER = ["contacted", "lead", "applied", "assessed", "recommended", "shortlisted", "hired"]
STATUS_STAGES = {
    ("talkpush", "completed"): "applied",
    ("talkpush", "shortlisted"): "shortlisted",
    ("talkpush", "hired"): "hired",
    ("talkpush", "rejected"): "rejected",
    ("talkpush", "on_hold"): "on_hold",
    ("talkpush", "no_response"): "no_response",
    ("talkpush", "pending"): "lead",
    ("linkup", "GOOD"): "shortlisted",
    ("linkup", "GOOD_FIT"): "shortlisted",
    ("linkup", "NOT_A_FIT"): "rejected",
    ("linkup", "UNRATED"): "applied",
    ("linkup", "MAYBE"): "applied",
    ("hirednow", "RECOMMENDED"): "recommended",
    ("hirednow", "STRONGLY_RECOMMENDED"): "recommended",
    ("hirednow", "NOT_RECOMMENDED"): "assessed",
}
OWN_STAGE = {
    "easir": "contacted",
    "talkpush": "lead",
    "linkup": "applied",
    "hirednow": "assessed",
}


@dataclass
class Version:
    """A record's content, and the night on which it was first seen."""

    record: Record
    night: datetime


def stored_contents(
    connection: duckdb.DuckDBPyConnection, vendor: str, resource: str
) -> dict[Any, list[str]]:
    """What raw holds of each record, in the order in which it was seen."""
    connection.execute("set TimeZone = 'UTC'")
    rows = connection.execute(
        f"select {KEYS[vendor, resource]}, _is_deleted, * exclude (_is_deleted, _content_hash, _key_hash, _seen_at, "
        f"_dlt_load_id) from raw_{vendor}.{resource} order by _seen_at"
    ).fetchall()
    stored: dict[Any, list[str]] = defaultdict(list)
    for key, is_deleted, *values in rows:
        name = tuple(key.values()) if isinstance(key, dict) else key
        stored[name].append(VANISHED if is_deleted else content(values))
    return dict(stored)


def content(values: Iterable[Any]) -> str:
    """What a record says, whether a vendor or a row of raw says it; empty values are none."""
    return " ".join(sorted(filter(None, map(_plain, values))))


def _plain(value: Any) -> str:
    """A value in a form in which columns of any type are alike."""
    if isinstance(value, str):
        value = _meant(value)
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(float(value))
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _meant(text: str) -> Any:
    """The number, the list, the object or the time that a text may be."""
    with suppress(ValueError):
        return json.loads(text)
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else text
    return text


@dataclass
class Truth:
    """The nights so far: every version of every record, as a run must have stored it."""

    versions: dict[tuple[str, str], dict[Any, list[Version]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    hiring_campaigns: dict[tuple[str, str], str] = field(default_factory=dict)

    def watch(self, world: World) -> None:
        """Takes down what a complete reading shows on this night."""
        for vendor, resource in RESOURCES:
            for key, payload in world.records(vendor, resource).items():
                record = as_yielded(world, vendor, resource, key, dict(payload))
                versions = self.versions[vendor, resource][key]
                if not versions or versions[-1].record != record:
                    versions.append(Version(record, world.now))
        for campaign in world.campaigns():
            self.hiring_campaigns[campaign.vendor, str(campaign.vendor_campaign_id)] = (
                campaign.hiring_campaign
            )

    def contents(self, vendor: str, resource: str) -> dict[Any, list[str]]:
        """The contents of each record in the order in which they were seen."""
        return {
            key: [content(version.record.values()) for version in versions]
            for key, versions in self.versions[vendor, resource].items()
        }

    def current(self, vendor: str, resource: str) -> dict[Any, Record]:
        """Each record as it stands now."""
        return {
            key: versions[-1].record for key, versions in self.versions[vendor, resource].items()
        }

    def hiring_campaign(self, vendor: str, record_id: str) -> str:
        """What a record's campaign hires for."""
        record = self.versions[vendor, PEOPLE[vendor]][record_id][-1].record
        campaign_id = {
            "hirednow": lambda: record["campaign"]["id"],
            "talkpush": lambda: str(record["campaign_id"]),
            "linkup": lambda: record["job_id"],
            "easir": lambda: record["campaign_id"],
        }[vendor]()
        return self.hiring_campaigns[vendor, campaign_id]

    def events(self) -> set[tuple[str, str, str, int, str, str]]:
        """Who reached which stage when: (vendor, record, stage, n-th entry, time, precision).

        An observed time is given as its night's date.
        """
        found = set()
        campaigns = self.current("easir", "campaigns")
        for vendor, resource in PEOPLE.items():
            for record_id, versions in self.versions[vendor, resource].items():
                for entry in record_events(vendor, versions, campaigns):
                    found.add((vendor, record_id, *entry))
        return found

    def people(self) -> set[frozenset[RecordKey]]:
        """The records of each person."""
        names: dict[tuple[str, str], set[str]] = defaultdict(set)
        holders: dict[tuple[str, str], list[RecordKey]] = defaultdict(list)
        records: list[RecordKey] = []
        for vendor, resource in PEOPLE.items():
            for record_id, record in self.current(vendor, resource).items():
                records.append((vendor, record_id))
                name, keys = identity(vendor, record)
                for key in keys:
                    holders[key].append((vendor, record_id))
                    if name:
                        names[key].add(name)
        group = {record: {record} for record in records}
        for key, sharers in holders.items():
            if len(names[key]) > 3:
                continue
            for other in sharers[1:]:
                first, second = group[sharers[0]], group[other]
                if first is not second:
                    first |= second
                    for record in second:
                        group[record] = first
        return {frozenset(members) for members in group.values()}


def record_events(
    vendor: str, versions: list[Version], campaigns: dict[str, Record]
) -> list[tuple[str, int, str, str]]:
    """The stages of one record: (stage, n-th entry, time, precision)."""
    first = versions[-1].record
    own = OWN_STAGE[vendor]
    events: list[tuple[str, int, str, str]] = []
    if vendor == "easir":
        sent_at = campaigns[first["campaign_id"]]["sent_at"]
        return [(own, 1, instant(sent_at), "exact")] if sent_at else []
    created = first.get("application_date" if vendor == "linkup" else "created_at")
    seen = versions[0].night.date().isoformat()
    events.append((own, 1, instant(created), "exact") if created else (own, 1, seen, "observed"))
    before = None
    entries: dict[str, int] = defaultdict(int)
    for version in versions:
        status = status_of(vendor, version.record)
        stage = STATUS_STAGES.get((vendor, status))
        place = stage or f"status {status}"
        if place != before:
            entries[place] += 1
            if stage and stage != own:
                updated = version.record.get("updated_at")
                events.append(
                    (stage, entries[place], instant(updated), "exact")
                    if updated
                    else (stage, entries[place], version.night.date().isoformat(), "observed")
                )
        before = place
    return events


def status_of(vendor: str, record: Record) -> str:
    """The vendor's word for where a record stands."""
    name = {"talkpush": "state", "linkup": "rating", "hirednow": "recommendation_status"}[vendor]
    return str(record[name])


def instant(text: str) -> str:
    """An ISO time in UTC, to the millisecond."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def identity(vendor: str, record: Record) -> tuple[str, list[tuple[str, str]]]:
    """A record's normalised name, and the keys that may join it to others."""
    if vendor == "hirednow":
        name, email, phones, linkedin = "", record["user"]["email"], [], None
    elif vendor == "talkpush":
        name = f"{record['first_name'] or ''} {record['last_name'] or ''}"
        email, phones = record["email"], [record["user_phone_number"]]
        linkedin = linkedin_id_in(record["others"])
    elif vendor == "linkup":
        name, email, phones = record["full_name"], None, []
        linkedin = record["public_identifier"]
    else:
        fields = {entry["name"]: entry["value"] for entry in record["fixed_fields"]}
        name = f"{fields['first_name'] or ''} {fields['last_name'] or ''}"
        email = fields["email"]
        linkedin = linkedin_id_in([record["social_profile"], record["custom_fields"]])
        phones = [fields["mobile_phone_number"], fields["landline_phone_number"]]
    keys = []
    if email and "@" in email:
        keys.append(("email", email.strip().lower()))
    keys += [("phone", number) for number in {phone_e164(phone) for phone in phones} if number]
    if linkedin:
        keys.append(("linkedin", linkedin.strip().lower()))
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return " ".join(plain.lower().split()), keys


def linkedin_id_in(value: Any) -> str | None:
    """The id in the address of a LinkedIn profile, wherever in a free object it stands."""
    found = re.search(r"linkedin\.com/in/([\w%-]+)", json.dumps(value))
    return found[1] if found else None


def as_yielded(world: World, vendor: str, resource: str, key: Any, record: Record) -> Record:
    """What the source must hand over for a vendor's record: that, and what only the request knew."""
    if (vendor, resource) == ("talkpush", "leads"):
        return {k: v for k, v in record.items() if k not in ("documents", "attachments")}
    if (vendor, resource) == ("talkpush", "campaigns"):
        return {**record, "is_archived": key in world.talkpush.archived_campaigns.rows}
    if (vendor, resource) == ("linkup", "candidates"):
        return {**record, "job_id": key.split(":")[0]}
    if vendor == "closerx":
        return hourly(world, key, record)
    if vendor == "easir":
        zone = world.easir.zone
        times = ("sent_at", "send_at", "created_at", "updated_at", "latest_activity_at")
        utc = {name: from_wall_clock(record[name], zone) for name in times if name in record}
        if resource == "campaign_recipients":
            utc |= {"campaign_id": key.split(":")[0], "nested_timezone": zone.key}
        return {**record, **utc}
    return record


def from_wall_clock(text: str | None, zone: ZoneInfo) -> str | None:
    """EASI'R's time without a zone as an instant."""
    if not text:
        return None
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC).isoformat()


def hourly(world: World, key: tuple[str, str, int, int], record: Record) -> Record:
    """A CloserX hour with its instant, and whether its day was over when it was read."""
    _, day, hour, occurrence = key
    zone = world.closerx.zone
    local = datetime.combine(date.fromisoformat(day), time(hour), zone)
    day_end = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), zone)
    return {
        **record,
        "hour_occurrence": occurrence,
        "hour_at": local.replace(fold=occurrence - 1).astimezone(UTC).isoformat(),
        "is_final": world.now >= day_end,
    }
