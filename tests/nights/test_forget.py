"""People are forgotten after a night: nothing of them is left in any file, and no later night brings them back."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from dlt.pipeline.pipeline import Pipeline

from tests.nights.conftest import Installation
from tests.nights.traces import Somebody, people, places, rows_of_others, stored_records
from tests.nights.truth import PEOPLE, RecordKey
from tests.pipelines.outside import start

pytestmark = pytest.mark.slow

PAGE = "00000001-0123456789abcdef0123456789abcdef.paid"
WAYS = ("email", "person_id", "record")


def option(installation: Installation, person: Somebody, way: str) -> list[str]:
    vendor, record_id = min(person.records)
    ids = installation.query(
        f"select person_id from marts.person_records where vendor = '{vendor}' and record_id = '{record_id}'"
    )
    return {
        "email": ["--email", f" {person.email.upper()}"],
        "person_id": ["--person-id", ids[0][0]],
        "record": ["--record", f"{vendor}:{record_id}"],
    }[way]


@dataclass
class Story:
    """What was seen on the way, in the order in which it happened."""

    persons: dict[str, Somebody]
    exit_codes: list[int] = field(default_factory=list)
    places_before: set[str] = field(default_factory=set)
    places_after: set[str] = field(default_factory=set)
    others: list[dict[str, Counter[str]]] = field(default_factory=list)
    definitions: list[list[Any]] = field(default_factory=list)
    published: list[list[str]] = field(default_factory=list)
    persons_an_old_reader_sees: int = 0
    log: list[Any] = field(default_factory=list)
    list_: list[Any] = field(default_factory=list)
    runs: list[Any] = field(default_factory=list)
    output: str = ""
    places_after_a_night: set[str] = field(default_factory=set)
    places_after_resets: set[str] = field(default_factory=set)
    records_after_resets: set[RecordKey] = field(default_factory=set)
    newcomers: list[Any] = field(default_factory=list)
    night_output: str = ""

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(text for person in self.persons.values() for text in person.secrets)

    @property
    def records(self) -> set[RecordKey]:
        return {key for person in self.persons.values() for key in person.records}


def definitions(installation: Installation) -> list[Any]:
    """What the warehouse says about its tables, views and columns."""
    return installation.query(
        """
        select schema_name, table_name, column_name, data_type, is_nullable, comment from duckdb_columns()
        where not internal order by all
        """
    )


@pytest.fixture(scope="module")
def story(new_installation: Any) -> Story:
    """A night; three people are forgotten, each in another way; another night; all is read again."""
    installation: Installation = new_installation(250)
    assert installation.night() == 0, installation.output
    candidates = people(installation)
    applicant = next(p for p in candidates if {"linkup", "talkpush"} <= p.vendors)
    contacted = [p for p in candidates if {"easir", "talkpush", "hirednow"} <= p.vendors][:2]
    story = Story(dict(zip(WAYS, [contacted[0], applicant, contacted[1]], strict=True)))
    installation.truth.watch(installation.world)
    leave_traces(installation, story)
    story.places_before = places(installation, story.secrets)
    forgotten = list(story.persons.values())
    story.others.append(rows_of_others(installation, forgotten))
    story.definitions.append(definitions(installation))
    story.published.append(sorted(p.name for p in (installation.data / "published").iterdir()))

    current = installation.data / "published" / "current.duckdb"
    with duckdb.connect(str(current.resolve()), read_only=True) as reader:
        for way, person in story.persons.items():
            story.exit_codes.append(
                installation.hirefunnel("forget", *option(installation, person, way))
            )
            story.output += installation.output
        story.persons_an_old_reader_sees = reader.execute(
            "select count(distinct person_id) from marts.dim_person where email in (select unnest(?))",
            [[person.email for person in forgotten]],
        ).fetchall()[0][0]
    story.places_after = places(installation, story.secrets)
    story.others.append(rows_of_others(installation, forgotten))
    story.definitions.append(definitions(installation))
    story.published.append(sorted(p.name for p in (installation.data / "published").iterdir()))
    story.log = installation.query(
        'select "by", records, finished_at is not null from ops.forget_log'
    )
    story.list_ = installation.query("select kind, hash from ops.forgotten")
    story.runs = installation.query(
        "select command, status, exit_code from ops.runs order by started_at"
    )
    let_them_try_again(installation, story)
    return story


def leave_traces(installation: Installation, story: Story) -> None:
    """What a bad night leaves: a log and a page with them in it, an error that quotes them, rejected records."""
    person = story.persons["email"]
    (installation.data / "logs" / "bad.log").write_text(f"fine\nno such lead: {person.email}\n")
    spool = installation.data / "spool" / "linkup"
    spool.mkdir(parents=True, exist_ok=True)
    (spool / PAGE).write_text(page_with(story.persons["person_id"]))
    payload = json.dumps({"id": ["odd"], "email": person.email.upper()})
    with duckdb.connect(str(installation.data / "hirefunnel.duckdb")) as connection:
        connection.execute(
            "update ops.resource_runs set error = ? where resource = 'leads'", [payload]
        )
        connection.execute(
            "insert into raw_talkpush.rejected_records by name "
            "select 'leads' as resource, 'h' as record_hash, 'odd' as reason, ? as payload, "
            "'m' as mapping, 1 as _content_hash, 1 as _key_hash, now() as _seen_at, 'l' as _dlt_load_id",
            [payload],
        )


def page_with(person: Somebody) -> str:
    """A page that was paid for in another account, so that no later night loads it."""
    ids = [record_id.split(":") for vendor, record_id in person.records if vendor == "linkup"]
    job_id, application_id = ids[0]
    params = {"job_id": job_id, "count": 10, "offset": 0}
    request = {"account_id": "another", "action": "get_candidates", "params": params}
    candidate = {"application_id": application_id, "full_name": max(person.secrets, key=len)}
    answer = {"success": True, "data": {"candidates": [candidate, {"application_id": "x"}]}}
    return f"{json.dumps(request)}\n{json.dumps(answer, ensure_ascii=False)}"


def let_them_try_again(installation: Installation, story: Story) -> None:
    """Another night, with a new lead of one of them and a friend's that names them; then all from the beginning."""
    world, email = installation.world, story.persons["email"].email
    world.advance(days=1)
    stamp = world.talkpush.stamp(world.now)
    somebody = next(
        lead
        for lead in world.records("talkpush", "leads").values()
        if ("talkpush", str(lead["id"])) not in story.records
    )
    for number, changes in enumerate(
        ({"email": email.title()}, {"others": {"referred by": email}})
    ):
        lead = {
            **somebody,
            "id": 990_001 + number,
            "created_at": stamp,
            "updated_at": stamp,
            **changes,
        }
        world.talkpush.leads.put(str(lead["id"]), lead)
    story.exit_codes.append(installation.night())
    story.night_output = installation.output
    story.places_after_a_night = places(installation, story.secrets)
    story.newcomers = installation.query(
        "select id, others->>'referred by' from raw_talkpush.leads where id > 990000"
    )
    for vendor in PEOPLE:
        story.exit_codes.append(installation.hirefunnel("reset", vendor))
    story.exit_codes.append(installation.night())
    story.places_after_resets = places(installation, story.secrets)
    story.records_after_resets = stored_records(installation)


