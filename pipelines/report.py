"""Everything that is printed: live progress on a terminal, plain log lines elsewhere, one log file a run."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

from .redact import RedactingFormatter, mask

_MARKS = {
    "ok": "[green]✓[/]",
    "partial": "[yellow]◐[/]",
    "failed": "[red]✗[/]",
    "skipped": "[dim]-[/]",
}


SHOWN_EVERY_S = 0.1  # a live line that changes more often is not read, and costs


class Reporter:
    """Tells what a run is doing; used from several threads.

    On a terminal each running step has a live line with a count; elsewhere each step is a log line at its end.
    Everything is masked before it is written.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self.logger = logging.getLogger("hirefunnel")
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.fields[detail]}", style="dim"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._steps = 0
        self._lock = threading.Lock()

    def say(self, text: str, *, mark: str = "") -> None:
        """One line about what happened."""
        text = mask(text)
        self.logger.info(text)
        if self.console.is_terminal:
            self.console.print(f"{_MARKS.get(mark, ' ')} {escape(text)}", soft_wrap=True)
        else:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            label = {"failed": "ERROR", "partial": "WARNING"}.get(mark, "INFO")
            self.console.print(f"{stamp} {label:<7} {text}", markup=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A live line for as long as the block lasts."""
        with self._lock:
            self._steps += 1
            if self._steps == 1:
                self._progress.start()
        task = self._progress.add_task(escape(title), total=None, detail="")
        try:
            yield Step(self._progress, task)
        finally:
            self._progress.remove_task(task)
            with self._lock:
                self._steps -= 1
                if self._steps == 0:
                    self._progress.stop()


class Step:
    """The live line of one step."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._count = 0
        self._shown_at = 0.0

    def tick(self, records: int, how_far: Callable[[], str]) -> None:
        """More records have come; how far that is will be asked only if it is shown."""
        self._count += records
        if time.monotonic() - self._shown_at < SHOWN_EVERY_S:
            return
        self._shown_at = time.monotonic()
        detail = how_far()
        self.update(f"{self._count:,}" + (f" · {detail}" if detail else ""))

    def update(self, detail: str) -> None:
        """What the step is at."""
        self._progress.update(self._task, detail=escape(mask(detail)))


class _LogFile(logging.FileHandler):
    """A log that cannot be written, on a full disk, neither ends a run nor prints its lines unmasked instead."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Does nothing; `logging` would print the record and its arguments."""


@contextmanager
def log_file(path: Path) -> Iterator[None]:
    """Writes hirefunnel's and dlt's log records to a file for a block; dlt's no longer go to the terminal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = _LogFile(path, encoding="utf-8")
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
        logger.setLevel(logging.WARNING if logger.name == "dlt" else logging.INFO)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
        with suppress(OSError):
            handler.close()
