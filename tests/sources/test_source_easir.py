"""EASI'R: short-lived tokens, listings read to the end, and only the recipients that matter."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from sources.easir import EasirError, easir
from sources.easir import client as easir_client
from tests.sources.fake_vendor import FakeVendor, Reply

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
    assert reader.read(source, "campaign_recipients") == [{"id": "a-1", "campaign_id": "a"}]
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


def test_a_listing_that_never_settles_is_an_error(reader):
    company = Company(a=SENT)

    def answer(asked: Any) -> Any:
        answered = company(asked)
        if asked.path.endswith("/recipients"):
            answered["pagination"]["total"] += 1
        return answered

    fake = FakeVendor(answer)
    error = reader.failure(opened(fake), "campaign_recipients")
    assert "found 1 of 2 records" in str(error)
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
