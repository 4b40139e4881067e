"""Builds of news beside full ones: whatever nights bring, both must leave the same rows.

Nothing is asked of the models but their result.
"""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from pipelines import build, database
from pipelines.build_history import BuildHistory
from pipelines.report import Reporter, Step
from pipelines.settings import Settings
from tests.dbt import story
from tests.dbt.random_nights import LISTINGS, Nights
from tests.dbt.warehouse import insert, open_again

pytestmark = pytest.mark.slow

VERSIONS_OF_LISTED = {
    "linkup": "stg_linkup__candidates_versions",
    "easir": "stg_easir__campaign_recipients_versions",
}


# What a data test asks of staging and marts, it asks each night, though it reads views that stay as they are.
TESTS_OF_A_NIGHT = {path.stem for path in (build.PROJECT / "tests").glob("*.sql")}


def builds(nights: Nights) -> list[tuple[bool, bool]]:
    """Whether each build was full, and whether it was whole."""
    return list(nights.ask("select is_full, is_whole from ops.builds order by build_id"))


@pytest.fixture
def some_persons_share_their_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they may, though 63 bits never show it here."""
    project = tmp_path / "dbt_models"
    shutil.copytree(build.PROJECT, project, ignore=shutil.ignore_patterns("target", "__pycache__"))
    macro = project / "macros" / "places.sql"
    text = macro.read_text()
    crude = text.replace(">> 1 as bigint", "% 401 as bigint")
    assert crude != text
    macro.write_text(crude)
    monkeypatch.setattr(build, "PROJECT", project)


@pytest.mark.usefixtures("some_persons_share_their_number")
@pytest.mark.parametrize("seed", [1])
def test_nights_of_news_leave_what_a_full_build_leaves(
    installation: Settings, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four nights; the build after the second is killed half way, so the next one is full."""
    nights = Nights(installation, seed)
    nights.pass_one(120)
    nights.build()
    nights.pass_one(25)
    nights.build()
    assert nights.differences(tmp_path / "full") == {}

    nights.pass_one(25)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        kill_half_way(patch)
        nights.build()
    nights.build()
    nights.pass_one(12)
    nights.build()
    assert nights.differences(tmp_path / "full") == {}

    nights.pass_one(3)
    assert set(nights.build(has_data_tests=True)) >= TESTS_OF_A_NIGHT
    assert nights.differences(tmp_path / "full") == {}
    numbers = "select count(distinct person_hash) < count(*) from marts.dim_person"
    assert nights.ask(numbers) == [(True,)]
    for table in LISTINGS:
        assert nights.ask(f"select count(*) from {table} where _is_deleted") > [(0,)], table
    for vendor, versions in VERSIONS_OF_LISTED.items():
        missing = "select count(*) from marts.person_records where is_deleted and vendor = "
        assert nights.ask(f"{missing} '{vendor}'") > [(0,)]
        back = f"select count(*) from staging.{versions} where is_deleted and not is_current"
        assert nights.ask(back) > [(0,)]
    assert builds(nights) == [
        (True, True),
        (False, True),
        (False, False),
        (True, True),
        (False, True),
        (False, True),
    ]


@pytest.mark.usefixtures("some_persons_share_their_number")
def test_who_shares_the_number_of_a_new_person_stays(
    installation: Settings, tmp_path: Path
) -> None:
    """One record of two says that it is somebody else's: the other is a person of another name, and number, then."""
    nights = Nights(installation, 7)
    nights.pass_one(1)
    number = "hash(md5('talkpush:' || {})) % 401"
    numbers = f"{number.format('i')} = {number.format(9002)}"
    ((neighbour,),) = nights.ask(f"select i from range(9003, 99999) ids(i) where {numbers} limit 1")
    emails = {9001: "two@example.com", 9002: "two@example.com", neighbour: "other@example.com"}

    def lead(number: int) -> dict[str, Any]:
        created_at = f"2026-02-0{1 + number % 3}T08:00:00Z"
        return story.lead(number, email=emails[number], created_at=created_at)

    with open_again(installation.warehouse) as connection:
        rows = [lead(number) for number in emails]
        insert(connection, "raw_talkpush.leads", rows, seen_at=nights.now.isoformat(), load_id="1")
    nights.build()
    emails[9001] = "one@example.com"
    nights.night += 1
    with open_again(installation.warehouse) as connection:
        rows = [lead(9001)]
        insert(connection, "raw_talkpush.leads", rows, seen_at=nights.now.isoformat(), load_id="2")
    nights.build()

    assert builds(nights) == [(True, True), (False, True)]
    assert nights.differences(tmp_path / "full") == {}
    numbers = "select count(*), count(distinct person_hash) from marts.dim_person"
    record_ids = f"'9002', '{neighbour}'"
    whose = f"select person_id from marts.person_records where record_id in ({record_ids})"
    assert nights.ask(f"{numbers} where person_id in ({whose})") == [(2, 1)]


# In each mart a column that is overwritten, to see afterwards which rows a build has written anew.
INK = {
    "marts.dim_person": "location = 'ink'",
    "marts.fct_funnel_events": "stage_order = -1",
    "marts.fct_journeys": "source = 'ink'",
    "marts.fct_assessments": "cefr = 'ink'",
}


