"""Vendors with a token bucket that allow a fifth of what is configured, over real HTTP.

Everything arrives, little is refused, and most of what is allowed is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from simulator import Limit, World, serve
from tests.sources.conftest import NOW, VENDORS

pytestmark = pytest.mark.slow

ALLOWED, CONFIGURED = 30, 150
# Who says when to come again says it in whole seconds: that bucket fills in one.
BUCKETS: dict[str, dict[str, Any]] = {
    "hirednow": {"burst": 30},
    "talkpush": {"burst": 15, "says_retry_after": False},
    "linkup": {"burst": 15, "says_retry_after": False, "status": 200},
    "closerx": {"burst": 15, "says_retry_after": False},
    "easir": {"burst": 15, "says_retry_after": False},
}
READ = {
    "hirednow": "results",
    "talkpush": "leads",
    "linkup": "candidates",
    "closerx": "hourly_metrics",
    "easir": "campaign_recipients",
}
# Small pages and enough days, so that each reading takes 110 to 170 requests.
PAGE_SIZES = {"hirednow": 2, "easir": 10}
SETTINGS: dict[str, dict[str, Any]] = {
    "talkpush": {"start_date": "2025-12-25"},
    "linkup": {"page_size": 3},
    "closerx": {"start_date": "2026-02-18"},
}


@pytest.fixture
def simulator(monkeypatch):
    """A world large enough for some seconds of reading, and pauses as long as for real vendors."""
    for vendor in VENDORS:
        monkeypatch.setattr(import_module(f"sources.{vendor}.client"), "BACKOFF_FACTOR", 0.5)
        # As many threads as there may be, though nobody has to wait long here.
        monkeypatch.setattr(import_module(f"sources.{vendor}.parallel"), "PATIENCE_S", 0)
    for vendor, size in PAGE_SIZES.items():
        monkeypatch.setattr(import_module(f"sources.{vendor}.helpers"), "PAGE_SIZE", size)
    with serve(World(people=2000, now=NOW, history_days=90)) as running:
        for name, value in running.settings().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def read(open_source, reader):
    """Reads a vendor from the beginning, as often as is configured."""

    def reading(vendor: str, requests_per_second: float) -> list[str]:
        reader.pipeline.drop()
        settings = {"max_retries": 5, "requests_per_second": requests_per_second}
        source = open_source(vendor, **settings, **SETTINGS.get(vendor, {}))
        return sorted(str(row) for row in reader.read(source, READ[vendor]))

    return reading


def show(vendor: str, limit: Limit) -> None:
    print(
        f"{vendor}: {limit.served / limit.seconds:.1f} requests a second, {limit.per_second} "
        f"allowed; {limit.served / limit.allowed:.0%} of what was allowed in "
        f"{limit.seconds:.1f} s; {limit.served} served, {limit.refused} refused"
    )


@pytest.mark.parametrize("vendor", VENDORS)
def test_all_arrives_at_nearly_the_allowed_rate_with_few_refusals(vendor, simulator, read):
    expected = read(vendor, 0)
    needed, cost = len(simulator.requests), simulator.credits_spent
    limit = simulator.limit(vendor, per_second=ALLOWED, **BUCKETS[vendor])

    assert read(vendor, CONFIGURED) == expected

    show(vendor, limit)
    assert limit.served == needed
    assert 1 <= limit.refused <= 6
    assert limit.served / limit.allowed >= 0.8
    assert simulator.credits_spent == 2 * cost


def test_four_threads_without_a_configured_rate_find_the_allowed_one_together(simulator, read):
    limit = simulator.limit("hirednow", per_second=ALLOWED, burst=15, says_retry_after=False)
    assert read("hirednow", 0)
    show("hirednow", limit)
    assert limit.refused <= 20
    assert limit.served / limit.allowed >= 0.7


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_refusal_of_one_thread_silences_all(vendor, simulator, read):
    """LinkupAPI refuses with 200 and does not say for how long: then half a second."""
    if vendor == "linkup":
        pause_s = 0.5
        fault = simulator.faults.add(vendor, "envelope", code="RATE_LIMITED", after=50)
    else:
        pause_s, headers = 1.0, {"Retry-After": "1"}
        fault = simulator.faults.add(vendor, "status", status=429, headers=headers, after=50)

    assert read(vendor, 60)

    assert fault.fired == 1
    times = [request.at.timestamp() for request in simulator.requests]
    refused_at = times[50]
    # Those that were under way already were answered at once.
    meanwhile = [at - refused_at for at in times if 0.1 < at - refused_at < pause_s - 0.02]
    assert meanwhile == []
