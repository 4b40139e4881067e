"""CloserX's AI calls: credits and results of each hour.

Nothing is stored: an hour's numbers follow from the seed, the campaign and the hour, and from how
long ago the hour was.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulator.world.dice import dice_of
from simulator.world.hiring import Hiring
from simulator.world.shelf import Payload

CALLING_HOURS = range(9, 19)
WEEKDAY_FACTORS = (1.0, 1.1, 1.1, 1.0, 0.9, 0.15, 0.0)
RESULT_SHARE = 0.12
HOUR = timedelta(hours=1)
# CloserX settles its accounts in the night after: until then some hours show too little.
SETTLED_AFTER = timedelta(hours=14)


class CloserxBook:
    """The company's CloserX account."""

    def __init__(
        self,
        seed: int,
        hirings: tuple[Hiring, ...],
        zone: ZoneInfo,
        first_day: date,
        people_per_day: float,
    ) -> None:
        """Open the account.

        Args:
            seed: The world's seed.
            hirings: The hiring campaigns; each has one or two calling campaigns.
            zone: The account's time zone: its days and hours.
            first_day: Nobody was called before.
            people_per_day: The world's size, which the number of calls follows.
        """
        self.zone = zone
        self._seed = seed
        self._first_day = first_day
        self._calls_an_hour = {
            campaign_id: max(4.0, people_per_day * hiring.share / len(hiring.closerx_ids))
            for hiring in hirings
            for campaign_id in hiring.closerx_ids
        }

    @property
    def campaign_ids(self) -> list[str]:
        """The account's campaigns."""
        return list(self._calls_an_hour)

    def today(self, now: datetime) -> date:
        """The vendor's current day."""
        return now.astimezone(self.zone).date()

    def day(self, campaign_id: str, day: date, now: datetime) -> Payload:
        """One day as the API answers it.

        Args:
            campaign_id: One of the account's campaigns.
            day: A day in the account's time zone.
            now: The world's moment: later hours are 0, recent ones not yet settled.

        Returns:
            The day's parallel arrays: 24 entries, or 23 or 25 when the clocks change.
        """
        starts = _hour_starts(day, self.zone)
        numbers = [self._numbers(campaign_id, start, now) for start in starts]
        credits = [spent for spent, _ in numbers]
        results = [reached for _, reached in numbers]
        return {
            "date": day.isoformat(),
            "hours": [start.astimezone(self.zone).hour for start in starts],
            "credit_deductions": credits,
            "credit_deductions_change": _changes(credits),
            "campaign_results": results,
            "campaign_results_change": _changes(results),
        }

    def hours(self, now: datetime) -> dict[tuple[str, str, int, int], Payload]:
        """All hours of all campaigns up to the current day.

        Args:
            now: The world's moment.

        Returns:
            By campaign, date, hour and occurrence (2 for an hour that a clock change repeats).
        """
        rows: dict[tuple[str, str, int, int], Payload] = {}
        days = (self.today(now) - self._first_day).days + 1
        for campaign_id in self._calls_an_hour:
            for offset in range(days):
                answer = self.day(campaign_id, self._first_day + timedelta(days=offset), now)
                fields = [name for name in answer if name not in ("date", "hours")]
                for position, hour in enumerate(answer["hours"]):
                    occurrence = answer["hours"][: position + 1].count(hour)
                    row = {name: answer[name][position] for name in fields}
                    keys = {"campaign_id": campaign_id, "date": answer["date"], "hour": hour}
                    rows[campaign_id, answer["date"], hour, occurrence] = {**keys, **row}
        return rows

    def _numbers(self, campaign_id: str, start: datetime, now: datetime) -> tuple[int, int]:
        """Credits and results of the hour that starts at an instant."""
        local = start.astimezone(self.zone)
        if start > now or local.date() < self._first_day or local.hour not in CALLING_HOURS:
            return 0, 0
        rng = dice_of(self._seed, campaign_id, int(start.timestamp()))
        mean = self._calls_an_hour[campaign_id] * WEEKDAY_FACTORS[local.weekday()]
        credits = max(0, round(rng.gauss(mean, mean / 4)))
        reached = rng.gauss(RESULT_SHARE * credits, (RESULT_SHARE * credits) ** 0.5)
        results = min(credits, max(0, round(reached)))
        unsettled_share = rng.choice((0.5, 0.75)) if rng.random() < 0.15 else 1.0
        day_end = datetime.combine(local.date() + timedelta(days=1), time(), self.zone)
        share = min(1.0, (now - start) / HOUR)
        if now < day_end.astimezone(UTC) + SETTLED_AFTER:
            share *= unsettled_share
        return int(credits * share), int(results * share)


def _hour_starts(day: date, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the hours of a local day start."""
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return [start + n * HOUR for n in range((end - start) // HOUR)]


def _changes(values: list[int]) -> list[int]:
    return [value - before for value, before in zip(values, [0, *values], strict=False)]
