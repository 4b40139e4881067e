"""Forgetting somebody: who is meant, and what a user is told. The whole of it is in tests/nights/test_forget.py."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines import cli, database, lock, pipeline
from pipelines.errors import HirefunnelError, SettingsError, WarehouseHeldError
from pipelines.forgotten import Forgotten
from pipelines.settings import Settings
from pipelines.status import collect
from pipelines.whose import Payload, Wanted, find, wanted


def forget(*arguments: str) -> int:
    result = CliRunner().invoke(cli.app, ["forget", *arguments])
    if isinstance(result.exception, HirefunnelError):
        raise result.exception
    return result.exit_code


def test_dbt_finds_no_command_line_that_names_them(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes down the one that it finds, in `run_results.json`."""
    given = ["hirefunnel", "forget", "--email", "ada@example.org"]
    monkeypatch.setattr("sys.argv", given)

    def tell(_: object) -> None:
        raise HirefunnelError(" ".join(sys.argv))

    monkeypatch.setattr("pipelines.forget._make_current", tell)
    with pytest.raises(HirefunnelError, match=r"^hirefunnel forget$"):
        forget(*given[2:])
    assert sys.argv == given


class TestTheOptions:
    """Exactly one of three, each checked before anything is done."""

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], "Say who"),
            (["--email", " "], "Say who"),
            (["--email", "ada@example.org", "--person-id", "p"], "Say who"),
            (["--email", "Ada"], "no e-mail address"),
            (["--record", "482123"], "talkpush:482123"),
            (["--record", "closerx:1"], "hirednow, talkpush, linkup, easir"),
            (["--record", "talkpush:"], "VENDOR:ID"),
        ],
    )
    def test_what_names_nobody_is_exit_2_and_nothing_is_done(
        self, installation: Settings, arguments: list[str], words: str
    ) -> None:
        with pytest.raises(SettingsError, match=words):
            forget(*arguments)
        assert not installation.data_dir.exists()

    def test_a_record_id_keeps_its_colons_and_an_email_loses_its_capitals(self) -> None:
        assert wanted(None, None, "linkup:41:26") == Wanted("record", "41:26", "linkup")
        assert wanted(" Ada@Example.org ", None, None) == Wanted("email", "ada@example.org")