def test_a_build_writes_only_what_loads_touch(installation: Settings) -> None:
    """Two nights: one known lead changes, one new lead comes; then builds without any news."""
    nights = Nights(installation, 3)
    nights.pass_one(60)
    nights.build()
    with open_again(installation.warehouse) as connection:
        for table, ink in INK.items():
            connection.execute(f"update {table} set {ink}")
        new = story.lead(9001, email="new@example.com", state="pending")
        insert(connection, "raw_talkpush.leads", [new], seen_at=nights.now.isoformat(), load_id="n")
    assert not {"status_map", "stg_talkpush__leads"} & set(nights.build())

    ((person,),) = nights.ask("select md5('talkpush:9001')")
    for table, ink in INK.items():
        written = nights.ask(f"select distinct person_id from {table} where ({ink}) is not true")
        expected = [] if table == "marts.fct_assessments" else [(person,)]
        assert written == expected, table

    sizes = set()
    for _ in range(3):
        nights.build()
        assert nights.ask("select count(*) from intermediate.int_touched_persons") == [(0,)]
        sizes.add(installation.warehouse.stat().st_size)
    blocks = (max(sizes) - min(sizes)) / 2**18
    assert blocks <= 4
    assert [is_full for is_full, _ in builds(nights)] == [True, False, False, False, False]


def test_a_count_that_went_wrong_is_noticed_and_counted_anew(installation: Settings) -> None:
    nights = Nights(installation, 6)
    nights.pass_one(20)
    nights.build()
    for table, count in (("int_journey_counts", "journeys"), ("int_daily_entries", "leads")):
        with open_again(installation.warehouse) as connection:
            connection.execute(f"update intermediate.{table} set {count} = {count} + 1")
        failed = [node.node for node in build.build(installation, Reporter()) if node.is_failure]
        assert "assert_counts_match_journeys" in failed
        nights.build(has_data_tests=True)
    assert builds(nights) == [(True, True), *[(False, False), (True, True)] * 2]


def test_a_build_of_little_news_holds_less_in_memory(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As DuckDB says itself while the build goes on; what the user has set counts for all builds."""

    def limit_of_a_build() -> str:
        limits: list[Any] = []

        def ask(_step: Step, _node: str) -> None:
            with database.connect(installation.warehouse) as connection:
                limits.extend(
                    connection.execute("select current_setting('memory_limit')").fetchall()
                )

        monkeypatch.setattr(Step, "update", ask)
        nights.pass_one(5)
        assert BuildHistory(installation.warehouse).new_rows() > 4
        nights.build()
        assert BuildHistory(installation.warehouse).new_rows() == 0
        return str(limits[-1][0])

    nights = Nights(installation, 7)
    assert limit_of_a_build() == "3.7 GiB"
    assert limit_of_a_build() == "953.6 MiB"
    monkeypatch.setattr(build, "LITTLE_NEWS", 4)
    assert limit_of_a_build() == "3.7 GiB"
    monkeypatch.setenv("HIREFUNNEL_MEMORY_LIMIT", "2GiB")
    assert limit_of_a_build() == "2.0 GiB"
    assert [is_full for is_full, _ in builds(nights)] == [True, False, False, False]


def test_a_build_that_is_stopped_says_so_and_the_next_one_is_full(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = Nights(installation, 8)
    nights.pass_one(5)
    nights.build()
    nights.pass_one(5)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def stop(_step: Step, node: str) -> None:
        if node == "int_affected_records":
            os.kill(os.getpid(), signal.SIGINT)

    try:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(Step, "update", stop)
            nights.build()
    finally:
        signal.signal(signal.SIGINT, before)

    nights.build()
    assert builds(nights) == [(True, True), (False, False), (True, True)]


def test_what_defines_the_marts_makes_a_build_full(installation: Settings) -> None:
    """A changed mapping; raw rows of a load that is there no more."""
    nights = Nights(installation, 4)
    nights.pass_one(5)
    nights.build()
    installation.mappings_dir.mkdir()
    (installation.mappings_dir / "status_map.csv").write_text(
        "vendor,vendor_status,stage\ntalkpush,odd,shortlisted\n"
    )
    nights.build()
    with open_again(installation.warehouse) as connection:
        connection.execute("delete from raw_talkpush._dlt_loads where status = 0")
    nights.build()
    assert builds(nights) == [(True, True)] * 3
    assert nights.ask("select count(*) from staging.stg_talkpush__leads") == [(0,)]


def test_after_dbt_by_hand_a_build_is_full(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It builds a part of the models, with the packaged seeds; to compile or test changes nothing."""
    nights = Nights(installation, 5)
    nights.pass_one(5)
    nights.build()
    monkeypatch.setenv("HIREFUNNEL_WAREHOUSE", str(installation.warehouse))
    project = installation.dbt_dir / "project"

    def dbt(command: str) -> None:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        places = ["--project-dir", str(project), "--profiles-dir", str(project)]
        target = ["--target-path", str(installation.dbt_dir / "target")]
        try:
            done = dbtRunner().invoke([command, *places, *target, "--select", "int_stages"])
            assert done.success, done
        finally:
            DuckDBConnectionManager.close_all_connections()

    dbt("compile")
    nights.build()
    dbt("run")
    nights.build()
    nights.build()
    assert builds(nights) == [(True, True), (False, True)]


def kill_half_way(patch: pytest.MonkeyPatch) -> None:
    """The build updates the keys, but nobody's person."""
    from dbt.cli.main import dbtRunner

    invoke = dbtRunner.invoke

    def killed(self: dbtRunner, arguments: list[str], **options: Any) -> None:
        invoke(self, [*arguments, "--select", "+int_blocked_keys"], **options)
        raise KeyboardInterrupt

    patch.setattr(dbtRunner, "invoke", killed)
