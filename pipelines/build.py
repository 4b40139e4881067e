"""dbt in process: seeds, models and tests, in one invocation."""

from __future__ import annotations

import logging
import os
from typing import Any

from . import mappings
from .errors import HirefunnelError, WarehouseHeldError
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
    seeds = mappings.write_seeds(settings)
    variables = {
        "HIREFUNNEL_WAREHOUSE": str(settings.warehouse),
        "HIREFUNNEL_SEEDS": os.path.relpath(seeds, PROJECT),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    with environment(variables), reporter.step("dbt build") as step:
        result = _invoke(settings, step)
    if result.result is None:
        raise _could_not_start(settings, result.exception)
    return [_node_result(node) for node in result.result]


def _invoke(settings: Settings, step: Step) -> Any:
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
                str(PROJECT),
                "--profiles-dir",
                str(PROJECT),
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
    if "lock" in reason.lower() and "duckdb" in reason.lower():
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
