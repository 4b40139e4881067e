"""What a full listing no longer shows is marked, never after a partial one, and no row is deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.nights.conftest import Installation

pytestmark = pytest.mark.slow


@pytest.fixture
def installation(new_installation: Any) -> Installation:
    made: Installation = new_installation(80)
    assert made.night("sync", "linkup") == 0
    return made


def an_application(installation: Installation) -> tuple[str, str]:
    """A job with several applicants, and one of them."""
    [(job_id, application_id)] = installation.query(
        "select job_id, min(application_id) from raw_linkup.candidates"
        " group by job_id having count(*) > 2 order by job_id limit 1"
    )
    return job_id, application_id


def hide(installation: Installation, application_id: str, told_of: bool = False) -> Any:
    """LinkedIn no longer shows an applicant; its total is right, unless it still tells of them."""

    def function(_: Any, payload: Any) -> Any:
        copy = json.loads(json.dumps(payload))
        data = copy["data"]
        if "candidates" in data:
            shown = [c for c in data["candidates"] if c["application_id"] != application_id]
            if len(shown) < len(data["candidates"]):
                data["candidates"] = shown
                data["total_available_results"] -= 0 if told_of else 1
        return copy

    return installation.simulator.faults.add("linkup", "callback", times=None, function=function)


def deleted(installation: Installation, table: str, key: str) -> list[str]:
    rows = installation.query(
        f"select {key} from {table} group by {key} having coalesce(max_by(_is_deleted, _seen_at), false)"
    )
    return [value for (value,) in rows]


def versions(installation: Installation, application_id: str) -> list[bool | None]:
    rows = installation.query(
        "select _is_deleted from raw_linkup.candidates"
        f" where application_id = '{application_id}' order by _seen_at"
    )
    return [value for (value,) in rows]


def test_an_applicant_who_is_gone_is_marked_once_and_comes_back(installation: Installation) -> None:
    _, application_id = an_application(installation)
    hide(installation, application_id)
    for _ in range(2):
        assert installation.night("sync", "linkup") == 0
        assert deleted(installation, "raw_linkup.candidates", "application_id") == [application_id]
    assert versions(installation, application_id) == [None, True]
    assert installation.query("select sum(rows_deleted) from ops.resource_runs") == [(1,)]

    installation.simulator.faults.clear()
    assert installation.night("sync", "linkup") == 0
    assert versions(installation, application_id) == [None, True, None]


def change(installation: Installation, whose: str, **values: Any) -> None:
    """LinkedIn says something odd of an applicant."""

    def function(_: Any, payload: Any) -> Any:
        copy = json.loads(json.dumps(payload))
        for candidate in copy["data"].get("candidates", []):
            if candidate["application_id"] == whose:
                candidate |= values
        return copy

    installation.simulator.faults.add("linkup", "callback", times=None, function=function)


def test_a_listed_record_that_cannot_be_stored_is_not_gone(installation: Installation) -> None:
    _, application_id = an_application(installation)
    change(installation, application_id, is_top_choice="maybe")
    assert installation.night("sync", "linkup") == 0
    assert installation.query("select sum(rows_rejected) from ops.resource_runs") == [(1,)]
    assert versions(installation, application_id) == [None]


def test_nobody_is_gone_while_one_who_is_listed_has_no_usable_key(
    installation: Installation,
) -> None:
    _, application_id = an_application(installation)
    change(installation, application_id, application_id=None)
    assert installation.night("sync", "linkup") == 0
    assert installation.query("select sum(rows_rejected) from ops.resource_runs") == [(1,)]
    assert deleted(installation, "raw_linkup.candidates", "application_id") == []


def no_total_that_fits(installation: Installation, application_id: str) -> None:
    hide(installation, application_id, told_of=True)


def a_budget(installation: Installation, application_id: str) -> None:
    hide(installation, application_id)
    installation.settings["SOURCES__LINKUP__MAX_CREDITS_PER_RUN"] = "1"


def a_failure(installation: Installation, application_id: str) -> None:
    installation.simulator.faults.add(
        "linkup", "envelope", code="INVALID_PARAMS", times=None, params={"action": "get_candidates"}
    )


@pytest.mark.parametrize("circumstance", [no_total_that_fits, a_budget, a_failure])
def test_nobody_is_marked_after_a_partial_listing(
    installation: Installation, circumstance: Callable[[Installation, str], None]
) -> None:
    circumstance(installation, an_application(installation)[1])
    installation.night("sync", "linkup")

    assert deleted(installation, "raw_linkup.candidates", "application_id") == []


def test_easirs_campaigns_and_recipients_are_marked_and_told_in_the_marts(
    new_installation: Any,
) -> None:
    installation: Installation = new_installation(80)
    assert installation.night("sync", "easir") == 0
    [(campaign_id,)] = installation.query(
        "select campaign_id from raw_easir.campaign_recipients group by all having count(*) > 2"
        " order by all limit 1"
    )
    [(gone,)] = installation.query(
        f"select min(id) from raw_easir.campaign_recipients where campaign_id = '{campaign_id}'"
    )
    [(other,)] = installation.query(
        f"select min(id) from raw_easir.campaigns where id <> '{campaign_id}'"
    )

    def function(_: Any, payload: Any) -> Any:
        copy = json.loads(json.dumps(payload))
        shown = [row for row in copy.get("data", []) if row["id"] not in (gone, other)]
        if len(shown) < len(copy.get("data", [])):
            copy["data"] = shown
        return copy

    def with_total(request: Any, payload: Any) -> Any:
        copy = function(request, payload)
        hidden = (
            1
            if request.path == "/campaigns" or request.path.endswith(f"{campaign_id}/recipients")
            else 0
        )
        if "pagination" in copy:
            copy["pagination"]["total"] -= hidden
        return copy

    installation.simulator.faults.add("easir", "callback", times=None, function=with_total)
    assert installation.night("run", "easir") == 0, installation.output
    assert deleted(installation, "raw_easir.campaign_recipients", "id") == [gone]
    assert deleted(installation, "raw_easir.campaigns", "id") == [other]
    assert installation.query(
        "select record_id, first_missing_at is not null from marts.person_records where is_deleted"
    ) == [(f"{campaign_id}:{gone}", True)]
    assert installation.query(
        "select vendor_campaign_id from marts.dim_campaign where is_deleted"
    ) == [(other,)]
