"""Each vendor refuses what its docs do not allow, in its own words."""

from typing import Any

import pytest

ZERO_UUID = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        pytest.param(401, {"key": "wrong"}, id="wrong-key"),
        pytest.param(405, {"method": "POST"}, id="wrong-method"),
        pytest.param(400, {"page": 2}, id="unknown-param"),
        pytest.param(400, {"campaign_id": None}, id="no-campaign"),
        pytest.param(400, {"campaign_id": "12"}, id="campaign-is-no-uuid"),
        pytest.param(404, {"campaign_id": ZERO_UUID}, id="campaign-of-others"),
        pytest.param(400, {"limit": 0}, id="limit-0"),
        pytest.param(400, {"limit": 101}, id="limit-101"),
        pytest.param(400, {"limit": [10, 20]}, id="repeated-param"),
        pytest.param(400, {"sort": "ASC"}, id="sort-in-capitals"),
        pytest.param(400, {"start_date": "21-11-2025"}, id="date-turned-round"),
        pytest.param(400, {"end_date": "2025-02-30"}, id="no-such-date"),
        pytest.param(400, {"starting_after": "abc"}, id="cursor-is-no-number"),
        pytest.param(400, {"report_type": "ALL"}, id="unknown-report"),
    ],
)
def test_hirednow_refuses(client: Any, status: int, asked: dict[str, Any]) -> None:
    answer = client.hirednow(**asked)
    assert answer.status_code == status
    assert answer.json()["statusCode"] == status


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        pytest.param(401, {"params": {"api_key": "wrong"}}, id="wrong-key"),
        pytest.param(404, {"method": "POST"}, id="wrong-method"),
        pytest.param(404, {"path": "/leads"}, id="unknown-path"),
        pytest.param(404, {"path": "/campaign_invitations/"}, id="slash-at-the-end"),
        pytest.param(400, {"params": {"per_page": 50}}, id="per-page"),
        pytest.param(400, {"params": {"filter[updated_from]": "x"}}, id="unknown-filter"),
        pytest.param(400, {"params": {"page": 0}}, id="page-0"),
        pytest.param(400, {"params": {"include_answers": 1}}, id="include-is-no-boolean"),
        pytest.param(400, {"params": {"filter[sort_by_selected]": "x"}}, id="unknown-sort"),
        pytest.param(500, {"params": {"filter[updated_end_date]": "2025-11-20"}}, id="iso-date"),
        pytest.param(400, {"path": "/campaigns", "params": {"page": 1}}, id="campaigns-paged"),
    ],
)
def test_talkpush_refuses(client: Any, status: int, asked: dict[str, Any]) -> None:
    answer = client.talkpush(**asked)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize(
    ("status", "code", "asked"),
    [
        pytest.param(403, "INVALID_API_KEY", {"headers": {"x-api-key": "no"}}, id="wrong-key"),
        pytest.param(400, "INVALID_PARAMS", {"body": {"account_id": ""}}, id="no-account"),
        pytest.param(404, "INVALID_ACCOUNT", {"body": {"account_id": "x"}}, id="wrong-account"),
        pytest.param(400, "INVALID_PARAMS", {"body": {"extra": 1}}, id="unknown-field"),
        pytest.param(400, "INVALID_PARAMS", {"limit": 5}, id="unknown-param"),
        pytest.param(400, "INVALID_PARAMS", {"job_id": "1"}, id="job-of-others"),
        pytest.param(400, "INVALID_PARAMS", {"count": 1001}, id="count-1001"),
        pytest.param(400, "INVALID_PARAMS", {"count": "10"}, id="count-is-text"),
        pytest.param(400, "INVALID_PARAMS", {"offset": -1}, id="offset-negative"),
        pytest.param(400, "INVALID_PARAMS", {"sortType": "DATE"}, id="unknown-sort"),
        pytest.param(400, "INVALID_PARAMS", {"ratings": ["BEST"]}, id="unknown-rating"),
    ],
)
def test_linkup_refuses(
    client: Any, small_world: Any, status: int, code: str, asked: dict[str, Any]
) -> None:
    job_id = small_world.hirings[0].linkedin_job_id
    answer = client.linkup("get_candidates", **{"job_id": job_id, **asked})
    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("action", ["send_message", "rate_candidate", "close_job", "delete"])
