"""The vendors' own examples, retyped: they load as documented, into the columns promised."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import dlt
import pytest

from tests.sources.fake_vendor import FakeVendor

SETTINGS = {
    "hirednow": {"api_key": "key", "campaign_ids": ["5c8e2a9f-7b4d-4e1c-9a6f-3d8b5e1a7c4f"]},
    "talkpush": {
        "api_key": "key",
        "base_url": "https://vendor.example/api",
        "as_of": "2020-05-12T12:00:00+08:00",
        "start_date": "2020-05-12",
        "timezone": "Asia/Manila",
    },
    "linkup": {"api_key": "key", "account_id": "your-account-id", "job_ids": ["4242"]},
    "closerx": {
        "api_key": "key",
        "company_name": "company",
        "campaign_ids": ["campc005bf8a"],
        "as_of": "2025-08-24T00:00:00Z",
    },
    "easir": {"client_id": "client", "client_secret": "secret", "timezone": "Europe/Copenhagen"},
}
TYPES = {
    "text": "VARCHAR",
    "json": "JSON",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}


class Loaded:
    """A vendor's resource, loaded into DuckDB by the source alone."""

    def __init__(self, folder: Path, vendor: str, resource: str, answer: Any) -> None:
        factory = getattr(import_module(f"sources.{vendor}"), vendor)
        source = factory(**SETTINGS[vendor], session=FakeVendor(answer), requests_per_second=0)
        self._pipeline = dlt.pipeline(
            "documented",
            pipelines_dir=str(folder / "pipelines"),
            destination=dlt.destinations.duckdb(str(folder / "documented.duckdb")),
            dataset_name="raw",
        )
        self._pipeline.run(source.with_resources(resource))
        self._table = resource
        declared = source.resources[resource].columns
        self.declared = {name: TYPES[column["data_type"]] for name, column in declared.items()}

    def columns(self) -> dict[str, str]:
        """The table's columns with their types, without dlt's own."""
        found = self._query(
            "select column_name, data_type from information_schema.columns "
            f"where table_schema = 'raw' and table_name = '{self._table}'"
        )
        return {name: kind for name, kind in found if not name.startswith("_dlt")}

    def rows(self, columns: str, order_by: str) -> list[tuple[Any, ...]]:
        """Some columns of all rows."""
        return self._query(f"select {columns} from raw.{self._table} order by {order_by}")

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        with self._pipeline.sql_client() as client:
            return [tuple(row) for row in client.execute_sql(sql) or ()]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_hirednow_results(documented, tmp_path):
    page = {**documented("hirednow_results"), "has_more": False}
    loaded = Loaded(tmp_path, "hirednow", "results", lambda asked: page)
    assert loaded.columns() == loaded.declared
    rows = loaded.rows("order_index, recommendation_status, overall_score, created_at", "1")
    assert [(*row[:3], row[3].astimezone(UTC)) for row in rows] == [
        ("71680", "NOT_RECOMMENDED", 2.38, at("2025-10-30T13:37:43.175Z")),
        ("71686", "STRONGLY_RECOMMENDED", 4.2, at("2025-05-28T14:30:15.123Z")),
        ("71747", "RECOMMENDED", 3.37, at("2025-05-29T00:01:42.277Z")),
    ]
    scores = [json.loads(score) for (score,) in loaded.rows("additional_scores", "order_index")]
    assert scores == [{"cefr": {"score": "B1"}}, {}, {"cefr": {"score": "C1"}}]


def test_talkpush_leads(documented, tmp_path):
    page = documented("talkpush_leads")
    loaded = Loaded(tmp_path, "talkpush", "leads", lambda asked: page)
    assert loaded.columns() == {**loaded.declared, "read": "BOOLEAN"}
    ana, ben = loaded.rows("id, updated_at, folder, others, answers", "id")
    assert ana[:3] == (5101234, at("2020-05-12T00:51:58.487Z"), "shortlisted")
    assert json.loads(ana[3]) == {"preferred_site": "Cebu", "years_of_experience": 3}
    assert json.loads(ana[4])[0]["question"] == "Why us?"
    assert ben[:3] == (5101235, None, None)


def test_talkpush_campaigns(documented, tmp_path):
    active, archive = documented("talkpush_campaigns"), {"campaigns": []}
    loaded = Loaded(
        tmp_path,
        "talkpush",
        "campaigns",
        lambda asked: archive if asked.path.endswith("archive") else active,
    )
    assert loaded.columns() == loaded.declared
    assert loaded.rows("id, title, is_archived", "1") == [(1907, "Support Agents", False)]


def test_linkup_candidates(documented, tmp_path):
    answer = documented("linkup_candidates")
    answer["data"]["total_available_results"] = 1
    answer["data"]["pagination"] |= {"next_offset": None, "has_more": False}
    loaded = Loaded(tmp_path, "linkup", "candidates", lambda asked: answer)
    assert loaded.columns() == loaded.declared
    ((*fields, experiences),) = loaded.rows(
        "job_id, application_id, rating, is_top_choice, public_identifier, experiences", "1"
    )
    assert fields == ["4242", "26905743894", "UNRATED", False, "jane-doe-42"]
    assert json.loads(experiences)[0]["date_range"] == "2/2025 - 7/2025"


def test_closerx_hours(documented, tmp_path):
    day = documented("closerx_day")
    loaded = Loaded(tmp_path, "closerx", "hourly_metrics", lambda asked: day)
    assert loaded.columns() == loaded.declared
    rows = loaded.rows("campaign_id, date, hour, hour_occurrence, is_final", "hour")
    assert rows == [("campc005bf8a", date(2025, 8, 23), hour, 1, True) for hour in range(24)]


def easir_answers(documented: Any) -> Any:
    campaigns, recipients = documented("easir_campaigns"), documented("easir_recipients")
    campaigns["pagination"]["total"] = 1  # the example shows one campaign of five

    def answer(asked: Any) -> Any:
        if asked.path == "/token":
            return {"access_token": "token"}
        return recipients if asked.path.endswith("/recipients") else campaigns

    return answer


def test_easir_campaigns(documented, tmp_path):
    loaded = Loaded(tmp_path, "easir", "campaigns", easir_answers(documented))
    assert loaded.columns() == loaded.declared
    ((*fields, created_at, task),) = loaded.rows(
        "id, team_id, group_id, approved, sent_at, total_sent, created_at, task", "1"
    )
    assert fields == ["fab657f1-40de-4dec-bad5-a577ef4e4b05", 1, None, True, None, None]
    assert created_at.astimezone(UTC) == at("2015-07-29T09:20:32Z")
    assert json.loads(task)["distribution_strategy"] == "distribute"


def test_easir_recipients(documented, tmp_path):
    loaded = Loaded(tmp_path, "easir", "campaign_recipients", easir_answers(documented))
    assert loaded.columns() == loaded.declared
    rows = loaded.rows("campaign_id, b2c, latest_activity_at, fixed_fields, consent", "id")
    assert {row[:3] for row in rows} == {("fab657f1-40de-4dec-bad5-a577ef4e4b05", True, None)}
    for row in rows:
        assert {"last_name", "email"} <= {field["name"] for field in json.loads(row[3])}
        assert json.loads(row[4])["email"] == {"consent_given": None, "updated_at": ""}


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "fixtures").glob("*.json")))
def test_no_fixture_holds_a_key(path):
    text = path.read_text("utf-8")
    assert "api_key" not in text
    assert "secret" not in text
