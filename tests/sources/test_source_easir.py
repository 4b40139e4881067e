"""EASI'R: short-lived tokens, listings read to the end, and only the recipients that matter."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import pytest

from sources.easir import EasirError, easir
from sources.easir import client as easir_client
from tests.sources.fake_vendor import FakeVendor, Reply

WINDOW = {"start_date": "2026-02-10", "end_date": "2026-02-12"}
SENT = {"updated_at": "2026-03-01 10:00:00", "sent_at": "2026-03-01 10:00:00", "total_sent": 1}


class Company:
    """Campaigns and their recipients as EASI'R lists them, at most fifty a page."""

    def __init__(self, **campaigns: dict[str, Any]) -> None:
        self.campaigns = campaigns
        self.recipients: dict[str, list[dict[str, Any]]] = {
            campaign: [{"id": f"{campaign}-1"}] for campaign in campaigns
        }
        self.expires_in: int | None = 180

    def __call__(self, asked: Any) -> Any:
        if asked.path == "/token":
            lifetime = {} if self.expires_in is None else {"expires_in": self.expires_in}
            return {"access_token": "token", **lifetime}
        if asked.path == "/campaigns":
            return listing([{"id": i, **c} for i, c in self.campaigns.items()], asked)
        return listing(self.recipients[asked.path.split("/")[2]], asked)


def listing(records: list[Any], asked: Any) -> dict[str, Any]:
    number, size = int(asked.query["page"]), int(asked.query["per_page"])
    following = "https://vendor.example/next" if number * size < len(records) else None
    return {
        "data": records[(number - 1) * size : number * size],
        "pagination": {
            "total": len(records),
            "page": number,
            "per_page": size,
            "urls": {"previous": None, "next": following},
        },
    }


def opened(fake: FakeVendor, **settings: Any) -> Any:
    return easir(
        **{
            "client_id": "client",
            "client_secret": "secret",
            "base_url": "https://vendor.example",
            "auth_url": "https://vendor.example/token",
            "as_of": "2026-03-10T12:00:00Z",
            "requests_per_second": 0,
            "max_retries": 0,
            "session": fake,
            **settings,
        }
    )


def paths(fake: FakeVendor) -> list[str]:
    return [call.path for call in fake.asked if call.path != "/token"]


def recipients_read(fake: FakeVendor) -> list[str]:
    return [path.split("/")[2] for path in paths(fake) if path.endswith("/recipients")]


def test_the_token_is_asked_for_as_documented_and_used_again(reader):
    fake = FakeVendor(Company(a=SENT))
    reader.read(opened(fake), "campaign_recipients")
    token, *others = fake.asked
    assert (token.method, token.path) == ("POST", "/token")
    assert token.query == {"grant_type": "client_credentials"}
    assert token.body == {"client_id": "client", "client_secret": "secret"}
    assert [call.method for call in others] == ["GET", "GET"]


@pytest.mark.parametrize(("expires_in", "life"), [(60, 60), (None, 180)])
def test_the_token_is_renewed_before_it_expires(expires_in, life, monkeypatch):
    clock = {"now": 1000.0}
    monkeypatch.setattr(easir_client, "monotonic", lambda: clock["now"])
    company = Company()
    company.expires_in = expires_in
    fake = FakeVendor(company)
    client = easir_client.EasirClient(
        "https://vendor.example", "https://vendor.example/token", "c", "s", 0, 4, 0, 1, fake
    )
    for age in (0, life - 21, life - 20):
        clock["now"] = 1000.0 + age
        client.get("/campaigns", {"page": 1, "per_page": 50})
    assert [call.path for call in fake.asked] == [
        "/token",
        "/campaigns",
        "/campaigns",
        "/token",
        "/campaigns",
    ]


def test_a_token_that_expires_mid_listing_is_renewed_once(simulator, open_source, reader):
    simulator.faults.add("easir", "expire_token", path="/recipients", after=1)
    rows = reader.read(open_source("easir"), "campaign_recipients")
    assert len(rows) == len(simulator.world.records("easir", "campaign_recipients"))
    assert simulator.tokens_issued == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_new_token_that_is_refused_too_is_an_error(status, reader):
    company = Company()
    fake = FakeVendor(lambda asked: company(asked) if asked.path == "/token" else Reply(status, {}))
    error = reader.failure(opened(fake), "campaigns")
    assert isinstance(error, EasirError)
    assert str(status) in str(error)
    assert [call.path for call in fake.asked] == ["/token", "/campaigns"] * 2


