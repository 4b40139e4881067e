"""A package is loaded while the next one is read: what goes on, and what a failure on either side costs."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Any

import duckdb
import pytest
from dlt.common.data_writers.writers import ArrowToParquetWriter

from pipelines import loading
from pipelines.reading import VersionedResource
from pipelines.resource_sync import ResourceSync
from pipelines.version_load import VersionLoadJob
from tests.nights.conftest import Installation


class TestPackagesBesideEachOther:
    """A package is loaded while the next one is read."""

    @pytest.fixture
    def installation(self, new_installation: Any, monkeypatch: pytest.MonkeyPatch) -> Installation:
        monkeypatch.setattr(loading, "CHECKPOINT_BYTES", 1)
        made: Installation = new_installation(250)
        return made

    def loads(self, installation: Installation) -> int:
        [(count,)] = installation.query(
            "select count(distinct _dlt_load_id) from raw_hirednow.results"
        )
        return int(count)

    def test_reading_goes_on_while_a_package_is_loaded(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pages = 0
        on_page, load = ResourceSync._on_page, ResourceSync._load
        went_on: list[bool] = []

        def noted(self: ResourceSync, *args: Any) -> None:
            nonlocal pages
            pages += 1
            on_page(self, *args)

        def after_a_page(
            self: ResourceSync, reading: VersionedResource, *args: Any, is_last: bool
        ) -> None:
            before, until = pages, monotonic() + 20
            if not is_last:
                while pages == before and not reading.is_done and monotonic() < until:
                    sleep(0.01)
                went_on.append(pages > before or reading.is_done)
            load(self, reading, *args, is_last=is_last)

        monkeypatch.setattr(ResourceSync, "_on_page", noted)
        monkeypatch.setattr(ResourceSync, "_load", after_a_page)

        assert installation.night("sync", "hirednow") == 0
        assert self.loads(installation) > 2
        assert went_on
        assert all(went_on)
        truth = installation.truth.contents("hirednow", "results")
        assert installation.stored("hirednow", "results") == truth

    @pytest.mark.parametrize("error", [ValueError("no such thing"), duckdb.IOException("full")])
    def test_a_load_that_fails_beside_a_reading_loses_and_doubles_nothing(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        load, loads = VersionLoadJob.run, 0

        def failing(self: VersionLoadJob) -> None:
            nonlocal loads
            loads += self.load_table_name == "results"
            if loads > 1:  # however often dlt tries
                raise error
            load(self)

        with monkeypatch.context() as patch:
            patch.setattr(VersionLoadJob, "run", failing)
            assert installation.night("sync", "hirednow") == 1
        assert loads > 1
        assert str(error) in installation.output
        assert self.loads(installation) == 1

        assert installation.night("sync", "hirednow") == 0
        truth = installation.truth.contents("hirednow", "results")
        assert installation.stored("hirednow", "results") == truth

    def test_a_reading_that_fails_waits_for_the_load_beside_it(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load, write = ResourceSync._load, ArrowToParquetWriter.write_data
        written = 0

        def slow(self: ResourceSync, *args: Any, is_last: bool) -> None:
            sleep(0.5)
            load(self, *args, is_last=is_last)

        def full(self: ArrowToParquetWriter, items: Any) -> None:
            nonlocal written
            written += 1
            if written > 1:
                raise OSError("no space left")
            write(self, items)

        with monkeypatch.context() as patch:
            patch.setattr(ResourceSync, "_load", slow)
            patch.setattr(ArrowToParquetWriter, "write_data", full)
            assert installation.night("sync", "hirednow") == 1
        assert "no space left" in installation.output
        assert self.loads(installation) == 1

        assert installation.night("sync", "hirednow") == 0
        truth = installation.truth.contents("hirednow", "results")
        assert installation.stored("hirednow", "results") == truth
