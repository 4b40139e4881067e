"""Whatever a vendor answers, reading ends, and what stands in a listing is handed over, once and as it is.

HiredNow, Talkpush and CloserX; LinkupAPI and EASI'R have a file of their own.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar

import pytest
from dlt.common.configuration.container import Container
from dlt.common.pipeline import StateInjectableContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.fake_vendor import Asked, FakeVendor, Reply

TODAY, YESTERDAY = "2026-03-10", "2026-03-09"
MOST_REQUESTS = 40
RETRIES = 1

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["", "-1", "1e400", "٣", "مرحبا", "\u202eabc", "\U0001f468\u200d\U0001f469", "x" * 5000])
    | st.sampled_from(["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", TODAY]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
# What would be a cursor if one trusted it.
NO_CURSORS = [1, "999999", 10**17, True, -5, "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z"]
small_numbers = st.integers(0, 4)


class Vendor(ABC):
    """One of the three: its right answers, and what is to become of odd ones.

    Attributes:
        name: The source.
        resource: What is read.
        facts: What the source may add to a record; the vendors' own tests are about these.
        answers: Answers of the right shape, whether or not they can be true.
    """

    name: ClassVar[str]
    resource: ClassVar[str]
    facts: ClassVar[frozenset[str]]
    answers: ClassVar[st.SearchStrategy[dict[str, Any]]]
    arguments: ClassVar[dict[str, Any]] = {}

    @abstractmethod
    def record(self, number: int) -> dict[str, Any]:
        """A record as it should be."""

    @abstractmethod
    def listing(self, pages: list[list[Any]]) -> Callable[[Asked], Any]:
        """A vendor with these pages, each at least one record."""

    @abstractmethod
    def items(self, answer: Any) -> list[Any]:
        """What stands in the listing of an answer that was accepted."""

    @abstractmethod
    def state(self, pages: list[list[Any]]) -> dict[str, Any]:
        """What is known after these pages, whatever stands in them."""

    def wanted(self, item: Any) -> dict[str, Any]:
        """What a row must say."""
        return item if isinstance(item, dict) else {"record": item}


class HiredNow(Vendor):
    name, resource, facts = "hirednow", "results", frozenset({"campaign_id"})
    answers = st.fixed_dictionaries(
        {"data": st.lists(json_values, max_size=3), "has_more": st.booleans()},
        optional={"last_record_index": small_numbers.map(str), "last_record_id": small_numbers},
    )
    arguments: ClassVar[dict[str, Any]] = {"campaign_ids": ["campaign-1"]}

    def record(self, number: int) -> dict[str, Any]:
        created_at = f"{YESTERDAY}T10:00:00Z"
        return {"id": f"r{number}", "order_index": str(number), "created_at": created_at}

    def listing(self, pages: list[list[Any]]) -> Callable[[Asked], Any]:
        def answer(asked: Asked) -> Any:
            number = int(asked.query.get("starting_after", 0)) // 100
            has_more = number + 1 < len(pages)
            last = str((number + 1) * 100)
            return {"data": pages[number], "has_more": has_more, "last_record_index": last}

        return answer

    def items(self, answer: Any) -> list[Any]:
        return list(answer["data"])

    def state(self, pages: list[list[Any]]) -> dict[str, Any]:
        return {"campaign-1": {"highest_index": 100 * len(pages)}}


class Talkpush(Vendor):
    name, resource, facts = "talkpush", "leads", frozenset()
    answers = st.fixed_dictionaries(
        {"candidates": st.lists(json_values, max_size=3), "total": small_numbers},
        optional={"pages": small_numbers | st.just(10**9), "current_page": small_numbers},
    )
    arguments: ClassVar[dict[str, Any]] = {
        "base_url": "https://vendor.example",
        "start_date": TODAY,
    }

    def record(self, number: int) -> dict[str, Any]:
        return {"id": number, "updated_at": f"{TODAY}T10:00:00Z", "state": f"s{number}"}

    def listing(self, pages: list[list[Any]]) -> Callable[[Asked], Any]:
        total = sum(map(len, pages))

        def answer(asked: Asked) -> Any:
            number = int(asked.query["page"])
            return {"total": total, "pages": len(pages), "candidates": pages[number - 1]}

        return answer

    def items(self, answer: Any) -> list[Any]:
        return list(answer["candidates"])

    def state(self, pages: list[list[Any]]) -> dict[str, Any]:
        return {"last_day": TODAY}


class Closerx(Vendor):
    """Its records are the hours of a day, told in parallel arrays, and its pages are days."""

    name, resource = "closerx", "hourly_metrics"
    facts = frozenset({"campaign_id", "date", "hour_occurrence", "hour_at", "is_final"})
    arrays = (
        "credit_deductions",
        "credit_deductions_change",
        "campaign_results",
        "campaign_results_change",
    )
    answers = st.lists(json_values, max_size=4).map(
        lambda values: {
            "date": YESTERDAY,
            "hours": values,
            "credit_deductions": values,
            "credit_deductions_change": values,
            "campaign_results": values,
            "campaign_results_change": values,
        }
    )
    arguments: ClassVar[dict[str, Any]] = {
        "campaign_ids": ["campaign-1"],
        "company_name": "company",
        "date_param": "day",
    }

    def record(self, number: int) -> dict[str, Any]:
        return {"hour": number % 24, **dict.fromkeys(self.arrays, number)}

    def listing(self, pages: list[list[Any]]) -> Callable[[Asked], Any]:
        days = dict(zip((TODAY, YESTERDAY), pages, strict=False))

        def answer(asked: Asked) -> Any:
            day = asked.query["day"]
            hours = [self.wanted(item) for item in days.get(day, [])]
            arrays = {name: [hour.get(name) for hour in hours] for name in self.arrays}
            return {"date": day, "hours": [hour["hour"] for hour in hours], **arrays}

        return answer

    def items(self, answer: Any) -> list[Any]:
        names = ("hour", *self.arrays)
        lists = [answer["hours"], *(answer[name] for name in self.arrays)]
        return [dict(zip(names, each, strict=True)) for each in zip(*lists, strict=True)]

    def state(self, pages: list[list[Any]]) -> dict[str, Any]:
        return {"last_final_day": {"campaign-1": YESTERDAY}}

    def wanted(self, item: Any) -> dict[str, Any]:
        if isinstance(item, dict) and "hour" in item:
            return {name: item.get(name) for name in ("hour", *self.arrays)}
        return {"hour": item, **dict.fromkeys(self.arrays, item)}


VENDORS = [HiredNow(), Talkpush(), Closerx()]
every_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)


@dataclass
class Reading:
    """A source that is opened once and read again and again, each time with another vendor behind it."""

    vendor: Vendor
    arguments: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        module = import_module(f"sources.{self.vendor.name}")
        self._error: type[Exception] = import_module(f"{module.__name__}.client").__dict__[
            next(name for name in module.__all__ if name.endswith("Error"))
        ]
        self._fake = FakeVendor(self._answered)
        source = getattr(module, self.vendor.name)(
            api_key="key",
            as_of=f"{TODAY}T12:00:00Z",
            requests_per_second=0,
            max_retries=RETRIES,
            session=self._fake,
            **{**self.vendor.arguments, **self.arguments},
        )
        self._resource = source.resources[self.vendor.resource]

    def _answered(self, asked: Asked) -> Any:
        assert len(self._fake.asked) <= MOST_REQUESTS, "it would never end"
        return self._answer(asked)

    def read(self, answer: Callable[[Asked], Any]) -> list[dict[str, Any]]:
        """All rows of a first reading; or the vendor's error, which is raised or among the failures."""
        self._answer = answer
        self._fake.asked.clear()
        self._resource.custom_metrics.clear()
        state: Any = {}
        self.error = ""
        rows: list[dict[str, Any]] = []
        with Container().injectable_context(StateInjectableContext(state=state)):
            try:
                for row in self._resource:
                    rows.append(row)
            except Exception as error:
                cause: BaseException = error
                while cause.__cause__ is not None:
                    cause = cause.__cause__
                assert isinstance(cause, self._error), repr(cause)
                self.error = str(cause)
        self.error = "".join(self._resource.custom_metrics.get("failures", [self.error]))
        assert len(self.error) < 3000, "the vendor's own words are cut"
        self.requests = len(self._fake.asked)
        sources = state.get("sources", {}).get(self.vendor.name, {})
        self.state = sources.get("resources", {}).get(self.vendor.resource, {})
        return rows

    def sent(self, rows: Iterable[dict[str, Any]]) -> list[str]:
        """What rows say besides the source's facts, as text, for 1, 1.0 and true are equal."""
        facts = self.vendor.facts
        return [text({k: v for k, v in row.items() if k not in facts}) for row in rows]

    def expected(self, items: Iterable[Any]) -> list[str]:
        """The same of what stands in a listing."""
        return self.sent(map(self.vendor.wanted, items))


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def examples(number: int) -> Callable[[Any], Any]:
    """So many examples, however slow the machine is."""
    allowed = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=number, deadline=None, suppress_health_check=allowed)