def test_an_answer_without_a_token_is_an_error(reader):
    fake = FakeVendor(lambda asked: {})
    assert "no access_token" in str(reader.failure(opened(fake), "campaigns"))


def test_listings_are_read_in_pages_of_fifty_to_the_last_and_not_beyond(reader):
    company = Company(a=SENT)
    company.recipients["a"] = [{"id": str(number)} for number in range(100)]
    fake = FakeVendor(company)
    assert len(reader.read(opened(fake), "campaign_recipients")) == 100
    assert [call.query for call in fake.asked[2:]] == [
        {"page": "1", "per_page": "50"},
        {"page": "2", "per_page": "50"},
    ]


def test_the_campaigns_are_listed_once_for_both_resources(reader):
    fake = FakeVendor(Company(a=SENT))
    source = opened(fake)
    assert [row["id"] for row in reader.read(source, "campaigns")] == ["a"]
    (row,) = reader.read(source, "campaign_recipients")
    assert row == {"id": "a-1", "campaign_id": "a", "nested_timezone": "UTC"}
    assert paths(fake) == ["/campaigns", "/campaigns/a/recipients"]


def test_only_changed_and_open_campaigns_are_read_again(reader):
    """unchanged was read and is the same, changed was sent anew, open is not sent yet.

    On the seventh day all are read, whatever the hour.
    """
    company = Company(unchanged=SENT, changed=SENT, open={**SENT, "sent_at": None})
    fake = FakeVendor(company)
    reader.read(opened(fake), "campaign_recipients")
    assert recipients_read(fake) == ["unchanged", "changed", "open"]
    state = reader.state("easir", "campaign_recipients")
    assert state["last_full_read"] == "2026-03-10T12:00:00+00:00"
    assert state["signatures"]["changed"] == ["2026-03-01 10:00:00", "2026-03-01 10:00:00", 1]

    company.campaigns["changed"] = {**SENT, "total_sent": 2}
    fake = FakeVendor(company)
    reader.read(opened(fake, as_of="2026-03-16T23:59:59Z"), "campaign_recipients")
    assert recipients_read(fake) == ["changed", "open"]

    fake = FakeVendor(company)
    reader.read(opened(fake, as_of="2026-03-17T01:00:00Z"), "campaign_recipients")
    assert recipients_read(fake) == ["unchanged", "changed", "open"]
    state = reader.state("easir", "campaign_recipients")
    assert state["last_full_read"] == "2026-03-17T01:00:00+00:00"

    fake = FakeVendor(company)  # and when the clock, which was ahead, has gone back
    reader.read(opened(fake, as_of="2026-03-12T01:00:00Z"), "campaign_recipients")
    assert recipients_read(fake) == ["unchanged", "changed", "open"]


def test_a_deleted_campaign_is_passed_over(reader, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("dlt"), "propagate", True)
    company = Company(gone=SENT, there=SENT)
    fake = FakeVendor(lambda asked: Reply(410, {}) if "gone" in asked.path else company(asked))
    rows = reader.read(opened(fake), "campaign_recipients")
    assert [row["campaign_id"] for row in rows] == ["there"]
    assert "gone was deleted" in caplog.text
    assert list(reader.state("easir", "campaign_recipients")["signatures"]) == ["there"]


def test_who_moves_between_pages_is_found_by_reading_again(reader):
    """Number 0 is deleted after the first page, so 50 moves up to where it was read already."""
    company = Company(a=SENT)
    company.recipients["a"] = [{"id": str(number)} for number in range(60)]

    def answer(asked: Any) -> Any:
        answered = company(asked)
        if asked.path.endswith("/recipients"):
            company.recipients["a"] = [{"id": str(number)} for number in range(1, 60)]
        return answered

    fake = FakeVendor(answer)
    rows = reader.read(opened(fake), "campaign_recipients")
    assert sorted(int(row["id"]) for row in rows) == list(range(60))
    assert len(recipients_read(fake)) == 4


def test_a_listing_that_never_settles_is_a_failure(reader):
    company, totals = Company(a=SENT), itertools.count(2)

    def answer(asked: Any) -> Any:
        answered = company(asked)
        if asked.path.endswith("/recipients"):
            answered["pagination"]["total"] = next(totals)
        return answered

    fake = FakeVendor(answer)
    assert len(reader.read(opened(fake), "campaign_recipients")) == 1
    assert "found 1 of 5 records" in reader.metrics["failures"][0]
    assert len(recipients_read(fake)) == 4
    assert reader.state("easir", "campaign_recipients").get("signatures", {}) == {}


