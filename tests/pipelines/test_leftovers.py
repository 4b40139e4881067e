"""What a run leaves: nothing that says who somebody is, unless it is needed, and nothing for others to read."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import leftovers
from pipelines import settings as configuration
from pipelines.errors import SettingsError
from pipelines.report import Reporter
from pipelines.run import open_run
from pipelines.settings import Settings

ROWS = "jane@example.com"


def put(path: Path, text: str = ROWS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def package(settings: Settings, state: str) -> Path:
    folder = settings.dlt_dir / "talkpush" / "load" / "loaded" / "1795324662.8"
    put(folder / "package_completed.json", state)
    return folder


class TestWhatIsRemoved:
    """Whatever a killed run left half written, and what dlt notes of errors."""

    def test_a_reading_that_was_torn(self, installation: Settings) -> None:
        normalize = installation.dlt_dir / "talkpush" / "normalize"
        torn = put(normalize / "0a1b2c3d" / "1795324662.8" / "new_jobs" / "leads.1.parquet")
        pending = put(normalize / "extracted" / "1795324662.7" / "new_jobs" / "leads.1.parquet")
        leftovers.remove(installation)

        assert not torn.parent.parent.parent.exists()
        assert pending.exists()

    @pytest.mark.parametrize("place", [".", "schemas", "load/normalized", "normalize/extracted"])
    def test_a_file_that_was_half_written(self, installation: Settings, place: str) -> None:
        pipeline = installation.dlt_dir / "talkpush"
        state = put(pipeline / "state.json")
        half = put(pipeline / place / "fc3607cfc0588d13")
        leftovers.remove(installation)

        assert not half.exists()
        assert state.exists()

    def test_a_trace(self, installation: Settings) -> None:
        trace = put(installation.dlt_dir / "talkpush" / "trace.pickle")
        leftovers.remove(installation)

        assert not trace.exists()

    def test_a_package_that_is_loaded(self, installation: Settings) -> None:
        folder = package(installation, "loaded")
        put(folder / ".exceptions" / "leads.1.0.exception")
        put(folder / "completed_jobs" / "leads.1.parquet")
        leftovers.remove(installation)

        assert not folder.exists()

    def test_what_duckdb_put_on_disk_for_lack_of_memory(self, installation: Settings) -> None:
        spilled = put(installation.data_dir / "hirefunnel.duckdb.tmp" / "duckdb_temp_storage-0")
        leftovers.remove(installation)

        assert not spilled.exists()


class TestWhatStays:
    """Rows that are nowhere else."""

    @pytest.mark.parametrize("state", ["aborted", ""])
    def test_a_package_that_was_given_up(self, installation: Settings, state: str) -> None:
        file = put(package(installation, state) / "failed_jobs" / "leads.1.parquet")
        leftovers.remove(installation)

        assert file.exists()

    def test_a_loaded_package_with_a_file_that_failed(self, installation: Settings) -> None:
        file = put(package(installation, "loaded") / "failed_jobs" / "leads.1.parquet")
        leftovers.remove(installation)

        assert file.exists()

    def test_a_package_on_its_way(self, installation: Settings) -> None:
        load = installation.dlt_dir / "talkpush" / "load"
        files = [
            put(load / stage / "1795324662.8" / "new_jobs" / "leads.1.parquet")
            for stage in ("new", "normalized")
        ]
        leftovers.remove(installation)

        assert all(file.exists() for file in files)


class TestLogs:
    """Kept for a month, or as long as HIREFUNNEL_KEEP_LOGS_DAYS says."""

    def log_of(self, settings: Settings, days_ago: float) -> Path:
        path = put(settings.logs_dir / f"run-{days_ago}.log")
        at = (datetime.now(UTC) - timedelta(days=days_ago)).timestamp()
        os.utime(path, (at, at))
        return path

    @pytest.mark.parametrize(
        ("setting", "kept"), [(None, {1, 29}), ("7", {1}), ("400", {1, 29, 31})]
    )
    def test_older_ones_are_deleted_when_a_run_starts(
        self,
        installation: Settings,
        monkeypatch: pytest.MonkeyPatch,
        setting: str | None,
        kept: set[int],
    ) -> None:
        if setting is not None:
            monkeypatch.setenv("HIREFUNNEL_KEEP_LOGS_DAYS", setting)
        logs = {days: self.log_of(installation, days) for days in (1, 29, 31)}
        with open_run(installation, "build", Reporter()) as run:
            assert {days for days, path in logs.items() if path.exists()} == kept
            assert (installation.logs_dir / f"{run.run_id}.log").exists()

    @pytest.mark.parametrize("text", ["a month", "-1", "1.5", "9999999", "²"])
    def test_a_bad_number_is_refused_before_anything_is_done(
        self, installation: Settings, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        monkeypatch.setenv("HIREFUNNEL_KEEP_LOGS_DAYS", text)

        with (
            pytest.raises(SettingsError, match=f"HIREFUNNEL_KEEP_LOGS_DAYS is '{text}'; write"),
            open_run(installation, "build", Reporter()),
        ):
            pass
        assert not installation.warehouse.exists()


class TestModes:
    """Folders that others made readable are closed when a run starts."""

    @pytest.mark.parametrize("name", ["dlt", "logs", "dbt", "spool"])
    def test_a_working_folder_is_its_owners_only(self, installation: Settings, name: str) -> None:
        folder = installation.data_dir / name
        folder.mkdir(parents=True)
        folder.chmod(0o777)
        configuration.load().prepare()

        assert folder.stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize(("before", "after"), [(None, 0o700), (0o755, 0o750), (0o770, 0o770)])
    def test_the_published_folder_is_closed_to_all_but_those_let_in(
        self, installation: Settings, before: int | None, after: int
    ) -> None:
        if before is not None:
            installation.published_dir.mkdir(parents=True)
            installation.published_dir.chmod(before)
        installation.prepare()

        assert installation.published_dir.stat().st_mode & 0o777 == after
