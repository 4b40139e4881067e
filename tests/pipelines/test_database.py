"""Opening the warehouse file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_a_query_that_ctrl_c_interrupts_does_not_hold_the_file_for_ever(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path / "warehouse.duckdb")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "stopped\n"), ended.stderr
