"""One start of the program: its phases watched, killed when it is time."""

from __future__ import annotations

import os
import select
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from tests.chaos.schedule import PHASES
from tests.nursery import Child, nursery

CODE = "from tests.chaos import child; child.main()"
PATIENCE_S = 600.0  # a run of a small world takes seconds, on a busy machine a minute: what takes longer hangs


@dataclass(frozen=True)
class Kill:
    """When to kill: in the n-th phase of a kind (from 0), so many seconds after its beginning."""

    phase: str
    occurrence: int
    after_s: float


@dataclass
class Attempt:
    """How a start of the program went.

    Attributes:
        killed_in: The phase in which it died by our hand; "between" is in none; None: it lived.
        spans: The phases that it came through, and the seconds each took.
        output: What it said on stderr.
        requests_until: How many requests the simulator had answered when it ended.
        is_over: Whether its run came to its end; a kill may come after that.
    """

    started_at: datetime
    exit_code: int = 0
    killed_in: str | None = None
    is_hung: bool = False
    spans: list[tuple[str, float]] = field(default_factory=list)
    output: str = ""
    ended_at: datetime | None = None
    requests_until: int = 0
    is_over: bool = True


class Watcher:
    """The phases that a child tells."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, float]] = []
        self.entered: list[tuple[str, float]] = []
        self._open: Counter[str] = Counter()
        self._begun: dict[str, list[float]] = {phase: [] for phase in PHASES}
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Takes what has come through the pipe."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            phase, at = line[1:].decode().split()
            if line.startswith(b"+"):
                self._open[phase] += 1
                self._begun[phase].append(float(at))
                self.entered.append((phase, float(at)))
            else:
                self._open[phase] -= 1
                self.spans.append((phase, float(at) - self._begun[phase].pop(0)))

    def now_in(self) -> str:
        """The phase that is under way, the last of the chain if vendors are in several."""
        return next((phase for phase in reversed(PHASES) if self._open[phase] > 0), "between")


def start(
    command: str,
    options: tuple[float, int, bool],
    environment: dict[str, str],
    folder: Path,
    kill: Kill | None,
) -> Attempt:
    """Runs a command to its end, or to the moment of the kill.

    Args:
        options: The child's: how likely a page ends a load package, the seed of that chance, and whether builds run
            dbt's data tests.
        environment: What the child finds set, all of it.
        folder: Its working folder, and where its stderr goes.
    """
    attempt = Attempt(datetime.now(UTC))
    errors = folder / "stderr.txt"
    arguments = [*map(str, options), command]
    reading, writing = os.pipe()
    with errors.open("wb") as stderr:
        with os.fdopen(writing, "wb") as phases:
            child = nursery().start(
                environment, folder, *arguments, code=CODE, stdout=phases, stderr=stderr
            )
        watcher = Watcher()
        is_ours = _watch(child, reading, watcher, kill, attempt)
        os.close(reading)
        attempt.exit_code = child.wait()
    attempt.ended_at = datetime.now(UTC)
    attempt.spans = watcher.spans
    attempt.output = errors.read_text("utf-8", "replace")
    if is_ours and attempt.exit_code < 0:
        attempt.killed_in = watcher.now_in()
    return attempt


def _watch(
    child: Child,
    reading: int,
    watcher: Watcher,
    kill: Kill | None,
    attempt: Attempt,
) -> bool:
    """Follows the child until its end of the pipe is closed; whether it was killed as planned."""
    gives_up_at = monotonic() + PATIENCE_S
    kill_at: float | None = None
    is_killed = False
    while True:
        until = gives_up_at if kill_at is None or is_killed else kill_at
        if select.select([reading], [], [], max(0.0, until - monotonic()))[0]:
            chunk = os.read(reading, 65536)
            if not chunk:
                return is_killed
            watcher.feed(chunk)
            if kill and kill_at is None:
                begun = [at for phase, at in watcher.entered if phase == kill.phase]
                if len(begun) > kill.occurrence:
                    kill_at = begun[kill.occurrence] + kill.after_s
        if kill_at is not None and not is_killed and monotonic() >= kill_at:
            child.kill()
            is_killed = True
        elif monotonic() >= gives_up_at:
            child.kill()
            attempt.is_hung = True
            gives_up_at += PATIENCE_S
