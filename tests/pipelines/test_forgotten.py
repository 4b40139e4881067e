"""The list of those who were forgotten, and what it keeps out of what is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines import database, forgotten
from pipelines.errors import SettingsError
from pipelines.forgotten import Forgotten, list_hash
from pipelines.history import TABLES
from pipelines.keyed import salt
from pipelines.report import Reporter
from pipelines.run import open_run
from pipelines.settings import Settings
from pipelines.vendors import VENDORS

KEY = b"a salt that is long enough"
AT = datetime(2026, 3, 1, tzinfo=UTC)
COLUMNS = {
    ("talkpush", "leads"): "id email first_name last_name user_phone_number others source",
    ("hirednow", "results"): "id user",
    ("hirednow", "detailed_results"): "id campaign_id report",
    ("linkup", "candidates"): "job_id application_id public_identifier profile_url full_name",
    (
        "easir",
        "campaign_recipients",
    ): "campaign_id id fixed_fields custom_fields social_profile user",
    ("easir", "campaigns"): "id user name",
}


def listed(**values: str) -> Forgotten:
    return Forgotten(
        {kind: frozenset({list_hash(kind, text, KEY)}) for kind, text in values.items()}, KEY
    )


def rows(vendor: str, resource: str, *records: dict[str, Any]) -> pa.Table:
    def text(value: Any) -> str | None:
        return value if value is None or isinstance(value, str) else json.dumps(value)

    names = COLUMNS[vendor, resource].split()
    return pa.table(
        {
            name: pa.array([text(record.get(name)) for record in records], pa.string())
            for name in names
        }
    )


def kept(who: Forgotten, vendor: str, resource: str, *records: dict[str, Any]) -> list[str]:
    """The ids of the records that are kept."""
    table = who.without(rows(vendor, resource, *records), vendor, resource)
    return [row.get("id") or row["application_id"] for row in table.to_pylist()]


class TestWhoIsKeptOut:
    """A row goes when it is about somebody on the list: by its record, its e-mail or its LinkedIn id."""

    def test_nobody_without_a_reason(self) -> None:
        table = rows("talkpush", "leads", {"id": "1", "email": "ada@example.org"})

        who = listed(email="bob@example.org", linkedin="bob-1", record="talkpush/leads/2")
        assert who.without(table, "talkpush", "leads") is table

    def test_an_email_however_it_is_written(self) -> None:
        who = listed(email="ada@example.org")
        emails = [
            "ada@example.org",
            " ADA@Example.org ",
            "xada@example.org",
            "ada@example.org.ph",
            None,
        ]

        leads = [{"id": str(n), "email": email} for n, email in enumerate(emails)]
        assert kept(who, "talkpush", "leads", *leads) == ["2", "3", "4"]
        results = [{"id": str(n), "user": {"email": email}} for n, email in enumerate(emails)]
        assert kept(who, "hirednow", "results", *results) == ["2", "3", "4"]
        reports = [{"id": str(n), "report": {"user": {"email": e}}} for n, e in enumerate(emails)]
        assert kept(who, "hirednow", "detailed_results", *reports) == ["2", "3", "4"]
        recipients = [
            {
                "campaign_id": "c",
                "id": str(n),
                "fixed_fields": [
                    {"name": "city", "value": {"id": 1}},
                    {"name": "email", "value": email},
                ],
            }
            for n, email in enumerate(emails)
        ]
        assert kept(who, "easir", "campaign_recipients", *recipients) == ["2", "3", "4"]

    def test_a_record_by_its_key_and_no_other_resource_of_that_id(self) -> None:
        leads = [{"id": "7"}, {"id": "77"}]
        assert kept(listed(record="talkpush/leads/7"), "talkpush", "leads", *leads) == ["77"]
        assert kept(listed(record="talkpush/campaigns/7"), "talkpush", "leads", *leads) == [
            "7",
            "77",
        ]

        candidates = [{"job_id": job, "application_id": f"of {job}"} for job in ("1", "2")]
        who = listed(record="linkup/candidates/2:of 2")
        assert kept(who, "linkup", "candidates", *candidates) == ["of 1"]

    def test_a_linkedin_id_wherever_the_models_look_for_one(self) -> None:
        who = listed(linkedin="ada-l-1")
        url = "https://www.LinkedIn.com/in/Ada-L-1/?x=1"

        candidates = [
            {"job_id": "j", "application_id": "1", "public_identifier": "Ada-L-1"},
            {"job_id": "j", "application_id": "2", "profile_url": url},
            {"job_id": "j", "application_id": "3", "public_identifier": "ada-l-12"},
        ]
        assert kept(who, "linkup", "candidates", *candidates) == ["3"]
        assert kept(who, "talkpush", "leads", {"id": "1", "others": {"profile": url}}) == []
        recipient = {"campaign_id": "c", "id": "1", "social_profile": {"linkedin": url}}
        assert kept(who, "easir", "campaign_recipients", recipient) == []

    def test_a_rejected_record_by_what_its_payload_says(self) -> None:
        payloads = [
            {"id": [7], "email": "ADA@example.org"},
            {"id": 8, "email": "bob@example.org"},
            {"id": 9, "email": 5},
        ]
        table = pa.table({"payload": [*map(json.dumps, payloads), "no json"], "reason": ["r"] * 4})

        left = listed(email="ada@example.org", record="talkpush/leads/8").without(
            table, "talkpush", "leads"
        )
        assert left["payload"].to_pylist() == [json.dumps(payloads[2]), "no json"]

    def test_a_rejected_record_without_a_key_is_not_every_other_one(self) -> None:
        """They have no id in common: they have none."""
        payloads = [
            {"id": [7]},
            {"first_name": "Ada"},
            {"job_id": "4", "application_id": ""},
            {"job_id": "4"},
        ]
        table = pa.table({"payload": [*map(json.dumps, payloads)]})

        for name in (
            "talkpush/leads/",
            "talkpush/leads/[7]",
            "linkup/candidates/4",
            "linkup/candidates/4:",
        ):
            vendor, resource, _ = name.split("/")
            assert listed(record=name).without(table, vendor, resource) is table

    def test_a_rejected_record_of_any_shape_stops_nothing(self) -> None:
        """It was rejected because something about it is odd."""
        odd = [[], {}, 1, "text", None, [{"name": "email"}], [1], {"a": {"b": []}}]
        for vendor, resource in COLUMNS:
            names = COLUMNS[vendor, resource].split()
            payloads = [json.dumps(dict.fromkeys(names, value)) for value in odd]
            table = pa.table({"payload": payloads})
            assert listed(email="a@b.c").without(table, vendor, resource) is table


class TestWhoeverNamesThemIsKept:
    """Somebody else's row stays: a friend who referred them, a recruiter who once was an applicant."""

    def test_a_mention_is_masked_and_nothing_else_changes(self) -> None:
        note = "From ADA@example.org.\nada@example.org ada@example.org, xada@example.org 'ada@example.org'"
        lead = {
            "id": "1",
            "email": "bob@example.org",
            "others": {"note": note},
            "source": "Referral",
        }
        table = rows("talkpush", "leads", lead, {"id": "2", "source": "ada@example.org"})

        masked = listed(email="ada@example.org").without(table, "talkpush", "leads")
        assert masked.schema == table.schema
        first, second = masked.to_pylist()
        assert json.loads(first["others"]) == {"note": "From ***.\n*** ***, xada@example.org '***'"}
        assert (first["email"], first["source"]) == ("bob@example.org", "Referral")
        assert second["source"] == "***"

    def test_a_recruiter_takes_nobody_along(self) -> None:
        who = listed(email="rosa@agency.example")
        recruiter = {"id": 3, "email": "rosa@agency.example"}

        recipient = {"campaign_id": "c", "id": "1", "user": recruiter}
        assert kept(who, "easir", "campaign_recipients", recipient) == ["1"]
        campaigns = who.without(
            rows("easir", "campaigns", {"id": "c", "user": recruiter}), "easir", "campaigns"
        )
        assert json.loads(campaigns["user"][0].as_py()) == {"id": 3, "email": "***"}

    def test_a_profile_in_a_text_is_masked_and_longer_ids_are_not(self) -> None:
        source = "linkedin.com/in/ada-1 and https://linkedin.com/in/ada-12"
        table = rows("talkpush", "leads", {"id": "1", "source": source})

        masked = listed(linkedin="ada-1").without(table, "talkpush", "leads")
        assert masked["source"].to_pylist() == [
            "linkedin.com/in/*** and https://linkedin.com/in/ada-12"
        ]

    def test_an_email_of_unusual_characters(self) -> None:
        who = listed(email="o'brien+jobs@exämple.org")
        table = rows("talkpush", "leads", {"id": "1", "source": "<O'Brien+jobs@exämple.org>"})

        assert who.without(table, "talkpush", "leads")["source"].to_pylist() == ["<***>"]


