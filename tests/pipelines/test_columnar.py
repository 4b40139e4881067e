"""The columnar path gives the tables that dlt's own path gives, odd records included, and loses nothing."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dlt
import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.column_sql import SEEN_AT
from pipelines.columnar import Batches, Columns
from pipelines.contents import canonical, content_hash
from pipelines.settings import Settings
from sources.easir.sent import SentRecords

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
        "id": " \u0645 ",
        "nested": [{"title": "Jos\u00e9 \u0645\u0631\u062d\u0628\u0627 \U0001f600", "n": 1.5}],
    },
    {"id": "quotes '\"\\ and\nlines\t", "score": -0.0, "number": -7},
    {"id": "as text", "number": "42", "score": "3.37", "flag": True},
    {"id": "new", "brand_new": "2026-01-01T00:00:00Z", "deep": {"x": [1, {"y": None}]}, "count": 5},
    {"id": "newer", "brand_new": None, "deep": [], "count": 2.5, "camelCase": True},
]


def in_columns(records: list[dict[str, Any]]) -> Columns:
    naming = dlt.Schema("any").naming
    batches = Batches(COLUMNS, ["id"], naming.normalize_identifier)
    batches.add(records, NOW)
    return batches.columns(batches.take())


def columnar(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    columns = in_columns(records)
    assert len(columns.rejected) == 0
    rows: list[dict[str, Any]] = columns.stored.to_pylist()
    return rows


def reasons(*records: dict[str, Any]) -> list[str]:
    """Why records are rejected, each of them."""
    columns = in_columns(list(records))
    assert len(columns.stored) == 0
    found: list[str] = columns.rejected["reason"].to_pylist()
    return found


def plain_dlt(settings: Settings, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same records through dlt's row by row path, with the stamps put on in Python."""

    def stamp(record: dict[str, Any]) -> dict[str, Any]:
        as_text = {
            name: value
            if name in COLUMNS or value is None or isinstance(value, str)
            else json.dumps(value, separators=(",", ":"))
            for name, value in record.items()
        }
        return as_text

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
            if value is not None and not name.startswith("_")
        }
        for row in rows
    }


def test_the_tables_are_those_of_dlts_own_path(installation: Settings) -> None:
    assert comparable(columnar(ODD_RECORDS)) == comparable(plain_dlt(installation, ODD_RECORDS))


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("number", "many", "number is not an integer"),
        ("number", 3.7, "number is not an integer"),
        ("number", 2**70, "number is not an integer"),
        ("score", "much", "score is not a double"),
        ("score", {"of": 3}, "score is not a double"),
        ("flag", [], "flag is not a bool"),
        ("at", 1700000000, "at is not a timestamp"),
        # what DuckDB would take for a number or a time, and no calendar has
        *(("at", text, "at is not a timestamp") for text in ("infinity", " -Infinity", "epoch")),
        *(
            ("score", text, "score is not a double")
            for text in ("NaN", "inf", "-infinity", "1e999")
        ),
        ("day", "someday", "day is not a date"),
        ("id", None, "id is missing"),
        ("id", " ", "id is missing"),
        ("id", ["a"], "id is not a single value"),
        ("id", {"of": "a"}, "id is not a single value"),
    ],
)
def test_what_cannot_be_typed_is_set_apart_whole(field: str, value: Any, reason: str) -> None:
    record = {"id": "x", "nested": {"of": 1}, field: value}
    columns = in_columns([{"id": "good"}, record])

    assert columns.stored["id"].to_pylist() == ["good"]
    [rejected] = columns.rejected.to_pylist()
    assert rejected["reason"] == reason
    assert json.loads(rejected["payload"]) == record
    assert rejected["record_hash"] == content_hash(record)


@pytest.mark.parametrize(
    "text",
    [
        "2020-05-12T08:51:58+08:00",
        "2020-05-12 08:51:58+0800",
        "2020-05-12 08:51:58 +0800",
        "2020-05-12 08:51:58.000 +08:00",
        "2020-05-11 21:21:58 -0330",
        " 2020-05-12 00:51:58 Z ",
    ],
)
def test_a_time_is_read_however_its_offset_is_written(text: str) -> None:
    [row] = columnar([{"id": "a", "at": text}])
    assert row["at"].isoformat() == "2020-05-12T00:51:58+00:00"


def test_a_time_without_seconds_is_read_as_dlt_reads_it() -> None:
    rows = columnar([{"id": "a", "at": f"2020-05-12T08:51{zone}"} for zone in ("+08:00", "+0800")])
    assert {row["at"].isoformat() for row in rows} == {"2020-05-12T00:51:00+00:00"}


@pytest.mark.parametrize("offset", [" +2500", " +0860", " 0800", " +8"])
def test_what_is_no_offset_is_not_guessed(offset: str) -> None:
    assert reasons({"id": "a", "at": f"2020-05-12 08:51:58{offset}"}) == ["at is not a timestamp"]


def test_a_record_without_any_key_and_with_several_faults_names_them_all() -> None:
    assert reasons({"score": "much", "number": "many"}, {"record": 5}) == [
        "id is missing; number is not an integer; score is not a double",
        "id is missing",
    ]


def test_a_text_that_looks_like_a_list_is_a_key() -> None:
    assert [row["id"] for row in columnar([{"id": "[1]"}, {"id": "{}"}])] == ["[1]", "{}"]


def test_an_empty_text_is_no_value() -> None:
    [row] = columnar([{"id": "x", "score": "", "at": "", "day": " "}])

    assert (row["score"], row["at"], row["day"]) == (None, None, None)


