"""A process that has imported what is slow to import, and forks a child for each start of the program.

    python -m tests.chaos.nursery FILE_DESCRIPTOR

It has one thread, no connection and no open file: what a child gets from it are imported modules and nothing else. A
child ends as every interpreter ends, or is killed as every process is.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.chaos.schedule import VENDORS

REPOSITORY = Path(__file__).parents[2]
# Most of what a run imports, by the time it takes. Not DuckDB, which starts a thread of its own, and that would not
# come along; Arrow's only one is its allocator's, which starts it anew in a child.
SLOW = [
    "dbt.cli.main",
    "dbt.task.build",
    "dlt",
    "filelock",
    "phonenumbers",
    "pipelines.vendors",
    "pyarrow.compute",
    "pyarrow.parquet",
    "rich.progress",
    "typer",
    *(f"sources.{vendor}" for vendor in VENDORS),
]


class Nursery:
    """Starts the nursery's process, and asks it for children, one at a time."""

    def __enter__(self) -> Self:
        """Starts it."""
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __spec__.name, str(theirs.fileno())],
                # NumPy's library of linear algebra, which nobody needs, would start threads
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1"},
                cwd=tempfile.gettempdir(),
                pass_fds=(theirs.fileno(),),
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends it."""
        self._socket.close()
        self._process.wait()

    def bear(
        self, arguments: list[str], environment: dict[str, str], folder: Path, pipes: list[int]
    ) -> int:
        """A child's process id.

        Args:
            arguments: Its own, for `child.py`.
            environment: What it finds set, all of it.
            folder: Its working folder.
            pipes: Where it writes: its phases, and its stderr.
        """
        letter = json.dumps([arguments, environment, str(folder)]).encode()
        socket.send_fds(self._socket, [len(letter).to_bytes(4)], pipes)
        self._socket.sendall(letter)
        return self._number()

    def exit_code(self) -> int:
        """Waits for the child's end; negative: the signal that killed it."""
        return self._number()

    def _number(self) -> int:
        found = self._socket.recv(4, socket.MSG_WAITALL)
        if len(found) < 4:
            raise RuntimeError("The nursery of the chaos suite has died.")
        return int.from_bytes(found, signed=True)


def main(descriptor: int) -> None:
    """Bears children until nobody asks any more; returns in none of them."""
    for name in SLOW:
        import_module(name)
    if "duckdb" in sys.modules:
        raise RuntimeError("A process with threads cannot be forked.")
    gc.freeze()  # or else each child's collector would touch, and so copy, all that is imported
    with socket.socket(fileno=descriptor) as asked:
        while True:
            head, pipes, *_ = socket.recv_fds(asked, 4, 2, socket.MSG_WAITALL)
            if not head:
                return
            letter = asked.recv(int.from_bytes(head), socket.MSG_WAITALL)
            child = os.fork()
            if not child:
                break
            for pipe in pipes:
                os.close(pipe)
            asked.sendall(child.to_bytes(4, signed=True))
            _, status = os.waitpid(child, 0)
            asked.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, signed=True))
    _be_the_program(pipes, *json.loads(letter))


def _be_the_program(
    pipes: list[int], arguments: list[str], environment: dict[str, str], folder: str
) -> None:
    """Makes of a fork what a start would have made."""
    phases, errors = pipes
    os.dup2(errors, sys.stderr.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    os.close(errors)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from tests.chaos import child

    child.main(phases, *arguments)


if __name__ == "__main__":
    main(int(sys.argv[1]))
