"""Requests sent by libcurl get the answers, and the errors, that `requests` gives."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field

import pytest
import requests
from requests import PreparedRequest, Request, RequestException, Session

from pipelines.curl import CurlSession

BODY = b'{"data": ["caf\xc3\xa9"]}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
    BODY
)
ZIPPED = gzip.compress(BODY)

ANSWERS = {
    "plain": PLAIN + BODY,
    "nothing in it": b"HTTP/1.1 204 No Content\r\n\r\n",
    "an error with a body": b"HTTP/1.1 500 Oh no\r\nContent-Length: 4\r\n\r\noops",
    "no reason": b"HTTP/1.1 429\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n",
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    "a header twice": b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n",
    "another charset": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=latin-1\r\n"
    b"Content-Length: 1\r\n\r\n\xe9",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "a trailer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Retry-After\r\n\r\n"
    b"2\r\nde\r\n0\r\nRetry-After: 9\r\n\r\n",
    "up to the end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY,
    "an old server": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "zipped": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
    % (len(ZIPPED), ZIPPED),
    "an announcement first": b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN + BODY,
    "silence": b"",
    "no HTTP": b"what do you want?\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a body": PLAIN + BODY[:-5],
    "half of the chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "not zipped": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\noh no",
}


@dataclass
class Server:
    """Gives one answer to everybody, and then closes the connection, unless it is to be kept.

    Attributes:
        answer: What it sends.
        asked: The heads of the requests, as they came, a list for each connection.
    """

    answer: bytes = b""
    keeps: bool = False
    waits_s: float = 0
    asked: list[list[bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Listens, in a thread of its own."""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/a?b=%20c"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(
                    target=self._talk, args=self.socket.accept()[:1], daemon=True
                ).start()

    def _talk(self, connection: socket.socket) -> None:
        heads: list[bytes] = []
        self.asked.append(heads)
        with closing(connection), suppress(OSError):
            while (head := connection.recv(65536)) and not self.over.wait(self.waits_s):
                heads.append(head)
                connection.sendall(self.answer)
                if not self.keeps:
                    return


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.over.set()
    server.socket.close()


def request(server: Server, **more: str) -> PreparedRequest:
    return Session().prepare_request(Request(more.pop("method", "GET"), server.url, **more))


def outcome(session: Session, server: Server) -> object:
    """What comes of a request: an answer, or an error's class."""
    try:
        answer = session.send(request(server), timeout=5, allow_redirects=False)
    except RequestException as error:
        return type(error)
    return (
        answer.status_code,
        answer.reason,
        dict(answer.headers.lower_items()),
        answer.content,
        answer.encoding,
        answer.url,
    )


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_what_requests_makes_of_it(server: Server, name: str) -> None:
    server.answer = ANSWERS[name]
    assert outcome(CurlSession(), server) == outcome(Session(), server)


def test_errors_are_those_of_requests(server: Server) -> None:
    server.socket.close()  # nobody listens
    assert outcome(CurlSession(), server) is requests.ConnectionError


def test_who_does_not_answer_in_time_is_given_up(server: Server) -> None:
    server.waits_s = 30
    with pytest.raises(requests.ReadTimeout):
        CurlSession().send(request(server), timeout=1)


def test_an_error_repeats_nothing_that_was_sent(server: Server) -> None:
    with pytest.raises(requests.ConnectionError) as raised:
        CurlSession().send(request(server), timeout=5)
    assert "b=" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_headers_and_path_go_as_they_are_and_the_connection_is_kept(server: Server) -> None:
    server.answer, server.keeps = PLAIN + BODY, True
    session = CurlSession()
    for _ in range(3):
        asked = request(server)
        asked.headers["Authorization"] = "Bearer of-news"
        assert session.send(asked, timeout=5).json() == {"data": ["café"]}
    (heads,) = server.asked
    assert len(heads) == 3
    for head in heads:
        lines = head.split(b"\r\n")
        assert lines[0] == b"GET /a?b=%20c HTTP/1.1"
        assert b"Authorization: Bearer of-news" in lines
        assert any(line.startswith(b"Accept-Encoding:") and b"gzip" in line for line in lines)
        assert b"python-requests" in head


def test_a_connection_that_was_closed_meanwhile_is_made_anew(server: Server) -> None:
    server.answer = PLAIN + BODY  # it closes without a word
    session = CurlSession()
    for _ in range(3):
        assert session.send(request(server), timeout=5).content == BODY


def test_whatever_is_no_plain_get_is_sent_by_requests(server: Server) -> None:
    server.answer = PLAIN + BODY
    answer = CurlSession().send(request(server, method="POST", data="x=1"), timeout=5)
    assert answer.content == BODY
    assert server.asked[0][0].startswith(b"POST ")


def test_a_proxy_is_asked_where_there_is_one(server: Server) -> None:
    server.answer = PLAIN + BODY
    asked = Session().prepare_request(Request("GET", "http://nowhere.invalid/x"))
    proxy = server.url.split("/a?")[0]
    answer = CurlSession().send(asked, timeout=5, proxies={"http": proxy})
    assert answer.content == BODY
    assert server.asked[0][0].startswith(b"GET http://nowhere.invalid/x ")
