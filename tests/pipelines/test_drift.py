"""What about a vendor's records is not as it was: known and told together, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from pipelines import drift
from pipelines.drift import Drift, Fields
from pipelines.history import TABLES

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(TABLES)
        yield opened


def notice(connection: duckdb.DuckDBPyConnection) -> list[Drift]:
    fields = Fields({"id": {"number"}, "badge": {"text"}}, {"id", "badge"})
    return drift.notice(
        connection, "talkpush", "leads", fields, 20, {"id"}, str.lower, "run 1", NOW
    )


def test_each_thing_is_told_once(connection: duckdb.DuckDBPyConnection) -> None:
    assert notice(connection) == [Drift("new_field", "badge")]
    assert notice(connection) == []
    told = connection.execute("select kind, field_name, run_id from ops.drift").fetchall()
    assert told == [("new_field", "badge", "run 1")]


def test_what_was_not_told_when_it_broke_off_is_told_the_next_time(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(drift, "_store", lambda *_: 1 / 0)
        notice(connection)
    connection.rollback()  # as a kill does

    assert notice(connection) == [Drift("new_field", "badge")]
    assert connection.execute("select count(*) from ops.drift").fetchall() == [(1,)]
