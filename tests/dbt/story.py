"""The story that the tests ask about: few people, each with one thing to prove.

Runs saw the vendors on 1, 5 and 9 March 2026; the last one took 2026-03-10 02:00 for now. All
records belong to the hiring campaign of their vendor campaign's name, if nothing maps it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from tests.dbt.warehouse import RAW_TABLES, fixed_fields, insert

NIGHT_1 = "2026-03-01T02:00:00Z"
NIGHT_2 = "2026-03-05T02:00:00Z"
NIGHT_3 = "2026-03-09T02:00:00Z"
AS_OF = "2026-03-10T02:00:00Z"
KIOSK = "+639171110000"
FAMILY = "+639172220000"
SWITCHBOARD = "+4533330000"
CHAIN_LENGTH = 40
SECRET = "secret@example.com"

Connection = duckdb.DuckDBPyConnection


def tell(connection: Connection) -> None:
    """Everything that the first three nights brought."""
    _vendors_add_fields(connection)
    _runs(connection)
    _anas_three_vendors(connection)
    _shared_numbers(connection)
    _chain(connection)
    _talkpush_statuses(connection)
    _linkedin_ratings(connection)
    _doc_results(connection)
    _outreach(connection)
    _vanished(connection)
    _calls(connection)


def tell_subset(connection: Connection) -> None:
    """What two of the vendors brought; the others are not configured."""
    _doc_results(connection)
    _calls(connection)


def tell_sequel(connection: Connection) -> None:
    """Newer records of known people."""
    ana = lead(9001, email="ANA.WORK@example.com", created_at="2026-03-09T09:00:00Z")
    insert(connection, "raw_talkpush.leads", [ana], seen_at=AS_OF)


def seeds(folder: Path, *, mapped: bool) -> Path:
    """The three mapping files, as the conductor merges them for dbt."""
    import dbt_models

    packaged = Path(dbt_models.__file__).parent / "seeds"
    merged = folder / "seeds"
    merged.mkdir()
    statuses = (packaged / "status_map.csv").read_text()
    campaigns = (packaged / "campaign_map.csv").read_text()
    blocked = (packaged / "blocked_keys.csv").read_text() + "phone,0045 33 33 00 00,switchboard\n"
    if mapped:
        statuses += "talkpush, Interview 2 ,shortlisted\n"
        campaigns += "talkpush,7,Support Agents\nlinkup,J1,Support Agents\n"
    (merged / "status_map.csv").write_text(statuses)
    (merged / "campaign_map.csv").write_text(campaigns)
    (merged / "blocked_keys.csv").write_text(blocked)
    return merged


def lead(number: int, **fields: Any) -> dict[str, Any]:
    """A Talkpush lead."""
    return {
        "id": number,
        "campaign_id": 7,
        "campaign_title": "Agents Manila",
        "state": "pending",
        "created_at": "2026-02-10T08:00:00Z",
        "updated_at": fields.get("created_at", "2026-02-10T08:00:00Z"),
        "others": {},
        **fields,
    }


def candidate(application_id: str, rating: str, **fields: Any) -> dict[str, Any]:
    """A LinkedIn application."""
    row = {"job_id": "J1", "application_id": application_id, "rating": rating}
    return {**row, "first_name": "Linn", "last_name": application_id, **fields}


def result(result_id: str, order_index: int, **fields: Any) -> dict[str, Any]:
    """A HiredNow result."""
    return {
        "id": result_id,
        "recommendation_status": "RECOMMENDED",
        "campaign": {"id": "H1", "name": "Agents Manila"},
        "user": {"id": f"user-{result_id}", "email": f"{result_id}@example.com"},
        "overall_score": 3.0,
        "additional_scores": {},
        "created_at": "2026-02-20T10:00:00Z",
        "updated_at": "2026-02-20T10:00:00Z",
        "order_index": str(order_index),
        **fields,
    }


def recipient(recipient_id: str, **fields: Any) -> dict[str, Any]:
    """An EASI'R recipient; consent is asked of nobody."""
    return {
        "campaign_id": "E1",
        "id": recipient_id,
        "b2c": True,
        "custom_fields": None,
        "social_profile": {},
        "consent": {"email": {"consent_given": None, "updated_at": ""}},
        "created_at": "2026-02-01T10:00:00Z",
        "updated_at": "2026-02-01T10:00:00Z",
        **fields,
    }


