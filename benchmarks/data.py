"""The vendors' records: invented, the same on every machine, rendered once as JSON and kept in files.

A file of rendered records is mapped, not read: a page is a slice of it, so that serving costs next to nothing.
"""

from __future__ import annotations

import json
import mmap
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

VERSION = 1  # of the shapes below: files of another version are not used
FIRST_DAY = datetime(2024, 11, 1, tzinfo=UTC)
DAYS = 730
AS_OF = "2026-11-01T04:00:00Z"  # the moment that is taken for now

# Few campaigns hold most results, so reading campaigns side by side is not enough.
CAMPAIGN_SHARES = (0.40, 0.20, 0.12, 0.10, 0.08, 0.05, 0.03, 0.02)
CAMPAIGN_NAMES = ("Bogotá Sales Floor", "Manila Support Night Shift", "Durban Collections")
STATUSES = ("NOT_RECOMMENDED", "RECOMMENDED", "STRONGLY_RECOMMENDED")
LEVELS = ("A2", "B1", "B2", "C1", "C2")
RECIPIENTS_A_CAMPAIGN = (40, 400, 90, 700, 250, 120, 650, 150)  # 300 on average

FIXED_FIELDS = (
    (17, "salutation", "Salutation", '"Ms."'),
    (27, "state_region", "State/Region", "null"),
    (19, "last_name", "Last name", '"Reyes"'),
    (36, "mobile_phone_number", "Mobile phone number", '"%(phone)s"'),
    (21, "landline_phone_number", "Landline phone number", "null"),
    (24, "address", "Address", "null"),
    (26, "city", "City", '"Bogotá"'),
    (18, "first_name", "First name", '"Person %(number)d"'),
    (28, "country", "Country", '{"id":48,"value":"Colombia"}'),
    (20, "email", "Email", '"person%(number)d@example.com"'),
    (38, "date_of_birth", "Date of Birth", "null"),
    (23, "title", "Title", "null"),
    (25, "zip_code", "Zip code", "%(zip_code)d"),
)
FIELD = (
    '{"id":%d,"type":"text","name":"%s","label":"%s","value":%s,"validation":null,"required":false,'
    '"hidden":false,"read_only":false,"sort_order":0}'
)
USER = (
    '{"id":7,"first_name":"Florian","last_name":"Walter","phone_number":"+4588888888","job_title":"Recruiter",'
    '"email":"florian@example.com","profile_picture":null,"created_at":"2018-03-22 10:09:05",'
    '"updated_at":"2018-03-22 10:09:05"}'
)
UNASKED = '{"consent_given":null,"updated_at":""}'
RECIPIENT = (
    '{"id":"%(id)s","b2c":true,"account":{"id":"%(account)s","name":"Person %(number)d Reyes"},'
    f'"user":{USER},"team_id":null,"team":null,"status":"%(status)s",'
    f'"fixed_fields":[{",".join(FIELD % field for field in FIXED_FIELDS)}],'
    '"custom_fields":[{"id":51,"type":"single_choice","name":"preferred_shift","label":"Preferred shift",'
    '"value":{"id":300,"value":"Day"}}],"created_at":"%(at)s","updated_at":"%(at)s",'
    '"latest_activity_at":null,"social_profile":{"linkedin":"https://www.linkedin.com/in/p%(number)d"},'
    f'"consent":{{"email":{UNASKED},"letter":{UNASKED},"call":{UNASKED},"sms":{UNASKED}}}}}'
)
CAMPAIGN = (
    '{"id":"%(id)s","user":' + USER + ',"team_id":1,"group_id":null,"scope":"global","name":"Outreach %(number)d",'
    '"approved":true,"description":"Spring hiring.","type":"email","message":{"subject":"We are hiring"},'
    '"template":{"id":2,"type":"email","company_id":1,"title":"Email template","user_id":7},'
    '"filter":[{"field":"contact.fixed_fields.city","operator":"ct","value":"Bogotá"}],"sent_at":"%(at)s",'
    '"total_sent":%(total)d,"send_at":"%(at)s","task":null,"created_at":"%(at)s","updated_at":"%(at)s"}'
)  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """One listing of a vendor: the records from `first` up to `stop` of a shelf."""

    id: str
    first: int
    stop: int


class Shelf:
    """Rendered records, one after another.

    Attributes:
        offsets: Where each record begins, and where the last one ends.
        order: What a record is found by: for results the index, else nothing.
        days: The day on which a record was created, for those that are found by it.
        listings: Which records belong together.
    """

    def __init__(self, path: Path) -> None:
        with path.with_suffix(".json").open() as file:
            self.listings = [Listing(*listing) for listing in json.load(file)]
        self.offsets = _array(path.with_suffix(".offsets"))
        self.order = _array(path.with_suffix(".order"))
        self.days = _array(path.with_suffix(".days"))
        with path.open("rb") as file:
            self._records = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def between(self, first: int, stop: int) -> memoryview:
        """The records as the inside of a JSON array."""
        if first >= stop:
            return self._records[:0]
        return self._records[self.offsets[first] : self.offsets[stop] - 1]


