"""CloserX: the right day or none, an hour a row, and nothing final before its time."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from sources.closerx import CloserxError, closerx
from tests.sources.fake_vendor import FakeVendor

PATH = "/api/v2/graph/daily-campaign-results/campaign-1/"
TODAY = "2026-03-10"


def day(text: str, hours: Any = range(24), **fields: Any) -> dict[str, Any]:
    hours = list(hours)
    arrays = ("credit_deductions", "credit_deductions_change", "campaign_results")
    zeros: dict[str, Any] = {name: [0] * len(hours) for name in arrays}
    changes = {"campaign_results_change": [0] * len(hours)}
    return {"date": text, "hours": hours, **zeros, **changes, **fields}


def the_day_asked_for(asked: Any) -> dict[str, Any]:
    return day(asked.query.get("date", TODAY))


def opened(fake: FakeVendor, **settings: Any) -> Any:
    return closerx(
        **{
            "api_key": "key",
            "company_name": "company",
            "campaign_ids": ["campaign-1"],
            "as_of": f"{TODAY}T12:00:00Z",
            "requests_per_second": 0,
            "max_retries": 0,
            "session": fake,
            **settings,
        }
    )


def days_asked(fake: FakeVendor) -> list[str]:
    return [call.query["date"] for call in fake.asked]


def test_without_a_date_param_the_answers_own_day_is_stored(reader):
    fake = FakeVendor(lambda asked: day("2026-03-09", campaign_results=list(range(24))))
    rows = reader.read(opened(fake, campaign_ids="campaign-1"), "hourly_metrics")
    assert len(rows) == 24
    assert rows[5] == {
        "campaign_id": "campaign-1",
        "date": "2026-03-09",
        "hour": 5,
        "hour_occurrence": 1,
        "hour_at": "2026-03-09T05:00:00+00:00",
        "credit_deductions": 0,
        "credit_deductions_change": 0,
        "campaign_results": 5,
        "campaign_results_change": 0,
        "is_final": True,
    }
    assert [(call.path, call.query) for call in fake.asked] == [(PATH, {})]
    assert reader.state("closerx", "hourly_metrics") == {"last_final_day": {}}


@pytest.mark.parametrize(
    ("start_date", "expected"),
    [
        (None, ["2026-03-09", "2026-03-10"]),
        ("2026-03-07", ["2026-03-07", "2026-03-08", "2026-03-09", "2026-03-10"]),
        ("2026-03-10", ["2026-03-10"]),
        ("2026-03-11", []),
    ],
)
def test_the_first_run_begins_at_the_start_date_or_yesterday(start_date, expected, reader):
    fake = FakeVendor(the_day_asked_for)
    reader.read(opened(fake, date_param="date", start_date=start_date), "hourly_metrics")
    assert days_asked(fake) == expected


def test_later_runs_read_missing_days_and_always_the_open_one_and_the_one_before(reader):
    fake = FakeVendor(the_day_asked_for)
    rows = reader.read(opened(fake, date_param="date"), "hourly_metrics")
    assert [row["is_final"] for row in rows] == [True] * 24 + [False] * 24
    assert reader.state("closerx", "hourly_metrics") == {
        "last_final_day": {"campaign-1": "2026-03-09"}
    }
    for as_of, expected in [
        ("2026-03-10T23:00:00Z", ["2026-03-09", "2026-03-10"]),
        ("2026-03-13T01:00:00Z", ["2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13"]),
        ("2026-03-14T00:00:00Z", ["2026-03-13", "2026-03-14"]),
    ]:
        fake = FakeVendor(the_day_asked_for)
        reader.read(opened(fake, date_param="date", as_of=as_of), "hourly_metrics")
        assert days_asked(fake) == expected


def test_a_wrong_day_is_refused_and_nothing_of_it_is_stored(reader):
    fake = FakeVendor(lambda asked: day(TODAY))
    error = reader.failure(opened(fake, date_param="date"), "hourly_metrics")
    assert isinstance(error, CloserxError)
    assert "asked for 2026-03-09" in str(error)
    assert "about 2026-03-10" in str(error)
    assert len(fake.asked) == 1
    assert reader.state("closerx", "hourly_metrics") == {}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (day(TODAY, credit_deductions=[0] * 23), "not of one length"),
        ({k: v for k, v in day(TODAY).items() if k != "campaign_results"}, "not of one length"),
        ({"hours": []}, "date is None"),
        (day("yesterday"), "date is 'yesterday'"),
        (day("9999-12-31"), "date is '9999-12-31'"),
        (day(["x" * 9000]), "date is ['xxx"),
    ],
    ids=["short array", "missing array", "no date", "no such date", "last date", "list for a date"],
)
def test_a_day_that_cannot_be_told_by_the_hour_is_an_error(answer, problem, reader):
    error = reader.failure(opened(FakeVendor(lambda asked: answer)), "hourly_metrics")
    assert isinstance(error, CloserxError)
    assert problem in str(error)
    assert len(str(error)) < 500


def read_day(reader: Any, answer: Any, **settings: Any) -> list[dict[str, Any]]:
    return reader.read(opened(FakeVendor(lambda asked: answer), **settings), "hourly_metrics")


def test_the_hour_of_a_row_is_the_one_named_not_its_place(reader):
    rows = read_day(reader, day(TODAY, [3, 1], campaign_results=[30, 10]))
    assert [(row["hour"], row["campaign_results"]) for row in rows] == [(3, 30), (1, 10)]


@pytest.mark.parametrize("odd", ["abc", 24, -1, 3.5, 3.0, True, None, [7], {"hour": 7}, "7"])
def test_an_hour_that_is_none_is_handed_over_as_sent(odd, reader):
    rows = read_day(reader, day(TODAY, [odd, 7, odd], campaign_results=[1, 2, 3]))
    assert [row["hour"] for row in rows] == [odd, 7, odd]
    assert [row["hour_at"] for row in rows if row["hour"] == odd] == [None, None]
    assert [row["campaign_results"] for row in rows] == [1, 2, 3]
    assert rows[1]["hour_at"] == "2026-03-10T07:00:00+00:00"
    assert [rows[0]["hour_occurrence"], rows[2]["hour_occurrence"]] in ([1, 2], [1, 3])


def test_an_hour_skipped_in_spring_is_not_there(reader):
    hours = [hour for hour in range(24) if hour != 2]
    rows = read_day(reader, day("2026-03-08", hours), timezone="America/New_York")
    at = {row["hour"]: row["hour_at"] for row in rows}
    assert at[1] == "2026-03-08T06:00:00+00:00"
    assert at[3] == "2026-03-08T07:00:00+00:00"


def test_an_hour_repeated_in_autumn_is_two_rows(reader):
    answer = day("2025-11-02", [0, 1, 1, *range(2, 24)])
    rows = read_day(reader, answer, timezone="America/New_York")
    assert [(r["hour_occurrence"], r["hour_at"]) for r in rows if r["hour"] == 1] == [
        (1, "2025-11-02T05:00:00+00:00"),
        (2, "2025-11-02T06:00:00+00:00"),
    ]


@pytest.mark.parametrize(
    ("as_of", "is_final"), [("2026-03-10T15:59:59Z", False), ("2026-03-10T16:00:00Z", True)]
)
def test_a_day_is_final_once_it_is_over_where_the_campaign_is(as_of, is_final, reader):
    rows = read_day(reader, day("2026-03-10"), timezone="Asia/Manila", as_of=as_of)
    assert {row["is_final"] for row in rows} == {is_final}


def test_what_else_an_answer_holds_is_kept(reader):
    extra = {"currency": "USD", "answered": [7, 8], "tags": ["a"]}
    rows = read_day(reader, day(TODAY, [0, 1], **extra))
    assert [(r["currency"], r["answered"], r["tags"]) for r in rows] == [
        ("USD", 7, ["a"]),
        ("USD", 8, ["a"]),
    ]


class TestEndDate:
    """Exactly the days from the start date to the end date, and nightly runs know nothing of it."""

    def test_the_days_are_read_and_the_cursors_left_alone(self, simulator, open_source, reader):
        reader.read(open_source("closerx"), "hourly_metrics")
        before = deepcopy(reader.pipeline.state["sources"])
        simulator.clear_requests()

        days = ["2026-03-06", "2026-03-07", "2026-03-08"]
        source = open_source("closerx", start_date=days[0], end_date=days[-1])
        rows = reader.read(source, "hourly_metrics")
        wanted = [
            key for key in simulator.world.records("closerx", "hourly_metrics") if key[1] in days
        ]
        keys = ("campaign_id", "date", "hour", "hour_occurrence")
        assert sorted(tuple(row[name] for name in keys) for row in rows) == sorted(wanted)
        assert reader.pipeline.state["sources"] == before
        campaigns = simulator.world.closerx.campaign_ids
        assert sorted(
            (call.path.split("/")[-2], *call.params.items()) for call in simulator.requests
        ) == [(campaign, ("date", text)) for campaign in sorted(campaigns) for text in days]
        total = 3 * len(campaigns)
        assert reader.metrics["progress"] == {"done": total, "total": total, "unit": "days"}

    def test_it_begins_no_cursor(self, reader):
        fake = FakeVendor(the_day_asked_for)
        days = {"start_date": "2026-03-01", "end_date": "2026-03-01"}
        assert len(reader.read(opened(fake, date_param="date", **days), "hourly_metrics")) == 24
        assert reader.state("closerx", "hourly_metrics") == {}

    def test_no_day_to_come_is_asked_for_and_today_is_not_final(self, reader):
        fake = FakeVendor(the_day_asked_for)
        days = {"start_date": "2026-03-10", "end_date": "2026-03-12"}
        rows = reader.read(opened(fake, date_param="date", **days), "hourly_metrics")
        assert days_asked(fake) == [TODAY]
        assert {row["is_final"] for row in rows} == {False}
        assert reader.metrics["progress"] == {"done": 1, "total": 1, "unit": "days"}

    @pytest.mark.parametrize(
        ("settings", "problem"),
        [
            ({"start_date": "2026-03-01"}, "set date_param"),
            ({"date_param": "date"}, "needs a start_date"),
            ({"date_param": "date", "start_date": "2026-03-06"}, "not after it"),
        ],
        ids=["no date_param", "no start_date", "a later one"],
    )
    def test_without_what_it_needs_nothing_is_asked(self, settings, problem):
        fake = FakeVendor(the_day_asked_for)
        with pytest.raises(CloserxError, match=problem):
            opened(fake, end_date="2026-03-05", **settings)
        assert fake.asked == []


@pytest.mark.parametrize(("date_param", "total"), [("date", 8), (None, 2)])
def test_the_progress_is_told_in_days_of_campaigns(date_param, total, reader):
    settings = {"date_param": date_param, "start_date": "2026-03-07", "parallel_requests": 1}
    fake = FakeVendor(the_day_asked_for)
    source = opened(fake, campaign_ids=["a", "b"], **settings)
    resource = source.resources["hourly_metrics"]
    told = [dict(resource.custom_metrics["progress"]) for _ in resource]
    assert [each["done"] for each in told[::24]] == list(range(1, total + 1))
    assert {(each["total"], each["unit"]) for each in told} == {(total, "days")}