@every_vendor
def test_any_json_in_a_listing_is_handed_over(vendor):
    reading = Reading(vendor)

    @examples(60)
    @given(st.lists(st.lists(json_values, min_size=1, max_size=5), min_size=1, max_size=2))
    def holds(pages: list[list[Any]]) -> None:
        numbers = iter(range(100))  # for what is the same on two pages and has an id is one lead
        pages = [
            [{**item, "n": next(numbers)} if isinstance(item, dict) else item for item in page]
            for page in pages
        ]
        rows = reading.read(vendor.listing(pages))
        assert not reading.error
        assert reading.sent(rows) == reading.expected(item for page in pages for item in page)

    holds()


@every_vendor
def test_right_records_with_any_fields_are_handed_over(vendor):
    """Wherever they stand, and without a trace in what the next run will go by."""
    reading = Reading(vendor)
    names = ["id", "order_index", "created_at", "updated_at", "campaign", "campaign_id", "hour"]
    odd_fields = st.dictionaries(
        st.sampled_from([*names, "campaign_results"]) | st.text(max_size=5),
        st.sampled_from(NO_CURSORS) | json_values,
        max_size=4,
    )

    @examples(60)
    @given(st.lists(st.lists(odd_fields, min_size=1, max_size=4), min_size=1, max_size=2))
    def holds(pages: list[list[dict[str, Any]]]) -> None:
        numbers = iter(range(1, 100))
        records = [
            [{**vendor.record(n := next(numbers)), **odd, "number": n} for odd in page]
            for page in pages
        ]
        rows = reading.read(vendor.listing(records))
        assert not reading.error
        assert reading.sent(rows) == reading.expected(item for page in records for item in page)
        newest = reading.state.get("campaign-1", {}).pop("newest_created_date", "")
        assert newest == "" or "1970" <= newest <= TODAY
        assert reading.state == vendor.state(pages)

    holds()


