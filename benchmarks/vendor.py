"""The server's process as the harness sees it: started, asked for its ceiling and its counts, stopped."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from .server import TOKEN

CEILING_PAGES = 4_000


@dataclass(frozen=True)
class RunningVendors:
    """Both vendors, being served.

    Attributes:
        url: Where.
        folder: Where the harness keeps its files; `plan.json` is the plan of a backfill.
    """

    url: str
    folder: Path

    def start(self, latency_ms: float, rate: float) -> None:
        """Sets the network and forgets the counts."""
        self._ask(f"/bench/start?{urlencode({'latency_ms': latency_ms, 'rate': rate})}")

    def stats(self) -> dict[str, Any]:
        """What was asked since the start."""
        return cast("dict[str, Any]", json.loads(self._ask("/bench/stats")))

    def plan(self) -> dict[str, Any]:
        """Every page of a backfill, and what it comes to."""
        return cast("dict[str, Any]", json.loads((self.folder / "plan.json").read_text()))

    def expected(self) -> list[int]:
        """The results, campaigns, recipients of a backfill, and the sum of the results' order indexes."""
        return list(self.plan()["expected"])

    def ceiling(self) -> str:
        """How much the server can give: pages asked for one after another on one connection, no JSON read."""
        self.start(0, 0)
        pages = self.plan()["pages"][:CEILING_PAGES]
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc)
        started, size = time.perf_counter(), 0
        for _kind, _owner, target in pages:
            connection.request("GET", target, headers={"Authorization": f"Bearer {TOKEN}"})
            size += len(connection.getresponse().read())
        seconds = time.perf_counter() - started
        cpu_s = self.stats()["cpu_s_of_server"]
        return (
            f"one connection: {len(pages) / seconds:,.0f} pages/s, {size / 1e6 / seconds:,.0f} MB/s; "
            f"the server's own CPU: {1e6 * cpu_s / len(pages):,.0f} µs a page, so at most "
            f"{len(pages) / cpu_s:,.0f} pages/s"
        )

    def _ask(self, target: str) -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc)
        connection.request("GET", target)
        body = connection.getresponse().read()
        connection.close()
        return body


@contextmanager
def running_vendors(folder: Path, results: int, recipients: int) -> Iterator[RunningVendors]:
    """Serves the vendors from a process of their own for a block."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = ["--results", str(results), "--recipients", str(recipients), "--folder", str(folder)]
    # Planned elsewhere: what this process has held in memory counts towards its children's peak.
    subprocess.run([sys.executable, "-m", "benchmarks.plan", *sizes], check=True)  # noqa: S603
    command = [sys.executable, "-m", "benchmarks.server", *sizes]
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield RunningVendors(process.stdout.readline().strip(), folder)
        process.stdin.close()