def _vendors_add_fields(connection: Connection) -> None:
    """Undeclared fields arrive, some of them named like columns of staging."""
    for table in RAW_TABLES:
        for field in ("email", "is_current", "seen_at", "badge"):
            connection.execute(f"alter table {table} add column if not exists {field} text")


def _runs(connection: Connection) -> None:
    runs = [("r1", NIGHT_1), ("r2", NIGHT_3), ("r3", AS_OF)]
    insert(
        connection,
        "ops.runs",
        [{"run_id": run, "command": "run", "as_of": at, "status": "ok"} for run, at in runs],
    )
    outcomes = [
        ("r1", "talkpush", "leads", NIGHT_1, "ok", 50),
        ("r3", "talkpush", "leads", AS_OF, "ok", 3),
        ("r1", "linkup", "candidates", NIGHT_1, "ok", 9),
        ("r3", "linkup", "candidates", AS_OF, "partial", 2),
        ("r3", "hirednow", "results", AS_OF, "failed", 0),
        ("r1", "easir", "campaigns", NIGHT_1, "ok", 2),
        ("r3", "easir", "campaigns", AS_OF, "skipped", 0),
    ]
    insert(
        connection,
        "ops.resource_runs",
        [
            {
                "run_id": run,
                "vendor": vendor,
                "resource": resource,
                "started_at": at,
                "finished_at": at,
                "status": status,
                "versions_added": versions,
            }
            for run, vendor, resource, at, status, versions in outcomes
        ],
    )
    _drift(connection)


def _drift(connection: Connection) -> None:
    """Talkpush changed what it sends, and one lead with a secret could not be stored."""
    leads = {"vendor": "talkpush", "resource": "leads"}
    changes = [
        ("r1", "new_field", "referral_code", ""),
        ("r3", "new_field", "badge", ""),
        ("r3", "changed_type", "school_name", "text before, now object"),
        ("r3", "changed_type", "folder", "text before, now number"),
        ("r3", "vanished_field", "labels", ""),
    ]
    names = ("run_id", "kind", "field_name", "detail")
    insert(
        connection,
        "ops.drift",
        [{**leads, **dict(zip(names, change, strict=True))} for change in changes],
    )
    rejected = {
        "record_hash": "h1",
        "reason": "id is missing",
        "payload": {"email": SECRET},
        "is_superseded": False,
    }
    insert(connection, "ops.rejected_records", [{**leads, **rejected}])


def _anas_three_vendors(connection: Connection) -> None:
    """Ana: EASI'R and Talkpush share a number, Talkpush and HiredNow an e-mail, LinkedIn a link."""
    ana = recipient(
        "ana",
        fixed_fields=fixed_fields(
            first_name="Ana",
            last_name="Nuñez",
            email="ana@home.example",
            mobile_phone_number="+45 20 12 34 56 ext. 7",
            city="Aarhus",
            country={"id": 5, "value": "Denmark"},
            date_of_birth="1990-02-03",
            zip_code=8000,
        ),
        consent={
            "email": {"consent_given": True, "updated_at": "2026-02-02 10:00:00"},
            "call": {"consent_given": "", "updated_at": ""},
            "sms": {"consent_given": False, "updated_at": "2026-07-02T10:00:00Z"},
        },
        nested_timezone="Europe/Copenhagen",
    )
    insert(connection, "raw_easir.campaign_recipients", [ana])
    work = lead(
        1,
        first_name="Ana",
        last_name="Nunez",
        email=" Ana.Work@Example.com ",
        user_phone_number="0045 20123456",
        others={"linkedin_url": "https:\\/\\/www.linkedin.com\\/in\\/Ana-N\\/"},
        source="Facebook",
    )
    insert(connection, "raw_talkpush.leads", [work])
    tested = result("ana-result", 11, user={"id": "u1", "email": "ana.work@example.com"})
    insert(connection, "raw_hirednow.results", [tested])
    applied = candidate("ana-app", "UNRATED", public_identifier="ana-n", full_name="Ana N.")
    insert(connection, "raw_linkup.candidates", [applied])


