"""Which campaigns' recipients are worth reading, and how they are read side by side."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from dlt.common import logger

from .client import EasirClient, EasirError
from .helpers import moment, read_listing, wall_clock, with_times
from .listing import fingerprint, usable_id
from .parallel import side_by_side
from .patience import Patience
from .sent import SentRecords
from .settings import (
    CAMPAIGNS_PATH,
    DELETED,
    NO_TIME,
    OTHER_ADVICE,
    PAGES_AHEAD,
    RECIPIENT_TIMES,
    RECIPIENTS_PATH,
    STATE_TEXT_LENGTH,
)

Campaigns = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Window:
    """Days, both included, in EASI'R's own time."""

    first: date
    last: date

    @classmethod
    def of(cls, start_date: str | None, end_date: str | None) -> "Window | None":
        """The window that the settings name, if any.

        Raises:
            EasirError: One of the two is missing, or no day, or they are in the wrong order.
        """
        if start_date is None and end_date is None:
            return None
        try:
            first, last = date.fromisoformat(start_date or ""), date.fromisoformat(end_date or "")
        except ValueError:
            first, last = date.max, date.min
        if first > last or [first.isoformat(), last.isoformat()] != [start_date, end_date]:
            raise EasirError(
                f"start_date {start_date!r} and end_date {end_date!r} name no days to read; give "
                "both as YYYY-MM-DD, the earlier one first, or neither."
            )
        return cls(first, last)

    def campaigns(self, campaigns: Campaigns) -> list[str]:
        """Those that were sent in these days, or created if they were not sent yet."""
        chosen = []
        for campaign_id, campaign in campaigns.items():
            is_sent = not is_open(campaign)
            at = wall_clock(campaign.get("sent_at" if is_sent else "created_at"))
            if at is None:
                logger.warning(f"EASI'R campaign {campaign_id} has no date, so is in no window.")
            elif self.first <= at.date() <= self.last:
                chosen.append(campaign_id)
        return chosen


class Memory:
    """What is kept from night to night: which campaigns were read to the end, as what they were.

    Args:
        state_of: Gives the resource's state, asked for anew each time: the `signatures` of the
            campaigns that were read to the end, when all were (`last_full_read`), and, while that
            goes on, which ones have been read again.
        now: The instant taken for now.
        full_reread_days: How long signatures are trusted.
    """

    def __init__(
        self, state_of: Callable[[], dict[str, Any]], now: datetime, full_reread_days: int
    ) -> None:
        self._state_of = state_of
        self._now = now
        last = state_of().get("last_full_read")
        # By the calendar: a run that starts a little earlier must not miss its turn. Days to come were told by a
        # clock that was ahead.
        days = (now.date() - moment(last).date()).days if last else full_reread_days
        self._reads_all = not 0 <= days < full_reread_days

    def campaigns(self, campaigns: Campaigns) -> list[str]:
        """Those that are open or changed, or now and then all."""
        state = self._state_of()
        if self._reads_all:
            state.setdefault("read_again", [])
        signatures, read_again = state.get("signatures", {}), set(state.get("read_again", []))
        return [
            campaign_id
            for campaign_id, campaign in campaigns.items()
            if is_open(campaign)
            or signatures.get(campaign_id) != signature(campaign)
            or (self._reads_all and campaign_id not in read_again)
        ]

    def was_read(self, campaign_id: str, campaign: dict[str, Any]) -> None:
        """Remember that a campaign's recipients were read to the end."""
        state = self._state_of()
        state.setdefault("signatures", {})[campaign_id] = signature(campaign)
        if self._reads_all:
            state["read_again"].append(campaign_id)

    def failed(self, campaign_id: str) -> None:
        """See to it that a campaign is read in the next run."""
        self._state_of().get("signatures", {}).pop(campaign_id, None)

    def all_tried(self) -> None:
        """Remember that there is no more to read tonight."""
        state = self._state_of()
        if self._reads_all:
            state["last_full_read"] = self._now.isoformat()
            del state["read_again"]


