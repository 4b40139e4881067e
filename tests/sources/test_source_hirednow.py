"""HiredNow: indexes are numbers, the cursor must advance, and changed rows are read again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

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
    monkeypatch.setattr("sources.hirednow.helpers.PAGES_A_WINDOW", 3)
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
