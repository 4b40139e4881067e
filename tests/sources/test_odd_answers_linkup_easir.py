"""Whatever LinkupAPI and EASI'R may send: reading ends, and nothing is dropped or doubled."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dlt.extract import DltSource
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from requests import PreparedRequest, Response

from sources.easir import EasirError
from sources.linkup import LinkupError
from sources.linkup.listing import Records
from tests.sources import test_source_easir as easir_tests
from tests.sources import test_source_linkup as linkup_tests
from tests.sources.fake_vendor import FakeVendor

pytestmark = pytest.mark.slow

SOURCES = Path(__file__).parents[2] / "sources"
ERRORS = (EasirError, LinkupError)
SENT = easir_tests.SENT
ID_NAMES = ("id", "job_id", "application_id")
TIMES = ("created_at", "updated_at", "sent_at", "send_at", "latest_activity_at")

quick = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# Also what strict JSON does not know: half of a surrogate pair, NaN, numbers past 64 bits.
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**53, -(2**63), 10**40, 0, -1])
    | st.floats()
    | st.text(st.characters(), max_size=12)
    | st.sampled_from(
        ["", "0", "a", "🙂", "مرحبا", "\u202e", "\x00", "\ud800", "0000-00-00 00:00:00"]
    )
    | st.sampled_from(
        ["2026-01-01 00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "x" * 300]
    )
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from([*ID_NAMES, *TIMES, "total_sent", "record", "campaign_id"])
records = st.dictionaries(names, values, max_size=4)
items = st.lists(values | records, max_size=8)


class Raw(FakeVendor):
    """A vendor that answers bytes."""

    def __init__(self, body: bytes, encoding: str | None = None) -> None:
        super().__init__(self.token)
        self._body, self._encoding = body, encoding

    @staticmethod
    def token(asked: Any) -> Any:
        return {"access_token": "token"}

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        response = super().send(request, **kwargs)
        if self.asked[-1].path != "/token":
            response._content, response.encoding = self._body, self._encoding
        return response


class Reading:
    """Reads resources without a pipeline: a hundred readings then take as long as one otherwise."""

    def __init__(self) -> None:
        self.metrics: dict[str, Any] = {}

    def rows(self, source: DltSource, resource: str) -> list[Any]:
        """What a resource hands over; the vendor's own error, if it ends with one."""
        part = source.resources[resource]
        try:
            return list(part)
        except Exception as error:
            cause: BaseException = error
            while cause.__cause__ is not None:
                cause = cause.__cause__
            raise cause from None
        finally:
            self.metrics = part.custom_metrics


@pytest.fixture
def reading(monkeypatch) -> Reading:
    """A reading in which a listing that never ends is known for it after twenty pages."""
    monkeypatch.setattr("sources.linkup.helpers.MAX_PAGES", 20)
    monkeypatch.setattr("sources.easir.helpers.MAX_PAGES", 20)
    return Reading()


def contents(rows: list[Any]) -> Counter[str]:
    """The rows whatever their order, to be compared."""
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def as_sent(listed: Any) -> list[Any]:
    """What arrives when it is sent as JSON: what Python writes for no number is kept as text."""
    return json.loads(json.dumps(listed), parse_constant=str)


def record(item: Any) -> Any:
    return item if isinstance(item, dict) else {"record": item}


def jobs_vendor(listed: list[Any]) -> FakeVendor:
    return FakeVendor(lambda asked: linkup_tests.page(listed, asked, None, len(listed), "posts"))


def campaigns_vendor(listed: list[Any]) -> FakeVendor:
    def answer(asked: Any) -> Any:
        if asked.path == "/token":
            return {"access_token": "token"}
        return easir_tests.listing(listed if asked.path == "/campaigns" else [], asked)

    return FakeVendor(answer)


def recipients_vendor(listed: list[Any]) -> FakeVendor:
    company = easir_tests.Company(a=SENT)
    company.recipients["a"] = listed
    return FakeVendor(company)


def candidates_vendor(listed: list[Any]) -> FakeVendor:
    def answer(asked: Any) -> Any:
        params = asked.body["params"]
        end = params["offset"] + params["count"]
        following = end if end < len(listed) else None
        return linkup_tests.page(listed[params["offset"] : end], asked, following, len(listed))

    return FakeVendor(answer)


