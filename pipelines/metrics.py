"""What a source told besides its records: credits, failures, whole listings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt.common.pipeline import ExtractInfo


def add_metrics(metrics: dict[str, Any], found: dict[str, Any]) -> None:
    """What one package's reading told, added to what the resource's told so far."""
    listings = metrics.get("complete_listings", []) + found.pop("complete_listings", [])
    metrics |= {**found, "complete_listings": listings}


def custom_metrics(extracted: ExtractInfo, resource: str) -> dict[str, Any]:
    """What the source told besides records, such as credits spent."""
    found: dict[str, Any] = {}
    for of_loads in extracted.metrics.values():
        for package in of_loads:
            metrics = package["resource_metrics"].get(resource)
            found |= getattr(metrics, "custom_metrics", None) or {}
    return found
