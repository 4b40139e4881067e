"""CloserX: ``GET /api/v2/graph/daily-campaign-results/{campaign_id}/``.

The docs name no error body: this one is in the style of the framework behind such trailing slashes.
"""

import re
from typing import Any

from simulator.accounts import CLOSERX_API_KEY, CLOSERX_COMPANY_NAME
from simulator.exchange import Answer, Call, RefusalError
from simulator.vendors.checks import as_iso_date, first_repeated, first_unknown
from simulator.world import World

PATH = re.compile(r"/api/v2/graph/daily-campaign-results/([^/]+)/")


class Closerx:
    """The CloserX API."""

    def __init__(self, world: World, *, date_param: str | None = "date") -> None:
        """Serve a world's calling hours.

        Args:
            world: The world.
            date_param: The query parameter that asks for a day; None: there is none, and each
                answer is about the current day.
        """
        self._world = world
        self._date_param = date_param

    def answer(self, call: Call) -> Answer:
        """Answer a call."""
        path = PATH.fullmatch(call.path)
        if path is None:
            raise self._refusal(404, "Not found.")
        if call.method != "GET":
            raise self._refusal(405, f'Method "{call.method}" not allowed.')
        if "api_key" not in call.headers:
            raise self._refusal(401, "Authentication credentials were not provided.")
        if call.headers["api_key"] != CLOSERX_API_KEY:
            raise self._refusal(401, "Invalid API key.")
        if call.headers.get("company-name") != CLOSERX_COMPANY_NAME:
            raise self._refusal(400, "Company-Name header is missing or unknown.")
        book, now = self._world.closerx, self._world.now
        if path[1] not in book.campaign_ids:
            raise self._refusal(404, "Campaign not found.")
        known = (self._date_param,) if self._date_param else ()
        if unknown := first_unknown(call, known) or first_repeated(call):
            raise self._refusal(400, f"Unexpected parameter: {unknown}.")
        today = day = book.today(now)
        if call.query:
            name, text = call.query[0]
            asked_day = as_iso_date(text)
            if asked_day is None:
                message = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
                raise RefusalError(Answer({name: [message]}, 400))
            if asked_day > today:
                raise RefusalError(Answer({name: ["Date cannot be in the future."]}, 400))
            day = asked_day
        return Answer(book.day(path[1], day, now))

    def envelope(self, status: int, message: str) -> Any:
        """The body of the vendor's errors (assumed)."""
        return {"detail": message}

    def _refusal(self, status: int, message: str) -> RefusalError:
        return RefusalError(Answer(self.envelope(status, message), status))