def test_linkup_refuses_to_write_and_takes_a_note(client: Any, action: str) -> None:
    answer = client.linkup(action, job_id="1")
    assert answer.json()["error"]["code"] == "INVALID_ACTION"
    assert client.simulator.requests[-1].params["action"] == action


@pytest.mark.parametrize("agent", ["python-requests/2.32", None])
def test_linkup_refuses_bots(client: Any, agent: str | None) -> None:
    answer = client.linkup("get_posts", headers={"User-Agent": agent or ""})
    assert answer.status_code == 403
    assert answer.text == "error code: 1010"


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        pytest.param(401, {"headers": {"api_key": "wrong"}}, id="wrong-key"),
        pytest.param(401, {"headers": {"api_key": None}}, id="no-key"),
        pytest.param(400, {"headers": {"Company-Name": None}}, id="no-company"),
        pytest.param(404, {"slash": ""}, id="no-slash-at-the-end"),
        pytest.param(404, {"campaign_id": "campffffffff"}, id="campaign-of-others"),
        pytest.param(405, {"method": "POST"}, id="wrong-method"),
        pytest.param(400, {"day": "2025-11-20"}, id="unknown-param"),
        pytest.param(400, {"date": "20-11-2025"}, id="date-turned-round"),
        pytest.param(400, {"date": "2025-11-22"}, id="tomorrow"),
    ],
)
def test_closerx_refuses(client: Any, status: int, asked: dict[str, Any]) -> None:
    assert client.closerx(**asked).status_code == status


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        pytest.param(403, {"token": "wrong"}, id="wrong-token"),
        pytest.param(405, {"method": "POST"}, id="creating"),
        pytest.param(405, {"method": "DELETE", "path": f"/campaigns/{ZERO_UUID}"}, id="deleting"),
        pytest.param(404, {"path": f"/campaigns/{ZERO_UUID}"}, id="no-such-campaign"),
        pytest.param(404, {"path": f"/campaigns/{ZERO_UUID}/recipients"}, id="no-recipients"),
        pytest.param(404, {"path": "/contacts"}, id="unknown-path"),
        pytest.param(422, {"per_page": 51}, id="per-page-51"),
        pytest.param(422, {"page": 0}, id="page-0"),
        pytest.param(422, {"status": "sent"}, id="deprecated-status"),
        pytest.param(422, {"type": "sms"}, id="unknown-type"),
        pytest.param(422, {"teams": "a,b"}, id="teams-are-no-ids"),
        pytest.param(422, {"sort_by": "id"}, id="unknown-sort"),
        pytest.param(422, {"sort_direction": "down"}, id="unknown-direction"),
        pytest.param(422, {"updated_since": "2025-11-20"}, id="unknown-param"),
    ],
)
def test_easir_refuses(client: Any, status: int, asked: dict[str, Any]) -> None:
    answer = client.easir(**asked)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["code"] == status


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        pytest.param(403, {"client_secret": "wrong"}, id="wrong-secret"),
        pytest.param(422, {"grant_type": "password"}, id="wrong-grant"),
        pytest.param(422, {"scope": "all"}, id="unknown-field"),
    ],
)
def test_easir_hands_out_no_token(client: Any, status: int, asked: dict[str, Any]) -> None:
    assert client.easir_token(**asked).status_code == status


def test_easir_says_that_a_deleted_campaign_is_gone(client: Any, small_world: Any) -> None:
    (deleted_id,) = small_world.easir.campaigns.removed
    assert client.easir(f"/campaigns/{deleted_id}").status_code == 410
    assert client.easir(f"/campaigns/{deleted_id}/recipients").status_code == 410


def test_no_secret_is_kept_in_the_notes(client: Any) -> None:
    client.talkpush()
    client.easir_token()
    notes = repr(client.simulator.requests)
    secrets = ("HIREDNOW__API_KEY", "TALKPUSH__API_KEY", "LINKUP__API_KEY", "EASIR__CLIENT_SECRET")
    assert [name for name in secrets if client.setting(name) in notes] == []
