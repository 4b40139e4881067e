"""What full listings no longer show: said so, counted all the same, and nothing else told of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dbt.conftest import Build
from tests.dbt.story import NIGHT_1, NIGHT_2, NIGHT_3

RECORDS = [
    pytest.param("linkup:J1:gone", 1, NIGHT_1, NIGHT_2, id="missing"),
    pytest.param("linkup:J1:back", 2, NIGHT_3, None, id="back as it was"),
    pytest.param("linkup:J1:changed", 2, NIGHT_3, None, id="back and changed"),
    pytest.param("linkup:J1:dated", 1, NIGHT_1, None, id="never missing"),
    pytest.param("easir:E4:away", 1, NIGHT_1, NIGHT_2, id="missing recipient"),
    pytest.param("hirednow:flat", 1, NIGHT_1, None, id="a vendor whose records cannot vanish"),
]


@pytest.mark.parametrize(("record", "versions", "last_seen_at", "first_missing_at"), RECORDS)
def test_record_says_since_when_it_is_missing(
    first_night: Build, record: str, versions: int, last_seen_at: str, first_missing_at: str | None
) -> None:
    """Its absence is no version of it, and does not count as having been seen."""
    told = first_night.ask(
        "select is_deleted, version_count, last_seen_at = ?::timestamptz,"
        " first_missing_at is not distinct from ?::timestamptz, first_seen_at = ?::timestamptz"
        " from marts.person_records where record_key = ?",
        last_seen_at,
        first_missing_at,
        NIGHT_1,
        record,
    )
    assert told == [(first_missing_at is not None, versions, True, True, True)]


@pytest.mark.parametrize(
    ("campaign", "is_deleted"),
    [
        ("linkup:J1", False),
        ("linkup:J2", False),
        ("linkup:J3", True),
        ("easir:E1", False),
        ("easir:E3", False),
        ("easir:E4", True),
        ("talkpush:7", False),
        ("hirednow:H1", False),
        ("closerx:campc005bf8a", False),
    ],
)
def test_campaign_says_whether_it_is_missing(
    first_night: Build, campaign: str, is_deleted: bool
) -> None:
    """Those that nobody listed, but records refer to, are not missing."""
    told = first_night.ask(
        "select is_deleted, first_missing_at is not distinct from ?::timestamptz"
        " from marts.dim_campaign where campaign_key = ?",
        NIGHT_2 if is_deleted else None,
        campaign,
    )
    assert told == [(is_deleted, True)]


VERSIONS: list[tuple[Any, ...]] = [
    (1, "GOOD", False, False, NIGHT_1, None),
    (2, "GOOD", True, False, NIGHT_1, NIGHT_2),
    (3, "NOT_A_FIT", False, True, NIGHT_3, None),
]


def test_staging_keeps_what_happened(first_night: Build) -> None:
    versions = first_night.ask(
        "select version_number, rating, is_deleted, is_current,"
        " strftime(seen_at, '%Y-%m-%dT%H:%M:%SZ'),"
        " strftime(first_missing_at, '%Y-%m-%dT%H:%M:%SZ')"
        " from staging.stg_linkup__candidates_versions where application_id = 'changed' order by 1"
    )
    assert versions == VERSIONS


def test_absence_is_no_entry_into_a_stage(first_night: Build) -> None:
    """Of the three that vanished only the one that came back with news has entries."""
    entries = first_night.ask(
        "select record_key, list(stage order by entry_number)"
        " from intermediate.int_status_entries"
        " where record_key in ('linkup:J1:gone', 'linkup:J1:back', 'linkup:J1:changed')"
        " group by all order by all"
    )
    assert entries == [
        ("linkup:J1:back", ["shortlisted"]),
        ("linkup:J1:changed", ["shortlisted", "rejected"]),
    ]


def test_missing_people_count_as_before(first_night: Build) -> None:
    """The one who is gone stands in the journeys where the listing last showed them."""
    journeys = first_night.ask(
        "select journeys.current_status, journeys.is_open, people.record_count"
        " from marts.fct_journeys as journeys"
        " inner join marts.person_records as records using (person_id)"
        " inner join marts.dim_person as people using (person_id)"
        " where records.record_key = 'linkup:J1:gone'"
    )
    assert journeys == [("shortlisted", True, 1)]
