"""The columnar path gives the tables that dlt's own path gives, odd records included, and loses nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dlt
import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.columnar import CONTENT_HASH, SEEN_AT, Batches, content_hash
from pipelines.settings import Settings

COLUMNS: Any = {
    "id": {"data_type": "text"},
    "number": {"data_type": "bigint"},
    "score": {"data_type": "double"},
    "flag": {"data_type": "bool"},
    "nested": {"data_type": "json"},
    "at": {"data_type": "timestamp"},
    "day": {"data_type": "date"},
}
NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)

ODD_RECORDS: list[dict[str, Any]] = [
    {"id": "plain", "number": 3, "score": 3.37, "flag": True, "nested": {"b": [1, None], "a": {}}},
    {"id": "offset", "at": "2020-05-12T08:51:58.487+08:00", "day": "2026-01-31"},
    {"id": "utc", "at": "2025-05-29T00:01:42.277Z", "number": 2**53 + 1, "score": 0.1},
    {"id": "nulls", "number": None, "score": None, "flag": None, "nested": None, "at": None},
    {"id": "empty", "nested": {}, "day": None},
    {"id": "list", "nested": [], "flag": False},
    {
        "id": "",
        "nested": [{"title": "Jos\u00e9 \u0645\u0631\u062d\u0628\u0627 \U0001f600", "n": 1.5}],
    },
    {"id": "quotes '\"\\ and\nlines\t", "score": -0.0, "number": -7},
    {"id": "as text", "number": "42", "score": "3.37", "flag": True},
    {"id": "badly typed", "number": "many", "score": "none", "at": "yesterday"},
    {"id": "new", "brand_new": "2026-01-01T00:00:00Z", "deep": {"x": [1, {"y": None}]}, "count": 5},
    {"id": "newer", "brand_new": None, "deep": [], "count": 2.5, "camelCase": True},
]


def columnar(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    naming = dlt.Schema("any").naming
    batches = Batches(COLUMNS, naming.normalize_identifier)
    batches.add(records, NOW)
    rows: list[dict[str, Any]] = batches.table(batches.take()).to_pylist()
    return rows


def plain_dlt(settings: Settings, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same records through dlt's row by row path, with the stamps put on in Python."""

    def stamp(record: dict[str, Any]) -> dict[str, Any]:
        as_text = {
            name: value
            if name in COLUMNS or value is None or isinstance(value, str)
            else json.dumps(value, separators=(",", ":"))
            for name, value in record.items()
        }
        return {**as_text, CONTENT_HASH: content_hash(record)}

    @dlt.source(name="plain", section="plain", max_table_nesting=0)
    def plain() -> Any:
        @dlt.resource(columns=COLUMNS)
        def things() -> Iterator[Any]:
            yield records

        return things

    settings.prepare()
    source = plain()
    source.schema.remove_type_detection("iso_timestamp")
    source.resources["things"].add_map(stamp)
    pipeline = dlt.pipeline(
        "plain",
        pipelines_dir=str(settings.dlt_dir),
        destination=dlt.destinations.duckdb(str(settings.warehouse)),
        dataset_name="raw",
    )
    pipeline.run(source, loader_file_format="parquet")
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute("from raw.things").to_arrow_table().to_pylist()


def comparable(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by id, without nulls and dlt's own columns, JSON compared as what it says."""
    return {
        row["id"]: {
            name: json.loads(value) if name == "nested" else value
            for name, value in row.items()
            if value is not None and not name.startswith("_dlt") and name != SEEN_AT
        }
        for row in rows
    }


def test_the_tables_are_those_of_dlts_own_path(installation: Settings) -> None:
    assert comparable(columnar(ODD_RECORDS)) == comparable(plain_dlt(installation, ODD_RECORDS))


def test_what_cannot_be_typed_stands_beside_the_column() -> None:
    [row] = columnar([{"id": "x", "number": 3.7, "score": "much", "at": 1700000000, "flag": {}}])

    assert (row["number"], row["score"], row["at"], row["flag"]) == (None, None, None, None)
    assert row["number__v_text"] == "3.7"
    assert row["score__v_text"] == "much"
    assert row["at__v_text"] == "1700000000"
    assert row["flag__v_text"] == "{}"


def test_two_fields_that_become_one_name_are_both_kept() -> None:
    [row] = columnar([{"id": "lower", "ID": "upper", "newField": 1, "new_field": 2}])

    assert sorted(row.values(), key=str)[:2] == ["1", "2"]
    assert {"lower", "upper"} < set(row.values())


def test_records_on_one_page_keep_their_order() -> None:
    rows = columnar([{"id": str(number)} for number in range(5)])
    seen = [row[SEEN_AT] for row in rows]

    assert seen == sorted(set(seen))


def test_batches_are_cut_by_size_and_nothing_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipelines.columnar.BATCH_BYTES", 1000)
    batches = Batches(COLUMNS, str)
    sizes = []
    for page in range(50):
        batches.add([{"id": f"{page}-{row}"} for row in range(10)], NOW)
        if batches.is_full:
            sizes.append(len(batches.table(batches.take())))
    if batches.has_records:
        sizes.append(len(batches.table(batches.take())))

    assert len(sizes) > 5
    assert sum(sizes) == 500


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
records = st.dictionaries(
    st.sampled_from(list(COLUMNS)) | st.text(max_size=8), json_values, max_size=6
)


@settings(deadline=None, max_examples=150)
@given(st.lists(records, min_size=1, max_size=5))
def test_any_json_becomes_rows_and_no_value_is_lost(given_records: list[dict[str, Any]]) -> None:
    """Each value that was sent is somewhere in its row, typed or as text."""
    rows = columnar(given_records)

    assert len(rows) == len(given_records)
    for row, record in zip(rows, given_records, strict=True):
        kept = [value for name, value in row.items() if value is not None]
        sent = [value for value in record.values() if value is not None]
        assert len(kept) >= len(sent) + 2  # the two stamps


@given(st.dictionaries(st.text(), json_values, max_size=6), st.randoms())
def test_the_hash_is_of_the_content_and_not_of_its_order(
    record: dict[str, Any], random: Any
) -> None:
    items = list(record.items())
    random.shuffle(items)

    assert content_hash(dict(items)) == content_hash(record)


@given(st.dictionaries(st.text(), json_values, max_size=6), st.text(), st.integers(0, 9))
def test_another_content_has_another_hash(record: dict[str, Any], name: str, value: int) -> None:
    changed = {**record, name: [value, "changed"]}

    assert record.get(name) == changed[name] or content_hash(changed) != content_hash(record)
