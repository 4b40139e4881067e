"""A vendor's token bucket: how often it lets itself be asked, and how much of that was used."""

from __future__ import annotations

from dataclasses import dataclass

SHARE_A_SECOND = 0.2  # of a second's allowance may be used at once


@dataclass
class Bucket:
    """A vendor's allowance of requests.

    Attributes:
        rate: How many tokens come in a second; 0 for no limit.
        admitted: How many requests were answered, `refused` how many were sent away.
    """

    rate: float = 0.0
    tokens: float = 0.0
    filled_at: float = 0.0
    admitted: int = 0
    refused: int = 0
    first_at: float = 0.0
    last_at: float = 0.0

    @property
    def size(self) -> float:
        """How many tokens it holds."""
        return max(1.0, self.rate * SHARE_A_SECOND)

    def wait_s(self, now: float) -> float:
        """Takes a token: 0, or how long until there is one."""
        if self.rate:
            self.tokens = min(self.size, self.tokens + (now - self.filled_at) * self.rate)
            self.filled_at = now
            if self.tokens < 1:
                self.refused += 1
                return (1 - self.tokens) / self.rate
            self.tokens -= 1
        self.admitted += 1
        self.first_at = self.first_at or now
        self.last_at = now
        return 0.0

    def held(self) -> float | None:
        """Which part of the allowance was used between the first and the last request."""
        if not self.rate or self.admitted < 2:
            return None
        return self.admitted / (self.size + self.rate * (self.last_at - self.first_at))
