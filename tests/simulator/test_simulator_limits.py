"""A vendor with a limit lets a burst through, then so many a second, and refuses the rest."""

from __future__ import annotations

import time
from typing import Any

import pytest

from simulator import Simulator

LINKUP_REFUSAL = {"code": "RATE_LIMITED", "message": "Too many requests"}


def ask(client: Any, vendor: str) -> Any:
    if vendor == "linkup":
        return client.linkup("get_posts")
    if vendor == "talkpush":
        return client.talkpush("/campaigns")
    if vendor == "easir":
        return client.easir(token="some token")  # refused before anybody looks at it
    return getattr(client, vendor)()


@pytest.fixture
def simulator(moving_client) -> Simulator:
    return moving_client.simulator


def test_a_burst_is_let_through_and_what_comes_too_soon_is_refused(moving_client, simulator):
    limit = simulator.limit("talkpush", per_second=0.01, burst=3)
    answers = [ask(moving_client, "talkpush") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].json() == {"error": "Too many requests"}
    assert (limit.served, limit.refused) == (3, 2)
    assert [request.status for request in simulator.requests] == [200, 200, 200, 429, 429]


def test_limits_can_be_lifted(moving_client, simulator):
    limit = simulator.limit("talkpush", per_second=0.01, burst=1)
    assert [ask(moving_client, "talkpush").status_code for _ in range(2)] == [200, 429]
    simulator.lift_limits()
    assert ask(moving_client, "talkpush").status_code == 200
    assert limit.served == 1


def test_tokens_come_back_with_time_and_no_more_than_the_bucket_holds(moving_client, simulator):
    limit = simulator.limit("talkpush", per_second=20, burst=2)
    ask(moving_client, "talkpush")
    time.sleep(0.5)  # worth ten tokens
    for _ in range(2):
        assert ask(moving_client, "talkpush").ok
    served, seconds = limit.served, limit.seconds
    assert served == 3
    assert seconds >= 0.5
    assert limit.allowed == 2 + 20 * seconds


def test_refusals_say_when_to_come_again_or_do_not(moving_client, simulator):
    simulator.limit("closerx", per_second=0.1, burst=1)
    simulator.limit("hirednow", per_second=0.1, burst=1, says_retry_after=False)
    for vendor in ("closerx", "hirednow"):
        ask(moving_client, vendor)
    assert ask(moving_client, "closerx").headers["Retry-After"] == "10"
    assert "Retry-After" not in ask(moving_client, "hirednow").headers


@pytest.mark.parametrize("vendor", ["hirednow", "talkpush", "linkup", "closerx", "easir"])
def test_one_vendors_limit_is_not_the_others(vendor, moving_client, simulator):
    simulator.limit(vendor, per_second=0.01, burst=0)
    assert ask(moving_client, vendor).status_code == 429
    for other in {"hirednow", "talkpush", "linkup", "closerx", "easir"} - {vendor}:
        assert ask(moving_client, other).status_code != 429


@pytest.mark.parametrize("status", [429, 200])
def test_linkup_refuses_in_its_envelope_and_takes_no_credit(status, moving_client, simulator):
    simulator.limit("linkup", per_second=0.01, burst=0, status=status)
    answer = ask(moving_client, "linkup")
    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert answer.json()["error"] == LINKUP_REFUSAL
    assert simulator.credits_spent == 0


def test_a_refused_request_is_spared_the_faults(moving_client, simulator):
    fault = simulator.faults.add("talkpush", "reset")
    simulator.limit("talkpush", per_second=0.01, burst=0)
    assert ask(moving_client, "talkpush").status_code == 429
    assert fault.fired == 0
