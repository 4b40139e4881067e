"""The program as it is, but for small worlds: started by the suite as a process that can be killed.

    python -m tests.chaos.child FILE_DESCRIPTOR CHECKPOINT_BYTES COMMAND...

It tells the suite which phase it is in, on the file descriptor, a line each: `+load 12.345` where the machine's
monotonic clock says 12.345, `-load 12.4` when that is over. Pages and load packages are small, so that a small world
has many of both; a retry waits milliseconds; and the clock of the data stands still at HIREFUNNEL_AS_OF, so that what
is observed in a night is observed at one moment, however long the night's attempts take. Nothing else differs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from importlib import import_module
from typing import Any

from dlt.pipeline.pipeline import Pipeline

from pipelines import build, cli, publish, settings, sync
from tests.chaos.schedule import VENDORS


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


def make_small(checkpoint_bytes: int) -> None:
    """Small pages and packages; short waits."""
    sync.CHECKPOINT_BYTES = checkpoint_bytes
    for vendor in VENDORS:
        import_module(f"sources.{vendor}.client").BACKOFF_FACTOR = 0.02  # type: ignore[attr-defined]
    hirednow: Any = import_module("sources.hirednow.helpers")
    hirednow.PAGE_SIZE, hirednow.PAGES_A_WINDOW = 5, 2
    easir: Any = import_module("sources.easir.helpers")
    easir.PAGE_SIZE, easir.PAGES_ONE_BY_ONE = 5, 3


def main() -> None:
    """Runs the command."""
    descriptor, checkpoint_bytes = int(sys.argv[1]), int(sys.argv[2])
    sys.argv = ["hirefunnel", *sys.argv[3:]]
    moment = datetime.fromisoformat(os.environ["HIREFUNNEL_AS_OF"])
    settings.now = lambda: moment
    make_small(checkpoint_bytes)
    for name in ("extract", "normalize", "load"):
        watch(Pipeline, name, descriptor)
    watch(build, "build", descriptor)
    watch(publish, "publish", descriptor)
    cli.main()


if __name__ == "__main__":
    main()