class TestItems:
    """Arbitrary JSON in the listing, and in the fields of its records."""

    @quick
    @given(listed=items)
    @example(listed=[None, None, {}, {}, [], 0, False, "", {"application_id": None}])
    @example(
        listed=[{"application_id": "1"}, {"application_id": 1}, {"application_id": "1", "id": 2}]
    )
    def test_every_candidate_is_handed_over(self, listed, reading):
        fake = candidates_vendor(listed)
        source = linkup_tests.opened(fake, job_ids=["a"], page_size=1000)
        rows = reading.rows(source, "candidates")
        expected = [{**record(item), "job_id": "a"} for item in as_sent(listed)]
        assert contents(rows) == contents(expected)
        assert len(fake.asked) == 1
        assert reading.metrics["complete_listings"] == [{"job_id": "a"}]

    @quick
    @given(listed=items)
    def test_every_candidate_is_handed_over_from_pages_of_two(self, listed, reading):
        """Equal records on two pages are one if they have an id, for it moved; else they are two."""
        fake = candidates_vendor(listed)
        source = linkup_tests.opened(fake, job_ids=["a"], page_size=2)
        rows = reading.rows(source, "candidates")
        expected = contents([{**record(item), "job_id": "a"} for item in as_sent(listed)])
        assert not contents(rows) - expected
        assert set(contents(rows)) == set(expected) or reading.metrics.get("failures")
        assert len(fake.asked) <= 2 * (len(listed) // 2 + 1)

    @quick
    @given(listed=items)
    def test_every_job_is_handed_over(self, listed, reading):
        fake = jobs_vendor(listed)
        rows = reading.rows(linkup_tests.opened(fake), "jobs")
        without = [{k: v for k, v in row.items() if k != "job_id"} for row in rows]
        expected = [record(item) for item in as_sent(listed)]
        assert contents(without) == contents(
            [{k: v for k, v in row.items() if k != "job_id"} for row in expected]
        )
        assert len(fake.asked) == 1

    @quick
    @given(listed=items)
    def test_every_campaign_is_handed_over_and_odd_ones_do_not_stop_the_others(
        self, listed, reading
    ):
        listed = [*listed, {"id": "good", **SENT}]
        source = easir_tests.opened(campaigns_vendor(listed))
        rows = reading.rows(source, "campaigns")
        untimed = [{k: v for k, v in row.items() if k not in TIMES} for row in rows]
        expected = [record(item) for item in as_sent(listed)]
        assert contents(untimed) == contents(
            [{k: v for k, v in row.items() if k not in TIMES} for row in expected]
        )
        assert reading.rows(source, "campaign_recipients") == []
        assert {"campaign_id": "good"} in reading.metrics["complete_listings"]
        done = reading.metrics["progress"]
        assert done["done"] == done["total"] >= 1

    @quick
    @given(listed=items)
    def test_every_recipient_is_handed_over(self, listed, reading):
        fake = recipients_vendor(listed)
        rows = reading.rows(easir_tests.opened(fake), "campaign_recipients")
        untimed = [{k: v for k, v in row.items() if k not in TIMES} for row in rows]
        added = {"campaign_id": "a", "nested_timezone": "UTC"}
        expected = [{**record(item), **added} for item in as_sent(listed)]
        assert contents(untimed) == contents(
            [{k: v for k, v in row.items() if k not in TIMES} for row in expected]
        )
        assert len(fake.asked) == 3, "a token, the campaigns, and one page"


def linkup_answer(data: Any) -> Any:
    return {"success": True, "data": data, "metadata": {}}


pagings = st.fixed_dictionaries(
    {},
    optional={
        name: values | st.sampled_from([0, 1, 2, 5, -1, "5", True, 10**30])
        for name in ("next_offset", "has_more", "total", "per_page", "page", "urls", "next")
    },
)


class TestAnswers:
    """Arbitrary JSON as answers: what cannot be read is the vendor's own error, after few requests."""

    MOST = 60

    def read(self, reading: Reading, source: Any, resource: str, fake: FakeVendor) -> list[Any]:
        try:
            rows = reading.rows(source, resource)
        except ERRORS as error:
            assert len(str(error)) < 700
            assert "\n" not in str(error)
            rows = []
        assert len(fake.asked) <= self.MOST
        return rows

    @quick
    @given(answer=values | st.builds(linkup_answer, values | records))
    @pytest.mark.parametrize("resource", ["jobs", "candidates"])
    def test_linkup_whatever_it_answers(self, resource, answer, reading):
        fake = FakeVendor(lambda asked: answer)
        self.read(reading, linkup_tests.opened(fake, job_ids=(), max_retries=0), resource, fake)
        fake = FakeVendor(lambda asked: answer)
        self.read(reading, linkup_tests.opened(fake, job_ids=["a"], max_retries=0), resource, fake)

    @quick
    @given(listed=items, pagination=values | pagings, total=values)
    def test_linkup_whatever_its_pagination_says(self, listed, pagination, total, reading):
        data = {"candidates": listed, "pagination": pagination, "total_available_results": total}
        fake = FakeVendor(lambda asked: linkup_answer(data))
        source = linkup_tests.opened(fake, job_ids=["a"], page_size=1000)
        rows = self.read(reading, source, "candidates", fake)
        expected = set(contents([{**record(item), "job_id": "a"} for item in as_sent(listed)]))
        if reading.metrics.get("complete_listings"):
            assert set(contents(rows)) == expected
        else:
            assert set(contents(rows)) <= expected

    @quick
    @given(answer=values)
    @pytest.mark.parametrize("resource", ["campaigns", "campaign_recipients"])
    @pytest.mark.parametrize("path", ["/token", "/campaigns", "/campaigns/a/recipients"])
    def test_easir_whatever_it_answers(self, path, resource, answer, reading):
        company = easir_tests.Company(a=SENT)
        fake = FakeVendor(lambda asked: answer if asked.path == path else company(asked))
        self.read(reading, easir_tests.opened(fake), resource, fake)

    @quick
    @given(listed=items, pagination=pagings)
    def test_easir_whatever_its_pagination_says(self, listed, pagination, reading):
        company = easir_tests.Company(a=SENT)
        page = {"data": listed, "pagination": pagination}
        fake = FakeVendor(lambda a: page if "recipients" in a.path else company(a))
        rows = self.read(reading, easir_tests.opened(fake), "campaign_recipients", fake)
        if reading.metrics.get("complete_listings"):
            assert len(rows) == len(listed)

    @quick
    @given(
        body=st.binary(max_size=60) | st.text(max_size=30).map(str.encode),
        encoding=st.sampled_from([None, "utf-8", "utf-16", "no such encoding"]),
    )
    @example(body=b"\xff\xfe\x00", encoding=None)
    @example(body=b'{"success": true, "data": {"candidates": [', encoding=None)
    def test_any_bytes(self, encoding, body, reading):
        fake = Raw(body, encoding)
        self.read(reading, linkup_tests.opened(fake, job_ids=["a"]), "candidates", fake)
        fake = Raw(body, encoding)
        self.read(reading, easir_tests.opened(fake), "campaigns", fake)


def linkup_body(item: bytes) -> bytes:
    return (
        b'{"success": true, "data": {"candidates": [' + item + b'], "total_available_results": 1}}'
    )


def easir_body(item: bytes) -> bytes:
    return b'{"data": [' + item + b'], "pagination": {"total": 1}}'


READERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[Any], Any], str]] = {
    "linkup": (linkup_body, lambda fake: linkup_tests.opened(fake, job_ids=["a"]), "candidates"),
    "easir": (easir_body, easir_tests.opened, "campaigns"),
}


