"""The world: deterministic, and full of what makes real records hard."""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest

from simulator import World
from simulator.world.names import EMAIL_DOMAINS

NOW = datetime(2025, 11, 21, 2, 0, tzinfo=UTC)
RESOURCES = (
    ("hirednow", "results"),
    ("talkpush", "leads"),
    ("talkpush", "campaigns"),
    ("linkup", "jobs"),
    ("linkup", "candidates"),
    ("easir", "campaigns"),
    ("easir", "campaign_recipients"),
)


def everything(world: World) -> str:
    """All that a world holds, as text."""
    shelves = [[*world.records(*resource).items()] for resource in RESOURCES]
    hours = [
        [*key, *row.values()] for key, row in world.records("closerx", "hourly_metrics").items()
    ]
    return json.dumps([shelves, hours, world.people, [c.__dict__ for c in world.campaigns()]])


@pytest.fixture(scope="module")
def world() -> World:
    """A world of the demo's size."""
    return World(seed=7, people=2000, now=NOW)


def test_same_arguments_same_world() -> None:
    assert everything(World(3, 200, NOW, 20)) == everything(World(3, 200, NOW, 20))
    assert everything(World(3, 200, NOW, 20)) != everything(World(4, 200, NOW, 20))


def test_two_days_are_a_day_and_a_day() -> None:
    at_once, in_steps = World(3, 200, NOW, 20), World(3, 200, NOW, 20)
    at_once.advance(days=2)
    in_steps.advance(hours=5)
    in_steps.advance(hours=19)
    in_steps.advance(days=1)
    assert everything(at_once) == everything(in_steps)


def test_five_thousand_people_in_two_seconds() -> None:
    start = process_time()
    World(people=5000, now=NOW)
    assert process_time() - start < 2


def test_nothing_is_later_than_now(world: World) -> None:
    for resource in (("talkpush", "leads"), ("hirednow", "results")):
        for row in world.records(*resource).values():
            assert datetime.fromisoformat(row["created_at"]) <= NOW
            assert datetime.fromisoformat(row["updated_at"]) <= NOW


def test_the_clock_needs_a_zone_and_does_not_run_backwards(world: World) -> None:
    with pytest.raises(ValueError, match="time zone"):
        World(now=datetime(2025, 11, 21))
    with pytest.raises(ValueError, match="backwards"):
        world.advance(days=-1)


def test_funnel_is_believable(world: World) -> None:
    leads = list(world.records("talkpush", "leads").values())
    shares = {
        state: count / len(leads) for state, count in Counter(r["state"] for r in leads).items()
    }
    assert 0.04 < shares["hired"] < 0.12
    assert {"pending", "completed", "rejected", "no_response", "background_check"} <= shares.keys()
    by_weekday = Counter(datetime.fromisoformat(r["created_at"]).weekday() for r in leads)
    assert by_weekday[6] < by_weekday[1] / 2


def test_every_record_has_an_owner(world: World) -> None:
    owned = {record for records in world.people.values() for record in records}
    about_people = [
        ("hirednow", "results"),
        ("talkpush", "leads"),
        ("linkup", "candidates"),
        ("easir", "campaign_recipients"),
    ]
    assert owned == {(v, key) for v, resource in about_people for key in world.records(v, resource)}
    vendors = Counter(len({vendor for vendor, _ in records}) for records in world.people.values())
    assert vendors[2] > 100 and vendors[3] > 10


def test_emails_are_reserved_ones(world: World) -> None:
    texts = [row["email"] for row in world.records("talkpush", "leads").values()]
    texts += [row["user"]["email"] for row in world.records("hirednow", "results").values()]
    domains = {text.lower().partition("@")[2] for text in texts if text}
    assert domains <= {*EMAIL_DOMAINS, "staffing.example.com"}


def test_keys_that_mislead(world: World) -> None:
    names_by_phone: dict[str, set[str]] = defaultdict(set)
    people_by_email: dict[str, set[str]] = defaultdict(set)
    leads = list(world.records("talkpush", "leads").values())
    for lead in leads:
        name = f"{lead['first_name']} {lead['last_name']}"
        if lead["user_phone_number"]:
            names_by_phone[lead["user_phone_number"]].add(name)
        if lead["email"]:
            people_by_email[lead["email"].lower()].add(name)
    kiosks = [hiring.kiosk.e164 for hiring in world.hirings if hiring.kiosk]
    assert all(len(names_by_phone[kiosk]) > 3 for kiosk in kiosks)
    assert any(len(people_by_email[hiring.recruiter.email]) > 3 for hiring in world.hirings)
    assert sum(lead["email"] is None for lead in leads) > 10
    assert sum(
        lead["email"] is not None and lead["email"] != lead["email"].lower() for lead in leads
    )


def test_households_share_a_phone(world: World) -> None:
    phones: dict[str, set[str]] = defaultdict(set)
    for recipient in world.records("easir", "campaign_recipients").values():
        values = {field["name"]: field["value"] for field in recipient["fixed_fields"]}
        if values["mobile_phone_number"]:
            digits = "".join(filter(str.isdigit, values["mobile_phone_number"]))[-10:]
            phones[digits].add(recipient["id"])
    sizes = Counter(len(ids) for ids in phones.values())
    assert sizes[2] > 5
    assert max(sizes) <= 3


