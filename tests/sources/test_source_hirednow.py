"""HiredNow: indexes are numbers, the cursor must advance, and changed rows are read again."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest

from sources.hirednow import HiredNowError, hirednow
from tests.sources.fake_vendor import FakeVendor, Reply


def row(index: int, created_at: str = "2026-03-09T10:00:00.000Z", **fields: Any) -> dict[str, Any]:
    return {"id": f"result-{index}", "order_index": str(index), "created_at": created_at, **fields}


def page(*rows: dict[str, Any], has_more: bool = False, **fields: Any) -> dict[str, Any]:
    last = rows[-1]["order_index"] if rows else None
    return {"data": list(rows), "has_more": has_more, "last_record_index": last, **fields}


class Listing:
    """Results as HiredNow keeps them, answered `size` at a time in the order of their indexes."""

    def __init__(self, *rows: dict[str, Any], size: int = 100) -> None:
        self.rows, self.size = list(rows), size

    def __call__(self, asked: Any) -> dict[str, Any]:
        after = int(asked.query.get("starting_after", 0))
        first_day = asked.query.get("start_date", "")
        last_day = asked.query.get("end_date", "9999")
        wanted = sorted(
            (r for r in self.rows if first_day <= r["created_at"][:10] <= last_day),
            key=lambda r: int(r["order_index"]),
        )
        wanted = [r for r in wanted if int(r["order_index"]) > after]
        if asked.query["sort"] == "desc":
            wanted.reverse()
        size = min(self.size, int(asked.query["limit"]))
        return page(*wanted[:size], has_more=len(wanted) > size)


def opened(fake: FakeVendor, **settings: Any) -> Any:
    return hirednow(
        **{
            "api_key": "key",
            "campaign_ids": ["campaign-1"],
            "as_of": "2026-03-10T12:00:00Z",
            "requests_per_second": 0,
            "max_retries": 0,
            "session": fake,
            **settings,
        }
    )


def asked_for(fake: FakeVendor) -> list[tuple[str | None, str | None]]:
    return [(call.query.get("start_date"), call.query.get("starting_after")) for call in fake.asked]


def test_the_first_run_reads_everything_upwards(reader):
    fake = FakeVendor(Listing(row(1), row(2), row(3), size=2))
    assert [r["id"] for r in reader.read(opened(fake), "results")] == [
        "result-1",
        "result-2",
        "result-3",
    ]
    assert fake.asked[0].query == {
        "campaign_id": "campaign-1",
        "report_type": "OVERALL",
        "limit": "100",
        "sort": "asc",
    }
    assert asked_for(fake) == [(None, None), (None, "2")]
    assert reader.state("hirednow", "results") == {
        "campaign-1": {"highest_index": 3, "newest_created_date": "2026-03-09"}
    }


def test_the_second_run_reads_again_what_may_have_changed_and_then_what_is_new(reader):
    """result-1 is old, result-2 changed, result-3 is new: two requests bring the last two."""
    listing = Listing(row(1, "2026-02-01T10:00:00Z"), row(2))
    reader.read(opened(FakeVendor(listing)), "results")
    listing.rows = [row(1, "2026-02-01T10:00:00Z"), row(2, overall_score=4.5), row(3)]

    fake = FakeVendor(listing)
    rows = reader.read(opened(fake), "results")
    assert [(r["id"], r.get("overall_score")) for r in rows] == [
        ("result-2", 4.5),
        ("result-3", None),
    ]
    assert asked_for(fake) == [("2026-03-02", None), (None, "2")]


def test_the_rescan_stops_where_the_new_rows_begin(reader):
    listing = Listing(row(1), row(2), size=2)
    reader.read(opened(FakeVendor(listing)), "results")
    listing.rows += [row(index) for index in range(3, 7)]

    fake = FakeVendor(listing)
    assert len(reader.read(opened(fake), "results")) == 6
    assert asked_for(fake) == [("2026-03-02", None), (None, "2"), (None, "4")]


def test_from_9999_to_10000(reader):
    """As text "9999" would come after "10000", and the new row would never be read."""
    listing = Listing(row(9998), row(9999))
    reader.read(opened(FakeVendor(listing)), "results")
    listing.rows += [row(10000), row(10001)]
    fake = FakeVendor(listing)
    ids = [r["id"] for r in reader.read(opened(fake, lookback_days=0), "results")]
    assert ids[-2:] == ["result-10000", "result-10001"]
    assert reader.state("hirednow", "results")["campaign-1"]["highest_index"] == 10001


def test_a_creation_date_in_the_future_does_not_end_the_rescan(reader):
    listing = Listing(row(1, "2031-01-01T00:00:00Z"))
    reader.read(opened(FakeVendor(listing)), "results")
    fake = FakeVendor(listing)
    reader.read(opened(fake), "results")
    assert fake.asked[0].query["start_date"] == "2026-03-03"


def test_each_campaign_has_its_own_cursor_and_the_start_date_is_always_sent(reader):
    listings = {"a": Listing(row(5)), "b": Listing(row(70))}
    fake = FakeVendor(lambda asked: listings[asked.query["campaign_id"]](asked))
    settings = {"campaign_ids": ["a", "b"], "start_date": "2026-01-01"}
    reader.read(opened(fake, **settings), "results")
    assert asked_for(fake) == [("2026-01-01", None)] * 2
    fake.asked.clear()
    reader.read(opened(fake, **settings), "results")
    assert asked_for(fake) == [
        ("2026-03-02", None),
        ("2026-01-01", "5"),
        ("2026-03-02", None),
        ("2026-01-01", "70"),
    ]


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        ({"last_record_index": "7"}, "7"),
        ({"last_record_id": 7}, "7"),
        ({"last_record_index": None, "last_record_id": 7}, "7"),
        ({}, "3"),
    ],
    ids=["last_record_index", "last_record_id", "null and id", "last row"],
)
def test_the_cursor_by_any_of_its_names(cursor, expected, reader):
    answers = iter([{"data": [row(3)], "has_more": True, **cursor}, page()])
    fake = FakeVendor(lambda asked: next(answers))
    reader.read(opened(fake), "results")
    assert fake.asked[1].query["starting_after"] == expected


def test_flat_rows_and_strange_statuses_are_taken_as_sent(reader):
    flat = row(1, campaign_id="c", user_id="u", recommendation_status="MAYBE_LATER", extra=[1])
    rows = reader.read(opened(FakeVendor(Listing(flat)), campaign_ids="campaign-1"), "results")
    assert rows == [flat]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"has_more": False}, "no list `data`"),
        ({"data": [], "has_more": True}, "without any rows"),
        ({"data": [{"order_index": "x"}], "has_more": True}, "no cursor is a number"),
    ],
    ids=["no data", "has_more without rows", "no number"],
)
def test_a_listing_that_cannot_be_trusted_is_an_error(answer, problem, reader):
    fake = FakeVendor(lambda asked: answer)
    error = reader.failure(opened(fake), "results")
    assert isinstance(error, HiredNowError)
    assert problem in str(error)
    assert len(fake.asked) <= 2
    assert reader.state("hirednow", "results") == {}


def test_a_cursor_that_does_not_advance_ends_the_campaign_and_keeps_its_rows(reader):
    fake = FakeVendor(lambda asked: page(row(4), has_more=True))
    assert len(reader.read(opened(fake), "results")) == 1
    (failure,) = reader.metrics["failures"]
    assert "does not advance" in failure
    assert len(fake.asked) == 2


def test_a_campaign_that_fails_takes_nothing_from_the_others(reader):
    listing = Listing(row(1), row(2))
    fake = FakeVendor(
        lambda asked: Reply(404, {}) if asked.query["campaign_id"] == "gone" else listing(asked)
    )
    source = opened(fake, campaign_ids=["gone", "campaign-1"])

    assert len(reader.read(source, "results")) == 2
    (failure,) = reader.metrics["failures"]
    assert "404" in failure
    assert "gone" in failure


def test_a_vendor_that_is_down_is_not_asked_for_each_campaign(reader):
    fake = FakeVendor(lambda asked: Reply(503, {}))
    ids = [str(number) for number in range(9)]
    error = reader.failure(opened(fake, campaign_ids=ids, max_retries=0), "results")

    assert "503" in str(error)
    assert len(fake.asked) == 2


def vendor_with(broken: dict[str, int]) -> FakeVendor:
    """Answers with these errors for these campaigns, and with a result for all others."""

    def answer(asked: Any) -> Any:
        campaign_id = asked.query["campaign_id"]
        return Reply(broken[campaign_id], {}) if campaign_id in broken else page(row(1))

    return FakeVendor(answer)


def campaigns_asked(fake: FakeVendor) -> list[str]:
    return [call.query["campaign_id"] for call in fake.asked]


@pytest.mark.parametrize("status", [403, 500])
def test_two_broken_campaigns_next_to_each_other_do_not_end_the_reading(status, reader):
    fake = vendor_with({"2": status, "3": status})
    settings = {"campaign_ids": list("1234"), "parallel_requests": 1}
    assert len(reader.read(opened(fake, **settings), "results")) == 2
    assert campaigns_asked(fake) == list("1234")
    assert len(reader.metrics["failures"]) == 2


def test_forbidden_campaigns_never_end_a_reading_that_has_brought_something(reader):
    fake = vendor_with(dict.fromkeys("2345678", 403))
    settings = {"campaign_ids": list("123456789"), "parallel_requests": 1}
    assert len(reader.read(opened(fake, **settings), "results")) == 2
    assert campaigns_asked(fake) == list("123456789")


def test_a_vendor_that_breaks_down_meanwhile_is_not_asked_for_each_campaign(reader):
    fake = vendor_with(dict.fromkeys("2345678", 503))
    settings = {"campaign_ids": list("123456789"), "parallel_requests": 1}
    assert len(reader.read(opened(fake, **settings), "results")) == 1
    assert campaigns_asked(fake) == list("123456")
    assert len(reader.metrics["failures"]) == 5


def test_a_row_that_names_no_campaign_gets_the_one_asked_for(reader):
    created_at = "2026-03-09T10:00:00.000Z"
    bare = {"id": "r", "order_index": "1", "created_at": created_at, "campaign": None}
    fake = FakeVendor(Listing(bare))
    assert reader.read(opened(fake), "results") == [{**bare, "campaign_id": "campaign-1"}]


def test_detailed_reports_are_optional_and_keep_their_own_cursor(reader):
    fake = FakeVendor(Listing(row(1, report={"summary": "good"})))
    assert "detailed_results" not in opened(fake).resources
    (record,) = reader.read(opened(fake, detailed=True), "detailed_results")
    assert record == {
        "id": "result-1",
        "campaign_id": "campaign-1",
        "order_index": "1",
        "report": {**row(1, report={"summary": "good"}), "campaign_id": "campaign-1"},
    }
    assert fake.asked[0].query["report_type"] == "DETAILED"
    assert reader.state("hirednow", "results") == {}
    assert reader.state("hirednow", "detailed_results")["campaign-1"]["highest_index"] == 1


def test_the_probe_needs_a_campaign():
    fake = FakeVendor(lambda asked: page())
    with pytest.raises(Exception, match="set campaign_ids"):
        list(opened(fake, campaign_ids=[]).resources["probe"])
    assert fake.asked == []


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Listing:
    """Sixty results over sixty days, in pages of two; more than three pages are read in windows."""
    monkeypatch.setattr("sources.hirednow.windows.PAGES_A_WINDOW", 3)
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(60)]
    return Listing(*(row(n, f"{day}T10:00:00Z") for n, day in enumerate(days, 1)), size=2)


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return sorted({r["id"] for r in rows})


def test_a_long_campaign_is_read_in_windows_and_nothing_falls_between(many, reader):
    fake = FakeVendor(many)
    rows = reader.read(opened(fake), "results")

    assert ids(rows) == ids(many.rows)
    windows = {(c.query.get("start_date"), c.query.get("end_date")) for c in fake.asked}
    assert len(windows) > 5
    assert len(fake.asked) < 2 * len(many.rows) / many.size
    assert reader.state("hirednow", "results") == {
        "campaign-1": {"highest_index": 60, "newest_created_date": "2026-03-01"}
    }
    asked_before = len(fake.asked)
    assert ids(reader.read(opened(fake, lookback_days=1), "results")) == ["result-59", "result-60"]
    assert len(fake.asked) - asked_before == 2


def test_a_result_that_comes_while_windows_are_read_is_read_too_whatever_its_date(many, reader):
    late = row(61, "2026-01-01T10:00:00Z")

    def answer(asked: Any) -> dict[str, Any]:
        found = many(asked)
        if asked.query.get("end_date", "") > "2026-02-01" and late not in many.rows:
            many.rows.append(late)  # the window with its date has been read
        return found

    rows = reader.read(opened(FakeVendor(answer)), "results")
    assert ids(rows) == ids(many.rows)
    assert "result-61" in ids(rows)


def test_windows_that_could_not_be_read_are_gone_on_with_and_no_others(many, reader):
    def broken(asked: Any) -> Any:
        return Reply(400, {}) if asked.query.get("start_date", "") > "2026-02-10" else many(asked)

    first = reader.read(opened(FakeVendor(broken)), "results")
    assert reader.metrics["failures"]
    assert reader.state("hirednow", "results")["campaign-1"]["windows"]

    fake = FakeVendor(many)
    second = reader.read(opened(fake, lookback_days=0), "results")
    assert ids(first + second) == ids(many.rows)
    again = [call for call in fake.asked if call.query.get("end_date", "") < "2026-02-10"]
    assert not [call for call in again if "end_date" in call.query]


def test_a_result_without_a_readable_date_is_in_a_window_too(many, reader):
    """The first window has no beginning and the last one no end."""
    many.rows += [row(61, "1970-01-01T00:00:00Z"), row(62, "2999-01-01T00:00:00Z")]
    assert ids(reader.read(opened(FakeVendor(many)), "results")) == ids(many.rows)


class TestEndDate:
    """Exactly the days from the start date to the end date, and nightly runs know nothing of it."""

    DAYS: ClassVar[dict[str, str]] = {"start_date": "2026-03-02", "end_date": "2026-03-05"}

    @pytest.mark.parametrize("resource", ["results", "detailed_results"])
    def test_the_days_are_read_and_the_cursors_left_alone(
        self, resource, simulator, open_source, reader
    ):
        reader.read(open_source("hirednow", detailed=True), resource)
        before = deepcopy(reader.pipeline.state["sources"])
        simulator.clear_requests()

        rows = reader.read(open_source("hirednow", detailed=True, **self.DAYS), resource)
        shown = simulator.world.records("hirednow", "results")
        wanted = [r for r in shown.values() if "2026-03-02" <= r["created_at"][:10] <= "2026-03-05"]
        assert 0 < len(wanted) < len(shown)
        assert sorted(row["id"] for row in rows) == sorted(row["id"] for row in wanted)
        assert reader.pipeline.state["sources"] == before
        campaigns = [hiring.hirednow_id for hiring in simulator.world.hirings]
        assert sorted(str(call.params) for call in simulator.requests) == sorted(
            str(
                {
                    "campaign_id": campaign_id,
                    "report_type": "OVERALL" if resource == "results" else "DETAILED",
                    "start_date": "2026-03-02",
                    "end_date": "2026-03-05",
                    "limit": "100",
                    "sort": "asc",
                }
            )
            for campaign_id in campaigns
        )
        assert reader.metrics["progress"] == {
            "done": len(campaigns),
            "total": len(campaigns),
            "unit": "campaigns",
        }

    def test_it_begins_no_cursor_and_the_next_night_reads_all(self, simulator, open_source, reader):
        reader.read(open_source("hirednow", **self.DAYS), "results")
        assert reader.state("hirednow", "results") == {}
        rows = reader.read(open_source("hirednow"), "results")
        assert len(rows) == len(simulator.world.records("hirednow", "results"))

    def test_a_long_span_is_paged_through(self, many, reader):
        fake = FakeVendor(many)
        days = {"start_date": "2026-01-01", "end_date": "2026-01-31"}
        rows = reader.read(opened(fake, **days), "results")
        assert [r["id"] for r in rows] == [f"result-{number}" for number in range(1, 32)]
        assert len(fake.asked) == 16
        assert {(c.query["start_date"], c.query["end_date"]) for c in fake.asked} == {
            ("2026-01-01", "2026-01-31")
        }

    @pytest.mark.parametrize("start_date", [None, "2026-03-06", "6.3.2026"])
    def test_without_a_start_date_before_it_nothing_is_asked(self, start_date):
        fake = FakeVendor(Listing())
        with pytest.raises(HiredNowError, match="needs a start_date that is not after it"):
            opened(fake, start_date=start_date, end_date="2026-03-05")
        assert fake.asked == []


class TestProgress:
    """What a conductor can show while it reads."""

    @staticmethod
    def told(source: Any) -> list[dict[str, Any]]:
        """The progress as it stands at each row, and at the end."""
        resource = source.resources["results"]
        told = [dict(resource.custom_metrics["progress"]) for _ in resource]
        return [*told, resource.custom_metrics["progress"]]

    def test_campaigns_are_counted(self, reader):
        fake = FakeVendor(Listing(row(1), row(2), size=1))
        told = self.told(opened(fake, campaign_ids=["a", "b", "c"], parallel_requests=1))
        assert [each["done"] for each in told] == [0, 0, 1, 1, 2, 2, 3]
        assert {(each["total"], each["unit"]) for each in told} == {(3, "campaigns")}

    def test_windows_are_counted_once_there_are_any(self, many, reader):
        told = self.told(opened(FakeVendor(many)))
        assert told[0] == {"done": 0, "total": 1, "unit": "campaigns"}
        assert told[-1]["unit"] == "windows"
        assert told[-1]["done"] == told[-1]["total"] > 5
        totals, dones = ([each[name] for each in told] for name in ("total", "done"))
        assert totals == sorted(totals)
        assert dones == sorted(dones)
        assert all(done <= total for done, total in zip(dones, totals, strict=True))

    def test_what_failed_is_not_done(self, reader):
        listing = Listing(row(1))
        fake = FakeVendor(lambda asked: Reply(404) if "gone" in str(asked) else listing(asked))
        reader.read(opened(fake, campaign_ids=["gone", "campaign-1"]), "results")
        assert reader.metrics["progress"] == {"done": 1, "total": 2, "unit": "campaigns"}


class TestOddRows:
    """Whatever a listing holds is handed over, and moves no cursor where it should not."""

    def test_what_is_no_object_is_a_record_of_its_campaign(self, reader):
        odd = [None, "text", 7, [1, {"id": 2}], {}]
        fake = FakeVendor(lambda asked: {"data": odd, "has_more": False})
        rows = reader.read(opened(fake), "results")
        assert rows == [
            *({"record": item, "campaign_id": "campaign-1"} for item in odd[:4]),
            {"campaign_id": "campaign-1"},
        ]
        assert reader.state("hirednow", "results") == {
            "campaign-1": {"newest_created_date": ""},
        }

    def test_a_detailed_report_may_lack_all(self, reader):
        fake = FakeVendor(lambda asked: {"data": [{"campaign": "x"}, 7], "has_more": False})
        rows = reader.read(opened(fake, detailed=True), "detailed_results")
        campaign = {"campaign_id": "campaign-1"}
        assert rows == [
            {"id": None, "order_index": None, **campaign, "report": {"campaign": "x", **campaign}},
            {"id": None, "order_index": None, **campaign, "report": {"record": 7, **campaign}},
        ]

    @pytest.mark.parametrize(
        "odd", ["abc", "-5", -5, True, 4.5, None, [9], {"a": 1}, "9" * 30, 2**63, "٩", "1_0"]
    )
    def test_an_index_that_is_none_moves_no_cursor(self, odd, reader):
        rows = [row(3), {**row(4), "order_index": odd}]
        fake = FakeVendor(lambda asked: {"data": rows, "has_more": False})
        assert reader.read(opened(fake), "results") == [
            {**each, "campaign_id": "campaign-1"} for each in rows
        ]
        assert reader.state("hirednow", "results")["campaign-1"]["highest_index"] == 3

    def test_an_index_past_all_numbers_moves_no_cursor(self, reader):
        text = '{"data": [{"id": "a", "order_index": 1e400}], "has_more": false}'
        assert len(reader.read(opened(FakeVendor(lambda asked: Reply(200, text))), "results")) == 1
        assert "highest_index" not in reader.state("hirednow", "results")["campaign-1"]

    @pytest.mark.parametrize(
        "odd",
        [
            ["2026-03-10"],
            5,
            None,
            "soon",
            "9999-12-31T23:59:59-14:00",
            "0001-01-01T00:00:00+14:00",
            "0001-01-02T00:00:00Z",
            "9999-06-01T00:00:00Z",
        ],
    )
    def test_a_creation_time_that_is_none_moves_no_rescan(self, odd, reader):
        listing = [row(1, "2026-03-01T10:00:00Z"), row(2, odd)]
        fake = FakeVendor(lambda asked: {"data": listing, "has_more": False})
        assert len(reader.read(opened(fake), "results")) == 2
        assert reader.state("hirednow", "results")["campaign-1"] == {
            "highest_index": 2,
            "newest_created_date": "2026-03-01",
        }
        reader.read(opened(fake), "results")
        assert fake.asked[1].query["start_date"] == "2026-02-22"

    def test_the_rescan_hands_over_what_is_odd_among_what_is_held(self, reader):
        odd = {"id": "odd", "order_index": "abc", "created_at": None}
        large = {**row(2), "id": "large", "order_index": 10**15}
        held = {"data": [row(1), odd, large, row(3)], "has_more": False}
        reader.read(opened(FakeVendor(lambda asked: held)), "results")

        more = {"data": [*held["data"], row(4)], "has_more": False}
        new = {"data": [row(4)], "has_more": False}
        fake = FakeVendor(lambda asked: new if "starting_after" in asked.query else more)
        rows = reader.read(opened(fake), "results")
        assert [r["id"] for r in rows] == ["result-1", "odd", "large", "result-3", "result-4"]
        assert [call.query.get("starting_after") for call in fake.asked] == [None, "3"]

    def test_a_top_that_tells_nothing_leaves_a_long_campaign_to_be_read_page_by_page(
        self, many, reader
    ):
        def answer(asked: Any) -> dict[str, Any]:
            found = many(asked)
            return {"data": [None], "has_more": True} if asked.query["limit"] == "1" else found

        rows = reader.read(opened(FakeVendor(answer)), "results")
        assert [r["id"] for r in rows] == [f"result-{number}" for number in range(1, 61)]
