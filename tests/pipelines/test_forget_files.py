"""What forgetting somebody does to files: those that runs leave, and the warehouse's own free space."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.erase import Person
from pipelines.erase_files import erase_from_files, others_that_name, write_warehouse_anew
from pipelines.erase_pages import payloads
from pipelines.forgotten import Forgotten, list_hash
from pipelines.settings import Settings
from sources.linkup.page_store import PageStore

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


NOBODY = Person(frozenset(), frozenset(), frozenset(), frozenset(), frozenset())


def erase(settings: Settings, person: Person = ADA) -> list[str]:
    hashes = {
        "email": frozenset({list_hash("email", "ada@example.org", KEY)}),
        "record": frozenset({list_hash("record", "talkpush/leads/7", KEY)}),
    }
    return list(erase_from_files(settings, person, Forgotten(hashes, KEY)))


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

    def test_a_log_is_read_however_a_name_is_written(self, settings: Settings) -> None:
        """A short name of two parts as words of its own; JSON, and JSON in JSON, with any letters escaped."""
        person = replace(ADA, other_words=frozenset({"Élodie Dupont", "Bo Li"}))
        lines = [
            json.dumps({"name": "Élodie Dupont"}),
            json.dumps({"payload": json.dumps({"name": "Élodie Dupont"})}),
            "ÉLODIE DUPONT",
            "'Bo Li' came",
            "Bo Lin came, and Jumbo Li",
        ]
        log = put(settings, "logs/one.log", "\n".join(lines))
        assert erase(settings, person) == ["logs/one.log: 4 lines erased"]
        assert log.read_text() == lines[-1]

    def test_another_file_goes_and_those_beside_it_stay(self, settings: Settings) -> None:
        hers = put(settings, "spool/linkup/a.json", json.dumps({"full_name": "Ada Lovelacé"}))
        other = put(settings, "spool/linkup/b.json", json.dumps({"full_name": "Bob"}))
        assert "\\u00e9" in hers.read_text()

        assert erase(settings) == ["spool/linkup/a.json: deleted"]
        assert (hers.exists(), other.exists()) == (False, True)

    def test_what_no_run_has_made_is_named_and_not_touched(self, settings: Settings) -> None:
        """Whoever put an export or a note there has to see to it."""
        put(settings, "export.parquet", leads({"id": 7, "email": "ada@example.org"}))
        put(settings, "dlt/export.parquet", leads({"id": 7, "first_name": "Ada Lovelacé"}))
        put(settings, "notes/july.txt", "met Ada Lovelacé\n")
        put(settings, "bob.parquet", leads({"id": 8, "email": "bob@example.org"}))
        put(settings, "broken.parquet", "no parquet")
        before = {path: path.read_bytes() for path in settings.data_dir.rglob("*.*")}

        assert erase(settings) == []
        named = [
            str(path.relative_to(settings.data_dir)) for path in others_that_name(settings, ADA)
        ]
        assert named == ["dlt/export.parquet", "export.parquet", "notes/july.txt"]
        assert {path: path.read_bytes() for path in before} == before

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


JANE = {
    "application_id": "1",
    "full_name": "Jane Doe",
    "public_identifier": "jane-doe-42",
    "profile_url": "https://www.linkedin.com/in/jane-doe-42",
}
BO = {"application_id": "2", "full_name": "Bo Li", "public_identifier": "bo-li"}
NAMELESS = {"application_id": "3", "full_name": "LinkedIn Member", "public_identifier": ""}


class TestPagesThatWerePaidFor:
    """They stay under their names, so that nothing is paid for twice or never counted; whoever is forgotten goes."""

    def page(self, settings: Settings, *candidates: Any, name: str = "00000001-ab.paid") -> Path:
        request = {"account_id": "a", "action": "get_candidates", "params": {"job_id": "41"}}
        answer = {
            "success": True,
            "data": {
                "candidates": list(candidates),
                "total_available_results": len(candidates),
                "pagination": {"has_more": False},
            },
            "metadata": {"credits_consumed": 1},
        }
        content = f"{json.dumps(request)}\n{json.dumps(answer)}"
        return put(settings, f"spool/linkup/{name}", content)

    def erase(
        self, settings: Settings, record_id: str = "0", linkedin_id: str = "none"
    ) -> list[str]:
        """As `forget` does: whose records stand on pages is found first, and put on the list."""
        records = [f"linkup/candidates/41:{record_id}"]
        for _, _, payload in payloads(settings):
            candidate = json.loads(payload)
            if candidate.get("public_identifier") == linkedin_id:
                records.append(f"linkup/candidates/41:{candidate['application_id']}")
        hashes = {
            "record": frozenset(list_hash("record", name, KEY) for name in records),
            "linkedin": frozenset({list_hash("linkedin", linkedin_id, KEY)}),
        }
        return list(erase_from_files(settings, NOBODY, Forgotten(hashes, KEY)))

    def test_who_is_forgotten_goes_and_the_page_stays_as_old_as_it_was(
        self, settings: Settings
    ) -> None:
        page = self.page(settings, JANE, BO, NAMELESS, name="00000001-ab.handed_over")
        os.utime(page, (1_000_000, 1_000_000))
        before = [json.loads(line) for line in page.read_text().splitlines()]

        assert self.erase(settings, linkedin_id="bo-li") == [
            "spool/linkup/00000001-ab.handed_over: 1 candidates erased"
        ]
        after = [json.loads(line) for line in page.read_text().splitlines()]
        before[1]["data"]["candidates"][1] = {"application_id": "2"}
        assert after == before
        assert page.stat().st_mtime == 1_000_000
        assert [path.name for path in page.parent.iterdir()] == [page.name]

    def test_a_member_without_a_name_by_their_record(self, settings: Settings) -> None:
        page = self.page(settings, JANE, NAMELESS)
        assert len(self.erase(settings, record_id="3")) == 1
        kept = json.loads(page.read_text().splitlines()[1])["data"]["candidates"]
        assert kept == [JANE, {"application_id": "3"}]

    def test_a_page_without_them_is_not_written(self, settings: Settings) -> None:
        page = self.page(settings, JANE, "odd", None, {"headline": "half a pair \ud800"})
        before = (page.read_bytes(), page.stat().st_ino)
        assert self.erase(settings, linkedin_id="bo-li") == []
        assert (page.read_bytes(), page.stat().st_ino) == before

    def test_somebody_else_who_names_them_gets_a_mask(self, settings: Settings) -> None:
        friend = {**BO, "headline": "referred by linkedin.com/in/jane-doe-42", "job_id": 5}
        page = self.page(settings, friend, JANE)
        assert len(self.erase(settings, linkedin_id="jane-doe-42")) == 1
        kept = json.loads(page.read_text().splitlines()[1])["data"]["candidates"]
        assert kept == [
            {**friend, "headline": "referred by linkedin.com/in/***"},
            {"application_id": "1"},
        ]

    def test_an_answer_without_a_list_keeps_its_price(self, settings: Settings) -> None:
        path = "spool/linkup/00000001-ab.useless.paid"
        answer = {
            "success": True,
            "data": {"who": "ada@example.org"},
            "metadata": {"credits_consumed": 3},
        }
        page = put(
            settings, path, json.dumps({"action": "get_candidates"}) + "\n" + json.dumps(answer)
        )

        assert erase(settings) == [f"{path}: what names them erased"]
        del answer["data"]
        assert json.loads(page.read_text().splitlines()[1]) == answer

    def test_what_is_left_is_a_page_to_the_source(self, settings: Settings) -> None:
        """The source finds it under its name and counts what it cost."""
        folder = settings.spool_dir / "linkup"
        params = {"job_id": "41", "count": 10, "offset": 0}
        request = {"account_id": "a", "action": "get_candidates", "params": params}
        answer = {"data": {"candidates": [JANE, BO]}, "metadata": {"credits_consumed": 1}}
        PageStore(str(folder)).keep(request, json.dumps(answer).encode())
        assert len(self.erase(settings, linkedin_id="bo-li")) == 1

        page = PageStore(str(folder)).take(request)
        assert page is not None
        assert page.answer["metadata"] == {"credits_consumed": 1}
        assert page.answer["data"]["candidates"] == [JANE, {"application_id": "2"}]


class TestTheWarehouseWrittenAnew:
    """A new file takes the old one's place: all that is in it, and nothing that was."""

    def test_bytes_of_deleted_rows_are_gone(self, settings: Settings) -> None:
        """Nothing is compressed, so that the text would be found if it were there: it is, before."""
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute(
                """
                create table people (name varchar using compression uncompressed);
                insert into people select 'bob ' || i from range(99999) t(i);
                insert into people values ('ada lovelace of london');
                checkpoint;
                delete from people where name like 'ada%';
                """
            )
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
