"""What forgetting somebody does to files: those that runs leave, and the warehouse's own free space."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import erase_files
from pipelines.erase import Person
from pipelines.erase_files import erase_from_files, write_warehouse_anew
from pipelines.forgotten import Forgotten, list_hash
from pipelines.settings import Settings

KEY = b"a salt that is long enough"
ADA = Person(
    records=frozenset({("talkpush", "7")}),
    person_ids=frozenset(),
    emails=frozenset({"ada@example.org"}),
    linkedin_ids=frozenset(),
    other_words=frozenset({"Ada Lovelacé", "+63 917 555 0101", "Jo"}),
)


@pytest.fixture
def settings(installation: Settings) -> Settings:
    installation.prepare()
    return installation


def put(settings: Settings, name: str, content: str | pa.Table) -> Path:
    path = settings.data_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        pq.write_table(content, path)
    return path


def erase(settings: Settings) -> list[str]:
    hashes = {
        "email": frozenset({list_hash("email", "ada@example.org", KEY)}),
        "record": frozenset({list_hash("record", "talkpush/leads/7", KEY)}),
    }
    return list(erase_from_files(settings, ADA, Forgotten(hashes, KEY)))


def leads(*rows: dict[str, Any]) -> pa.Table:
    names = ("email", "first_name", "last_name", "user_phone_number", "others")
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    return pa.table({"id": pa.array([row["id"] for row in rows], pa.int64()), **columns})


class TestFilesThatRunsLeave:
    """Logs lose lines, load packages rows; a file of another kind that names them goes."""

    def test_a_log_loses_the_lines_that_name_them(self, settings: Settings) -> None:
        log = put(
            settings,
            "logs/one.log",
            "a run\nrejected: ADA@example.org\nname ADA LOVELACÉ\njoin +63 917 555 0101\nJohn is kept\n",
        )
        assert erase(settings) == ["logs/one.log: 3 lines erased"]
        assert log.read_text() == "a run\nJohn is kept\n"

    def test_a_page_that_was_paid_for_goes_and_others_stay(self, settings: Settings) -> None:
        """As JSON writes her name; the page is asked for again, and her row is then kept out."""
        hers = put(settings, "spool/linkup/a.json", json.dumps({"full_name": "Ada Lovelacé"}))
        other = put(settings, "spool/linkup/b.json", json.dumps({"full_name": "Bob"}))
        assert "\\u00e9" in hers.read_text()

        assert erase(settings) == ["spool/linkup/a.json: deleted"]
        assert (hers.exists(), other.exists()) == (False, True)

    @pytest.mark.parametrize("folder", ["dlt/talkpush", "set_aside/talkpush-20260301T000000.0Z"])
    def test_a_load_package_loses_their_rows(self, settings: Settings, folder: str) -> None:
        path = f"{folder}/load/normalized/1/new_jobs/leads.abc.0.parquet"
        rows = leads({"id": 7}, {"id": 8, "email": "Ada@example.org"}, {"id": 9, "email": "b@c.d"})
        file = put(settings, path, rows)

        assert erase(settings) == [f"{path}: 2 rows erased"]
        assert pq.read_table(file).to_pylist() == [rows.to_pylist()[2]]
        assert pq.read_schema(file) == rows.schema

    def test_a_package_of_rejected_records_loses_theirs(self, settings: Settings) -> None:
        payloads = [
            {"id": 7},
            {"id": 1, "email": "ada@example.org"},
            {"id": 7, "name": "a campaign"},
        ]
        rows = pa.table(
            {
                "resource": ["leads", "leads", "campaigns"],
                "payload": [json.dumps(p) for p in payloads],
            }
        )
        file = put(settings, "dlt/talkpush/normalize/1/new_jobs/rejected_records.a.0.parquet", rows)

        assert len(erase(settings)) == 1
        assert pq.read_table(file).to_pylist() == [rows.to_pylist()[2]]

    def test_a_package_that_does_not_name_them_is_left_as_it_is(self, settings: Settings) -> None:
        file = put(settings, "dlt/talkpush/x/leads.abc.0.parquet", leads({"id": 9}))
        before = (file.read_bytes(), file.stat().st_mtime_ns)

        assert erase(settings) == []
        assert (file.read_bytes(), file.stat().st_mtime_ns) == before

    def test_a_package_that_cannot_be_read_goes_and_this_is_said(self, settings: Settings) -> None:
        file = put(settings, "set_aside/talkpush-1/x/leads.abc.0.parquet", "no parquet")

        (line,) = erase(settings)
        assert line.endswith("leads.abc.0.parquet: deleted, for it cannot be read")
        assert not file.exists()

    def test_the_users_own_files_and_the_salt_are_not_touched(self, settings: Settings) -> None:
        mine = settings.mappings_dir / "blocked_keys.csv"
        mine.parent.mkdir()
        mine.write_text("email,ada@example.org,mine\n")
        salt = put(settings, "salt", "ada@example.org")

        assert erase(settings) == []
        assert mine.exists()
        assert salt.exists()


class TestTheWarehouseWrittenAnew:
    """A new file takes the old one's place: all that is in it, and nothing that was."""

    def test_bytes_of_deleted_rows_are_gone(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing is compressed, so that the text would be found if it were there: it is, before."""
        monkeypatch.setattr(erase_files.database, "connect", connect_without_compression)
        with connect_without_compression(settings.warehouse) as connection:
            connection.execute(
                "create table people as select 'bob ' || i as name from range(99999) t(i)"
            )
            connection.execute("insert into people values ('ada lovelace of london')")
            connection.execute("checkpoint")
            connection.execute("delete from people where name like 'ada%'")
        assert b"ada lovelace of london" in settings.warehouse.read_bytes()
        assert self.count(settings) == 99_999

        write_warehouse_anew(settings.warehouse)

        for path in settings.data_dir.iterdir():
            assert path.is_dir() or b"ada lovelace of london" not in path.read_bytes(), path
        assert b"bob 99998" in settings.warehouse.read_bytes()
        assert self.count(settings) == 99_999

    def count(self, settings: Settings) -> int:
        with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
            return int(connection.execute("select count(*) from people").fetchall()[0][0])

    def test_everything_else_survives(self, settings: Settings) -> None:
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute(
                """
                create schema marts; create schema empty_one;
                create table marts.t (a integer not null default 7 check (a > 0), b map(varchar, bigint), j json);
                insert into marts.t values (1, map {'x': 2}, '{"a":1}');
                comment on table marts.t is 'A table'; comment on column marts.t.a is 'A column';
                create view marts.v as select a from hirefunnel.marts.t;
                create view a_view_of_a_view as from marts.v; comment on view marts.v is 'A view';
                create sequence numbers start 5; create index by_a on marts.t (a);
                """
            )
        before = catalogue(settings.warehouse)
        settings.warehouse.chmod(0o640)

        write_warehouse_anew(settings.warehouse)

        assert catalogue(settings.warehouse) == before
        assert settings.warehouse.stat().st_mode & 0o777 == 0o640
        assert [path.name for path in settings.data_dir.glob("*.duckdb*")] == ["hirefunnel.duckdb"]

    def test_what_a_killed_run_left_in_the_write_ahead_log_is_in_the_new_file(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute("create table people (name varchar)")
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute("insert into people values ('bob')")
            logs = {path.name: path.read_bytes() for path in settings.data_dir.glob("*.duckdb*")}
        for name, content in logs.items():
            (settings.data_dir / name).write_bytes(content)
        assert set(logs) == {"hirefunnel.duckdb", "hirefunnel.duckdb.wal"}

        write_warehouse_anew(settings.warehouse)
        assert self.count(settings) == 1
        assert not (settings.data_dir / "hirefunnel.duckdb.wal").exists()

    def test_a_failure_leaves_the_old_file_and_no_rubbish(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute("create table people as select 'bob' as name")

        def no_space(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", no_space)
        with pytest.raises(OSError, match="No space"):
            write_warehouse_anew(settings.warehouse)
        assert self.count(settings) == 1
        assert [path.name for path in settings.data_dir.glob("*duckdb*")] == ["hirefunnel.duckdb"]

    def test_a_linked_warehouse_stays_where_it_is(self, settings: Settings, tmp_path: Path) -> None:
        elsewhere = tmp_path / "big disk"
        elsewhere.mkdir()
        with duckdb.connect(str(elsewhere / "hirefunnel.duckdb")) as connection:
            connection.execute("create table people as select 'bob' as name")
        settings.warehouse.symlink_to(elsewhere / "hirefunnel.duckdb")

        write_warehouse_anew(settings.warehouse)
        assert settings.warehouse.is_symlink()
        assert self.count(settings) == 1


@contextmanager
def connect_without_compression(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(path)) as connection:
        connection.execute("set force_compression = 'uncompressed'")
        yield connection


def catalogue(path: Path) -> dict[str, list[Any]]:
    """All that a database's file says about itself, and the rows of its tables."""
    with duckdb.connect(str(path), read_only=True) as connection:
        queries = {
            "tables": "select schema_name, table_name, comment, sql from duckdb_tables()",
            "columns": """
                select schema_name, table_name, column_name, data_type, is_nullable, column_default, comment
                from duckdb_columns() where not internal
            """,
            "views": "select schema_name, view_name, comment, sql from duckdb_views() where not internal",
            "schemas": "select schema_name from duckdb_schemas() where database_name = 'hirefunnel'",
            "sequences": "select schema_name, sequence_name, start_value, last_value from duckdb_sequences()",
            "indexes": "select schema_name, index_name, sql from duckdb_indexes()",
            "storage": "select tags from duckdb_databases() where database_name = 'hirefunnel'",
            "rows": "from marts.t",
            "rows of a view": "from a_view_of_a_view",
        }
        return {
            name: sorted(connection.execute(query).fetchall(), key=str)
            for name, query in queries.items()
        }
