"""What all five sources do alike: patience, pacing, discretion, and what they declare."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from requests import ReadTimeout, Response

from simulator import accounts
from sources.hirednow.parallel import side_by_side
from sources.hirednow.words import words_of
from tests.sources.conftest import VENDORS
from tests.sources.fake_vendor import FakeVendor, Reply

SOURCES = Path(__file__).parents[2] / "sources"
FIRST = {
    "hirednow": "results",
    "talkpush": "leads",
    "linkup": "candidates",
    "closerx": "hourly_metrics",
    "easir": "campaigns",
}
DATA_PATH = {
    "hirednow": "/v1/campaigns/role/results",
    "talkpush": "/campaign_invitations",
    "linkup": "/v2/recruiter",
    "closerx": "/daily-campaign-results/",
    "easir": "/campaigns",
}
PROBE_PATH = {**DATA_PATH, "talkpush": "/campaigns"}
SECRETS = {
    "hirednow": [accounts.HIREDNOW_API_KEY],
    "talkpush": [accounts.TALKPUSH_API_KEY],
    "linkup": [accounts.LINKUP_API_KEY],
    "closerx": [accounts.CLOSERX_API_KEY],
    "easir": [accounts.EASIR_CLIENT_SECRET, accounts.EASIR_CLIENT_ID, "simulator-easir-token-1"],
}
KEYS = {
    ("hirednow", "results"): ["id"],
    ("hirednow", "detailed_results"): ["id"],
    ("talkpush", "leads"): ["id"],
    ("talkpush", "campaigns"): ["id"],
    ("linkup", "jobs"): ["job_id"],
    ("linkup", "candidates"): ["job_id", "application_id"],
    ("closerx", "hourly_metrics"): ["campaign_id", "date", "hour", "hour_occurrence"],
    ("easir", "campaigns"): ["id"],
    ("easir", "campaign_recipients"): ["campaign_id", "id"],
}

every_vendor = pytest.mark.parametrize("vendor", VENDORS)


def requests_of(simulator, vendor: str) -> list[Any]:
    """The requests for data; EASI'R's tokens are none."""
    return [call for call in simulator.requests if not call.path.endswith("/token")]


@pytest.mark.parametrize("key", KEYS, ids=".".join)
def test_each_resource_declares_its_key_and_stays_one_table(key, simulator, open_source):
    vendor, name = key
    settings = {"detailed": True} if name == "detailed_results" else {}
    resource = open_source(vendor, **settings).resources[name]
    schema = resource.compute_table_schema()
    primary = [n for n, column in schema["columns"].items() if column.get("primary_key")]
    assert primary == KEYS[key]
    assert schema["write_disposition"] == "merge"
    assert resource.max_table_nesting == 0


@every_vendor
def test_probe_asks_once_and_is_not_loaded(vendor, simulator, open_source):
    source = open_source(vendor)
    assert "probe" not in source.selected_resources
    assert len(list(source.resources["probe"])) == 1
    assert len(requests_of(simulator, vendor)) == 1


@every_vendor
@pytest.mark.parametrize("fault", ["status", "reset", "truncate"])
def test_a_passing_failure_is_asked_again(vendor, fault, simulator, open_source, reader):
    reader.read(open_source(vendor), FIRST[vendor])
    untroubled = len(requests_of(simulator, vendor))
    simulator.clear_requests()
    simulator.faults.add(vendor, fault, path=DATA_PATH[vendor], status=503)

    reader.pipeline.drop()
    assert reader.read(open_source(vendor), FIRST[vendor])
    assert len(requests_of(simulator, vendor)) == untroubled + 1


def one_campaign(vendor: str) -> dict[str, Any]:
    """So that one thing is asked for, and how often is the question."""
    ids = os.environ.get(f"SOURCES__{vendor.upper()}__CAMPAIGN_IDS")
    campaign = {"campaign_ids": json.loads(ids)[:1]} if ids else {}
    day = {"start_date": "2026-03-05", "end_date": "2026-03-05"}
    return campaign | (day if vendor in ("talkpush", "closerx") else {})


@every_vendor
def test_max_retries_is_how_often_it_is_asked_again(vendor, simulator, open_source, reader):
    simulator.faults.add(vendor, "status", path=DATA_PATH[vendor], status=503, times=None)
    error = reader.failure(
        open_source(vendor, max_retries=1, **one_campaign(vendor)), FIRST[vendor]
    )
    assert "503" in str(error)
    assert len(requests_of(simulator, vendor)) == 2


@every_vendor
@pytest.mark.parametrize("status", [302, 400, 402, 404, 405, 422])
def test_a_lasting_failure_is_not_asked_again(vendor, status, simulator, open_source, reader):
    simulator.faults.add(
        vendor,
        "status",
        path=DATA_PATH[vendor],
        status=status,
        times=None,
        headers={"Location": "/elsewhere"},
    )
    error = reader.failure(open_source(vendor, **one_campaign(vendor)), FIRST[vendor])
    assert type(error).__module__ == f"sources.{vendor}.client"
    message = str(error)
    assert str(status) in message
    assert DATA_PATH[vendor] in message
    assert len(requests_of(simulator, vendor)) == 1
    assert not any("elsewhere" in call.path for call in simulator.requests)


@every_vendor
def test_retry_after_is_honoured(vendor, simulator, open_source):
    simulator.faults.add(
        vendor, "status", path=PROBE_PATH[vendor], status=429, headers={"Retry-After": "1"}
    )
    started = time.monotonic()
    list(open_source(vendor).resources["probe"])
    assert time.monotonic() - started >= 1
    assert [call.status for call in requests_of(simulator, vendor)] == [429, 200]


@every_vendor
def test_a_page_of_html_is_asked_for_again_unless_it_costs(vendor, simulator, open_source, reader):
    simulator.faults.add(vendor, "html", path=DATA_PATH[vendor], times=None)
    error = reader.failure(open_source(vendor, **one_campaign(vendor)), FIRST[vendor])
    assert "bytes of text/html" in str(error)
    assert "be right back" not in str(error), "a title would be quoted, and nothing else"
    assert len(requests_of(simulator, vendor)) == (1 if vendor == "linkup" else 3)


def refuse_and_echo(simulator, vendor):
    echo = {"error": f"you sent {' and '.join(SECRETS[vendor])}, " + "x" * 1000}
    simulator.faults.add(
        vendor, "status", path=DATA_PATH[vendor], status=500, body=echo, times=None
    )
    return {}


ADA = {"first_name": "Ada", "full_name": "Lovelace", "user_phone_number": "0917 555-0101"}


@every_vendor
@pytest.mark.parametrize(
    ("status", "body"),
    [(200, json.dumps({"data": [ADA] * 9})[:-20]), (422, json.dumps(ADA))],
    ids=["cut", "echoed"],
)
def test_an_error_repeats_nothing_of_a_record(vendor, status, body, simulator, open_source):
    """Names and national telephone numbers cannot be told from other words, so they could not be masked later."""
    fake = FakeVendor(lambda asked: Reply(status, body))
    with pytest.raises(Exception, match=f"answered {status}") as failed:
        list(open_source(vendor, session=fake, max_retries=0).resources["probe"])
    assert not [text for text in ADA.values() if text in str(failed.value)]
    assert f"{len(body):,} bytes of " in str(failed.value)


def refuse_connections(simulator, vendor):
    return {"base_url": "http://127.0.0.1:9"}


def stall(simulator, vendor):
    simulator.faults.add(vendor, "stall", path=DATA_PATH[vendor], seconds=1, times=None)
    return {"timeout_s": 0.05}


def answer_html(simulator, vendor):
    simulator.faults.add(vendor, "html", path=DATA_PATH[vendor], times=None)
    return {}


@every_vendor
@pytest.mark.parametrize("trouble", [refuse_and_echo, refuse_connections, stall, answer_html])
def test_no_secret_in_errors_logs_or_reprs(
    vendor, trouble, simulator, open_source, reader, caplog, monkeypatch
):
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "DEBUG")
    logger = logging.getLogger("dlt")
    monkeypatch.setattr(logger, "propagate", True)
    with caplog.at_level(logging.DEBUG, "dlt"):
        source = open_source(vendor, max_retries=1, **trouble(simulator, vendor))
        with pytest.raises(PipelineStepFailed) as failed:
            reader.read(source, FIRST[vendor])
    error: BaseException = failed.value
    while error.__cause__ is not None:
        error = error.__cause__
    assert len(str(error)) < 500
    assert error.__context__ is None
    told = [
        *traceback.format_exception(failed.value),
        *(record.getMessage() for record in caplog.records),
        repr(source),
        str(source),
        *(repr(resource) for resource in source.resources.values()),
    ]
    for secret in SECRETS[vendor]:
        assert not [text for text in told if secret in text]


@every_vendor
def test_no_secret_in_rows_or_state(vendor, simulator, open_source, reader):
    rows = reader.read(open_source(vendor), FIRST[vendor])
    assert rows
    for secret in SECRETS[vendor]:
        assert secret not in str(rows)
        assert secret not in str(reader.pipeline.state)


@every_vendor
def test_an_injected_session_gets_every_attempt(vendor, simulator, open_source):
    fake = FakeVendor(lambda asked: Reply(503, {}))
    with pytest.raises(Exception, match="503"):
        list(open_source(vendor, session=fake, max_retries=2).resources["probe"])
    assert len(fake.asked) == 3
    assert simulator.requests == []


@every_vendor
def test_an_injected_session_may_time_out(vendor, simulator, open_source):
    fake = FakeVendor(lambda asked: ReadTimeout("https://vendor.example/?api_key=key"))
    with pytest.raises(Exception, match="no answer \\(ReadTimeout\\)"):
        list(open_source(vendor, session=fake, max_retries=1).resources["probe"])
    assert len(fake.asked) == 2


@every_vendor
def test_a_refusal_that_lasts_ends_in_a_sentence(vendor, simulator, open_source, reader):
    simulator.faults.add(vendor, "status", path=DATA_PATH[vendor], status=429, times=None)
    source = open_source(vendor, max_retries=2, **one_campaign(vendor))
    message = str(reader.failure(source, FIRST[vendor]))
    assert "answered 429" in message
    assert "lower requests_per_second" in message
    assert len(requests_of(simulator, vendor)) == 3


@every_vendor
def test_requests_start_as_often_as_configured(vendor, simulator, open_source):
    """How they are spaced is told in test_pace.py."""
    fake = FakeVendor(lambda asked: Reply(500, {}))
    probe = open_source(vendor, session=fake, max_retries=5, requests_per_second=25).resources[
        "probe"
    ]
    started = time.monotonic()
    with pytest.raises(Exception, match="500"):
        list(probe)
    assert time.monotonic() - started >= 5 / 25


@every_vendor
def test_two_nights_bring_what_the_vendor_shows(vendor, simulator, open_source, reader):
    """Night one reads all; after a day of changes, night two brings what is new."""
    seen: dict[str, set[str]] = {}
    for days in (0, 1):
        simulator.world.advance(days=days)
        source = open_source(vendor, as_of=simulator.world.now.isoformat())
        for name in source.selected_resources:
            rows = reader.read(source, name)
            ids = {record_id([row[part] for part in KEYS[vendor, name]]) for row in rows}
            seen[name] = seen.get(name, set()) | ids
            shown = simulator.world.records(vendor, name)
            assert seen[name] == {record_id(key) for key in shown}


def record_id(key: Any) -> str:
    return key if isinstance(key, str) else ":".join(map(str, key))


@pytest.mark.parametrize("name", ["parallel.py", "pace.py", "words.py"])
def test_every_source_has_the_same_file(name):
    """Each stands alone, so each has its own; a mend belongs in all of them."""
    assert len({(SOURCES / vendor / name).read_bytes() for vendor in VENDORS}) == 1


@pytest.mark.parametrize(
    ("name", "vendors"), [("sent.py", 2), ("attempts.py", 2), ("listing.py", 2), ("patience.py", 4)]
)
def test_sources_that_need_it_have_the_same_file(name, vendors):
    found = [path.read_bytes() for path in SOURCES.glob(f"*/{name}")]
    assert (len(found), len(set(found))) == (vendors, 1)


class TestTheVendorsOwnWords:
    """Tried with one of the five files, for they are equal."""

    def words(self, body: Any, content_type: str = "application/json") -> str:
        response = Response()
        text = body if isinstance(body, str) else json.dumps(body)
        response._content = text.encode()
        response.headers["Content-Type"] = f"{content_type}; charset=utf-8"
        response.encoding = "utf-8"
        return words_of(response, None if isinstance(body, str) else body, ["a secret", ""])

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"statusCode": 422, "message": "No", "error": "Bad Request"}, "No; Bad Request"),
            ({"success": False, "error": {"code": "NO_DAY", "message": "No"}}, "NO_DAY; No"),
            ({"detail": "No such\n day."}, "No such day."),
            ({"errors": [{"message": "No", "code": 7, "field": "day"}]}, "7; No"),
            ({"message": ["one", "two"], "errors": {"first_name": ["Ada"]}}, "one; two"),
            ({"error": "you sent a secret " + "x" * 500}, "you sent *** " + "x" * 187),
        ],
        ids=["HiredNow", "LinkupAPI", "CloserX", "EASI'R", "lists", "long"],
    )
    def test_are_its_error_message(self, body, words):
        assert self.words(body) == repr(words)

    @pytest.mark.parametrize(
        "body",
        [
            [ADA],
            {"errors": [{"field": "x", "value": ADA}], "input": ADA},
            {"error": json.dumps(ADA)},
            {"message": {"subject": "Dear Ada", "content": ADA}, "error": None, "code": True},
            str(ADA),
        ],
        ids=["a list", "echoed", "echoed as text", "a campaign's message", "no JSON"],
    )
    def test_are_no_part_of_a_record(self, body):
        length = len(body if isinstance(body, str) else json.dumps(body))
        assert self.words(body) == f"{length} bytes of application/json"

    def test_are_the_title_of_a_page_of_html(self):
        page = "<html><title> Bad\n gateway</title><body>Ada</body></html>"
        assert self.words(page, "text/html") == f"{len(page)} bytes of text/html 'Bad gateway'"


class TestSideBySide:
    """Tried with one of the five files, for they are equal."""

    def test_each_readers_pages_come_in_their_order(self):
        readers = [(name, iter([f"{name}{n}" for n in range(20)])) for name in "abcdef"]
        brought: dict[str, list[Any]] = {}
        for name, page in side_by_side(readers, 3):
            brought.setdefault(name, []).append(page)
        assert brought == {name: [*(f"{name}{n}" for n in range(20)), None] for name in "abcdef"}

    def test_as_many_are_read_at_a_time_as_it_takes_and_no_more_than_workers(self, monkeypatch):
        monkeypatch.setattr("sources.hirednow.parallel.PATIENCE_S", 0)
        running, most, lock = 0, 0, Lock()

        def reader() -> Iterator[int]:
            nonlocal running, most
            for number in range(3):
                with lock:
                    running += 1
                    most = max(most, running)
                time.sleep(0.005)
                with lock:
                    running -= 1
                yield number

        list(side_by_side([(n, reader()) for n in range(9)], 3))
        assert most == 3
        monkeypatch.setattr("sources.hirednow.parallel.PATIENCE_S", 60)
        most = 0
        list(side_by_side([(n, reader()) for n in range(9)], 3))
        assert most == 1

    def test_the_first_goes_ahead_alone_until_it_has_brought_something(self):
        def broken(number: int) -> Iterator[int]:
            asked.append(number)
            raise ValueError(number)
            yield 0

        asked: list[int] = []
        pages = side_by_side([(n, broken(n)) for n in range(5)], 4)
        assert isinstance(next(pages)[1], ValueError)
        assert asked == [0]
        assert [name for name, _ in pages] == [1, 2, 3, 4]

    def test_whoever_stops_early_leaves_no_thread_behind(self):
        before = threading.active_count()
        pages = side_by_side([(n, iter(range(1000))) for n in range(4)], 4)
        next(pages)
        pages.close()
        assert threading.active_count() == before

    @pytest.mark.parametrize(("ahead", "asked"), [(1, 2), (5, 6)])
    def test_while_nobody_takes_pages_readers_go_on_to_a_limit(self, ahead, asked):
        def reader() -> Iterator[int]:
            for number in range(100):
                brought.append(number)
                yield number

        brought: list[int] = []
        pages = side_by_side([("a", reader())], 3, ahead)
        next(pages)
        deadline = time.monotonic() + 5
        while len(brought) < asked and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.02)
        assert len(brought) == asked
        assert [page for _, page in pages] == [*range(1, 100), None]

    def test_whoever_stops_early_asks_for_at_most_one_more_page_of_each_reader(self):
        def reader() -> Iterator[int]:
            for number in range(1000):
                brought.append(number)
                time.sleep(0.001)
                yield number

        brought: list[int] = []
        pages = side_by_side([(n, reader()) for n in range(3)], 3, 500)
        next(pages)
        before = len(brought)
        pages.close()
        assert len(brought) <= before + 3

    def test_while_nobody_takes_pages_others_follow_readers_that_came_to_their_end(
        self, monkeypatch
    ):
        def reader(number: int) -> Iterator[int]:
            time.sleep(0.002)
            begun.append(number)
            yield number

        monkeypatch.setattr("sources.hirednow.parallel.PATIENCE_S", 0)
        begun: list[int] = []
        pages = side_by_side([(n, reader(n)) for n in range(40)], 2, 5)
        taken = [next(pages) for _ in range(6)]
        time.sleep(0.1)
        before = len(begun)
        assert len(taken) + 2 <= before <= len(taken) + 2 * 5 + 2
        taken += list(pages)
        assert sorted(taken, key=str) == sorted(
            [(n, page) for n in range(40) for page in (n, None)], key=str
        )


@pytest.mark.parametrize(
    ("vendor", "resource", "requests"),
    [("hirednow", "results", 5), ("easir", "campaign_recipients", 12)],
)
def test_while_a_load_is_under_way_reading_goes_on(
    vendor, resource, requests, simulator, open_source, monkeypatch
):
    """Nobody takes pages then; LinkupAPI's are not bought ahead."""
    monkeypatch.setattr(f"sources.{vendor}.helpers.PAGE_SIZE", 5)
    rows = iter(open_source(vendor, parallel_requests=1).resources[resource])
    next(rows)
    deadline = time.monotonic() + 20
    # of a page that nobody takes, only the next one would be asked for; EASI'R is asked for campaigns, too
    while len(simulator.requests) < requests and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(simulator.requests) >= requests
