"""Journeys and reports: would a recruiter believe them?"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.conftest import Build, dbt_build
from tests.dbt.story import SECRET, lead
from tests.dbt.warehouse import create, insert

JOURNEY_OF_LEAD = (
    "select journeys.{column} from marts.fct_journeys as journeys"
    " inner join marts.person_records as records using (person_id)"
    " inner join marts.dim_campaign as campaigns using (campaign_key)"
    " where records.vendor = 'talkpush' and records.record_id = ?"
    " and journeys.hiring_campaign = campaigns.hiring_campaign"
)
FACTS = [
    ("201", "current_status", "shortlisted"),
    ("201", "furthest_stage", "shortlisted"),
    ("201", "count_events", 4),
    ("201", "is_open", True),
    ("201", "is_stalled", False),
    ("202", "current_status", "Interview 2"),
    ("202", "furthest_stage", "lead"),
    ("202", "is_stalled", False),
    ("203", "current_status", "hired"),
    ("203", "is_open", False),
    ("203", "is_stalled", False),
    ("204", "current_status", "lead"),
    ("204", "source", "Referral"),
    ("204", "is_stalled", True),
    ("205", "source", "unknown"),
    ("206", "current_status", "Interview 2"),
    ("1", "source", "Facebook"),
    ("1", "best_score", 3.0),
]


@pytest.mark.parametrize(("record_id", "column", "value"), FACTS)
def test_journey_of_lead(first_night: Build, record_id: str, column: str, value: Any) -> None:
    assert first_night.one(JOURNEY_OF_LEAD.format(column=column), record_id) == value


def test_the_later_of_two_statuses_before_a_lead_was_created_counts(tmp_path: Path) -> None:
    """Both stand where the lead begins; the order in which they were seen decides."""
    told = {"A": ("on_hold", "rejected"), "B": ("rejected", "on_hold")}
    warehouse = tmp_path / "warehouse.duckdb"
    connection = create(warehouse)
    for night in (0, 1):
        rows = [
            lead(
                number,
                campaign_id=number,
                campaign_title=title,
                state=states[night],
                updated_at=f"2026-01-2{5 - night}T08:00:00Z",
            )
            for number, (title, states) in enumerate(told.items())
        ]
        insert(connection, "raw_talkpush.leads", rows, seen_at=f"2026-03-0{night + 1}T02:00:00Z")
    connection.close()
    models = "+fct_journeys,resource_type:model +fct_journeys,resource_type:seed"
    build = dbt_build(warehouse, select=models)
    found = build.ask("select hiring_campaign, current_status from marts.fct_journeys order by 1")
    build.connection.close()
    assert found == [("A", "rejected"), ("B", "on_hold")]


def test_best_score_and_level_are_the_best_of_all_results(first_night: Build) -> None:
    journey = "select best_score, cefr from marts.fct_journeys where hiring_campaign like 'Q4%'"
    assert first_night.ask(journey) == [(4.5, "C1")]


def test_mapped_campaigns_are_one_journey(later_night: Build) -> None:
    journey = later_night.ask(
        "select source, lead_at is not null, applied_at is not null, assessed_at is not null"
        " from marts.fct_journeys where hiring_campaign = 'Support Agents' and person_id ="
        " (select person_id from marts.person_records where record_id = 'J1:ana-app')"
    )
    assert journey == [("Facebook", True, True, False)]


def test_cohorts_have_all_stages_and_honest_rates(first_night: Build) -> None:
    cohorts = first_night.ask(
        "select count(*), min(stage_order), max(stage_order), max(conversion_rate) <= 1,"
        " bool_and(people_reached >= people), bool_and(isodow(period_start_date) = 1)"
        " from marts.rpt_funnel group by period_start_date, hiring_campaign, source"
    )
    assert {(*row[:3], *row[4:]) for row in cohorts} == {(7, 1, 7, True, True)}
    assert {row[3] for row in cohorts} <= {True, None}


def test_funnel_of_the_week_of_ten_february(first_night: Build) -> None:
    """Of lead 201, 202, 203 and the shared numbers: nobody applied, one each went further."""
    funnel = first_night.ask(
        "select stage, people, people_from_previous, conversion_rate, people_reached"
        " from marts.rpt_funnel where period_start_date = ? and hiring_campaign = 'Agents Manila'"
        " and source = 'unknown' order by stage_order",
        date(2026, 2, 9),
    )
    leads = 10  # 201, 202, 203, four at the kiosk, one family, two at the switchboard
    assert funnel == [
        ("contacted", 0, 0, None, 0),
        ("lead", leads, 0, None, leads),
        ("applied", 0, 0, 0.0, 2),
        ("assessed", 0, 0, None, 2),
        ("recommended", 0, 0, None, 2),
        ("shortlisted", 1, 0, None, 2),
        ("hired", 1, 0, 0.0, 1),
    ]


DURATIONS = (
    "select people, p50_days, p90_days, still_waiting from marts.rpt_stage_durations"
    " where hiring_campaign = ? and from_stage = ? and to_stage = ?"
)


def test_durations_leave_out_what_went_backwards(first_night: Build) -> None:
    """The recommendation of the vendor's own page is older than its assessment."""
    row = first_night.ask(DURATIONS, "Q4 Performance Review", "assessed", "recommended")
    assert row == [(0, None, None, 0)]


