"""What a run asks, stores and says: nothing new, something broken, something secret."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import loading
from pipelines.curl import CurlSession
from pipelines.settings import environment
from simulator import accounts
from tests.nights.conftest import Installation
from tests.nights.truth import RESOURCES
from tests.pipelines.outside import start

pytestmark = pytest.mark.slow

SECRETS = [
    accounts.HIREDNOW_API_KEY,
    accounts.TALKPUSH_API_KEY,
    accounts.LINKUP_API_KEY,
    accounts.CLOSERX_API_KEY,
    accounts.EASIR_CLIENT_SECRET,
]

TOKEN = "simulator-easir-token"


def raw_rows(installation: Installation) -> dict[str, int]:
    return {
        f"{vendor}.{resource}": installation.query(f"select count(*) from raw_{vendor}.{resource}")[
            0
        ][0]
        for vendor, resource in RESOURCES
    }


def asked(installation: Installation, vendor: str) -> list[tuple[str, dict[str, Any]]]:
    return [(r.path, r.params) for r in installation.simulator.requests if r.vendor == vendor]


@pytest.fixture(scope="module")
def synced_twice(new_installation: Any) -> tuple[Installation, dict[str, int]]:
    """Two syncs of one night: the second finds nothing new."""
    installation: Installation = new_installation(150)
    # seven days: the recipients of campaigns that are over need not be read again tonight
    installation.settings["SOURCES__EASIR__FULL_REREAD_DAYS"] = "7"
    assert installation.night("sync") == 0, installation.output
    before = raw_rows(installation)
    assert installation.night("sync") == 0, installation.output
    return installation, before


class TestASecondRunWithNothingNew:
    """Only what the cursors justify is asked, and nothing is stored."""

    def test_adds_no_rows_to_raw(self, synced_twice: tuple[Installation, dict[str, int]]) -> None:
        installation, before = synced_twice

        assert all(before.values())
        assert raw_rows(installation) == before
        assert installation.query(
            "select sum(versions_added) from ops.resource_runs where run_id = (select max(run_id) from ops.runs)"
        ) == [(0,)]

    def test_hirednow_reads_the_lookback_and_past_the_cursor(
        self, synced_twice: tuple[Installation, dict[str, int]]
    ) -> None:
        installation, _ = synced_twice
        results = installation.truth.current("hirednow", "results").values()
        requests = asked(installation, "hirednow")
        campaigns = {record["campaign"]["id"] for record in results}

        for campaign_id in campaigns:
            own = [record for record in results if record["campaign"]["id"] == campaign_id]
            newest = max(date.fromisoformat(record["created_at"][:10]) for record in own)
            cursor = max(int(record["order_index"]) for record in own)
            rescan, new = [p for _, p in requests if p["campaign_id"] == campaign_id]
            assert rescan["start_date"] == (newest - timedelta(days=7)).isoformat()
            assert "starting_after" not in rescan
            assert int(new["starting_after"]) == cursor
            assert (new["sort"], rescan["sort"]) == ("asc", "asc")

    def test_talkpush_reads_the_lookback_days_and_the_open_one(
        self, synced_twice: tuple[Installation, dict[str, int]]
    ) -> None:
        installation, _ = synced_twice
        zone = installation.world.talkpush.zone
        today = installation.world.now.astimezone(zone).date()
        requests = asked(installation, "talkpush")
        days = Counter(
            params["filter[updated_start_date]"]
            for path, params in requests
            if path.endswith("campaign_invitations")
        )
        updated = [
            record["updated_at"]
            for record in installation.truth.current("talkpush", "leads").values()
        ]
        newest = date.fromisoformat(max(updated)[:10])
        expected = [newest - timedelta(days=2) + timedelta(days=n) for n in range(10)]

        assert set(days) == {f"{day:%d-%m-%Y}" for day in expected if day <= today}
        assert Counter(path.rsplit("/", 1)[-1] for path, _ in requests)["archive"] == 1

    def test_linkup_reads_each_job_once_and_the_list_of_jobs_once(
        self, synced_twice: tuple[Installation, dict[str, int]]
    ) -> None:
        installation, _ = synced_twice
        jobs = installation.truth.current("linkup", "jobs")
        actions = Counter(
            (params["action"], params.get("job_id")) for _, params in asked(installation, "linkup")
        )

        assert actions == {("get_posts", None): 1} | {("get_candidates", job): 1 for job in jobs}

    def test_closerx_reads_the_open_day_and_the_one_before(
        self, synced_twice: tuple[Installation, dict[str, int]]
    ) -> None:
        installation, _ = synced_twice
        closerx = installation.world.closerx
        today = closerx.today(installation.world.now)
        days = Counter(params["date"] for _, params in asked(installation, "closerx"))
        campaigns = len(closerx.campaign_ids)

        assert days == {
            today.isoformat(): campaigns,
            (today - timedelta(days=1)).isoformat(): campaigns,
        }

    def test_easir_reads_the_list_and_the_open_campaigns_with_one_token(
        self, synced_twice: tuple[Installation, dict[str, int]]
    ) -> None:
        installation, _ = synced_twice
        campaigns = installation.truth.current("easir", "campaigns")
        still_open = {key for key, record in campaigns.items() if record["sent_at"] is None}
        paths = Counter(path for path, _ in asked(installation, "easir"))

        assert still_open
        assert paths == {"/token": 1, "/campaigns": 1} | {
            f"/campaigns/{key}/recipients": 1 for key in still_open
        }


def break_vendors(installation: Installation) -> None:
    """CloserX answers for another day, Talkpush is down, HiredNow sends HTML; the rest is well."""
    installation.settings["SOURCES__TALKPUSH__MAX_RETRIES"] = "1"
    installation.settings["SOURCES__HIREDNOW__MAX_RETRIES"] = "1"
    faults = installation.simulator.faults
    faults.add("closerx", "wrong_date", times=None)
    faults.add("talkpush", "status", status=503, body="exception with a stack", times=None)
    faults.add("hirednow", "html", times=None)
    faults.add("easir", "expire_token", path="recipients", after=1)


@pytest.fixture(scope="module")
def broken_night(new_installation: Any) -> tuple[Installation, int]:
    """A nightly run with three vendors broken, and its exit code."""
    installation: Installation = new_installation(120)
    break_vendors(installation)
    return installation, installation.night()


class TestABrokenNight:
    """The others are done, the published copy says what failed, and nobody's key is told."""

    def test_exit_1_and_each_failure_is_one_sentence(
        self, broken_night: tuple[Installation, int]
    ) -> None:
        broken, exit_code = broken_night
        assert exit_code == 1
        errors = dict(
            broken.query(
                "select vendor || '.' || resource, error from ops.resource_runs where status = 'failed'"
            )
        )
        assert set(errors) == {
            "closerx.hourly_metrics",
            "talkpush.leads",
            "talkpush.campaigns",
            "hirednow.results",
        }
        assert "asked for" in errors["closerx.hourly_metrics"]
        assert "503" in errors["talkpush.leads"]
        assert "JSON" in errors["hirednow.results"]

    def test_the_other_vendors_are_complete(self, broken_night: tuple[Installation, int]) -> None:
        broken, _ = broken_night
        rows = raw_rows(broken)
        for vendor, resource in RESOURCES:
            expected = len(broken.truth.current(vendor, resource))
            is_well = vendor in ("linkup", "easir")
            assert rows[f"{vendor}.{resource}"] == (expected if is_well else 0), resource

    def test_an_expired_token_in_mid_listing_is_renewed_once(
        self, broken_night: tuple[Installation, int]
    ) -> None:
        broken, _ = broken_night
        requests = [r for r in broken.simulator.requests if r.vendor == "easir"]

        # Those that were under way are refused, too, and asked for again.
        assert 1 <= [r.status for r in requests].count(403) <= 4
        assert sum(r.path == "/token" for r in requests) == 2

    def test_the_published_copy_says_what_failed(
        self, broken_night: tuple[Installation, int]
    ) -> None:
        broken, _ = broken_night
        current = broken.data / "published" / "current.duckdb"
        with duckdb.connect(str(current), read_only=True) as connection:
            status, failures = connection.execute(
                "select status, failures from marts.publication"
            ).fetchall()[0]
            stale = connection.execute(
                "select vendor, resource from marts.rpt_sync_health where is_stale order by all"
            ).fetchall()
        assert status == "failed"
        assert len(failures) == 4
        assert stale == [
            ("closerx", "hourly_metrics"),
            ("hirednow", "results"),
            ("talkpush", "campaigns"),
            ("talkpush", "leads"),
        ]

    def test_a_copy_that_is_published_later_says_it_as_well(
        self, broken_night: tuple[Installation, int]
    ) -> None:
        broken, _ = broken_night
        assert broken.hirefunnel("publish") == 0
        current = broken.data / "published" / "current.duckdb"
        with duckdb.connect(str(current.resolve()), read_only=True) as connection:
            told = connection.execute("select status, len(failures) from marts.publication")
            assert told.fetchall() == [("failed", 4)]

    def test_status_is_exit_1_and_names_the_failures(
        self, broken_night: tuple[Installation, int]
    ) -> None:
        broken, _ = broken_night
        assert broken.hirefunnel("status", "--json") == 1
        facts = json.loads(broken.output)

        assert facts["is_fresh"] is False
        assert len(facts["failures"]) == 4
        runs = [row["exit_code"] for row in facts["last_runs"] if row["command"] == "run"]
        assert runs[0] == 1  # after it, another test may have published

    def test_status_says_where_each_vendor_is_gone_on_with(
        self, broken_night: tuple[Installation, int]
    ) -> None:
        broken, _ = broken_night
        assert broken.hirefunnel("status", "--json") == 1
        cursors = json.loads(broken.output)["cursors"]
        assert broken.hirefunnel("status") == 1

        told = broken.output.split("cursors (in full: status --json)\n")[1]
        for vendor, resources in cursors.items():
            for resource in resources:
                assert f"{vendor} · {resource}: " in told
        read_at = cursors["easir"]["campaign_recipients"]["last_full_read"]
        assert f"last_full_read {read_at}" in told

    def test_no_secret_is_in_any_file_or_output(
        self, broken_night: tuple[Installation, int]
    ) -> None:
        """Logs, dlt's working folders with traces, dbt's, the warehouse, the published copy."""
        broken, _ = broken_night
        searched = 0
        for path in broken.data.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                searched += 1
                for secret in SECRETS:
                    assert secret.encode() not in content, f"{secret} in {path}"
        assert searched > 20
        # a database may compress what it holds, so its rows are asked as well
        tables = broken.query("select table_schema, table_name from information_schema.tables")
        has_any = " or ".join(f"contains(cast(t as varchar), '{secret}')" for secret in SECRETS)
        counts = [
            f"select '{s}.{t}', count(*) from {s}.{t} as t where {has_any}" for s, t in tables
        ]
        assert set(broken.query(" union all ".join(counts))) == {(f"{s}.{t}", 0) for s, t in tables}
        for secret in SECRETS:
            assert secret not in broken.output

    def test_no_token_of_easir_is_in_any_file(self, broken_night: tuple[Installation, int]) -> None:
        broken, _ = broken_night
        assert broken.simulator.tokens_issued == 2
        for path in broken.data.rglob("*"):
            if path.is_file():
                assert TOKEN.encode() not in path.read_bytes(), path


