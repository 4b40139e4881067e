"""Pages that cost money: asked for within a budget, kept on disk, and never paid for twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any

from dlt.common import logger

from .client import LinkupClient, LinkupError, json_object
from .page_store import PageStore, StoredPage
from .prices import highest_price, price_of
from .settings import MAX_PAGE_SIZE, RESULTS_PER_CREDIT


class BudgetSpentError(Exception):
    """The next page could cost more credits than the run has left."""


@dataclass(frozen=True)
class Answer:
    """What was paid for.

    Args:
        data: The answer's `data`; empty if it has none, or no object.
        params: What was asked for.
        credits_spent: What it cost, as far as that was not counted before.
        page: What the page store calls it, "" if it is not there.
        is_known: Whether its rows were handed over before, in this run.
        is_stored: Whether an earlier run received it.
    """

    data: dict[str, Any]
    params: dict[str, Any]
    credits_spent: float
    page: str = ""
    is_known: bool = False
    is_stored: bool = False


class PaidPages:
    """Buys pages, unless an earlier run has.

    Args:
        client: Who asks.
        max_credits: What a run may spend; None for any sum.
        page_store: Where answers are kept.
    """

    def __init__(
        self, client: LinkupClient, max_credits: float | None, page_store: PageStore
    ) -> None:
        self._client = client
        self._store = page_store
        self._store_trouble = ""
        self._known: set[str] = set()  # the stored pages whose rows were handed over in this run
        self._credits_left = float("inf") if max_credits is None else max_credits
        self._lock = Lock()

    def left_over(self, action: str) -> Iterator[Answer]:
        """The pages that an earlier run paid for and did not see loaded, to be handed over."""
        try:
            for page in self._store.left_over(action):
                if page.request.get("account_id") == self._client.account_id:
                    self._known.add(page.name)
                    yield self._stored(page, is_known=False)
        except OSError as error:
            self._note_trouble(error)

    def read(self, action: str, params: dict[str, Any], offset: int, page_size: int) -> Answer:
        """Get a page of a listing.

        Raises:
            BudgetSpentError: The budget does not pay for it.
            LinkupError: The answer is an error, or it could not be kept.
        """
        asked = {**params, "count": min(page_size, MAX_PAGE_SIZE), "offset": offset}
        try:
            stored = self._store.take(self._request(action, asked))
        except OSError as error:
            stored = None
            self._note_trouble(error)
        if stored is not None:
            return self._stored(stored, is_known=stored.name in self._known)
        if self._store_trouble:
            raise LinkupError(
                f"{action}: not asked, for answers cannot be kept ({self._store_trouble}) and might "
                "be paid for twice; make room in page_store, and let it be written.",
                concerns_all=True,
            )
        return self._bought(action, {**asked, "count": self._affordable(asked["count"])})

    def hand_over(self, page: str) -> None:
        """Note that a page's rows and credits are handed over with what is yielded next."""
        self._store.hand_over(page)

    def refused(self, answer: Answer, trouble: str) -> LinkupError:
        """The error that an answer of no use is; it is asked for anew the next time, but was paid for."""
        page = ""
        try:
            page = self._store.set_aside(answer.page)
        except OSError as error:
            self._note_trouble(error)
        return LinkupError(trouble, credits_spent=answer.credits_spent, page=page)

    def _affordable(self, count: int) -> int:
        """How many results may be asked for: as many as wanted, or what the budget still pays."""
        if self._credits_left < 1:
            raise BudgetSpentError
        return int(min(count, self._credits_left // 1 * RESULTS_PER_CREDIT))

    def _bought(self, action: str, params: dict[str, Any]) -> Answer:
        response = self._client.send(action, params, lambda: self._lose(highest_price(params)))
        name = ""
        try:
            name = self._store.keep(self._request(action, params), response.content)
        except OSError as error:  # this page is here, but no other will be paid for
            self._note_trouble(error)
        answer = json_object(response)
        price = price_of(answer, params)
        with self._lock:
            self._credits_left -= price
        useless = self._client.error_of(action, params, response)
        if useless is None:
            return Answer(data_of(answer), params, price, name)
        if answer and price:
            raise self.refused(Answer({}, params, price, name), str(useless))
        # It cost nothing, or is a proxy's page and nobody knows: then it counts in the budget only.
        try:
            self._store.drop(name)
        except OSError as error:
            self._note_trouble(error)
        raise useless

    def _lose(self, price: float) -> bool:
        """Take what a lost answer may have cost out of the budget; whether it pays for another try."""
        with self._lock:
            self._credits_left -= price
            return self._credits_left >= price

    def _stored(self, page: StoredPage, is_known: bool) -> Answer:
        params = page.request["params"]
        price = 0 if page.is_counted or is_known else price_of(page.answer, params)
        return Answer(data_of(page.answer), params, price, page.name, is_known, is_stored=True)

    def _request(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"account_id": self._client.account_id, "action": action, "params": params}

    def _note_trouble(self, error: OSError) -> None:
        self._store_trouble = error.strerror or type(error).__name__
        logger.error(f"Answers of LinkupAPI cannot be kept: {self._store_trouble}.")


def data_of(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer's `data`; empty if there is none."""
    data = answer.get("data")
    return data if isinstance(data, dict) else {}