def signature(campaign: dict[str, Any]) -> list[Any]:
    """What changes when a campaign's recipients may have changed; short, whatever was sent."""
    values = [campaign.get(name) for name in ("updated_at", "sent_at", "total_sent")]
    return [value if is_plain(value) else fingerprint(value).hex() for value in values]


def is_plain(value: Any) -> bool:
    """Whether a value may stand in the state as it is."""
    return value is None or (usable_id(value) is not None and len(str(value)) <= STATE_TEXT_LENGTH)


def is_open(campaign: dict[str, Any]) -> bool:
    """Whether a campaign is still to be sent, so that anyone may yet become a recipient."""
    return campaign.get("sent_at") in (None, *NO_TIME)


def by_id(listed: Iterable[Any]) -> tuple[Campaigns, int]:
    """The listed campaigns by their ids, and how many have none to ask with."""
    campaigns: Campaigns = {}
    nameless = 0
    for campaign in listed:
        campaign_id = usable_id(campaign.get("id")) if isinstance(campaign, dict) else None
        if campaign_id is None:
            nameless += 1
        else:
            campaigns[campaign_id] = campaign
    return campaigns, nameless


def read_recipients(
    client: EasirClient,
    listed: list[Any],
    plan: Window | Memory,
    timezone: ZoneInfo,
    workers: int,
    metrics: Callable[[], dict[str, Any]],
) -> Iterator[SentRecords]:
    """Read recipients, campaigns side by side; one that fails does not take the others with it.

    Args:
        client: Who asks.
        listed: Every campaign, as it was listed.
        plan: Says which campaigns to read; a memory is told what was read.
        timezone: The zone of EASI'R's times.
        workers: How many campaigns, and how many pages of one, are asked for at once.
        metrics: Gives where `progress`, `complete_listings` and `failures` are noted.

    Yields:
        The recipients of a page, with their campaign.

    Raises:
        EasirError: Nothing could be read.
    """
    campaigns, nameless = by_id(listed)
    memory = plan if isinstance(plan, Memory) else None
    due = plan.campaigns(campaigns)
    patience = Patience[EasirError](was_answered=True)  # with the list of campaigns
    done = 0
    readers = ((name, read_listing(client, path(name), workers)) for name in due)
    for campaign_id, part in side_by_side(readers, workers, PAGES_AHEAD):
        if isinstance(part, EasirError) and part.status != DELETED:
            patience.failed(part)
            if memory:
                memory.failed(campaign_id)
            if patience.is_over:
                break
        elif isinstance(part, EasirError):
            logger.warning(f"EASI'R campaign {campaign_id} was deleted while it was to be read.")
            patience.succeeded()
            done += 1
        elif isinstance(part, Exception):
            raise part
        else:
            patience.succeeded()
            if part is None:
                done += 1
                if memory:
                    memory.was_read(campaign_id, campaigns[campaign_id])
        metrics()["progress"] = {"done": done, "total": len(due), "unit": "campaigns"}
        if part is None or isinstance(part, Exception):
            continue
        if part.is_end:
            metrics().setdefault("complete_listings", []).append({"campaign_id": campaign_id})
        elif len(part.records):
            records = with_times(part.records, RECIPIENT_TIMES, timezone)
            count = len(records)
            yield records.with_added(
                campaign_id=[campaign_id] * count, nested_timezone=[timezone.key] * count
            )
    if patience.failures and not patience.was_read:
        raise patience.failures[0]
    if memory and not patience.is_over:
        memory.all_tried()
    sentences = [str(failure) for failure in patience.failures]
    if nameless:
        sentences.append(
            f"GET {CAMPAIGNS_PATH}: {nameless} of {len(listed)} campaigns have no id to ask for "
            f"their recipients with; {OTHER_ADVICE}."
        )
    if sentences:
        metrics()["failures"] = sentences


def path(campaign_id: str) -> str:
    """Where a campaign's recipients are listed."""
    return RECIPIENTS_PATH.format(campaign_id=quote(campaign_id, safe=""))
