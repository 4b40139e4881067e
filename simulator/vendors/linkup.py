"""LinkupAPI: ``POST /v2/recruiter``, of which only the reading actions are here."""

from collections.abc import Iterable
from typing import Any

from simulator.accounts import LINKUP_ACCOUNT_ID, LINKUP_API_KEY
from simulator.exchange import Answer, Call, RefusalError
from simulator.world import World
from simulator.world.shelf import Payload

PATH = "/v2/recruiter"
BODY_KEYS = {"account_id", "action", "params"}
PAGING_KEYS = {"count", "offset"}
CANDIDATE_KEYS = {"job_id", "ratings", "sortType", "sortOrder", *PAGING_KEYS}
RATINGS = {"UNRATED", "GOOD", "GOOD_FIT", "MAYBE", "NOT_A_FIT"}
DEFAULT_COUNT, MAX_COUNT = 10, 1000
RESULTS_A_CREDIT = 10
RESULTS_A_PAGE = 50
CODES = {
    400: "INVALID_PARAMS",
    402: "INSUFFICIENT_CREDITS",
    403: "INVALID_API_KEY",
    404: "INVALID_ACCOUNT",
    429: "RATE_LIMITED",
}
BOTS = ("python-requests", "python-urllib", "curl/")


class Linkup:
    """LinkupAPI."""

    def __init__(self, world: World, *, credits: int | None = None) -> None:
        """Serve a world's LinkedIn jobs and applicants.

        Args:
            world: The world.
            credits: What the account can spend; None: enough.
        """
        self.credits_spent = 0
        self._world = world
        self._credits = credits

    def answer(self, call: Call) -> Answer:
        """Answer a call."""
        agent = call.headers.get("user-agent", "").lower()
        if not agent or agent.startswith(BOTS):
            # The firewall before the API speaks for itself.
            raise RefusalError(Answer("error code: 1010", 403, content_type="text/plain"))
        if call.path != PATH:
            raise self._refusal(404, "NOT_FOUND", "No such endpoint")
        if call.method != "POST":
            raise self._refusal(405, "METHOD_NOT_ALLOWED", "Use POST")
        if call.headers.get("x-api-key") != LINKUP_API_KEY:
            raise self._refusal(403, "INVALID_API_KEY", "Invalid API key")
        action, params = self._checked_body(call)
        if action == "get_candidates":
            return self._candidates(params)
        if action == "get_posts":
            return self._posts(params)
        raise self._refusal(400, "INVALID_ACTION", f"Unknown or forbidden action: {action}")

    def envelope(self, status: int, message: str) -> Any:
        """The body of the vendor's errors."""
        return self._error(CODES.get(status, "INTERNAL_ERROR"), message)

    def _checked_body(self, call: Call) -> tuple[str, Payload]:
        media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = call.json() if media_type == "application/json" else None
        if not isinstance(body, dict):
            raise self._invalid("The body must be a JSON object")
        if unknown := body.keys() - BODY_KEYS:
            raise self._invalid(f"Unknown field: {min(unknown)}")
        account_id, action, params = (body.get(key) for key in ("account_id", "action", "params"))
        if not isinstance(account_id, str) or not account_id:
            raise self._invalid("account_id is required")
        if account_id != LINKUP_ACCOUNT_ID:
            raise self._refusal(404, "INVALID_ACCOUNT", "No such account")
        if not isinstance(action, str):
            raise self._invalid("action is required")
        if not isinstance(params, dict | None):
            raise self._invalid("params must be an object")
        return action, params or {}

    def _candidates(self, params: Payload) -> Answer:
        self._check_keys(params, CANDIDATE_KEYS)
        shelf = self._world.linkup.candidates.get(params.get("job_id", ""))
        if shelf is None:
            raise self._invalid("job_id must be the id of one of your jobs")
        sort_type = params.get("sortType", "APPLIED_DATE")
        sort_order = params.get("sortOrder", "DESCENDING")
        if sort_type not in ("APPLIED_DATE", "RELEVANCE"):
            raise self._invalid("sortType must be RELEVANCE or APPLIED_DATE")
        if sort_order not in ("DESCENDING", "ASCENDING"):
            raise self._invalid("sortOrder must be DESCENDING or ASCENDING")
        ratings = params.get("ratings", [])
        if not isinstance(ratings, list) or not RATINGS.issuperset(ratings):
            raise self._invalid(f"ratings must be a list of {', '.join(sorted(RATINGS))}")

        def make(rows: Iterable[Payload]) -> list[Payload]:
            wanted = [row for row in rows if not ratings or row["rating"] in ratings]
            if sort_type == "RELEVANCE":
                wanted.sort(key=lambda row: (row["is_top_choice"], row["public_identifier"]))
            return wanted if sort_order == "ASCENDING" else wanted[::-1]

        view = shelf.view((sort_type, sort_order, *sorted(ratings)), make)
        return self._page("get_candidates", "candidates", view, params)

    def _posts(self, params: Payload) -> Answer:
        self._check_keys(params, PAGING_KEYS)
        return self._page("get_posts", "posts", self._world.linkup.jobs.view("all", list), params)

    def _page(self, action: str, name: str, rows: list[Payload], params: Payload) -> Answer:
        count = params.get("count", DEFAULT_COUNT)
        offset = params.get("offset", 0)
        if type(count) is not int or not 1 <= count <= MAX_COUNT:
            raise self._invalid(f"count must be between 1 and {MAX_COUNT}")
        if type(offset) is not int or offset < 0:
            raise self._invalid("offset must be 0 or more")
        page = rows[offset : offset + count]
        following = offset + len(page)
        has_more = bool(page) and following < len(rows)
        credits = self._spend(len(page))
        pagination = {
            "offset": offset,
            "count": len(page),
            "next_offset": following if has_more else None,
            "has_more": has_more,
            "results_per_page": RESULTS_A_PAGE,
            "pages_fetched": max(1, -(-len(page) // RESULTS_A_PAGE)),
        }
        data = {
            name: page,
            "total_results": len(page),
            "total_available_results": len(rows),
            "pagination": pagination,
        }
        return Answer({"success": True, "data": data, "metadata": self._metadata(action, credits)})

    def _spend(self, results: int) -> int:
        """Take the price of a page: a credit for each ten results begun, at least one."""
        price = max(1, -(-results // RESULTS_A_CREDIT))
        if self._credits is not None and self.credits_spent + price > self._credits:
            raise self._refusal(402, "INSUFFICIENT_CREDITS", "Not enough credits")
        self.credits_spent += price
        return price

    def _metadata(self, action: str | None, credits: int) -> Payload:
        return {
            "action": action,
            "account_id": LINKUP_ACCOUNT_ID,
            "credits_consumed": credits,
            "timestamp": self._world.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _check_keys(self, params: Payload, known: set[str]) -> None:
        if unknown := params.keys() - known:
            raise self._invalid(f"Unknown parameter: {min(unknown)}")

    def _error(self, code: str, message: str) -> Payload:
        error = {"code": code, "message": message}
        return {"success": False, "error": error, "metadata": self._metadata(None, 0)}

    def _invalid(self, message: str) -> RefusalError:
        return self._refusal(400, "INVALID_PARAMS", message)

    def _refusal(self, status: int, code: str, message: str) -> RefusalError:
        return RefusalError(Answer(self._error(code, message), status))
