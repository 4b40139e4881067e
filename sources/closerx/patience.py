"""How much a vendor may fail until it is asked no more. The same file in each source that has it."""

from typing import Generic, Protocol, TypeVar

from dlt.common import logger

FAILURES_AT_FIRST = 2  # in a row that concern all, and nothing was read: the vendor is not there
FAILURES_LATER = 5  # the same, once something was read: one or two may be broken for good
REFUSALS = (401, 403)


class Telling(Protocol):
    """A source's own error, as far as it matters here.

    Attributes:
        status: The HTTP status, if it was an error.
        concerns_all: Whether anything else that is asked for may well fail alike.
    """

    status: int | None
    concerns_all: bool


Failure = TypeVar("Failure", bound=Telling)


class Patience(Generic[Failure]):
    """Collects what failed, so that the others are read, and tells when to stop asking.

    Args:
        was_answered: Whether the vendor has given something before, with the same credentials.

    Attributes:
        failures: What failed.
        was_read: Whether anything could be read.
    """

    def __init__(self, was_answered: bool = False) -> None:
        self.failures: list[Failure] = []
        self.was_read = False
        self._was_answered = was_answered
        self._in_a_row = 0

    @property
    def is_over(self) -> bool:
        """Whether the vendor cannot be reached, whatever it is asked for."""
        is_known = self.was_read or self._was_answered
        return self._in_a_row >= (FAILURES_LATER if is_known else FAILURES_AT_FIRST)

    def succeeded(self) -> None:
        """Note that something could be read."""
        self.was_read, self._in_a_row = True, 0

    def failed(self, failure: Failure, is_same_again: bool = False) -> None:
        """Note that something could not be read.

        Args:
            failure: Why.
            is_same_again: Whether it is about the same as the one before, and tells nothing new.
        """
        logger.error(str(failure))
        self.failures.append(failure)
        if is_same_again:
            return
        # Credentials that were good for one thing are good: only what was asked for is forbidden.
        is_forbidden = failure.status in REFUSALS and (self.was_read or self._was_answered)
        concerns_all = failure.concerns_all and not is_forbidden
        self._in_a_row = self._in_a_row + 1 if concerns_all else 0
