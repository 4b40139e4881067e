"""After a night on which vendors and loads failed, no file but those that must says who anybody is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from simulator import accounts
from tests.nights.conftest import Installation, clean_environment, new_installation
from tests.pipelines.outside import start
from tests.pipelines.test_pseudonyms import known

__all__ = ["clean_environment", "new_installation"]  # fixtures

pytestmark = pytest.mark.slow

SECRETS = {
    accounts.HIREDNOW_API_KEY,
    accounts.TALKPUSH_API_KEY,
    accounts.LINKUP_API_KEY,
    accounts.CLOSERX_API_KEY,
    accounts.EASIR_CLIENT_ID,
    accounts.EASIR_CLIENT_SECRET,
}


def lead_with_everything(installation: Installation) -> dict[str, Any]:
    leads = installation.world.records("talkpush", "leads").values()
    return next(
        lead for lead in leads if lead["email"] and str(lead["user_phone_number"]).startswith("+")
    )


@pytest.fixture(scope="module")
def bad_night(new_installation: Any) -> tuple[Installation, subprocess.CompletedProcess[str]]:
    """Talkpush answers with an error that repeats a candidate and the key, EASI'R with the same."""
    installation: Installation = new_installation(120)
    lead = lead_with_everything(installation)
    installation.settings["SOURCES__TALKPUSH__MAX_RETRIES"] = "0"
    body = {
        "error": f"{lead['email']} ({lead['user_phone_number']}) is twice there",
        "request": f"/leads?api_key={accounts.TALKPUSH_API_KEY}&email={lead['email']}",
    }
    for vendor, path in (("talkpush", "campaign_invitations"), ("easir", "recipients")):
        installation.simulator.faults.add(
            vendor, "status", path=path, status=422, body=json.dumps(body), times=None
        )
    process = start(installation, "run")
    stdout, stderr = process.communicate(timeout=300)
    return installation, subprocess.CompletedProcess([], process.returncode, stdout, stderr)


def is_for_people(path: Path, data: Path) -> bool:
    """The warehouse and the published copy hold people: that is their purpose."""
    parts = path.relative_to(data).parts
    return parts[0] in {"published", "hirefunnel.duckdb"}


def test_the_failures_are_told_and_useful(
    bad_night: tuple[Installation, subprocess.CompletedProcess[str]],
) -> None:
    installation, process = bad_night
    assert process.returncode == 1
    errors = dict(
        installation.query(
            "select vendor || '.' || resource, error from ops.resource_runs where status = 'failed'"
        )
    )
    assert set(errors) == {"talkpush.leads", "easir.campaign_recipients"}
    for error in errors.values():
        assert "answered 422" in error
        assert "*** (***) is twice there" in error


def test_no_file_but_those_for_people_holds_anybody_or_a_secret(
    bad_night: tuple[Installation, subprocess.CompletedProcess[str]],
) -> None:
    installation, _ = bad_night
    people = {text.encode() for text in known(installation.world)}
    secrets = {text.encode() for text in SECRETS}
    searched = [path for path in installation.data.rglob("*") if path.is_file()]
    names = {path.relative_to(installation.data).parts[0] for path in searched}

    assert {"dlt", "dbt", "logs", "published", "hirefunnel.duckdb"} <= names
    for path in searched:
        content = path.read_bytes()
        assert not [text for text in secrets if text in content], path
        if not is_for_people(path, installation.data):
            assert not [text for text in people if text in content], path
    warehouse = (installation.data / "hirefunnel.duckdb").read_bytes()
    assert [text for text in people if text in warehouse], "the search finds what is there"


def test_nothing_that_was_printed_or_noted_holds_anybody_or_a_secret(
    bad_night: tuple[Installation, subprocess.CompletedProcess[str]],
) -> None:
    installation, process = bad_night
    tables = installation.query(
        "select schema_name || '.' || table_name from duckdb_tables() where schema_name = 'ops'"
    )
    noted = "\n".join(str(row) for (name,) in tables for row in installation.query(f"from {name}"))
    publication = installation.query("select error from ops.resource_runs where error is not null")

    assert publication
    for text in known(installation.world) | SECRETS:
        assert text not in process.stdout + process.stderr
        assert text not in noted
