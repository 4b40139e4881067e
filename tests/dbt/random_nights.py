"""A small random world: few e-mails, numbers, names and campaigns among many records.

Every night joins people, splits them and blocks what they share; some records are missing from their listing, some
that were missing are back.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines import build
from pipelines.column_sql import KEY_HASH
from pipelines.report import Reporter
from pipelines.settings import Settings, environment
from pipelines.vanished import vanished
from tests.builds import WITHOUT_DATA_TESTS
from tests.dbt import story
from tests.dbt.warehouse import add_load, create, fixed_fields, insert, open_again

FIRST_NIGHT = datetime(2026, 3, 1, 2, tzinfo=UTC)
# What a build of news keeps from the builds before it; the other intermediate tables hold one build's rows.
KEPT = [
    "staging.stg_hirednow__results_versions",
    "staging.stg_hirednow__detailed_results",
    "staging.stg_talkpush__leads_versions",
    "staging.stg_linkup__candidates_versions",
    "staging.stg_easir__campaign_recipients_versions",
    "staging.stg_closerx__hourly_metrics",
    "intermediate.int_blocked_keys",
    "intermediate.int_status_entries",
    "intermediate.int_stage_durations",
    "intermediate.int_unmapped_statuses",
]
# Counts that it adjusts, of which none may be left.
COUNTS = {
    "intermediate.int_journey_counts": "journeys <> 0",
    "intermediate.int_daily_entries": "leads <> 0 or hires <> 0",
}
# EASI'R's, as the user has set it; another one every second night.
TIMEZONES = ["UTC", "UTC", "Asia/Manila", "Asia/Manila"]
# The tables of full listings, with what tells their records apart: a record may be missing from one.
LISTINGS = {
    "raw_linkup.jobs": ["job_id"],
    "raw_linkup.candidates": ["job_id", "application_id"],
    "raw_easir.campaigns": ["id"],
    "raw_easir.campaign_recipients": ["campaign_id", "id"],
}


class Nights:
    """A warehouse and what random nights add to its raw tables."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.settings = settings
        self.random = random.Random(seed)
        self.night = 0
        self.open_loads: list[tuple[str, str]] = []
        settings.prepare()
        create(settings.warehouse).close()

    @property
    def now(self) -> datetime:
        return FIRST_NIGHT + timedelta(days=2 * self.night)

    def pass_one(self, rows: int) -> None:
        """A night: some loads of earlier nights are completed late, each vendor's own brings rows."""
        with open_again(self.settings.warehouse) as connection:
            self.night += 1
            self._runs(connection)
            for dataset, load_id in self.open_loads:
                if self.random.random() < 0.6:
                    add_load(connection, dataset, load_id)
            self._add(connection, "raw_talkpush.leads", self._lead, rows)
            self._add(connection, "raw_hirednow.results", self._result, rows)
            self._add(connection, "raw_hirednow.detailed_results", self._detail, 3)
            self._add(connection, "raw_linkup.candidates", self._candidate, rows)
            self._add(connection, "raw_easir.campaign_recipients", self._recipient, rows)
            self._add(connection, "raw_easir.campaigns", self._campaign, 2)
            self._add(connection, "raw_talkpush.campaigns", self._lead_campaign, 1)
            self._add(connection, "raw_linkup.jobs", self._job, 1)
            self._add(connection, "raw_closerx.hourly_metrics", self._hour, 8)
            for table, key in LISTINGS.items():
                self._return(connection, table, key)
                self._vanish(connection, table, key)

    def build(self, *, has_data_tests: bool = False) -> dict[str, str]:
        """How each model, seed and test ended; none may fail."""
        with environment({} if has_data_tests else WITHOUT_DATA_TESTS):
            results = build.build(self.settings, Reporter())
        assert [result.node for result in results if result.is_failure] == []
        return {result.node: result.status for result in results}

    def differences(self, folder: Path) -> dict[str, int]:
        """Rows by which each table differs from what a full build of the same raw rows gives."""
        other = Settings(folder, folder / "full.duckdb", self.settings.mappings_dir)
        other.prepare()
        shutil.copy(self.settings.warehouse, other.warehouse)
        with environment(WITHOUT_DATA_TESTS):
            results = build.build(other, Reporter(), is_full=True)
        assert [result.node for result in results if result.is_failure] == []
        with open_again(self.settings.warehouse) as connection:
            connection.execute(f"attach '{other.warehouse}' as full_build (read_only)")
            marts = connection.execute(
                "select 'marts.' || table_name from duckdb_tables() where schema_name = 'marts'"
                " and database_name = 'full_build'"
            ).fetchall()
            tables = dict.fromkeys([name for (name,) in marts] + KEPT, "true") | COUNTS
            found = {table: _difference(connection, table, rows) for table, rows in tables.items()}
        other.warehouse.unlink()
        return {table: rows for table, rows in found.items() if rows}

    def ask(self, query: str) -> Any:
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            return connection.execute(query).fetchall()

    def _runs(self, connection: duckdb.DuckDBPyConnection) -> None:
        as_of = self.now + timedelta(days=self.random.choice([0, 0, 9, 20]))
        run = {"run_id": f"r{self.night}", "command": "run", "as_of": as_of, "status": "ok"}
        insert(connection, "ops.runs", [run])
        spent = {"vendor": "linkup", "vendor_campaign_id": self._of("J", 4), "spent_at": self.now}
        insert(connection, "ops.credits", [{**spent, "credits": self.random.randint(1, 9)}])

    def _add(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        row: Callable[[], dict[str, Any]],
        count: int,
    ) -> None:
        dataset = table.split(".")[0]
        for part in range(2):
            load_id = f"{self.night}.{part}"
            is_late = self.night > 1 and self.random.random() < 0.3
            seen = self.now - timedelta(days=self.random.choice([3, 5]) if is_late else 0)
            is_open = self.random.random() < 0.25
            if is_open:
                self.open_loads.append((dataset, load_id))
            rows = [row() for _ in range(-(-count // 2))]
            insert(
                connection,
                table,
                rows,
                seen_at=(seen + timedelta(minutes=part)).isoformat(),
                load_id=f"{load_id}.{table}",
                load_status=1 if is_open else 0,
            )
            if is_open:
                self.open_loads[-1] = (dataset, f"{load_id}.{table}")
        # some keys share their number, as they may
        connection.execute(f"update {table} set {KEY_HASH} = {KEY_HASH} % 997")

    def _return(self, connection: duckdb.DuckDBPyConnection, table: str, key: list[str]) -> None:
        """Of the records that were missing some are back as they were."""
        rows = connection.execute(
            f"""
            select * exclude (_dlt_load_id) replace (?::timestamptz as _seen_at)
            from (
                from {table}
                window history as (partition by {", ".join(key)} order by _seen_at, _dlt_load_id)
                qualify lead(_is_deleted) over history and lead(_seen_at, 2) over history is null
            )
            order by all
            """,
            [self.now + timedelta(hours=1)],
        ).to_arrow_table()
        back = rows.filter(
            pa.array([self.random.random() < 0.4 for _ in range(len(rows))], pa.bool_())
        )
        self._load(connection, table, "back", back)

    def _vanish(self, connection: duckdb.DuckDBPyConnection, table: str, key: list[str]) -> None:
        """The listing shows some of the records no more."""
        query = f"select distinct {KEY_HASH} as key_hash from {table} order by 1"
        hashes = connection.execute(query).fetchnumpy()["key_hash"]
        seen = hashes[np.array([self.random.random() < 0.75 for _ in hashes], dtype=bool)]
        rows = vanished(connection, table, key, [{}], [seen], self.now + timedelta(hours=2))
        self._load(connection, table, "missing", rows)

    def _load(
        self, connection: duckdb.DuckDBPyConnection, table: str, name: str, rows: pa.Table
    ) -> None:
        """Rows that are versions already, as a load of their own."""
        dataset, load_id = table.split(".")[0], f"{self.night}.{name}.{table}"
        is_open = self.random.random() < 0.25
        if is_open:
            self.open_loads.append((dataset, load_id))
        add_load(connection, dataset, load_id, int(is_open))
        connection.register("arrived", rows)
        connection.execute(
            f"insert into {table} by name select *, ? as _dlt_load_id from arrived", [load_id]
        )
        connection.unregister("arrived")

    def _of(self, prefix: str, count: int) -> str:
        return f"{prefix}{self.random.randrange(count)}"

    def _maybe(self, value: Any, probability: float = 0.6) -> Any:
        return value if self.random.random() < probability else None

    def _moment(self) -> str:
        return (self.now - timedelta(hours=self.random.randrange(900))).isoformat()

    def _wall_clock(self) -> str:
        return self._moment()[:19].replace("T", " ")

    def _email(self) -> str | None:
        return self._maybe(self._of("e", 60) + "@example.com")

    def _phone(self) -> str | None:
        return self._maybe(f"+45 20 12 34 {self.random.randrange(10, 50)}", 0.3)

    def _profile(self) -> dict[str, Any]:
        return self._maybe({"linkedin": "linkedin.com/in/" + self._of("l", 40)}, 0.2) or {}

    def _lead(self) -> dict[str, Any]:
        campaign = self._maybe(self.random.randrange(6), 0.9)
        return story.lead(
            self.random.randrange(150),
            campaign_id=campaign,
            campaign_title=self._maybe(self._of("Hiring ", 5)),
            state=self.random.choice(["pending", "completed", "rejected", "hired", "odd", ""]),
            first_name=self._of("Name", 6),
            last_name=self._maybe("Last"),
            email=self._email(),
            user_phone_number=self._phone(),
            others=self._profile(),
            source=self._maybe(self._of("Source ", 3)),
            created_at=self._maybe(self._moment(), 0.9),
            updated_at=self._maybe(self._moment(), 0.9),
        )

    def _result(self) -> dict[str, Any]:
        number = self.random.randrange(120)
        return story.result(
            f"result{number}",
            number,
            recommendation_status=self.random.choice(["RECOMMENDED", "NOT_RECOMMENDED", "?"]),
            campaign={"id": self._of("H", 4), "name": self._maybe(self._of("Hiring ", 5))},
            user={"id": "u", "email": self._email()},
            overall_score=self.random.randrange(9) / 2,
            additional_scores={"cefr": {"score": self.random.choice(["A2", "B1", "C1"])}},
            created_at=self._moment(),
            updated_at=self._maybe(self._moment(), 0.9),
        )

    def _detail(self) -> dict[str, Any]:
        return {"id": self._of("result", 9), "report": {"grade": self.random.random()}}

    def _candidate(self) -> dict[str, Any]:
        return story.candidate(
            self._of("app", 100),
            self.random.choice(["UNRATED", "GOOD", "NOT_A_FIT", "NEW"]),
            job_id=self._of("J", 2),
            full_name=self._of("Name", 6) + " Last",
            public_identifier=self._maybe(self._of("l", 40)),
            application_date=self._maybe(self._moment(), 0.3),
        )

    def _recipient(self) -> dict[str, Any]:
        fields = fixed_fields(
            first_name=self._of("Name", 6),
            email=self._email(),
            mobile_phone_number=self._phone(),
            landline_phone_number=self._phone(),
            city=self._maybe("Aarhus"),
        )
        asked = {"consent_given": self.random.choice([True, False, ""]), "updated_at": ""}
        return story.recipient(
            self._of("rec", 60),
            campaign_id=self._of("E", 4),
            status=self._maybe(self.random.choice(["opened", "clicked"])),
            fixed_fields=fields,
            social_profile=self._profile(),
            consent={"email": {**asked, "updated_at": self._wall_clock()}},
            nested_timezone=TIMEZONES[self.night % len(TIMEZONES)],
            updated_at=self._moment(),
        )

    def _campaign(self) -> dict[str, Any]:
        name = self._maybe(self._of("Hiring ", 5))
        sent_at = self._maybe(self._moment())
        return {"id": self._of("E", 4), "name": name, "type": "email", "sent_at": sent_at}

    def _lead_campaign(self) -> dict[str, Any]:
        return {"id": self.random.randrange(7), "title": self._maybe(self._of("Hiring ", 5))}

    def _job(self) -> dict[str, Any]:
        return {"job_id": self._of("J", 3), "title": self._of("Hiring ", 5), "state": "OPEN"}

    def _hour(self) -> dict[str, Any]:
        return {
            "campaign_id": self._of("C", 3),
            "date": f"2026-02-{self.random.randrange(20, 28)}",
            "hour": self.random.randrange(3),
            "hour_occurrence": 1,
            "credit_deductions": self.random.randrange(9),
            "campaign_results": self.random.randrange(3),
            "is_final": self.random.random() < 0.5,
        }


def _difference(connection: duckdb.DuckDBPyConnection, table: str, compared: str) -> int:
    here, there = f"from {table} where {compared}", f"from full_build.{table} where {compared}"
    ((rows,),) = connection.execute(
        f"select count(*) from (({here} except all {there}) union all ({there} except all {here}))"
    ).fetchall()
    return int(rows)
