"""Who is who: what joins records, and what must not."""

from __future__ import annotations

import pytest

from tests.dbt.conftest import Build
from tests.dbt.story import CHAIN_LENGTH, FAMILY, KIOSK, SWITCHBOARD

PERSON_OF = "select person_id from marts.person_records where vendor = ? and record_id = ?"
ANA = [
    ("easir", "E1:ana", "phone", 0.9),
    ("talkpush", "1", "email", 0.99975),
    ("hirednow", "ana-result", "email", 0.95),
    ("linkup", "J1:ana-app", "linkedin", 0.95),
]


@pytest.mark.parametrize(("vendor", "record", "rule", "confidence"), ANA, ids=lambda value: value)
def test_ana_is_one_person_at_four_vendors(
    first_night: Build, vendor: str, record: str, rule: str, confidence: float
) -> None:
    """EASI'R knows her mobile, HiredNow her e-mail, LinkedIn her page; Talkpush all three."""
    matches = first_night.ask(
        "select person_id, match_rule, round(match_confidence, 5) from marts.person_records"
        " where vendor = ? and record_id = ?",
        vendor,
        record,
    )
    assert matches == [(first_night.one(PERSON_OF, "talkpush", "1"), rule, confidence)]


def test_ana_is_described_by_her_newest_records(first_night: Build) -> None:
    ana = first_night.ask(
        "select full_name, email, phone_e164, linkedin_public_id, location, record_count,"
        " vendor_count, email_consent from marts.dim_person where person_id = ?",
        first_night.one(PERSON_OF, "easir", "E1:ana"),
    )
    assert ana == [
        ("Ana N.", "ana.work@example.com", "+4520123456", "ana-n", "Aarhus, Denmark", 4, 4, True)
    ]


def test_long_chain_is_one_person_named_after_the_oldest_record(first_night: Build) -> None:
    persons = first_night.ask(
        "select distinct person_id from marts.person_records where full_name = 'Chain Link'"
    )
    oldest = first_night.one(
        "select md5('talkpush:' || record_id) from marts.person_records"
        " where full_name = 'Chain Link' order by record_created_at, record_id limit 1"
    )
    assert persons == [(oldest,)]
    count = "select record_count from marts.dim_person where person_id = ?"
    assert first_night.one(count, oldest) == CHAIN_LENGTH


@pytest.mark.parametrize(
    ("phone", "people"),
    [(KIOSK, 4), (FAMILY, 1), (SWITCHBOARD, 2)],
    ids=["kiosk of four names", "family of three names", "blocked switchboard"],
)
def test_shared_numbers(first_night: Build, phone: str, people: int) -> None:
    query = "select count(distinct person_id) from marts.person_records where phone_e164 = ?"
    assert first_night.one(query, phone) == people


def test_blocked_keys_say_why(first_night: Build) -> None:
    blocked = first_night.ask(
        "select key_type, key_value, reason from intermediate.int_blocked_keys order by all"
    )
    assert blocked == [
        ("phone", SWITCHBOARD, "blocked: switchboard"),
        ("phone", KIOSK, "shared by 4 names"),
    ]


def test_person_ids_survive_newer_records(first_night: Build, later_night: Build) -> None:
    query = "select vendor, record_id, person_id from marts.person_records"
    before, after = set(first_night.ask(query)), set(later_night.ask(query))
    assert before <= after
    assert {record for _, record, _ in after - before} == {"9001"}
    assert later_night.one(PERSON_OF, "talkpush", "9001") == later_night.one(
        PERSON_OF, "easir", "E1:ana"
    )


def test_no_round_table_is_left(first_night: Build) -> None:
    left = "select table_name from duckdb_tables() where table_name like '%\\_\\_%' escape '\\'"
    leftovers = [name for (name,) in first_night.ask(left) if "edges_" in name or "picks_" in name]
    assert leftovers == []


def test_fixed_fields_are_columns(first_night: Build) -> None:
    fields = first_night.ask(
        "select first_name, country, zip_code, date_of_birth::text, mobile_phone_e164"
        " from staging.stg_easir__campaign_recipients where recipient_id = 'ana'"
    )
    assert fields == [("Ana", "Denmark", "8000", "1990-02-03", "+4520123456")]


def test_consent_that_says_nothing_is_null(first_night: Build) -> None:
    consent = first_night.ask(
        "select has_email_consent, email_consent_updated_at::text, has_call_consent"
        " from staging.stg_easir__campaign_recipients where recipient_id = 'ana'"
    )
    assert consent == [(True, "2026-02-02 09:00:00+00", None)]


def test_times_of_consent_are_those_of_the_vendors_zone_unless_they_tell_their_own(
    first_night: Build,
) -> None:
    consent = first_night.ask(
        "select email_consent_updated_at::text, call_consent_updated_at::text,"
        " sms_consent_updated_at::text"
        " from staging.stg_easir__campaign_recipients where recipient_id = 'ana'"
    )
    assert consent == [("2026-02-02 09:00:00+00", None, "2026-07-02 10:00:00+00")]
