"""Settings: read as dlt reads them, and refused in one sentence when they cannot work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines import options
from pipelines import settings as configuration
from pipelines.errors import SettingsError
from pipelines.settings import Settings
from pipelines.vendors import VENDORS, choose, is_configured, secret_values, validate


def test_the_warehouse_is_in_the_data_folder(installation: Settings, tmp_path: Path) -> None:
    assert installation.warehouse == tmp_path / "data" / "hirefunnel.duckdb"


@pytest.mark.parametrize("prefix", ["", "duckdb:///"])
def test_dlts_own_setting_moves_the_warehouse(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    elsewhere = tmp_path / "other" / "w.duckdb"
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", f"{prefix}{elsewhere}")

    assert configuration.load().warehouse == elsewhere


def test_dlts_toml_moves_the_warehouse(installation: Settings, tmp_path: Path) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_text(
        '[destination.duckdb]\ncredentials = "w.duckdb"\n'
    )

    assert configuration.load().warehouse == tmp_path / "w.duckdb"


def test_a_dotenv_file_in_the_working_folder_is_read(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HIREFUNNEL_DATA_DIR")
    (tmp_path / ".env").write_text("HIREFUNNEL_DATA_DIR=elsewhere\n")
    try:
        assert configuration.load().data_dir == tmp_path / "elsewhere"
    finally:
        monkeypatch.delenv("HIREFUNNEL_DATA_DIR", raising=False)


def test_a_data_folder_that_cannot_be_made_is_refused(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HIREFUNNEL_DATA_DIR", str(tmp_path / "file" / "data"))

    with pytest.raises(SettingsError, match="HIREFUNNEL_DATA_DIR"):
        configuration.load().prepare()


@pytest.mark.parametrize("text", ["yesterday", "2026-03-01", "2026-03-01T00:00:00"])
def test_an_as_of_without_a_zone_is_refused(
    installation: Settings, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("HIREFUNNEL_AS_OF", text)

    with pytest.raises(SettingsError, match="HIREFUNNEL_AS_OF"):
        configuration.now()


def test_a_vendor_without_its_secrets_is_not_configured(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any(is_configured(vendor) for vendor in VENDORS.values())

    monkeypatch.setenv("SOURCES__EASIR__CLIENT_ID", "some-id")
    with pytest.raises(SettingsError, match="SOURCES__EASIR__CLIENT_SECRET"):
        is_configured(VENDORS["easir"])

    monkeypatch.setenv("SOURCES__EASIR__CLIENT_SECRET", "some-secret")
    assert is_configured(VENDORS["easir"])
    assert secret_values([VENDORS["easir"]]) == ["some-id", "some-secret"]


@pytest.mark.parametrize(
    ("vendor", "values", "words"),
    [
        ("hirednow", {}, ["SOURCES__HIREDNOW__CAMPAIGN_IDS"]),
        ("hirednow", {"CAMPAIGN_IDS": "[]"}, ["SOURCES__HIREDNOW__CAMPAIGN_IDS"]),
        ("talkpush", {}, ["SOURCES__TALKPUSH__BASE_URL"]),
        ("linkup", {}, ["SOURCES__LINKUP__ACCOUNT_ID"]),
        ("closerx", {"CAMPAIGN_IDS": '["c"]'}, ["SOURCES__CLOSERX__COMPANY_NAME"]),
        ("hirednow", {"CAMPAIGN_IDS": "c1,c2"}, ["CAMPAIGN_IDS", "'c1,c2'", "list"]),
        ("hirednow", {"CAMPAIGN_IDS": '["c"]', "START_DATE": "01-02-2026"}, ["START_DATE", "2026"]),
        ("hirednow", {"CAMPAIGN_IDS": '["c"]', "LOOKBACK_DAYS": "-1"}, ["LOOKBACK_DAYS", "-1"]),
        ("talkpush", {"BASE_URL": "acme.talkpush.com"}, ["BASE_URL", "https://"]),
        ("talkpush", {"BASE_URL": "https://a.b", "TIMEZONE": "Mars"}, ["TIMEZONE", "Mars"]),
        ("linkup", {"ACCOUNT_ID": "a", "PAGE_SIZE": "0"}, ["PAGE_SIZE"]),
        ("linkup", {"ACCOUNT_ID": "a", "REQUESTS_PER_SECOND": "fast"}, ["REQUESTS_PER_SECOND"]),
        ("linkup", {"ACCOUNT_ID": "a", "PAGE_SIZE": "inf"}, ["PAGE_SIZE"]),
        ("linkup", {"ACCOUNT_ID": "a", "MAX_CREDITS_PER_RUN": "nan"}, ["MAX_CREDITS_PER_RUN"]),
    ],
)
def test_a_bad_setting_is_named_with_its_variable(
    installation: Settings,
    monkeypatch: pytest.MonkeyPatch,
    vendor: str,
    values: dict[str, str],
    words: list[str],
) -> None:
    monkeypatch.setenv(f"SOURCES__{vendor.upper()}__API_KEY", "not-a-real-key")
    for name, value in values.items():
        monkeypatch.setenv(f"SOURCES__{vendor.upper()}__{name}", value)

    with pytest.raises(SettingsError) as raised:
        validate(VENDORS[vendor])
    for word in words:
        assert word in str(raised.value)
    assert "not-a-real-key" not in str(raised.value)


def test_an_empty_setting_of_a_vendor_is_none(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__LINKUP__API_KEY", "not-a-real-key")
    monkeypatch.setenv("SOURCES__LINKUP__ACCOUNT_ID", "a")
    for name in ("JOB_IDS", "MAX_CREDITS_PER_RUN", "PAGE_SIZE"):
        monkeypatch.setenv(f"SOURCES__LINKUP__{name}", "")
    configuration.load()

    validate(VENDORS["linkup"])
    assert "SOURCES__LINKUP__JOB_IDS" not in os.environ


@pytest.mark.parametrize("hours", ["soon", "nan", "inf", "-1", "99999999"])
def test_hours_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch, hours: str) -> None:
    monkeypatch.setenv("HIREFUNNEL_STALE_AFTER_HOURS", hours)
    with pytest.raises(SettingsError, match="HIREFUNNEL_STALE_AFTER_HOURS"):
        options.stale_after()


@pytest.mark.parametrize("size", ["4", "lots", "-1GB", "0GB", "4GB; drop"])
def test_memory_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    monkeypatch.setenv("HIREFUNNEL_MEMORY_LIMIT", size)
    with pytest.raises(SettingsError, match="HIREFUNNEL_MEMORY_LIMIT"):
        options.check()


@pytest.mark.parametrize("content", [b"[sources", 'name = "Zoë"'.encode("latin-1")])
def test_toml_that_is_none_is_refused(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(tmp_path / "elsewhere.duckdb"))
    folder = tmp_path / ".dlt"
    folder.mkdir()
    (folder / "secrets.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"secrets\.toml is not valid TOML"):
        configuration.load()


def test_an_unknown_vendor_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"'workday'.*hirednow.*easir"):
        choose(["workday"])
