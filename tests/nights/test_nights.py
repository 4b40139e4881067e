"""Three nights, each compared row by row with what the vendors showed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

import pytest

from tests.nights.conftest import Installation
from tests.nights.truth import ORDER, PEOPLE, RESOURCES, instant

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def after_three_nights(new_installation: Any) -> Installation:
    """New people, moved statuses, late edits, LinkedIn ratings that return, revised hours."""
    installation: Installation = new_installation()
    installation.has_data_tests = True
    for night in range(3):
        if night:
            installation.world.advance(days=1)
            _rate_back_and_forth(installation, night)
            _reconsider_a_result(installation, night)
            _withdraw_a_consent(installation, night)
        assert installation.night() == 0, installation.output
    return installation


def _rate_back_and_forth(installation: Installation, night: int) -> None:
    """One applicant goes A, B, A over the three nights: the vendor gives no date for it."""
    world = installation.world
    record_id = min(world.records("linkup", "candidates"))
    before = world.records("linkup", "candidates")[record_id]["rating"]
    other = "MAYBE" if before != "MAYBE" else "NOT_A_FIT"
    first = getattr(installation, "first_rating", before)
    installation.first_rating = first  # type: ignore[attr-defined]
    world.revise("linkup", "candidates", record_id, {"rating": other if night == 1 else first})


def _reconsider_a_result(installation: Installation, night: int) -> None:
    """A late edit inside HiredNow's lookback: a recent result changes after it was read."""
    results = installation.truth.current("hirednow", "results")
    recent = max(results, key=lambda key: results[key]["created_at"])
    status = ["NOT_RECOMMENDED", "STRONGLY_RECOMMENDED"][night - 1]
    installation.world.revise("hirednow", "results", recent, {"recommendation_status": status})


def _withdraw_a_consent(installation: Installation, night: int) -> None:
    """A recipient of a campaign that is over: only the full reading can find it."""
    recipients = installation.truth.current("easir", "campaign_recipients")
    changes = {"consent": {"email": {"consent_given": night == 2, "updated_at": ""}}}
    installation.world.revise("easir", "campaign_recipients", min(recipients), changes)


def test_the_nights_bring_what_they_are_to_test(after_three_nights: Installation) -> None:
    truth = after_three_nights.truth
    for vendor, resource in PEOPLE.items():
        versions = truth.versions[vendor, PEOPLE[vendor]].values()
        assert any(len(found) > 1 for found in versions), f"no {vendor} {resource} changed"
        assert len({found[0].night for found in versions}) > 1, f"no new {vendor} {resource}"
    precisions = {precision for *_, precision in truth.events()}
    assert precisions == {"exact", "observed"}
    assert any(len(members) > 2 for members in truth.people())


@pytest.mark.parametrize(("vendor", "resource"), RESOURCES, ids=[f"{v}-{r}" for v, r in RESOURCES])
def test_raw_holds_each_version_once_in_the_order_seen(
    after_three_nights: Installation, vendor: str, resource: str
) -> None:
    stored = after_three_nights.stored(vendor, resource)

    assert stored == after_three_nights.truth.contents(vendor, resource)


def test_typed_columns_hold_what_was_sent(after_three_nights: Installation) -> None:
    truth = after_three_nights.truth
    rows = after_three_nights.query(
        """
        select cast(id as varchar), state, email, created_at, updated_at, others->>'city', answers
        from raw_talkpush.leads
        qualify row_number() over (partition by id order by _seen_at desc) = 1
        """
    )
    leads = truth.current("talkpush", "leads")
    assert len(rows) == len(leads)
    for lead_id, state, email, created_at, updated_at, city, answers in rows:
        lead = leads[lead_id]
        assert (state, email, city) == (lead["state"], lead["email"], lead["others"].get("city"))
        assert instant(created_at.isoformat()) == instant(lead["created_at"])
        assert instant(updated_at.isoformat()) == instant(lead["updated_at"])
        assert (answers is None) == (lead.get("answers") is None)


def test_a_field_that_nobody_declared_arrives(after_three_nights: Installation) -> None:
    sent = {
        result_id: record["proctoring_flag"]
        for result_id, record in after_three_nights.truth.current("hirednow", "results").items()
        if "proctoring_flag" in record
    }
    stored = after_three_nights.query(
        "select id, proctoring_flag from raw_hirednow.results where proctoring_flag is not null"
    )
    assert sent
    assert dict(stored) == {key: json.dumps(value) for key, value in sent.items()}
    assert after_three_nights.query(
        "select new_fields from marts.rpt_sync_health where vendor = 'hirednow' and resource = 'results'"
    ) == [("proctoring_flag",)]


