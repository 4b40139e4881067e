"""The published copy: marts only, whole or not at all, readers never disturbed."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines import copies, publish
from pipelines.errors import HirefunnelError
from pipelines.settings import Settings

AT = datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.fixture
def built(installation: Settings) -> Settings:
    installation.prepare()
    with duckdb.connect(str(installation.warehouse)) as connection:
        connection.execute(
            """
            create schema marts; create schema raw_talkpush;
            create table raw_talkpush.leads (email varchar);
            create table marts.fct_journeys (person_id varchar not null, lead_at timestamptz);
            insert into marts.fct_journeys values ('p1', '2026-02-01T00:00:00Z');
            comment on table marts.fct_journeys is 'A person''s way';
            comment on column marts.fct_journeys.person_id is 'Who';
            """
        )
    return installation


def read(path: object, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize(("folder", "copy"), [(0o700, 0o600), (0o750, 0o640)])
def test_who_may_read_the_folder_may_read_its_copies(
    built: Settings, folder: int, copy: int
) -> None:
    built.published_dir.chmod(folder)
    before = os.umask(0o077)  # as the command sets it
    try:
        path = publish.publish(built, AT, "run-1", [])
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == copy


def test_the_copy_holds_the_marts_with_their_descriptions_and_nothing_else(built: Settings) -> None:
    publish.publish(built, AT, "run-1", ["closerx · hourly_metrics: no answer"])
    current = built.published_dir / "current.duckdb"

    assert current.resolve().name == "hirefunnel-20260301T040000Z.duckdb"
    assert read(
        current, "select table_schema, table_name from information_schema.tables order by 2"
    ) == [("marts", "fct_journeys"), ("marts", "publication")]
    assert read(current, "select count(*) from marts.fct_journeys") == [(1,)]
    assert read(
        current, "select comment from duckdb_tables() where table_name = 'fct_journeys'"
    ) == [("A person's way",)]
    assert read(
        current,
        "select is_nullable, comment from duckdb_columns() where column_name = 'person_id'",
    ) == [(False, "Who")]
    assert read(current, "select status, failures from marts.publication") == [
        ("failed", ["closerx · hourly_metrics: no answer"])
    ]
    assert read(current, "select tags['storage_version'] from duckdb_databases() limit 1") != []


def test_odd_values_are_copied_as_they_are(built: Settings) -> None:
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(
            """
            create table marts.odd (
                n integer, t varchar, instant timestamptz, d date, x double, b boolean, i bigint
            );
            insert into marts.odd values
                (1, '', '1969-12-31T23:59:59.999999Z', '0001-01-01', 'nan', null, -9223372036854775808),
                (2, null, null, null, null, null, null),
                (3, 'a''b' || chr(0) || 'ñ 🙂', '9999-12-31T23:59:59Z', '9999-12-31', -0.0, true, 9223372036854775807),
                (4, repeat('long', 100000), '2026-03-29T01:30:00+01:00', '2026-02-28', 1e-320, false, 0)
            """
        )
    path = publish.publish(built, AT, "run-1", ["no\0body's"])

    rows = "select n, t, epoch_us(instant), d, cast(x as varchar), b, i from marts.odd"
    assert read(path, rows) == read(built.warehouse, rows)
    assert read(path, "select failures from marts.publication") == [(["no\0body's"],)]


def test_a_folder_may_be_called_anything(
    tmp_path: Path, built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = replace(built, data_dir=tmp_path / "it's [a] *")
    odd.prepare()
    built.warehouse.rename(odd.warehouse)

    path = publish.publish(odd, AT, "run-1", [])

    assert read(path, "select count(*) from marts.fct_journeys") == [(1,)]


def test_the_file_has_the_storage_version_that_old_clients_read(built: Settings) -> None:
    path = publish.publish(built, AT, "run-1", [])

    # bytes 12 to 19 of a DuckDB file hold its storage version; 64 is that of 1.0 clients
    assert int.from_bytes(path.read_bytes()[12:20], "little") == 64


def test_the_copy_is_compressed_as_the_mart_is(built: Settings) -> None:
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(
            """
            create table marts.person_records (vendor varchar, record_id varchar using compression fsst);
            insert into marts.person_records
            select 'easir', 'record ' || range % 9 from range(3000)  -- DuckDB would take the dictionary
            """
        )
    path = publish.publish(built, AT, "run-1", [])

    def ways(file: object) -> set[tuple[object, ...]]:
        sql = "select column_name, compression from pragma_storage_info('marts.person_records')"
        return set(read(file, f"{sql} where segment_type = 'VARCHAR'"))

    assert ways(built.warehouse) == {("vendor", "Dictionary"), ("record_id", "FSST")}
    assert ways(path) == ways(built.warehouse)


def test_numbers_that_builds_find_rows_by_stay_in_the_warehouse(built: Settings) -> None:
    with duckdb.connect(str(built.warehouse)) as connection:
        for name in ("person_hash", "email_hash", "stages_entered"):
            connection.execute(f"alter table marts.fct_journeys add column {name} bigint default 7")

    path = publish.publish(built, AT, "run-1", [])

    columns = read(
        path, "select column_name from duckdb_columns() where table_name = 'fct_journeys'"
    )
    assert ("person_id",) in columns
    assert not {("person_hash",), ("email_hash",), ("stages_entered",)} & {*columns}


def test_a_reader_keeps_its_copy_while_a_new_one_is_published(built: Settings) -> None:
    publish.publish(built, AT, "run-1", [])
    reader = duckdb.connect(str(built.published_dir / "current.duckdb"), read_only=True)
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute("insert into marts.fct_journeys values ('p2', null)")

    publish.publish(built, AT + timedelta(days=1), "run-2", [])

    assert reader.execute("select count(*) from marts.fct_journeys").fetchall() == [(1,)]
    assert read(copies.newest(built), "select count(*) from marts.fct_journeys") == [(2,)]
    reader.close()


def test_a_publication_that_fails_leaves_the_last_one_and_no_rubbish(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish.publish(built, AT, "run-1", [])

    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        publish.publish(built, AT + timedelta(days=1), "run-2", [])

    assert copies.newest(built) == first
    assert sorted(path.name for path in built.published_dir.iterdir()) == [
        "current.duckdb",
        first.name,
    ]


@pytest.mark.parametrize("rubbish", ["dangles", "truncated", "is a file"])
def test_what_a_killed_publication_left_is_cleaned_up(built: Settings, rubbish: str) -> None:
    first = publish.publish(built, AT, "run-1", [])
    link = built.published_dir / "current.duckdb"
    half = built.published_dir / ".hirefunnel-20260301T050000Z.duckdb.part"
    for path in (half, half.with_name(half.name + ".wal")):
        path.write_bytes(first.read_bytes()[:5000])
    half.with_name(half.name + ".fct_journeys.parquet").write_bytes(b"PAR1")
    spilled = half.with_name(half.name + ".tmp")
    spilled.mkdir()
    (spilled / "duckdb_temp_storage-0.tmp").write_bytes(b"rows")
    (built.published_dir / ".current.duckdb.new").symlink_to("hirefunnel-nowhere.duckdb")
    if rubbish == "dangles":
        first.unlink()
    elif rubbish == "truncated":
        first.write_bytes(first.read_bytes()[:5000])
    else:
        link.unlink()
        link.write_bytes(b"copied by hand, half")

    second = publish.publish(built, AT + timedelta(days=1), "run-2", [])

    assert copies.newest(built) == second
    assert read(link, "select count(*) from marts.fct_journeys") == [(1,)]
    names = {path.name for path in built.published_dir.iterdir()}
    assert names <= {"current.duckdb", first.name, second.name}


def test_a_few_older_copies_are_kept(built: Settings) -> None:
    for day in range(7):
        publish.publish(built, AT + timedelta(days=day), "run", [])

    assert len(list(built.published_dir.glob("hirefunnel-*.duckdb"))) == copies.KEPT_COPIES


def test_after_a_clock_that_was_ahead_the_newest_copy_is_kept(built: Settings) -> None:
    """By name it is the oldest."""
    for day in range(copies.KEPT_COPIES):
        publish.publish(built, AT + timedelta(days=30 + day), "run", [])

    newest = publish.publish(built, AT, "run", [])
    assert copies.newest(built) == newest
    assert newest.exists()


def test_two_publications_in_one_second_are_two_files(built: Settings) -> None:
    first = publish.publish(built, AT, "run-1", [])
    second = publish.publish(built, AT, "run-2", [])

    assert first != second
    assert copies.newest(built) == second


def test_without_marts_there_is_nothing_to_publish(installation: Settings) -> None:
    installation.prepare()

    with pytest.raises(HirefunnelError, match="hirefunnel build"):
        publish.publish(installation, AT, "run-1", [])
    assert copies.newest(installation) is None
