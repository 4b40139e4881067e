"""What the vendors serve, page by page, is what the world holds."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from simulator import World

NOW = datetime(2025, 11, 21, 2, 0, tzinfo=UTC)


def read_hirednow(client: Any, campaign_id: str, **params: Any) -> list[dict[str, Any]]:
    """All pages, from one cursor to the next."""
    rows: list[dict[str, Any]] = []
    has_more = True
    while has_more:
        page = client.hirednow(campaign_id=campaign_id, **params).json()
        rows += page["data"]
        has_more, params["starting_after"] = page["has_more"], page["last_record_index"]
    return rows


def read_talkpush(client: Any, **filters: str) -> list[dict[str, Any]]:
    """All pages of a listing."""
    params = {f"filter[{name}]": value for name, value in filters.items()}
    first = client.talkpush(params=params).json()
    rows = list(first["candidates"])
    for page in range(2, first["pages"] + 1):
        rows += client.talkpush(params={**params, "page": page}).json()["candidates"]
    assert len(rows) == first["total"]
    return rows


def read_linkup(client: Any, job_id: str, **params: Any) -> list[dict[str, Any]]:
    """All pages of a job's applicants."""
    rows: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        data = client.linkup("get_candidates", job_id=job_id, offset=offset, **params).json()[
            "data"
        ]
        rows += data["candidates"]
        offset = data["pagination"]["next_offset"]
    return rows


def read_easir(client: Any, path: str, **params: Any) -> list[dict[str, Any]]:
    """All pages of a listing, from one url to the next."""
    token = client.easir_token().json()["access_token"]
    page = client.easir(path, token, **params).json()
    rows = list(page["data"])
    while url := page["pagination"]["urls"]["next"]:
        page = client.http.get(url, headers={"Authorization": f"Bearer {token}"}).json()
        rows += page["data"]
    assert len(rows) == page["pagination"]["total"]
    return rows


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_hirednow_cursor_walks_through_all_results(
    client: Any, small_world: World, sort: str
) -> None:
    served: dict[str, Any] = {}
    for hiring in small_world.hirings:
        rows = read_hirednow(client, hiring.hirednow_id, sort=sort, limit=7)
        indexes = [int(row["order_index"]) for row in rows]
        assert indexes == sorted(indexes, reverse=sort == "desc")
        served |= {row["id"]: row for row in rows}
    assert served == small_world.records("hirednow", "results")


def test_hirednow_date_filters_include_both_days(client: Any, small_world: World) -> None:
    campaign_id = small_world.hirings[0].hirednow_id
    everything = read_hirednow(client, campaign_id, limit=100)
    day = everything[3]["created_at"][:10]
    rows = read_hirednow(client, campaign_id, start_date=day, end_date=day)
    assert rows == [row for row in everything if row["created_at"][:10] == day]


def test_hirednow_shows_ten_newest_first_by_default(client: Any) -> None:
    page = client.hirednow().json()
    assert len(page["data"]) == 10 and page["has_more"] is True
    assert page["last_record_index"] == page["data"][-1]["order_index"]


def test_hirednow_flat_rows(connect: Any, small_world: World) -> None:
    page = connect(small_world, hirednow_flat_rows=True).hirednow().json()
    assert isinstance(page["last_record_id"], int)
    assert {"campaign_id", "user_id"} <= page["data"][0].keys()
    assert not {"campaign", "user"} & page["data"][0].keys()


def test_talkpush_serves_all_leads_latest_update_first(client: Any, small_world: World) -> None:
    rows = read_talkpush(client)
    updated = [datetime.fromisoformat(row["updated_at"]) for row in rows]
    assert updated == sorted(updated, reverse=True)
    truth = small_world.records("talkpush", "leads")
    assert {str(row["id"]) for row in rows} == truth.keys()
    assert all(row.items() <= truth[str(row["id"])].items() for row in rows)


def test_talkpush_day_windows_cover_every_update_once(client: Any, small_world: World) -> None:
    today = small_world.now.astimezone(small_world.talkpush.zone).date()
    seen: list[int] = []
    day = small_world.first_day
    while day <= today:
        text = day.strftime("%d-%m-%Y")
        rows = read_talkpush(client, updated_start_date=text, updated_end_date=text)
        assert {date.fromisoformat(row["updated_at"][:10]) for row in rows} <= {day}
        seen += [row["id"] for row in rows]
        day += timedelta(days=1)
    assert sorted(seen) == sorted(row["id"] for row in read_talkpush(client))


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("status_selected", "hired", "state"),
        ("source_selected", "Walk-in", "source"),
        ("query", "garcia", "last_name"),
    ],
)
def test_talkpush_filters(client: Any, name: str, value: str, field: str) -> None:
    rows = read_talkpush(client, **{name: value})
    assert rows
    if name != "query":
        assert {row[field] for row in rows} == {value}


