"""A vendor made of one function, put in a source's hands as its session."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from requests import PreparedRequest, Response, Session


@dataclass(frozen=True)
class Asked:
    """One request that reached the vendor."""

    method: str
    path: str
    query: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """An answer that is not simply JSON with 200; a body of text or bytes is sent as it is."""

    status: int = 200
    body: Any = None


class FakeVendor(Session):
    """Answers what its function says, and remembers each request, retries included.

    The function gets the request and returns the JSON to answer, a `Reply`, or an exception to
    raise as the network would.
    """

    def __init__(self, answer: Callable[[Asked], Any]) -> None:
        super().__init__()
        self._answer = answer
        self.asked: list[Asked] = []

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        url = urlsplit(str(request.url))
        asked = Asked(
            str(request.method),
            url.path,
            dict(parse_qsl(url.query)),
            json.loads(request.body) if request.body else None,
        )
        self.asked.append(asked)
        answer = self._answer(asked)
        if isinstance(answer, Exception):
            raise answer
        reply = answer if isinstance(answer, Reply) else Reply(body=answer)
        response = Response()
        response.status_code = reply.status
        response.url = str(request.url)
        response.request = request
        response.encoding = "utf-8"
        body = reply.body if isinstance(reply.body, str | bytes) else json.dumps(reply.body)
        response._content = body if isinstance(body, bytes) else body.encode()
        return response
