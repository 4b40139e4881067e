"""An engine that has read other batches reads the next one as a new engine would."""

from __future__ import annotations

import json
from hashlib import md5
from typing import Any

import dlt
import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import column_engine
from pipelines.batch import Batch
from pipelines.column_engine import AmbiguousError, ColumnEngine
from pipelines.column_sql import PLACE, REASON, key_hash

COLUMNS = {"id": "text", "number": "bigint", "nested": "json", "at": "timestamp"}
ALIKE = ['{"id":"a","number":1}', '{"number":null,"id":"b"}']


def engine() -> ColumnEngine:
    return ColumnEngine(COLUMNS, ["id"], dlt.Schema("any").naming.normalize_identifier)


def batch(texts: list[str], added: dict[str, list[str | None]] | None = None) -> Batch:
    sent = [text.encode() for text in texts]
    found = Batch(lengths=list(map(len, sent)), seen_at=[range(len(sent))], added=added or {})
    found.texts.write(b"".join(sent))
    return found


def outcome(reader: ColumnEngine, read: Batch) -> Any:
    """The rows and what they were made of, or what is wrong with them."""
    try:
        table, fields = reader.read(read)
    except (AmbiguousError, duckdb.InvalidInputException) as error:
        return type(error)
    rows = [{k: v for k, v in row.items() if v is not None} for row in table.to_pylist()]
    return rows, fields.types, fields.always


VALUES = ["null", "1", "1.5", "true", '"text"', '"2026-03-01 10:00:00"', "[1]", '{"a":"\\ud800"}']
NAMES = ["id", "number", "nested", "at", "ID", "new", "", "_shape"]
fields = st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES))
texts = st.lists(fields, max_size=4).map(
    lambda found: "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in found) + "}"
)
batches = st.lists(
    st.one_of(
        st.just((ALIKE, False)),
        st.tuples(st.lists(texts, min_size=1, max_size=4), st.booleans()),
    ),
    min_size=2,
    max_size=5,
)


@settings(deadline=None, max_examples=100)
@given(batches)
def test_what_was_read_before_changes_nothing(given_batches: list[tuple[list[str], bool]]) -> None:
    reader = engine()
    for sent, is_added in given_batches:
        added: dict[str, list[str | None]] = {"number": ["7"] * len(sent)} if is_added else {}

        assert outcome(reader, batch(sent, added)) == outcome(engine(), batch(sent, added))


@pytest.mark.parametrize(
    ("odd", "always"),
    [
        ('{"id":"c"}', {"id"}),
        ('{"id":"c","number":1,"new":2}', {"id", "number"}),
        ('{"id":"c","number":1,"ID":2}', {"id", "number"}),
    ],
    ids=["one field less", "one more", "one that differs by case"],
)
def test_a_record_unlike_those_before_it_is_noticed(odd: str, always: set[str]) -> None:
    reader = engine()
    reader.read(batch(ALIKE))
    table, found = reader.read(batch([*ALIKE, odd]))

    assert table["id"].to_pylist() == ["a", "b", "c"]
    assert ("new" in table.column_names) == ("new" in odd)
    assert "ID" not in odd or table.column_names.count("id") == 1
    assert found.always == always


def test_a_name_that_stands_twice_is_noticed_after_records_that_are_alike() -> None:
    reader = engine()
    reader.read(batch(ALIKE))

    with pytest.raises(AmbiguousError):
        reader.read(batch([*ALIKE, '{"id":"c","number":1,"number":2}']))


def test_names_are_looked_for_only_when_there_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    query = column_engine.names_query()
    monkeypatch.setattr(column_engine, "names_query", lambda: asked.append(1) or query)
    reader = engine()
    for texts in (ALIKE, ALIKE, ['{"id":"c"}'], ALIKE):
        reader.read(batch(texts))
    assert len(asked) == 1

    reader.read(batch(['{"id":"c","new":1}']))
    assert len(asked) == 2


def test_shapes_are_asked_for_only_when_there_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    query = column_engine.shapes_query
    monkeypatch.setattr(
        column_engine, "shapes_query", lambda names: asked.append(names) or query(names)
    )
    reader = engine()
    reader.read(batch(ALIKE))
    asked.clear()
    for texts in (ALIKE, ['{"id":"c"}'], [*ALIKE, '{"id":"c"}'], ALIKE):
        reader.read(batch(texts))

    assert len(asked) == 1


def test_shapes_that_were_forgotten_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_engine, "MOST_SHAPES", 1)
    reader = engine()
    for texts in ([*ALIKE, '{"id":7}'], ['{"id":"c"}', '{"id":null}'], ALIKE, ['{"id":7}']):
        assert outcome(reader, batch(texts)) == outcome(engine(), batch(texts))


def test_a_type_that_changes_is_noticed_among_records_that_are_alike() -> None:
    reader = engine()
    reader.read(batch(ALIKE))
    _, found = reader.read(batch(['{"id":"a","number":"1"}', '{"id":7,"number":2}']))

    assert found.types == {"id": {"text", "number"}, "number": {"text", "number"}}


def test_rows_that_are_read_in_parts_stay_in_order_with_what_is_added(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = [json.dumps({"id": str(place), "nested": {"text": "x" * place}}) for place in range(300)]
    added: dict[str, list[str | None]] = {
        "number": [str(place) if place % 3 else None for place in range(300)],
        "job": [f"j{place}" for place in range(300)],
    }
    whole, _ = engine().read(batch(sent, added))
    monkeypatch.setattr(column_engine, "CHUNK_BYTES", 1000)
    assert column_engine._table_of(batch(sent, added)).column("line").num_chunks > 1
    parts, _ = engine().read(batch(sent, added))

    assert parts.to_pylist() == whole.to_pylist()
    assert parts["id"].to_pylist() == [str(place) for place in range(300)]
    assert parts["job"].to_pylist() == added["job"]
    assert parts["number"].to_pylist() == [place if place % 3 else None for place in range(300)]
    assert parts[PLACE].to_pylist() == list(range(300))
    assert parts[REASON].null_count == 300


@given(st.text(), st.text())
def test_the_number_of_a_key_stays_what_it_is_in_every_warehouse(one: str, other: str) -> None:
    text = f"{one}\x1f{other}".encode()
    sql = key_hash(["?::varchar", "?::varchar"])
    row = duckdb.execute(f"select {sql}", [one, other]).fetchone()

    number = int.from_bytes(md5(text, usedforsecurity=False).digest()[:8], "little")
    assert row == (number >> 1,)