def test_a_total_that_is_wrong_for_good_fails_no_listing_and_shows_none_whole(
    reader, caplog, monkeypatch
):
    """Two readings alike are enough, and nothing is taken for gone."""
    monkeypatch.setattr(logging.getLogger("dlt"), "propagate", True)
    company = Company(a=SENT)

    def answer(asked: Any) -> Any:
        answered = company(asked)
        if "pagination" in answered:
            answered["pagination"]["total"] += 1
        return answered

    fake = FakeVendor(answer)
    source = opened(fake)
    assert len(reader.read(source, "campaigns")) == 1
    assert "complete_listings" not in reader.metrics
    assert len(reader.read(source, "campaign_recipients")) == 1
    assert reader.metrics == {"progress": {"done": 1, "total": 1, "unit": "campaigns"}}
    assert len(paths(fake)) == 4
    assert "/campaigns/a/recipients: found 1 of 2 records" in caplog.text
    assert list(reader.state("easir", "campaign_recipients")["signatures"]) == ["a"]


def broken_for(company: Company, status: int, *broken: str) -> FakeVendor:
    """The company's answers, but for some campaigns' recipients."""

    def answer(asked: Any) -> Any:
        parts = asked.path.split("/")
        return Reply(status, {}) if len(parts) > 3 and parts[2] in broken else company(asked)

    return FakeVendor(answer)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_campaigns_that_fail_for_good_hold_up_no_others(status, reader):
    company = Company(a=SENT, b=SENT, c=SENT, d=SENT)
    fake = broken_for(company, status, "a", "b")
    rows = reader.read(opened(fake, parallel_requests=1), "campaign_recipients")
    assert [row["campaign_id"] for row in rows] == ["c", "d"]
    assert [f"answered {status}" in failure for failure in reader.metrics["failures"]] == [True] * 2
    state = reader.state("easir", "campaign_recipients")
    assert sorted(state["signatures"]) == ["c", "d"]
    assert "last_full_read" in state

    fake = FakeVendor(company)
    reader.read(opened(fake), "campaign_recipients")
    assert recipients_read(fake) == ["a", "b"]


def test_a_vendor_that_breaks_down_meanwhile_is_not_asked_for_each_campaign(reader):
    """Those that were not asked for are read in the next run, though nothing in them changed."""
    company = Company(**dict.fromkeys("abcdefgh", SENT))
    reader.read(opened(FakeVendor(company)), "campaign_recipients")
    fake = broken_for(company, 503, *"bcdefgh")
    later = {"as_of": "2026-03-17T12:00:00Z", "parallel_requests": 1}
    rows = reader.read(opened(fake, **later), "campaign_recipients")
    assert [row["campaign_id"] for row in rows] == ["a"]
    assert recipients_read(fake) == list("abcdef")
    assert len(reader.metrics["failures"]) == 5

    fake = FakeVendor(company)
    reader.read(opened(fake, **later), "campaign_recipients")
    assert recipients_read(fake) == list("bcdefgh")


def test_if_no_recipients_can_be_read_that_is_an_error(reader):
    company = Company(**dict.fromkeys("abcdefgh", SENT))
    fake = broken_for(company, 503, *"abcdefgh")
    error = reader.failure(opened(fake, parallel_requests=1), "campaign_recipients")
    assert "/campaigns/a/recipients: answered 503" in str(error)
    assert recipients_read(fake) == list("abcde")
    assert reader.state("easir", "campaign_recipients") == {}


@pytest.mark.parametrize("missing", ["data", "pagination"])
def test_an_answer_that_is_no_page_is_an_error(missing, reader):
    company = Company()

    def answer(asked: Any) -> Any:
        return {key: value for key, value in company(asked).items() if key != missing}

    error = reader.failure(opened(FakeVendor(answer)), "campaigns")
    assert "lacks `data` or `pagination`" in str(error)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2026-07-01 12:00:00", "2026-07-01T10:00:00+00:00"),
        ("2026-01-01 12:00:00", "2026-01-01T11:00:00+00:00"),
        ("", None),
        ("0000-00-00 00:00:00", None),
        (None, None),
        ("soon", "soon"),
    ],
)
def test_times_become_instants(sent, expected, reader):
    nested = {"created_at": sent}
    fake = FakeVendor(Company(a={**SENT, "send_at": sent, "user": nested}))
    (row,) = reader.read(opened(fake, timezone="Europe/Copenhagen"), "campaigns")
    assert row["send_at"] == expected
    assert row["user"] == nested
    assert "created_at" not in row


