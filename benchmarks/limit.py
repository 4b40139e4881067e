"""The limit: the pages of the plan fetched by a few threads into files, and DuckDB reading those into tables.

Nobody has to find out what the next page is, nothing is checked, nothing is kept for a next time.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import duckdb
import urllib3

from .bucket import SHARE_A_SECOND
from .server import TOKEN

THREADS = 8
TABLES = {
    "results": {
        "id": "VARCHAR",
        "recommendation_status": "VARCHAR",
        "campaign": "JSON",
        "user": "JSON",
        "overall_score": "DOUBLE",
        "additional_scores": "JSON",
        "created_at": "TIMESTAMPTZ",
        "updated_at": "TIMESTAMPTZ",
        "order_index": "VARCHAR",
    },
    "campaigns": {
        "id": "VARCHAR",
        "user": "JSON",
        "team_id": "BIGINT",
        "name": "VARCHAR",
        "type": "VARCHAR",
        "message": "JSON",
        "template": "JSON",
        "filter": "JSON",
        "total_sent": "BIGINT",
        "sent_at": "TIMESTAMP",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
    },
    "recipients": {
        "id": "VARCHAR",
        "b2c": "BOOLEAN",
        "account": "JSON",
        "user": "JSON",
        "status": "VARCHAR",
        "fixed_fields": "JSON",
        "custom_fields": "JSON",
        "social_profile": "JSON",
        "consent": "JSON",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
    },
}


class Pace:
    """Lets requests start as fast as a rate allows; one vendor's."""

    def __init__(self, rate: float) -> None:
        self._gap_s = 1 / rate if rate else 0.0
        self._lock = threading.Lock()
        # A burst's worth early, as the vendor allows it.
        self._next = time.monotonic() - SHARE_A_SECOND / 2

    def wait(self) -> None:
        """Waits for the next start."""
        with self._lock:
            start = self._next = max(
                self._next + self._gap_s, time.monotonic() - SHARE_A_SECOND / 2
            )
        time.sleep(max(0.0, start - time.monotonic()))


def fetch(url: str, pages: list[list[str]], folder: Path, rate: float) -> None:
    """Writes each page as one line, beside its campaign; a file a thread and table."""
    pool = urllib3.PoolManager(maxsize=2 * THREADS, headers={"Authorization": f"Bearer {TOKEN}"})

    def read(number: int, part: list[list[str]], pace: Pace) -> None:
        files = {kind: (folder / f"{kind}-{number}.ndjson").open("wb") for kind in TABLES}
        for kind, owner, target in part:
            pace.wait()
            answer = pool.request("GET", url + target, retries=False)
            assert answer.status == 200, (target, answer.status)
            files[kind].write(b'{"campaign_id":"%b","page":%b}\n' % (owner.encode(), answer.data))
        for file in files.values():
            file.close()

    vendors = [
        [page for page in pages if (page[0] == "results") is first] for first in (True, False)
    ]
    with ThreadPoolExecutor(THREADS) as threads:
        # Half of the threads for each vendor; without a limit the last pages of both are read by all.
        share = THREADS // 2 if rate else THREADS
        parts = chain.from_iterable(
            [(vendor[first::share], pace) for first in range(share)]
            for vendor, pace in zip(vendors, (Pace(rate), Pace(rate)), strict=True)
        )
        done = [threads.submit(read, n, part, pace) for n, (part, pace) in enumerate(parts)]
        for future in done:
            future.result()


def load(folder: Path) -> None:
    """Reads the files into tables."""
    database = duckdb.connect(str(folder / "limit.duckdb"))
    for table, columns in TABLES.items():
        record = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        database.execute(
            f"""
            create table {table} as
            select campaign_id, record.* from (
                select campaign_id, unnest(page.data) as record
                from read_json(
                    '{folder}/{table}-*.ndjson',
                    format = 'newline_delimited',
                    columns = {{campaign_id: 'VARCHAR', page: 'STRUCT(data STRUCT({record})[])'}}
                )
            )
            """
        )
    database.close()


def main() -> None:
    """Fetches and loads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=0)
    options = parser.parse_args()
    fetch(options.url, json.loads(options.plan.read_text())["pages"], options.folder, options.rate)
    load(options.folder)


if __name__ == "__main__":
    main()
