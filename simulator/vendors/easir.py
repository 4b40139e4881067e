"""EASI'R: campaigns and their recipients, for those who hold a fresh token."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from simulator.exchange import Answer, Call, RefusalError
from simulator.vendors.checks import as_number, first_repeated, first_unknown
from simulator.vendors.easir_tokens import Tokens
from simulator.world import World
from simulator.world.easir import campaign_status
from simulator.world.shelf import Payload, Shelf

CAMPAIGN = re.compile(r"/campaigns/([0-9a-f-]{36})")
RECIPIENTS = re.compile(r"/campaigns/([0-9a-f-]{36})/recipients")
Test = Callable[[Payload], bool]

DEFAULT_PER_PAGE, MAX_PER_PAGE = 15, 50
PAGING = ("page", "per_page", "q", "sort_by", "sort_direction")
CHOICES = {
    "status": ("completed", "draft", "pending"),
    "type": ("email", "telephone", "letter"),
    "sort_direction": ("asc", "desc"),
}
CAMPAIGN_SORTS = ("name", "type", "created_at", "updated_at", "send_at", "sent_at")
RECIPIENT_SORTS = ("created_at", "updated_at", "latest_activity_at")
SETTINGS = {
    "domain": "staffing.example.com",
    "domain_slug": "staffing",
    "domain_slug_suffix": "easircampaigns.com",
    "consent": {"enable": True, "unsubscribe_url": "https://staffing.example.com/unsubscribe"},
}


class Easir:
    """The EASI'R API and its token service."""

    def __init__(self, world: World, *, token_seconds: float = 180.0) -> None:
        """Serve a world's outreach.

        Args:
            world: The world.
            token_seconds: How long a token lives.
        """
        self.tokens = Tokens(token_seconds)
        self._world = world

    def answer(self, call: Call) -> Answer:
        """Answer a call."""
        if call.path == "/token":
            return self.tokens.answer(call)
        if not self.tokens.is_valid(call.headers.get("authorization", "")):
            raise _refusal(403, "Access denied: the token is missing, wrong or expired.")
        if call.path == "/campaigns":
            return self._campaigns(_reading(call))
        if call.path == "/campaigns/settings":
            _check(_reading(call), ())
            return Answer(SETTINGS)
        if recipients := RECIPIENTS.fullmatch(call.path):
            return self._recipients(_reading(call), recipients[1])
        if campaign := CAMPAIGN.fullmatch(call.path):
            return self._campaign(_reading(call), campaign[1])
        raise _refusal(404, "Not found.")

    def envelope(self, status: int, message: str) -> Any:
        """The body of the vendor's errors."""
        return error_body(status, message)

    def _campaigns(self, call: Call) -> Answer:
        params = _check(call, ("status", "type", "teams", *PAGING))
        sort_by = _choice(params, "sort_by", CAMPAIGN_SORTS)
        teams = set(params["teams"].split(",")) if "teams" in params else None
        if teams and not all(as_number(team, 1, 10**9) for team in teams):
            raise _refusal(422, "The teams must be a comma separated list of ids.", "teams")

        def wanted(campaign: Payload) -> bool:
            return (
                params.get("status") in (None, campaign_status(campaign))
                and params.get("type") in (None, campaign["type"])
                and (teams is None or str(campaign["team_id"]) in teams)
                and params.get("q", "").lower() in campaign["name"].lower()
            )

        return _page(call, params, _view(self._world.easir.campaigns, params, sort_by, wanted))

    def _campaign(self, call: Call, campaign_id: str) -> Answer:
        _check(call, ())
        campaign = self._existing(campaign_id)
        content = self._world.easir.contents[campaign_id]
        return Answer({**campaign, "message": {**campaign["message"], "content": content}})

    def _recipients(self, call: Call, campaign_id: str) -> Answer:
        params = _check(call, PAGING)
        sort_by = _choice(params, "sort_by", RECIPIENT_SORTS)
        self._existing(campaign_id)
        shelf = self._world.easir.recipients[campaign_id]

        def wanted(recipient: Payload) -> bool:
            return params.get("q", "").lower() in recipient["account"]["name"].lower()

        return _page(call, params, _view(shelf, params, sort_by, wanted))

    def _existing(self, campaign_id: str) -> Payload:
        campaigns = self._world.easir.campaigns
        if campaign_id in campaigns.removed:
            raise _refusal(410, "The campaign has been deleted.")
        if campaign_id not in campaigns.rows:
            raise _refusal(404, "The campaign was not found.")
        return campaigns.rows[campaign_id]


def error_body(status: int, message: str, field: str | None = None) -> Payload:
    """The body of EASI'R's errors."""
    error: Payload = {"message": message, "code": status}
    return {"errors": [{**error, "field": field} if field else error]}


def _refusal(status: int, message: str, field: str | None = None) -> RefusalError:
    return RefusalError(Answer(error_body(status, message, field), status))


def _reading(call: Call) -> Call:
    """The call, if it only wants to read."""
    if call.method != "GET":
        raise _refusal(405, "Method not allowed.")
    return call


def _check(call: Call, known: Iterable[str]) -> dict[str, str]:
    """The parameters, if they are known and in range."""
    if wrong := first_unknown(call, tuple(known)) or first_repeated(call):
        raise _refusal(422, f"The parameter {wrong} is not supported.", wrong)
    params = dict(call.query)
    for name, choices in CHOICES.items():
        _choice(params, name, choices)
    for name, highest in (("page", 10**6), ("per_page", MAX_PER_PAGE)):
        if as_number(params.get(name, "1"), 1, highest) is None:
            raise _refusal(422, f"The {name} must be between 1 and {highest}.", name)
    return params


def _choice(params: dict[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    chosen = params.get(name)
    if chosen is not None and chosen not in choices:
        raise _refusal(422, f"The selected {name} is invalid.", name)
    return chosen


def _view(shelf: Shelf, params: dict[str, str], sort_by: str | None, wanted: Test) -> list[Payload]:
    """The rows of all pages, in the order asked for: by default as they were created."""

    def make(rows: Iterable[Payload]) -> list[Payload]:
        chosen = [row for row in rows if wanted(row)]
        if sort_by:
            chosen.sort(key=lambda row: row[sort_by] or "")
        return chosen[::-1] if params.get("sort_direction") == "desc" else chosen

    filters = {name: text for name, text in params.items() if name not in ("page", "per_page")}
    return shelf.view(tuple(sorted(filters.items())), make)


def _page(call: Call, params: dict[str, str], rows: list[Payload]) -> Answer:
    page = int(params.get("page", 1))
    per_page = int(params.get("per_page", DEFAULT_PER_PAGE))
    last_page = max(1, -(-len(rows) // per_page))

    def url(number: int) -> str | None:
        if not 1 <= number <= last_page:
            return None
        return f"{call.base_url}{call.path}?{urlencode({**params, 'page': number})}"

    pagination = {
        "total": len(rows),
        "page": page,
        "per_page": per_page,
        "urls": {"previous": url(page - 1), "next": url(page + 1)},
    }
    start = (page - 1) * per_page
    return Answer({"data": rows[start : start + per_page], "pagination": pagination})