def _shared_numbers(connection: Connection) -> None:
    """Four names share a kiosk, three a family phone (twice one name), two a switchboard."""
    kiosk = ["Kim One", "Kim Two", "Kim Three", "Kim Four"]
    family = ["Fay One", "FÁY  one", "Fay Two", "Fay Three"]
    switchboard = ["Sue One", "Sue Two"]
    numbers = [(100, kiosk, KIOSK), (110, family, FAMILY), (120, switchboard, SWITCHBOARD)]
    for first, names, number in numbers:
        rows = [
            lead(
                first + position,
                first_name=name.split()[0],
                last_name=name.split()[-1],
                user_phone_number=number,
            )
            for position, name in enumerate(names)
        ]
        insert(connection, "raw_talkpush.leads", rows)


def _chain(connection: Connection) -> None:
    """Each lead has the e-mail of one neighbour and the number of the other."""
    rows = [
        lead(
            1000 + link,
            first_name="Chain",
            last_name="Link",
            email=f"chain{link // 2}@example.com",
            user_phone_number=f"+447400{(link + 1) // 2:06d}",
            created_at=f"2026-01-{1 + (link * 7) % 28:02d}T{link % 24:02d}:00:00Z",
        )
        for link in range(CHAIN_LENGTH)
    ]
    insert(connection, "raw_talkpush.leads", rows)


def _talkpush_statuses(connection: Connection) -> None:
    shortlisted = lead(201, email="tara@example.com", state="shortlisted")
    back_and_forth = [
        (NIGHT_1, {**shortlisted, "updated_at": "2026-02-20T08:00:00Z"}),
        (NIGHT_2, {**shortlisted, "state": "rejected", "updated_at": "2026-03-02T08:00:00Z"}),
        (NIGHT_3, {**shortlisted, "updated_at": "2026-03-07T08:00:00Z"}),
        # an engine that only appends holds the re-read, too
        (AS_OF, {**shortlisted, "updated_at": "2026-03-07T08:00:00Z"}),
    ]
    custom = lead(202, email="uma@example.com", state="", folder="Interview 2")
    hired = lead(203, email="vera@example.com", state="hired", updated_at="2026-02-24T08:00:00Z")
    again = {**hired, "labels": ["signed"], "updated_at": "2026-03-04T08:00:00Z"}
    sleepy = lead(204, email="sleepy@example.com", source="Referral", campaign_id=None)
    undated = {**lead(205, state="on_hold"), "created_at": None, "updated_at": None}
    backwards = {**sleepy, "id": 206, "email": "wilma@example.com", "folder": "Interview 2"}
    backwards |= {"state": "", "updated_at": "2026-02-05T08:00:00Z"}
    for at, row in [
        *back_and_forth,
        (NIGHT_3, {**custom, "updated_at": "2026-03-06T08:00:00Z"}),
        (NIGHT_1, hired),
        (NIGHT_2, again),
        (NIGHT_1, sleepy),
        (NIGHT_1, undated),
        (NIGHT_1, backwards),
    ]:
        insert(connection, "raw_talkpush.leads", [row], seen_at=at)
    insert(
        connection,
        "raw_talkpush.campaigns",
        [{"id": 8, "title": None, "name": "Empty one", "is_archived": True}],
    )


def _linkedin_ratings(connection: Connection) -> None:
    """Good, then not a fit, then good again; and one with a date of application."""
    for night, rating in [(NIGHT_1, "GOOD"), (NIGHT_2, "NOT_A_FIT"), (NIGHT_3, "GOOD")]:
        insert(connection, "raw_linkup.candidates", [candidate("aba", rating)], seen_at=night)
    insert(
        connection,
        "raw_linkup.candidates",
        [
            candidate("dated", "GOOD_FIT", application_date="2026-02-11T09:30:00+08:00"),
            candidate("vague", "MAYBE", application_date="2w ago"),
            candidate("other-job", "UNRATED", job_id="J2"),
        ],
    )
    insert(connection, "raw_linkup.jobs", [{"job_id": "J1", "title": "Agent", "state": "OPEN"}])
    for job, at, credits in [("J1", NIGHT_1, 3), ("J1", NIGHT_2, 1), (None, NIGHT_1, 1)]:
        insert(
            connection,
            "ops.credits",
            [{"vendor": "linkup", "vendor_campaign_id": job, "spent_at": at, "credits": credits}],
        )