class TestSomebodyForgotten:
    """By e-mail, by a person's id, by one of their records: each time all that is theirs goes."""

    def test_the_story_is_worth_telling(self, story: Story) -> None:
        """They were in the bytes and the rows of many files; else finding nothing would prove nothing."""
        assert {vendor for vendor, _ in story.records} == set(PEOPLE)
        expected = {
            "bytes of data/logs/bad.log",
            f"bytes of data/spool/linkup/{PAGE}",
            "bytes of data/hirefunnel.duckdb",
            *(f"data/hirefunnel.duckdb, raw_{vendor}.{name}" for vendor, name in PEOPLE.items()),
            "data/hirefunnel.duckdb, raw_talkpush.rejected_records",
            "data/hirefunnel.duckdb, staging.stg_talkpush__leads_versions",
            "data/hirefunnel.duckdb, intermediate.int_person_records_unioned",
            "data/hirefunnel.duckdb, marts.dim_person",
            "data/hirefunnel.duckdb, ops.resource_runs",
            f"data/published/{story.published[0][1]}, marts.dim_person",
        }
        assert expected <= story.places_before

    def test_nothing_of_them_is_left_in_any_file(self, story: Story) -> None:
        assert story.exit_codes[:3] == [0, 0, 0], story.output
        assert story.places_after == set()

    def test_nothing_of_anybody_else_has_changed(self, story: Story) -> None:
        before, after = story.others
        assert all(before.values())
        assert after == before

    def test_the_warehouse_has_the_same_tables_views_and_descriptions(self, story: Story) -> None:
        before, after = story.definitions
        assert any(comment for *_, comment in before)
        assert after == before

    def test_one_published_copy_is_left_and_who_reads_an_older_one_is_not_disturbed(
        self, story: Story
    ) -> None:
        before, after = story.published
        assert len(after) == 2
        assert "current.duckdb" in after
        assert not set(before) & set(after) - {"current.duckdb"}
        assert story.persons_an_old_reader_sees == 3

    def test_the_log_says_when_and_how_many_and_not_who(self, story: Story) -> None:
        expected = [
            (way, dict(Counter(vendor for vendor, _ in person.records)), True)
            for way, person in story.persons.items()
        ]
        assert story.log == expected
        assert story.runs[1:4] == [("forget", "ok", 0)] * 3

    def test_the_list_holds_hashes_of_emails_records_and_linkedin_ids(self, story: Story) -> None:
        kinds = Counter(kind for kind, _ in story.list_)
        results = sum(vendor == "hirednow" for vendor, _ in story.records)
        assert kinds["email"] == 3
        assert kinds["record"] == len(story.records) + results  # and their detailed results
        assert kinds["linkedin"] >= 1
        assert all(re.fullmatch("[0-9a-f]{32}", text) for _, text in story.list_)

    def test_what_is_printed_names_places_and_no_person(self, story: Story) -> None:
        assert "raw_talkpush.leads: 1 erased" in story.output
        assert "logs/bad.log: 1 lines erased" in story.output
        assert f"spool/linkup/{PAGE}: 1 candidates erased" in story.output
        assert not [text for text in story.secrets if text in story.output.lower()]


