"""What a machine can do to a run: each ends in a clear sentence, the right exit code, and no loss."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.nights.conftest import Installation, clean_environment, new_installation
from tests.pipelines.outside import (
    copy_of,
    hirefunnel,
    last_line,
    mart_rows,
    raw_versions,
    remount,
    small_disk,
)

__all__ = ["clean_environment", "new_installation"]  # fixtures

pytestmark = pytest.mark.slow

# Writes to a warehouse and dies before DuckDB has moved it from its log into the file.
WRITE_AND_DIE = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("set checkpoint_threshold = '1GB'")
connection.execute("create table main.news as select range as n, md5(range::varchar) as t from range(20000)")
os._exit(0)
"""


@pytest.fixture(scope="module")
def untroubled(new_installation: Any) -> Installation:
    """A night to which nothing happened; not to be changed."""
    installation: Installation = new_installation(80)
    code, output = hirefunnel(installation, "run")
    assert code == 0, output
    return installation


@pytest.fixture
def troubled(untroubled: Installation, tmp_path: Path) -> Installation:
    """The same after its night, to be troubled."""
    return copy_of(untroubled, tmp_path)


@pytest.fixture
def new(untroubled: Installation, tmp_path: Path) -> Installation:
    """An installation of the same world in which nothing has run."""
    return Installation(tmp_path, untroubled.world, untroubled.simulator)


def warehouse(installation: Installation) -> Path:
    return installation.data / "hirefunnel.duckdb"


def assert_complete(installation: Installation, untroubled: Installation) -> None:
    """Nothing is lost, nothing doubled."""
    assert raw_versions(installation) == raw_versions(untroubled)
    assert mart_rows(installation) == mart_rows(untroubled)


class TestAFullDisk:
    """With more room, the next run brings what an untroubled one would have brought."""

    @pytest.mark.parametrize("size", ["3m", "15m", "22m"], ids=["sync", "build", "its end"])
    def test_stops_a_run(self, new: Installation, untroubled: Installation, size: str) -> None:
        with small_disk(new.data, size):
            code, output = hirefunnel(new, "run")
            assert code == 1
            assert "The disk is full (" in last_line(output), output
            assert "free some space and run again" in last_line(output)

            remount(new.data, "size=300m")
            code, output = hirefunnel(new, "run")
            assert code == 0, output
            assert_complete(new, untroubled)

    def test_leaves_the_published_copy_as_it_was(
        self, untroubled: Installation, tmp_path: Path
    ) -> None:
        with small_disk(tmp_path / "data", "300m"):
            full = copy_of(untroubled, tmp_path)
            current = (full.data / "published" / "current.duckdb").resolve()
            free = shutil.disk_usage(full.data).free
            (full.data / "ballast").write_bytes(bytes(free - 1_500_000))

            code, output = hirefunnel(full, "publish")
            assert code == 1
            assert "The disk is full (" in last_line(output), output
            published = {path.name for path in (full.data / "published").iterdir()}
            assert published == {"current.duckdb", current.name}
            assert (full.data / "published" / "current.duckdb").resolve() == current
            with duckdb.connect(str(current), read_only=True) as connection:
                assert connection.execute("select count(*) from marts.dim_person").fetchone()

            (full.data / "ballast").unlink()
            assert hirefunnel(full, "publish")[0] == 0
            assert (full.data / "published" / "current.duckdb").resolve() != current


class TestNoRightToWrite:
    """Said before a vendor is asked."""

    def test_the_data_folder(self, new: Installation) -> None:
        new.simulator.clear_requests()
        with small_disk(new.data, "300m"):
            remount(new.data, "ro")
            code, output = hirefunnel(new, "run")

        assert code == 2
        assert "data folder" in last_line(output)
        assert "HIREFUNNEL_DATA_DIR" in last_line(output)
        assert new.simulator.requests == []

    def test_the_warehouse(self, troubled: Installation, tmp_path: Path) -> None:
        troubled.simulator.clear_requests()
        with small_disk(tmp_path / "elsewhere", "300m"):
            elsewhere = tmp_path / "elsewhere" / "w.duckdb"
            shutil.copy(warehouse(troubled), elsewhere)
            remount(tmp_path / "elsewhere", "ro")
            troubled.settings["DESTINATION__DUCKDB__CREDENTIALS"] = str(elsewhere)
            ran, said = hirefunnel(troubled, "run")
            asked, told = hirefunnel(troubled, "status")

        assert ran == 2
        assert f"The warehouse {elsewhere} cannot be written" in last_line(said)
        assert troubled.simulator.requests == []
        assert asked == 1
        assert "Read-only file system" in last_line(told)


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(100_000))


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def one_block_garbled(path: Path) -> None:
    """The file opens: what is damaged is rows."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            """
            select block_id from pragma_storage_info('raw_hirednow.results')
            where persistent and block_id >= 0 and segment_type = 'VARCHAR'
            """
        ).fetchone()
    assert found
    with path.open("r+b") as file:
        file.seek(3 * 4096 + found[0] * 262_144 + 8)  # after the file's headers and the checksum
        file.write(os.urandom(262_136))


class TestADamagedWarehouse:
    """One sentence that says what to do; doing so brings everything anew."""

    @pytest.mark.parametrize("damage", [garbage, truncated, one_block_garbled])
    def test_ends_a_run(
        self, troubled: Installation, untroubled: Installation, damage: Any
    ) -> None:
        damage(warehouse(troubled))
        code, output = hirefunnel(troubled, "run")

        assert code == 1
        assert "The warehouse cannot be opened or read (" in output
        assert "restore it from a backup, or move it away and run again" in output
        warehouse(troubled).rename(troubled.folder / "damaged")
        code, output = hirefunnel(troubled, "sync")
        assert code == 0, output
        assert raw_versions(troubled) == raw_versions(untroubled)

    def test_garbage_where_its_log_was_is_no_news(
        self, troubled: Installation, untroubled: Installation
    ) -> None:
        garbage(warehouse(troubled).with_name("hirefunnel.duckdb.wal"))

        assert hirefunnel(troubled, "sync")[0] == 0
        assert_complete(troubled, untroubled)

    def test_a_log_damaged_in_its_middle_is_moved_away_and_what_it_held_read_again(
        self, new: Installation
    ) -> None:
        """The cursors in dlt's folder know of loads that only the log had."""
        file, log = warehouse(new), warehouse(new).with_name("hirefunnel.duckdb.wal")
        assert hirefunnel(new, "sync", "talkpush", "linkup")[0] == 0
        shutil.copy(file, new.folder / "before")
        assert hirefunnel(new, "sync")[0] == 0
        expected = raw_versions(new)
        shutil.copy(new.folder / "before", file)
        subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(file)], check=True)
        content = log.read_bytes()
        middle = len(content) // 2
        log.write_bytes(content[:middle] + os.urandom(1000) + content[middle + 1000 :])

        code, output = hirefunnel(new, "sync")
        assert code == 1
        assert "latest changes is damaged" in last_line(output)
        assert str(log) in last_line(output)
        log.rename(new.folder / "damaged.wal")
        assert hirefunnel(new, "sync")[0] == 0
        assert raw_versions(new) == expected