def test_the_pages_of_a_long_listing_are_asked_for_at_once_and_taken_in_order(reader):
    company = Company(a=SENT)
    company.recipients["a"] = [{"id": f"a-{number}"} for number in range(1501)]
    fake = FakeVendor(company)
    rows = reader.read(opened(fake), "campaign_recipients")

    assert [row["id"] for row in rows] == [f"a-{number}" for number in range(1501)]
    numbers = [int(c.query["page"]) for c in fake.asked if c.path == "/campaigns/a/recipients"]
    assert sorted(numbers) == list(range(1, 32)), "each page once, and none that is not there"


def test_campaigns_are_whole_and_so_is_each_that_was_read(reader):
    fake = FakeVendor(Company(a=SENT, b=SENT))
    source = opened(fake)
    reader.read(source, "campaigns")
    assert reader.metrics == {"complete_listings": [{}]}
    reader.read(source, "campaign_recipients")
    assert reader.metrics == {
        "complete_listings": [{"campaign_id": "a"}, {"campaign_id": "b"}],
        "progress": {"done": 2, "total": 2, "unit": "campaigns"},
    }


def test_progress_is_told_with_each_page_of_those_that_are_to_be_read(reader):
    fake = FakeVendor(Company(a=SENT, b=SENT, c=SENT))
    source = opened(fake, parallel_requests=1)
    told: list[tuple[int, int]] = []

    def note(row: Any) -> Any:
        progress = source.resources["campaign_recipients"].custom_metrics["progress"]
        told.append((progress["done"], progress["total"]))
        return row

    source.resources["campaign_recipients"].add_map(note)
    reader.read(source, "campaign_recipients")
    assert told == [(0, 3), (1, 3), (2, 3)]
    assert reader.metrics["progress"] == {"done": 3, "total": 3, "unit": "campaigns"}
    company = Company(a=SENT, b=SENT, c={**SENT, "total_sent": 2})
    reader.read(opened(FakeVendor(company)), "campaign_recipients")
    assert reader.metrics["progress"] == {"done": 1, "total": 1, "unit": "campaigns"}


@pytest.mark.parametrize("total", [None, -3, "many", [60], 0, 59])
def test_a_listing_whose_total_is_another_is_read_but_not_whole(total, reader):
    company = Company(a=SENT)
    company.recipients["a"] = [{"id": str(number)} for number in range(60)]

    def answer(asked: Any) -> Any:
        answered = company(asked)
        if asked.path.endswith("/recipients"):
            answered["pagination"]["total"] = total
        return answered

    fake = FakeVendor(answer)
    assert len(reader.read(opened(fake), "campaign_recipients")) == 60
    assert "complete_listings" not in reader.metrics
    assert len(recipients_read(fake)) == 2


def test_a_listing_that_moved_is_whole_once_a_reading_found_all_of_it(reader):
    """After the first page 0 is deleted: the second reading is consistent, and is the whole."""
    company = Company(a=SENT)
    company.recipients["a"] = [{"id": str(number)} for number in range(60)]

    def answer(asked: Any) -> Any:
        answered = company(asked)
        if asked.path.endswith("/recipients"):
            company.recipients["a"] = [{"id": str(number)} for number in range(1, 60)]
        return answered

    reader.read(opened(FakeVendor(answer)), "campaign_recipients")
    assert reader.metrics["complete_listings"] == [{"campaign_id": "a"}]


def test_a_campaign_that_fails_takes_nothing_from_the_others(reader):
    """It is read in the next run, though nothing in it changed."""
    company = Company(a=SENT, b=SENT, c=SENT)
    reader.read(opened(FakeVendor(company)), "campaign_recipients")
    fake = FakeVendor(lambda asked: Reply(404, {}) if "/b/" in asked.path else company(asked))
    later = {"as_of": "2026-03-17T12:00:00Z"}
    rows = reader.read(opened(fake, **later), "campaign_recipients")
    assert [row["campaign_id"] for row in rows] == ["a", "c"]
    (failure,) = reader.metrics["failures"]
    assert "/campaigns/b/recipients: answered 404" in failure
    assert reader.metrics["progress"] == {"done": 2, "total": 3, "unit": "campaigns"}
    assert {"campaign_id": "b"} not in reader.metrics["complete_listings"]

    fake = FakeVendor(company)
    reader.read(opened(fake, **later), "campaign_recipients")
    assert recipients_read(fake) == ["b"]


