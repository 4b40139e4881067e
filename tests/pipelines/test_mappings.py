"""The user's CSVs: laid over the packaged ones, and refused with the file and the line when wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipelines.errors import SettingsError
from pipelines.mappings import MAPPINGS, PACKAGED, read_mappings, write_seeds
from pipelines.settings import Settings


def write(settings: Settings, name: str, text: str) -> Path:
    settings.prepare()
    settings.mappings_dir.mkdir(exist_ok=True)
    path = settings.mappings_dir / name
    path.write_text(text, encoding="utf-8")
    return path


def seeds(settings: Settings, name: str) -> list[dict[str, str]]:
    folder = settings.dbt_dir / "seeds"
    folder.mkdir(exist_ok=True)
    write_seeds(settings, folder)
    with (folder / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_without_own_files_the_packaged_ones_are_used(installation: Settings) -> None:
    installation.prepare()

    for mapping in MAPPINGS:
        with (PACKAGED / mapping.file_name).open(encoding="utf-8") as packaged:
            assert seeds(installation, mapping.file_name) == list(csv.DictReader(packaged))


def test_an_own_row_replaces_the_packaged_one_and_the_others_stay(installation: Settings) -> None:
    write(installation, "status_map.csv", "vendor,vendor_status,stage\ntalkpush,On Hold,rejected\n")

    rows = seeds(installation, "status_map.csv")
    on_hold = [row for row in rows if row["vendor_status"].lower().replace(" ", "_") == "on_hold"]
    assert [row["stage"] for row in on_hold] == ["rejected"]
    assert {"vendor": "talkpush", "vendor_status": "hired", "stage": "hired"} in rows


def test_campaign_ids_keep_their_case(installation: Settings) -> None:
    write(
        installation,
        "campaign_map.csv",
        "vendor,vendor_campaign_id,hiring_campaign\ncloserx,CampA,One\ncloserx,campa,Two\n",
    )

    assert len(seeds(installation, "campaign_map.csv")) == 2


def test_a_spreadsheets_byte_order_mark_and_blank_lines_are_no_error(
    installation: Settings,
) -> None:
    write(installation, "blocked_keys.csv", "\ufeffvalue\nkiosk@example.com\n\n")

    assert {"key_type": "", "value": "kiosk@example.com", "reason": ""} in seeds(
        installation, "blocked_keys.csv"
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("status_map.csv", "vendor,status\na,b\n", ["status_map.csv", "'vendor_status'"]),
        (
            "status_map.csv",
            "vendor,vendor_status,stage\ntalkpush,new,interviewed\n",
            ["line 2", "'interviewed'", "shortlisted"],
        ),
        (
            "campaign_map.csv",
            "vendor,vendor_campaign_id,hiring_campaign\ntalkpush,1,A\nworkday,1,A\n",
            ["line 3", "'workday'"],
        ),
        (
            "campaign_map.csv",
            "vendor,vendor_campaign_id,hiring_campaign\ntalkpush,,A\n",
            ["line 2"],
        ),
        ("blocked_keys.csv", "key_type,value\nfax,1\n", ["line 2", "'fax'", "phone"]),
        ("blocked_keys.csv", "", ["'value'"]),
        (
            "status_map.csv",
            "vendor,vendor_status,stage\ntalkpush,New,lead\ntalkpush,new,hired\n",
            ["line 3", "keep one"],
        ),
    ],
    ids=["column", "stage", "vendor", "empty", "key-type", "empty-file", "twice"],
)
def test_a_bad_file_is_refused_with_its_place(
    installation: Settings, name: str, text: str, words: list[str]
) -> None:
    path = write(installation, name, text)

    with pytest.raises(SettingsError) as raised:
        read_mappings(installation)
    for word in [str(path), *words]:
        assert word in str(raised.value)


def test_bytes_that_are_no_text_are_refused(installation: Settings) -> None:
    path = write(installation, "status_map.csv", "")
    path.write_bytes(b"vendor,vendor_status,stage\ntalkpush,\xff\xfe,lead\n")

    with pytest.raises(SettingsError, match="UTF-8"):
        read_mappings(installation)