def test_the_next_night_brings_what_a_broken_one_did_not(new_installation: Any) -> None:
    installation: Installation = new_installation(60)
    break_vendors(installation)
    assert installation.night("sync") == 1
    installation.simulator.faults.clear()

    assert installation.night("sync") == 0, installation.output
    assert raw_rows(installation) == {
        f"{vendor}.{resource}": len(installation.truth.current(vendor, resource))
        for vendor, resource in RESOURCES
    }


def test_after_a_reset_all_is_read_again_and_nothing_is_stored_twice(new_installation: Any) -> None:
    installation: Installation = new_installation(100)
    assert installation.night("sync") == 0
    before = raw_rows(installation)
    assert installation.hirefunnel("reset", "hirednow") == 0
    assert installation.night("sync") == 0

    first_asked = asked(installation, "hirednow")[0][1]
    assert "starting_after" not in first_asked
    assert first_asked["start_date"] == installation.world.first_day.isoformat()
    assert raw_rows(installation) == before


def test_check_asks_each_vendor_little_and_loads_nothing(new_installation: Any) -> None:
    installation: Installation = new_installation(60)

    assert installation.hirefunnel("check") == 0
    requests = Counter(request.vendor for request in installation.simulator.requests)
    assert requests == {"hirednow": 1, "talkpush": 1, "linkup": 1, "closerx": 1, "easir": 2}
    assert f"credits {installation.simulator.credits_spent}" in installation.output
    assert not (installation.data / "hirefunnel.duckdb").exists()