@every_vendor
def test_any_answers_end_the_reading_and_lose_nothing(vendor):
    """Either the vendor's own error, or all that stands in the listings."""
    reading = Reading(vendor, {"date_param": None} if vendor.name == "closerx" else {})

    def spoiled(answer: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
        odd = st.dictionaries(st.sampled_from(list(answer)), json_values, min_size=1, max_size=2)
        return odd.map(lambda fields: {**answer, **fields})

    any_answers = st.one_of(vendor.answers, vendor.answers.flatmap(spoiled), json_values)

    @examples(100)
    @given(st.lists(any_answers, min_size=1, max_size=3))
    def holds(answers: list[Any]) -> None:
        sent: list[Any] = []

        def answer(asked: Asked) -> Any:
            sent.append(answers[min(len(sent), len(answers) - 1)])
            return Reply(200, json.dumps(sent[-1]))

        rows = reading.read(answer)
        assert 1 <= reading.requests <= MOST_REQUESTS
        if not reading.error:
            accepted = [each for each in sent if isinstance(each, dict)]  # others are asked again
            items = [item for each in accepted for item in vendor.items(each)]
            assert set(reading.sent(rows)) == set(reading.expected(items))

    holds()


@every_vendor
def test_any_bytes_end_the_reading(vendor):
    reading = Reading(vendor)
    right = json.dumps(vendor.listing([[vendor.record(1)]])(first_request(vendor))).encode()
    damaged = st.builds(
        lambda start, middle, end: right[:start] + middle + right[end:],
        st.integers(0, len(right)),
        st.binary(max_size=5),
        st.integers(0, len(right)),
    )

    @examples(100)
    @given(st.binary() | damaged | st.sampled_from(["utf-16", "utf-32", "utf-8-sig"]).map(
        lambda encoding: right.decode().encode(encoding)
    ))  # fmt: skip
    def holds(body: bytes) -> None:
        rows = reading.read(lambda asked: Reply(200, body))
        assert 1 <= reading.requests <= MOST_REQUESTS
        assert rows or reading.error or not is_json(body)

    holds()


def first_request(vendor: Vendor) -> Asked:
    """What is asked first of a vendor, as far as its listings look at it."""
    return Asked("GET", "/", {"page": "1", "day": YESTERDAY}, None)


def is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def with_record(vendor: Vendor, record: str) -> Callable[[Asked], Reply]:
    """Right answers with one record more, given as JSON."""
    listing = vendor.listing([[vendor.record(1), "MARK"]])
    return lambda asked: Reply(200, json.dumps(listing(asked)).replace('"MARK"', record))


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


@every_vendor
class TestStrangeBodies:
    """JSON that is well-formed, and that no ordinary vendor would send."""

    def test_a_record_nested_deep_is_handed_over(self, vendor):
        reading = Reading(vendor)
        rows = reading.read(with_record(vendor, deep(300)))
        assert not reading.error
        assert reading.sent(rows) == reading.expected([vendor.record(1), json.loads(deep(300))])

    @pytest.mark.parametrize("levels", [1_500, 1_000_000])
    def test_nested_deeper_than_can_be_read_is_the_vendors_error(self, levels, vendor):
        reading = Reading(vendor)
        assert reading.read(with_record(vendor, deep(levels))) == []
        assert "answered 200 without JSON" in reading.error
        others = vendor.name == "closerx"  # the day before is asked for all the same
        assert reading.requests == 1 + RETRIES + others

    @pytest.mark.parametrize(
        ("sent", "meant"),
        [
            ('{"id": 1, "id": 2}', {"id": 2}),
            ('"half a pair \\ud800"', "half a pair \ud800"),
            ("1e400", "1e400"),
            ("123456789012345678901234567890", 123456789012345678901234567890),
            ('"\\u0000"', "\0"),
        ],
        ids=["a key twice", "half a pair", "no float", "no int64", "zero byte"],
    )
    def test_strange_values_are_handed_over(self, sent, meant, vendor):
        reading = Reading(vendor)
        rows = reading.read(with_record(vendor, sent))
        assert not reading.error
        assert reading.sent(rows) == reading.expected([vendor.record(1), meant])

    @pytest.mark.parametrize(
        "items",
        [["x" * 10_000_000], [["x" * 400, {"id": [index]}] for index in range(25_000)]],
        ids=["one text", "many records"],
    )
    def test_ten_megabytes_are_handed_over(self, items, vendor):
        reading = Reading(vendor)
        rows = reading.read(vendor.listing([items]))
        assert not reading.error
        assert reading.sent(rows) == reading.expected(items)