def test_same_name_different_people(world: World) -> None:
    owners: dict[str, set[int]] = defaultdict(set)
    leads = world.records("talkpush", "leads")
    for number, records in world.people.items():
        for vendor, record_id in records:
            if vendor == "talkpush":
                lead = leads[record_id]
                owners[f"{lead['first_name']} {lead['last_name']}"].add(number)
    assert any(len(numbers) > 1 for numbers in owners.values())


def test_hirednow_traps(world: World) -> None:
    rows = list(world.records("hirednow", "results").values())
    indexes = [int(row["order_index"]) for row in rows]
    assert min(indexes) < 9_999 < 10_000 < max(indexes)
    assert any(row["created_at"] > row["updated_at"] for row in rows)
    assert any(row["additional_scores"] == {} for row in rows)
    in_order = sorted(rows, key=lambda row: int(row["order_index"]))
    created = [row["created_at"] for row in in_order]
    assert created != sorted(created)
    names: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        names[row["campaign"]["id"]].add(row["campaign"]["name"])
    assert max(map(len, names.values())) == 3


def test_easir_recipients_have_thirteen_fields_in_any_order(world: World) -> None:
    recipients = list(world.records("easir", "campaign_recipients").values())
    orders = {tuple(f["name"] for f in row["fixed_fields"]) for row in recipients}
    assert len(orders) > 100
    assert {len(order) for order in orders} == {13}
    values = [field["value"] for row in recipients for field in row["fixed_fields"]]
    assert {type(value) for value in values} == {str, int, dict, type(None)}
    assert {row["consent"]["email"]["consent_given"] for row in recipients} == {None, True, False}
    assert {row["consent"]["sms"]["updated_at"] for row in recipients} == {""}


@pytest.mark.parametrize(("day", "hours"), [("2025-11-02", 25), ("2025-03-09", 23)])
def test_closerx_clock_changes(day: str, hours: int) -> None:
    noon = datetime.fromisoformat(f"{day}T17:00:00+00:00")
    world = World(people=100, now=noon + timedelta(days=3), history_days=10)
    rows = world.records("closerx", "hourly_metrics")
    campaign_id = world.closerx.campaign_ids[0]
    keys = [key for key in rows if key[:2] == (campaign_id, day)]
    assert len(keys) == hours
    assert ((campaign_id, day, 1, 2) in keys) is (hours == 25)
    assert ((campaign_id, day, 2, 1) in keys) is (hours == 25)


def test_closerx_hours_to_come_are_zero_and_yesterday_is_settled_later() -> None:
    world = World(people=3000, now=datetime(2025, 11, 19, 17, 30, tzinfo=UTC), history_days=30)
    campaign_id = world.closerx.campaign_ids[0]
    today = world.records("closerx", "hourly_metrics")
    assert today[campaign_id, "2025-11-19", 11, 1]["credit_deductions"] > 0
    assert today[campaign_id, "2025-11-19", 13, 1]["credit_deductions"] == 0
    world.advance(hours=12)
    evening = world.records("closerx", "hourly_metrics")
    world.advance(days=1)
    settled = world.records("closerx", "hourly_metrics")
    changed = [key for key, row in evening.items() if settled[key] != row]
    assert changed and {key[1] for key in changed} <= {"2025-11-19", "2025-11-20"}


def test_a_night_moves_things_and_brings_new_fields() -> None:
    world = World(seed=7, people=2000, now=NOW)
    leads, results = ("talkpush", "leads"), ("hirednow", "results")
    resources = (leads, results, ("linkup", "candidates"), ("easir", "campaign_recipients"))
    before = {resource: dict(world.records(*resource)) for resource in resources}
    world.advance(days=1)
    after = {resource: world.records(*resource) for resource in resources}
    assert all(after[resource].keys() > before[resource].keys() for resource in resources)
    moved = [
        key
        for key, lead in before[leads].items()
        if after[leads][key]["updated_at"] != lead["updated_at"]
    ]
    assert len(moved) > 5
    now_texts = [datetime.fromisoformat(after[leads][key]["updated_at"]) for key in moved]
    assert all(NOW < updated_at <= world.now for updated_at in now_texts)
    for resource, field in ((leads, "referral_code"), (results, "proctoring_flag")):
        assert not any(field in row for row in before[resource].values())
        assert any(field in row for row in after[resource].values())


def test_linkedin_ratings_go_and_come_back() -> None:
    world = World(seed=7, people=1500, now=NOW, history_days=30)
    ratings: dict[str, list[str]] = defaultdict(list)
    for _ in range(15):
        for key, row in world.records("linkup", "candidates").items():
            if ratings[key][-1:] != [row["rating"]]:
                ratings[key].append(row["rating"])
        world.advance(days=1)
    assert any(row[:3] == ["UNRATED", "GOOD", "UNRATED"] for row in ratings.values())
    assert not any("updated_at" in row for row in world.records("linkup", "candidates").values())
    dated = Counter("application_date" in r for r in world.records("linkup", "candidates").values())
    assert dated[True] and dated[False]


def test_a_test_can_revise_a_record() -> None:
    world = World(seed=7, people=200, now=NOW, history_days=20)
    record_id, lead = next(iter(world.records("talkpush", "leads").items()))
    world.revise("talkpush", "leads", record_id, {"state": "custom_status"})
    revised = world.records("talkpush", "leads")[record_id]
    assert revised["state"] == "custom_status"
    assert datetime.fromisoformat(revised["updated_at"]) == NOW
    assert lead["state"] != "custom_status"
    with pytest.raises(KeyError):
        world.revise("talkpush", "leads", "1", {})