def test_people_are_who_they_are(after_three_nights: Installation) -> None:
    rows = after_three_nights.query("select person_id, vendor, record_id from marts.person_records")
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for person_id, vendor, record_id in rows:
        found[person_id].add((vendor, record_id))

    assert {frozenset(members) for members in found.values()} == after_three_nights.truth.people()


def test_events_are_those_that_were_seen(after_three_nights: Installation) -> None:
    rows = after_three_nights.query(
        """
        select vendor, record_id, stage,
            row_number() over (partition by vendor, record_id, stage order by occurred_at, event_id),
            occurred_at, time_precision
        from marts.fct_funnel_events
        """
    )
    found = Counter(
        (
            vendor,
            record_id,
            stage,
            number,
            instant(at.isoformat()) if precision == "exact" else at.date().isoformat(),
            precision,
        )
        for vendor, record_id, stage, number, at, precision in rows
    )
    assert found == Counter(after_three_nights.truth.events())


def test_journeys_follow_from_the_events(after_three_nights: Installation) -> None:
    truth = after_three_nights.truth
    person_of = {record: members for members in truth.people() for record in members}
    expected: dict[tuple[frozenset[Any], str], dict[str, str]] = defaultdict(dict)
    for vendor, record_id, stage, _, at, _ in truth.events():
        key = (person_of[vendor, record_id], truth.hiring_campaign(vendor, record_id))
        expected[key][stage] = min(at, expected[key].get(stage, at))

    records: dict[str, set[Any]] = defaultdict(set)
    for person_id, vendor, record_id in after_three_nights.query(
        "select person_id, vendor, record_id from marts.person_records"
    ):
        records[person_id].add((vendor, record_id))
    stages = [*ORDER, "rejected"]
    found = {}
    for person_id, hiring_campaign, furthest, *times in after_three_nights.query(
        f"select person_id, hiring_campaign, furthest_stage, {', '.join(f'{s}_at' for s in stages)} "
        "from marts.fct_journeys"
    ):
        key = (frozenset(records[person_id]), hiring_campaign)
        assert key not in found
        found[key] = {s: instant(at.isoformat()) for s, at in zip(stages, times, strict=True) if at}
        reached = [stage for stage in ORDER if stage in expected[key]]
        assert furthest == (reached[-1] if reached else None)

    assert found.keys() == expected.keys()
    for key, times_of in expected.items():
        for stage in stages:
            at = times_of.get(stage, "")
            # an observed time is known to the day
            assert found[key].get(stage, "")[: len(at)] == at, (key, stage)


def test_hours_are_those_of_the_last_reading(after_three_nights: Installation) -> None:
    expected = {
        key: (
            record["credit_deductions"],
            record["campaign_results"],
            record["is_final"],
            instant(record["hour_at"]),
        )
        for key, record in after_three_nights.truth.current("closerx", "hourly_metrics").items()
    }
    found = {
        (campaign, day.isoformat(), hour, occurrence): (
            credits,
            results,
            is_final,
            instant(at.isoformat()),
        )
        for campaign, day, hour, occurrence, credits, results, is_final, at in after_three_nights.query(
            """
            select vendor_campaign_id, local_date, hour, hour_occurrence, credits, results, is_final,
                hour_at
            from marts.fct_campaign_hourly
            """
        )
    }
    assert found == expected
    assert {is_final for _, _, is_final, _ in found.values()} == {True, False}
    assert (
        len(found)
        == after_three_nights.query("select count(*) from marts.fct_campaign_hourly")[0][0]
    )


def test_assessments_stand_as_they_are_now(after_three_nights: Installation) -> None:
    expected = {
        result_id: (
            record["recommendation_status"],
            record["overall_score"],
            (record["additional_scores"].get("cefr") or {}).get("score"),
        )
        for result_id, record in after_three_nights.truth.current("hirednow", "results").items()
    }
    rows = after_three_nights.query(
        "select result_id, recommendation_status, overall_score, cefr from marts.fct_assessments"
    )
    assert {row[0]: row[1:] for row in rows} == expected
    assert len(rows) == len(expected)


def test_the_funnel_counts_the_journeys(after_three_nights: Installation) -> None:
    for stage in ORDER:
        people, journeys = after_three_nights.query(
            f"""
            select (select sum(people) from marts.rpt_funnel where stage = '{stage}'),
                (select count(*) from marts.fct_journeys where {stage}_at is not null)
            """
        )[0]
        assert people == journeys
    assert after_three_nights.query(
        "select count(*) from marts.rpt_funnel where conversion_rate not between 0 and 1"
    ) == [(0,)]


def test_credits_spent_are_those_that_the_vendor_charged(after_three_nights: Installation) -> None:
    spent = after_three_nights.query("select sum(credits) from ops.credits where vendor = 'linkup'")

    assert spent == [(after_three_nights.simulator.credits_spent,)]
