"""How EASI'R is asked: with a token that lives minutes, politely, and again if need be."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from requests import PreparedRequest, Request, RequestException, Response, Session

from .attempts import send
from .listing import count_of
from .pace import Pace, PacedAdapter
from .sent import read_answer
from .settings import (
    ADVICE,
    BACKOFF_FACTOR,
    BASE_URL,
    LISTING,
    LISTING_STATUSES,
    MAX_WAIT_S,
    OTHER_ADVICE,
    TOKEN_LIFETIME_S,
    TOKEN_MARGIN_S,
    TOKEN_REFUSED,
)
from .words import words_of


class EasirError(Exception):
    """EASI'R did not answer, or not with what was asked for.

    Args:
        message: What was asked, what came back, and what to do.
        status: The HTTP status, if the answer to just this request was to blame.

    Attributes:
        concerns_all: Whether anything else that is asked for may well fail alike.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.concerns_all = status not in LISTING_STATUSES


def json_object(response: Response) -> dict[str, Any] | None:
    """The answer's JSON object, or None when the body is anything else; read once."""
    if "json_object" not in response.__dict__:
        try:
            body = read_answer(response.content, LISTING)
        except (ValueError, RecursionError):
            body = None
        response.__dict__["json_object"] = body if isinstance(body, dict) else None
    found: dict[str, Any] | None = response.__dict__["json_object"]
    return found


def is_good(response: Response) -> bool:
    """Whether it is what was asked for."""
    return response.status_code == 200 and json_object(response) is not None


def is_garbled(response: Response | None, _error: BaseException | None) -> bool:
    """Whether an answer says 200 but holds no JSON: worth another try, as a reset is."""
    return response is not None and response.status_code == 200 and not is_good(response)


class EasirClient:
    """Asks for one JSON object at a time, and keeps the token it needs for that."""

    def __init__(
        self,
        base_url: str,
        auth_url: str,
        client_id: str,
        client_secret: str,
        requests_per_second: float,
        parallel_requests: int,
        max_retries: int,
        timeout_s: float,
        session: Session | None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._auth_url = auth_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._token = ""
        self._token_lock = Lock()
        self._renew_at = 0.0
        self._timeout_s = timeout_s
        self._session = Client(
            request_timeout=timeout_s,
            raise_for_status=False,
            request_max_attempts=max_retries + 1,
            retry_condition=is_garbled,
            request_backoff_factor=BACKOFF_FACTOR,
            request_max_retry_delay=MAX_WAIT_S,
        ).session
        pace = Pace(requests_per_second, max_retries + 1, BACKOFF_FACTOR, MAX_WAIT_S)
        adapter = PacedAdapter(pace, parallel_requests, session)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        # What the environment says of proxies and certificates, found once and not at each request.
        found = self._session.merge_environment_settings(self._base_url, {}, None, None, None)
        self._session.proxies, self._session.verify = found["proxies"], found["verify"]
        self._session.trust_env = False
        # What all requests have in common is prepared once: that is most of the work of preparing one.
        self._prepared = self._session.prepare_request(Request("GET", BASE_URL))
        self._address = ""

    def get(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask for one JSON object, with a new token if the one at hand is refused.

        Raises:
            EasirError: There is no answer, it is an error, or it is not a JSON object.
        """
        with self._token_lock:
            if monotonic() >= self._renew_at:
                self._renew_token()
            token = self._token
        try:
            return self._get_with(token, path, params)
        except EasirError as error:
            if error.status not in TOKEN_REFUSED:
                raise
        with self._token_lock:
            if self._token == token:  # else another thread was refused first, and has a new one
                self._renew_token()
            token = self._token
        return self._get_with(token, path, params)

    def _get_with(self, token: str, path: str, params: dict[str, Any]) -> dict[str, Any]:
        def prepare() -> PreparedRequest:
            request = self._prepared.copy()
            if not self._address:
                request.prepare_url(self._base_url, None)
                self._address = (request.url or "").rstrip("/")
            request.url = f"{self._address}{path}?{urlencode(params)}"
            request.prepare_auth(BearerTokenAuth(token))
            return request

        return self._ask(f"GET {path}", prepare, is_listing=True)

    def _renew_token(self) -> None:
        asked = Request(
            "POST",
            self._auth_url,
            params={"grant_type": "client_credentials"},
            json={"client_id": self._client_id, "client_secret": self._client_secret},
        )
        answer = self._ask("POST auth_url", lambda: self._session.prepare_request(asked))
        token = answer.get("access_token")
        if (
            not isinstance(token, str)
            or not token.isascii()
            or not token.isprintable()
            or not token
        ):
            raise EasirError("POST auth_url: the answer has no access_token; check auth_url.")
        self._token = token
        lifetime_s = count_of(answer.get("expires_in")) or TOKEN_LIFETIME_S
        self._renew_at = monotonic() + lifetime_s - TOKEN_MARGIN_S

    def _ask(
        self, asked: str, prepare: Callable[[], PreparedRequest], *, is_listing: bool = False
    ) -> dict[str, Any]:
        response, trouble = None, ""
        try:
            response = send(self._session, prepare(), self._timeout_s, is_good)
        except (RequestException, ValueError) as error:
            trouble = type(error).__name__  # only its name: its text may repeat what was sent
        if response is None:  # raised outside of `except`, so that no context hangs on it
            raise EasirError(f"{asked}: no answer ({trouble}); check the URLs and the network.")
        if response.status_code != 200:
            advice = ADVICE.get(response.status_code, OTHER_ADVICE)
            raise EasirError(
                f"{asked}: answered {response.status_code}, {self._words(response)}; {advice}.",
                response.status_code
                if is_listing
                else None,  # without a token, nothing can be read
            )
        body = json_object(response)
        if body is None:
            raise EasirError(
                f"{asked}: answered 200 without JSON, {self._words(response)}; check the URLs."
            )
        return body

    def _words(self, response: Response) -> str:
        """The vendor's own words, without secrets."""
        secrets = (self._client_secret, self._client_id, self._token)
        return words_of(response, json_object(response), secrets)