def _doc_results(connection: Connection) -> None:
    """The rows of HiredNow's own page, a flat one, and one whose recommendation grew stronger."""
    doc = "5c8e2a9f-7b4d-4e1c-9a6f-3d8b5e1a7c4f"
    backwards = result(
        "b7048779",
        71747,
        campaign={"id": doc, "name": "Summer Sales Campaign 2024"},
        additional_scores={"cefr": {"score": "C1"}},
        overall_score=3.37,
        created_at="2025-05-29T00:01:42.277Z",
        updated_at="2025-04-29T00:01:42.277Z",
    )
    newest = result(
        "d4e9f2a1",
        71680,
        recommendation_status="NOT_RECOMMENDED",
        campaign={"id": doc, "name": "Q4 Performance Review"},
        user={"id": "u9", "email": "b7048779@example.com"},
        additional_scores={"cefr": {"score": "B1"}},
        overall_score=4.5,
        created_at="2025-10-30T13:37:43.175Z",
        updated_at="2025-10-30T13:37:43.175Z",
    )
    flat = result("flat", 12, campaign=None, user=None, campaign_id="H1", user_id="u7")
    grown = result("grown", 13)
    stronger = {**grown, "recommendation_status": "STRONGLY_RECOMMENDED", "overall_score": 4.1}
    insert(connection, "raw_hirednow.results", [backwards, newest, flat, grown])
    insert(connection, "raw_hirednow.results", [stronger], seen_at=NIGHT_2)


def _outreach(connection: Connection) -> None:
    sent = {
        "id": "E1",
        "name": "Spring outreach",
        "type": "email",
        "sent_at": "2026-02-05T08:00:00Z",
    }
    draft = {"id": "E2", "name": "Draft", "type": "letter", "sent_at": None}
    insert(connection, "raw_easir.campaigns", [sent, draft])
    insert(
        connection,
        "raw_easir.campaign_recipients",
        [
            recipient("maegan", fixed_fields=fixed_fields(first_name="Maegan", last_name="Mertz")),
            recipient("drafted", campaign_id="E2", fixed_fields=[]),
            recipient("orphan", campaign_id="E3", fixed_fields=None),
        ],
    )


def _vanished(connection: Connection) -> None:
    """Records that full listings no longer show; two of them came back, one of these with news."""
    good = {name: candidate(name, "GOOD") for name in ("gone", "back", "changed")}
    insert(connection, "raw_linkup.candidates", good.values())
    insert(connection, "raw_linkup.candidates", map(missing, good.values()), seen_at=NIGHT_2)
    returned = [good["back"], {**good["changed"], "rating": "NOT_A_FIT"}]
    insert(connection, "raw_linkup.candidates", returned, seen_at=NIGHT_3)
    closed = {"job_id": "J3", "title": "Closed job", "state": "OPEN"}
    sent = {"id": "E4", "name": "Old outreach", "type": "email", "sent_at": "2026-02-06T08:00:00Z"}
    away = recipient("away", campaign_id="E4")
    for table, row in [
        ("raw_linkup.jobs", closed),
        ("raw_easir.campaigns", sent),
        ("raw_easir.campaign_recipients", away),
    ]:
        insert(connection, table, [row])
        insert(connection, table, [missing(row)], seen_at=NIGHT_2)


def missing(row: dict[str, Any]) -> dict[str, Any]:
    """What the conductor adds for a record that a full listing no longer shows."""
    return {**row, "_is_deleted": True}


def _calls(connection: Connection) -> None:
    """One hour that was read twice, and the repeated hour of a clock change."""
    hour = {
        "campaign_id": "campc005bf8a",
        "date": "2026-02-28",
        "hour": 2,
        "hour_occurrence": 1,
        "hour_at": "2026-02-28T02:00:00Z",
        "credit_deductions": 5,
        "credit_deductions_change": 5,
        "campaign_results": 1,
        "campaign_results_change": 1,
        "is_final": False,
    }
    read_again = {**hour, "credit_deductions": 9, "campaign_results": 2, "is_final": True}
    repeated = {**hour, "hour_occurrence": 2, "hour_at": "2026-02-28T03:00:00Z", "is_final": True}
    insert(connection, "raw_closerx.hourly_metrics", [hour, repeated])
    insert(connection, "raw_closerx.hourly_metrics", [read_again], seen_at=NIGHT_2)