class TestLaterNights:
    """The vendors show them still; nothing of them comes in."""

    def test_another_night_does_not_bring_them_back(self, story: Story) -> None:
        assert story.exit_codes[3] == 0, story.night_output
        assert story.places_after_a_night == set()

    def test_nor_does_reading_everything_again(self, story: Story) -> None:
        assert story.exit_codes[4:] == [0] * 5
        assert story.places_after_resets == set()
        assert story.records_after_resets
        assert not story.records & story.records_after_resets

    def test_a_new_lead_with_the_same_email_is_kept_out_and_this_is_counted(
        self, story: Story
    ) -> None:
        assert 990_001 not in [lead_id for lead_id, _ in story.newcomers]
        assert re.search(
            r"talkpush · leads: \d+ rows of people who were forgotten", story.night_output
        )

    def test_a_friends_lead_that_names_them_comes_without_the_name(self, story: Story) -> None:
        assert story.newcomers == [(990_002, "***")]


KILLED_AT = {
    "when the list is written": "forget.erase_from_files",
    "before the rows go": "forget.erase_rows",
    "while the warehouse is written anew": "erase_files.shutil.copymode",
    "before the build": "run.Run.build",
    "before older copies are removed": "forget.suppress",
}


@pytest.fixture(scope="module")
def installation(new_installation: Any) -> Installation:
    installation: Installation = new_installation(120)
    assert installation.night() == 0, installation.output
    return installation


def somebody_in(installation: Installation, records: set[RecordKey]) -> Somebody:
    """A person all of whose records are among these."""
    return next(p for p in people(installation) if p.records <= records and len(p.vendors) > 1)


