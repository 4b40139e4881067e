"""What LinkupAPI charges: what an answer says of it, and what it can be at most."""

from math import ceil
from typing import Any

from .settings import HIGHEST_PRICE, RESULTS_PER_CREDIT


def highest_price(params: dict[str, Any]) -> float:
    """What the answer to a request can cost at most."""
    count: int = params.get("count", 0)
    return ceil(count / RESULTS_PER_CREDIT)


def price_of(answer: dict[str, Any], params: dict[str, Any]) -> float:
    """What an answer cost: what it says, or for want of a number what it may have cost at most."""
    metadata = answer.get("metadata")
    price: Any = metadata.get("credits_consumed") if isinstance(metadata, dict) else None
    is_number = isinstance(price, (int, float)) and not isinstance(price, bool)
    at_most: float = 0 if is_refused(answer) else highest_price(params)
    return price if is_number and 0 <= price <= HIGHEST_PRICE else at_most


def is_refused(answer: dict[str, Any]) -> bool:
    """Whether LinkupAPI says that it did not do what it was asked for, which costs nothing."""
    success = answer.get("success")
    return success is False or (not success and isinstance(answer.get("error"), dict))