@pytest.mark.parametrize("vendor", READERS)
class TestGiants:
    """Too deep, too long, too large: still no trace, and no hang."""

    @pytest.mark.parametrize("depth", [100, 700, 5_000, 3_000_000])
    def test_deep_nesting_is_handed_over_or_the_vendors_error(self, depth, vendor, reading):
        body, opened, resource = READERS[vendor]
        fake = Raw(body(b'{"a":' + b"[" * depth + b"]" * depth + b"}"))
        started = time.monotonic()
        if depth < 1000:
            (row,) = reading.rows(opened(fake), resource)
            assert str(row["a"]).count("[") == depth if depth < 500 else row["a"]
        else:
            with pytest.raises(ERRORS) as failed:
                reading.rows(opened(fake), resource)
            assert len(str(failed.value)) < 500
        assert time.monotonic() - started < 5

    def test_ten_megabytes_of_records(self, vendor, reading):
        body, opened, resource = READERS[vendor]
        record = {"id": "1", "application_id": "1", "text": "🙂" * 100}
        listed = b",".join(json.dumps({**record, "n": n}).encode() for n in range(8_000))
        fake = Raw(body(listed).replace(b'"total": 1}', b'"total": 8000, "per_page": 8000}'))
        started = time.monotonic()
        assert len(reading.rows(opened(fake), resource)) == 8_000
        assert time.monotonic() - started < 5

    @pytest.mark.parametrize("text", ["x", "é", "\u202eabc", "\x00"])
    def test_a_field_of_ten_megabytes(self, text, vendor, reading):
        body, opened, resource = READERS[vendor]
        value = text * (10_000_000 // len(text.encode()))
        item = {"id": value, "created_at": value, "application_id": value}
        (row,) = reading.rows(opened(Raw(body(json.dumps(item).encode()))), resource)
        assert row["id"] == value

    @pytest.mark.parametrize("junk", [b"\x93\xe9" * 5_000_000, b"<html>" * 1_500_000])
    def test_ten_megabytes_of_no_json(self, junk, vendor, reading):
        _, opened, resource = READERS[vendor]
        started = time.monotonic()
        with pytest.raises(ERRORS) as failed:
            reading.rows(opened(Raw(junk)), resource)
        assert len(str(failed.value)) < 1000
        assert time.monotonic() - started < 5

    def test_of_equal_names_in_a_record_the_last_one_counts(self, vendor, reading):
        body, opened, resource = READERS[vendor]
        (row,) = reading.rows(opened(Raw(body(b'{"a": 1, "a": [2]}'))), resource)
        assert row["a"] == [2]


def test_records_too_deep_to_be_looked_through_are_told_apart_by_their_ids():
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    page = [{"id": "1", "a": deep}, {"id": "2", "a": deep}, {"a": deep}, deep]
    known = Records("id")
    assert len(known.fresh(page)) == known.found == 4
    known.read_again()
    assert known.fresh(page) == []
    assert known.found == 4


def test_both_know_records_by_the_same_file():
    """Each source stands alone, so each has its own; a mend belongs in both."""
    files = {Path(f"{SOURCES}/{vendor}/listing.py").read_text("utf-8") for vendor in READERS}
    assert len(files) == 1
