"""dbt in process: seeds, models and tests, in one invocation."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Any

import phonenumbers

from . import mappings
from .database import is_held
from .errors import HirefunnelError, SettingsError, WarehouseHeldError
from .history import NodeResult
from .redact import mask
from .report import Reporter, Step
from .settings import PACKAGE_ROOT, Settings, environment

PROJECT = PACKAGE_ROOT / "dbt_models"

log = logging.getLogger("hirefunnel")


def build(settings: Settings, reporter: Reporter) -> list[NodeResult]:
    """Runs `dbt build` on the warehouse.

    Returns:
        How each seed, model and test ended; a failing one is a result, not an exception.

    Raises:
        HirefunnelError: If dbt could not start (a project that does not parse, a warehouse it cannot open).
    """
    project = _own_project(settings)
    variables = {
        "HIREFUNNEL_WAREHOUSE": str(settings.warehouse),
        "HIREFUNNEL_PHONE_REGION": phone_region(),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    with environment(variables), reporter.step("dbt build") as step:
        result = _invoke(settings, project, step)
    if result.result is None:
        raise _could_not_start(settings, result.exception)
    return [_node_result(node) for node in result.result]


def _own_project(settings: Settings) -> Path:
    """A copy of the dbt project in the data folder, with the mappings as its seeds.

    dbt writes next to a project's files, and the installed ones may be another user's.
    """
    project = settings.dbt_dir / "project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(
        PROJECT, project, ignore=shutil.ignore_patterns("target", "logs", "__pycache__")
    )
    mappings.write_seeds(settings, project / "seeds")
    return project


def phone_region() -> str:
    """HIREFUNNEL_PHONE_REGION, checked.

    Raises:
        SettingsError: If it is no country's two letters.
    """
    region = os.environ.get("HIREFUNNEL_PHONE_REGION", "").strip().upper()
    if region and region not in phonenumbers.SUPPORTED_REGIONS:
        raise SettingsError(
            f"HIREFUNNEL_PHONE_REGION is {region!r}; write a country's two letters, such as PH."
        )
    return region


def _invoke(settings: Settings, project: Path, step: Step) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    def follow(event: Any) -> None:
        if event.info.name in {"LogStartLine", "NodeStart"}:
            step.update(event.data.node_info.node_name)

    try:
        return dbtRunner(callbacks=[follow]).invoke(
            [
                "--quiet",
                "--log-level",
                "none",
                "--log-path",
                str(settings.dbt_dir / "logs"),
                "build",
                "--project-dir",
                str(project),
                "--profiles-dir",
                str(project),
                "--target-path",
                str(settings.dbt_dir / "target"),
            ]
        )
    finally:
        # dbt leaves the file open, and so locked, for the life of the process
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _could_not_start(settings: Settings, error: BaseException | None) -> HirefunnelError:
    reason = mask(str(error or "no result").strip())
    log.error("dbt could not start: %s", reason)
    if error is not None and is_held(error):
        return WarehouseHeldError(
            f"The warehouse {settings.warehouse} is open in another program; close it there and build again."
        )
    return HirefunnelError(f"dbt could not start: {' '.join(reason.split())[:500]}")


def _node_result(node: Any) -> NodeResult:
    status = str(node.status)
    message = mask(str(node.message)) if node.message else None
    if status in {"error", "fail", "runtime error", "warn"}:
        log.error("dbt %s %s: %s", node.node.name, status, message)
    return NodeResult(
        node=str(node.node.name),
        node_type=str(node.node.resource_type),
        status=status,
        message=message,
        seconds=float(node.execution_time),
    )
