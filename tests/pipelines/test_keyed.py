"""Keyed hashes: the same for the same salt, and useless without it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pipelines import settings as configuration
from pipelines.errors import SettingsError
from pipelines.keyed import keyed_hash, salt
from pipelines.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIREFUNNEL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("HIREFUNNEL_SALT", raising=False)
    (tmp_path / "data").mkdir()
    return configuration.load()


class TestSalt:
    """Given by the user, or made once and kept."""

    def test_one_that_was_made_stays_and_is_its_owners_only(self, settings: Settings) -> None:
        first = salt(settings)

        assert salt(settings) == first
        assert stat.S_IMODE((settings.data_dir / "salt").stat().st_mode) == 0o600

    def test_the_environment_comes_before_the_secrets_file(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / ".dlt").mkdir()
        (tmp_path / ".dlt" / "secrets.toml").write_text(
            '[hirefunnel]\nsalt = "from the secrets file"'
        )
        assert salt(settings) == b"from the secrets file"

        monkeypatch.setenv("HIREFUNNEL_SALT", "from the environment")
        assert salt(settings) == b"from the environment"
        assert not (settings.data_dir / "salt").exists()

    def test_a_short_one_is_refused_without_being_told(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HIREFUNNEL_SALT", "pepper")

        with pytest.raises(SettingsError, match="6 characters") as refused:
            salt(settings)
        assert "pepper" not in str(refused.value)


def test_a_hash_depends_on_the_salt() -> None:
    assert keyed_hash("ada@example.org", b"one") == keyed_hash("ada@example.org", b"one")
    assert keyed_hash("ada@example.org", b"one") != keyed_hash("ada@example.org", b"two")
