"""Builds that leave out dbt's data tests: half of a build's time, where a test asks for other things."""

from __future__ import annotations

from typing import Any

import pytest
from dbt.cli.main import dbtRunner


def leave_out_data_tests(patch: pytest.MonkeyPatch) -> None:
    """Lets dbt build all but them, in this process."""
    invoke = dbtRunner.invoke

    def without(runner: dbtRunner, args: list[str], **kwargs: Any) -> Any:
        return invoke(runner, [*args, "--exclude-resource-type", "test"], **kwargs)

    patch.setattr(dbtRunner, "invoke", without)
