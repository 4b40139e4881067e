"""What a vendor's answer tells the pace: that it refuses, for how long, or nothing.

Tried with one of the five files, for they are equal.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from requests import Request, Response

from sources.hirednow.pace import Pace, PacedAdapter, asked_pause_s, is_refusal
from tests.sources.fake_vendor import FakeVendor, Reply


def answer(status: int, **headers: str) -> Response:
    response = Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


class TestRetryAfter:
    """Seconds or a date; anything else says nothing."""

    @pytest.mark.parametrize(
        ("said", "seconds"), [("3", 3), (" 3 ", 3), ("1.5", 1.5), ("99999999999999", 1e14)]
    )
    def test_seconds(self, said, seconds):
        assert asked_pause_s(answer(429, Retry_After=said)) == pytest.approx(seconds)

    def test_a_date(self):
        soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
        assert asked_pause_s(answer(429, Retry_After=soon)) == pytest.approx(60, abs=2)

    @pytest.mark.parametrize(
        "said",
        [
            "",
            "0",
            "-5",
            "nan",
            "inf",
            "soon",
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "1, 2",
            "21 Oct 99999",
        ],
    )
    def test_nothing(self, said):
        assert asked_pause_s(answer(429, Retry_After=said)) is None

    @pytest.mark.parametrize(
        ("response", "refuses"),
        [
            (answer(429), True),
            (answer(503, Retry_After="5"), True),
            (answer(503), False),
            (answer(500, Retry_After="5"), False),
            (answer(200, Retry_After="5"), False),
            (answer(403), False),
        ],
    )
    def test_what_a_refusal_is(self, response, refuses):
        assert is_refusal(response) is refuses


class TestAdapter:
    """What the vendor answers reaches the pace."""

    request = Request("GET", "http://vendor.example/").prepare()

    def test_only_so_many_are_under_way_at_once(self):
        under_way: list[int] = []
        most: list[int] = []

        def reply(asked: Any) -> dict[str, Any]:
            under_way.append(1)
            most.append(len(under_way))
            time.sleep(0.002)
            under_way.pop()
            return {}

        adapter = PacedAdapter(Pace(0, 6, 0, 300), 2, FakeVendor(reply))
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: adapter.send(self.request), range(100)))
        assert max(most) == 2

    @pytest.mark.parametrize(
        ("status", "recovers"), [(200, True), (404, True), (500, False), (503, False)]
    )
    def test_a_vendor_in_trouble_says_nothing_of_its_limit(self, status, recovers):
        replies = iter([Reply(429), Reply(status)])
        pace = Pace(1000, 6, 0, 300)
        adapter = PacedAdapter(pace, 4, FakeVendor(lambda asked: next(replies)))
        adapter.send(self.request)
        slowed = pace.rate
        assert slowed < 1000
        adapter.send(self.request)
        assert (pace.rate > slowed) is recovers

    def test_the_source_says_what_else_is_a_refusal(self):
        pace = Pace(1000, 6, 0, 300)
        fake = FakeVendor(lambda asked: {"error": {"code": "RATE_LIMITED"}})
        adapter = PacedAdapter(pace, 4, fake, lambda answered: b"RATE_LIMITED" in answered.content)
        adapter.send(self.request)
        assert pace.rate < 1000
