"""HTTP on loopback: bytes in, bytes out, and whatever breaks on the way."""

import socket
import struct
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simulator.exchange import Answer, Call

# Each vendor's host name becomes the first part of the path.
HOSTS = {
    "hirednow": "hirednow",
    "talkpush": "talkpush",
    "linkup": "linkup",
    "closerx": "closerx",
    "easir": "easir",
    "easir-auth": "easir",
}
NO_LINGER = struct.pack("ii", 1, 0)

Respond = Callable[[str, Call], Answer]


class Server(ThreadingHTTPServer):
    """A server that closes what is open when it stops."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, port: int, respond: Respond) -> None:
        """Listen on loopback.

        Args:
            port: The port; 0: any that is free.
            respond: Answers a vendor's call.
        """
        super().__init__(("127.0.0.1", port), Handler)
        self.respond = respond
        self.connections: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note a connection as open, and serve it."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, and note it as closed."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop listening, end connections that idle, and wait for their threads."""
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # It has ended by itself.
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors of the simulator; clients that hang up are none."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive."""

    protocol_version = "HTTP/1.1"
    server_version = "hirefunnel-simulator"
    # An answer leaves in one piece: otherwise Nagle's algorithm delays its second half.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: the simulator keeps its own notes, without keys."""

    def do_GET(self) -> None:
        """Answer, whatever the method."""
        parts = urlsplit(self.path)
        _, _, rest = parts.path.partition("/")
        host, slash, path = rest.partition("/")
        length = int(self.headers.get("Content-Length") or 0)
        call = Call(
            method=self.command,
            path=slash + path,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            base_url=f"{self.server.url}/{host}",
        )
        if host in HOSTS:
            self._send(self.server.respond(HOSTS[host], call))
        else:
            self._send(Answer("No such vendor.", 404, content_type="text/plain"))

    # http.server finds methods by these names.
    do_POST = do_GET  # noqa: N815
    do_PUT = do_GET  # noqa: N815
    do_PATCH = do_GET  # noqa: N815
    do_DELETE = do_GET  # noqa: N815

    def _send(self, answer: Answer) -> None:
        if answer.delivery == "reset":
            # Closing without lingering sends RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            self.close_connection = True
            self.connection.close()
            return
        content = answer.content()
        self.send_response(answer.status)
        self.send_header("Content-Type", f"{answer.content_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.delivery == "truncate":
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)
