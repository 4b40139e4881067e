"""How often the vendor is asked: as configured, or as often as it has shown to allow."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from math import inf
from threading import BoundedSemaphore, Lock
from time import monotonic, sleep, time
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

KEPT = 0.9  # of the rate that was let through, after a refusal
LEAST_KEPT = 0.25  # of the rate that was tried, however little was let through
STEPS_BACK = 200  # answers until the rate is again what it was when it was refused
SHORTEST_COUNT_S = 1.0  # what was let through in less time tells of a burst, not of a rate
INSTANT_S = 0.1  # the same, where nothing but the requests themselves tells what was tried


class Pace:
    """When requests may start, for all threads that ask one vendor.

    They start evenly spaced, never faster than configured. A refusal concerns everybody: all wait
    as long as the vendor asks, or longer each time if it does not say, and go on at nine tenths of
    what it has let through since the refusal before. Then each answer lets the rate grow by a
    small step, up to the configured one: STEPS_BACK answers make good what the refusal cost, and
    after as many the steps become twice as large. So a vendor that allows less for good refuses
    about one request in STEPS_BACK, and one that allows more again is soon asked as before.

    Args:
        requests_per_second: The configured rate; 0 for no limit.
        attempts: How many refusals in a row make everybody wait. A vendor that refuses for ever
            then costs the time of one request's retries, not of all.
        first_pause_s: How long the first pause is if the vendor does not say; the next ones in a
            row are twice as long each.
        longest_pause_s: No pause is longer, whatever the vendor asks for.
        clock: Tells seconds.
        sleep: Waits for so many seconds.
    """

    def __init__(
        self,
        requests_per_second: float,
        attempts: int,
        first_pause_s: float,
        longest_pause_s: float,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        self._configured_rate = requests_per_second if requests_per_second > 0 else inf
        self._attempts = attempts
        self._first_pause_s = self._own_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._rate = self._configured_rate
        self._step = 0.0
        self._next_start = -inf
        self._pauses = 0
        self._pause_ends = -inf
        self._refusals_in_a_row = 0
        self._passed = 0  # since:
        self._counted_from = inf

    @property
    def rate(self) -> float:
        """How many requests may start in a second now; infinite if there is no limit."""
        return self._rate

    def turn(self) -> int:
        """Wait until a request may start.

        Returns:
            How many pauses there were before it, which `passed` and `refused` want to know.
        """
        start, pauses = 0.0, -1
        while True:
            with self._lock:
                now = self._clock()
                if pauses != self._pauses:  # at first, and anew when a pause began meanwhile
                    pauses = self._pauses
                    start = max(now, self._next_start)
                    self._next_start = start + 1 / self._rate
                    self._counted_from = min(self._counted_from, now)
                if start <= now:
                    return pauses
            self._sleep(start - now)

    def passed(self, pauses: int) -> None:
        """Note that a request was let through; `pauses` is what its turn returned."""
        with self._lock:
            if pauses != self._pauses:
                return  # it started before a refusal, and tells nothing of the time after
            self._passed += 1
            self._refusals_in_a_row, self._own_pause_s = 0, self._first_pause_s
            self._rate = min(self._rate + self._step, self._configured_rate)
            if self._passed % STEPS_BACK == 0:
                self._step *= 2

    def refused(self, pauses: int, asked_pause_s: float | None) -> None:
        """Let everybody wait, for a request was refused.

        Args:
            pauses: What the request's turn returned. Requests that were under way together are
                refused together: that is one refusal.
            asked_pause_s: How long the vendor asks to wait; None if it does not say.
        """
        with self._lock:
            now = self._clock()
            is_first = pauses == self._pauses
            if is_first:
                if not self._refusals_in_a_row:  # else nothing new is known of the rate
                    self._slow_down(now)
                self._refusals_in_a_row += 1
            if self._refusals_in_a_row > self._attempts or (not is_first and not asked_pause_s):
                return
            pause_s = min(asked_pause_s or self._own_pause_s, self._longest_pause_s)
            if is_first:
                self._own_pause_s = min(2 * self._own_pause_s, self._longest_pause_s)
            if is_first or now + pause_s > self._pause_ends:
                self._pauses += 1
                self._pause_ends = now + pause_s
                self._next_start = max(self._pause_ends, now + 1 / self._rate)

    def _slow_down(self, now: float) -> None:
        seconds = now - self._counted_from
        tried = self._rate if self._rate < inf else (self._passed + 1) / max(seconds, INSTANT_S)
        # The refused request counts, too: a little later it would have been let through.
        let_through = (self._passed + 1) / max(seconds, SHORTEST_COUNT_S)
        self._rate = min(max(KEPT * let_through, LEAST_KEPT * tried), KEPT * tried)
        self._step = (tried - self._rate) / STEPS_BACK
        self._passed, self._counted_from = 0, now


def asked_pause_s(response: Response) -> float | None:
    """What Retry-After says, in seconds or as a date; None if it does not say, or a time gone by."""
    said = response.headers.get("Retry-After", "")
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(said).timestamp() - time()
        except (ValueError, OverflowError):  # neither
            return None
    return seconds if 0 < seconds < inf else None


def is_refusal(response: Response) -> bool:
    """Whether the vendor says that it is asked too often, or names a time to come again."""
    status = response.status_code
    return status == 429 or (status == 503 and asked_pause_s(response) is not None)


class PacedAdapter(HTTPAdapter):
    """Sends each request, retries included, when the pace allows it, and so many at once.

    Args:
        pace: When requests may start.
        parallel: How many may be under way at once.
        session: Its `send` gets the requests, instead of connections of one's own; None for those.
        refuses: Whether an answer is a refusal, and not about what was asked for.
    """

    def __init__(
        self,
        pace: Pace,
        parallel: int,
        session: Session | None,
        refuses: Callable[[Response], bool] = is_refusal,
    ) -> None:
        super().__init__(pool_maxsize=parallel)
        self._pace = pace
        self._slots = BoundedSemaphore(parallel)
        self._session = session
        self._refuses = refuses

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Wait for the request's turn, send it, and tell the pace how it went."""
        with self._slots:
            pauses = self._pace.turn()
            if self._session is not None:
                response = self._session.send(request, *args, allow_redirects=False, **kwargs)
            else:
                response = super().send(request, *args, **kwargs)
                response.content  # noqa: B018 - read while it is its turn
            if self._refuses(response):
                self._pace.refused(pauses, asked_pause_s(response))
            elif response.status_code < 500:  # a vendor in trouble tells nothing of its limit
                self._pace.passed(pauses)
            return response
