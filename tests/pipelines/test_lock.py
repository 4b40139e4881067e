"""Two runs never meet; a dead one holds nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from pipelines import lock
from pipelines.errors import WarehouseHeldError
from pipelines.settings import Settings

HOLD = """
import sys, time
from pipelines import lock, settings
held = settings.load()
with lock.hold(held, "run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_process(installation: Settings) -> subprocess.Popen[str]:
    installation.prepare()
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_run_is_told_who_holds_the_warehouse(
    installation: Settings, other_process: subprocess.Popen[str]
) -> None:
    with pytest.raises(WarehouseHeldError) as raised, lock.hold(installation, "sync"):
        pass

    assert f"`hirefunnel run` (process {other_process.pid}) since 20" in str(raised.value)
    assert raised.value.exit_code == 3


def test_a_killed_run_holds_nothing(
    installation: Settings, other_process: subprocess.Popen[str]
) -> None:
    other_process.kill()
    other_process.wait()

    with lock.hold(installation, "sync"):
        assert "hirefunnel sync" in str(lock.holder(installation))
    assert lock.holder(installation) is None


def test_a_damaged_holder_file_is_no_obstacle(installation: Settings) -> None:
    installation.prepare()
    installation.warehouse.with_name("hirefunnel.duckdb.holder.json").write_text("{half")

    assert lock.holder(installation) is None
    with lock.hold(installation, "run"):
        held = installation.warehouse.with_name("hirefunnel.duckdb.holder.json")
        assert json.loads(held.read_text())["command"] == "run"


def test_a_link_to_the_warehouse_leads_to_the_same_lock(installation: Settings) -> None:
    installation.prepare()
    link = installation.warehouse.with_name("link.duckdb")
    link.symlink_to(installation.warehouse)
    with (
        lock.hold(installation, "run"),
        pytest.raises(WarehouseHeldError),
        lock.hold(replace(installation, warehouse=link), "sync", patience_s=0.1),
    ):
        pass
