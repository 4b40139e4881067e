"""CloserX: the right day or none, an hour a row, and nothing final before its time."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest

from sources.closerx import CloserxError, closerx
from sources.closerx.client import CloserxClient
from sources.closerx.reading import Calendar, Reading
from tests.sources.fake_vendor import FakeVendor, Reply

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
        (None, ["2026-03-10", "2026-03-09"]),
        ("2026-03-07", ["2026-03-10", "2026-03-09", "2026-03-07", "2026-03-08"]),
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
    assert [row["is_final"] for row in rows] == [False] * 24 + [True] * 24
    assert reader.state("closerx", "hourly_metrics") == {
        "last_final_day": {"campaign-1": "2026-03-09"}
    }
    for as_of, expected in [
        ("2026-03-10T23:00:00Z", ["2026-03-10", "2026-03-09"]),
        ("2026-03-13T01:00:00Z", ["2026-03-13", "2026-03-12", "2026-03-10", "2026-03-11"]),
        ("2026-03-14T00:00:00Z", ["2026-03-14", "2026-03-13"]),
    ]:
        fake = FakeVendor(the_day_asked_for)
        reader.read(opened(fake, date_param="date", as_of=as_of), "hourly_metrics")
        assert days_asked(fake) == expected


def test_a_wrong_day_is_refused_and_nothing_of_it_is_stored(reader):
    fake = FakeVendor(lambda asked: day("2026-03-05"))
    error = reader.failure(opened(fake, date_param="date"), "hourly_metrics")
    assert isinstance(error, CloserxError)
    assert "asked for 2026-03-10" in str(error)
    assert "about 2026-03-05" in str(error)
    assert reader.state("closerx", "hourly_metrics") == {}


def test_a_date_param_that_is_not_known_is_not_tried_on_each_day(reader):
    """CloserX then answers its current day, whatever is asked for."""
    fake = FakeVendor(lambda asked: day(TODAY))
    settings = {"date_param": "when", "start_date": "2026-01-01"}
    rows = reader.read(opened(fake, **settings), "hourly_metrics")
    assert {row["date"] for row in rows} == {TODAY}
    assert len(fake.asked) == 4
    assert "check date_param" in reader.metrics["failures"][0]
    assert reader.state("closerx", "hourly_metrics").get("last_final_day") == {}


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


class TestDaysThatFail:
    """One day that cannot be read takes nothing from the others, and is asked for until it can."""

    SETTINGS: ClassVar[dict[str, Any]] = {
        "date_param": "date",
        "start_date": "2026-03-01",
        "campaign_ids": ["a", "b"],
        "parallel_requests": 1,
    }
    DAYS: ClassVar[list[str]] = [f"2026-03-{number:02}" for number in range(1, 11)]

    @staticmethod
    def vendor(*broken: str, status: int = 404) -> FakeVendor:
        """Answers with an error for some campaigns (`a`), or their days (`a 2026-03-04`)."""

        def answer(asked: Any) -> Any:
            campaign_id = asked.path.split("/")[-2]
            is_broken = {campaign_id, f"{campaign_id} {asked.query['date']}"} & set(broken)
            return Reply(status, {}) if is_broken else the_day_asked_for(asked)

        return FakeVendor(answer)

    def read(self, reader: Any, fake: FakeVendor, **settings: Any) -> list[str]:
        """What was read, campaign and day."""
        source = opened(fake, **{**self.SETTINGS, **settings})
        rows = reader.read(source, "hourly_metrics")
        return sorted({f"{row['campaign_id']} {row['date']}" for row in rows})

    @staticmethod
    def asked(fake: FakeVendor) -> list[str]:
        return [f"{call.path.split('/')[-2]} {call.query['date']}" for call in fake.asked]

    @pytest.mark.parametrize("status", [403, 404, 500])
    def test_the_others_are_read_and_the_cursor_goes_on(self, status, reader):
        fake = self.vendor("a 2026-03-04", status=status)
        rest = [f"{name} {text}" for name in "ab" for text in self.DAYS]
        rest.remove("a 2026-03-04")
        assert self.read(reader, fake) == rest
        assert [f"answered {status}" in each for each in reader.metrics["failures"]] == [True]
        assert reader.metrics["progress"] == {"done": 19, "total": 20, "unit": "days"}
        last = {"a": "2026-03-09", "b": "2026-03-09"}
        state = {"last_final_day": last, "failed_days": {"a": ["2026-03-04"]}}
        assert reader.state("closerx", "hourly_metrics") == state

        fake = self.vendor("a 2026-03-04")
        newest = ["2026-03-10", "2026-03-09"]
        self.read(reader, fake)
        every_night = [f"{name} {text}" for name in "ab" for text in newest]
        assert self.asked(fake) == [*every_night, "a 2026-03-04"]
        assert reader.state("closerx", "hourly_metrics") == state

        assert "a 2026-03-04" in self.read(reader, self.vendor())
        assert "failures" not in reader.metrics
        assert reader.state("closerx", "hourly_metrics") == {"last_final_day": last}

    def test_an_answer_about_another_day_is_one_of_them(self, reader):
        fake = FakeVendor(lambda asked: day(asked.query["date"].replace("-04", "-05")))
        assert "b 2026-03-03" in self.read(reader, fake)
        failed = reader.state("closerx", "hourly_metrics")["failed_days"]
        assert failed == {"a": ["2026-03-04"], "b": ["2026-03-04"]}

    @pytest.mark.parametrize("broken", [TODAY, "2026-03-09"])
    def test_of_today_and_yesterday_the_other_one_is_read(self, broken, reader):
        """And the broken one in the next run, when it is over, or as a failed day."""
        settings = {"start_date": None, "campaign_ids": ["a"]}
        (other,) = {TODAY, "2026-03-09"} - {broken}
        assert self.read(reader, self.vendor(f"a {broken}"), **settings) == [f"a {other}"]
        rows = self.read(reader, self.vendor(), as_of="2026-03-11T12:00:00Z", **settings)
        assert f"a {broken}" in rows

    @pytest.mark.parametrize("status", [403, 404, 500])
    def test_a_campaign_that_does_not_answer_is_left_until_the_next_run(self, status, reader):
        fake = self.vendor("a", status=status)
        assert self.read(reader, fake) == [f"b {text}" for text in self.DAYS]
        asked = ["a 2026-03-10", "a 2026-03-09", "a 2026-03-01"]
        assert self.asked(fake)[:4] == [*asked, "b 2026-03-10"]
        state = reader.state("closerx", "hourly_metrics")
        assert state == {"last_final_day": {"b": "2026-03-09"}}
        assert len(self.read(reader, self.vendor())) == 12

    def test_a_vendor_that_breaks_down_meanwhile_is_not_asked_for_each_day(self, reader):
        fake = self.vendor(*(f"a {text}" for text in self.DAYS[1:8]), "b", status=503)
        assert self.read(reader, fake) == ["a 2026-03-01", "a 2026-03-09", "a 2026-03-10"]
        assert len(fake.asked) <= 9, "one may be under way"
        state = reader.state("closerx", "hourly_metrics")
        assert state["last_final_day"] == {"a": "2026-03-01"}
        assert state["failed_days"] == {"a": self.DAYS[1:6]}
        assert len(self.read(reader, self.vendor())) == 19, "all but the first day of a"

    def test_a_failed_day_is_noted_before_the_cursor_passes_it(self):
        """A run may be killed at any page; what dlt has committed then must not lose the day."""
        fake = self.vendor("a 2026-03-04")
        client = CloserxClient("https://vendor.example", "key", "company", 0, 1, 0, 5, fake)
        now = datetime(2026, 3, 10, 12, tzinfo=UTC)
        state: dict[str, Any] = {}
        days = [date.fromisoformat(text) for text in self.DAYS]
        calendar = Calendar("a", days, [], days[-1], lambda: state)
        reading = Reading(client, "date", ZoneInfo("UTC"), lambda: now, 1, dict)
        seen = [deepcopy(state) for _ in reading.read({"a": calendar})]
        reached = [kept.get("last_final_day", {}).get("a") for kept in seen]
        assert reached == [None, None, *self.DAYS[:3], *self.DAYS[4:7], "2026-03-09"]
        assert all(kept["failed_days"] == {"a": ["2026-03-04"]} for kept in seen[5:])

    def test_a_span_of_days_fails_and_leaves_the_state_alone(self, reader):
        self.read(reader, self.vendor("a 2026-03-04"))
        state = reader.state("closerx", "hourly_metrics")
        fake = self.vendor("a 2026-03-02")
        rows = self.read(reader, fake, end_date="2026-03-03", campaign_ids=["a"])
        assert rows == ["a 2026-03-01", "a 2026-03-03"]
        assert len(reader.metrics["failures"]) == 1
        assert reader.state("closerx", "hourly_metrics") == state
