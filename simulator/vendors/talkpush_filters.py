"""Talkpush's ``filter[...]`` parameters: which leads, in which order."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from simulator.vendors.checks import as_date
from simulator.world.shelf import Payload, Shelf

Test = Callable[[Payload], bool]
OTHERS = re.compile(r"filter\[others\]\[(\w+)\]")


class BadDateError(ValueError):
    """A date that is not DD-MM-YYYY."""


def _date(text: str) -> date:
    day = as_date(text, r"\d{2}-\d{2}-\d{4}", "%d-%m-%Y")
    if day is None:
        raise BadDateError("invalid date")
    return day


def _from_day(field: str) -> Callable[[str], Test]:
    """The day of a field, in the account's zone (its own offset), is not before a date."""

    def on_or_after(text: str) -> Test:
        day = _date(text).isoformat()
        return lambda lead: (lead[field] or "")[:10] >= day

    return on_or_after


def _until_day(field: str) -> Callable[[str], Test]:
    def on_or_before(text: str) -> Test:
        day = _date(text).isoformat()
        return lambda lead: "" < (lead[field] or "")[:10] <= day

    return on_or_before


def _equals(field: str) -> Callable[[str], Test]:
    return lambda text: lambda lead: lead[field] == text


def _query(text: str) -> Test:
    fields = ("id", "first_name", "last_name", "email", "user_phone_number")
    wanted = text.lower()
    return lambda lead: any(wanted in str(lead[field]).lower() for field in fields)


def _campaigns(text: str) -> Test:
    ids = set(text.split(","))
    return lambda lead: str(lead["campaign_id"]) in ids


def _resume(text: str) -> Test:
    return lambda lead: bool(lead["attachments"]) is (text == "attached")


def _label(text: str) -> Test:
    return lambda lead: text in lead["labels"]


def _location(text: str) -> Test:
    return lambda lead: lead["others"].get("city") == text


def _everything(text: str) -> Test:
    """For filters about facts that leads do not show."""
    return lambda lead: True


FILTERS: dict[str, Callable[[str], Test]] = {
    "filter[query]": _query,
    "filter[campaign_id]": _campaigns,
    "filter[status_selected]": _equals("state"),
    "filter[creation_start_date]": _from_day("created_at"),
    "filter[creation_end_date]": _until_day("created_at"),
    "filter[updated_start_date]": _from_day("updated_at"),
    "filter[updated_end_date]": _until_day("updated_at"),
    "filter[source_selected]": _equals("source"),
    "filter[location_selected]": _location,
    "filter[location_radius_selected]": _everything,
    "filter[label_selected]": _label,
    "filter[completion_method_selected]": _everything,
    "filter[resume_selected]": _resume,
    "filter[scheduled_at_start_date]": _from_day("scheduled_at"),
    "filter[scheduled_at_end_date]": _until_day("scheduled_at"),
}
LIST_FILTERS = ("filter[campaign_id][]",)
SORTS: dict[str, tuple[Callable[[Payload], Any], bool]] = {
    "name": (lambda lead: (lead["first_name"], lead["last_name"]), False),
    "source": (lambda lead: lead["source"], False),
    "location": (lambda lead: lead["others"]["city"], False),
    "created_at": (lambda lead: datetime.fromisoformat(lead["created_at"]), True),
    "completion_date": (lambda lead: datetime.fromisoformat(lead["updated_at"]), True),
}


def listing(leads: Shelf, query: Iterable[tuple[str, str]]) -> list[Payload]:
    """The leads that the filters let through, most recently updated first.

    Args:
        leads: The shelf of leads.
        query: The request's parameters; ``filter[sort_by_selected]`` asks for another order.

    Returns:
        The leads, of all pages.

    Raises:
        BadDateError: If a date is not DD-MM-YYYY.
    """
    filters = tuple(sorted((name, text) for name, text in query if name.startswith("filter[")))
    tests = [test for name, text in filters if (test := _test(name, text))]
    chosen = {text for name, text in filters if name in LIST_FILTERS}
    if chosen:
        tests.append(_campaigns(",".join(chosen)))
    key, is_descending = SORTS[dict(filters).get("filter[sort_by_selected]", "completion_date")]

    def make(rows: Iterable[Payload]) -> list[Payload]:
        passed = [lead for lead in rows if all(test(lead) for test in tests)]
        passed.sort(key=lambda lead: lead["id"], reverse=is_descending)
        passed.sort(key=key, reverse=is_descending)
        return passed

    return leads.view(filters, make)


def _test(name: str, text: str) -> Test | None:
    if others := OTHERS.fullmatch(name):
        attribute = others[1]
        return lambda lead: str(lead["others"].get(attribute)) == text
    return FILTERS[name](text) if name in FILTERS else None