ODD_IDS = [None, "", "..", [], {}, True, 1.5, "a\nb", "\u202e", "x" * 201, 2**60]


@pytest.mark.parametrize("odd_id", ODD_IDS, ids=lambda value: repr(value)[:10])
def test_a_campaign_without_a_usable_id_is_handed_over_and_not_asked_for(odd_id, reader):
    def answer(asked: Any) -> Any:
        if asked.path == "/campaigns":
            return listing([{"id": "a", **SENT}, {"id": odd_id, **SENT}, "no object"], asked)
        return Company(a=SENT)(asked)

    fake = FakeVendor(answer)
    source = opened(fake)
    rows = reader.read(source, "campaigns")
    assert [row["id"] for row in rows[:2]] == ["a", odd_id]
    assert rows[2] == {"record": "no object"}
    assert [row["id"] for row in reader.read(source, "campaign_recipients")] == ["a-1"]
    (failure,) = reader.metrics["failures"]
    assert "2 of 3 campaigns have no id" in failure
    assert paths(fake) == ["/campaigns", "/campaigns/a/recipients"]


def test_an_id_is_only_ever_one_part_of_a_path(reader):
    company = Company(**{"../a?b/c": SENT})
    company.recipients["..%2Fa%3Fb%2Fc"] = [{"id": 7}]
    fake = FakeVendor(company)
    rows = reader.read(opened(fake), "campaign_recipients")
    assert [(row["id"], row["campaign_id"]) for row in rows] == [(7, "../a?b/c")]
    assert recipients_read(fake) == ["..%2Fa%3Fb%2Fc"]


def test_a_campaign_whose_id_is_a_number_is_known_again(reader):
    def answer(asked: Any) -> Any:
        if asked.path == "/campaigns":
            return listing([{"id": 7, **SENT}], asked)
        return {"access_token": "t"} if asked.path == "/token" else listing([{"id": 1}], asked)

    rows = reader.read(opened(FakeVendor(answer)), "campaign_recipients")
    assert [(row["id"], row["campaign_id"]) for row in rows] == [(1, "7")]
    fake = FakeVendor(answer)
    reader.read(opened(fake), "campaign_recipients")
    assert recipients_read(fake) == []


def test_records_of_one_id_on_a_page_are_all_handed_over(reader):
    company = Company(a=SENT)
    company.recipients["a"] = [
        {"id": "1", "n": 1},
        {"id": "1", "n": 2},
        {"id": []},
        {"id": []},
        None,
    ]
    fake = FakeVendor(company)
    rows = reader.read(opened(fake), "campaign_recipients")
    assert [row.get("n", row.get("id")) for row in rows] == [1, 2, [], [], None]
    assert len(recipients_read(fake)) == 1
    assert reader.metrics["complete_listings"] == [{"campaign_id": "a"}]


def test_records_without_an_id_are_handed_over_once_when_a_listing_is_read_again(reader):
    company = Company(a=SENT)
    odd = [None, None, {"id": {}}]
    company.recipients["a"] = [*odd, *({"id": str(number)} for number in range(60))]

    def answer(asked: Any) -> Any:
        answered = company(asked)
        if asked.path.endswith("/recipients"):
            company.recipients["a"] = [*odd, *({"id": str(number)} for number in range(1, 60))]
        return answered

    rows = reader.read(opened(FakeVendor(answer)), "campaign_recipients")
    assert len([row for row in rows if "record" in row or row["id"] == {}]) == 3
    assert sorted(int(row["id"]) for row in rows if row.get("id")) == list(range(60))


@pytest.mark.parametrize("changes", [False, True], ids=["the same pages", "always new ones"])
def test_a_listing_that_would_never_end_is_an_error(changes, reader, monkeypatch):
    monkeypatch.setattr("sources.easir.helpers.MAX_PAGES", 40)

    def answer(asked: Any) -> Any:
        if asked.path == "/token":
            return {"access_token": "token"}
        page = listing([], asked)
        page["data"] = [{"id": asked.query["page"] if changes else "1"}]
        page["pagination"] |= {"total": 10**12, "urls": {"next": "again"}}
        return page

    fake = FakeVendor(answer)
    error = reader.failure(opened(fake), "campaigns")
    assert "paging would never end" in str(error)
    assert len(fake.asked) <= 46