def test_durations_of_assessments(first_night: Build) -> None:
    """Ana, the flat row and the grown one: recommended at once, and waiting since."""
    assert first_night.ask(DURATIONS, "Agents Manila", "assessed", "recommended") == [
        (3, 0.0, 0.0, 0)
    ]
    waiting = first_night.ask(DURATIONS, "Agents Manila", "recommended", "shortlisted")
    assert waiting == [(0, None, None, 3)]


def test_costs(first_night: Build) -> None:
    costs = first_night.ask(
        "select cost_date, vendor, hiring_campaign, credits, results, leads, cumulative_credits"
        " from marts.rpt_costs order by vendor, hiring_campaign, cost_date"
    )
    assert costs == [
        (date(2026, 2, 28), "closerx", "campc005bf8a", 14.0, 3, 0, 14.0),
        (date(2026, 3, 1), "linkup", "(no campaign)", 1.0, None, 0, 1.0),
        (date(2026, 3, 1), "linkup", "Agent", 3.0, None, 0, 3.0),
        (date(2026, 3, 5), "linkup", "Agent", 1.0, None, 0, 4.0),
    ]


def test_costs_to_date_count_the_leads_of_all_days(later_night: Build) -> None:
    """One lead has no time of its own: it came the night it was seen, with the first credits."""
    query = (
        "select cost_date, credits, leads, credits_per_lead, cumulative_credits, cumulative_leads,"
        " cumulative_credits / cumulative_leads = cumulative_credits_per_lead, cumulative_hires"
        " from marts.rpt_costs where hiring_campaign = 'Support Agents' order by cost_date"
    )
    first, second = later_night.ask(query)
    leads = later_night.one(
        "select count(lead_at) from marts.fct_journeys"
        " where hiring_campaign = 'Support Agents' and lead_at < '2026-03-02'"
    )
    assert first == (date(2026, 3, 1), 3.0, 1, 3.0, 3.0, leads, True, 1)
    assert second == (date(2026, 3, 5), 1.0, 0, None, 4.0, leads, True, 1)


def test_hours_keep_the_last_reading_and_the_repeated_hour(first_night: Build) -> None:
    hours = first_night.ask(
        "select hour, hour_occurrence, credits, results, is_final from marts.fct_campaign_hourly"
        " order by hour_occurrence"
    )
    assert hours == [(2, 1, 9, 2, True), (2, 2, 5, 1, True)]


HEALTH = [
    ("talkpush", "leads", "ok", False, 3, "badge, referral_code"),
    ("linkup", "candidates", "partial", False, 2, ""),
    ("hirednow", "results", "failed", True, 0, ""),
    ("easir", "campaigns", "skipped", True, 2, ""),
    ("closerx", "hourly_metrics", "never", False, 0, ""),
]


@pytest.mark.parametrize("expected", HEALTH, ids=[row[2] for row in HEALTH])
def test_health(first_night: Build, expected: tuple[Any, ...]) -> None:
    row = first_night.ask(
        "select vendor, resource, last_status, is_stale, rows_last_run, new_fields"
        " from marts.rpt_sync_health where vendor = ? and resource = ?",
        *expected[:2],
    )
    assert row == [expected]


def test_health_counts_records_and_versions(first_night: Build) -> None:
    counts = "select rows_total, versions_total from marts.rpt_sync_health where resource_key = ?"
    assert first_night.ask(counts, "linkup.candidates") == [(8, 12)]
    assert first_night.ask(counts, "linkup.jobs") == [(2, 2)]
    assert first_night.ask(counts, "closerx.hourly_metrics") == [(2, 3)]


def test_health_says_what_vendors_changed(first_night: Build) -> None:
    """Each at the resource that it is about; the others have nothing to say."""
    told = first_night.ask(
        "select vendor, resource, new_fields, count_new_fields, vanished_fields, changed_types,"
        " new_statuses, count_rejected from marts.rpt_sync_health order by vendor <> 'talkpush',"
        " resource <> 'leads'"
    )
    changed = "folder (text before, now number), school_name (text before, now object)"
    facts = ("badge, referral_code", 2, "labels", changed, "Interview 2", 1)
    assert told[0] == ("talkpush", "leads", *facts)
    assert {row[2:] for row in told[1:]} == {("", 0, "", "", "", 0)}


def test_health_forgets_a_status_that_is_mapped(later_night: Build) -> None:
    statuses = "select distinct new_statuses from marts.rpt_sync_health"
    assert later_night.ask(statuses) == [("",)]


def test_rejected_records_reach_no_mart(first_night: Build) -> None:
    """What could not be stored may be personal: it is counted, and stays in raw and ops."""
    assert first_night.one("select count(*) from ops.rejected_records") == 1
    tables = first_night.ask(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where schema_name not in ('ops', 'main') and schema_name not like 'raw_%'"
    )
    assert ("marts.rpt_sync_health",) in tables
    found = [
        table
        for (table,) in tables
        if first_night.one(f"select count(*) from {table} as t where t::text like ?", f"%{SECRET}%")
    ]
    assert found == []
