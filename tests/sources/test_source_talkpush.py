"""Talkpush: a day of updates at a time, read until it holds still."""

from __future__ import annotations

import itertools
import logging
import time
from collections import Counter
from copy import deepcopy
from datetime import date, datetime
from typing import Any, ClassVar

import pytest

from sources.talkpush import TalkpushError, talkpush
from sources.talkpush.client import TalkpushClient
from sources.talkpush.helpers import each_day
from sources.talkpush.reading import read_leads
from tests.sources.fake_vendor import FakeVendor, Reply


def lead(number: int, updated_at: str, **fields: Any) -> dict[str, Any]:
    return {"id": number, "updated_at": updated_at, **fields}


class Leads:
    """Leads as Talkpush keeps them, in UTC days, twelve a page, newest update first."""

    def __init__(self, *leads: dict[str, Any]) -> None:
        self.leads = {lead["id"]: lead for lead in leads}

    def __call__(self, asked: Any) -> dict[str, Any]:
        first = self._day(asked.query.get("filter[updated_start_date]", "01-01-1970"))
        last = self._day(asked.query["filter[updated_end_date]"])
        found = [
            lead
            for lead in self.leads.values()
            if first <= date.fromisoformat(lead["updated_at"][:10]) <= last
        ]
        found.sort(key=lambda lead: (lead["updated_at"], lead["id"]), reverse=True)
        number = int(asked.query.get("page", 1))
        return {
            "total": len(found),
            "current_page": number,
            "pages": -(-len(found) // 12),
            "candidates": found[(number - 1) * 12 : number * 12],
        }

    @staticmethod
    def _day(text: str) -> date:
        return datetime.strptime(text, "%d-%m-%Y").date()


def opened(fake: FakeVendor, **settings: Any) -> Any:
    return talkpush(
        **{
            "api_key": "key",
            "base_url": "https://vendor.example/api",
            "as_of": "2026-03-10T12:00:00Z",
            "start_date": "2026-03-08",
            "requests_per_second": 0,
            "max_retries": 0,
            "session": fake,
            **settings,
        }
    )


def days_asked(fake: FakeVendor) -> list[str]:
    return [
        f"{call.query['filter[updated_start_date]'][:5]} page {call.query['page']}"
        for call in fake.asked
    ]


def test_the_first_run_reads_from_the_start_date_to_today(reader):
    fake = FakeVendor(Leads(lead(1, "2026-03-09T10:00:00.000+00:00")))
    assert [row["id"] for row in reader.read(opened(fake), "leads")] == [1]
    assert days_asked(fake) == ["08-03 page 1", "09-03 page 1", "10-03 page 1"]
    assert fake.asked[0].query == {
        "api_key": "key",
        "filter[updated_start_date]": "08-03-2026",
        "filter[updated_end_date]": "08-03-2026",
        "include_answers": "true",
        "page": "1",
    }
    assert reader.state("talkpush", "leads") == {"last_day": "2026-03-09"}


def test_the_next_run_goes_on_before_the_last_day_that_had_an_update(reader):
    """Nothing happened since the 9th, so two days before it are where the 12th begins."""
    leads = Leads(lead(1, "2026-03-09T10:00:00.000+00:00"))
    reader.read(opened(FakeVendor(leads)), "leads")
    fake = FakeVendor(leads)
    reader.read(opened(fake, as_of="2026-03-12T01:00:00Z", start_date="2026-03-01"), "leads")
    days = [day[:2] for day in days_asked(fake)]
    assert sorted(days) == ["07", "08", "09", "10", "11", "12"]
    assert days[-1] == "12", "a lead that is updated meanwhile goes to the open day"


def test_the_lookback_does_not_go_before_the_start_date(reader):
    leads = Leads(lead(1, "2026-03-09T10:00:00.000+00:00"))
    reader.read(opened(FakeVendor(leads), start_date="2026-03-08"), "leads")
    fake = FakeVendor(leads)
    reader.read(opened(fake, start_date="2026-03-08"), "leads")
    assert [day[:2] for day in days_asked(fake)] == ["08", "09", "10"]


def test_without_a_start_date_the_first_day_is_found_by_halving(reader):
    fake = FakeVendor(Leads(lead(1, "2026-02-27T10:00:00.000+00:00")))
    assert len(reader.read(opened(fake, start_date=None), "leads")) == 1
    searches = [call for call in fake.asked if "filter[updated_start_date]" not in call.query]
    assert len(searches) <= 13
    days = [c for c in fake.asked if "filter[updated_start_date]" in c.query]
    assert days[0].query["filter[updated_start_date]"] == "27-02-2026"
    assert len(days) == 12


def test_a_company_without_leads_has_only_today_to_read(reader):
    fake = FakeVendor(Leads())
    assert reader.read(opened(fake, start_date=None), "leads") == []
    assert fake.asked[-1].query["filter[updated_start_date]"] == "10-03-2026"
    assert reader.state("talkpush", "leads") == {}


def test_days_begin_and_end_in_the_timezone_of_the_account(reader):
    """It is the 11th in Manila already, and the update at 20:00 UTC was on the 10th there."""
    leads = Leads(lead(1, "2026-03-10T04:30:00.000+08:00"))
    fake = FakeVendor(leads)
    settings = {"timezone": "Asia/Manila", "as_of": "2026-03-10T16:30:00Z"}
    reader.read(opened(fake, start_date="2026-03-10", **settings), "leads")
    assert [day[:2] for day in days_asked(fake)] == ["10", "11"]
    assert reader.state("talkpush", "leads") == {"last_day": "2026-03-10"}


def test_pages_are_read_to_the_last_and_not_beyond(reader):
    moment = "2026-03-10T10:00:00.000+00:00"
    fake = FakeVendor(Leads(*(lead(number, moment) for number in range(25))))
    rows = reader.read(opened(fake, start_date="2026-03-10"), "leads")
    assert sorted(row["id"] for row in rows) == list(range(25))
    assert days_asked(fake) == ["10-03 page 1", "10-03 page 2", "10-03 page 3"]


def test_a_lead_that_leaves_a_past_day_while_it_is_read_hides_none(reader):
    """Lead 24 is updated after page 1 was read, so one moves from page 2 to the page before."""
    moment = "2026-03-09T10:00:00.000+00:00"
    leads = Leads(*(lead(number, moment) for number in range(25)))

    def answer(asked: Any) -> dict[str, Any]:
        page = leads(asked)
        leads.leads[24] = lead(24, "2026-03-10T11:00:00.000+00:00")
        return page

    fake = FakeVendor(answer)
    rows = reader.read(opened(fake, start_date="2026-03-09"), "leads")
    assert {row["id"] for row in rows} == set(range(25))
    versions = [(row["id"], row["updated_at"]) for row in rows]
    assert len(versions) == len(set(versions)) == 26
    assert days_asked(fake) == [
        "09-03 page 1",
        "09-03 page 2",
        "09-03 page 1",
        "09-03 page 2",
        "10-03 page 1",
    ]


def restless() -> FakeVendor:
    """Fewer leads than there should be, and each time another number."""
    moment = "2026-03-09T10:00:00.000+00:00"
    totals = itertools.count(2)
    return FakeVendor(
        lambda asked: {"total": next(totals), "pages": 1, "candidates": [lead(1, moment)]}
    )


def test_a_past_day_that_never_settles_is_a_failure(reader):
    fake = restless()
    reader.read(opened(fake, start_date="2026-03-09", end_date="2026-03-09"), "leads")
    (failure,) = reader.metrics["failures"]
    assert "found 1 of 5 leads" in failure
    assert days_asked(fake) == ["09-03 page 1"] * 4
    assert reader.state("talkpush", "leads") == {}


def test_the_open_day_may_stay_restless(reader, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("dlt"), "propagate", True)
    fake = restless()
    assert len(reader.read(opened(fake, start_date="2026-03-10"), "leads")) == 1
    assert "read again on the next run" in caplog.text


def test_leads_without_update_time_or_folder_move_the_cursor_all_the_same(reader):
    """They were found on a day of updates; without this all days would be read every night."""
    bare = {"id": 1, "read": False}
    page = {"total": 1, "current_page": 1, "pages": 1, "candidates": [bare]}
    fake = FakeVendor(lambda asked: page)
    assert reader.read(opened(fake, start_date="2026-03-10"), "leads") == [bare]
    assert reader.state("talkpush", "leads") == {"last_day": "2026-03-10"}


@pytest.mark.parametrize("missing", ["candidates", "total"])
def test_an_answer_that_is_no_page_is_an_error(missing, reader):
    page = {"total": 0, "pages": 0, "candidates": []}
    fake = FakeVendor(lambda asked: {k: v for k, v in page.items() if k != missing})
    assert "lacks `candidates` or `total`" in str(reader.failure(opened(fake), "leads"))


def test_a_key_with_signs_is_masked_as_sent_and_as_meant(reader):
    echo = {"error": "for /x?api_key=a%2Fb%2Bc and a/b+c"}
    fake = FakeVendor(lambda asked: Reply(500, echo))
    told = str(reader.failure(opened(fake, api_key="a/b+c"), "leads"))
    assert "a/b+c" not in told
    assert "a%2Fb%2Bc" not in told
    assert "api_key=*** and ***" in told


def campaigns(archive: Any) -> FakeVendor:
    active = {"campaigns": [{"id": 1, "title": "Agents"}]}
    return FakeVendor(lambda asked: archive if asked.path.endswith("archive") else active)


def test_campaigns_say_from_which_list_they_came(reader):
    fake = campaigns({"campaigns": [{"id": 2, "title": "Past"}]})
    assert reader.read(opened(fake), "campaigns") == [
        {"id": 1, "title": "Agents", "is_archived": False},
        {"id": 2, "title": "Past", "is_archived": True},
    ]


def test_an_archive_that_is_not_found_is_empty(reader):
    fake = campaigns(Reply(404, {"error": "not found"}))
    assert [row["id"] for row in reader.read(opened(fake), "campaigns")] == [1]
    assert [call.path for call in fake.asked] == ["/api/campaigns", "/api/campaigns/archive"]


@pytest.mark.parametrize("archive", [Reply(403, {}), {}], ids=["forbidden", "no list"])
def test_any_other_trouble_with_the_archive_is_an_error(archive, reader):
    error = reader.failure(opened(campaigns(archive)), "campaigns")
    assert "/campaigns/archive" in str(error)


def test_the_last_day_is_one_before_which_no_day_is_missing():
    """Days come as they are read; were the newest one noted, a run that ends here would skip the others."""
    leads = Leads(*(lead(day, f"2026-03-0{day}T10:00:00.000+00:00") for day in range(1, 8)))

    def answer(asked: Any) -> Any:
        if asked.query["filter[updated_start_date]"].startswith("02-"):
            time.sleep(0.3)  # the others are read meanwhile
        return leads(asked)

    fake = FakeVendor(answer)
    client = TalkpushClient("https://vendor.example", "key", 0, 4, 0, 5, fake)
    state: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    seen: list[tuple[int, str]] = []
    days = each_day(date(2026, 3, 1), date(2026, 3, 9))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sources.talkpush.parallel.PATIENCE_S", 0)
        for page in read_leads(client, days, [], days[-1], 4, lambda: metrics, lambda: state):
            seen += [(row["id"], state["last_day"]) for row in page]
    before_the_second = [last for number, last in seen if number > 2][:1]
    assert [number for number, _ in seen].index(2) > 1, "the second day did not come late"
    assert before_the_second == ["2026-03-01"]
    assert state["last_day"] == "2026-03-07"


class TestEndDate:
    """Exactly the days from the start date to the end date, and nightly runs know nothing of it."""

    def test_the_days_are_read_and_the_cursor_left_alone(self, simulator, open_source, reader):
        reader.read(open_source("talkpush"), "leads")
        before = deepcopy(reader.pipeline.state["sources"])
        simulator.clear_requests()

        source = open_source("talkpush", start_date="2026-03-02", end_date="2026-03-05")
        rows = reader.read(source, "leads")
        shown = simulator.world.records("talkpush", "leads").values()
        wanted = [r for r in shown if "2026-03-02" <= r["updated_at"][:10] <= "2026-03-05"]
        assert 0 < len(wanted) < len(shown)
        assert sorted(row["id"] for row in rows) == sorted(row["id"] for row in wanted)
        assert reader.pipeline.state["sources"] == before
        pages = Counter(row["updated_at"][:10] for row in wanted)
        assert sorted(
            (call.params["filter[updated_start_date]"], call.params["filter[updated_end_date]"])
            for call in simulator.requests
        ) == [
            (f"{day}-03-2026",) * 2
            for day in ("02", "03", "04", "05")
            for _ in range(max(1, -(-pages[f"2026-03-{day}"] // 12)))
        ]
        assert reader.metrics["progress"] == {"done": 4, "total": 4, "unit": "days"}

    def test_it_begins_no_cursor(self, reader):
        fake = FakeVendor(Leads(lead(1, "2026-03-09T10:00:00.000+00:00")))
        source = opened(fake, start_date="2026-03-09", end_date="2026-03-09")
        assert len(reader.read(source, "leads")) == 1
        assert reader.state("talkpush", "leads") == {}

    def test_days_to_come_are_left_out_and_today_is_the_accounts(self, reader):
        fake = FakeVendor(Leads())
        source = opened(
            fake,
            start_date="2026-03-09",
            end_date="2026-03-20",
            timezone="Asia/Manila",
            as_of="2026-03-10T16:30:00Z",
        )
        reader.read(source, "leads")
        assert [day[:2] for day in days_asked(fake)] == ["09", "10", "11"]
        assert reader.metrics["progress"] == {"done": 3, "total": 3, "unit": "days"}

    def test_campaigns_are_read_as_ever(self, reader):
        fake = campaigns({"campaigns": []})
        rows = reader.read(opened(fake, end_date="2026-03-09"), "campaigns")
        assert [row["id"] for row in rows] == [1]

    @pytest.mark.parametrize("start_date", [None, "2026-03-06", "6.3.2026"])
    def test_without_a_start_date_before_it_nothing_is_asked(self, start_date):
        fake = FakeVendor(Leads())
        with pytest.raises(TalkpushError, match="needs a start_date that is not after it"):
            opened(fake, start_date=start_date, end_date="2026-03-05")
        assert fake.asked == []


def test_the_progress_is_told_in_days(reader):
    moments = [f"2026-03-{day}T10:00:00.000+00:00" for day in ("08", "09", "10")]
    fake = FakeVendor(Leads(*(lead(number, moments[number % 3]) for number in range(45))))
    resource = opened(fake, parallel_requests=1).resources["leads"]
    told = [dict(resource.custom_metrics["progress"]) for _ in resource]
    assert {(each["total"], each["unit"]) for each in told} == {(3, "days")}
    assert [each["done"] for each in told] == [0] * 15 + [1] * 15 + [2] * 15
    assert resource.custom_metrics["progress"]["done"] == 3


class TestOddLeads:
    """Whatever a day's listing holds is handed over once, however often the day is read."""

    DAY: ClassVar[dict[str, str]] = {"start_date": "2026-03-09", "end_date": "2026-03-09"}

    @staticmethod
    def page(*found: Any, **fields: Any) -> dict[str, Any]:
        return {"total": len(found), "pages": 1, "candidates": list(found), **fields}

    def test_what_is_no_object_is_a_record(self, reader):
        odd = [None, "text", 7, [1], {}, None, {"id": [1]}, {"id": None}, {"id": None}]
        fake = FakeVendor(lambda asked: self.page(*odd))
        rows = reader.read(opened(fake, **self.DAY), "leads")
        assert rows == [each if isinstance(each, dict) else {"record": each} for each in odd]
        assert len(fake.asked) == 1, "as many as the total says, so the day has settled"

    def test_two_contents_of_one_version_are_two_rows(self, reader):
        moment = "2026-03-09T10:00:00.000+00:00"
        odd = [lead(1, moment), lead(1, moment, state="hired"), {"id": 2}, {"id": 2, "state": "x"}]
        pages = [odd[::2], odd[1::2]]
        fake = FakeVendor(
            lambda asked: self.page(*pages[int(asked.query["page"]) - 1], pages=2, total=2)
        )
        assert reader.read(opened(fake, **self.DAY), "leads") == odd[::2] + odd[1::2]

    def test_a_day_that_is_read_again_doubles_none(self, reader):
        odd = [None, None, {"id": {"a": 1}}, {"id": 4}, lead(5, "soon")]
        fake = FakeVendor(lambda asked: self.page(*odd, total=6))
        resource = opened(fake, start_date="2026-03-10", end_date="2026-03-10").resources["leads"]
        assert list(resource) == [{"record": None}, {"record": None}, *odd[2:]]
        assert len(fake.asked) == 2

    def test_the_same_on_two_pages_is_two_where_it_has_no_id(self, reader):
        pages = [self.page(None, {"id": 1}, lead(2, "x")), self.page({"id": 1}, None, lead(3, "y"))]
        fake = FakeVendor(
            lambda asked: {**pages[int(asked.query["page"]) - 1], "pages": 2, "total": 5}
        )
        rows = reader.read(opened(fake, **self.DAY), "leads")
        assert rows == [{"record": None}, {"id": 1}, lead(2, "x"), {"record": None}, lead(3, "y")]
        assert len(fake.asked) == 2

    @pytest.mark.parametrize("pages", ["3", [1], 2.5, {}])
    def test_pages_that_are_no_number_are_an_error(self, pages, reader):
        fake = FakeVendor(lambda asked: self.page(lead(1, "x"), pages=pages))
        error = reader.failure(opened(fake, **self.DAY), "leads")
        assert isinstance(error, TalkpushError)
        assert "`pages` is not a number" in str(error)
        assert len(fake.asked) == 1

    def test_pages_that_bring_the_same_again_end(self, reader):
        same = self.page(lead(1, "x"), None, pages=10**9)
        fake = FakeVendor(lambda asked: same)
        reader.read(opened(fake, **self.DAY), "leads")
        assert len(fake.asked) == 2

    def test_pages_that_grow_for_ever_are_a_failure(self, reader):
        def answer(asked: Any) -> dict[str, Any]:
            number = int(asked.query["page"])
            return {"total": number, "pages": number + 1, "candidates": [lead(number, "x")]}

        fake = FakeVendor(answer)
        reader.read(opened(fake, **self.DAY), "leads")
        assert "there is more after 100 pages" in reader.metrics["failures"][0]
        assert len(fake.asked) == 100

    def test_odd_campaigns_say_from_which_list_they_came(self, reader):
        rows = reader.read(opened(campaigns({"campaigns": [None, {"id": []}]})), "campaigns")
        assert rows[1:] == [
            {"record": None, "is_archived": True},
            {"id": [], "is_archived": True},
        ]


class TestDaysThatFail:
    """One day that cannot be read takes nothing from the others, and is asked for until it can."""

    MOMENTS: ClassVar[list[str]] = [f"2026-03-{day:02}T10:00:00.000+00:00" for day in range(1, 11)]

    def leads(self) -> Leads:
        """One on each day from the 1st to the 10th, which is today."""
        return Leads(*(lead(number, moment) for number, moment in enumerate(self.MOMENTS, 1)))

    def vendor(self, *broken: int, status: int = 500) -> FakeVendor:
        """Answers with an error for some days."""
        leads = self.leads()
        first_days = [f"{day:02}-03-2026" for day in broken]

        def answer(asked: Any) -> Any:
            is_broken = asked.query["filter[updated_start_date]"] in first_days
            return Reply(status, {}) if is_broken else leads(asked)

        return FakeVendor(answer)

    def read(self, reader: Any, fake: FakeVendor, **settings: Any) -> list[int]:
        source = opened(fake, **{"start_date": "2026-03-01", "parallel_requests": 1, **settings})
        return sorted(row["id"] for row in reader.read(source, "leads"))

    @pytest.mark.parametrize("status", [403, 404, 422, 500])
    def test_the_others_are_read_and_the_cursor_goes_on(self, status, reader):
        fake = self.vendor(4, status=status)
        assert self.read(reader, fake) == [1, 2, 3, 5, 6, 7, 8, 9, 10]
        (failure,) = reader.metrics["failures"]
        assert f"answered {status}" in failure
        assert reader.metrics["progress"] == {"done": 9, "total": 10, "unit": "days"}
        state = {"last_day": "2026-03-10", "failed_days": ["2026-03-04"]}
        assert reader.state("talkpush", "leads") == state

        fake = self.vendor(4)
        assert self.read(reader, fake) == [8, 9, 10]
        assert [day[:2] for day in days_asked(fake)] == ["08", "09", "10", "04"]
        assert len(reader.metrics["failures"]) == 1
        assert reader.state("talkpush", "leads") == state

        fake = self.vendor()
        assert self.read(reader, fake) == [4, 8, 9, 10]
        assert "failures" not in reader.metrics
        assert reader.state("talkpush", "leads") == {"last_day": "2026-03-10"}

    def test_a_day_that_never_settles_is_one_of_them(self, reader):
        leads, number = self.leads(), itertools.count(2)

        def answer(asked: Any) -> Any:
            is_restless = asked.query["filter[updated_start_date]"] == "04-03-2026"
            return leads(asked) | ({"total": next(number)} if is_restless else {})

        assert self.read(reader, FakeVendor(answer)) == list(range(1, 11))
        assert "found 1 of 5 leads" in reader.metrics["failures"][0]
        assert reader.state("talkpush", "leads")["failed_days"] == ["2026-03-04"]

    def test_a_vendor_that_is_down_is_not_asked_for_each_day(self, reader):
        fake = self.vendor(*range(1, 11))
        error = reader.failure(opened(fake, start_date="2026-03-01"), "leads")
        assert "answered 500" in str(error)
        assert [day[:2] for day in days_asked(fake)] == ["01", "02", "10"]
        assert reader.state("talkpush", "leads") == {}

    def test_two_broken_days_at_the_beginning_hold_up_nothing_for_long(self, reader):
        """Today tells that Talkpush is there, and tomorrow they are asked for last."""
        assert self.read(reader, self.vendor(1, 2)) == [10]
        assert reader.state("talkpush", "leads") == {"failed_days": ["2026-03-01", "2026-03-02"]}
        assert self.read(reader, self.vendor(1, 2)) == list(range(3, 11))
        assert reader.state("talkpush", "leads")["last_day"] == "2026-03-10"

    def test_what_was_not_asked_for_is_not_passed_over(self, reader):
        """Five in a row: Talkpush is taken for broken, but for today."""
        fake = self.vendor(*range(3, 10))
        assert self.read(reader, fake) == [1, 2, 10]
        assert [day[:2] for day in days_asked(fake)] == [f"{day:02}" for day in [*range(1, 8), 10]]
        failed = [f"2026-03-{day:02}" for day in range(3, 8)]
        state = {"last_day": "2026-03-02", "failed_days": failed}
        assert reader.state("talkpush", "leads") == state
        assert self.read(reader, self.vendor()) == list(range(1, 11))
        assert reader.state("talkpush", "leads") == {"last_day": "2026-03-10"}

    def test_a_start_date_gives_up_what_is_before_it(self, reader):
        self.read(reader, self.vendor(4))
        fake = self.vendor(4)
        self.read(reader, fake, start_date="2026-03-09")
        assert [day[:2] for day in days_asked(fake)] == ["09", "10"]

    def test_a_failed_day_is_noted_before_the_cursor_passes_it(self):
        """A run may be killed at any page; what dlt has committed then must not lose the day."""
        client = TalkpushClient("https://vendor.example", "key", 0, 1, 0, 5, self.vendor(4))
        state: dict[str, Any] = {}
        days = each_day(date(2026, 3, 1), date(2026, 3, 10))
        seen = [
            deepcopy(state) for _ in read_leads(client, days, [], days[-1], 1, dict, lambda: state)
        ]
        passed = [kept for kept in seen if kept["last_day"] > "2026-03-04"]
        assert len(passed) == 6
        assert all(kept["failed_days"] == ["2026-03-04"] for kept in passed)

    def test_a_span_of_days_fails_and_leaves_the_state_alone(self, reader):
        self.read(reader, self.vendor(4))
        state = reader.state("talkpush", "leads")
        fake = self.vendor(2)
        assert self.read(reader, fake, end_date="2026-03-03") == [1, 3]
        assert len(reader.metrics["failures"]) == 1
        assert reader.state("talkpush", "leads") == state


class TestTotals:
    """A total that is wrong for good, and a lead that stands twice, do not fail a day every night."""

    DAY: ClassVar[dict[str, str]] = {"start_date": "2026-03-09", "end_date": "2026-03-09"}

    def test_two_readings_alike_are_enough(self, reader, caplog, monkeypatch):
        monkeypatch.setattr(logging.getLogger("dlt"), "propagate", True)
        leads = [lead(1, "2026-03-09"), lead(1, "2026-03-09"), lead(2, "2026-03-09")]
        fake = FakeVendor(lambda asked: {"total": 3, "pages": 1, "candidates": leads})
        rows = reader.read(opened(fake, **self.DAY), "leads")
        assert {row["id"] for row in rows} == {1, 2}
        assert len(fake.asked) == 2
        assert "found 2 of 3 leads" in caplog.text
        assert "failures" not in reader.metrics

    def test_a_second_reading_that_brings_something_is_not_alike(self, reader):
        brought = [[1], [2], [2], [2]]
        answers = iter(brought)

        def answer(asked: Any) -> Any:
            leads = [lead(number, "2026-03-09") for number in next(answers)]
            return {"total": 3, "pages": 1, "candidates": leads}

        rows = reader.read(opened(FakeVendor(answer), **self.DAY), "leads")
        assert [row["id"] for row in rows] == [1, 2]
        assert list(answers) == [[2]], "the second and the third were alike"
