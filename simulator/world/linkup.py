"""LinkedIn's jobs and applicants, as LinkupAPI shows them."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from simulator.world.dice import dice_of
from simulator.world.hiring import Hiring
from simulator.world.people import Person
from simulator.world.shelf import Payload, Shelf

HEADLINES = (
    "Customer Service Representative | Bilingual",
    "Looking for new opportunities",
    "Technical Support Specialist | Tier 1",
    "Sales & Customer Experience",
    "BPO professional since 2019 | Team player",
    "",
)
COMPANIES = ("Acme Corp", "Globex", "Initech", "Umbrella Support", "Hooli Contact Centers")
TITLES = ("Call Center Agent", "Cashier", "Sales Associate", "Tutor", "Support Specialist")
SCHOOLS = ("State University", "City College", "Instituto Técnico", "Online Academy")
JOB_WITHOUT_APPLICANTS: Payload = {
    "job_id": "4090000017",
    "title": "Team Leader",
    "location": "Manila, Philippines",
    "state": "CLOSED",
}


@dataclass
class Application:
    """One person's application to one job."""

    person: Person
    hiring: Hiring
    application_id: str = ""

    @property
    def record_id(self) -> str:
        """The key of the application: the job and the application."""
        return f"{self.hiring.linkedin_job_id}:{self.application_id}"


class LinkupBook:
    """The company's LinkedIn Recruiter account: a shelf a job, oldest applicants first."""

    def __init__(
        self, hirings: tuple[Hiring, ...], owners: dict[int, list[tuple[str, str]]]
    ) -> None:
        """Open an account with one job for each hiring campaign.

        Args:
            hirings: The hiring campaigns.
            owners: Where to note whose record is whose.
        """
        self.jobs = Shelf()
        self.candidates = {hiring.linkedin_job_id: Shelf() for hiring in hirings}
        self._owners = owners
        self._last_application_id = 26_905_000_000
        for hiring in hirings:
            job = {
                "job_id": hiring.linkedin_job_id,
                "title": hiring.job_title,
                "location": hiring.location,
                "state": "LISTED",
            }
            self.jobs.put(hiring.linkedin_job_id, job)
        self.jobs.put(JOB_WITHOUT_APPLICANTS["job_id"], JOB_WITHOUT_APPLICANTS)
        self.candidates[JOB_WITHOUT_APPLICANTS["job_id"]] = Shelf()

    def apply(self, application: Application, at: datetime) -> None:
        """Enter a new applicant, unrated."""
        person, hiring = application.person, application.hiring
        rng = dice_of(person.email, "application", hiring.number)
        self._last_application_id += rng.randrange(1, 90_000)
        application.application_id = str(self._last_application_id)
        is_top_choice = rng.random() < 0.05
        message = f"I would love to join you in {hiring.city}." if is_top_choice else ""
        payload: Payload = {
            "application_id": application.application_id,
            "rating": "UNRATED",
            "is_top_choice": is_top_choice,
            "top_choice_message": message,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "full_name": person.full_name,
            "headline": rng.choice(HEADLINES),
            "public_identifier": person.linkedin_id,
            "profile_url": f"https://www.linkedin.com/in/{person.linkedin_id}",
            "location": hiring.location,
            "experiences": [_experience(rng, at.year - n) for n in range(rng.randrange(4))],
        }
        if hiring.linkedin_shows_dates:
            payload["application_date"] = at.date().isoformat()
            payload["education"] = [{"school": rng.choice(SCHOOLS), "degree": ""}]
        self._owners[person.number].append(("linkup", application.record_id))
        self.candidates[hiring.linkedin_job_id].put(application.record_id, payload)

    def rate(self, application: Application, rating: str) -> None:
        """A recruiter rates an applicant; nothing in the record tells when."""
        shelf = self.candidates[application.hiring.linkedin_job_id]
        shelf.change(application.record_id, {"rating": rating})


def _experience(rng: Random, year: int) -> Payload:
    company = rng.choice(COMPANIES)
    first_month = rng.randrange(1, 8)
    until = rng.choice((f"{first_month + rng.randrange(5)}/{year}", "Present"))
    return {
        "title": rng.choice(TITLES),
        "company": company,
        "company_url": f"https://www.linkedin.com/company/{company.lower().replace(' ', '-')}/",
        "date_range": f"{first_month}/{year} - {until}",
        "description": "",
    }
