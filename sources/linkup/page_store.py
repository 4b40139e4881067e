"""Answers that were paid for, kept on disk until they are loaded: a crash never pays twice."""

import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

MAX_AGE_S = 20 * 3600  # less than from night to night


class PageStore:
    """Keeps each answer, and gives back those of an earlier run that broke off.

    Whoever runs the source empties the folder once everything is loaded. An answer is given back
    once at most, and never in the run that received it: asking again then means asking anew.
    Nor is one of another night: people are rated meanwhile, and the old answer would hide it.

    Args:
        folder: Where answers are kept; None keeps nothing.
    """

    def __init__(self, folder: str | None) -> None:
        self._folder = Path(folder) if folder else None
        oldest = time.time() - MAX_AGE_S
        reported = self._folder / "reported" if self._folder else None
        self._reported_at = reported.stat().st_mtime if reported and reported.exists() else 0.0
        self._left_over = {
            path.name
            for path in (self._folder.glob("*.json") if self._folder else ())
            if path.stat().st_mtime >= oldest
        }

    def take(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a request that an earlier run received and did not load, if any.

        What it cost is left out if a file `reported`, which whoever runs the source may touch
        after counting the credits of a resource, is younger: it has been counted.
        """
        name = self._name(request)
        if self._folder is None or name not in self._left_over:
            return None
        self._left_over.remove(name)
        path = self._folder / name
        answer: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if path.stat().st_mtime <= self._reported_at:
            answer["metadata"] = {**(answer.get("metadata") or {}), "credits_consumed": 0}
        return answer

    def keep(self, request: dict[str, Any], answer: dict[str, Any]) -> None:
        """Write an answer down, whole or not at all."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / self._name(request)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(answer), "utf-8")
        unfinished.replace(path)

    def _name(self, request: dict[str, Any]) -> str:
        canonical = json.dumps(request, sort_keys=True)
        return f"{sha256(canonical.encode()).hexdigest()}.json"
