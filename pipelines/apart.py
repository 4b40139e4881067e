"""SQL in a process of its own, for files that are to hold nothing but what is put into them.

What is left over of a block of texts DuckDB writes as it finds it in memory (duckdb/duckdb#23382, not mended in 1.5.6):
pieces of what the process has read before. A process that never saw somebody cannot leave anything of them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

import duckdb

END = None  # the line after the last statement

# How DuckDB's own allocator (Linux), glibc's and macOS' are told that no memory keeps what was in it.
EMPTY_MEMORY = {
    "DUCKDB_JE_MALLOC_CONF": "zero:true",
    "MALLOC_PERTURB_": "255",
    "MallocScribble": "1",
}


@contextmanager
def process(*, empty_memory: bool = False) -> Iterator[Callable[..., None]]:
    """A process for a block; what the block calls runs a statement there, in order, and does not wait for it.

    It takes a statement and, if that has any, its parameters: a list that JSON has.

    Args:
        empty_memory: Whether memory that is used once more is emptied before, for which DuckDB takes longer. Blocks
            that DuckDB keeps of an open file are not, when it needs room for others of their size.

    Raises:
        duckdb.Error: At the block's end, with what DuckDB said, if a statement failed; none after it is run.
    """
    # -P: the modules beside this one are not to be taken for others
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", __file__],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | (EMPTY_MEMORY if empty_memory else {}),
    ) as other:
        assert other.stdin and other.stderr
        lines, said = other.stdin, other.stderr

        def send(line: Any) -> None:
            with suppress(BrokenPipeError):  # it has failed, and says why
                lines.write(json.dumps(line) + "\n")
                lines.flush()

        def execute(statement: str, parameters: Sequence[Any] = ()) -> None:
            send([statement, parameters])

        try:
            yield execute
            send(END)
            error = said.read()  # until it has ended
        except BaseException:
            other.kill()
            raise
        finally:
            with suppress(BrokenPipeError):  # what it has not read
                lines.close()
    if other.returncode:
        raise duckdb.Error(error.strip() or f"DuckDB's process ended with {other.returncode}")


def _main() -> int:
    """Runs the statements that come in; ends at once when they come no more, for then the parent is dead."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it as well, and decides
    lines: SimpleQueue[Any] = SimpleQueue()

    def receive() -> None:
        for line in sys.stdin:
            lines.put(json.loads(line))
        os._exit(1)

    Thread(target=receive, daemon=True).start()
    with duckdb.connect() as connection:
        while (line := lines.get()) != END:
            try:
                connection.execute(*line)
            except duckdb.Error as error:
                print(error, file=sys.stderr, flush=True)
                return 1
    return 0


if __name__ == "__main__":
    os._exit(_main())  # Python's own end would wait for the thread