class TestAKilledForget:
    """Given again, the command ends what was begun."""

    @pytest.mark.parametrize("place", KILLED_AT.values(), ids=KILLED_AT)
    def test_is_done_when_it_is_repeated(self, installation: Installation, place: str) -> None:
        stored = stored_records(installation)
        person = somebody_in(installation, stored)
        arguments = ["forget", "--email", person.email]
        self.run_until_killed(installation, place, arguments)
        assert installation.query("select count(*) > 0 from ops.forgotten") == [(True,)]

        assert installation.hirefunnel(*arguments) == 0, installation.output
        assert places(installation, person.secrets) == set()
        assert stored - stored_records(installation) == person.records
        assert installation.query("select * from ops.forget_log where finished_at is null") == []
        assert installation.query("select count(*) from marts.dim_person") != [(0,)]

    def run_until_killed(
        self, installation: Installation, place: str, arguments: list[str]
    ) -> None:
        module = place.split(".")[0]
        script = f"""
import os, signal
from pipelines import cli, {module}
def kill(*arguments, **more):
    os.kill(os.getpid(), signal.SIGKILL)
{place} = kill
cli.main()
"""
        process = start(installation, *arguments, code=script)
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL, stderr


def shown(installation: Installation) -> set[RecordKey]:
    """What the vendors have shown so far."""
    return {
        (vendor, str(record_id))
        for vendor, resource in PEOPLE.items()
        for record_id in installation.truth.current(vendor, resource)
    }


def test_what_waits_to_be_loaded_is_loaded_first_and_then_erased(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night that could not write: a new person is in its load packages and nowhere else."""
    stored, shown_before = stored_records(installation), shown(installation)
    installation.world.advance(days=3)

    def no_space(self: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, "load", no_space)
        assert installation.night("sync") == 1
    new = shown(installation) - shown_before
    person = next(p for p in people(installation) if p.records <= new)
    assert any(
        person.email in str(pq.read_table(file).to_pylist()).lower()
        for file in (installation.data / "dlt").rglob("*.parquet")
    )

    assert installation.hirefunnel("forget", "--email", person.email) == 0, installation.output
    assert places(installation, person.secrets) == set()
    assert stored_records(installation) > stored
    assert not person.records & stored_records(installation)


def test_who_is_in_no_table_of_people_is_erased_as_well(installation: Installation) -> None:
    """A lead that was rejected whole, and somebody of whom only a log tells."""
    payload = {
        "id": 70_007,
        "email": "ada@example.org",
        "created_at": "at noon",
        "first_name": "Ada",
    }
    with duckdb.connect(str(installation.data / "hirefunnel.duckdb")) as connection:
        connection.execute(
            "insert into raw_talkpush.rejected_records by name "
            "select 'leads' as resource, 'h' as record_hash, 'odd' as reason, ? as payload, "
            "'m' as mapping, 1 as _content_hash, 1 as _key_hash, now() as _seen_at, 'l' as _dlt_load_id",
            [json.dumps(payload)],
        )
    log = installation.data / "logs" / "bad.log"
    log.write_text("not stored: ada@example.org\nnot stored: bob@example.org\n")
    secrets = frozenset({"ada@example.org"})
    assert "data/hirefunnel.duckdb, raw_talkpush.rejected_records" in places(installation, secrets)

    assert installation.hirefunnel("forget", "--record", "talkpush:70007") == 0, installation.output
    assert places(installation, secrets) == set()
    assert log.read_text() == "not stored: bob@example.org\n"
    assert installation.hirefunnel("forget", "--email", "bob@example.org") == 0, installation.output
    assert log.read_text() == ""
    with duckdb.connect(str(installation.data / "hirefunnel.duckdb")) as connection:
        connection.execute("delete from ops.builds")  # as dbt started by hand does
    assert installation.hirefunnel("forget", "--email", "bob@example.org") == 1
    assert "Nobody is stored" in installation.output
    assert installation.query("select is_whole from ops.builds") == [(True,)]


def test_a_mapping_that_names_them_is_the_users_to_change(installation: Installation) -> None:
    person = somebody_in(installation, stored_records(installation))
    mapping = installation.folder / "mappings" / "blocked_keys.csv"
    mapping.write_text(f"key_type,value,reason\nphone,+639000000000,desk of {person.email}\n")

    assert installation.hirefunnel("forget", "--email", person.email) == 1
    assert "blocked_keys.csv names them in line 2; take the line out" in installation.output
    assert person.email not in installation.output
    mapping.unlink()
    assert installation.hirefunnel("build") == 0
    assert not person.records & stored_records(installation)
