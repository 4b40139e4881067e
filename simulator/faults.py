"""Things that go wrong at vendors, on demand."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from threading import Lock
from typing import Any

from simulator.exchange import Answer, Request

HTML = "<!doctype html><html><body><h1>We'll be right back</h1></body></html>"


@dataclass
class Fault:
    """One thing that goes wrong, for the requests it fits, as often as it was asked for."""

    vendor: str
    kind: str
    path: str | None
    params: dict[str, Any]
    times: int | None
    after: int
    options: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    fired: int = 0

    def fits(self, request: Request) -> bool:
        """Whether the request is one that this fault is about."""
        if request.vendor != self.vendor:
            return False
        if self.path and self.path not in request.path and not re.search(self.path, request.path):
            return False
        sent = request.params
        return all(name in sent and sent[name] == value for name, value in self.params.items())

    @property
    def is_spent(self) -> bool:
        """Whether it has fired as often as it was to."""
        return self.times is not None and self.fired >= self.times


class Faults:
    """The faults of a simulator. At most one fires on a request: the first added that is due."""

    def __init__(self) -> None:
        """Start with none."""
        self._faults: list[Fault] = []
        self._lock = Lock()

    def add(
        self,
        vendor: str,
        kind: str,
        *,
        path: str | None = None,
        params: dict[str, Any] | None = None,
        times: int | None = 1,
        after: int = 0,
        **options: Any,
    ) -> Fault:
        """Let something go wrong.

        Args:
            vendor: Whose answers.
            kind: ``status`` (status=503, headers={}, body=the vendor's envelope), ``html``,
                ``reset`` (the work is done, the connection is cut before the answer),
                ``truncate``, ``stall`` (seconds=1), ``envelope`` (LinkupAPI: 200 with success
                false, and nothing charged; code, message),
                ``expire_token`` (EASI'R), ``wrong_date`` (CloserX; date=another ISO day),
                ``unequal_arrays`` (CloserX), ``stuck_cursor`` (HiredNow), ``empty_page_has_more``
                (HiredNow, LinkupAPI), ``no_candidates_key`` (Talkpush), ``callback``
                (function=(request, payload) -> payload).
            path: Only for paths that contain this, or match it as a regular expression.
            params: Only for requests with these parameters.
            times: How often; None: always.
            after: How many fitting requests pass before.
            options: The kind's own, see above.

        Returns:
            The fault; ``fired`` tells how often it happened.

        Raises:
            ValueError: If there is no such kind.
        """
        if kind not in KINDS:
            raise ValueError(f"No fault of kind {kind!r}; there are: {', '.join(sorted(KINDS))}.")
        fault = Fault(vendor, kind, path, params or {}, times, after, options)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything go well again."""
        with self._lock:
            self._faults.clear()

    def due(self, request: Request) -> Fault | None:
        """The fault that happens to a request, if any; it counts as fired."""
        chosen: Fault | None = None
        with self._lock:
            for fault in self._faults:
                if not fault.fits(request):
                    continue
                fault.seen += 1
                if chosen is None and fault.seen > fault.after and not fault.is_spent:
                    fault.fired += 1
                    chosen = fault
        return chosen


def instead(fault: Fault | None, error_body: Callable[[int, str], Any]) -> Answer | None:
    """The answer that a fault gives in place of the vendor, who never gets to work.

    Args:
        fault: The fault that is due, if any.
        error_body: Makes the vendor's error envelope.

    Returns:
        The answer, or None if the vendor is to answer.
    """
    if fault and fault.kind == "html":
        return Answer(HTML, content_type="text/html")
    if fault and fault.kind == "status":
        status = int(fault.options.get("status", 503))
        body = fault.options.get("body", error_body(status, "Something went wrong."))
        return Answer(body, status, fault.options.get("headers", {}))
    if fault and fault.kind == "envelope":
        code = fault.options.get("code", "RATE_LIMITED")
        message = fault.options.get("message", "The request failed.")
        body = error_body(500, message)
        return Answer({**body, "error": {**body["error"], "code": code}})
    return None


def spoiled(fault: Fault | None, request: Request, answer: Answer) -> Answer:
    """The vendor's answer after a fault has been at it.

    Args:
        fault: The fault that is due, if any.
        request: What was asked for.
        answer: The vendor's true answer.

    Returns:
        What is sent.
    """
    if fault is None:
        return answer
    if fault.kind == "reset":
        return replace(answer, delivery="reset")
    if fault.kind == "truncate":
        return replace(answer, delivery="truncate")
    spoil = SPOILERS.get(fault.kind)
    is_spoilable = answer.status < 300 or fault.kind == "callback"
    if spoil is None or not is_spoilable:
        return answer
    return replace(answer, payload=spoil(fault, request, answer.payload))


def _wrong_date(fault: Fault, request: Request, payload: Any) -> Any:
    day_before = date.fromisoformat(payload["date"]) - timedelta(days=1)
    return {**payload, "date": fault.options.get("date", day_before.isoformat())}


def _unequal_arrays(fault: Fault, request: Request, payload: Any) -> Any:
    return {**payload, "campaign_results": payload["campaign_results"][:-1]}


def _stuck_cursor(fault: Fault, request: Request, payload: Any) -> Any:
    return _with_cursor(payload, request) | {"has_more": True}


def _empty_page_has_more(fault: Fault, request: Request, payload: Any) -> Any:
    if request.vendor == "hirednow":
        return _with_cursor(payload, request) | {"data": [], "has_more": True}
    data = payload["data"]
    rows = "candidates" if "candidates" in data else "posts"
    pagination = data["pagination"]
    asked = {"count": 0, "has_more": True, "next_offset": pagination["offset"] + 10}
    data = {**data, rows: [], "total_results": 0, "pagination": {**pagination, **asked}}
    return {**payload, "data": data}


def _with_cursor(payload: Any, request: Request) -> Any:
    """HiredNow's page with the cursor that was asked with."""
    cursor = request.params.get("starting_after", "0")
    if "last_record_id" in payload:
        return {**payload, "last_record_id": int(cursor)}
    return {**payload, "last_record_index": cursor}


def _no_candidates_key(fault: Fault, request: Request, payload: Any) -> Any:
    return {name: value for name, value in payload.items() if name != "candidates"}


def _callback(fault: Fault, request: Request, payload: Any) -> Any:
    return fault.options["function"](request, payload)


SPOILERS: dict[str, Callable[[Fault, Request, Any], Any]] = {
    "wrong_date": _wrong_date,
    "unequal_arrays": _unequal_arrays,
    "stuck_cursor": _stuck_cursor,
    "empty_page_has_more": _empty_page_has_more,
    "no_candidates_key": _no_candidates_key,
    "callback": _callback,
}
KINDS = {*SPOILERS, "status", "html", "envelope", "reset", "truncate", "stall", "expire_token"}
