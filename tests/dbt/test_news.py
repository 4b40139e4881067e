"""Builds of news beside full ones: whatever nights bring, both must leave the same rows.

A small random world: few e-mails, numbers, names and campaigns among many records, so that every night joins people,
splits them and blocks what they share. Nothing is asked of the models but their result.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import build
from pipelines.report import Reporter
from pipelines.settings import Settings
from tests.dbt import story
from tests.dbt.warehouse import add_load, create, fixed_fields, insert, open_again

pytestmark = pytest.mark.slow

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
]


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

    def build(self) -> dict[str, str]:
        """How each model, seed and test ended; none may fail."""
        results = build.build(self.settings, Reporter())
        assert [result.node for result in results if result.is_failure] == []
        return {result.node: result.status for result in results}

    def differences(self, folder: Path) -> dict[str, int]:
        """Rows by which each table differs from what a full build of the same raw rows gives."""
        other = Settings(folder, folder / "full.duckdb", self.settings.mappings_dir)
        other.prepare()
        shutil.copy(self.settings.warehouse, other.warehouse)
        results = build.build(other, Reporter(), is_full=True)
        assert [result.node for result in results if result.is_failure] == []
        with open_again(self.settings.warehouse) as connection:
            connection.execute(f"attach '{other.warehouse}' as full_build (read_only)")
            marts = connection.execute(
                "select 'marts.' || table_name from duckdb_tables() where schema_name = 'marts'"
                " and database_name = 'full_build'"
            ).fetchall()
            tables = [name for (name,) in marts] + KEPT
            found = {table: _difference(connection, table) for table in tables}
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

    def _of(self, prefix: str, count: int) -> str:
        return f"{prefix}{self.random.randrange(count)}"

    def _maybe(self, value: Any, probability: float = 0.6) -> Any:
        return value if self.random.random() < probability else None

    def _moment(self) -> str:
        return (self.now - timedelta(hours=self.random.randrange(900))).isoformat()

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
            consent={"email": {**asked, "updated_at": self._moment()}},
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


def _difference(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    here, there = f"from {table}", f"from full_build.{table}"
    ((rows,),) = connection.execute(
        f"select count(*) from (({here} except all {there}) union all ({there} except all {here}))"
    ).fetchall()
    return int(rows)


def builds(nights: Nights) -> list[tuple[bool, bool]]:
    """Whether each build was full, and whether it was whole."""
    return list(nights.ask("select is_full, is_whole from ops.builds order by build_id"))


@pytest.mark.parametrize("seed", [1, 2])
def test_nights_of_news_leave_what_a_full_build_leaves(
    installation: Settings, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four nights; the build after the second is killed half way, so the next one is full."""
    nights = Nights(installation, seed)
    nights.pass_one(120)
    nights.build()
    nights.pass_one(25)
    nights.build()
    assert nights.differences(tmp_path / "full") == {}

    nights.pass_one(25)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        kill_half_way(patch)
        nights.build()
    nights.build()
    nights.pass_one(12)
    nights.build()
    assert nights.differences(tmp_path / "full") == {}

    nights.pass_one(3)
    nights.build()
    assert nights.differences(tmp_path / "full") == {}
    assert builds(nights) == [
        (True, True),
        (False, True),
        (False, False),
        (True, True),
        (False, True),
        (False, True),
    ]


# In each mart a column that is overwritten, to see afterwards which rows a build has written anew.
INK = {
    "marts.dim_person": "location = 'ink'",
    "marts.fct_funnel_events": "stage_order = -1",
    "marts.fct_journeys": "source = 'ink'",
    "marts.fct_assessments": "cefr = 'ink'",
}


def test_a_build_writes_only_what_loads_touch(installation: Settings) -> None:
    """Two nights: one known lead changes, one new lead comes; then builds without any news."""
    nights = Nights(installation, 3)
    nights.pass_one(60)
    nights.build()
    with open_again(installation.warehouse) as connection:
        for table, ink in INK.items():
            connection.execute(f"update {table} set {ink}")
        new = story.lead(9001, email="new@example.com", state="pending")
        insert(connection, "raw_talkpush.leads", [new], seen_at=nights.now.isoformat(), load_id="n")
    assert not {"status_map", "stg_talkpush__leads"} & set(nights.build())

    ((person,),) = nights.ask("select md5('talkpush:9001')")
    for table, ink in INK.items():
        written = nights.ask(f"select distinct person_id from {table} where ({ink}) is not true")
        expected = [] if table == "marts.fct_assessments" else [(person,)]
        assert written == expected, table

    sizes = set()
    for _ in range(3):
        nights.build()
        assert nights.ask("select count(*) from intermediate.int_touched_persons") == [(0,)]
        sizes.add(installation.warehouse.stat().st_size)
    blocks = (max(sizes) - min(sizes)) / 2**18
    assert blocks <= 4
    assert [is_full for is_full, _ in builds(nights)] == [True, False, False, False, False]


def test_what_defines_the_marts_makes_a_build_full(installation: Settings) -> None:
    """A changed mapping; raw rows of a load that is there no more."""
    nights = Nights(installation, 4)
    nights.pass_one(5)
    nights.build()
    installation.mappings_dir.mkdir()
    (installation.mappings_dir / "status_map.csv").write_text(
        "vendor,vendor_status,stage\ntalkpush,odd,shortlisted\n"
    )
    nights.build()
    with open_again(installation.warehouse) as connection:
        connection.execute("delete from raw_talkpush._dlt_loads where status = 0")
    nights.build()
    assert builds(nights) == [(True, True)] * 3
    assert nights.ask("select count(*) from staging.stg_talkpush__leads") == [(0,)]


def kill_half_way(patch: pytest.MonkeyPatch) -> None:
    """The build updates the keys, but nobody's person."""
    from dbt.cli.main import dbtRunner

    invoke = dbtRunner.invoke

    def killed(self: dbtRunner, arguments: list[str], **options: Any) -> None:
        invoke(self, [*arguments, "--select", "+int_blocked_keys"], **options)
        raise KeyboardInterrupt

    patch.setattr(dbtRunner, "invoke", killed)
