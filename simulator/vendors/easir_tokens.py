"""EASI'R's tokens: OAuth2 client credentials for a few minutes."""

from threading import Lock
from time import monotonic

from simulator.accounts import EASIR_CLIENT_ID, EASIR_CLIENT_SECRET
from simulator.exchange import Answer, Call, RefusalError


class Tokens:
    """Hands out tokens and knows which are still good."""

    def __init__(self, seconds: float) -> None:
        """Hand out tokens that live so many (real) seconds."""
        self.issued = 0
        self._seconds = seconds
        self._expire_at: dict[str, float] = {}
        self._lock = Lock()

    def answer(self, call: Call) -> Answer:
        """Answer ``POST /token?grant_type=client_credentials``."""
        if call.method != "POST":
            raise _refusal(405, "Method not allowed.")
        if call.query != (("grant_type", "client_credentials"),):
            raise _refusal(422, "The grant_type must be client_credentials, and nothing else.")
        if call.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise _refusal(415, "The body must be JSON.")
        credentials = {"client_id": EASIR_CLIENT_ID, "client_secret": EASIR_CLIENT_SECRET}
        body = call.json()
        if not isinstance(body, dict) or body.keys() != credentials.keys():
            raise _refusal(422, "The body must have client_id and client_secret.")
        if body != credentials:
            raise _refusal(403, "The client credentials are wrong.")
        with self._lock:
            self.issued += 1
            token = f"simulator-easir-token-{self.issued}"
            self._expire_at[token] = monotonic() + self._seconds
        expires_in = max(1, int(self._seconds))
        return Answer({"access_token": token, "token_type": "Bearer", "expires_in": expires_in})

    def is_valid(self, authorization: str) -> bool:
        """Whether a header carries a token that is still good."""
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            return scheme == "Bearer" and monotonic() < self._expire_at.get(token, 0.0)

    def expire_all(self) -> None:
        """Let all tokens handed out so far be good no longer."""
        with self._lock:
            self._expire_at.clear()


def _refusal(status: int, message: str) -> RefusalError:
    return RefusalError(Answer({"errors": [{"message": message, "code": status}]}, status))
