"""The nested parts of EASI'R's records: fixed fields, users, consent."""

from random import Random

from simulator.world.hiring import Recruiter
from simulator.world.people import Person
from simulator.world.shelf import Payload

# id, type, name, label, validation, required
FIXED_FIELDS: tuple[tuple[int, str, str, str, str | None, bool], ...] = (
    (17, "text", "salutation", "Salutation", None, False),
    (27, "text", "state_region", "State/Region", None, False),
    (19, "text", "last_name", "Last name", None, True),
    (36, "text", "mobile_phone_number", "Mobile phone number", None, False),
    (21, "text", "landline_phone_number", "Landline phone number", None, False),
    (24, "text", "address", "Address", None, False),
    (26, "text", "city", "City", None, False),
    (18, "text", "first_name", "First name", None, True),
    (28, "single_choice", "country", "Country", None, False),
    (20, "text", "email", "Email", "email", False),
    (38, "date", "date_of_birth", "Date of Birth", "date_before_tomorrow", False),
    (23, "text", "title", "Title", None, False),
    (25, "text", "zip_code", "Zip code", None, False),
)
COUNTRY_CHOICES = {"Philippines": 171, "Colombia": 48, "South Africa": 202, "Mexico": 140}
USERS_SINCE = "2018-03-22 10:09:05"


def user(recruiter: Recruiter) -> Payload:
    """A recruiter as EASI'R shows its users."""
    return {
        "id": recruiter.number,
        "first_name": recruiter.first_name,
        "last_name": recruiter.last_name,
        "phone_number": recruiter.phone.e164,
        "job_title": "Recruiter",
        "email": recruiter.email,
        "profile_picture": None,
        "created_at": USERS_SINCE,
        "updated_at": USERS_SINCE,
    }


def responsible_user(recruiter: Recruiter) -> Payload:
    """A recruiter as recipients show who looks after them: with a few fields more."""
    return {
        "id": recruiter.number,
        "first_name": recruiter.first_name,
        "last_name": recruiter.last_name,
        "phone_number": recruiter.phone.e164,
        "job_title": "Recruiter",
        "email": recruiter.email,
        "email_notifications": False,
        "profile_picture": None,
        "system_user": False,
        "created_at": USERS_SINCE,
        "updated_at": USERS_SINCE,
    }


def consent(email: bool | None = None, at: str = "") -> Payload:
    """The four consents; only the one for e-mail is ever asked for."""
    unknown = {"consent_given": None, "updated_at": ""}
    return {
        "email": {"consent_given": email, "updated_at": at},
        "letter": dict(unknown),
        "call": dict(unknown),
        "sms": dict(unknown),
    }


def fixed_fields(person: Person, rng: Random) -> list[Payload]:
    """The thirteen fixed fields of a contact, in no particular order.

    Args:
        person: Who they are about.
        rng: Decides what was filled in, how it was written, and the order.

    Returns:
        The fields with all their attributes.
    """
    values = _values(person, rng)
    fields = [
        {
            "id": field_id,
            "type": kind,
            "name": name,
            "label": label,
            "value": values.get(name),
            "validation": validation,
            "required": is_required,
            "hidden": False,
            "read_only": False,
            "sort_order": 0,
        }
        for field_id, kind, name, label, validation, is_required in FIXED_FIELDS
    ]
    rng.shuffle(fields)
    return fields


def _values(person: Person, rng: Random) -> Payload:
    country = person.hiring.country.name
    birthday = f"{rng.randrange(1975, 2006)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
    zip_code = rng.randrange(1000, 9999)
    values: Payload = {
        "salutation": rng.choice(("Ms.", "Mr.", None, None)),
        "last_name": person.last_name,
        "first_name": person.first_name,
        "city": person.hiring.city,
        "country": {"id": COUNTRY_CHOICES[country], "value": country},
        "email": person.email if rng.random() < 0.9 else None,
        "mobile_phone_number": person.phone.written(rng, national=True),
        "date_of_birth": birthday if rng.random() < 0.3 else None,
        # Imported lists hold numbers where typed ones hold text.
        "zip_code": rng.choice((zip_code, str(zip_code), None)),
    }
    if rng.random() < 0.15:
        values["mobile_phone_number"] = None
    if rng.random() < 0.03:
        values["landline_phone_number"] = rng.choice(("n/a", "300.010.4731x3314", "0"))
    if rng.random() < 0.1:
        values["country"] = None
    if rng.random() < 0.2 and values["email"]:
        values["email"] = rng.choice((str.upper, str.title))(person.email)
    return values
