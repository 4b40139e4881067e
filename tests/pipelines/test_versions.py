"""A version is kept when, and only when, it differs from the one seen just before it."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines import version_load, versions
from pipelines.contents import content_hash
from pipelines.pipeline import ddl
from pipelines.reading import VersionedResource
from pipelines.settings import Settings
from pipelines.vendors import VENDORS
from sources.hirednow.sent import SentRecords
from tests.pipelines.test_columnar import json_values

COLUMNS: Any = {
    "job": {"data_type": "text"},
    "id": {"data_type": "bigint"},
    "rating": {"data_type": "text"},
    "experiences": {"data_type": "json"},
    "updated_at": {"data_type": "timestamp"},
}


@dlt.source(name="shop", section="shop", max_table_nesting=0)
def shop(rows: Any) -> Any:
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

    def source(self, rows: Any) -> Any:
        return shop(rows)

    def load_sent(self, *texts: str) -> None:
        """Records as a vendor sent them."""
        self._load(SentRecords([text.encode() for text in texts]))

    def load(self, *rows: dict[str, Any]) -> None:
        self._load(list(rows))

    def _load(self, rows: Any, before_load: Callable[[Path], None] | None = None) -> None:
        pipeline = self.pipeline()
        source = self.source(rows)
        start = datetime(2026, 3, 1, tzinfo=UTC)
        VersionedResource(
            source.resources["things"],
            source.schema.naming.normalize_identifier,
            lambda: start + timedelta(seconds=next(self.clock)),
            lambda _: None,
        )
        pipeline.extract(source, loader_file_format="parquet")
        pipeline.normalize()
        if before_load:
            before_load(Path(pipeline.working_dir))
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


def test_a_large_load_stands_in_the_file_and_not_in_its_log(warehouse: Warehouse) -> None:
    log = Path(f"{warehouse.settings.warehouse}.wal")
    with duckdb.connect(str(warehouse.settings.warehouse)):  # as a run does, which keeps it open
        warehouse.load(*(row("high", id_) for id_ in range(50_000)))

        assert not log.exists() or log.stat().st_size < 100_000
    assert warehouse.query("select count(*) from raw_shop.things") == [(50_000,)]


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


def test_what_was_seen_first_comes_first_wherever_it_stands_in_the_file(
    warehouse: Warehouse,
) -> None:
    """dlt puts the parts of a reading that have other columns together by names that say nothing."""

    def turn_round(folder: Path) -> None:
        [file] = folder.glob("load/normalized/*/new_jobs/things.*.parquet")
        pq.write_table(pq.read_table(file)[::-1], file)

    warehouse.load(row("UNRATED"))
    warehouse._load([row("GOOD"), row("UNRATED")], turn_round)

    assert warehouse.ratings() == ["UNRATED", "GOOD", "UNRATED"]


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
    insert = version_load.VersionLoadJob.run
    runs = itertools.count(1)

    def run(job: Any) -> None:
        insert(job)
        if next(runs) == 1:
            raise ConnectionError("after the insert")

    warehouse.load(row("UNRATED"))
    monkeypatch.setattr(version_load.VersionLoadJob, "run", run)
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


AT = '"updated_at":"2026-03-01T08:00:00Z"'
SENT = f'{{"job":"j","id":1,"rating":"GOOD","experiences":[{{"a":1,"b":"é"}}],"new":{{"x":1,"y":2}},{AT}}}'
SENT_OTHERWISE = [
    f'{{"new":{{"x":1,"y":2}},"id":1,"rating":"GOOD",{AT},"experiences":[{{"a":1,"b":"é"}}],"job":"j"}}',
    f'{{"job":"j","id":1,"rating":"GOOD","experiences":[{{"b":"é","a":1}}],"new":{{"x":1,"y":2}},{AT}}}',
    SENT.replace("é", "\\u00e9"),
    SENT.replace(":", " :  ").replace("T08 :  00 :  00Z", "T08:00:00Z"),
    SENT.replace("T08:00:00Z", "T10:00:00.000+02:00"),
    SENT.replace(AT, f'"gone":null,{AT}'),
]


@pytest.mark.parametrize("text", SENT_OTHERWISE, ids=range(len(SENT_OTHERWISE)))
def test_what_says_the_same_is_no_other_version_however_it_is_sent(
    text: str, warehouse: Warehouse
) -> None:
    for texts in ([SENT], [text], [text, SENT, text], [SENT]):
        warehouse.load_sent(*texts)

    assert warehouse.ratings() == ["GOOD"]


@pytest.mark.parametrize(
    "text",
    [
        SENT.replace("GOOD", "BAD"),
        SENT.replace("é", "e"),
        SENT.replace('"y":2', '"y":3'),
        SENT.replace('"id":1', '"id":1,"newer":1'),
        SENT.replace("T08:00:00Z", "T08:00:01Z"),
        SENT.replace(',"experiences":[{"a":1,"b":"é"}]', ""),
    ],
    ids=["a value", "a nested one", "of a new field", "a field more", "a time", "a field less"],
)
def test_what_says_something_else_is_another_version_and_so_is_the_way_back(
    text: str, warehouse: Warehouse
) -> None:
    for texts in ([SENT], [text], [text, SENT_OTHERWISE[0]], [SENT, SENT_OTHERWISE[1]]):
        warehouse.load_sent(*texts)

    assert warehouse.query("select count(*) from raw_shop.things") == [(3,)]


def test_fields_may_have_any_name(warehouse: Warehouse) -> None:
    names = ["record", "place", "news", "stored", "file", "_place", "times", "hash"]
    for value in ("1", "2", "2"):
        others = ",".join(f'"{name}":{value}' for name in names[1:])
        warehouse.load_sent(f'{{"job":"j","id":1,{AT},"record":1,{others}}}')

    assert warehouse.query("select place from raw_shop.things order by _seen_at") == [
        ("1",),
        ("2",),
    ]


@pytest.mark.parametrize("nested", [f"[{2**70},{{}}]", "[" * 300 + "]" * 300], ids=["wide", "deep"])
def test_what_is_hard_to_look_through_is_stored_once(nested: str, warehouse: Warehouse) -> None:
    text = f'{{"job":"j","id":1,{AT},"experiences":{nested}}}'
    for each in (text, text.replace(",", " , "), text):
        warehouse.load_sent(each)
    assert warehouse.query("select count(*) from raw_shop.things") == [(1,)]
    warehouse.load_sent(text.replace(str(2**70), str(2**70 + 1)).replace("[[]]", "[[1]]"))

    assert warehouse.query("select count(*) from raw_shop.things") == [(2,)]


def test_what_is_too_deep_to_look_through_is_compared_as_it_was_sent(warehouse: Warehouse) -> None:
    text = f'{{"job":"j","id":1,{AT},"rating":"GOOD","experiences":{"[" * 1500}{"]" * 1500}}}'
    for each in (text, text, text.replace("GOOD", "BAD")):
        warehouse.load_sent(each)

    assert warehouse.ratings() == ["GOOD", "BAD"]


def test_records_of_other_keys_are_never_taken_for_one(warehouse: Warehouse) -> None:
    texts = [SENT.replace('"id":1', f'"id":{number}') for number in range(1, 200)]
    warehouse.load_sent(*texts)
    warehouse.load_sent(*reversed(texts))

    assert warehouse.query("select count(*), count(distinct id) from raw_shop.things") == [
        (199, 199)
    ]


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

    assert found.parquet_format is not None
    assert found.parquet_format.compression == "lz4"
    assert {**found, "parquet_format": None} == dict(expected)  # nothing else is ours


def test_values_that_are_read_otherwise_are_another_mapping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By which `rejected.to_retry` knows what to try again."""
    leads = VENDORS["talkpush"].blueprint().resources["leads"]
    before = versions.mapping(leads)
    assert versions.mapping(leads) == before
    monkeypatch.setattr(versions, "READING", versions.READING + 1)
    assert versions.mapping(leads) != before


