"""The people who come: one cohort a day, with the week's rhythm."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from random import Random

from simulator.world.dice import dice_of
from simulator.world.hiring import Hiring
from simulator.world.names import Phone, email_address, mobile_phone, plain

# Monday to Sunday: how busy a day is.
WEEKDAY_WEIGHTS = (1.1, 1.2, 1.1, 1.0, 0.9, 0.35, 0.2)
# Local hours from 7 to 22: when people fill in forms.
HOURS = tuple(range(7, 23))
HOUR_WEIGHTS = (2, 4, 6, 8, 8, 7, 6, 6, 7, 7, 6, 5, 5, 4, 3, 2)
HOUSEHOLD_SHARE = 0.04


@dataclass(frozen=True)
class Person:
    """Somebody looking for work, as they truly are."""

    number: int
    first_name: str
    last_name: str
    email: str
    phone: Phone
    hiring: Hiring
    arrives_at: datetime
    rng: Random

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @cached_property
    def linkedin_id(self) -> str:
        """The public identifier of the LinkedIn profile."""
        return f"{plain(self.first_name)}-{plain(self.last_name)}-{self.number:x}a{self.number % 7}"


class Arrivals:
    """Who arrives on which day; a day's cohort never depends on when it is asked for."""

    def __init__(
        self, seed: int, people: int, first_day: date, days: int, hirings: tuple[Hiring, ...]
    ) -> None:
        """Set the pace.

        Args:
            seed: The world's seed.
            people: How many arrive in the first ``days`` days; later days keep the pace.
            first_day: The first day of history.
            days: How many days the history has.
            hirings: What they come for.
        """
        self._seed = seed
        self._first_day = first_day
        self._hirings = hirings
        self._shares = [hiring.share for hiring in hirings]
        weights = (self._weight(first_day + timedelta(days=n)) for n in range(days))
        self._pace = people / (sum(weights) or 1.0)
        self._expected = 0.0
        self._count = 0

    def next_cohort(self, day: date) -> Iterator[Person]:
        """The people of a day; days are asked for one after the other.

        Args:
            day: The day after the one asked for before.

        Yields:
            The people, in the order of their numbers.
        """
        self._expected += self._pace * self._weight(day)
        first_number, self._count = self._count, round(self._expected)
        household: list[Person] = []
        for number in range(first_number, self._count):
            # At most three people share a household's phone: more would be a kiosk.
            relative = household[-1] if 0 < len(household) < 3 else None
            person = self._person(number, day, relative)
            is_relative = relative is not None and person.phone == relative.phone
            household = [*household, person] if is_relative else [person]
            yield person

    def _person(self, number: int, day: date, relative: Person | None) -> Person:
        rng = dice_of(self._seed, "person", number)
        hiring = rng.choices(self._hirings, self._shares)[0]
        country = hiring.country
        last_name = rng.choice(country.last_names)
        phone = mobile_phone(country, number, rng)
        if relative and relative.hiring is hiring and rng.random() < HOUSEHOLD_SHARE * 4:
            last_name, phone = relative.last_name, relative.phone
        first_name = rng.choice(country.first_names)
        return Person(
            number=number,
            first_name=first_name,
            last_name=last_name,
            email=email_address(first_name, last_name, number, rng),
            phone=phone,
            hiring=hiring,
            arrives_at=_moment_of(day, country.utc_offset_hours, rng),
            rng=rng,
        )

    @staticmethod
    def _weight(day: date) -> float:
        return WEEKDAY_WEIGHTS[day.weekday()]


def _moment_of(day: date, utc_offset_hours: int, rng: Random) -> datetime:
    """A moment of the UTC day at which it is a likely hour on the spot."""
    hour = (rng.choices(HOURS, HOUR_WEIGHTS)[0] - utc_offset_hours) % 24
    milliseconds = rng.randrange(3_600_000)
    return datetime.combine(day, time(hour), UTC) + timedelta(milliseconds=milliseconds)
