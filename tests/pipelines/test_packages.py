"""A reading is cut into load packages: each brings its rows with its cursor, whatever comes after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dlt
import duckdb
import pytest
from dlt.normalize.items_normalizers.arrow import ArrowItemsNormalizer

from pipelines import versions
from pipelines.reading import VersionedResource
from pipelines.settings import Settings

PAGES = 20
A_PAGE = 5


class Shop:
    """A vendor of pages that fails, if told to, and a pipeline that reads them as the conductor does."""

    def __init__(self, settings: Settings) -> None:
        settings.prepare()
        self.settings = settings
        self.fails_at: int | None = None
        self.asked: list[int] = []

    def source(self) -> Any:
        @dlt.source(name="shop", section="shop", max_table_nesting=0)
        def shop() -> Any:
            @dlt.resource(
                primary_key="id", write_disposition="merge", columns={"id": {"data_type": "bigint"}}
            )
            def things() -> Iterator[Any]:
                start = dlt.current.resource_state().get("next", 0)
                for number in range(start, PAGES):
                    self.asked.append(number)
                    if number == self.fails_at:
                        raise ConnectionError("the shop is closed")
                    dlt.current.resource_state()["next"] = number + 1
                    yield [{"id": number * A_PAGE + row} for row in range(A_PAGE)]

            return things

        return shop()

    def read(self, pages_a_package: int) -> VersionedResource:
        """Reads and loads until the reading is done."""
        pipeline = dlt.pipeline(
            "shop",
            pipelines_dir=str(self.settings.dlt_dir),
            destination=versions.warehouse(
                credentials=str(self.settings.warehouse), destination_name="duckdb"
            ),
            dataset_name="raw_shop",
        )
        source = self.source()
        pages = 0

        def is_due(_: int) -> bool:
            nonlocal pages
            pages += 1
            return pages % pages_a_package == 0

        reading = VersionedResource(
            source.resources["things"],
            source.schema.naming.normalize_identifier,
            lambda: datetime(2026, 3, 1, tzinfo=UTC),
            lambda _: None,
            is_due,
        )
        while not reading.is_done:
            pipeline.extract(source, loader_file_format="parquet")
            pipeline.normalize()
            pipeline.load()
        self.next = pipeline.state["sources"]["shop"]["resources"]["things"].get("next")
        return reading

    def query(self, sql: str) -> list[Any]:
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def shop(installation: Settings) -> Shop:
    return Shop(installation)


@pytest.mark.parametrize("pages_a_package", [1, 3, 7, 100])
def test_whatever_the_size_of_packages_all_is_read_once(shop: Shop, pages_a_package: int) -> None:
    shop.read(pages_a_package)

    assert shop.asked == list(range(PAGES))
    assert shop.query("select count(*), count(distinct id) from raw_shop.things") == [(100, 100)]
    (packages,) = shop.query(
        "select count(distinct _dlt_load_id), count(distinct _dlt_load_id) filter ("
        " where _dlt_load_id in (select load_id from raw_shop._dlt_loads where status = 0))"
        " from raw_shop.things"
    )
    assert packages == (-(-PAGES // pages_a_package),) * 2


def test_what_came_before_a_failure_is_kept_and_the_next_run_goes_on_there(shop: Shop) -> None:
    shop.fails_at = 11
    reading = shop.read(4)

    assert str(reading.error) == "the shop is closed"
    assert shop.next == 11
    assert shop.query("select count(*) from raw_shop.things") == [(11 * A_PAGE,)]

    shop.fails_at = None
    shop.asked.clear()
    assert shop.read(4).error is None
    assert shop.asked == list(range(11, PAGES))
    assert shop.query("select count(*), count(distinct id) from raw_shop.things") == [(100, 100)]


def test_a_failure_at_the_first_page_loads_nothing(shop: Shop) -> None:
    shop.fails_at = 0
    reading = shop.read(4)

    assert str(reading.error) == "the shop is closed"
    assert shop.next is None


def test_files_are_loaded_as_they_were_written(shop: Shop, monkeypatch: Any) -> None:
    """dlt rewrites a file whose columns are in another order or of another kind: twice the work."""

    def rewrite(*_: Any) -> None:
        raise AssertionError("rewritten")

    monkeypatch.setattr(ArrowItemsNormalizer, "_write_with_dlt_columns", rewrite)
    shop.read(100)
    assert shop.query("select count(*) from raw_shop.things") == [(100,)]