@pytest.mark.parametrize("size", [0, -5, "50", "x", None, [50], True, 1.5])
@pytest.mark.parametrize("urls", [None, [], "next", {"next": None}])
def test_paging_of_wrong_types_still_comes_to_its_end(size, urls, reader):
    company = Company(a=SENT)
    company.recipients["a"] = [{"id": str(number)} for number in range(60)]

    def answer(asked: Any) -> Any:
        answered = company(asked)
        if asked.path.endswith("/recipients"):
            answered["pagination"] |= {"per_page": size, "urls": urls, "page": "x"}
        return answered

    fake = FakeVendor(answer)
    assert len(reader.read(opened(fake), "campaign_recipients")) == 60
    assert len(recipients_read(fake)) == 2


@pytest.mark.parametrize("token", [None, 7, "", "new\nline", "é", ["t"]])
def test_a_token_that_is_none_is_an_error(token, reader):
    fake = FakeVendor(lambda asked: {"access_token": token, "expires_in": "soon"})
    assert "no access_token" in str(reader.failure(opened(fake), "campaigns"))


@pytest.mark.parametrize("lifetime", ["soon", -5, [], float("nan"), 10**30, True])
def test_a_token_that_does_not_say_how_long_it_lives_is_used(lifetime, reader):
    company = Company(a=SENT)
    company.expires_in = lifetime
    assert len(reader.read(opened(FakeVendor(company)), "campaigns")) == 1


class TestWindow:
    """`start_date` and `end_date`: history that the nights neither need nor notice."""

    def company(self) -> Company:
        return Company(
            before={**SENT, "sent_at": "2026-02-09 23:59:59"},
            first={**SENT, "sent_at": "2026-02-10 00:00:00"},
            last={**SENT, "sent_at": "2026-02-12 23:59:59"},
            after={**SENT, "sent_at": "2026-02-13 00:00:00"},
            unsent={**SENT, "sent_at": None, "created_at": "2026-02-11 08:00:00"},
            unsent_later={**SENT, "sent_at": "", "created_at": "2026-02-14 08:00:00"},
            odd={**SENT, "sent_at": ["2026-02-11"]},
        )

    @pytest.mark.parametrize("timezone", ["UTC", "Pacific/Auckland"])
    def test_exactly_the_campaigns_of_these_days_are_read(self, timezone, reader):
        """EASI'R's times are those of its zone already, and so are the days."""
        fake = FakeVendor(self.company())
        source = opened(fake, timezone=timezone, **WINDOW)
        assert len(reader.read(source, "campaigns")) == 7
        reader.read(source, "campaign_recipients")
        assert recipients_read(fake) == ["first", "last", "unsent"]
        assert reader.metrics["progress"] == {"done": 3, "total": 3, "unit": "campaigns"}
        assert {"campaign_id": "unsent"} in reader.metrics["complete_listings"]

    def test_what_the_nights_remember_is_neither_used_nor_moved(self, reader):
        reader.read(opened(FakeVendor(self.company())), "campaign_recipients")
        state = reader.state("easir", "campaign_recipients")
        fake = FakeVendor(self.company())
        reader.read(opened(fake, as_of="2027-01-01T00:00:00Z", **WINDOW), "campaign_recipients")
        assert recipients_read(fake) == ["first", "last", "unsent"]
        assert reader.state("easir", "campaign_recipients") == state

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            ("2026-02-10", None),
            (None, "2026-02-10"),
            ("2026-02-12", "2026-02-10"),
            ("10-02-2026", "2026-02-10"),
            ("20260210", "20260210"),
            ("2026-02-30", "2026-03-01"),
            ("", ""),
        ],
    )
    def test_days_that_are_none_are_an_error(self, start, end):
        with pytest.raises(EasirError, match="give both as YYYY-MM-DD"):
            opened(FakeVendor(Company()), start_date=start, end_date=end)

    def test_from_the_simulator_windows_side_by_side_bring_what_one_reading_does(
        self, simulator, open_source, reader
    ):
        def keys(**settings: Any) -> list[str]:
            rows = reader.read(open_source("easir", **settings), "campaign_recipients")
            return sorted(f"{row['campaign_id']}:{row['id']}" for row in rows)

        whole = keys(start_date="2020-01-01", end_date="2030-01-01")
        assert whole == sorted(simulator.world.records("easir", "campaign_recipients"))
        halves = [("2020-01-01", "2026-03-04"), ("2026-03-05", "2030-01-01")]
        parts = [keys(start_date=start, end_date=end) for start, end in halves]
        assert sorted(parts[0] + parts[1]) == whole
        assert all(parts)
