"""Requests sent by libcurl: what `requests` does, for less CPU, nearly all of it outside of Python's lock.

Sources take a `session` whose `send` gets their requests; the conductor gives them this one. They know nothing of it:
they get the answers and errors that `requests` would give.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from itertools import takewhile
from math import ceil
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any

import pycurl
from requests import PreparedRequest, Response, Session, exceptions
from requests.adapters import DEFAULT_CA_BUNDLE_PATH
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers, select_proxy

READ_AT_ONCE = 1 << 19  # bytes; a page is seldom more

# What `requests` calls libcurl's failures; any other is a ConnectionError.
ERRORS: dict[int, type[exceptions.RequestException]] = {
    pycurl.E_URL_MALFORMAT: exceptions.InvalidURL,
    pycurl.E_PARTIAL_FILE: exceptions.ChunkedEncodingError,
    pycurl.E_BAD_CONTENT_ENCODING: exceptions.ContentDecodingError,
    pycurl.E_SSL_CONNECT_ERROR: exceptions.SSLError,
    pycurl.E_SSL_CERTPROBLEM: exceptions.SSLError,
    pycurl.E_SSL_CACERT: exceptions.SSLError,
    pycurl.E_SSL_CACERT_BADFILE: exceptions.SSLError,
}


class CurlSession(Session):
    """A session whose GET requests are sent by libcurl, each by a handle that keeps its connection.

    What asks for more (another method, a proxy, a certificate of one's own) is sent by `requests`.
    Redirects are not followed, and cookies not kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self._idle: LifoQueue[pycurl.Curl] = LifoQueue()

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """The answer, read to its end.

        Args:
            request: What is sent.
            kwargs: As for `requests.Session.send`.

        Raises:
            requests.RequestException: There is none, or not a whole one.
        """
        url = request.url or ""
        is_plain = request.method == "GET" and not request.body and not kwargs.get("cert")
        proxies = kwargs.get("proxies")
        if not is_plain or (proxies and select_proxy(url, proxies)):
            return super().send(request, **kwargs)
        handle = self._kept() or _new_handle()
        head = BytesIO()
        _prepare(handle, request, head, kwargs.get("timeout"), kwargs.get("verify", True))
        try:
            body = handle.perform_rb()
        except pycurl.error as error:
            code = int(error.args[0])
            kind = _kind_of(code, handle, has_begun=head.tell() > 0)
            handle.close()
            # Without libcurl's own words: they may repeat what was sent.
            raise kind(f"libcurl's error {code}", request=request) from None
        response = _response(request, handle.getinfo(pycurl.RESPONSE_CODE), head, body)
        self._idle.put(handle)
        return response

    def close(self) -> None:
        """Ends the connections that nobody uses."""
        super().close()
        while (handle := self._kept()) is not None:
            handle.close()

    def _kept(self) -> pycurl.Curl | None:
        try:
            return self._idle.get_nowait()
        except Empty:
            return None


def _new_handle() -> pycurl.Curl:
    handle = pycurl.Curl()
    handle.setopt(pycurl.NOSIGNAL, 1)  # signals are the main thread's
    handle.setopt(pycurl.PROXY, "")  # whatever the environment says
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    handle.setopt(pycurl.PATH_AS_IS, 1)
    handle.setopt(pycurl.ACCEPT_ENCODING, "")  # all that it can read
    handle.setopt(pycurl.BUFFERSIZE, READ_AT_ONCE)
    return handle


def _prepare(
    handle: pycurl.Curl,
    request: PreparedRequest,
    head: BytesIO,
    timeout: float | tuple[float | None, float | None] | None,
    verify: bool | str,
) -> None:
    """What differs from request to request."""
    handle.setopt(pycurl.URL, request.url)
    headers = [
        f"{name}: {value}" if value else f"{name};"
        for name, value in request.headers.items()
        if name.lower() != "accept-encoding"
    ]
    handle.setopt(pycurl.HTTPHEADER, headers)
    handle.setopt(pycurl.HEADERFUNCTION, head.write)
    connect_s, read_s = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, ceil(1000 * (connect_s or 0)))
    handle.setopt(pycurl.LOW_SPEED_LIMIT, 1 if read_s else 0)  # a byte a second, or it is too late
    handle.setopt(pycurl.LOW_SPEED_TIME, ceil(read_s or 0))
    handle.setopt(pycurl.SSL_VERIFYPEER, 1 if verify else 0)
    handle.setopt(pycurl.SSL_VERIFYHOST, 2 if verify else 0)
    if verify:
        handle.setopt(*_trusted(verify))


@cache
def _trusted(verify: bool | str) -> tuple[int, str]:
    """The option that names the certificates that are trusted, and its value."""
    trusted = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
    return pycurl.CAPATH if Path(trusted).is_dir() else pycurl.CAINFO, trusted


def _response(request: PreparedRequest, status: int, head: BytesIO, body: bytes) -> Response:
    lines = [line.strip() for line in head.getvalue().decode("latin-1").split("\n")]
    begin = max(place for place, line in enumerate(lines) if line.startswith("HTTP/"))
    response = Response()
    response.status_code = status
    response.reason = lines[begin].partition(" ")[2].partition(" ")[2]
    response.url, response.request = request.url or "", request
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for line in takewhile(bool, lines[begin + 1 :]):  # what comes after the body is no header
        name, is_header, value = line.partition(":")
        if is_header:
            name, value = name.strip(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    response.headers = headers
    response.encoding = get_encoding_from_headers(headers)
    response._content = body
    vars(response)["_content_consumed"] = True
    return response


def _kind_of(
    code: int, handle: pycurl.Curl, *, has_begun: bool
) -> type[exceptions.RequestException]:
    """What `requests` would raise; `has_begun` says whether a part of the answer came."""
    if code == pycurl.E_OPERATION_TIMEDOUT:
        was_sent = handle.getinfo(pycurl.PRETRANSFER_TIME) > 0
        return exceptions.ReadTimeout if was_sent else exceptions.ConnectTimeout
    if code == pycurl.E_RECV_ERROR and has_begun:
        return exceptions.ChunkedEncodingError
    return ERRORS.get(code, exceptions.ConnectionError)
