"""A few schedules of the chaos suite, and that it would notice what it is there to notice. `make chaos` runs more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.chaos import compare, report
from tests.chaos.installation import References
from tests.chaos.schedule import draw
from tests.chaos.suite import live_through

pytestmark = pytest.mark.slow

WORLDS = 1
# Kills in load, extract and build; in normalize and publish; and drifting pages.
SEEDS = [0, 69, 1]


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> Iterator[References]:
    yield References(tmp_path_factory.mktemp("references"))


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_doubled_or_paid_twice(
    references: References, tmp_path: Path, seed: int
) -> None:
    result = live_through(draw(seed, WORLDS), references, tmp_path / "installation")

    assert result.is_good, report.line(result)
    assert result.faults.total() > 0
    assert result.attempts > 2


class TestTheComparison:
    """A row that is missing, one that is there twice, one that differs: each is told, in its table."""

    @pytest.fixture
    def tampered(self, references: References, tmp_path: Path) -> Path:
        copy = tmp_path / "tampered.duckdb"
        shutil.copy(references.of(0).warehouse, copy)
        return copy

    @pytest.mark.parametrize(
        ("change", "lost", "doubled"),
        [
            ("delete from raw_linkup.jobs where rowid = 0", 1, 0),
            ("insert into raw_easir.campaigns from (from raw_easir.campaigns limit 1)", 0, 1),
            ("update raw_talkpush.campaigns set title = 'x' where rowid = 0", 1, 1),
            ("delete from marts.fct_funnel_events where rowid = 0", 1, 0),
            ("update marts.rpt_funnel set people = people + 1 where rowid = 0", 1, 1),
        ],
    )
    def test_tells_what_differs(
        self,
        references: References,
        tampered: Path,
        change: str,
        lost: int,
        doubled: int,
    ) -> None:
        with duckdb.connect(str(tampered)) as connection:
            connection.execute(change)
        with compare.both(references.of(0).warehouse, tampered) as connection:
            raw = compare.raw_differences(connection)
            marts = compare.mart_differences(connection, only_current=False)

        [found] = raw + marts
        assert found.table in change
        assert (found.lost, found.doubled) == (lost, doubled)

    def test_finds_nothing_in_a_copy(self, references: References, tampered: Path) -> None:
        with compare.both(references.of(0).warehouse, tampered) as connection:
            assert compare.raw_differences(connection) == []
            assert compare.mart_differences(connection, only_current=False) == []
        assert compare.published_differences(references.of(0).warehouse, tampered) == []