@dataclass(frozen=True)
class Vendors:
    """What the vendors hold."""

    results: Shelf
    campaigns: Shelf
    recipients: Shelf


def open_vendors(folder: Path, results: int, recipients: int) -> Vendors:
    """Opens the records, and invents them if no earlier benchmark did.

    Args:
        folder: Where to keep them.
        results: How many HiredNow results.
        recipients: How many EASI'R recipients.
    """
    folder = folder / f"data-{VERSION}-{results}-{recipients}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "results", _results(results))
        sizes = list(_campaign_sizes(recipients))
        _write(folder / "campaigns", _campaigns(sizes))
        _write(folder / "recipients", _recipients(sizes))
        (folder / "complete").touch()
    return Vendors(*(Shelf(folder / name) for name in ("results", "campaigns", "recipients")))


Record = tuple[str, str, int, int]  # its listing, itself, its order, its day


def _write(path: Path, records: Iterable[Record]) -> None:
    offsets, order, days = array("q", [0]), array("q"), array("q")
    listings: list[list[str | int]] = []
    with path.open("wb") as file:
        for number, (listing, text, index, day) in enumerate(records):
            if not listings or listings[-1][0] != listing:
                listings.append([listing, number, number])
            listings[-1][2] = number + 1
            offsets.append(offsets[-1] + file.write(text.encode() + b","))
            order.append(index)
            days.append(day)
    for suffix, numbers in ((".offsets", offsets), (".order", order), (".days", days)):
        path.with_suffix(suffix).write_bytes(numbers.tobytes())
    path.with_suffix(".json").write_text(json.dumps(listings))


def _array(path: Path) -> array[int]:
    numbers = array("q")
    numbers.frombytes(path.read_bytes())
    return numbers


def _results(count: int) -> Iterator[Record]:
    left = count
    for number, share in enumerate(CAMPAIGN_SHARES):
        is_last = number == len(CAMPAIGN_SHARES) - 1
        size = left if is_last else min(left, round(count * share))
        left -= size
        rng = Random(number)  # noqa: S311 - invented records
        campaign_id = _uuid(rng)
        campaign = f'{{"id":"{campaign_id}","name":"{CAMPAIGN_NAMES[number % 3]}"}}'
        for position in range(size):
            created = FIRST_DAY + timedelta(days=DAYS) * (position / size)
            updated = created + timedelta(minutes=rng.randrange(180))
            # Indexes are the vendor's own and have gaps.
            index = 9_000 + 32 * position + number
            status = STATUSES[position % 3]
            cefr = f'{{"cefr":{{"score":"{LEVELS[position % 5]}"}}}}' if position % 10 < 7 else "{}"
            text = (
                f'{{"id":"{_uuid(rng)}","recommendation_status":"{status}","campaign":{campaign},'
                f'"user":{{"id":"{_uuid(rng)}","email":"person{position}@example.com"}},'
                f'"overall_score":{1 + position % 400 / 100},"additional_scores":{cefr},'
                f'"created_at":"{_instant(created)}","updated_at":"{_instant(updated)}",'
                f'"order_index":"{index}"}}'
            )
            yield campaign_id, text, index, created.toordinal()


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _campaign_sizes(recipients: int) -> Iterator[tuple[str, int]]:
    rng, number = Random("campaigns"), 0  # noqa: S311 - invented records
    while recipients > 0:
        size = min(recipients, RECIPIENTS_A_CAMPAIGN[number % len(RECIPIENTS_A_CAMPAIGN)])
        yield _uuid(rng), size
        recipients, number = recipients - size, number + 1


def _campaigns(sizes: list[tuple[str, int]]) -> Iterator[Record]:
    for number, (campaign_id, size) in enumerate(sizes):
        at = FIRST_DAY + timedelta(days=DAYS) * (number / len(sizes))
        values = {"id": campaign_id, "number": number, "total": size, "at": _wall_clock(at)}
        yield "", CAMPAIGN % values, number, at.toordinal()


def _recipients(sizes: list[tuple[str, int]]) -> Iterator[Record]:
    rng, number = Random("recipients"), 0  # noqa: S311 - invented records
    for campaign_id, size in sizes:
        for _ in range(size):
            at = FIRST_DAY + timedelta(minutes=number % (DAYS * 1440))
            values = {
                "id": _uuid(rng),
                "account": _uuid(rng),
                "number": number,
                "status": "replied" if number % 5 == 0 else "sent",
                "phone": f"+57 300 {number % 10_000_000:07d}",
                "zip_code": 1000 + number % 9000,
                "at": _wall_clock(at),
            }
            yield campaign_id, RECIPIENT % values, number, at.toordinal()
            number += 1


def _wall_clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _uuid(rng: Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
