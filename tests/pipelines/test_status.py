"""What `status` tells of the history of runs, whatever the clock said meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines import database, facts, status
from pipelines.history import History, NodeResult, ResourceRun
from pipelines.settings import Settings

NOW = datetime.now(UTC)
NEXT_YEAR = NOW + timedelta(days=365)


class Nights:
    """A history of runs that read one resource each."""

    def __init__(self, settings: Settings) -> None:
        settings.prepare()
        self.history = History(settings.warehouse)
        self.runs = 0

    def add(self, at: datetime, state: str) -> None:
        """A run at what its clock takes for now."""
        self.runs += 1
        run_id = f"run {self.runs}"
        self.history.begin(run_id, "sync", at, at)
        error = "it did not answer" if state == "failed" else None
        run = ResourceRun("talkpush", "leads", at, at, state, error=error)
        self.history.add_resource_runs(run_id, [run])
        self.history.finish(run_id, at, int(state == "failed"))


@pytest.fixture
def nights(installation: Settings) -> Nights:
    return Nights(installation)


def told(settings: Settings) -> dict[str, Any]:
    return status.collect(settings)


def test_a_night_whose_clock_was_a_year_ahead_hides_no_later_failure(
    nights: Nights, installation: Settings
) -> None:
    nights.add(NEXT_YEAR, "ok")
    assert told(installation)["is_fresh"]
    nights.add(NOW, "failed")

    facts = told(installation)
    assert not facts["is_fresh"]
    assert facts["failures"] == ["talkpush · leads: it did not answer"]
    assert facts["last_runs"][0]["status"] == "failed"


def test_the_last_success_is_the_last_one_written(nights: Nights, installation: Settings) -> None:
    nights.add(NEXT_YEAR, "ok")
    nights.add(NOW - timedelta(days=30), "ok")

    facts = told(installation)
    assert not facts["is_fresh"]
    assert facts["summary"].startswith("Stale")


def test_what_failed_last_is_told_until_it_works(nights: Nights, installation: Settings) -> None:
    """As a copy's `failures` say it that another command publishes."""
    nights.add(NOW, "failed")
    nights.history.add_build_results(
        "run 1", [NodeResult("rpt_funnel", "model", "error", "out of memory", 1.0)]
    )
    with database.connect(installation.warehouse) as connection:
        assert facts.failures(connection) == [
            "talkpush · leads: it did not answer",
            "model rpt_funnel: out of memory",
        ]
    nights.add(NOW, "ok")
    nights.history.add_build_results(
        "run 2", [NodeResult("rpt_funnel", "model", "success", None, 1.0)]
    )
    with database.connect(installation.warehouse) as connection:
        assert facts.failures(connection) == []
