"""Clocks that go back, days of 23 and 25 hours: no version doubled or lost, no hour either."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator import World, serve
from tests.nights.conftest import Installation, clean_environment, new_installation
from tests.nights.truth import RESOURCES, instant

__all__ = ["clean_environment", "new_installation"]  # fixtures

pytestmark = pytest.mark.slow

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def assert_raw_is_what_was_seen(installation: Installation, *, but: str = "") -> None:
    for vendor, resource in RESOURCES:
        if resource == but:
            continue
        stored = installation.stored(vendor, resource).values()
        seen = installation.truth.contents(vendor, resource).values()
        assert Counter(chain(*stored)) == Counter(chain(*seen)), resource


def assert_hours_are_those_of_the_last_reading(installation: Installation) -> None:
    shown = {
        (campaign, day, hour, occurrence): (record["credit_deductions"], record["campaign_results"])
        for (campaign, day, hour, occurrence), record in installation.truth.current(
            "closerx", "hourly_metrics"
        ).items()
    }
    found = {
        (campaign, day.isoformat(), hour, occurrence): (credits, results)
        for campaign, day, hour, occurrence, credits, results in installation.query(
            """
            select vendor_campaign_id, local_date, hour, hour_occurrence, credits, results
            from marts.fct_campaign_hourly
            """
        )
    }
    assert found == shown


class TestAClockThatGoesBack:
    """The middle one of three nights takes an earlier moment for now than the first."""

    @pytest.fixture(scope="class")
    def installation(self, new_installation: Any) -> Installation:
        made: Installation = new_installation(150)
        assert made.night() == 0, made.output
        made.world.advance(days=1)
        made.settings["HIREFUNNEL_AS_OF"] = (made.world.now - timedelta(days=3)).isoformat()
        # what this night reads it may store; what it misses, the next one brings
        assert made.hirefunnel("run") == 0, made.output
        del made.settings["HIREFUNNEL_AS_OF"]
        assert made.night() == 0, made.output
        return made

    def test_loses_and_doubles_no_version(self, installation: Installation) -> None:
        assert_raw_is_what_was_seen(installation, but="hourly_metrics")

    def test_leaves_each_hour_with_its_latest_figures(self, installation: Installation) -> None:
        assert_hours_are_those_of_the_last_reading(installation)

    def test_leaves_final_hours_final(self, installation: Installation) -> None:
        assert_raw_is_what_was_seen(installation)

    def test_leaves_each_record_with_its_latest_version(self, installation: Installation) -> None:
        leads = installation.truth.current("talkpush", "leads")
        current = installation.query(
            "select cast(lead_id as varchar), state from staging.stg_talkpush__leads"
        )

        assert dict(current) == {key: lead["state"] for key, lead in leads.items()}

    def test_leaves_every_event_once(self, installation: Installation) -> None:
        assert installation.query(
            "select count(*) - count(distinct event_id) from marts.fct_funnel_events"
        ) == [(0,)]
        stages = Counter(event[:3] for event in installation.truth.events())
        found = installation.query("select vendor, record_id, stage from marts.fct_funnel_events")
        assert Counter(found) == stages


@pytest.fixture(
    scope="module",
    params=[(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)],
    ids=["23 hours", "25 hours"],
)
def changed(request: pytest.FixtureRequest, clean_environment: None, tmp_path_factory: Any) -> Any:
    """Runs around a clock change: the night before, both sides of the change, after the day has ended."""
    day, hours = request.param
    midnight = datetime(day.year, day.month, day.day, tzinfo=COPENHAGEN).astimezone(UTC)
    world = World(
        seed=11,
        people=120,
        now=midnight - timedelta(hours=2),
        history_days=12,
        talkpush_timezone=COPENHAGEN.key,
        closerx_timezone=COPENHAGEN.key,
    )
    with serve(world) as simulator:
        installation = Installation(tmp_path_factory.mktemp("clock"), world, simulator)
        # before midnight; before, in and after the hour that is skipped or comes twice; before and after the
        # day's end; and late on the next one, when CloserX has settled the day
        for pause in (0, 2.5, 1, 1, 1.25, hours - 4.25, 0.75, 23):
            world.advance(hours=pause)
            assert installation.night("sync") == 0, installation.output
        assert installation.hirefunnel("build") == 0, installation.output
        yield installation, day, hours


def test_the_day_has_the_hours_that_it_has(changed: tuple[Installation, date, int]) -> None:
    installation, day, hours = changed
    start = datetime(day.year, day.month, day.day, tzinfo=COPENHAGEN).astimezone(UTC)
    expected = [(start + timedelta(hours=n)).replace(tzinfo=UTC) for n in range(hours)]
    campaigns = installation.world.closerx.campaign_ids

    for campaign in campaigns:
        found = installation.query(
            f"""
            select hour_at, hour, hour_occurrence, is_final from marts.fct_campaign_hourly
            where vendor_campaign_id = '{campaign}' and local_date = '{day}' order by hour_at
            """
        )
        assert [instant(at.isoformat()) for at, *_ in found] == [
            instant(at.isoformat()) for at in expected
        ]
        assert [hour for _, hour, *_ in found] == [
            at.astimezone(COPENHAGEN).hour for at in expected
        ]
        assert [n for _, _, n, _ in found] == [
            at.astimezone(COPENHAGEN).fold + 1 for at in expected
        ]
        assert all(is_final for *_, is_final in found)


def test_the_hours_are_those_of_the_last_reading(changed: tuple[Installation, date, int]) -> None:
    assert_hours_are_those_of_the_last_reading(changed[0])


def test_every_version_that_was_seen_is_stored_once(
    changed: tuple[Installation, date, int],
) -> None:
    assert_raw_is_what_was_seen(changed[0])