def test_equal_keys_have_equal_hashes() -> None:
    hashes = in_columns([{"id": "a"}, {"id": "b", "score": 1}, {"id": "a", "score": 2}]).key_hashes

    assert hashes[0] == hashes[2] != hashes[1]


def test_two_fields_that_become_one_name_are_both_kept() -> None:
    [row] = columnar([{"id": "lower", "ID": "upper", "newField": 1, "new_field": 2}])

    assert sorted(row.values(), key=str)[:2] == ["1", "2"]
    assert {"lower", "upper"} < set(row.values())


def as_sent(*texts: str, **added: list[Any]) -> list[dict[str, Any]]:
    """What becomes of records as a vendor sent them."""
    batches = Batches(COLUMNS, ["id"], dlt.Schema("any").naming.normalize_identifier)
    batches.add(SentRecords([text.encode() for text in texts], added), NOW)
    columns = batches.columns(batches.take())
    assert len(columns.rejected) == 0
    rows: list[dict[str, Any]] = columns.stored.to_pylist()
    return rows


def test_records_as_they_were_sent_give_the_rows_that_dicts_give() -> None:
    texts = [
        json.dumps(record, ensure_ascii=bool(place % 2)) for place, record in enumerate(ODD_RECORDS)
    ]

    assert comparable(as_sent(*texts)) == comparable(columnar(ODD_RECORDS))


def test_what_a_source_adds_stands_in_place_of_what_was_sent() -> None:
    first, second = as_sent(
        '{"id":"a","at":"2026-01-01 12:00:00","number":7}',
        '{"id":"b","number":8,"other":true}',
        at=["2026-01-01T11:00:00+00:00", None],
        number=[5, None],
        job=["j", ["k"]],
    )

    assert (first["at"], first["number"], first["job"]) == (
        datetime(2026, 1, 1, 11, tzinfo=UTC),
        5,
        "j",
    )
    assert (second["at"], second["number"], second["job"], second["other"]) == (
        None,
        None,
        '["k"]',
        "true",
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"id":"x","nested":1,"nested":2}', {"id": "x", "nested": 2}),
        ('{"id":"x","new":"\\ud800"}', {"id": "x", "new": "?"}),
        ('{"id":"x","new":"a\\u0000b"}', {"id": "x", "new": "a\x00b"}),
        ('{"id":"x","score":1.10}', {"id": "x", "score": 1.1}),
    ],
    ids=["a name twice", "half a pair", "a zero", "a trailing zero"],
)
def test_strange_json_is_read_as_python_reads_it(text: str, wanted: dict[str, Any]) -> None:
    assert comparable(as_sent('{"id":"y"}', text))["x"] == wanted


def test_pages_to_which_other_things_are_added_are_other_batches() -> None:
    batches = Batches(COLUMNS, ["id"], str)
    batches.add(SentRecords([b'{"id":"a"}'], {"job": ["j"]}), NOW)

    assert batches.takes(SentRecords([b"{}"], {"job": ["k"]}))
    assert not batches.takes(SentRecords([b"{}"]))
    assert not batches.takes([{"id": "b"}])


def test_the_keys_that_are_remembered_do_not_keep_their_table() -> None:
    columns = in_columns([{"id": "a"}])
    hashes, table = columns.key_hashes, weakref.ref(columns.stored)
    del columns

    assert len(hashes) == 1
    assert hashes.base is None
    assert table() is None


def test_records_on_one_page_keep_their_order() -> None:
    rows = columnar([{"id": str(number)} for number in range(5)])
    seen = [row[SEEN_AT] for row in rows]

    assert seen == sorted(set(seen))


def test_batches_are_cut_by_size_and_nothing_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipelines.columnar.BATCH_BYTES", 1000)
    batches = Batches(COLUMNS, ["id"], str)
    sizes = []
    for page in range(50):
        batches.add([{"id": f"{page}-{row}"} for row in range(10)], NOW)
        if batches.is_full:
            sizes.append(len(batches.columns(batches.take()).stored))
    if batches.has_records:
        sizes.append(len(batches.columns(batches.take()).stored))

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
def test_any_json_is_stored_or_rejected_and_no_value_is_lost(given_records: list[Any]) -> None:
    """Each value that was sent is somewhere in its row, typed or as text, or in the payload that is kept."""
    columns = in_columns(given_records)
    hashes = {content_hash(record): record for record in given_records}
    rejected = {*columns.rejected["record_hash"].to_pylist()}
    stored = [record for record in given_records if content_hash(record) not in rejected]

    assert len(columns.stored) + len(columns.rejected) == len(given_records)
    assert len(columns.stored) == len(stored)
    for row, record in zip(columns.stored.to_pylist(), stored, strict=True):
        kept = [value for name, value in row.items() if value is not None]
        sent = [value for value in record.values() if not is_nothing(value)]
        assert len(kept) >= len(sent) + 3  # the three stamps
    for row in columns.rejected.to_pylist():
        assert row["payload"].encode() == canonical(hashes[row["record_hash"]])
        assert row["reason"]


def is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
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


def test_a_buffer_that_is_filled_again_brings_nothing_of_what_stood_in_it() -> None:
    batches = Batches(COLUMNS, ["id"], dlt.Schema("any").naming.normalize_identifier)
    found = []
    for texts in (
        ['{"id": "long", "note": "%s"}' % ("x" * 1000)] * 3,
        ['{"id": "half of a pair", "note": "\\ud800"}'],  # which is written anew
        ['{"id": "short"}'],
        ['{"id": "shorter"}', '{"id": "last"}'],
    ):
        batches.add(SentRecords([text.encode() for text in texts]), NOW)
        found += batches.columns(batches.take()).stored["id"].to_pylist()

    assert found == ["long"] * 3 + ["half of a pair", "short", "shorter", "last"]
