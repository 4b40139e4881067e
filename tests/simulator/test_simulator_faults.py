"""What can be made to go wrong, goes wrong, as often as asked and no more."""

import time
from typing import Any

import pytest
import requests

from simulator import World, serve


def test_status_comes_with_headers_and_then_all_is_well(moving_client: Any) -> None:
    faults = moving_client.simulator.faults
    fault = faults.add("talkpush", "status", status=429, headers={"Retry-After": "1"}, times=2)
    answers = [moving_client.talkpush() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert fault.fired == 2
    assert [request.status for request in moving_client.simulator.requests] == [429, 429, 200]


def test_a_fault_waits_for_its_turn_and_its_request(moving_client: Any) -> None:
    faults = moving_client.simulator.faults
    fault = faults.add("talkpush", "html", path="invitations$", params={"page": "2"}, after=1)
    assert moving_client.talkpush(params={"page": 1}).status_code == 200
    assert moving_client.talkpush(params={"page": 2}).json()
    assert moving_client.talkpush("/campaigns").json()
    assert (
        moving_client.talkpush(params={"page": 2}).headers["Content-Type"].startswith("text/html")
    )
    assert fault.fired == 1


def test_unknown_kinds_are_refused(moving_client: Any) -> None:
    with pytest.raises(ValueError, match="No fault of kind 'typo'"):
        moving_client.simulator.faults.add("talkpush", "typo")


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_broken_connections(moving_client: Any, kind: str) -> None:
    moving_client.simulator.faults.add("linkup", kind)
    with pytest.raises(requests.RequestException):
        moving_client.linkup("get_posts")
    assert moving_client.simulator.credits_spent == 1
    assert moving_client.linkup("get_posts").json()["success"] is True


def test_stall(moving_client: Any) -> None:
    moving_client.simulator.faults.add("talkpush", "stall", seconds=5)
    with pytest.raises(requests.Timeout):
        moving_client.http.get(moving_client.setting("TALKPUSH__BASE_URL"), timeout=0.1)


def test_a_stalled_simulator_stops_at_once(small_world: World) -> None:
    with serve(small_world) as simulator:
        simulator.faults.add("talkpush", "stall", seconds=60)
        with pytest.raises(requests.Timeout):
            requests.get(simulator.settings()["SOURCES__TALKPUSH__BASE_URL"], timeout=0.1)
        start = time.perf_counter()
    assert time.perf_counter() - start < 1


def test_linkup_failure_in_a_200(moving_client: Any) -> None:
    moving_client.simulator.faults.add("linkup", "envelope", code="RATE_LIMITED")
    answer = moving_client.linkup("get_posts")
    assert answer.status_code == 200
    assert answer.json()["success"] is False
    assert answer.json()["error"]["code"] == "RATE_LIMITED"
    assert answer.json()["metadata"]["credits_consumed"] == 0
    assert moving_client.simulator.credits_spent == 0


def test_a_note_tells_the_fault_and_what_the_answer_cost(moving_client: Any) -> None:
    moving_client.simulator.faults.add("linkup", "truncate")
    with pytest.raises(requests.RequestException):
        moving_client.linkup("get_posts")
    moving_client.linkup("get_posts")

    lost, whole = moving_client.simulator.requests
    assert (lost.fault, whole.fault) == ("truncate", None)
    assert lost.credits == whole.credits == moving_client.simulator.credits_spent / 2 > 0


@pytest.mark.parametrize("vendor", ["hirednow", "linkup"])
def test_empty_page_has_more(moving_client: Any, vendor: str) -> None:
    moving_client.simulator.faults.add(vendor, "empty_page_has_more")
    if vendor == "hirednow":
        page = moving_client.hirednow().json()
        assert page["data"] == [] and page["has_more"]
    else:
        data = moving_client.linkup("get_posts").json()["data"]
        assert data["posts"] == [] and data["pagination"]["has_more"]


def test_stuck_cursor(moving_client: Any) -> None:
    first = moving_client.hirednow(sort="asc", limit=2).json()
    cursor = first["last_record_index"]
    moving_client.simulator.faults.add("hirednow", "stuck_cursor")
    second = moving_client.hirednow(sort="asc", limit=2, starting_after=cursor).json()
    assert second["last_record_index"] == cursor and second["has_more"] is True


def test_closerx_lies(moving_client: Any) -> None:
    faults = moving_client.simulator.faults
    faults.add("closerx", "wrong_date")
    faults.add("closerx", "unequal_arrays")
    assert moving_client.closerx(date="2025-11-19").json()["date"] == "2025-11-18"
    answer = moving_client.closerx(date="2025-11-19").json()
    assert len(answer["campaign_results"]) == len(answer["hours"]) - 1


def test_no_candidates_key(moving_client: Any) -> None:
    moving_client.simulator.faults.add("talkpush", "no_candidates_key")
    assert "candidates" not in moving_client.talkpush().json()


def test_tokens_expire_by_time_and_by_fault(connect: Any, small_world: World) -> None:
    client = connect(small_world, token_seconds=0.3)
    token = client.easir_token().json()["access_token"]
    assert client.easir(token=token).status_code == 200
    time.sleep(0.35)
    assert client.easir(token=token).status_code == 403
    token = client.easir_token().json()["access_token"]
    client.simulator.faults.add("easir", "expire_token", path="/campaigns")
    assert client.easir(token=token).status_code == 403
    assert client.simulator.tokens_issued == 2


def test_a_callback_can_change_the_world_between_two_pages(moving_client: Any) -> None:
    """A lead of page 2 is updated after page 1 was read: it is then on page 1."""
    world = moving_client.simulator.world
    second_page = moving_client.talkpush(params={"page": 2}).json()["candidates"]
    moved_id = second_page[0]["id"]

    def move(request: Any, payload: Any) -> Any:
        world.revise("talkpush", "leads", str(moved_id), {"state": "on_hold"})
        return payload

    moving_client.simulator.faults.add("talkpush", "callback", function=move)
    first_page = moving_client.talkpush().json()["candidates"]
    assert moved_id not in [lead["id"] for lead in first_page]
    now_first = moving_client.talkpush().json()["candidates"]
    assert now_first[0]["id"] == moved_id
    assert now_first[-1]["id"] == first_page[-2]["id"]
