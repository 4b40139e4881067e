"""A version is kept when, and only when, it differs from the one seen just before it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
import duckdb
import pytest

from pipelines import versions
from pipelines.pipeline import ddl
from pipelines.reading import VersionedResource
from pipelines.settings import Settings

COLUMNS: Any = {
    "job": {"data_type": "text"},
    "id": {"data_type": "bigint"},
    "rating": {"data_type": "text"},
    "experiences": {"data_type": "json"},
}


@dlt.source(name="shop", section="shop", max_table_nesting=0)
def shop(rows: list[dict[str, Any]]) -> Any:
    @dlt.resource(primary_key=["job", "id"], write_disposition="merge", columns=COLUMNS)
    def things() -> Iterator[Any]:
        yield rows

    return things


class Warehouse:
    """Loads batches of rows as the conductor would, a second after each other."""

    def __init__(self, settings: Settings) -> None:
        settings.prepare()
        self.settings = settings
        self.clock = itertools.count()

    def pipeline(self) -> Any:
        return dlt.pipeline(
            "shop",
            pipelines_dir=str(self.settings.dlt_dir),
            destination=versions.warehouse(
                credentials=str(self.settings.warehouse),
                destination_name="duckdb",
            ),
            dataset_name="raw_shop",
        )

    def source(self, rows: list[dict[str, Any]]) -> Any:
        return shop(rows)

    def load(self, *rows: dict[str, Any]) -> None:
        pipeline = self.pipeline()
        source = self.source(list(rows))
        start = datetime(2026, 3, 1, tzinfo=UTC)
        VersionedResource(
            source.resources["things"],
            source.schema.naming.normalize_identifier,
            lambda: start + timedelta(seconds=next(self.clock)),
            lambda _: None,
        )
        pipeline.extract(source, loader_file_format="parquet")
        pipeline.normalize()
        pipeline.load()

    def query(self, sql: str) -> list[Any]:
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            return connection.execute(sql).fetchall()

    def ratings(self, id_: int = 1) -> list[str]:
        rows = self.query(f"select rating from raw_shop.things where id = {id_} order by _seen_at")
        return [rating for (rating,) in rows]


@pytest.fixture
def warehouse(installation: Settings) -> Warehouse:
    return Warehouse(installation)


def row(rating: str, id_: int = 1, **more: Any) -> dict[str, Any]:
    return {"job": "j", "id": id_, "rating": rating, **more}


def test_a_reread_adds_nothing(warehouse: Warehouse) -> None:
    warehouse.load(row("UNRATED"), row("GOOD", 2))
    warehouse.load(row("GOOD", 2), row("UNRATED"))

    assert warehouse.query("select count(*) from raw_shop.things") == [(2,)]


def test_a_record_that_returns_to_an_earlier_content_has_three_versions(
    warehouse: Warehouse,
) -> None:
    for rating in ("UNRATED", "GOOD", "GOOD", "UNRATED", "UNRATED"):
        warehouse.load(row(rating))

    assert warehouse.ratings() == ["UNRATED", "GOOD", "UNRATED"]


def test_two_contents_in_one_load_are_two_versions_in_the_order_seen(warehouse: Warehouse) -> None:
    warehouse.load(row("UNRATED"), row("UNRATED"), row("GOOD"), row("UNRATED", 2))

    assert warehouse.ratings() == ["UNRATED", "GOOD"]
    assert warehouse.ratings(2) == ["UNRATED"]


def test_a_clock_that_went_back_adds_nothing_and_hides_nothing(warehouse: Warehouse) -> None:
    """What is loaded later was seen later, whatever the clock says."""
    warehouse.clock = itertools.count(1000)
    warehouse.load(row("UNRATED"), row("GOOD", 2))
    warehouse.clock = itertools.count(0)
    warehouse.load(row("UNRATED"), row("GOOD", 2))
    assert warehouse.query("select count(*) from raw_shop.things") == [(2,)]

    warehouse.load(row("GOOD"), row("MAYBE"), row("GOOD", 2))
    assert warehouse.ratings() == ["UNRATED", "GOOD", "MAYBE"]


def test_a_file_that_is_loaded_again_adds_nothing(warehouse: Warehouse, monkeypatch: Any) -> None:
    """A failure after the insert, before dlt has noted it: dlt loads the file again."""
    insert = versions.VersionLoadJob.run
    runs = itertools.count(1)

    def run(job: Any) -> None:
        insert(job)
        if next(runs) == 1:
            raise ConnectionError("after the insert")

    warehouse.load(row("UNRATED"))
    monkeypatch.setattr(versions.VersionLoadJob, "run", run)
    warehouse.load(row("GOOD"), row("UNRATED"), row("GOOD"))
    assert next(runs) == 3, "the file was loaded twice"
    assert warehouse.ratings() == ["UNRATED", "GOOD", "UNRATED", "GOOD"]


def test_key_order_is_no_change_and_a_nested_value_is(warehouse: Warehouse) -> None:
    warehouse.load(row("GOOD", experiences=[{"title": "a", "company": "b"}]))
    warehouse.load(
        {"experiences": [{"company": "b", "title": "a"}], "rating": "GOOD", "id": 1, "job": "j"}
    )
    assert len(warehouse.ratings()) == 1

    warehouse.load(row("GOOD", experiences=[{"title": "a", "company": "c"}]))
    assert len(warehouse.ratings()) == 2


def test_fields_nobody_declared_are_kept_as_text_whatever_they_look_like(
    warehouse: Warehouse,
) -> None:
    warehouse.load(row("GOOD", badge="2026-01-01T00:00:00Z", level=5))
    warehouse.load(row("GOOD", badge="gold", level={"of": ["five", None]}))

    assert warehouse.query("select badge, level from raw_shop.things order by _seen_at") == [
        ("2026-01-01T00:00:00Z", "5"),
        ("gold", '{"of":["five",null]}'),
    ]


def test_a_table_that_was_made_before_is_loaded_into(warehouse: Warehouse) -> None:
    columns = versions.table_columns(warehouse.source([]).resources["things"])
    warehouse.query(f"create schema raw_shop; create table raw_shop.things ({ddl(columns)})")

    warehouse.load(row("GOOD"))
    assert warehouse.ratings() == ["GOOD"]


def test_what_duckdb_can_do_is_known_without_a_setting(monkeypatch: Any) -> None:
    expected = dlt.destinations.duckdb(credentials="here.duckdb").capabilities()
    monkeypatch.setattr(versions.warehouse, "configuration", lambda *_, **__: pytest.fail("asked"))

    found = versions.warehouse(credentials="here.duckdb").capabilities()

    assert dict(found) == dict(expected)