class TestNobodyIsFound:
    """That is exit 1, but the vendors may show them yet."""

    def test_an_email_is_kept_out_from_then_on_and_not_repeated(
        self, installation: Settings
    ) -> None:
        with pytest.raises(HirefunnelError, match="Nobody is stored") as told:
            forget("--email", "ada@example.org")

        assert "ada" not in str(told.value)
        assert told.value.exit_code == 1
        assert Forgotten.load(installation) is not None

    def test_a_person_id_says_nothing_about_what_may_come(self, installation: Settings) -> None:
        with pytest.raises(HirefunnelError, match=r"Nobody is stored under this person_id\.$"):
            forget("--person-id", "0123")

    def test_is_no_failed_run_that_status_would_tell_of(
        self, installation: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The command is exit 1 or 2; what it had to do is done, and no data is stale for it."""
        with pytest.raises(HirefunnelError):
            forget("--record", "talkpush:7")

        def shared(*_: object) -> None:
            raise SettingsError("2 persons share this e-mail")

        monkeypatch.setattr("pipelines.forget.find", shared)
        with pytest.raises(SettingsError, match="2 persons share"):
            forget("--email", "ada@example.org")
        runs = [(run["command"], run["status"]) for run in collect(installation)["last_runs"]]
        assert runs == [("forget", "ok")] * 2
        assert "did not end well" not in collect(installation)["summary"]

    def test_another_run_is_exit_3(self, installation: Settings) -> None:
        installation.prepare()
        with lock.hold(installation, "run"), pytest.raises(WarehouseHeldError):
            forget("--email", "ada@example.org")


class Warehouse:
    """Leads and results in raw, and what the marts make of them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        connection.execute(
            """
            create schema marts;
            create table marts.person_records (
                person_id varchar, vendor varchar, record_id varchar, email varchar, full_name varchar,
                phone_e164 varchar, other_phone_e164 varchar, linkedin_public_id varchar
            )
            """
        )

    def lead(self, id_: int, *emails: str | None, person: str | None = None, **more: Any) -> None:
        """A lead with a version for each e-mail; without a person, no build has read it."""
        for number, email in enumerate(emails):
            values = {
                "id": id_,
                "email": email,
                "first_name": f"N{id_}",
                "last_name": "Lee",
                "_content_hash": number,
                "_key_hash": id_,
                "_seen_at": f"2026-03-0{number + 1}",
                "_dlt_load_id": "1",
                **more,
            }
            names = ", ".join(values)
            marks = ", ".join("?" for _ in values)
            self.connection.execute(
                f"insert into raw_talkpush.leads ({names}) values ({marks})", [*values.values()]
            )
        if person:
            self.connection.execute(
                "insert into marts.person_records values (?, 'talkpush', ?, ?, ?, null, null, null)",
                [person, str(id_), emails[-1], f"N{id_} Lee"],
            )

    def reject(self, payload: Any) -> None:
        """A lead that could not be stored."""
        self.connection.execute(
            "insert into raw_talkpush.rejected_records by name "
            "select 'leads' as resource, ? as payload, 'h' as record_hash, 'odd' as reason, 'm' as mapping, "
            "1 as _content_hash, 1 as _key_hash, now() as _seen_at, 'l' as _dlt_load_id",
            [json.dumps(payload)],
        )

    def find(self, who: Wanted, *payloads: Payload) -> tuple[set[str], set[str]]:
        """The ids of the records that are meant, and the e-mails that are theirs."""
        person = find(self.connection, who, payloads)
        return {record_id for _, record_id in person.records}, set(person.emails)


@pytest.fixture
def warehouse(installation: Settings) -> Iterator[Warehouse]:
    installation.prepare()
    pipeline.create_missing_tables(installation)
    with database.connect(installation.warehouse) as connection:
        yield Warehouse(connection)


class TestWhoIsMeant:
    """All records of the person, and nobody else's."""

    def test_each_way_leads_to_all_of_the_persons_records(self, warehouse: Warehouse) -> None:
        warehouse.lead(1, "ada@example.org", person="ada")
        warehouse.lead(2, None, person="ada")
        warehouse.lead(3, "bob@example.org", person="bob")

        expected = ({"1", "2"}, {"ada@example.org"})
        assert warehouse.find(Wanted("email", "ada@example.org")) == expected
        assert warehouse.find(Wanted("person_id", "ada")) == expected
        assert warehouse.find(Wanted("record", "2", "talkpush")) == expected

    def test_what_no_build_has_read_is_theirs_if_it_has_their_email(
        self, warehouse: Warehouse
    ) -> None:
        warehouse.lead(1, "ada@example.org", person="ada")
        warehouse.lead(2, "ADA@example.org ")
        warehouse.lead(3, "bob@example.org")

        assert warehouse.find(Wanted("person_id", "ada"))[0] == {"1", "2"}

    def test_an_email_that_a_record_once_had_counts_if_none_has_it_now(
        self, warehouse: Warehouse
    ) -> None:
        warehouse.lead(1, "old@example.org", "new@example.org", person="ada")

        both = {"old@example.org", "new@example.org"}
        assert warehouse.find(Wanted("email", "old@example.org")) == ({"1"}, both)

    def test_an_email_that_was_typed_into_anothers_record_by_mistake_is_not_theirs(
        self, warehouse: Warehouse
    ) -> None:
        """Bob's address was in Ada's record until somebody corrected it."""
        warehouse.lead(1, "bob@example.org", "ada@example.org", person="ada")
        warehouse.lead(2, "bob@example.org", person="bob")

        assert warehouse.find(Wanted("email", "ada@example.org")) == ({"1"}, {"ada@example.org"})
        assert warehouse.find(Wanted("email", "bob@example.org")) == ({"2"}, {"bob@example.org"})

    def test_an_email_that_several_persons_share_is_refused(self, warehouse: Warehouse) -> None:
        """A kiosk's, which joins nobody: one of them cannot take the others along."""
        for number in range(1, 6):
            warehouse.lead(number, "kiosk@example.org", person=f"person {number}")

        with pytest.raises(SettingsError, match="5 persons share this e-mail"):
            warehouse.find(Wanted("email", "kiosk@example.org"))
        assert warehouse.find(Wanted("record", "3", "talkpush")) == ({"3"}, set())

    def test_what_gives_them_away_in_a_log_is_known_as_it_was_written(
        self, warehouse: Warehouse
    ) -> None:
        warehouse.lead(1, "ada@example.org", person="ada", user_phone_number="0917 555-0101")
        warehouse.lead(2, "bob@example.org", person="bob", user_phone_number="0917 555-0102")

        words = find(warehouse.connection, Wanted("person_id", "ada")).words
        assert words == ["0917 555-0101", "ada@example.org", "n1 lee"]

    def test_a_linkedin_profile_ties_what_no_build_has_read(self, warehouse: Warehouse) -> None:
        profile = json.dumps({"profile": "https://www.linkedin.com/in/ada-1"})
        warehouse.lead(1, "ada@example.org", person="ada", others=profile)
        warehouse.lead(2, None, others=profile)

        assert warehouse.find(Wanted("record", "1", "talkpush"))[0] == {"1", "2"}

    def test_a_record_that_was_rejected_is_read_as_well(self, warehouse: Warehouse) -> None:
        ada = {"id": 7, "email": "Ada@example.org", "first_name": "Ada", "last_name": "Lovelace"}
        warehouse.reject({**ada, "created_at": "at noon"})
        warehouse.reject({**ada, "id": None, "user_phone_number": "0917 555-0101"})
        warehouse.reject({"id": None, "email": "bob@example.org", "first_name": "Bob"})
        warehouse.reject("no record")

        expected = ({"7"}, {"ada@example.org"})
        for who in (Wanted("email", "ada@example.org"), Wanted("record", "7", "talkpush")):
            assert warehouse.find(who) == expected
            words = find(warehouse.connection, who).words
            assert words == ["0917 555-0101", "ada lovelace", "ada@example.org"]

    def test_a_rejected_version_tells_of_a_person_whom_the_marts_know(
        self, warehouse: Warehouse
    ) -> None:
        warehouse.lead(1, "new@example.org", person="ada")
        warehouse.reject({"id": 1, "email": "old@example.org", "created_at": "at noon"})

        both = {"old@example.org", "new@example.org"}
        assert warehouse.find(Wanted("email", "old@example.org")) == ({"1"}, both)

    def test_a_page_that_waits_to_be_loaded_is_read_as_well(self, warehouse: Warehouse) -> None:
        profile = "https://www.linkedin.com/in/ada-1"
        warehouse.lead(1, "ada@example.org", person="ada", others=json.dumps({"profile": profile}))
        page = [
            {"job_id": "41", "application_id": name, "public_identifier": name}
            for name in ("ada-1", "bob-1")
        ]
        payloads = [("linkup", "candidates", json.dumps(candidate)) for candidate in page]

        found = warehouse.find(Wanted("email", "ada@example.org"), *payloads)
        assert found[0] == {"1", "41:ada-1"}
