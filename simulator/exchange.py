"""What goes back and forth: the call, the answer, and the note that is kept of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

SECRET_PARAMS = frozenset({"api_key", "client_id", "client_secret"})
Params = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """An HTTP request as it arrived.

    ``path`` begins where the vendor's host name would end; the names of headers are in lower case.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    base_url: str

    def json(self) -> Any:
        """The body as JSON, or None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; a payload that is text is sent as it is, any other as JSON."""

    payload: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delivery: Literal["whole", "truncate", "reset"] = "whole"

    def content(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.payload, str):
            return self.payload.encode()
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode()


class RefusalError(Exception):
    """A vendor's error answer."""

    def __init__(self, answer: Answer) -> None:
        """Refuse with an answer."""
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True)
class Request:
    """The note kept of a request, without its secrets; status 0 means that nothing was answered.

    ``params`` are the query's, or for JSON bodies the action and its parameters. A parameter that
    was sent more than once is a list. ``at`` is when it came, ``fault`` the kind of the fault that
    struck it, ``credits`` what LinkupAPI charged for it.
    """

    vendor: str
    method: str
    path: str
    params: Params
    status: int
    at: datetime
    fault: str | None = None
    credits: int = 0


class Endpoint(Protocol):
    """A vendor's API."""

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise a RefusalError."""
        ...

    def envelope(self, status: int, message: str) -> Any:
        """The body of the vendor's errors."""
        ...


def noted_params(call: Call) -> Params:
    """The parameters of a call that may be kept.

    Args:
        call: The call.

    Returns:
        The parameters by name, without secrets.
    """
    params: Params = {}
    for name, value in call.query:
        if name in SECRET_PARAMS:
            continue
        if name in params:
            before = params[name]
            params[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            params[name] = value
    body = call.json() if call.body else None
    if isinstance(body, dict) and "action" in body:
        details = body.get("params")
        params |= {"action": body["action"], **(details if isinstance(details, dict) else {})}
    return params