def test_fields_whose_names_become_one_have_columns_of_their_own(warehouse: Warehouse) -> None:
    warehouse.load(row("GOOD", **{"Phone": "1", "phone": "2", "phone ": "3", "PHONE__": "4"}))

    [found] = warehouse.query("select columns('(?i)phone.*')::varchar from raw_shop.things")
    assert sorted(found) == ["1", "2", "3", "4"]


def test_files_that_are_loaded_side_by_side_are_in_nobodys_way(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise dlt tries again, and each conflict is a stack trace in the log."""
    monkeypatch.setattr(logging.getLogger("dlt"), "propagate", True)
    for number in range(8):
        warehouse.load(row(f"GOOD {number}"), {"job": "j", "id": f"odd {number}"})

    assert warehouse.query("select count(*) from raw_shop.rejected_records") == [(8,)]
    assert "Conflict" not in caplog.text


odd_records = st.dictionaries(
    st.sampled_from(list(COLUMNS)) | st.text(max_size=8), json_values, max_size=5
)


@hypothesis_settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(odd_records, min_size=1, max_size=12))
def test_all_that_comes_is_in_the_warehouse_stored_or_rejected(
    installation: Settings, records: list[dict[str, Any]]
) -> None:
    """Whatever JSON it is, through dlt into DuckDB, and twice: the second time adds nothing."""
    data = installation.data_dir / "nights" / str(next(EXAMPLES))
    warehouse = Warehouse(Settings(data, data / "shop.duckdb", installation.mappings_dir))
    rows = [
        record if number % 3 else {"job": "j", **record, "id": number}
        for number, record in enumerate(records)
    ]
    for _ in range(2):
        warehouse.load(*rows)

    tables = {name for (name,) in warehouse.query("select table_name from duckdb_tables()")}
    stored = warehouse.query("select job, id from raw_shop.things") if "things" in tables else []
    rejected = (
        warehouse.query("select distinct record_hash from raw_shop.rejected_records")
        if versions.REJECTED in tables
        else []
    )
    refused = {content_hash(each) for each in rows} & {hash_ for (hash_,) in rejected}
    assert len(refused) == len(rejected)
    kept = [each for each in rows if content_hash(each) not in refused]
    assert {int(each["id"]) for each in kept} == {id_ for _, id_ in stored}
    assert len({id_ for _, id_ in stored}) <= len(stored) <= len(kept)


EXAMPLES = itertools.count()
