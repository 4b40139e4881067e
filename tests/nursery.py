"""A process that has imported what is slow to import, and forks a child for each start of the program.

    python -m tests.nursery FILE_DESCRIPTOR

It has one thread, no connection and no open file: what a child gets from it are imported modules and nothing else. A
child ends as every interpreter ends, or is killed as every process is. Between the two stands a keeper, forked as well,
that does nothing but wait for the one child's end, so that many can be under way.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import IO, Any

REPOSITORY = Path(__file__).parents[1]
# Most of what a run imports, by the time it takes. Not DuckDB, which starts a thread of its own, and that would not
# come along; Arrow's only one is its allocator's, which starts it anew in a child.
SLOW = [
    "dbt.cli.main",
    "dbt.task.build",
    "dlt",
    "filelock",
    "rphonenumbers",
    "pipelines.vendors",
    "pyarrow.compute",
    "pyarrow.parquet",
    "rich.progress",
    "typer",
    *(f"sources.{vendor}" for vendor in ("hirednow", "talkpush", "linkup", "closerx", "easir")),
]
PROGRAM = "from pipelines import cli; cli.main()"


class Child:
    """A start of the program, with what tests use of `subprocess.Popen`.

    Attributes:
        pid: Its own: it hears signals.
        returncode: None while it runs; negative: the signal that killed it.
    """

    def __init__(self, keeper: socket.socket, stdout: IO[Any], stderr: IO[Any]) -> None:
        self.stdout, self.stderr = stdout, stderr
        self.returncode: int | None = None
        self._keeper = keeper
        self.pid = self._told()

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(timeout=0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended."""
        if self.returncode is None:
            if not select.select([self._keeper], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("hirefunnel", timeout or 0)
            self.returncode = self._told()
            self._keeper.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[Any, Any]:
        """All that it said on stdout and stderr, once it has ended."""
        self.wait(timeout)
        for stream in (self.stdout, self.stderr):
            stream.seek(0)
        return self.stdout.read(), self.stderr.read()

    def send_signal(self, number: int) -> None:
        """Signals it, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it at once."""
        self.send_signal(signal.SIGKILL)

    def _told(self) -> int:
        found = self._keeper.recv(4, socket.MSG_WAITALL)
        if len(found) < 4:
            raise RuntimeError("The nursery has died.")
        return int.from_bytes(found, signed=True)


class Nursery:
    """Its process, and who asks it for children."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __spec__.name, str(theirs.fileno())],
                # NumPy's library of linear algebra, which nobody needs, would start threads
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1"},
                cwd=tempfile.gettempdir(),
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )

    def close(self) -> None:
        """Ends it."""
        self._socket.close()
        self._process.wait()

    def start(
        self,
        environment: dict[str, str],
        folder: Path,
        *arguments: str,
        code: str = PROGRAM,
        stdout: IO[Any] | None = None,
        stderr: IO[Any] | None = None,
    ) -> Child:
        """Starts the program.

        Args:
            environment: What it finds set, all of it.
            folder: Its working folder.
            arguments: The command line, after the program's name.
            code: What it runs, as `python -c` would.
            stdout: Where it writes; by default a file that `Child.communicate` reads.
            stderr: The same.
        """
        said, told = stdout or _new_file(), stderr or _new_file()
        ours, theirs = socket.socketpair()
        letter = json.dumps([code, arguments, environment, str(folder)]).encode()
        with theirs:
            descriptors = [theirs.fileno(), said.fileno(), told.fileno()]
            socket.send_fds(self._socket, [len(letter).to_bytes(4)], descriptors)
            self._socket.sendall(letter)
        return Child(ours, said, told)


@cache
def nursery() -> Nursery:
    """The one of this process, which ends with it."""
    made = Nursery()
    atexit.register(made.close)
    return made


def _new_file() -> IO[str]:
    """A file to whose end its writer writes, wherever its reader is."""
    return tempfile.TemporaryFile("a+", encoding="utf-8", errors="replace")


def main(descriptor: int) -> None:
    """Bears children until nobody asks any more; returns in each of them."""
    for name in SLOW:
        import_module(name)
    if "duckdb" in sys.modules:
        raise RuntimeError("A process with threads cannot be forked.")
    gc.freeze()  # or else each child's collector would touch, and so copy, all that is imported
    with socket.socket(fileno=descriptor) as asked:
        while True:
            head, descriptors, *_ = socket.recv_fds(asked, 4, 3, socket.MSG_WAITALL)
            _bury()
            if not head:
                return
            letter = asked.recv(int.from_bytes(head), socket.MSG_WAITALL)
            if not os.fork():
                break
            for each in descriptors:
                os.close(each)
    keeper, stdout, stderr = descriptors
    if child := os.fork():
        _keep(child, socket.socket(fileno=keeper), [stdout, stderr])
    os.close(keeper)
    _be_the_program(stdout, stderr, *json.loads(letter))


def _bury() -> None:
    """Takes note of the keepers that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _keep(child: int, told: socket.socket, streams: list[int]) -> None:
    """Tells the child's number, waits for its end, and tells how it ended; does not return."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the child
    for stream in streams:
        os.close(stream)
    with suppress(BrokenPipeError):  # nobody may wait any more
        told.sendall(child.to_bytes(4, signed=True))
        _, status = os.waitpid(child, 0)
        told.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, signed=True))
    os._exit(0)


def _be_the_program(
    stdout: int,
    stderr: int,
    code: str,
    arguments: list[str],
    environment: dict[str, str],
    folder: str,
) -> None:
    """Makes of a fork what a start would have made."""
    for stream, standard in ((stdout, sys.stdout), (stderr, sys.stderr)):
        os.dup2(stream, standard.fileno())
        os.close(stream)
    # what a shell starts in the background, tests among it, does not hear Ctrl-C, nor do its children
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["hirefunnel", *arguments]
    # Click looks at it for the program's name
    sys.modules["__main__"] = started = ModuleType("__main__")
    exec(code, started.__dict__)


if __name__ == "__main__":
    main(int(sys.argv[1]))
