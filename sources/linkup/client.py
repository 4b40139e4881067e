"""How LinkupAPI is asked: only for reading, politely, and within the budget."""

import json
from collections.abc import Callable
from math import isfinite
from threading import local
from typing import Any

from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.requests.retry import DEFAULT_RETRY_EXCEPTIONS, DEFAULT_RETRY_STATUS
from msgspec import MsgspecError
from msgspec.json import decode
from requests import ConnectTimeout, RequestException, Response, Session
from urllib3.exceptions import NewConnectionError

from .pace import Pace, PacedAdapter, is_refusal
from .settings import (
    ADVICE,
    BACKOFF_FACTOR,
    GATEWAY_STATUSES,
    JOB_STATUSES,
    MAX_WAIT_S,
    OTHER_ADVICE,
    RATE_LIMITED,
    READ_ACTIONS,
    RECRUITER_PATH,
    USER_AGENT,
)
from .words import words_of


class LinkupError(Exception):
    """LinkupAPI did not answer, or not with what was asked for.

    Args:
        message: One sentence: what was asked, what came back, what to do.
        concerns_all: Whether anything else that is asked for would fail alike.
        credits_spent: What the useless answer cost.
        page: What the page store calls that answer, "" if it is not there.
    """

    def __init__(
        self,
        message: str,
        concerns_all: bool = False,
        credits_spent: float = 0,
        page: str = "",
    ) -> None:
        super().__init__(message)
        self.concerns_all = concerns_all
        self.credits_spent = credits_spent
        self.page = page


def kept_number(text: str) -> float | str:
    """The number, or its text if it is larger than any that Python has."""
    number = float(text)
    return number if isfinite(number) else text


def lenient_json(response: Response) -> Any:
    """What Python's own, slower parser makes of the answer; None when that is nothing either."""
    try:
        body = response.text if response.encoding else response.content
        return json.loads(body, parse_float=kept_number, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def json_object(response: Response) -> dict[str, Any]:
    """The answer's JSON object, or an empty one when the body is anything else; parsed once."""
    if "json_object" not in response.__dict__:
        try:
            body = decode(response.content)
        except (MsgspecError, RecursionError):  # JSON of another kind, too deep, or no JSON at all
            body = lenient_json(response)
        response.__dict__["json_object"] = body if isinstance(body, dict) else {}
    found: dict[str, Any] = response.__dict__["json_object"]
    return found


def error_code(response: Response) -> str:
    """The code that LinkupAPI gives an error; it may come with any status, 200 included."""
    error = json_object(response).get("error")
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def is_rate_limited(response: Response) -> bool:
    """Whether to wait and ask again, as the status 429 would say if it had been sent."""
    return error_code(response) == RATE_LIMITED


def may_have_arrived(error: BaseException | None) -> bool:
    """Whether LinkupAPI may have got a request without an answer; not if there was no connection."""
    cause = error.args[0] if error is not None and error.args else None
    is_unconnected = isinstance(getattr(cause, "reason", None), NewConnectionError)
    return not is_unconnected and not isinstance(error, ConnectTimeout)


def asked_for(action: str, params: dict[str, Any]) -> str:
    """What was asked, as an error begins."""
    return f"POST {RECRUITER_PATH} {action} {params}"


class LinkupClient:
    """Asks for one answer at a time.

    A garbled 200 is not asked for again: it has been paid for, and would be once more. After a
    reset or a 5xx the request is repeated, if whoever asks may; whether the lost answer was charged
    is not known.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        account_id: str,
        requests_per_second: float,
        parallel_requests: int,
        max_retries: int,
        timeout_s: float,
        session: Session | None,
    ) -> None:
        self._url = base_url.rstrip("/") + RECRUITER_PATH
        self._api_key = api_key
        self.account_id = account_id
        self._asking = local()  # what a thread's request needs to know between its tries
        self._session = Client(
            request_timeout=timeout_s,
            raise_for_status=False,
            status_codes=(),
            exceptions=(),
            request_max_attempts=max_retries + 1,
            retry_condition=self._is_to_repeat,
            request_backoff_factor=BACKOFF_FACTOR,
            request_max_retry_delay=MAX_WAIT_S,
        ).session
        self._session.headers.update({"x-api-key": api_key, "User-Agent": USER_AGENT})
        pace = Pace(requests_per_second, max_retries + 1, BACKOFF_FACTOR, MAX_WAIT_S)
        adapter = PacedAdapter(
            pace,
            parallel_requests,
            session,
            lambda response: is_refusal(response) or is_rate_limited(response),
        )
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        # What the environment says of proxies and certificates, found once and not at each request.
        found = self._session.merge_environment_settings(self._url, {}, None, None, None)
        self._session.proxies, self._session.verify = found["proxies"], found["verify"]
        self._session.trust_env = False

    def ask(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send one of the reading actions.

        Returns:
            The answer's JSON.

        Raises:
            LinkupError: As of `send`, or the answer is an error.
        """
        response = self.send(action, params)
        if error := self.error_of(action, params, response):
            raise error
        return json_object(response)

    def send(
        self, action: str, params: dict[str, Any], may_repeat: Callable[[], bool] = lambda: True
    ) -> Response:
        """Send one of the reading actions.

        Args:
            action: What is asked for.
            params: The rest of it.
            may_repeat: Called when an answer was lost that may have been charged; whether to ask again.

        Returns:
            An answer with the status 200, whatever it holds: it may have been charged.

        Raises:
            LinkupError: The action is not a reading one, or there is no such answer.
        """
        if action not in READ_ACTIONS:
            allowed = ", ".join(sorted(READ_ACTIONS))
            raise LinkupError(f"{action} was not sent, for it may write; use one of {allowed}.")
        request = {"account_id": self.account_id, "action": action, "params": params}
        self._asking.may_repeat = may_repeat
        response, trouble = None, ""
        try:
            response = self._session.post(self._url, json=request, allow_redirects=False)
        except (RequestException, ValueError) as error:
            trouble = type(error).__name__  # only its name: its text may repeat what was sent
        if response is None:  # raised outside of `except`, so that no context hangs on it
            raise LinkupError(
                f"{asked_for(action, params)}: no answer ({trouble}); check base_url and the network.",
                concerns_all=True,
            )
        refusal = self.error_of(action, params, response)
        if refusal is not None and response.status_code != 200:
            raise refusal
        return response

    def error_of(
        self, action: str, params: dict[str, Any], response: Response
    ) -> LinkupError | None:
        """The error that an answer is, if it is one; it may be with the status 200, too."""
        if response.status_code == 200 and json_object(response).get("success"):
            return None
        advice = ADVICE.get(error_code(response), OTHER_ADVICE)
        return LinkupError(
            f"{asked_for(action, params)}: answered {response.status_code}, {self._words(response)}; {advice}.",
            concerns_all=response.status_code not in JOB_STATUSES,
        )

    def _is_to_repeat(self, response: Response | None, error: BaseException | None) -> bool:
        """Whether to send a request again; asked after each try, the last one included."""
        if response is None:
            is_lost = may_have_arrived(error)
            is_passing = isinstance(error, DEFAULT_RETRY_EXCEPTIONS)
        else:
            is_lost = response.status_code in GATEWAY_STATUSES
            is_passing = response.status_code in DEFAULT_RETRY_STATUS or is_rate_limited(response)
        may_repeat: Callable[[], bool] = self._asking.may_repeat
        return (not is_lost or may_repeat()) and is_passing

    def _words(self, response: Response) -> str:
        """The vendor's own words, without the key."""
        return words_of(response, json_object(response), [self._api_key])