def test_libcurl_sends_to_all_but_the_vendor_that_is_paid(
    new_installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may ask twice of its own accord."""
    sent = []
    send = CurlSession.send

    def noted(session: CurlSession, request: Any, **how: Any) -> Any:
        sent.append(request.url)
        return send(session, request, **how)

    monkeypatch.setattr(CurlSession, "send", noted)
    installation: Installation = new_installation(60)
    assert installation.night("check") == 0
    vendors = Counter(request.vendor for request in installation.simulator.requests)
    assert len(vendors) == 5
    assert len(sent) == vendors.total() - vendors["linkup"]


def test_check_spends_nothing_where_nothing_may_be_spent(new_installation: Any) -> None:
    installation: Installation = new_installation(60)
    installation.settings["SOURCES__LINKUP__MAX_CREDITS_PER_RUN"] = "0"

    assert installation.hirefunnel("check", "linkup") == 1
    assert "max_credits_per_run allows none" in " ".join(installation.output.split())
    assert not installation.simulator.requests


def test_check_says_which_credentials_are_wrong(new_installation: Any) -> None:
    installation: Installation = new_installation(60)
    installation.settings["SOURCES__TALKPUSH__API_KEY"] = "a-wrong-key-for-a-test"

    assert installation.hirefunnel("check") == 1
    assert "talkpush" in installation.output
    assert "a-wrong-key-for-a-test" not in installation.output


def test_a_run_killed_while_it_reads_costs_nothing_but_time(new_installation: Any) -> None:
    """SIGKILL in the middle of LinkedIn's pages: what was paid for is not paid for again."""
    installation: Installation = new_installation(250)
    installation.settings["SOURCES__LINKUP__PAGE_SIZE"] = "10"
    installation.truth.watch(installation.world)
    installation.hirefunnel("sync", "hirednow")  # the warehouse and the mappings exist
    installation.simulator.faults.add(
        "linkup", "stall", params={"action": "get_candidates"}, times=None, after=3, seconds=30
    )
    spool = installation.data / "spool" / "linkup"
    process = start(installation, "sync", "linkup")
    wait_for(lambda: len(list(spool.glob("0*"))) == 4)  # the list of jobs and three pages
    process.kill()
    process.wait()
    paid = [r.params for r in installation.simulator.requests if r.vendor == "linkup"]
    assert len(paid) == 4
    installation.simulator.faults.clear()
    installation.simulator.clear_requests()

    assert installation.hirefunnel("sync", "linkup") == 0
    again = [r.params for r in installation.simulator.requests]
    assert not [params for params in paid if params in again]
    rows = installation.query("select count(*) from raw_linkup.candidates")
    assert rows == [(len(installation.truth.current("linkup", "candidates")),)]


def test_a_program_that_opens_the_warehouse_while_a_run_reads_ends_it_with_exit_3(
    new_installation: Any,
) -> None:
    """While it reads, a run leaves the file to others; what it read waits for the next run."""
    installation: Installation = new_installation(50)
    installation.hirefunnel("sync", "talkpush")  # the warehouse and the mappings exist
    installation.simulator.clear_requests()
    installation.simulator.faults.add("closerx", "stall", seconds=2)
    process = start(installation, "sync", "closerx")
    wait_for(lambda: len(installation.simulator.requests) >= 1)
    with duckdb.connect(str(installation.data / "hirefunnel.duckdb")):
        _, told = process.communicate(timeout=60)
    assert process.returncode == 3, told
    assert "open in another program" in told

    assert installation.hirefunnel("sync", "closerx") == 0
    assert installation.query("select count(*) > 0 from raw_closerx.hourly_metrics") == [(True,)]


def wait_for(condition: Any, seconds: float = 30) -> None:
    import time

    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def test_a_warehouse_put_back_from_a_backup_is_filled_again(new_installation: Any) -> None:
    """The cursors in the working folder know of loads that the older file does not have."""
    installation: Installation = new_installation(80)
    assert installation.night("sync") == 0
    warehouse = installation.data / "hirefunnel.duckdb"
    backup = warehouse.read_bytes()
    installation.world.advance(days=1)
    assert installation.night("sync") == 0
    complete = raw_rows(installation)

    warehouse.write_bytes(backup)
    assert installation.night("sync") == 0, installation.output
    assert raw_rows(installation) == complete

    warehouse.unlink()
    assert installation.night("sync") == 0, installation.output
    current = {
        f"{vendor}.{resource}": len(installation.truth.current(vendor, resource))
        for vendor, resource in RESOURCES
    }
    assert raw_rows(installation) == current


def test_cursors_of_another_warehouse_are_not_taken(new_installation: Any) -> None:
    """A night goes into another file, then the first one is put back: the folder's cursors are the other one's."""
    installation: Installation = new_installation(60)
    for _ in range(3):
        assert installation.night("sync") == 0
        installation.world.advance(days=1)
    warehouse = installation.data / "hirefunnel.duckdb"
    first = warehouse.rename(installation.folder / "first.duckdb")
    installation.world.advance(days=9)
    assert installation.night("sync") == 0
    installation.world.advance(days=1)

    first.replace(warehouse)
    assert installation.night("sync") == 0, installation.output
    for vendor, resource in RESOURCES:
        if vendor != "closerx":  # which tells of no day but the current one
            expected = installation.truth.current(vendor, resource).keys()
            assert installation.stored(vendor, resource).keys() >= expected, resource


def test_a_lost_working_folder_costs_no_cursor(new_installation: Any) -> None:
    installation: Installation = new_installation(60)
    assert installation.night("sync") == 0
    before = raw_rows(installation)
    shutil.rmtree(installation.data / "dlt")

    assert installation.night("sync") == 0
    assert raw_rows(installation) == before
    assert any("starting_after" in params for _, params in asked(installation, "hirednow"))


def test_one_vendor_on_a_new_folder_gives_a_working_warehouse(new_installation: Any) -> None:
    installation: Installation = new_installation(60)

    assert installation.hirefunnel("run", "talkpush") == 0, installation.output
    assert installation.query("select count(*) from marts.fct_funnel_events") != [(0,)]
    assert {request.vendor for request in installation.simulator.requests} == {"talkpush"}
    assert (installation.data / "published" / "current.duckdb").exists()


def test_a_campaign_that_is_gone_fails_alone(new_installation: Any) -> None:
    installation: Installation = new_installation(100)
    hirings = installation.world.hirings
    faults = installation.simulator.faults
    gone = {"campaign_id": hirings[0].hirednow_id}
    faults.add("hirednow", "status", status=404, params=gone, times=None)
    faults.add("linkup", "status", status=404, params={"job_id": "4100983845"}, times=None)

    assert installation.night("sync", "hirednow", "linkup") == 1
    results = installation.truth.current("hirednow", "results").values()
    others = [r for r in results if r["campaign"]["id"] != hirings[0].hirednow_id]
    assert installation.query("select count(*) from raw_hirednow.results") == [(len(others),)]
    applicants = installation.truth.current("linkup", "candidates").values()
    kept = [r for r in applicants if r["job_id"] != "4100983845"]
    assert installation.query("select count(*) from raw_linkup.candidates") == [(len(kept),)]

    faults.clear()
    assert installation.night("sync", "hirednow", "linkup") == 0
    assert installation.query("select count(*) from raw_hirednow.results") == [(len(results),)]
    spent = installation.query("select sum(credits) from ops.credits")
    assert spent == [(installation.simulator.credits_spent,)]


def test_a_demo_touches_nothing_that_no_demo_made(new_installation: Any) -> None:
    installation: Installation = new_installation(50)
    assert installation.night("sync") == 0
    before = raw_rows(installation)

    assert installation.hirefunnel("demo", "--people", "50", "--nights", "1") == 2
    assert raw_rows(installation) == before


def test_files_are_their_owners_only(new_installation: Any) -> None:
    installation: Installation = new_installation(50)
    with environment(installation.environment):
        command = [str(Path(sys.executable).with_name("hirefunnel")), "sync", "hirednow"]
        subprocess.run(command, check=True, capture_output=True, env=os.environ.copy())

    for path in [installation.data, *installation.data.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_credits_are_noted_once_however_many_packages_a_reading_takes(
    new_installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "CHECKPOINT_BYTES", 1)
    installation: Installation = new_installation(250)
    installation.settings["SOURCES__LINKUP__PAGE_SIZE"] = "10"

    assert installation.hirefunnel("sync", "linkup") == 0
    loads = installation.query("select count(distinct _dlt_load_id) from raw_linkup.candidates")
    assert loads[0][0] > 2
    spent = installation.query("select sum(credits) from ops.credits")
    assert spent == [(installation.simulator.credits_spent,)]
