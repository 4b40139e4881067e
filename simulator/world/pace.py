"""How long things take."""

from datetime import datetime, timedelta
from math import log
from random import Random

from simulator.world.names import Country

LONGEST_HOURS = 14 * 24
OFFICE_OPENS, OFFICE_CLOSES = 8, 18


def after(rng: Random, at: datetime, median_hours: float) -> datetime:
    """An instant later than another: half of the times within the median, now and then much later.

    Args:
        rng: Decides.
        at: The instant before.
        median_hours: The usual time that it takes.

    Returns:
        The later instant, to the millisecond.
    """
    hours = min(rng.lognormvariate(log(median_hours), 0.8), LONGEST_HOURS)
    return at + timedelta(milliseconds=1 + round(hours * 3_600_000))


def in_office_hours(rng: Random, at: datetime, country: Country) -> datetime:
    """The first moment from an instant on at which a recruiter of the country is at work."""
    offset = timedelta(hours=country.utc_offset_hours)
    local = at + offset
    minute = timedelta(minutes=rng.randrange(90), milliseconds=rng.randrange(60_000))
    if local.hour >= OFFICE_CLOSES:
        local = _opening(local + timedelta(days=1)) + minute
    elif local.hour < OFFICE_OPENS:
        local = _opening(local) + minute
    if local.weekday() >= 5:
        local = _opening(local + timedelta(days=7 - local.weekday())) + minute
    return local - offset


def _opening(day: datetime) -> datetime:
    return day.replace(hour=OFFICE_OPENS, minute=0, second=0, microsecond=0)
