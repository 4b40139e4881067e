"""Opening the warehouse file."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

from pipelines import database

INTERRUPTED = """
import os, signal, sys, threading
from pathlib import Path
from pipelines import database

signal.signal(signal.SIGINT, signal.default_int_handler)
path = Path(sys.argv[1])
try:
    with database.connect(path) as connection:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        connection.execute(
            "create table t as from range(100000) a, range(100000) b order by hash(a.range, b.range)"
        )
except KeyboardInterrupt:
    print("stopped", flush=True)
with database.connect(path) as connection:
    connection.execute("create table t as select 1")
"""


@pytest.mark.parametrize("checkpoint", [True, False])
def test_a_file_that_was_kept_open_leaves_its_log_only_if_asked_to(
    tmp_path: Path, checkpoint: bool
) -> None:
    path = tmp_path / "warehouse.duckdb"
    log = Path(f"{path}.wal")
    with database.kept_open(path, checkpoint=checkpoint), database.connect(path) as connection:
        connection.execute("create table t as select 1 as a")

    assert log.exists() == (not checkpoint)
    with database.connect(path) as connection:
        assert connection.execute("from t").fetchall() == [(1,)]
    assert not log.exists()


def test_a_query_that_ctrl_c_interrupts_does_not_hold_the_file_for_ever(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path / "warehouse.duckdb")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "stopped\n"), ended.stderr


class TestKeptOpen:
    """A file is opened once for uses that follow each other closely, and left to others between those that do not."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "warehouse.duckdb"

    @pytest.fixture
    def opened(self, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
        found: list[Path] = []
        really = database._open

        def counted(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
            found.append(path)
            return really(path, read_only=read_only)

        monkeypatch.setattr(database, "_open", counted)
        return found

    def test_many_uses_open_it_once(self, path: Path, opened: list[Path]) -> None:
        with database.kept_open(path):
            for number in range(5):
                with database.connect(path, read_only=number > 0) as connection:
                    connection.execute("create table if not exists t (n integer)")
        assert opened == [path]
        with database.connect(path), database.connect(path):
            pass
        assert len(opened) == 3

    def test_others_may_have_it_while_it_is_not_used(
        self, path: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database, "LINGER_S", 0.05)
        look = "import sys, duckdb; duckdb.connect(sys.argv[1], read_only=True)"
        command = [sys.executable, "-c", look, str(path)]
        with database.kept_open(path):
            with database.connect(path) as connection:
                connection.execute("create table t (n integer)")
                time.sleep(0.2)
                assert subprocess.run(command, capture_output=True, check=False).returncode
            time.sleep(0.5)
            assert subprocess.run(command, capture_output=True, check=False).returncode == 0
            with database.connect(path) as connection:
                assert connection.execute("from t").fetchall() == []
        assert len(opened) == 2

    def test_what_no_query_goes_in_any_more_is_opened_anew(
        self, path: Path, opened: list[Path]
    ) -> None:
        """As after a full disk."""
        with database.kept_open(path):
            with database.connect(path):
                pass
            kept = database._kept[path]
            assert kept._connection is not None
            kept._connection.close()
            kept._connection = cast("Any", Refusing())
            with database.connect(path) as connection:
                assert connection.execute("select 7").fetchall() == [(7,)]
        assert len(opened) == 2


class Refusing:
    """A connection to a database that DuckDB calls invalid."""

    def cursor(self) -> Refusing:
        return self

    def execute(self, query: str) -> None:
        raise duckdb.FatalException("FATAL Error: the database has been invalidated")

    def close(self) -> None:
        pass
