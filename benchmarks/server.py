"""The two vendors over HTTP: one process, no framework, pages sliced from mapped files.

    python -m benchmarks.server --results 20000 --recipients 2000 --folder FOLDER

prints its address and serves until its input ends. `POST /bench/start` sets the network (latency_ms, rate, burst) and
forgets the counts; `GET /bench/stats` tells them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from .bucket import Bucket
from .data import Listing, Shelf, Vendors, open_vendors

TOKEN = "bench"  # noqa: S105 - no secret: the vendors are invented
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many"}

Answer = tuple[int, bytes, str]  # status, body, further header lines


@dataclass
class Service:
    """What both vendors answer, and the network between them and whoever asks."""

    vendors: Vendors
    latency_s: float = 0.0
    buckets: dict[str, Bucket] = field(default_factory=dict)
    bytes_sent: int = 0
    cpu_before: float = 0.0

    def __post_init__(self) -> None:
        self._results = {listing.id: listing for listing in self.vendors.results.listings}
        self._recipients = {listing.id: listing for listing in self.vendors.recipients.listings}
        self.start({})

    def start(self, network: dict[str, str]) -> None:
        """Another network, and all counts at zero."""
        self.latency_s = float(network.get("latency_ms", 0)) / 1000
        rate = float(network.get("rate", 0))
        self.buckets = {name: Bucket(rate) for name in ("hirednow", "easir")}
        for bucket in self.buckets.values():
            bucket.tokens = bucket.size
        self.bytes_sent = 0
        self.cpu_before = time.process_time()

    def stats(self) -> dict[str, Any]:
        """What was asked since the start."""
        buckets = self.buckets.values()
        held = [held for bucket in buckets if (held := bucket.held()) is not None]
        return {
            "requests": sum(bucket.admitted for bucket in buckets),
            "refused": sum(bucket.refused for bucket in buckets),
            "megabytes": self.bytes_sent / 1e6,
            "cpu_s_of_server": time.process_time() - self.cpu_before,
            "rate_held": min(held, default=None),
        }

    def answer(self, target: str, head: bytes) -> Answer:
        """One request's answer."""
        url = urlsplit(target)
        params = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/bench/stats":
            return _json(self.stats())
        if url.path == "/bench/start":
            self.start(params)
            return _json({})
        is_hirednow = url.path.startswith("/v1/")
        wait_s = self.buckets["hirednow" if is_hirednow else "easir"].wait_s(time.monotonic())
        if wait_s:
            retry_after = f"Retry-After: {math.ceil(wait_s)}\r\n"
            return 429, b'{"message":"Too many requests"}', retry_after
        if url.path == "/token":
            return _json({"access_token": TOKEN, "expires_in": 3600})
        if f"bearer {TOKEN}".encode() not in head.lower():
            return 401, b'{"message":"Invalid token"}', ""
        if is_hirednow:
            return self._hirednow(params)
        return self._easir(url.path, params, head)

    def _hirednow(self, params: dict[str, str]) -> Answer:
        listing = self._results.get(params.get("campaign_id", ""))
        limit = int(params.get("limit", 10))
        descending = params.get("sort", "desc") == "desc"
        if listing is None or not 1 <= limit <= 100:
            return 400, b'{"message":"unknown campaign, or a wrong limit"}', ""
        shelf = self.vendors.results
        first, stop = listing.first, listing.stop
        if "start_date" in params:
            day = date.fromisoformat(params["start_date"]).toordinal()
            first = bisect_left(shelf.days, day, first, stop)
        if "end_date" in params:
            day = date.fromisoformat(params["end_date"]).toordinal()
            stop = bisect_right(shelf.days, day, first, stop)
        if "starting_after" in params:
            first = bisect_right(shelf.order, int(params["starting_after"]), first, stop)
        if descending and limit == 1 and first < stop:  # nobody asks for more of a descending list
            first, stop = stop - 1, stop
        elif descending:
            return 400, b'{"message":"only the last result is served descending"}', ""
        last = min(first + limit, stop)
        more = b"true" if last < stop else b"false"
        cursor = b'"%d"' % shelf.order[last - 1] if first < last else b"null"
        ending = b'],"has_more":%b,"last_record_index":%b}' % (more, cursor)
        return 200, b"".join((b'{"data":[', shelf.between(first, last), ending)), ""

    def _easir(self, path: str, params: dict[str, str], head: bytes) -> Answer:
        parts = path.strip("/").split("/")
        if parts == ["campaigns"]:
            everything = Listing("", 0, len(self.vendors.campaigns.order))
            return _easir_page(self.vendors.campaigns, everything, path, params, head)
        if len(parts) == 3 and parts[2] == "recipients" and parts[1] in self._recipients:
            listing = self._recipients[parts[1]]
            return _easir_page(self.vendors.recipients, listing, path, params, head)
        return 404, b'{"errors":[{"message":"Not found.","code":404}]}', ""


def _easir_page(
    shelf: Shelf, listing: Listing, path: str, params: dict[str, str], head: bytes
) -> Answer:
    number, per_page = int(params.get("page", 1)), int(params.get("per_page", 15))
    if number < 1 or not 1 <= per_page <= 50:
        return 400, b'{"errors":[{"message":"wrong page or per_page","code":422}]}', ""
    first = min(listing.first + (number - 1) * per_page, listing.stop)
    last = min(first + per_page, listing.stop)
    following = None
    if last < listing.stop:
        host = head.lower().partition(b"\r\nhost:")[2].partition(b"\r\n")[0].strip().decode()
        following = f"http://{host}{path}?{urlencode({**params, 'page': number + 1})}"
    pagination = {
        "total": listing.stop - listing.first,
        "page": number,
        "per_page": per_page,
        "urls": {"previous": None, "next": following},
    }
    ending = b'],"pagination":%b}' % json.dumps(pagination).encode()
    return 200, b"".join((b'{"data":[', shelf.between(first, last), ending)), ""


def _json(body: dict[str, Any]) -> Answer:
    return 200, json.dumps(body).encode(), ""


class Connection(asyncio.Protocol):
    """A kept-alive connection. Its requests are answered in turn, each after the network's latency."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remembers where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answers every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
            stop = end + 4 + int(length or 0)
            if len(self._buffer) < stop:
                return
            self._buffer = self._buffer[stop:]
            self._reply(head)

    def _reply(self, head: bytes) -> None:
        target = head.split(b" ", 2)[1].decode()
        status, body, further = self._service.answer(target, head)
        self._service.bytes_sent += len(body)
        start = (
            f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n{further}\r\n"
        )
        reply = start.encode() + body
        if self._service.latency_s and not target.startswith("/bench/"):
            later = asyncio.get_running_loop().call_later
            later(self._service.latency_s, self._transport.write, reply)
        else:
            self._transport.write(reply)


async def serve(service: Service) -> None:
    """Serves on a free port, which is printed, until the input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Serves the records named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=20_000)
    parser.add_argument("--recipients", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    vendors = open_vendors(options.folder, options.results, options.recipients)
    asyncio.run(serve(Service(vendors)))


if __name__ == "__main__":
    main()
