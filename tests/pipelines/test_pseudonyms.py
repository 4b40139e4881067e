"""The published copy says who people are once, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import copies, publish
from pipelines.errors import SettingsError
from pipelines.keyed import keyed_hash
from pipelines.settings import Settings
from simulator import World
from tests.nights.conftest import Installation, clean_environment, new_installation

__all__ = ["clean_environment", "new_installation"]  # fixtures

AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
SALT = "a salt of a test, long enough"


@pytest.fixture
def built(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two people of whom one has no e-mail, and a record of the first."""
    monkeypatch.setenv("HIREFUNNEL_SALT", SALT)
    installation.prepare()
    with duckdb.connect(str(installation.warehouse)) as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.dim_person (
                person_id varchar not null, full_name varchar not null, email varchar, location varchar
            );
            insert into marts.dim_person values
                ('p1', 'Jane Doe', 'jane@example.com', 'Cebu'), ('p2', 'Jane Doe', null, 'Cali');
            comment on table marts.dim_person is 'A person.';
            create table marts.person_records (
                person_id varchar, record_id varchar, full_name varchar, email varchar, phone_e164 varchar
            );
            insert into marts.person_records values ('p1', '17', 'Jane Doe', 'jane@example.com', '+491');
            create table marts.dim_referral (email varchar);
            insert into marts.dim_referral values ('jane@example.com');
            """
        )
    return installation


def read(path: object, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


class TestTheCopy:
    """HIREFUNNEL_PSEUDONYMISE=true puts keyed hashes where a person could be read."""

    @pytest.fixture
    def copy(self, built: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("HIREFUNNEL_PSEUDONYMISE", "true")
        return publish.publish(built, AT, "run-1", [])

    def test_has_hashes_for_names_and_emails_and_leaves_the_rest(self, copy: Path) -> None:
        key = SALT.encode()
        name, email = keyed_hash("Jane Doe", key), keyed_hash("jane@example.com", key)

        assert read(copy, "from marts.dim_person order by 1") == [
            ("p1", name, email, "Cebu"),
            ("p2", name, None, "Cali"),
        ]

    def test_joins_by_the_hashes(self, copy: Path) -> None:
        found = "select person_id from marts.dim_person join marts.dim_referral using (email)"

        assert read(copy, found) == [("p1",)]

    def test_keeps_types_and_not_nulls_and_says_what_it_is(self, copy: Path) -> None:
        assert read(
            copy,
            "select column_name, data_type, is_nullable from duckdb_columns() where table_name = 'dim_person'",
        ) == [
            ("person_id", "VARCHAR", False),
            ("full_name", "VARCHAR", False),
            ("email", "VARCHAR", True),
            ("location", "VARCHAR", True),
        ]
        comments = dict(read(copy, "select table_name, comment from duckdb_tables()"))
        assert comments["dim_person"] == "A person. Pseudonyms (keyed hashes): email, full_name."
        assert read(copy, "select is_pseudonymised from marts.publication") == [(True,)]

    def test_takes_the_place_of_copies_that_say_who_people_are(
        self, built: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plain = publish.publish(built, AT, "run-1", [])
        monkeypatch.setenv("HIREFUNNEL_PSEUDONYMISE", "true")
        hidden = publish.publish(built, AT + timedelta(days=1), "run-2", [])
        newest = publish.publish(built, AT + timedelta(days=2), "run-3", [])

        assert not plain.exists()
        assert set(built.published_dir.glob("hirefunnel-*")) == {hidden, newest}

    def test_follows_the_salt(
        self, copy: Path, built: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HIREFUNNEL_SALT", "another salt of a test")
        other = publish.publish(built, AT + timedelta(days=1), "run-2", [])

        emails = "select email from marts.dim_person where email is not null"
        assert read(copy, emails) != read(other, emails)


def test_records_are_copied_without_what_they_say_of_a_person(built: Settings) -> None:
    copy = publish.publish(built, AT, "run-1", [])

    assert read(copy, "from marts.person_records") == [("p1", "17")]
    assert read(copy, "select full_name from marts.dim_person limit 1") == [("Jane Doe",)]
    assert read(copy, "select is_pseudonymised from marts.publication") == [(False,)]


@pytest.mark.parametrize("text", ["yes", "1", "True", "tru"])
def test_another_word_than_true_or_false_is_refused(
    built: Settings, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("HIREFUNNEL_PSEUDONYMISE", text)

    with pytest.raises(SettingsError, match=f"HIREFUNNEL_PSEUDONYMISE is '{text}'; write true"):
        publish.publish(built, AT, "run-1", [])
    assert copies.newest(built) is None


def known(world: World) -> set[str]:
    """What says who a person of the world is, in each form in which a vendor writes it."""
    found: set[str] = set()
    for lead in world.records("talkpush", "leads").values():
        phone = str(lead["user_phone_number"] or "")
        found |= {f"{lead['first_name']} {lead['last_name']}", lead["email"] or "", phone}
    for applicant in world.records("linkup", "candidates").values():
        found |= {applicant["full_name"], applicant["public_identifier"]}
    for result in world.records("hirednow", "results").values():
        found.add(result["user"].get("email") or "")
    for recipient in world.records("easir", "campaign_recipients").values():
        fields = {entry["name"]: entry["value"] for entry in recipient["fixed_fields"]}
        found |= {recipient["account"]["name"], fields["email"] or ""}
        found.add(fields["mobile_phone_number"] or "")
    return {text for form in found for text in (form, form.lower()) if len(text) > 7}


@pytest.mark.slow
def test_nobody_of_a_whole_world_is_in_the_bytes_or_rows_of_the_copy(new_installation: Any) -> None:
    installation: Installation = new_installation(150)
    assert installation.night() == 0
    current = installation.data / "published" / "current.duckdb"
    people = known(installation.world)
    people |= {
        text for (text,) in installation.query("select phone_e164 from marts.dim_person") if text
    }
    assert len(people) > 300

    def told(path: Path) -> Iterator[str]:
        content = path.read_bytes()
        tables = read(path, "select table_name from duckdb_tables()")
        # a database may compress what it holds, so its rows are asked as well
        rows = "\n".join(
            repr(row) for (name,) in tables for row in read(path, f"from marts.{name}")
        )
        yield from (text for text in people if text.encode() in content or text in rows)

    assert len(list(told(current))) > 100
    installation.settings["HIREFUNNEL_PSEUDONYMISE"] = "true"
    counted = "select count(*), count(email), count(distinct email) from marts.dim_person"
    before = read(current, counted)
    assert installation.hirefunnel("publish") == 0

    assert list(told(current)) == []
    assert read(current, counted) == before
    copies = list((installation.data / "published").iterdir())
    assert sorted(path.name for path in copies) == ["current.duckdb", current.resolve().name]
