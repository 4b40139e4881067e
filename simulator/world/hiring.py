"""What is hired for, and the campaigns that each vendor runs for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from simulator.world.dice import dice_of, uuid_from
from simulator.world.names import (
    COLOMBIA,
    MEXICO,
    PHILIPPINES,
    SOUTH_AFRICA,
    Country,
    Phone,
    mobile_phone,
    plain,
)

# Owner numbers of phones that belong to nobody's record: far above any person's number.
KIOSK_NUMBERS = 9_000_000
RECRUITER_NUMBERS = 9_500_000


@dataclass(frozen=True)
class Campaign:
    """A vendor's campaign and the hiring campaign that it works for."""

    vendor: str
    vendor_campaign_id: str
    name: str
    hiring_campaign: str


@dataclass(frozen=True)
class Recruiter:
    """A recruiter, whose own address ends up in the records of hurried walk-ins."""

    number: int
    first_name: str
    last_name: str
    email: str
    phone: Phone
    is_hurried: bool


@dataclass(frozen=True)
class Hiring:
    """One hiring campaign: a role at a site, with its campaigns at the vendors."""

    number: int
    name: str
    role: str
    city: str
    country: Country
    share: float
    recruiter: Recruiter
    kiosk: Phone | None
    hirednow_id: str
    hirednow_names: tuple[str, ...]
    talkpush: tuple[tuple[int, str], ...]
    linkedin_job_id: str
    linkedin_shows_dates: bool
    closerx_ids: tuple[str, ...]

    @property
    def job_title(self) -> str:
        """The title of the LinkedIn job."""
        return f"{self.role} ({self.city})"

    @property
    def location(self) -> str:
        """The site as LinkedIn writes it."""
        return f"{self.city}, {self.country.name}"

    def campaigns(self) -> Iterator[Campaign]:
        """The campaigns that stand from the first day (EASI'R's come and go)."""
        yield Campaign("hirednow", self.hirednow_id, self.hirednow_names[0], self.name)
        for talkpush_id, title in self.talkpush:
            yield Campaign("talkpush", str(talkpush_id), title, self.name)
        yield Campaign("linkup", self.linkedin_job_id, self.job_title, self.name)
        for number, closerx_id in enumerate(self.closerx_ids, start=1):
            yield Campaign("closerx", closerx_id, f"AI calls {self.city} {number}", self.name)


SITES: tuple[tuple[str, str, Country, float, tuple[str, str]], ...] = (
    ("Customer Service Agent", "Manila", PHILIPPINES, 0.34, ("Liza", "Manansala")),
    ("Agente Bilingüe", "Bogotá", COLOMBIA, 0.22, ("Martha", "Echeverry")),
    ("Customer Service Agent", "Cape Town", SOUTH_AFRICA, 0.18, ("Busi", "Mabaso")),
    ("Technical Support Agent", "Cebu", PHILIPPINES, 0.16, ("Dennis", "Abellana")),
    ("Asesor de Ventas", "Guadalajara", MEXICO, 0.10, ("Sergio", "Barragán")),
)
SITES_WITH_KIOSK = ("Manila", "Bogotá")
SITES_WITH_HURRIED_RECRUITER = ("Manila", "Cape Town")
SITES_WITH_REFERRAL_CAMPAIGN = ("Manila", "Cebu")
SITES_WITH_LINKEDIN_DATES = ("Manila", "Cape Town")


def plan_hirings(seed: int, first_day: date) -> tuple[Hiring, ...]:
    """The five hiring campaigns of a world.

    Args:
        seed: The world's seed: other seeds have other campaign ids.
        first_day: The first day of history, for names that carry a year.

    Returns:
        The hiring campaigns, biggest first.
    """
    return tuple(_hiring(seed, number, first_day.year) for number in range(len(SITES)))


def _hiring(seed: int, number: int, year: int) -> Hiring:
    role, city, country, share, (first_name, last_name) = SITES[number]
    rng = dice_of(seed, "hiring", number)
    first_talkpush_id = 2000 + 100 * number + rng.randrange(50)
    talkpush = [(first_talkpush_id, f"{role} - {city}")]
    if city in SITES_WITH_REFERRAL_CAMPAIGN:
        talkpush.append((first_talkpush_id + 50, f"Refer a Friend {city}"))
    kiosk = mobile_phone(country, KIOSK_NUMBERS + number, rng) if city in SITES_WITH_KIOSK else None
    return Hiring(
        number=number,
        name=f"{role} {city}",
        role=role,
        city=city,
        country=country,
        share=share,
        recruiter=Recruiter(
            number=40 + number,
            first_name=first_name,
            last_name=last_name,
            email=f"{plain(first_name)}.{plain(last_name)}@staffing.example.com",
            phone=mobile_phone(country, RECRUITER_NUMBERS + number, rng),
            is_hurried=city in SITES_WITH_HURRIED_RECRUITER,
        ),
        kiosk=kiosk,
        hirednow_id=uuid_from(rng),
        hirednow_names=(f"{role} {city}", f"{role} {city} {year}", f"{city} Open Day"),
        talkpush=tuple(talkpush),
        linkedin_job_id=str(4_100_000_000 + number * 7_654_321 + rng.randrange(1_000_000)),
        linkedin_shows_dates=city in SITES_WITH_LINKEDIN_DATES,
        closerx_ids=tuple(f"camp{rng.getrandbits(32):08x}" for _ in range(2 if number < 2 else 1)),
    )
