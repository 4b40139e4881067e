"""The simulator: five vendors on one local port."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import Any

from simulator import accounts
from simulator.exchange import Answer, Call, Endpoint, RefusalError, Request, noted_params
from simulator.faults import Fault, Faults, instead, spoiled
from simulator.limits import Limit
from simulator.server import Server
from simulator.vendors.closerx import Closerx
from simulator.vendors.easir import Easir
from simulator.vendors.hirednow import Hirednow
from simulator.vendors.linkup import Linkup
from simulator.vendors.talkpush import PREFIX as TALKPUSH_PREFIX
from simulator.vendors.talkpush import Talkpush
from simulator.world import World


class Simulator:
    """A running simulator: its address, its notes, and what is to go wrong."""

    def __init__(
        self,
        world: World,
        port: int = 0,
        *,
        token_seconds: float = 180.0,
        hirednow_flat_rows: bool = False,
        talkpush_bare_leads: bool = False,
        closerx_date_param: str | None = "date",
        linkup_credits: int | None = None,
    ) -> None:
        """Open the port. See ``serve`` for the arguments."""
        self.world = world
        self.faults = Faults()
        self._limits: dict[str, Limit] = {}
        self._closerx_date_param = closerx_date_param
        self._linkup = Linkup(world, credits=linkup_credits)
        self._easir = Easir(world, token_seconds=token_seconds)
        self._endpoints: dict[str, Endpoint] = {
            "hirednow": Hirednow(world, flat_rows=hirednow_flat_rows),
            "talkpush": Talkpush(world, bare_leads=talkpush_bare_leads),
            "linkup": self._linkup,
            "closerx": Closerx(world, date_param=closerx_date_param),
            "easir": self._easir,
        }
        self._requests: list[Request] = []
        self._notes_lock = Lock()
        self._stopping = Event()
        self._server = Server(port, self._respond)
        self._thread = Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        """The address under which each vendor has its part."""
        return self._server.url

    @property
    def requests(self) -> list[Request]:
        """The requests so far, in the order in which they were answered."""
        with self._notes_lock:
            return list(self._requests)

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        with self._notes_lock:
            self._requests.clear()

    def limit(self, vendor: str, *, per_second: float, burst: int, **options: Any) -> Limit:
        """Refuse requests of a vendor that come too fast, from now on, before any work is done.

        Args:
            vendor: Whose requests; EASI'R's for tokens are among them.
            per_second: How many are let through in the long run.
            burst: How many are let through at once.
            options: ``says_retry_after`` (True), ``status`` (429; LinkupAPI also sends its
                RATE_LIMITED with 200).

        Returns:
            The limit, which counts what it ``served`` and ``refused``.
        """
        self._limits[vendor] = limit = Limit(per_second, burst, **options)
        return limit

    def lift_limits(self) -> None:
        """Let every vendor be asked as often as anybody likes."""
        self._limits.clear()

    @property
    def credits_spent(self) -> int:
        """What LinkupAPI has charged so far, answers that never arrived included."""
        return self._linkup.credits_spent

    @property
    def tokens_issued(self) -> int:
        """How many tokens EASI'R has handed out."""
        return self._easir.tokens.issued

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and close the port."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def settings(self) -> dict[str, str]:
        """The environment with which hirefunnel reads from this simulator."""
        world, start_date = self.world, self.world.first_day.isoformat()
        hirednow_ids = [hiring.hirednow_id for hiring in world.hirings]
        settings: dict[str, dict[str, str]] = {
            "HIREDNOW": {
                "API_KEY": accounts.HIREDNOW_API_KEY,
                "BASE_URL": f"{self.url}/hirednow",
                "CAMPAIGN_IDS": json.dumps(hirednow_ids),
                "START_DATE": start_date,
            },
            "TALKPUSH": {
                "API_KEY": accounts.TALKPUSH_API_KEY,
                "BASE_URL": f"{self.url}/talkpush{TALKPUSH_PREFIX}",
                "START_DATE": start_date,
                "TIMEZONE": world.talkpush.zone.key,
            },
            "LINKUP": {
                "API_KEY": accounts.LINKUP_API_KEY,
                "BASE_URL": f"{self.url}/linkup",
                "ACCOUNT_ID": accounts.LINKUP_ACCOUNT_ID,
            },
            "CLOSERX": {
                "API_KEY": accounts.CLOSERX_API_KEY,
                "BASE_URL": f"{self.url}/closerx",
                "COMPANY_NAME": accounts.CLOSERX_COMPANY_NAME,
                "CAMPAIGN_IDS": json.dumps(world.closerx.campaign_ids),
                "START_DATE": start_date,
                "TIMEZONE": world.closerx.zone.key,
            },
            "EASIR": {
                "CLIENT_ID": accounts.EASIR_CLIENT_ID,
                "CLIENT_SECRET": accounts.EASIR_CLIENT_SECRET,
                "BASE_URL": f"{self.url}/easir",
                "AUTH_URL": f"{self.url}/easir-auth/token",
                "TIMEZONE": world.easir.zone.key,
            },
        }
        if self._closerx_date_param:
            settings["CLOSERX"]["DATE_PARAM"] = self._closerx_date_param
        # Politeness is for vendors, not for one's own machine.
        return {
            f"SOURCES__{vendor}__{name}": value
            for vendor, values in settings.items()
            for name, value in {**values, "REQUESTS_PER_SECOND": "1000"}.items()
        }

    def _respond(self, vendor: str, call: Call) -> Answer:
        """Answer a call, or what a fault makes of the answer, and take a note of it."""
        params = noted_params(call)
        request = Request(vendor, call.method, call.path, params, 0, datetime.now(UTC))
        limit = self._limits.get(vendor)
        refusal = limit.refusal() if limit else None
        if limit and refusal is not None:
            return self._noted(request, self._too_many(vendor, limit, refusal))
        fault = self.faults.due(request)
        if fault and fault.kind == "stall":
            self._stopping.wait(float(fault.options.get("seconds", 1)))
        if fault and fault.kind == "expire_token":
            self._easir.tokens.expire_all()
        with self.world.lock:
            spent_before = self.credits_spent
            answer = self._answer(self._endpoints[vendor], call, request, fault)
            credits = self.credits_spent - spent_before
        kind = fault.kind if fault else None
        return self._noted(replace(request, fault=kind, credits=credits), answer)

    def _noted(self, request: Request, answer: Answer) -> Answer:
        status = 0 if answer.delivery == "reset" else answer.status
        with self._notes_lock:
            self._requests.append(replace(request, status=status))
        return answer

    def _too_many(self, vendor: str, limit: Limit, headers: dict[str, str]) -> Answer:
        with self.world.lock:
            body = self._endpoints[vendor].envelope(429, "Too many requests")
        return Answer(body, limit.status, headers)

    @staticmethod
    def _answer(endpoint: Endpoint, call: Call, request: Request, fault: Fault | None) -> Answer:
        if answer := instead(fault, endpoint.envelope):
            return answer
        try:
            answer = endpoint.answer(call)
        except RefusalError as refusal:
            answer = refusal.answer
        return spoiled(fault, request, answer)


@contextmanager
def serve(world: World, port: int = 0, **options: Any) -> Iterator[Simulator]:
    """Serve a world's five vendors on loopback for the length of a ``with`` block.

    Args:
        world: The world behind the answers.
        port: The port; 0: any that is free.
        options: ``token_seconds`` (180; how long EASI'R's tokens live), ``hirednow_flat_rows``
            (False; the other documented row), ``talkpush_bare_leads`` (False; leads without
            ``updated_at`` and ``folder``), ``closerx_date_param`` ("date"; None: only the current
            day can be read), ``linkup_credits`` (None; what can be spent before 402).

    Yields:
        The running simulator.
    """
    simulator = Simulator(world, port, **options)
    simulator.start()
    try:
        yield simulator
    finally:
        simulator.stop()
