"""The plan of a backfill: every page, in the order in which a vendor would give it, and what they come to.

The limit fetches these pages without having to find out what the next one is. Written as `plan.json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from .data import Vendors, open_vendors

PAGE_OF_RESULTS, PAGE_OF_RECIPIENTS = 100, 50
RESULTS = "/v1/campaigns/role/results?campaign_id={}&limit=100&sort=asc{}"

Page = tuple[str, str, str]  # its table, its campaign, what to ask for


def pages(vendors: Vendors) -> Iterator[Page]:
    """Every page of a backfill."""
    order = vendors.results.order
    for listing in vendors.results.listings:
        for first in range(listing.first, listing.stop, PAGE_OF_RESULTS):
            after = f"&starting_after={order[first - 1]}" if first > listing.first else ""
            yield "results", listing.id, RESULTS.format(listing.id, after)
    campaigns = len(vendors.campaigns.order)
    for number in range(1, -(-campaigns // PAGE_OF_RECIPIENTS) + 1):
        yield "campaigns", "", f"/campaigns?page={number}&per_page={PAGE_OF_RECIPIENTS}"
    for listing in vendors.recipients.listings:
        path = f"/campaigns/{listing.id}/recipients"
        for number in range(1, -(-(listing.stop - listing.first) // PAGE_OF_RECIPIENTS) + 1):
            yield "recipients", listing.id, f"{path}?page={number}&per_page={PAGE_OF_RECIPIENTS}"


def main() -> None:
    """Writes the plan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, required=True)
    parser.add_argument("--recipients", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    vendors = open_vendors(options.folder, options.results, options.recipients)
    plan = {
        "campaign_ids": [listing.id for listing in vendors.results.listings],
        "pages": list(pages(vendors)),
        "expected": [
            len(vendors.results.order),
            len(vendors.campaigns.order),
            len(vendors.recipients.order),
            sum(vendors.results.order),
        ],
    }
    (options.folder / "plan.json").write_text(json.dumps(plan))


if __name__ == "__main__":
    main()
