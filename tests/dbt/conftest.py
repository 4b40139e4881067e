"""The story warehouse, built once by the real dbt, and again after more has happened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt import story
from tests.dbt.warehouse import create, open_again

PROJECT = Path(__file__).parents[2] / "dbt_models"


class Build:
    """What one ``dbt build`` did, and the warehouse it left, open for questions."""

    def __init__(self, statuses: dict[str, str], connection: duckdb.DuckDBPyConnection) -> None:
        self.statuses = statuses
        self.connection = connection

    @property
    def failures(self) -> list[str]:
        """Names of the models and tests that did not pass."""
        return [name for name, status in self.statuses.items() if status not in ("success", "pass")]

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows that a query gives."""
        return self.connection.execute(query, list(values)).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        """The single value that a query gives."""
        ((value,),) = self.ask(query, *values)
        return value


def dbt_build(warehouse: Path, seeds: Path | None = None, select: str | None = None) -> Build:
    """Runs ``dbt build`` in process, frees the file and opens it again.

    Args:
        warehouse: The DuckDB file.
        seeds: A folder with the three CSVs; the packaged ones by default.
        select: dbt's ``--select``.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner

    environment = {"HIREFUNNEL_WAREHOUSE": str(warehouse)}
    if seeds:
        environment["HIREFUNNEL_SEEDS"] = str(seeds)
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    outputs = ["--target-path", str(warehouse.parent / "target"), "--log-path"]
    outputs += [str(warehouse.parent / "logs")]
    selection = ["--select", select] if select else []
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            with contextlib.chdir(Path.cwd()):
                result = dbtRunner().invoke(["--quiet", "build", *folders, *outputs, *selection])
        finally:
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if not isinstance(result.result, RunExecutionResult):
        raise AssertionError(f"dbt did not run: {result.exception}")
    statuses = {run.node.name: str(run.status.value) for run in result.result.results}
    return Build(statuses, open_again(warehouse))


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """The story up to its as_of, with the packaged mappings and one blocked number."""
    folder = tmp_path_factory.mktemp("first_night")
    connection = create(folder / "warehouse.duckdb")
    story.tell(connection)
    connection.close()
    build = dbt_build(folder / "warehouse.duckdb", story.seeds(folder, mapped=False))
    yield build
    build.connection.close()


@pytest.fixture(scope="session")
def later_night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """The same story with newer records, and with a status and two campaigns mapped."""
    folder = tmp_path_factory.mktemp("later_night")
    connection = create(folder / "warehouse.duckdb")
    story.tell(connection)
    story.tell_sequel(connection)
    connection.close()
    build = dbt_build(folder / "warehouse.duckdb", story.seeds(folder, mapped=True))
    yield build
    build.connection.close()


@pytest.fixture(scope="session")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """A warehouse in which no run has ever happened."""
    path = tmp_path_factory.mktemp("nothing") / "warehouse.duckdb"
    create(path).close()
    build = dbt_build(path)
    yield build
    build.connection.close()


@pytest.fixture(scope="session")
def two_vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """HiredNow and CloserX only, and no run told dbt what time it is."""
    path = tmp_path_factory.mktemp("two_vendors") / "warehouse.duckdb"
    connection = create(path)
    story.tell_subset(connection)
    connection.close()
    build = dbt_build(path)
    yield build
    build.connection.close()