class TestTheList:
    """In the warehouse, as keyed hashes."""

    @pytest.fixture
    def warehouse(self, installation: Settings) -> Settings:
        installation.prepare()
        with database.connect(installation.warehouse) as connection:
            connection.execute(TABLES)
        return installation

    def put_on_list(self, settings: Settings, key: bytes, **values: set[str]) -> None:
        with database.connect(settings.warehouse) as connection:
            forgotten.add(connection, values, key, AT)

    def test_an_empty_one_costs_nothing(self, warehouse: Settings) -> None:
        assert Forgotten.load(warehouse) is None
        assert not (warehouse.data_dir / "salt").exists()

    def test_it_keeps_out_who_is_on_it_and_says_nothing_about_them(
        self, warehouse: Settings
    ) -> None:
        self.put_on_list(
            warehouse, salt(warehouse), email={"ada@example.org"}, record={"talkpush/leads/7"}
        )
        self.put_on_list(warehouse, salt(warehouse), email={"ada@example.org"})

        who = Forgotten.load(warehouse)
        assert who
        assert (
            kept(who, "talkpush", "leads", {"id": "1", "email": "ada@example.org"}, {"id": "7"})
            == []
        )
        with database.connect(warehouse.warehouse) as connection:
            stored = connection.execute(
                "select kind, hash from ops.forgotten order by 1"
            ).fetchall()
        assert [kind for kind, _ in stored] == ["email", "record", "salt"]
        assert all(len(text) == 32 and "ada" not in text for _, text in stored)

    def test_another_salt_is_refused_since_it_would_let_everybody_back(
        self, warehouse: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.put_on_list(warehouse, salt(warehouse), email={"ada@example.org"})
        Path(warehouse.data_dir / "salt").unlink()

        with pytest.raises(SettingsError, match="put the former one back"):
            Forgotten.load(warehouse)
        with pytest.raises(SettingsError, match="put the former one back"):
            self.put_on_list(warehouse, salt(warehouse), email={"bob@example.org"})
        monkeypatch.setenv("SOURCES__HIREDNOW__API_KEY", "a key of a test")
        with (
            pytest.raises(SettingsError, match="put the former one back"),
            open_run(warehouse, "sync", Reporter(), [VENDORS["hirednow"]]),
        ):
            pytest.fail("a run began")
