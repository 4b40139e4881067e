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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import duckdb

# How DuckDB's own allocator, that of Linux and that of macOS are told to hand out no memory with what was in it.
EMPTY_MEMORY = {
    "DUCKDB_JE_MALLOC_CONF": "zero:true",
    "MALLOC_PERTURB_": "255",
    "MallocScribble": "1",
}


@contextmanager
def process(*, empty_memory: bool = False) -> Iterator[Callable[[str], None]]:
    """A process for a block; what the block calls runs a statement there, in order, and does not wait for it.

    Args:
        empty_memory: Whether memory that is used once more is emptied before, for which DuckDB takes longer. Blocks
            that DuckDB keeps of an open file are not, when it needs room for others of their size.

    Raises:
        duckdb.Error: At the block's end, with what DuckDB said, if a statement failed; none after it is run.
    """
    with subprocess.Popen(  # noqa: S603 (this file)
        [
            sys.executable,
            "-P",
            __file__,
        ],  # -P: this folder's modules are not to be taken for others
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | (EMPTY_MEMORY if empty_memory else {}),
    ) as other:
        assert other.stdin and other.stderr
        statements, said = other.stdin, other.stderr

        def execute(statement: str) -> None:
            with suppress(BrokenPipeError):  # it has failed, and says why
                statements.write(json.dumps(statement) + "\n")
                statements.flush()

        try:
            yield execute
            with suppress(BrokenPipeError):
                statements.close()
            error = said.read()
        except BaseException:
            other.kill()
            raise
    if other.returncode:
        raise duckdb.Error(error.strip() or f"DuckDB's process ended with {other.returncode}")


def _main() -> int:
    """Runs each line of the input, which ends with its parent, whatever that dies of."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it as well, and decides
    with duckdb.connect() as connection:
        for line in sys.stdin:
            try:
                connection.execute(json.loads(line))
            except duckdb.Error as error:
                print(error, file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
