"""How LinkupAPI is asked: only for reading, politely, and within the budget."""

import json
from math import ceil, isfinite
from typing import Any

from dlt.sources.helpers.requests import Client
from msgspec import MsgspecError
from msgspec.json import decode
from requests import RequestException, Response, Session

from .pace import Pace, PacedAdapter, is_refusal
from .settings import (
    ADVICE,
    BACKOFF_FACTOR,
    HIGHEST_PRICE,
    JOB_STATUSES,
    MAX_WAIT_S,
    MESSAGE_LENGTH,
    OTHER_ADVICE,
    RATE_LIMITED,
    READ_ACTIONS,
    RECRUITER_PATH,
    RESULTS_PER_CREDIT,
    USER_AGENT,
)


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


def price_of(answer: dict[str, Any], params: dict[str, Any]) -> float:
    """What an answer cost: what it says, or for want of a number what it may have cost at most."""
    metadata = answer.get("metadata")
    price: Any = metadata.get("credits_consumed") if isinstance(metadata, dict) else None
    is_number = isinstance(price, (int, float)) and not isinstance(price, bool)
    at_most: float = ceil(params.get("count", 0) / RESULTS_PER_CREDIT)
    return price if is_number and 0 <= price <= HIGHEST_PRICE else at_most


def is_rate_limited(response: Response | None, _error: BaseException | None) -> bool:
    """Whether to wait and ask again, as the status 429 would say if it had been sent."""
    return response is not None and error_code(response) == RATE_LIMITED


class LinkupClient:
    """Asks for one answer at a time.

    A garbled 200 is not asked for again: it has been paid for, and would be once more. After a
    reset or a 5xx the request is repeated; whether the lost answer was charged is not known.
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
        self._session = Client(
            request_timeout=timeout_s,
            raise_for_status=False,
            request_max_attempts=max_retries + 1,
            retry_condition=is_rate_limited,
            request_backoff_factor=BACKOFF_FACTOR,
            request_max_retry_delay=MAX_WAIT_S,
        ).session
        self._session.headers.update({"x-api-key": api_key, "User-Agent": USER_AGENT})
        pace = Pace(requests_per_second, max_retries + 1, BACKOFF_FACTOR, MAX_WAIT_S)
        adapter = PacedAdapter(
            pace,
            parallel_requests,
            session,
            lambda response: is_refusal(response) or is_rate_limited(response, None),
        )
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        # What the environment says of proxies and certificates, found once and not at each request.
        found = self._session.merge_environment_settings(self._url, {}, None, None, None)
        self._session.proxies, self._session.verify = found["proxies"], found["verify"]
        self._session.trust_env = False

    def ask(self, action: str, params: dict[str, Any]) -> Response:
        """Send one of the reading actions.

        Returns:
            The answer, which was paid for; its JSON is an object.

        Raises:
            LinkupError: The action is not a reading one, or the answer is an error.
        """
        if action not in READ_ACTIONS:
            allowed = ", ".join(sorted(READ_ACTIONS))
            raise LinkupError(f"{action} was not sent, for it may write; use one of {allowed}.")
        return self._send({"account_id": self.account_id, "action": action, "params": params})

    def _send(self, request: dict[str, Any]) -> Response:
        asked = f"POST {RECRUITER_PATH} {request['action']} {request['params']}"
        response, trouble = None, ""
        try:
            response = self._session.post(self._url, json=request, allow_redirects=False)
        except (RequestException, ValueError) as error:
            trouble = type(error).__name__  # only its name: its text may repeat what was sent
        if response is None:  # raised outside of `except`, so that no context hangs on it
            raise LinkupError(
                f"{asked}: no answer ({trouble}); check base_url and the network.",
                concerns_all=True,
            )
        answer = json_object(response)
        if response.status_code != 200 or not answer.get("success"):
            advice = ADVICE.get(error_code(response), OTHER_ADVICE)
            raise LinkupError(
                f"{asked}: answered {response.status_code}, {self._words(response)}; {advice}.",
                concerns_all=response.status_code not in JOB_STATUSES,
            )
        return response

    def _words(self, response: Response) -> str:
        """The vendor's own words: one line, short, and without the key."""
        text = response.text.replace(self._api_key, "***") if self._api_key else response.text
        return repr(" ".join(text.split())[:MESSAGE_LENGTH])
