"""dbt in process: seeds, models and tests, in one invocation; of all rows, or of those that new loads touch."""

from __future__ import annotations

import gc
import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import rphonenumbers

from . import database, mappings, options
from .build_history import BuildHistory
from .database import is_held
from .errors import HirefunnelError, SettingsError, WarehouseHeldError, explained, trouble
from .history import NodeResult
from .redact import mask
from .report import Reporter, Step
from .settings import PACKAGE_ROOT, Settings, environment

PROJECT = PACKAGE_ROOT / "dbt_models"
# What turns the same rows into other marts when another version of it is installed.
ENGINES = ("dbt-core", "dbt-duckdb", "duckdb", "rphonenumbers")
# What a build of news leaves alone: it follows from the project, which is as it was.
DEFINED_ONCE = ("resource_type:seed", "config.materialized:view")

# What a build of so many new rows at most holds in memory; others more (`macros/memory.sql`). It reads blocks of all
# tables for a few rows in each: to keep them costs more than to read some of them again.
LITTLE_NEWS, LITTLE_MEMORY = 500_000, "1GB"

log = logging.getLogger("hirefunnel")


def build(
    settings: Settings,
    reporter: Reporter,
    *,
    is_full: bool = False,
    before_full: Callable[[], None] | None = None,
) -> list[NodeResult]:
    """Runs `dbt build` on the warehouse.

    A build reads what loads have brought since the last one. It reads everything when there was none, when the last
    one was not whole (killed, a model or test that failed), or when what defines its result has changed: models,
    mappings, the phone region, dbt itself.

    Args:
        is_full: Read everything in any case.
        before_full: Called before a build that reads everything: what one of news takes for granted.

    Returns:
        How each seed, model and test ended; a failing one is a result, not an exception.

    Raises:
        HirefunnelError: If dbt could not start (a project that does not parse, a warehouse it cannot open).
    """
    project = _own_project(settings)
    history = BuildHistory(settings.warehouse)
    is_news = history.begin(_fingerprint(project), datetime.now(UTC), is_full)
    if before_full and not is_news:
        before_full()
    variables = {
        "HIREFUNNEL_WAREHOUSE": str(settings.warehouse),
        "HIREFUNNEL_PHONE_REGION": phone_region(),
        "HIREFUNNEL_BUILD": "news" if is_news else "full",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    if is_news and not options.build_memory() and history.new_rows() <= LITTLE_NEWS:
        variables["HIREFUNNEL_MEMORY_LIMIT"] = LITTLE_MEMORY
    name = "dbt build" if is_news else "dbt build, in full"
    # dbt finds the file open: to close and open it once more takes longer with each night of rows
    with (
        database.connect(settings.warehouse),
        environment(variables),
        _uncollected(),
        reporter.step(name) as step,
    ):
        result = _invoke(settings, project, step, is_news=is_news)
    if isinstance(result.exception, KeyboardInterrupt):  # dbt keeps it to itself
        raise KeyboardInterrupt
    if result.result is None:
        raise _could_not_start(settings, result.exception)
    results = [
        _node_result(node)
        for node in result.result
        if node.node.resource_type != "operation" or node.status != "success"
    ]
    is_whole = not any(node.is_failure for node in results)
    history.finish(datetime.now(UTC), is_whole)
    return results


def stands(settings: Settings) -> bool:
    """Whether the models are what a build would make of the loads that the last one read."""
    return BuildHistory(settings.warehouse).stands(_fingerprint(_own_project(settings)))


def _own_project(settings: Settings) -> Path:
    """A copy of the dbt project in the data folder, with the mappings as its seeds.

    dbt writes next to a project's files, and the installed ones may be another user's. A file that has not changed
    is left alone, so that dbt need not parse it again.
    """
    project = settings.dbt_dir / "project"
    for path in _files(project):
        if not (PROJECT / path).is_file():
            (project / path).unlink()
    for path in _files(PROJECT):
        if path.parent != Path("seeds"):
            _write_if_changed(project / path, (PROJECT / path).read_bytes())
    (project / "seeds").mkdir(parents=True, exist_ok=True)
    mappings.write_seeds(settings, project / "seeds")
    return project


def _files(folder: Path) -> list[Path]:
    """The project's own files, relative to it, sorted."""
    ignored = {"target", "logs", "__pycache__"}
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if not ignored & set(path.parts))


def _write_if_changed(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _fingerprint(project: Path) -> str:
    """Stands for all that defines the marts besides the raw rows: the project with its seeds, settings, versions."""
    digest = hashlib.sha256()
    for path in _files(project):
        content = hashlib.sha256((project / path).read_bytes()).hexdigest()
        digest.update(f"{path.as_posix()} {content}\n".encode())
    for engine in ENGINES:
        digest.update(f"{engine} {version(engine)}\n".encode())
    digest.update(f"phone region {phone_region()}\n".encode())
    return digest.hexdigest()


def phone_region() -> str:
    """HIREFUNNEL_PHONE_REGION, checked.

    Raises:
        SettingsError: If it is no country's two letters.
    """
    region = os.environ.get("HIREFUNNEL_PHONE_REGION", "").strip().upper()
    if region and region not in rphonenumbers.SUPPORTED_REGIONS:
        raise SettingsError(
            f"HIREFUNNEL_PHONE_REGION is {region!r}; write a country's two letters, such as PH."
        )
    return region


@contextmanager
def _uncollected() -> Iterator[None]:
    """What dbt makes lives as long as it runs; to look through it for garbage, again and again, takes a second."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _invoke(settings: Settings, project: Path, step: Step, *, is_news: bool) -> Any:
    from mashumaro.config import BaseConfig

    # dbt has hundreds of kinds of objects and writes or reads a few: each makes its code for that when it is used
    BaseConfig.lazy_compilation = True
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
                # nobody reads its JSON files, and what engines say in them may repeat values of rows
                "--no-write-json",
                "--log-path",
                str(settings.dbt_dir / "logs"),
                "build",
                "--project-dir",
                str(project),
                "--profiles-dir",
                str(project),
                "--target-path",
                str(settings.dbt_dir / "target"),
                *(["--exclude", *DEFINED_ONCE] if is_news else []),
                # tests of what is left alone are left alone, those that only read it are not
                "--indirect-selection",
                "cautious",
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
    known = explained(error) if error is not None else None
    return known or HirefunnelError(f"dbt could not start: {' '.join(reason.split())[:500]}")


def _node_result(node: Any) -> NodeResult:
    status = str(node.status)
    message = mask(trouble(str(node.message)) or str(node.message)) if node.message else None
    if status in {"error", "fail", "runtime error", "warn"}:
        log.error("dbt %s %s: %s", node.node.name, status, message)
    return NodeResult(
        node=str(node.node.name),
        node_type=str(node.node.resource_type),
        status=status,
        message=message,
        seconds=float(node.execution_time),
    )
