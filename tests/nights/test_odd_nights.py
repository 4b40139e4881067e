"""Nights with what cannot be loaded: it is kept, told, and never in the way of the next night."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from dlt.destinations.insert_job_client import InsertValuesLoadJob
from dlt.pipeline.pipeline import Pipeline

from pipelines import vendor_sync, version_load
from pipelines.credit_notes import CreditNotes
from pipelines.vendors import VENDORS
from pipelines.version_load import VersionLoadJob
from pipelines.versions import REJECTED
from tests.nights.conftest import Installation

pytestmark = pytest.mark.slow

LEADS = "campaign_invitations"
# Where a test lets a file fail each time: dlt waits a second before each of its five attempts.
ONE_ATTEMPT = {"LOAD__RAISE_ON_MAX_RETRIES": "1"}


@pytest.fixture
def installation(new_installation: Any) -> Installation:
    made: Installation = new_installation(80)
    return made


def status(installation: Installation) -> dict[str, Any]:
    installation.hirefunnel("status", "--json")
    facts: dict[str, Any] = json.loads(installation.output)
    return facts


def leads(installation: Installation) -> set[int]:
    return {id_ for (id_,) in installation.query("select distinct id from raw_talkpush.leads")}


def true_leads(installation: Installation) -> set[int]:
    return {record["id"] for record in installation.truth.current("talkpush", "leads").values()}


def count(installation: Installation, table: str) -> int:
    return int(installation.query(f"select count(*) from {table}")[0][0])


class TestAPackageThatCannotBeLoaded:
    """It is set aside, and the next night works."""

    def fail_to_load(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        def load(_: Any) -> None:
            raise error

        monkeypatch.setattr(Pipeline, "load", load)

    def test_a_damaged_file_costs_a_second_reading_and_nothing_else(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            self.fail_to_load(patch, OSError(28, "No space left on device"))
            assert installation.night("sync") == 1
        pending = list((installation.data / "dlt" / "talkpush").rglob("leads.*.parquet"))
        assert pending, "a full disk leaves the package where it is"
        for file in pending:
            file.write_bytes(file.read_bytes()[:100])

        assert installation.night("sync") == 0
        assert leads(installation) == true_leads(installation)
        [kept] = status(installation)["set_aside"]
        assert kept["vendor"] == "talkpush"
        assert (installation.data / "set_aside" / kept["folder"]).is_dir()

        assert (
            installation.hirefunnel("replay", kept["folder"]) == 1
        )  # it cannot be read, and says so
        before = count(installation, "raw_talkpush.leads")
        assert installation.night("sync") == 0
        assert count(installation, "raw_talkpush.leads") == before

    def test_what_was_set_aside_can_be_replayed(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            self.fail_to_load(patch, RuntimeError("a package that can never load"))
            assert installation.night("sync") == 1
        assert count(installation, "raw_talkpush.leads") == 0
        kept = status(installation)["set_aside"]
        assert {row["vendor"] for row in kept} == set(VENDORS)
        assert {row["reason"] for row in kept} == {"a package that can never load"}

        folders = [row["folder"] for row in kept if row["vendor"] == "talkpush"]
        for folder in folders:
            assert installation.hirefunnel("replay", folder) == 0
        assert leads(installation) == true_leads(installation)
        replayed = count(installation, "raw_talkpush.leads")
        with duckdb.connect(str(installation.data / "hirefunnel.duckdb")) as connection:
            connection.execute(  # as if a build had read them
                "insert into ops.built_loads select distinct 'talkpush', _dlt_load_id from raw_talkpush.leads"
            )
        for folder in folders:
            assert installation.hirefunnel("replay", folder) == 0
        assert count(installation, "ops.built_loads") == 0
        assert installation.night("sync") == 0
        assert count(installation, "raw_talkpush.leads") == replayed
        assert "talkpush" not in {row["vendor"] for row in status(installation)["set_aside"]}

    def test_what_it_brought_before_counts_and_the_rest_is_read_again(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of its files the leads can be loaded, and the cursors; the rejected records cannot."""
        odd = misdate_a_lead(installation)
        load = VersionLoadJob.run

        def fail(job: VersionLoadJob) -> None:
            if job.load_table_name == REJECTED:
                raise RuntimeError("a file that can never be loaded")
            load(job)

        with monkeypatch.context() as patch:
            patch.setattr(VersionLoadJob, "run", fail)
            assert installation.night("sync") == 1
        assert leads(installation) == true_leads(installation) - {odd}
        assert count(installation, "ops.rejected_records") == 0

        assert installation.night("sync") == 0, installation.output
        assert count(installation, "ops.rejected_records") == 1
        not_counted = """
            raw_talkpush.leads
            where _dlt_load_id not in (select load_id from raw_talkpush._dlt_loads where status = 0)
        """
        assert count(installation, not_counted) == 0
        [kept] = status(installation)["set_aside"]
        assert installation.hirefunnel("replay", kept["folder"]) == 0
        assert leads(installation) == true_leads(installation) - {odd}

    def test_one_that_is_half_loaded_is_not_finished_in_an_older_warehouse(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The rows reached the warehouse, the cursors did not; then a backup is put back."""
        installation.settings |= ONE_ATTEMPT
        assert installation.night("sync") == 0
        warehouse = installation.data / "hirefunnel.duckdb"
        backup = warehouse.read_bytes()
        installation.world.advance(days=9)

        def fail(_: Any) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(InsertValuesLoadJob, "run", fail)
            assert installation.night("sync") == 1
        brought = leads(installation)
        warehouse.write_bytes(backup)
        assert leads(installation) < brought

        assert installation.night("sync") == 0, installation.output
        assert leads(installation) == true_leads(installation)

    def test_a_truncated_state_costs_no_cursor(self, installation: Installation) -> None:
        assert installation.night("sync", "talkpush") == 0
        before = count(installation, "raw_talkpush.leads")
        state = installation.data / "dlt" / "talkpush" / "state.json"
        state.write_bytes(state.read_bytes()[:50])

        assert installation.night("sync", "talkpush") == 0
        assert count(installation, "raw_talkpush.leads") == before
        days = {
            request.params["filter[updated_start_date]"]
            for request in installation.simulator.requests
            if request.vendor == "talkpush" and request.path.endswith(LEADS)
        }
        assert len(days) < 6, "only the lookback, as the warehouse knows the cursor"


def spoil(installation: Installation, change: Callable[[list[Any]], None]) -> Any:
    """Changes the records of each page of leads."""

    def function(_: Any, payload: Any) -> Any:
        copy = json.loads(json.dumps(payload))
        change(copy["candidates"])
        return copy

    return installation.simulator.faults.add(
        "talkpush", "callback", path=LEADS, times=None, function=function
    )


def misdate_a_lead(installation: Installation) -> int:
    """Talkpush sends its first lead with a time that is none; says which lead."""
    odd = int(min(lead["id"] for lead in installation.world.records("talkpush", "leads").values()))

    def change(candidates: list[Any]) -> None:
        for lead in candidates:
            if lead["id"] == odd:
                lead["created_at"] = "the day before yesterday"

    spoil(installation, change)
    return odd


class TestRecordsThatCannotBeStored:
    """They are kept with the reason, counted, and tried again when the mapping changes."""

    def test_none_is_lost_and_the_others_are_loaded(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        odd = sorted(
            lead["id"] for lead in installation.world.records("talkpush", "leads").values()
        )[:3]

        def change(candidates: list[Any]) -> None:
            for lead in candidates:
                if lead["id"] == odd[0]:
                    lead["created_at"] = "the day before yesterday"
                elif lead["id"] == odd[1]:
                    del lead["id"]
                elif lead["id"] == odd[2]:
                    lead["candidate_id"] = {"of": "many"}

        spoil(installation, change)
        assert installation.night("sync", "talkpush") == 0, installation.output
        assert leads(installation) == true_leads(installation) - set(odd)
        found = installation.query(
            "select reason, payload->>'email' from ops.rejected_records order by all"
        )
        assert [reason for reason, _ in found] == [
            "candidate_id is not an integer",
            "created_at is not a timestamp",
            "id is missing",
        ]
        assert all(email for _, email in found)
        assert [
            (row["reason"], row["count_records"]) for row in status(installation)["rejected"]
        ] == [(reason, 1) for reason, _ in found]

        assert installation.night("sync", "talkpush") == 0
        assert count(installation, "ops.rejected_records") == 3

        from sources import talkpush

        columns = {**talkpush.LEAD_COLUMNS, "created_at": {"data_type": "text"}}
        monkeypatch.setattr(talkpush, "LEAD_COLUMNS", columns)
        installation.simulator.faults.clear()
        with duckdb.connect(str(installation.data / "hirefunnel.duckdb")) as connection:
            connection.execute("alter table raw_talkpush.leads alter created_at type varchar")
        assert installation.night("sync", "talkpush") == 0, installation.output
        assert leads(installation) >= {odd[0]}
        left = installation.query("select reason from ops.rejected_records order by all")
        assert ("created_at is not a timestamp",) not in left
        assert ("id is missing",) in left

    def test_what_is_stored_as_it_was_seen_later_is_told_no_more(
        self, installation: Installation
    ) -> None:
        odd = misdate_a_lead(installation)
        assert installation.night("sync", "talkpush") == 0
        assert [row["count_records"] for row in status(installation)["rejected"]] == [1]
        installation.simulator.faults.clear()
        installation.settings["SOURCES__TALKPUSH__LOOKBACK_DAYS"] = "400"
        assert installation.night("sync", "talkpush") == 0
        assert odd in leads(installation)
        assert status(installation)["rejected"] == []
        assert count(installation, "ops.rejected_records") == 1  # and yet it is not lost

        misdate_a_lead(installation)  # the same answer as the first one
        assert installation.night("sync", "talkpush") == 0
        assert [row["count_records"] for row in status(installation)["rejected"]] == [1]


def test_records_too_large_for_the_memory_of_a_load_are_loaded_with_more(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enlarge(candidates: list[Any]) -> None:
        for lead in candidates:
            answer = "".join(f"{lead['id']}{number}" for number in range(20_000))
            lead["answers"] = {"essay": answer}

    installation.settings |= ONE_ATTEMPT
    monkeypatch.setattr(vendor_sync, "LOAD_MEMORY", "16MB")
    with monkeypatch.context() as patch:
        patch.setattr(version_load, "MORE_MEMORY", ())
        spoil(installation, enlarge)
        assert installation.night("sync", "talkpush") == 1
        assert "memory" in installation.output.lower()
    spoil(installation, enlarge)
    assert installation.night("sync", "talkpush") == 0, installation.output
    assert leads(installation) == true_leads(installation)


def test_each_drift_is_told_once(installation: Installation) -> None:
    assert installation.night("sync", "talkpush") == 0
    told = status(installation)["drift"]

    def change(candidates: list[Any]) -> None:
        for lead in candidates:
            lead["badge"] = "gold"
            lead["school_name"] = 7
            del lead["last_name"]

    spoil(installation, change)
    installation.world.advance(days=1)
    for _ in range(2):
        assert installation.night("sync", "talkpush") == 0, installation.output
    found = [row for row in status(installation)["drift"] if row not in told]
    assert [(row["kind"], row["field_name"]) for row in found if row["resource"] == "leads"] == [
        ("changed_type", "school_name"),
        ("new_field", "badge"),
        ("vanished_field", "last_name"),
    ]
    assert installation.query(
        "select distinct badge from raw_talkpush.leads where badge is not null"
    ) == [("gold",)]


def test_what_is_set_aside_is_its_owners_only(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: Any) -> None:
        raise RuntimeError("never")

    monkeypatch.setattr(Pipeline, "load", load)
    installation.night("sync")
    assert (installation.data / "set_aside").stat().st_mode & 0o077 == 0


class TestPaidPages:
    """What LinkupAPI was paid for is kept until the run is over."""

    def test_a_run_killed_after_its_sync_costs_nothing_the_next_time(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("pipelines.build.build", die)
            with pytest.raises((KeyboardInterrupt, SystemExit)):
                installation.night("run")
                raise SystemExit(installation.output)
        spent = installation.query("select sum(credits) from ops.credits")
        assert spent[0][0] > 0
        rows = count(installation, "raw_linkup.candidates")

        assert installation.night("sync") == 0
        assert [r for r in installation.simulator.requests if r.vendor == "linkup"] == []
        assert installation.query("select sum(credits) from ops.credits") == spent
        assert count(installation, "raw_linkup.candidates") == rows
        assert not (installation.data / "spool" / "linkup").exists()

        assert installation.night("sync") == 0  # which is a night of its own
        assert [r for r in installation.simulator.requests if r.vendor == "linkup"]

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_a_kill_while_credits_are_noted_counts_them_once(
        self, moment: str, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = CreditNotes._store

        def die(*arguments: Any) -> None:
            if moment == "after":
                store(*arguments)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(CreditNotes, "_store", die)
            with pytest.raises((KeyboardInterrupt, SystemExit)):
                installation.night("sync")
                raise SystemExit(installation.output)
        assert installation.night("sync") == 0, installation.output

        charged = installation.simulator.credits_spent
        assert installation.query("select sum(credits) from ops.credits") == [(charged,)]

    @pytest.mark.parametrize("killed_in", [None, "_store"])
    def test_answers_of_no_use_cost_what_they_cost(
        self,
        killed_in: str | None,
        installation: Installation,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def die(*_: Any) -> None:
            raise KeyboardInterrupt

        installation.simulator.faults.add("linkup", "empty_page_has_more", times=2)
        with monkeypatch.context() as patch:
            if killed_in:
                patch.setattr(CreditNotes, killed_in, die)
            with pytest.raises((KeyboardInterrupt, SystemExit)):
                installation.night("sync")
                raise SystemExit
        installation.simulator.faults.clear()
        assert installation.night("sync") == 0, installation.output
        charged = installation.simulator.credits_spent
        assert installation.query("select sum(credits) from ops.credits") == [(charged,)]


class TestAReset:
    """It forgets cursors: neither a package that cannot be loaded, nor a page that was paid for."""

    def test_what_it_sets_aside_is_named(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def load(_: Any) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Pipeline, "load", load)
            assert installation.hirefunnel("sync", "talkpush") == 1
        for file in (installation.data / "dlt" / "talkpush").rglob("leads.*.parquet"):
            file.write_bytes(file.read_bytes()[:100])

        assert installation.hirefunnel("reset", "talkpush") == 0
        assert "set_aside/talkpush-" in installation.output
        [kept] = status(installation)["set_aside"]
        assert (installation.data / "set_aside" / kept["folder"]).is_dir()
        assert installation.night("sync", "talkpush") == 0
        assert leads(installation) == true_leads(installation)

    def test_pages_that_nobody_has_loaded_are_loaded_by_the_next_run(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(*_: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(CreditNotes, "_store", die)
            with pytest.raises((KeyboardInterrupt, SystemExit)):
                installation.hirefunnel("sync", "linkup")
                raise SystemExit
        charged = installation.simulator.credits_spent
        assert charged > 0
        assert installation.hirefunnel("reset", "linkup", "--resource", "jobs") == 0
        assert installation.hirefunnel("sync", "linkup") == 0, installation.output

        asked = [r.params for r in installation.simulator.requests if r.vendor == "linkup"]
        assert [params["action"] for params in asked].count("get_posts") == 1
        charged = installation.simulator.credits_spent
        assert installation.query("select sum(credits) from ops.credits") == [(charged,)]


def test_nights_that_could_not_write_are_loaded_by_the_next_one(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installation.night("sync") == 0

    def load(_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, "load", load)
        for _ in range(3):
            installation.world.advance(days=1)
            assert installation.night("sync") == 1
    assert installation.night("sync") == 0, installation.output
    assert status(installation)["set_aside"] == []
    assert leads(installation) == true_leads(installation)
