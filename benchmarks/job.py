"""One run of one peer: where the vendors are, and where the peer may write."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .vendor import RunningVendors


@dataclass(frozen=True)
class Job:
    """One run of one peer.

    Attributes:
        folder: Its own, empty unless the peer goes on where another stopped.
        rate: How many requests a second each vendor allows; 0 for no limit.
        venvs: Where virtualenvs are made and kept.
    """

    vendors: RunningVendors
    folder: Path
    rate: float
    venvs: Path

    @property
    def campaign_ids(self) -> list[str]:
        """HiredNow's campaigns, which its API cannot list."""
        return list(self.vendors.plan()["campaign_ids"])

    @property
    def easir_ids(self) -> list[str]:
        """EASI'R's campaigns, for those who cannot read a list of a list."""
        owners = (owner for kind, owner, _ in self.vendors.plan()["pages"] if kind == "recipients")
        return list(dict.fromkeys(owners))

    def script(self, name: str, *arguments: str) -> list[str]:
        """A command that runs a module of this package on this job."""
        places = ["--url", self.vendors.url, "--plan", str(self.vendors.folder / "plan.json")]
        module = [sys.executable, "-m", f"benchmarks.{name}"]
        return [*module, *places, "--folder", str(self.folder), *arguments]

    def write(self, name: str, content: dict[str, Any]) -> str:
        """Writes a file of settings and names it."""
        path = self.folder / name
        path.write_text(json.dumps(content))
        return str(path)
