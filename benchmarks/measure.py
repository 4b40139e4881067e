"""What a command costs, as a whole process: seconds, CPU seconds, the most memory it held."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a command, or a pipe of commands, cost.

    Attributes:
        cpu_s: Of all its processes and their children.
        peak_mb: The most memory that a process held; of a pipe, all of its processes together.
        error: Why it does not count, or nothing.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    error: str = ""


def run(
    commands: list[list[str]], environment: dict[str, str], folder: Path, limit_s: float
) -> Cost:
    """Runs commands, each one's output the next one's input; the last one's goes to `output`.

    Args:
        commands: What to run, in `folder`.
        environment: Added to this process's own.
        folder: Where `output` and a file of errors for each command are written.
        limit_s: How long they may take.
    """
    # A child's peak begins with what its parent held: this process must stay small.
    env = {**os.environ, "NO_PROXY": "127.0.0.1", **environment}
    processes: list[subprocess.Popen[bytes]] = []
    timed_out = threading.Event()

    def stop() -> None:
        timed_out.set()
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    with ExitStack() as files:
        started = time.perf_counter()
        for number, command in enumerate(commands):
            is_last = number == len(commands) - 1
            output = files.enter_context((folder / "output").open("wb")) if is_last else None
            errors = files.enter_context((folder / f"errors-{number}").open("wb"))
            process = subprocess.Popen(  # noqa: S603
                command,
                cwd=folder,
                env=env,
                stdin=processes[-1].stdout if processes else subprocess.DEVNULL,
                stdout=output or subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
            if processes and processes[-1].stdout:
                processes[-1].stdout.close()  # the next one holds it now
            processes.append(process)
        timer = threading.Timer(limit_s, stop)
        timer.start()
        cpu_s = peak_mb = 0.0
        for process in processes:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu_s += usage.ru_utime + usage.ru_stime
            peak_mb += usage.ru_maxrss / 1024
        wall_s = time.perf_counter() - started
        timer.cancel()
    return Cost(wall_s, cpu_s, peak_mb, _error(processes, timed_out.is_set(), limit_s, folder))


def _error(
    processes: list[subprocess.Popen[bytes]], timed_out: bool, limit_s: float, folder: Path
) -> str:
    if timed_out:
        return f"did not finish within {limit_s:,.0f} s"
    for number, process in enumerate(processes):
        if process.returncode:
            lines = (folder / f"errors-{number}").read_text(errors="replace").strip().splitlines()
            return f"exit code {process.returncode}: {lines[-1][:200] if lines else 'no message'}"
    return ""
