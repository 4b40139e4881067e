"""Talkpush: leads, campaigns and folders under ``/api/talkpush_services``."""

from typing import Any

from simulator.accounts import TALKPUSH_API_KEY
from simulator.exchange import Answer, Call, RefusalError
from simulator.vendors.checks import as_number, first_repeated, first_unknown
from simulator.vendors.talkpush_filters import (
    FILTERS,
    LIST_FILTERS,
    OTHERS,
    SORTS,
    BadDateError,
    listing,
)
from simulator.world import World
from simulator.world.shelf import Payload
from simulator.world.talkpush import FOLDERS, with_file_urls

PREFIX = "/api/talkpush_services"
LEADS_A_PAGE = 12
INCLUDES = ("include_documents", "include_answers", "include_attachments")
LEAD_PARAMS = {"api_key", "page", "filter[sort_by_selected]", *INCLUDES, *FILTERS, *LIST_FILTERS}


class Talkpush:
    """The Talkpush API."""

    def __init__(self, world: World, *, bare_leads: bool = False) -> None:
        """Serve a world's leads.

        Args:
            world: The world.
            bare_leads: Leave out ``updated_at`` and ``folder`` and add keys, as one recorded
                response had it.
        """
        self._world = world
        self._bare_leads = bare_leads

    def answer(self, call: Call) -> Answer:
        """Answer a call."""
        answers = {
            f"{PREFIX}/campaign_invitations": self._leads,
            f"{PREFIX}/campaigns": self._campaigns,
            f"{PREFIX}/campaigns/archive": self._archive,
            f"{PREFIX}/company/folders": self._folders,
        }
        # Rails has no route for other methods: not 405.
        if call.path not in answers or call.method != "GET":
            raise self._refusal(404, f'No route matches [{call.method}] "{call.path}"')
        if dict(call.query).get("api_key") != TALKPUSH_API_KEY:
            raise self._refusal(401, "Invalid API key")
        return answers[call.path](call)

    def envelope(self, status: int, message: str) -> Any:
        """The body of the vendor's errors (assumed)."""
        return {"error": message}

    def _leads(self, call: Call) -> Answer:
        plain = [name for name, _ in call.query if not OTHERS.fullmatch(name)]
        unknown = next((name for name in plain if name not in LEAD_PARAMS), None)
        if unknown:
            raise self._refusal(400, f"found unpermitted parameter: :{unknown}")
        repeated = first_repeated(call)
        if repeated and repeated not in LIST_FILTERS:
            raise self._refusal(400, f"parameter sent twice: :{repeated}")
        params = dict(call.query)
        page = as_number(params.get("page", "1"), 1, 10**9)
        if page is None:
            raise self._refusal(400, "page must be a positive integer")
        if params.get("filter[sort_by_selected]", "name") not in SORTS:
            raise self._refusal(400, "sort_by_selected is not supported")
        for name in INCLUDES:
            if params.get(name, "false") not in ("true", "false"):
                raise self._refusal(400, f"{name} must be true or false")
        try:
            leads = listing(self._world.talkpush.leads, call.query)
        except BadDateError as error:
            # As documented: 500 with the exception's message.
            raise self._refusal(500, str(error)) from error
        start = (page - 1) * LEADS_A_PAGE
        return Answer(
            {
                "total": len(leads),
                "current_page": page,
                "pages": -(-len(leads) // LEADS_A_PAGE),
                "candidates": [
                    self._shown(lead, params) for lead in leads[start : start + LEADS_A_PAGE]
                ],
            }
        )

    def _shown(self, lead: Payload, params: dict[str, str]) -> Payload:
        """A lead with the parts that were asked for."""
        left_out = {
            name.removeprefix("include_") for name in INCLUDES if params.get(name) != "true"
        }
        if self._bare_leads:
            left_out |= {"updated_at", "folder"}
            lead = {**lead, "lead_url": f"https://company.example.com/leads/{lead['id']}"}
        lead = with_file_urls(lead, self._world.now)
        return {name: value for name, value in lead.items() if name not in left_out}

    def _campaigns(self, call: Call) -> Answer:
        self._refuse_params(call)
        return Answer({"campaigns": list(self._world.talkpush.campaigns.rows.values())})

    def _archive(self, call: Call) -> Answer:
        self._refuse_params(call)
        archived = list(self._world.talkpush.archived_campaigns.rows.values())
        if not archived:
            raise self._refusal(404, "No archived campaigns found")
        return Answer({"campaigns": archived})

    def _folders(self, call: Call) -> Answer:
        self._refuse_params(call)
        folders = [
            {"id": number, "name": name, "slug": slug}
            for number, (slug, name) in enumerate(FOLDERS.items(), start=1)
        ]
        return Answer({"folders": folders})

    def _refuse_params(self, call: Call) -> None:
        if unknown := first_unknown(call, ("api_key",)):
            raise self._refusal(400, f"found unpermitted parameter: :{unknown}")

    def _refusal(self, status: int, message: str) -> RefusalError:
        return RefusalError(Answer(self.envelope(status, message), status))
