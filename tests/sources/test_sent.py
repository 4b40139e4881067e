"""Records as they were sent: what is read of them, and what a loader that wants dicts gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.hirednow.sent import SentRecords, as_dicts, read_answer

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def as_read(value: Any) -> Any:
    """The value, with a number that is too large for Python as its text."""
    return json.loads(json.dumps(value), parse_constant=str)


@given(
    st.lists(json_values, max_size=4),
    st.dictionaries(st.text(), json_values, max_size=3),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_any_listing_is_what_its_json_says(
    items: list[Any], others: dict[str, Any], is_ascii: bool, encoding: str
) -> None:
    body = json.dumps({**others, "data": items}, ensure_ascii=is_ascii)
    answer = read_answer(body.encode(encoding, "surrogatepass"), "data")
    records = answer.pop("data")

    assert isinstance(records, SentRecords)
    assert answer == as_read({name: value for name, value in others.items() if name != "data"})
    wanted = [item if isinstance(item, dict) else {"record": item} for item in items]
    assert as_dicts(records) == as_read(wanted)
    (column,) = records.columns("a")
    assert column == [record.get("a") for record in as_read(wanted)]


@given(st.lists(st.dictionaries(st.sampled_from("ab"), json_values), max_size=4))
def test_fields_are_found_inside_of_objects(items: list[dict[str, Any]]) -> None:
    records = SentRecords.of(items)
    inner = [item["a"].get("b") if isinstance(item.get("a"), dict) else None for item in items]

    assert records.columns(("a", "b")) == [as_read(inner)]
    both = records.columns("b", ("a", "b"))
    assert both == [as_read([item.get("b") for item in items]), as_read(inner)]
    assert records.at(range(1, len(items))).columns(("a", "b")) == [as_read(inner)[1:]]


@pytest.mark.parametrize("listing", [None, {}, "text", 3])
def test_what_is_no_listing_stays_as_it_is(listing: Any) -> None:
    assert read_answer(json.dumps({"data": listing}).encode(), "data") == {"data": listing}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data":[1', b'{"data":[{"a":tru}]}', b"\xff"])
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError):
        read_answer(body, "data")


def test_what_is_added_replaces_what_was_sent() -> None:
    records = SentRecords([b'{"a":1,"at":"x"}', b'{"a":2}']).with_added(
        at=["y", None], job=["j", "k"]
    )

    assert list(records) == [{"a": 1, "at": "y", "job": "j"}, {"a": 2, "job": "k"}]
    assert list(records.at([1])) == [{"a": 2, "job": "k"}]
    assert list(records.with_added(at=[None, None])) == [
        {"a": 1, "at": None, "job": "j"},
        {"a": 2, "job": "k"},
    ]


def test_equal_texts_have_equal_contents() -> None:
    first, second, third = SentRecords([b'{"a":1}', b'{"a":1}', b'{"a": 1}']).contents

    assert first == second != third
