"""What was cut off goes on where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import kept
from tests.chaos.schedule import draw
from tests.chaos.suite import Result


def test_a_result_is_kept_for_the_same_code_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = Result(draw(7), attempts=3)
    kept.keep(tmp_path, result)
    assert kept.kept(tmp_path, 7) == result
    assert kept.kept(tmp_path, 8) is None
    monkeypatch.setattr(kept, "code_id", lambda: "another")
    assert kept.kept(tmp_path, 7) is None
