"""How often vendors let themselves be asked: a token bucket each, on demand."""

from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from time import monotonic


@dataclass
class Limit:
    """A vendor's token bucket, full at first, and what became of the requests since.

    Attributes:
        per_second: How many tokens come in a second.
        burst: How many it holds; each request that is answered takes one.
        says_retry_after: Whether refusals carry Retry-After, in whole seconds, rounded up.
        status: The status of refusals.
        served: How many requests were let through.
        refused: How many were refused.
    """

    per_second: float
    burst: int
    says_retry_after: bool = True
    status: int = 429
    served: int = 0
    refused: int = 0
    _tokens: float = field(init=False)
    _filled_at: float = field(default_factory=monotonic)
    _first_at: float | None = None
    _last_at: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Fill the bucket."""
        self._tokens = self.burst

    def refusal(self) -> dict[str, str] | None:
        """The headers with which a request is refused that comes now; None if it is let through."""
        with self._lock:
            now = monotonic()
            self._tokens += (now - self._filled_at) * self.per_second
            self._tokens = min(self._tokens, self.burst)
            self._filled_at = now
            if self._tokens < 1:
                self.refused += 1
                wait_s = ceil((1 - self._tokens) / self.per_second)
                return {"Retry-After": str(wait_s)} if self.says_retry_after else {}
            self._tokens -= 1
            self.served += 1
            self._first_at, self._last_at = self._first_at or now, now
            return None

    @property
    def seconds(self) -> float:
        """The time from the first request that was let through to the last one."""
        return self._last_at - self._first_at if self._first_at else 0.0

    @property
    def allowed(self) -> float:
        """How many requests would have been let through in that time at most."""
        return self.burst + self.seconds * self.per_second
