"""Two runs, a dead one, a reader: nobody disturbs anybody."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from pipelines import lock
from pipelines.settings import Settings
from tests.nights.conftest import Installation, clean_environment, new_installation
from tests.nursery import Child
from tests.pipelines.outside import hirefunnel, last_line, raw_versions, start

__all__ = ["clean_environment", "new_installation"]  # fixtures

pytestmark = pytest.mark.slow


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def installation(new_installation: Any) -> Installation:
    made: Installation = new_installation(60)
    return made


@pytest.fixture
def reading(installation: Installation) -> Iterator[Child]:
    """A run in the middle of its reading: CloserX does not answer for a while."""
    installation.simulator.faults.add("closerx", "stall", seconds=25)
    process = start(installation, "sync")
    wait_for(lambda: bool(list(installation.data.glob("*.holder.json"))))
    wait_for(lambda: any(r.vendor == "talkpush" for r in installation.simulator.requests))
    yield process
    process.kill()
    process.communicate()


class TestASecondRun:
    def test_is_told_who_holds_the_warehouse_since_when(
        self, installation: Installation, reading: Child
    ) -> None:
        """And the first ends as if there had been no second."""
        for command in ("run", "publish"):
            code, output = hirefunnel(installation, command)
            assert code == 3, output
            assert re.search(
                rf"is held by `hirefunnel sync` \(process {reading.pid}\) "
                r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; wait for it to end, or stop it\.",
                last_line(output),
            ), output
        code, output = hirefunnel(installation, "status")
        assert code == 1
        assert f"`hirefunnel sync` (process {reading.pid})" in output

        _, stderr = reading.communicate(timeout=120)
        assert reading.returncode == 0, stderr
        assert installation.query("select command, status from ops.runs") == [("sync", "ok")]

    def test_after_a_dead_one_goes_on_without_it(
        self, installation: Installation, reading: Child
    ) -> None:
        reading.kill()
        reading.wait()
        installation.simulator.faults.clear()
        assert list(installation.data.glob("*.lock"))
        assert list(installation.data.glob("*.holder.json"))

        _, told = hirefunnel(installation, "status")
        assert "held" not in told
        code, output = hirefunnel(installation, "sync")
        assert code == 0, output
        assert installation.query("select command, status from ops.runs order by started_at") == [
            ("sync", "interrupted"),
            ("sync", "ok"),
        ]
        assert not list(installation.data.glob("*.holder.json"))
        again = raw_versions(installation)
        assert hirefunnel(installation, "sync")[0] == 0
        assert raw_versions(installation) == again


@pytest.mark.parametrize("asked_by", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_says_what_is_kept(
    installation: Installation, reading: Child, asked_by: signal.Signals
) -> None:
    reading.send_signal(asked_by)
    installation.simulator.faults.clear()
    _, stderr = reading.communicate(timeout=120)

    assert reading.returncode == 130, stderr
    assert last_line(stderr) == (
        "hirefunnel: stopped; what was committed is kept, run again to go on."
    )
    runs = installation.query("select command, status, exit_code from ops.runs")
    assert runs == [("sync", "failed", 130)]
    assert not list(installation.data.glob("*.holder.json"))


def test_a_bi_reader_keeps_its_copy_open_during_two_publications(
    installation: Installation,
) -> None:
    assert hirefunnel(installation, "run")[0] == 0
    data = installation.data
    settings = Settings(data, data / "hirefunnel.duckdb", installation.folder / "mappings")
    with lock.hold(settings, "run"):  # as while a night is under way
        code, told = hirefunnel(installation, "status")
    assert "by the published copy: Fresh" in told
    assert code == 0
    current = installation.data / "published" / "current.duckdb"
    first = current.resolve()
    count = "select count(*), max(run_id) from marts.fct_funnel_events, marts.publication"
    with duckdb.connect(str(current), read_only=True) as reader:
        before = reader.execute(count).fetchall()
        installation.world.advance(days=1)
        assert hirefunnel(installation, "run")[0] == 0
        assert reader.execute(count).fetchall() == before
        assert hirefunnel(installation, "publish")[0] == 0
        assert reader.execute(count).fetchall() == before
        assert reader.execute("select count(full_name) from marts.dim_person").fetchall()

        assert first.exists()
        assert current.resolve() != first
        with duckdb.connect(str(current.resolve()), read_only=True) as newest:
            assert newest.execute(count).fetchall() > before
