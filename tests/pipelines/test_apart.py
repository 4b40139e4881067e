"""Files that hold nothing but what is put into them, though DuckDB leaves in them what its memory held before."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import apart, erase_files, publish
from pipelines.database import literal
from pipelines.settings import Settings

ROWS = 3_000_000  # several times the memory that DuckDB is given here
MEMORY = "200MB"
DELETED = rb"SECRET[12]\d*@"
process = apart.process


@contextmanager
def short_of_memory(*, empty_memory: bool = False) -> Iterator[Callable[..., None]]:
    with process(empty_memory=empty_memory) as execute:
        execute(f"set memory_limit = '{MEMORY}'; set force_compression = 'dictionary'")
        yield execute


def people(settings: Settings) -> None:
    """Three million people in `dim_person`, their e-mails as they are read."""
    settings.prepare()
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(
            f"""
            create schema marts;
            create table marts.dim_person (
                email varchar using compression uncompressed,
                person_id varchar using compression dictionary,
                full_name varchar
            );
            insert into marts.dim_person
            select 'SECRET' || i * 7919 % 10000019 || '@example.org', md5(cast(i as varchar)) || i, 'w' || i % 90000
            from range({ROWS}) as t (i)
            """
        )


def emails(path: Path, pattern: bytes = rb"SECRET\d") -> int:
    return len(re.findall(pattern, path.read_bytes()))


@pytest.mark.slow
def test_a_copy_that_hides_people_holds_no_piece_of_them(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(installation)
    monkeypatch.setenv("HIREFUNNEL_PSEUDONYMISE", "true")
    monkeypatch.setattr(publish, "MEMORY", MEMORY)

    def quick(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
        connection.execute("create temp macro pseudonym(text) as md5(text)")

    monkeypatch.setattr(publish, "_add_pseudonym_function", quick)
    copy = publish.publish(installation, datetime(2026, 3, 1, tzinfo=UTC), "run-1", [])

    assert emails(installation.warehouse) >= ROWS
    assert emails(copy) == 0


@pytest.mark.slow
def test_a_warehouse_written_anew_holds_no_piece_of_the_deleted(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(installation)
    with duckdb.connect(str(installation.warehouse)) as connection:
        connection.execute("checkpoint")
        connection.execute("delete from marts.dim_person where email < 'SECRET3'")
        assert (
            connection.execute("from marts.dim_person where email < 'SECRET3'").fetchone() is None
        )
        kept = connection.execute("select count(*) from marts.dim_person").fetchone()
    assert emails(installation.warehouse, DELETED) > ROWS / 10
    found = []

    def watched(old: Path, new: Path, *arguments: Any) -> None:
        copy(old, new, *arguments)
        found.append(emails(new, DELETED))

    copy = erase_files._copy
    monkeypatch.setattr(apart, "process", short_of_memory)
    monkeypatch.setattr(erase_files, "_copy", watched)
    erase_files.write_warehouse_anew(installation.warehouse)

    assert found == [0, 0]
    assert emails(installation.warehouse, DELETED) == 0
    with duckdb.connect(str(installation.warehouse), read_only=True) as connection:
        assert connection.execute("select count(*) from marts.dim_person").fetchone() == kept


def test_what_goes_wrong_there_is_told_here_and_nothing_follows(tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error, match="no_such_table"), apart.process() as execute:
        execute(f"copy (select 1) to '{tmp_path / 'first'}'")
        execute("from no_such_table")
        execute(f"copy (select 1) to '{tmp_path / 'second'}'")
        for _ in range(10_000):
            execute("select 'more than fits into a pipe that nobody reads'")
    assert [path.name for path in tmp_path.iterdir()] == ["first"]


def test_texts_arrive_as_they_are(tmp_path: Path) -> None:
    text = "a 'quoted' one, \0, \u2028, ñ and \n"
    path = tmp_path / "it's here" / "file.duckdb"
    path.parent.mkdir()
    with apart.process() as execute:
        execute(f"attach {literal(path)} as file")
        execute("create table file.t as select ? as texts, ? as one", [[text, None], text])
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("from t").fetchall() == [([text, None], text)]


def test_what_goes_wrong_here_ends_it_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(OSError, match="No space"), apart.process() as execute:
        execute("select count(*) from range(1000000000000) a, range(1000000000000) b")
        raise OSError(28, "No space left on device")
    assert time.monotonic() - started < 60


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    """At once, in the middle of what takes hours: until then it would have the warehouse open."""
    begun = tmp_path / "begun"
    code = f"""
import time
from pipelines import apart
with apart.process() as execute:
    execute("copy (select 1) to '{begun}'")
    execute("select count(*) from range(1000000000000) a, range(1000000000000) b")
    time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout
    while not begun.exists():
        assert parent.poll() is None
        time.sleep(0.05)
    parent.kill()
    started = time.monotonic()
    parent.stdout.read()  # until nobody has it open any more
    parent.wait()
    assert time.monotonic() - started < 60
