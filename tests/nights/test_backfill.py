"""A window of history: read piece by piece, gone on with where it stopped, and no cursor is moved."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.nights.conftest import FIRST_NIGHT, Installation

pytestmark = pytest.mark.slow

TODAY = FIRST_NIGHT.date()


def day(ago: int) -> str:
    return (TODAY - timedelta(days=ago)).isoformat()


@pytest.fixture
def installation(new_installation: Any) -> Installation:
    """A warehouse that knows the last four days only."""
    made: Installation = new_installation(80)
    for vendor in ("HIREDNOW", "TALKPUSH"):
        made.settings[f"SOURCES__{vendor}__START_DATE"] = day(3)
    assert made.night("sync", "hirednow", "talkpush", "linkup") == 0
    return made


def cursors(installation: Installation, vendor: str) -> Any:
    installation.hirefunnel("status", "--json")
    return json.loads(installation.output)["cursors"][vendor]


def days_asked(installation: Installation, vendor: str, name: str) -> list[date]:
    form = "%d-%m-%Y" if vendor == "talkpush" else "%Y-%m-%d"
    return [
        datetime.strptime(request.params[name], form).date()
        for request in installation.simulator.requests
        if request.vendor == vendor and name in request.params
    ]


def test_talkpush_brings_the_leads_of_these_days_and_moves_no_cursor(
    installation: Installation,
) -> None:
    before = cursors(installation, "talkpush")
    installation.simulator.clear_requests()

    assert installation.hirefunnel("backfill", "talkpush", "--from", day(30), "--to", day(4)) == 0
    asked = days_asked(installation, "talkpush", "filter[updated_start_date]")
    assert set(asked) == {TODAY - timedelta(days=ago) for ago in range(4, 31)}
    assert cursors(installation, "talkpush") == before
    true = installation.truth.current("talkpush", "leads").values()
    wanted = {
        lead["id"]
        for lead in true
        if datetime.fromisoformat(lead["updated_at"]).date() >= TODAY - timedelta(days=29)
    }
    found = {id_ for (id_,) in installation.query("select id from raw_talkpush.leads")}
    assert wanted <= found

    rows = len(installation.query("select id from raw_talkpush.leads"))
    assert installation.hirefunnel("backfill", "talkpush", "--from", day(30), "--to", day(4)) == 0
    assert len(installation.query("select id from raw_talkpush.leads")) == rows


def test_hirednow_brings_the_results_created_on_these_days(installation: Installation) -> None:
    before = cursors(installation, "hirednow")

    assert installation.hirefunnel("backfill", "hirednow", "--from", day(40), "--to", day(1)) == 0
    assert cursors(installation, "hirednow") == before
    found = {id_ for (id_,) in installation.query("select id from raw_hirednow.results")}
    assert found == {
        record["id"] for record in installation.truth.current("hirednow", "results").values()
    }


def test_one_that_stopped_goes_on_where_it_was(installation: Installation) -> None:
    bad_day = TODAY - timedelta(days=15)
    fault = installation.simulator.faults.add(
        "talkpush",
        "status",
        status=500,
        times=None,
        params={"filter[updated_start_date]": f"{bad_day:%d-%m-%Y}"},
    )
    installation.settings["SOURCES__TALKPUSH__MAX_RETRIES"] = "0"
    arguments = ("backfill", "talkpush", "--from", day(30), "--to", day(4))

    assert installation.hirefunnel(*arguments) == 1
    assert fault.fired
    assert [
        row[:2] for row in installation.query("select from_date, to_date from ops.backfill_windows")
    ] == [(TODAY - timedelta(days=10), TODAY - timedelta(days=4))]
    installation.hirefunnel("status", "--json")
    [unfinished] = json.loads(installation.output)["backfills"]
    assert (unfinished["from_date"], unfinished["to_date"]) == (day(30), day(4))

    installation.simulator.faults.clear()
    installation.simulator.clear_requests()
    assert installation.hirefunnel(*arguments) == 0
    asked = days_asked(installation, "talkpush", "filter[updated_start_date]")
    assert set(asked) == {TODAY - timedelta(days=ago) for ago in range(11, 31)}
    installation.hirefunnel("status", "--json")
    assert json.loads(installation.output)["backfills"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("talkpush", "--from", "1.1.2026", "--to", "2026-01-31"), "write a day such as"),
        (("talkpush", "--from", "2026-02-01", "--to", "2026-01-31"), "write the earlier day first"),
        (("talkpush", "--from", "2099-01-01", "--to", "2099-01-31"), "still to come"),
        (("talkpush", "--from", "0001-01-01", "--to", "2026-01-31"), "no vendor has such records"),
        (("talkpusch", "--from", "2026-01-01", "--to", "2026-01-31"), "no vendor"),
        (("closerx", "--from", "2026-01-01", "--to", "2026-01-31"), "SOURCES__CLOSERX__DATE_PARAM"),
    ],
)
def test_days_that_make_no_sense_are_refused_before_anything_is_asked(
    new_installation: Any, arguments: tuple[str, ...], sentence: str
) -> None:
    installation: Installation = new_installation(60)
    installation.settings["SOURCES__CLOSERX__DATE_PARAM"] = ""
    installation.simulator.clear_requests()

    assert installation.hirefunnel("backfill", *arguments) == 2
    assert sentence in installation.output
    assert not installation.simulator.requests


def test_linkup_knows_no_dates_and_reads_all(installation: Installation) -> None:
    assert installation.hirefunnel("backfill", "linkup", "--from", day(30), "--to", day(4)) == 0
    found = installation.query("select count(*) from raw_linkup.candidates")
    assert found == [(len(installation.truth.current("linkup", "candidates")),)]


def test_one_that_the_budget_ends_is_well_and_goes_on_where_it_was(new_installation: Any) -> None:
    installation: Installation = new_installation(80)
    installation.truth.watch(installation.world)
    installation.settings["SOURCES__LINKUP__MAX_CREDITS_PER_RUN"] = "2"
    arguments = ("backfill", "linkup", "--from", day(30), "--to", day(4))

    assert installation.hirefunnel(*arguments) == 0
    assert "the same command goes on there" in " ".join(installation.output.split())
    assert installation.query("from ops.backfill_windows") == []
    [stopped_at] = cursors(installation, "linkup")["candidates"]["offsets"]
    installation.hirefunnel("status", "--json")
    assert len(json.loads(installation.output)["backfills"]) == 1

    del installation.settings["SOURCES__LINKUP__MAX_CREDITS_PER_RUN"]
    installation.simulator.clear_requests()
    assert installation.hirefunnel(*arguments) == 0
    asked = [request.params for request in installation.simulator.requests]
    assert asked[1]["job_id"] == stopped_at
    found = installation.query("select count(*) from raw_linkup.candidates")
    assert found == [(len(installation.truth.current("linkup", "candidates")),)]
    installation.hirefunnel("status", "--json")
    assert json.loads(installation.output)["backfills"] == []
