"""The whole build: green on the story and on nothing, documented, and portable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.dbt.conftest import PROJECT, Build

MARTS = {
    "dim_campaign",
    "dim_person",
    "fct_assessments",
    "fct_campaign_hourly",
    "fct_funnel_events",
    "fct_journeys",
    "person_records",
    "rpt_costs",
    "rpt_funnel",
    "rpt_stage_durations",
    "rpt_sync_health",
    "rpt_unmapped_statuses",
}
# What Spark 3.5 lacks. What differs between engines has a macro with a variant for each.
NOT_PORTABLE = re.compile(
    r"::|->>|\b(qualify|unnest|string_agg|regexp_matches|date_diff|strftime|generate_series"
    r"|arg_max|arg_min|quantile_cont|asof|exclude|varchar|at time zone|now|current_timestamp"
    r"|json_extract_string|list_\w+|epoch|by name|recursive)\b"
)
MODELS = sorted((PROJECT / "models").rglob("*.sql")) + sorted((PROJECT / "tests").glob("*.sql"))


@pytest.mark.parametrize("build", ["first_night", "later_night", "nothing", "two_vendors"])
def test_everything_is_green(build: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(build).failures == []


def test_rules_find_what_is_broken(first_night: Build) -> None:
    file = first_night.one("select path from duckdb_databases() where path is not null")
    compiled = Path(file).parent / "target" / "compiled"
    (rules,) = (path.read_text() for path in compiled.rglob("rules_fct_funnel_events*.sql"))
    assert first_night.ask(rules) == []

    first_night.ask("begin")
    first_night.ask(
        "insert into marts.fct_funnel_events"
        " select * replace ('nowhere' as stage, 'nobody' as person_id)"
        " from marts.fct_funnel_events where event_id = (select min(event_id) from marts.fct_funnel_events)"
    )
    broken = {(rule, count) for rule, _, count in first_night.ask(rules)}
    first_night.ask("rollback")
    assert broken == {
        ("event_id is not unique", 2),
        ("stage has an unknown value", 1),
        ("person_id is not in the parent", 1),
    }


def test_texts_are_compressed_as_the_project_says(first_night: Build) -> None:
    macro = (PROJECT / "macros" / "compression.sql").read_text()
    lists = re.findall(r"set \w+ = \[(.*?)\]", macro, re.DOTALL)
    own_to_each_row, words = (set(re.findall(r"'(\w+)'", names)) for names in lists)
    assert not own_to_each_row & words
    texts = {
        name
        for (name,) in first_night.ask(
            "select distinct column_name from duckdb_columns()"
            " where data_type = 'VARCHAR' and schema_name in ('staging', 'intermediate', 'marts')"
        )
    }
    assert own_to_each_row | words <= texts

    used = set()
    for table in ("marts.fct_funnel_events", "staging.stg_talkpush__leads_versions"):
        used |= set(
            first_night.ask(
                "select column_name, compression from pragma_storage_info(?)"
                " where segment_type = 'VARCHAR'",
                table,
            )
        )
    assert {("event_id", "FSST"), ("lead_id", "FSST")} <= used
    assert {("stage", "Dictionary"), ("load_id", "Dictionary")} <= used


def test_marts_are_those_of_the_contract(first_night: Build) -> None:
    tables = first_night.ask(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    )
    assert {name for (name,) in tables} == MARTS


def test_schemas_have_no_prefix(first_night: Build) -> None:
    schemas = first_night.ask("select distinct table_schema from information_schema.tables")
    assert {"staging", "intermediate", "marts", "seeds"} <= {name for (name,) in schemas}


def test_every_mart_and_column_is_described(first_night: Build) -> None:
    undescribed = first_night.ask(
        "select table_name, column_name from duckdb_columns()"
        " where schema_name = 'marts' and comment is null"
        " union all select table_name, null from duckdb_tables()"
        " where schema_name = 'marts' and comment is null"
    )
    assert undescribed == []


def test_instants_have_a_zone(first_night: Build) -> None:
    kinds = first_night.ask(
        "select distinct data_type from information_schema.columns"
        " where table_schema = 'marts' and column_name like '%\\_at' escape '\\'"
    )
    assert kinds == [("TIMESTAMP WITH TIME ZONE",)]


def test_nothing_gives_empty_marts_that_know_every_resource(nothing: Build) -> None:
    rows = {name: nothing.one(f"select count(*) from marts.{name}") for name in MARTS}
    assert {name: count for name, count in rows.items() if count} == {"rpt_sync_health": 8}
    health = "select distinct last_status, is_stale from marts.rpt_sync_health"
    assert nothing.ask(health) == [("never", False)]


def test_two_vendors_give_journeys_and_hours(two_vendors: Build) -> None:
    journeys = two_vendors.ask("select distinct source, is_stalled from marts.fct_journeys")
    assert journeys == [("Assessment", False)]
    assert two_vendors.one("select count(*) from marts.fct_campaign_hourly") == 2


def test_views_live_on_when_a_vendor_adds_a_field(two_vendors: Build) -> None:
    two_vendors.connection.execute("alter table raw_easir.campaigns add column colour text")
    assert two_vendors.one("select count(*) from staging.stg_easir__campaigns") == 0


@pytest.mark.parametrize("path", MODELS, ids=[path.stem for path in MODELS])
def test_models_are_portable(path: Path) -> None:
    sql = re.sub(r"--.*|\{[{%#].*?[}%#]\}", "", path.read_text())
    assert NOT_PORTABLE.findall(sql) == []
    assert max(map(len, path.read_text().splitlines())) <= 80
