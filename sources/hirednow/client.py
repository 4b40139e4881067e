"""How HiredNow is asked: politely, again if need be, and without ever telling the key."""

from typing import Any
from urllib.parse import urlencode

from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from requests import PreparedRequest, Request, RequestException, Response, Session

from .attempts import send
from .pace import Pace, PacedAdapter
from .sent import read_answer
from .settings import (
    ADVICE,
    BACKOFF_FACTOR,
    CAMPAIGN_STATUSES,
    LISTING,
    MAX_WAIT_S,
    OTHER_ADVICE,
)
from .words import words_of


class HiredNowError(Exception):
    """HiredNow did not answer, or not with what was asked for.

    Args:
        message: One sentence: what was asked, what came back, what to do.
        concerns_all: Whether anything else that is asked for would fail alike.
        status: The HTTP status, if it was an error.
    """

    def __init__(self, message: str, concerns_all: bool = False, status: int | None = None) -> None:
        super().__init__(message)
        self.concerns_all = concerns_all
        self.status = status


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


class HiredNowClient:
    """Asks for one JSON object at a time."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        requests_per_second: float,
        parallel_requests: int,
        max_retries: int,
        timeout_s: float,
        session: Session | None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._session = Client(
            request_timeout=timeout_s,
            raise_for_status=False,
            request_max_attempts=max_retries + 1,
            retry_condition=is_garbled,
            request_backoff_factor=BACKOFF_FACTOR,
            request_max_retry_delay=MAX_WAIT_S,
        ).session
        self._session.auth = BearerTokenAuth(api_key)
        pace = Pace(requests_per_second, max_retries + 1, BACKOFF_FACTOR, MAX_WAIT_S)
        adapter = PacedAdapter(pace, parallel_requests, session)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        # What the environment says of proxies and certificates, found once and not at each request.
        found = self._session.merge_environment_settings(self._base_url, {}, None, None, None)
        self._session.proxies, self._session.verify = found["proxies"], found["verify"]
        self._session.trust_env = False
        self._prepared: dict[str, PreparedRequest] = {}

    def _request(self, path: str, params: dict[str, Any]) -> PreparedRequest:
        # What all requests have in common is prepared once: that is most of the work of preparing one.
        if path not in self._prepared:
            address = Request("GET", self._base_url + path)
            self._prepared[path] = self._session.prepare_request(address)
        request = self._prepared[path].copy()
        request.url = f"{request.url}?{urlencode(params)}"
        return request

    def get(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask for one JSON object.

        Raises:
            HiredNowError: There is no answer, it is an error, or it is not a JSON object.
        """
        asked = f"GET {path} for campaign {params['campaign_id']}"
        response, trouble = None, ""
        try:
            request = self._request(path, params)
            response = send(self._session, request, self._timeout_s, is_good)
        except (RequestException, ValueError) as error:
            trouble = type(error).__name__  # only its name: its text may repeat what was sent
        if response is None:  # raised outside of `except`, so that no context hangs on it
            raise HiredNowError(
                f"{asked}: no answer ({trouble}); check base_url and the network.",
                concerns_all=True,
            )
        if response.status_code != 200:
            advice = ADVICE.get(response.status_code, OTHER_ADVICE)
            raise HiredNowError(
                f"{asked}: answered {response.status_code}, {self._words(response)}; {advice}.",
                concerns_all=response.status_code not in CAMPAIGN_STATUSES,
                status=response.status_code,
            )
        body = json_object(response)
        if body is None:
            raise HiredNowError(
                f"{asked}: answered 200 without JSON, {self._words(response)}; check base_url.",
                concerns_all=True,
            )
        return body

    def _words(self, response: Response) -> str:
        """The vendor's own words, without the key."""
        return words_of(response, json_object(response), [self._api_key])