def test_talkpush_page_beyond_the_last_is_empty(client: Any) -> None:
    page = client.talkpush(params={"page": 9999}).json()
    assert page["candidates"] == [] and page["total"] > 0


def test_talkpush_adds_what_is_to_be_included(client: Any) -> None:
    (lead, *_) = client.talkpush().json()["candidates"]
    (full, *_) = client.talkpush(params={"include_answers": "true"}).json()["candidates"]
    assert full.keys() - lead.keys() == {"answers"}


def test_talkpush_archive_is_404_until_something_is_archived(connect: Any) -> None:
    world = World(seed=7, people=50, now=NOW, history_days=20)
    client = connect(world)
    assert client.talkpush("/campaigns/archive").status_code == 404
    active = len(client.talkpush("/campaigns").json()["campaigns"])
    world.advance(days=15)
    assert len(client.talkpush("/campaigns/archive").json()["campaigns"]) == 1
    assert len(client.talkpush("/campaigns").json()["campaigns"]) == active - 1


def test_talkpush_bare_leads(connect: Any, small_world: World) -> None:
    (lead, *_) = connect(small_world, talkpush_bare_leads=True).talkpush().json()["candidates"]
    assert not {"updated_at", "folder"} & lead.keys()
    assert "lead_url" in lead


def test_linkup_pages_and_credits(moving_client: Any) -> None:
    client, world = moving_client, moving_client.simulator.world
    served: dict[str, Any] = {}
    for job_id in world.records("linkup", "jobs"):
        before = client.simulator.credits_spent
        rows = read_linkup(client, job_id, count=10)
        served |= {f"{job_id}:{row['application_id']}": row for row in rows}
        assert client.simulator.credits_spent - before == max(1, -(-len(rows) // 10))
    assert served == world.records("linkup", "candidates")


def test_linkup_runs_out_of_credits(connect: Any, small_world: World) -> None:
    client = connect(small_world, linkup_credits=2)
    statuses = [client.linkup("get_posts").status_code for _ in range(3)]
    assert statuses == [200, 200, 402]
    assert client.simulator.credits_spent == 2


def test_easir_pages(client: Any, small_world: World) -> None:
    campaigns = read_easir(client, "/campaigns", per_page=4)
    assert {row["id"]: row for row in campaigns} == small_world.records("easir", "campaigns")
    recipients = {
        f"{campaign['id']}:{row['id']}": row
        for campaign in campaigns
        for row in read_easir(client, f"/campaigns/{campaign['id']}/recipients", per_page=50)
    }
    assert recipients == small_world.records("easir", "campaign_recipients")


def test_easir_filters_campaigns(client: Any) -> None:
    by_status = {
        status: read_easir(client, "/campaigns", status=status)
        for status in ("completed", "pending", "draft")
    }
    assert all(by_status.values())
    assert all(row["sent_at"] and row["total_sent"] for row in by_status["completed"])
    assert not any(row["sent_at"] for row in by_status["pending"] + by_status["draft"])
    calls = read_easir(client, "/campaigns", type="telephone", sort_by="name")
    assert calls and {row["type"] for row in calls} == {"telephone"}


def test_closerx_days_are_the_worlds(client: Any, small_world: World) -> None:
    truth = small_world.records("closerx", "hourly_metrics")
    campaign_id, day = next(
        (campaign_id, day)
        for (campaign_id, day, _, _), row in truth.items()
        if row["campaign_results"]
    )
    answer = client.closerx(campaign_id, date=day).json()
    assert answer["date"] == day
    for position, hour in enumerate(answer["hours"]):
        row = truth[campaign_id, day, hour, 1]
        assert answer["credit_deductions"][position] == row["credit_deductions"]
        assert answer["campaign_results"][position] == row["campaign_results"]


def test_closerx_without_a_date_param_shows_the_current_day(
    connect: Any, small_world: World
) -> None:
    client = connect(small_world, closerx_date_param=None)
    # 02:00 UTC is still the evening before in New York.
    assert client.closerx().json()["date"] == "2025-11-20"
    assert client.closerx(date="2025-11-19").status_code == 400
    assert "SOURCES__CLOSERX__DATE_PARAM" not in client.simulator.settings()
