"""HiredNow: ``GET /v1/campaigns/role/results``.

The docs name no error body: this one is in the style of a framework that such APIs
are often built with.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any
from uuid import UUID

from simulator.accounts import HIREDNOW_API_KEY
from simulator.exchange import Answer, Call, RefusalError
from simulator.vendors.checks import as_iso_date, as_number, first_repeated, first_unknown
from simulator.world import World
from simulator.world.dice import dice_of
from simulator.world.shelf import Payload

PATH = "/v1/campaigns/role/results"
PARAMS = (
    "campaign_id",
    "limit",
    "sort",
    "start_date",
    "end_date",
    "starting_after",
    "report_type",
)
DEFAULT_LIMIT, MAX_LIMIT = 10, 100
MAX_INDEX = 2**63 - 1


class Hirednow:
    """The HiredNow API."""

    def __init__(self, world: World, *, flat_rows: bool = False) -> None:
        """Serve a world's results.

        Args:
            world: The world.
            flat_rows: Show ``campaign_id`` and ``user_id`` instead of objects, and
                ``last_record_id`` as the cursor, as another page of the vendor has it.
        """
        self._world = world
        self._flat_rows = flat_rows

    def answer(self, call: Call) -> Answer:
        """Answer a call."""
        if call.path != PATH:
            raise self._refusal(404, f"Cannot {call.method} {call.path}")
        if call.method != "GET":
            raise self._refusal(405, "Method Not Allowed")
        if call.headers.get("authorization") != f"Bearer {HIREDNOW_API_KEY}":
            raise self._refusal(401, "Invalid or missing authentication token")
        params = self._checked(call)
        shelf = self._world.hirednow.results.get(params["campaign_id"])
        if shelf is None:
            raise self._refusal(404, f"Campaign {params['campaign_id']} not found")
        rows = shelf.view("ascending", list)
        limit = int(params.get("limit", DEFAULT_LIMIT))
        page = list(islice(_wanted(rows, params), limit + 1))
        has_more, page = len(page) > limit, page[:limit]
        last_index = page[-1]["order_index"] if page else None
        is_detailed = params.get("report_type") == "DETAILED"
        if self._flat_rows:
            data = [_flat(row) for row in page]
            last_id = int(last_index) if last_index else None
            return Answer({"data": data, "has_more": has_more, "last_record_id": last_id})
        data = [_detailed(row) for row in page] if is_detailed else page
        return Answer({"data": data, "has_more": has_more, "last_record_index": last_index})

    def envelope(self, status: int, message: str) -> Any:
        """The body of the vendor's errors (assumed)."""
        return {"statusCode": status, "message": message, "error": HTTPStatus(status).phrase}

    def _checked(self, call: Call) -> dict[str, str]:
        """The parameters, all of them as the docs demand."""
        if unknown := first_unknown(call, PARAMS):
            raise self._refusal(400, f"property {unknown} should not exist")
        if repeated := first_repeated(call):
            raise self._refusal(400, f"{repeated} must be sent once")
        params = dict(call.query)
        if not _is_uuid(params.get("campaign_id", "")):
            raise self._refusal(400, "campaign_id must be a UUID")
        if as_number(params.get("limit", str(DEFAULT_LIMIT)), 1, MAX_LIMIT) is None:
            raise self._refusal(400, f"limit must be between 1 and {MAX_LIMIT}")
        if params.get("sort", "desc") not in ("desc", "asc"):
            raise self._refusal(400, "sort must be one of: desc, asc")
        if params.get("report_type", "OVERALL") not in ("OVERALL", "DETAILED"):
            raise self._refusal(400, "report_type must be one of: DETAILED, OVERALL")
        if as_number(params.get("starting_after", "0"), 0, MAX_INDEX) is None:
            raise self._refusal(400, "starting_after must be a big integer")
        for name in ("start_date", "end_date"):
            if name in params and as_iso_date(params[name]) is None:
                raise self._refusal(400, f"{name} must be a date in YYYY-MM-DD format")
        return params

    def _refusal(self, status: int, message: str) -> RefusalError:
        return RefusalError(Answer(self.envelope(status, message), status))


def _wanted(rows: list[Payload], params: dict[str, str]) -> Iterator[Payload]:
    """The rows beyond the cursor, in the order and of the days asked for."""
    cursor = int(params["starting_after"]) if "starting_after" in params else None
    first_day = params.get("start_date", "0000-00-00")
    last_day = params.get("end_date", "9999-99-99")
    if params.get("sort") == "asc":
        start = 0 if cursor is None else bisect_right(rows, cursor, key=_index)
        positions = range(start, len(rows))
    else:
        end = len(rows) if cursor is None else bisect_left(rows, cursor, key=_index)
        positions = range(end - 1, -1, -1)
    for position in positions:
        if first_day <= rows[position]["created_at"][:10] <= last_day:
            yield rows[position]


def _index(row: Payload) -> int:
    return int(row["order_index"])


def _flat(row: Payload) -> Payload:
    ids = {"campaign_id": row["campaign"]["id"], "user_id": row["user"]["id"]}
    flat = {name: value for name, value in row.items() if name not in ("campaign", "user")}
    return {"id": flat.pop("id"), **ids, **flat}


def _detailed(row: Payload) -> Payload:
    """A row with a detailed report, whose form is undocumented (assumed)."""
    rng = dice_of(row["id"], "report")
    sections = [
        {"name": name, "score": round(rng.uniform(1, 5), 2), "feedback": "Clear and friendly."}
        for name in ("communication", "problem_solving", "typing")
    ]
    return {**row, "report": {"summary": row["recommendation_status"], "sections": sections}}


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
