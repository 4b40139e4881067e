"""The program as it is, but for small worlds: in a process of its own that can be killed.

It tells the suite on stdout which phase it is in, a line each: `+load 12.345` where the machine's
monotonic clock says 12.345, `-load 12.4` when that is over. Pages are small, and each is with the chance CUT the last
of its load package, so that a small world has many of both; a retry waits milliseconds; and the clock of the data
stands still at HIREFUNNEL_AS_OF, so that what is observed in a night is observed at one moment, however long the
night's attempts take. Builds leave out dbt's data tests where the schedule says so. Nothing else differs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from importlib import import_module
from random import Random
from typing import Any

from dbt.cli.main import dbtRunner
from dlt.pipeline.pipeline import Pipeline

from pipelines import build, cli, loading, publish, settings

SHORT_WAIT = {"BACKOFF_FACTOR": 0.02}
SMALL: dict[str, dict[str, float]] = {
    "hirednow": {**SHORT_WAIT, "PAGE_SIZE": 5, "PAGES_A_WINDOW": 2},
    "talkpush": SHORT_WAIT,
    "linkup": SHORT_WAIT,
    "closerx": SHORT_WAIT,
    "easir": {**SHORT_WAIT, "PAGE_SIZE": 5, "PAGES_ONE_BY_ONE": 3},
}


def watch(owner: Any, name: str, descriptor: int) -> None:
    """Tells when a function is entered and left."""
    function: Callable[..., Any] = getattr(owner, name)

    def tell(sign: str) -> None:
        os.write(descriptor, f"{sign}{name} {time.monotonic():.6f}\n".encode())

    @wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        tell("+")
        try:
            return function(*args, **kwargs)
        finally:
            tell("-")

    setattr(owner, name, watched)


def make_small(cut: float, dice: Random) -> None:
    """Small pages and packages; short waits."""
    loading.Checkpoint.is_due = lambda *_: dice.random() < cut  # type: ignore[method-assign]
    for vendor, names in SMALL.items():
        import_module(f"sources.{vendor}")
        for name, value in names.items():
            parts = [
                part for at, part in sys.modules.items() if at.startswith(f"sources.{vendor}.")
            ]
            for part in parts:
                if hasattr(part, name):
                    setattr(part, name, value)


def leave_out_data_tests() -> None:
    """Builds without dbt's data tests."""
    invoke = dbtRunner.invoke

    def without(runner: dbtRunner, args: list[str], **kwargs: Any) -> Any:
        return invoke(runner, [*args, "--exclude-resource-type", "test"], **kwargs)

    dbtRunner.invoke = without  # type: ignore[method-assign, assignment]


def main() -> None:
    """Runs the command, which comes after how it is to be run; what itself writes on stdout is lost."""
    program, cut, seed, data_tests, *command = sys.argv
    sys.argv = [program, *command]
    descriptor = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if data_tests == "False":
        leave_out_data_tests()
    moment = datetime.fromisoformat(os.environ["HIREFUNNEL_AS_OF"])
    settings.now = lambda: moment
    make_small(float(cut), Random(seed))
    for name in ("extract", "normalize", "load"):
        watch(Pipeline, name, descriptor)
    watch(build, "build", descriptor)
    watch(publish, "publish", descriptor)
    cli.main()
