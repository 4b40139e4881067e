"""Everything that is printed: live progress on a terminal, plain log lines elsewhere, one log file a run."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.status import Status

from .redact import RedactingFormatter, mask

_MARKS = {
    "ok": "[green]✓[/]",
    "partial": "[yellow]◐[/]",
    "failed": "[red]✗[/]",
    "skipped": "[dim]-[/]",
}


class Reporter:
    """Tells what a run is doing.

    On a terminal a step has a live line with a count; elsewhere each step is a log line at its end. Everything is
    masked before it is written.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self.logger = logging.getLogger("hirefunnel")
        self._status: Status | None = None
        self._title = ""
        self._count = 0
        self._lock = threading.Lock()

    @property
    def is_live(self) -> bool:
        """Whether someone watches."""
        return self.console.is_terminal

    def say(self, text: str, *, mark: str = "") -> None:
        """One line about what happened."""
        text = mask(text)
        self.logger.info(text)
        if self.is_live:
            self.console.print(f"{_MARKS.get(mark, ' ')} {text}", soft_wrap=True)
        else:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            label = {"failed": "ERROR", "partial": "WARNING"}.get(mark, "INFO")
            self.console.print(f"{stamp} {label:<7} {text}", markup=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """A live line for as long as the block lasts; `tick` counts on it."""
        self._title, self._count = title, 0
        if not self.is_live:
            yield
            return
        with self.console.status(title) as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None

    def tick(self, records: int) -> None:
        """More records of the current step."""
        with self._lock:
            self._count += records
            if self._status is not None:
                self._status.update(f"{self._title} · {self._count:,}")

    def update(self, text: str) -> None:
        """What the current step is at."""
        if self._status is not None:
            self._status.update(f"{self._title} · {mask(text)}")


@contextmanager
def log_file(path: Path) -> Iterator[None]:
    """Writes hirefunnel's and dlt's log records to a file for a block; dlt's no longer go to the terminal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    formatter = RedactingFormatter(
        "%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    loggers = [logging.getLogger(name) for name in ("hirefunnel", "dlt", "py.warnings")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    logging.captureWarnings(True)
    for logger in loggers:
        logger.handlers, logger.propagate = [handler], False
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
        handler.close()
