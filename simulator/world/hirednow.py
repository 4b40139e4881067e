"""HiredNow's assessment results."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator.world.dice import dice_of, uuid_from
from simulator.world.hiring import Hiring
from simulator.world.people import Person
from simulator.world.shelf import Payload, Shelf

CEFR_LEVELS = ("A2", "B1", "B1", "B2", "B2", "C1", "C2")
SCORES = {
    "NOT_RECOMMENDED": (1.2, 2.9),
    "RECOMMENDED": (3.0, 4.0),
    "STRONGLY_RECOMMENDED": (4.1, 5.0),
}
# Indexes are shared with the vendor's other customers, so ours have gaps: 4 apart on average.
INDEX_GAPS = (1, 2, 3, 4, 5, 6, 7)


@dataclass
class Result:
    """One assessment of a person."""

    person: Person
    hiring: Hiring
    status: str
    email: str
    taken_before: timedelta
    id: str = ""


class HirednowBook:
    """The company's HiredNow account: a shelf a campaign, in ascending order of index."""

    def __init__(
        self,
        hirings: tuple[Hiring, ...],
        people: int,
        drift_at: datetime,
        owners: dict[int, list[tuple[str, str]]],
    ) -> None:
        """Open an empty account.

        Args:
            hirings: The hiring campaigns; each has one HiredNow campaign.
            people: How many people the history has: it decides where the index starts.
            drift_at: Results from then on carry a field that the vendor's docs do not name.
            owners: Where to note whose record is whose.
        """
        self.results = {hiring.hirednow_id: Shelf() for hiring in hirings}
        self._drift_at = drift_at
        self._owners = owners
        # The index passes 9,999 within the history: as text it would then sort before "9".
        self._last_index = max(100, 10_000 - 4 * max(6, people // 20))

    @staticmethod
    def stamp(at: datetime) -> str:
        """An instant as HiredNow writes it, e.g. ``2025-05-29T00:01:42.277Z``."""
        return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def open_result(self, result: Result, at: datetime) -> None:
        """Show a new result; its index is higher than all before, its dates need not be."""
        rng = dice_of(result.person.email, "result", result.taken_before)
        self._last_index += rng.choice(INDEX_GAPS)
        result.id = uuid_from(rng)
        created_at = at - result.taken_before
        updated_at = at
        if rng.random() < 0.03:
            updated_at = created_at - timedelta(hours=rng.randrange(1, 30 * 24))
        cefr = {"cefr": {"score": rng.choice(CEFR_LEVELS)}} if rng.random() < 0.7 else {}
        payload: Payload = {
            "id": result.id,
            "recommendation_status": result.status,
            "campaign": {
                "id": result.hiring.hirednow_id,
                "name": rng.choices(result.hiring.hirednow_names, (8, 3, 1))[0],
            },
            "user": {
                "id": uuid_from(dice_of(result.person.email, "user")),
                "email": result.email,
            },
            "overall_score": round(rng.uniform(*SCORES[result.status]), 2),
            "additional_scores": cefr,
            "created_at": self.stamp(created_at),
            "updated_at": self.stamp(updated_at),
            "order_index": str(self._last_index),
        }
        if at >= self._drift_at:
            payload["proctoring_flag"] = rng.random() < 0.05
        self._owners[result.person.number].append(("hirednow", result.id))
        self.results[result.hiring.hirednow_id].put(result.id, payload)

    def review_result(self, result: Result, at: datetime, status: str) -> None:
        """A person at the vendor looked again and came to another view."""
        score = round(dice_of(result.id, "review").uniform(*SCORES[status]), 2)
        self.results[result.hiring.hirednow_id].change(
            result.id,
            {
                "recommendation_status": status,
                "overall_score": score,
                "updated_at": self.stamp(at),
            },
        )
