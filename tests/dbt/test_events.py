"""What happened, when, and how we know."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dbt import story
from tests.dbt.conftest import Build, dbt_build
from tests.dbt.warehouse import create, insert

EVENTS = (
    "select stage, vendor_status, strftime(occurred_at, '%Y-%m-%d %H:%M'), time_precision"
    " from marts.fct_funnel_events where vendor = ? and record_id = ?"
    " order by occurred_at, stage_order nulls last"
)
LEAD = ("lead", None, "2026-02-10 08:00", "exact")
APPLIED_OBSERVED = ("applied", None, "2026-03-01 02:00", "observed")
GOOD_OBSERVED = [
    APPLIED_OBSERVED,
    ("shortlisted", "GOOD", "2026-03-01 02:00", "observed"),
]

STORIES = [
    pytest.param(
        "talkpush",
        "201",
        [
            LEAD,
            ("shortlisted", "shortlisted", "2026-02-20 08:00", "exact"),
            ("rejected", "rejected", "2026-03-02 08:00", "exact"),
            ("shortlisted", "shortlisted", "2026-03-07 08:00", "exact"),
        ],
        id="shortlisted, rejected, shortlisted again, read again",
    ),
    pytest.param("talkpush", "202", [LEAD], id="a custom status is no event"),
    pytest.param(
        "talkpush",
        "203",
        [LEAD, ("hired", "hired", "2026-02-24 08:00", "exact")],
        id="first seen hired, changed later: nothing in between, nothing twice",
    ),
    pytest.param(
        "talkpush",
        "205",
        [
            ("lead", None, "2026-03-01 02:00", "observed"),
            ("on_hold", "on_hold", "2026-03-01 02:00", "observed"),
        ],
        id="no times: when it was seen",
    ),
    pytest.param(
        "linkup",
        "J1:aba",
        [
            APPLIED_OBSERVED,
            ("shortlisted", "GOOD", "2026-03-01 02:00", "observed"),
            ("rejected", "NOT_A_FIT", "2026-03-05 02:00", "observed"),
            ("shortlisted", "GOOD", "2026-03-09 02:00", "observed"),
        ],
        id="good, not a fit, good",
    ),
    pytest.param(
        "linkup",
        "J1:dated",
        [
            ("applied", None, "2026-02-11 01:30", "exact"),
            ("shortlisted", "GOOD_FIT", "2026-03-01 02:00", "observed"),
        ],
        id="an application date is exact",
    ),
    pytest.param("linkup", "J1:vague", [APPLIED_OBSERVED], id="2w ago is no date"),
    pytest.param(
        "hirednow",
        "b7048779",
        [
            ("recommended", "RECOMMENDED", "2025-04-29 00:01", "exact"),
            ("assessed", None, "2025-05-29 00:01", "exact"),
        ],
        id="created after it was updated",
    ),
    pytest.param(
        "hirednow",
        "d4e9f2a1",
        [("assessed", None, "2025-10-30 13:37", "exact")],
        id="not recommended",
    ),
    pytest.param(
        "hirednow",
        "grown",
        [
            ("assessed", None, "2026-02-20 10:00", "exact"),
            ("recommended", "RECOMMENDED", "2026-02-20 10:00", "exact"),
        ],
        id="recommended, then strongly, is one entry",
    ),
    pytest.param(
        "easir", "E1:maegan", [("contacted", None, "2026-02-05 08:00", "exact")], id="sent to"
    ),
    pytest.param("easir", "E2:drafted", [], id="on the list of a draft"),
    pytest.param("linkup", "J1:gone", GOOD_OBSERVED, id="good, then missing"),
    pytest.param("linkup", "J1:back", GOOD_OBSERVED, id="good, missing, back as it was"),
    pytest.param(
        "linkup",
        "J1:changed",
        [*GOOD_OBSERVED, ("rejected", "NOT_A_FIT", "2026-03-09 02:00", "observed")],
        id="good, missing, back and not a fit",
    ),
    pytest.param(
        "easir",
        "E4:away",
        [("contacted", None, "2026-02-06 08:00", "exact")],
        id="sent to, missing",
    ),
    pytest.param("easir", "E3:orphan", [], id="campaign unknown"),
]


@pytest.mark.parametrize(("vendor", "record", "events"), STORIES)
def test_events_of(
    first_night: Build, vendor: str, record: str, events: list[tuple[str | None, ...]]
) -> None:
    assert first_night.ask(EVENTS, vendor, record) == events


def test_unmapped_status_is_reported(first_night: Build) -> None:
    unmapped = "select vendor, vendor_status, count_records from marts.rpt_unmapped_statuses"
    assert first_night.ask(unmapped) == [("talkpush", "Interview 2", 2)]


def test_mapped_status_is_an_event(later_night: Build) -> None:
    assert later_night.ask(EVENTS, "talkpush", "202") == [
        LEAD,
        ("shortlisted", "Interview 2", "2026-03-06 08:00", "exact"),
    ]
    assert later_night.ask("from marts.rpt_unmapped_statuses") == []


def test_versions_leave_out_repeated_reads(first_night: Build) -> None:
    versions = first_night.ask(
        "select version_number, is_current from staging.stg_talkpush__leads_versions"
        " where lead_id = '201' order by 1"
    )
    assert versions == [(1, False), (2, False), (3, True)]


CAMPAIGNS = [
    ("hirednow:5c8e2a9f-7b4d-4e1c-9a6f-3d8b5e1a7c4f", "Q4 Performance Review", "assessment"),
    ("talkpush:7", "Agents Manila", "lead_management"),
    ("talkpush:8", "Empty one", "lead_management"),
    ("talkpush:unknown", "unknown", "lead_management"),
    ("linkup:J1", "Agent", "linkedin"),
    ("linkup:J2", "J2", "linkedin"),
    ("easir:E1", "Spring outreach", "email"),
    ("easir:E3", "E3", "unknown"),
    ("closerx:campc005bf8a", "campc005bf8a", "ai_call"),
]


@pytest.mark.parametrize(("key", "name", "channel"), CAMPAIGNS, ids=[key for key, *_ in CAMPAIGNS])
def test_every_campaign_has_a_name(first_night: Build, key: str, name: str, channel: str) -> None:
    campaign = first_night.ask(
        "select campaign_name, channel, hiring_campaign from marts.dim_campaign"
        " where campaign_key = ?",
        key,
    )
    assert campaign == [(name, channel, name)]


@pytest.mark.slow
def test_a_talkpush_campaign_has_the_name_that_its_latest_lead_gives(tmp_path: Path) -> None:
    """Of leads alike in time, the first name in the alphabet; leads without a name or a time say less than others."""
    names = [
        (9, "An old name", "2026-02-01T08:00:00Z"),
        (9, "New name", "2026-02-03T08:00:00Z"),
        (9, "Newer name", "2026-02-03T08:00:00Z"),
        (9, None, "2026-02-09T08:00:00Z"),
        (9, "A name without a time", None),
        (10, "Beta", None),
        (10, "Alpha", None),
        (None, "Nobody's", "2026-02-01T08:00:00Z"),
    ]
    leads = [
        {**story.lead(number, campaign_id=campaign, campaign_title=name), "updated_at": updated_at}
        for number, (campaign, name, updated_at) in enumerate(names)
    ]
    with create(tmp_path / "warehouse.duckdb") as connection:
        insert(connection, "raw_talkpush.leads", leads)
    build = dbt_build(tmp_path / "warehouse.duckdb")

    told = build.ask("select campaign_key, campaign_name from marts.dim_campaign order by 1")
    build.connection.close()
    assert build.failures == []
    assert told == [
        ("talkpush:10", "Alpha"),
        ("talkpush:9", "New name"),
        ("talkpush:unknown", "unknown"),
    ]
