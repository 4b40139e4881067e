"""LinkupAPI's pages cost money: whenever a run is killed, none is paid for twice, lost or forgotten."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from sources.linkup.client import LinkupClient, LinkupError
from sources.linkup.page_store import PageStore
from sources.linkup.paid import PaidPages
from sources.linkup.reading import left_over, read_jobs
from tests.sources.fake_vendor import FakeVendor, Reply
from tests.sources.test_source_linkup import Recruiter, asked_for, opened

NIGHT_S = 24 * 3600
ALL = list(range(30))  # a's applicants: three pages, three credits


class Spool:
    """A page store, and what the conductor does with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def report(self) -> None:
        """What was handed over is loaded, and its credits are counted."""
        (self.folder / "reported").touch()

    def a_night_passes(self) -> None:
        for path in self.folder.iterdir():
            os.utime(path, (path.stat().st_mtime - NIGHT_S,) * 2)

    def pages(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.name[0] == "0")


def buyer(spool: Spool, fake: FakeVendor, account: str = "account", **budget: Any) -> PaidPages:
    client = LinkupClient("https://vendor.example", "key", account, 0, 4, 0, 1, fake)
    return PaidPages(client, budget.get("max_credits"), PageStore(str(spool.folder)))


class Run:
    """A run over the spool that a test can kill after any page that is handed over."""

    def __init__(
        self, spool: Spool, recruiter: Any, job_id: str = "a", page_size: int = 10, **others: Any
    ) -> None:
        self.fake = FakeVendor(recruiter)
        self.metrics: dict[str, Any] = {}
        self.ids: list[int] = []
        self._pages = self._candidates(buyer(spool, self.fake, **others), job_id, page_size)

    def _candidates(self, paid: PaidPages, job_id: str, page_size: int) -> Iterator[Any]:
        state: dict[str, Any] = {}  # a killed run's is not committed
        for _, rows in left_over(paid, "get_candidates", lambda: self.metrics):
            yield rows
        yield from read_jobs(paid, [job_id], page_size, 4, lambda: state, lambda: self.metrics, [])

    def take(self, pages: int = 99) -> Run:
        """Take so many pages, or all."""
        for page in islice(self._pages, pages):
            self.ids += [int(row["application_id"]) for row in page]
        return self

    def kill(self) -> Run:
        """End it; what its threads were asking for just then is still kept, as it may be."""
        self._pages.close()
        return self

    @property
    def credits(self) -> float:
        """What it told that it spent."""
        return sum(self.metrics.get("credits", {}).values())

    @property
    def offsets(self) -> list[int]:
        return [offset for _, offset, _ in asked_for(self.fake)]


@pytest.fixture
def spool(tmp_path) -> Spool:
    return Spool(tmp_path / "data" / "pages")


def pages_paid(spool: Spool, count: int) -> None:
    """So many pages are on disk, and nothing was handed over: the kill came right after."""
    paid = buyer(spool, FakeVendor(Recruiter(a=30)))
    params = {"job_id": "a", "sortType": "APPLIED_DATE", "sortOrder": "ASCENDING"}
    for number in range(count):
        paid.read("get_candidates", params, number * 10, 10)


class TestKilled:
    """After each moment of a page's way, the next run brings all of it and pays for the rest only."""

    @pytest.mark.parametrize("is_night_later", [False, True])
    def test_after_a_page_was_kept_and_before_it_was_handed_over(self, spool, is_night_later):
        pages_paid(spool, 2)
        if is_night_later:
            spool.a_night_passes()
        run = Run(spool, Recruiter(a=30)).take()
        if is_night_later:
            # The two are loaded as what they were; then this night is read, and paid for.
            assert run.ids == [*range(20), *ALL]
            assert run.offsets == [0, 10, 20]
            assert run.credits == 2 + 3
        else:
            assert run.ids == ALL
            assert run.offsets == [20]
            assert run.credits == 3

    def test_after_it_was_handed_over_and_before_it_was_loaded(self, spool):
        Run(spool, Recruiter(a=30)).take(1).kill()
        run = Run(spool, Recruiter(a=30)).take()
        assert run.ids == ALL
        assert 0 not in run.offsets
        assert run.credits == 3, "nobody has counted them yet"

    def test_after_it_was_loaded_and_reported(self, spool):
        first = Run(spool, Recruiter(a=30)).take(1)
        spool.report()
        told = first.kill().credits
        assert told == 1
        run = Run(spool, Recruiter(a=30)).take()
        assert sorted(set(run.ids)) == ALL
        assert 0 not in run.offsets
        assert told + run.credits == 3

    def test_a_report_does_not_stand_for_what_was_on_its_way(self, spool):
        """The second page was on disk before the report, but nobody had been given it."""
        Run(spool, Recruiter(a=30)).take(1).kill()
        spool.report()
        assert len(spool.pages()) == 2
        spool.a_night_passes()
        run = Run(spool, Recruiter(a=30)).take()
        assert run.ids == [*range(10, 20), *ALL]
        assert run.credits == 1 + 3

    def test_a_report_does_not_stand_for_what_was_handed_over_after_it(self, spool):
        run = Run(spool, Recruiter(a=30)).take(1)
        spool.report()
        assert run.take(1).kill().credits == 2
        spool.a_night_passes()
        run = Run(spool, Recruiter(a=30)).take()
        assert run.ids == [*range(10, 30), *ALL]
        assert run.credits == 2 + 3

    def test_when_everything_was_loaded_and_the_folder_was_not_emptied(self, spool):
        Run(spool, Recruiter(a=30)).take()
        spool.report()
        run = Run(spool, Recruiter(a=30)).take()
        assert (run.ids, run.offsets, run.credits) == (ALL, [], 0)
        spool.a_night_passes()
        run = Run(spool, Recruiter(a=30)).take()
        assert (run.ids, run.offsets, run.credits) == (ALL, [0, 10, 20], 3)

    def test_what_was_counted_long_ago_is_thrown_away(self, spool):
        """Else each night that fails would leave its pages there, and all would be looked through."""
        Run(spool, Recruiter(a=30)).take(1).kill()
        spool.report()
        PageStore(str(spool.folder)).take({"action": "", "params": {}})
        assert {path.suffix for path in spool.pages()} == {".counted", ".paid"}
        spool.a_night_passes()
        run = Run(spool, Recruiter(a=30)).take(1)
        assert run.ids == [*range(10, 20)]
        assert len(spool.pages()) == 1

    def test_twice_in_a_row(self, spool):
        Run(spool, Recruiter(a=30)).take(1).kill()
        Run(spool, Recruiter(a=30)).take(1).kill()
        run = Run(spool, Recruiter(a=30)).take()
        assert run.ids == ALL
        assert run.credits == 3

    def test_a_report_does_not_stand_for_what_a_killed_run_handed_over(self, spool):
        """The second run reports other pages, and is killed before it gets to the first run's."""
        Run(spool, Recruiter(a=30)).take(1).kill()
        store = PageStore(str(spool.folder))
        assert store.take({"action": "get_posts", "params": {"offset": 0}}) is None
        spool.report()
        run = Run(spool, Recruiter(a=30)).take()
        assert (run.ids, run.credits) == (ALL, 3)

    def test_a_smaller_budget_takes_what_is_there_and_pays_for_no_part_of_it_again(self, spool):
        Run(spool, Recruiter(a=30), page_size=20).take(1).kill()
        run = Run(spool, Recruiter(a=30), page_size=10, max_credits=0).take()
        assert (run.ids, run.offsets) == (ALL, [])

    def test_a_listing_of_which_a_page_was_kept_is_not_complete(self, spool, reader):
        """Whoever stood on it may have withdrawn since, or moved up to it from the next one."""
        settings = {"job_ids": ["a"], "page_size": 10, "page_store": str(spool.folder)}
        Run(spool, Recruiter(a=30)).take(1).kill()
        assert len(reader.read(opened(FakeVendor(Recruiter(a=30)), **settings), "candidates")) == 30
        assert "complete_listings" not in reader.metrics
        assert "failures" not in reader.metrics

    def test_a_page_that_nobody_asks_for_any_more_is_handed_over_all_the_same(self, spool):
        pages_paid(spool, 1)
        run = Run(spool, Recruiter(b=10), job_id="b").take()
        assert run.ids == [*range(10), *range(10)]
        assert run.credits == 2


class TestTrouble:
    """What is wrong with the store costs no second page, and nobody a stack trace."""

    @pytest.mark.parametrize("length", [0, 1, 60, 200, -1])
    def test_a_damaged_page_is_left_out_and_asked_for_anew(
        self, length, spool, caplog, monkeypatch, reader
    ):
        # The reader's pipeline sets dlt's logger up; whatever does so later would undo the next line.
        monkeypatch.setattr(logging.getLogger("dlt"), "propagate", True)
        pages_paid(spool, 2)
        first, _ = spool.pages()
        first.write_bytes(first.read_bytes()[:length])
        run = Run(spool, Recruiter(a=30)).take()
        assert sorted(run.ids) == ALL
        assert run.offsets == [0, 20]
        assert f"{first.name} is damaged" in caplog.text

    @pytest.mark.parametrize(
        "content", ["null", "[]\n[]", '{"action": "get_candidates"}\n{}', "\xff"]
    )
    def test_a_file_of_other_content_is_left_out(self, content, spool):
        spool.folder.mkdir(parents=True)
        (spool.folder / "00000001-x.paid").write_text(content)
        (spool.folder / "notes.paid").write_text(content)
        assert Run(spool, Recruiter(a=30)).take().ids == ALL

    def test_only_the_owner_can_read_the_pages(self, spool):
        spool.folder.mkdir(parents=True, mode=0o755)
        pages_paid(spool, 1)
        (page,) = spool.folder.iterdir()
        assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(page.stat().st_mode) == 0o600

    def test_each_page_is_flushed_to_the_disk_before_it_is_handed_over(self, spool, monkeypatch):
        flushed: list[bool] = []
        fsync = os.fsync
        monkeypatch.setattr(os, "fsync", lambda n: flushed.append(True) or fsync(n))
        run = Run(spool, Recruiter(a=10)).take(1)
        assert len(flushed) == 2, "the file, and the folder that names it"
        assert run.ids == list(range(10))

    def test_a_full_disk_costs_the_page_at_hand_at_most(self, spool, monkeypatch, reader):
        def full(number: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        fake = FakeVendor(Recruiter(a=30))
        settings = {"job_ids": ["a"], "page_size": 10, "page_store": str(spool.folder)}
        rows = reader.read(opened(fake, **settings), "candidates")
        assert len(rows) == 10
        assert len(fake.asked) == 1
        (failure,) = reader.metrics["failures"]
        assert "No space left on device" in failure
        assert list(spool.folder.iterdir()) == []

    def test_a_folder_that_cannot_be_made_costs_nothing(self, spool, reader):
        spool.folder.parent.mkdir()
        spool.folder.write_text("a file")
        fake = FakeVendor(Recruiter(a=30))
        error = reader.failure(
            opened(fake, job_ids=["a"], page_store=str(spool.folder)), "candidates"
        )
        assert "cannot be kept (File exists)" in str(error)
        assert fake.asked == []

    def test_another_accounts_pages_are_not_touched(self, spool):
        pages_paid(spool, 1)
        run = Run(spool, Recruiter(a=30), account="other").take()
        assert (run.ids, run.offsets) == (ALL, [0, 10, 20])

    def test_proof_of_the_credentials_is_never_an_old_answer(self, spool):
        fake = FakeVendor(Recruiter(a=1))
        for _ in range(2):
            assert list(opened(fake, page_store=str(spool.folder)).resources["probe"])
        assert len(fake.asked) == 2
        assert not spool.folder.exists()


USELESS = [
    {"success": True, "data": {}, "metadata": {"credits_consumed": 1}},
    {"success": True, "data": None, "metadata": {"credits_consumed": 1}},
    {
        "success": True,
        "data": {"candidates": [], "pagination": {"has_more": True, "next_offset": 10}},
        "metadata": {"credits_consumed": 1},
    },
    {"data": {"candidates": "none"}, "metadata": {"credits_consumed": 1}},
]
NAMES = ["no list", "no data", "more, and none of it", "no success"]


@pytest.mark.parametrize("answer", USELESS, ids=NAMES)
class TestOfNoUse:
    """An answer that brought nothing cost a credit all the same; it is told once, and asked for anew."""

    def test_it_is_told(self, answer, spool, reader):
        recruiter = Recruiter(b=1)
        fake = FakeVendor(
            lambda asked: answer if asked.body["params"]["job_id"] == "a" else recruiter(asked)
        )
        settings = {"job_ids": ["a", "b"], "page_store": str(spool.folder)}
        reader.read(opened(fake, **settings), "candidates")
        assert reader.metrics["credits"] == {"a": 1, "b": 1}
        spool.report()

        fake = FakeVendor(Recruiter(a=1, b=1))
        reader.read(opened(fake, **settings), "candidates")
        assert reader.metrics["credits"] == {"a": 1}
        assert asked_for(fake) == [("a", 0, 100)]

    def test_it_is_told_by_the_next_run_if_this_one_is_killed(self, answer, spool):
        with pytest.raises(LinkupError):
            Run(spool, lambda asked: answer).take()
        run = Run(spool, Recruiter(a=30)).take()
        assert run.ids == ALL
        assert run.offsets == [0, 10, 20]
        assert run.credits == 1 + 3

    def test_the_list_of_jobs_is_asked_for_once_more_and_each_answer_is_told(
        self, answer, spool, reader
    ):
        fake = FakeVendor(lambda asked: answer)
        source = opened(fake, page_store=str(spool.folder))
        for asked, name in enumerate(("jobs", "candidates"), 1):
            reader.failure(source, name)
            assert len(fake.asked) == asked
        handed_over = [path for path in spool.pages() if path.suffix == ".handed_over"]
        assert len(handed_over) == 2


@pytest.mark.parametrize(
    "answer",
    [Reply(body="<html></html>"), Reply(body=[]), {"success": False, "error": {"code": "X"}}],
    ids=["HTML", "list", "refusal"],
)
def test_what_has_no_price_leaves_nothing_behind(answer, spool):
    with pytest.raises(LinkupError):
        Run(spool, lambda asked: answer).take()
    assert spool.pages() == []
    run = Run(spool, Recruiter(a=30)).take()
    assert (run.ids, run.credits) == (ALL, 3)


class TestTheListOfJobs:
    """It is paid for like any other page."""

    def test_it_is_not_paid_for_twice_nor_handed_over_twice(self, spool, reader):
        settings = {"page_store": str(spool.folder)}
        source = opened(FakeVendor(Recruiter(a=1, b=1)), **settings)
        source.resources["jobs"].add_map(lambda row: 1 / 0)
        reader.failure(source, "jobs")

        fake = FakeVendor(Recruiter(a=1, b=1))
        source = opened(fake, **settings)
        assert reader.read(source, "jobs") == [{"job_id": "a"}, {"job_id": "b"}]
        assert reader.metrics["credits"] == {"": 1}
        assert "complete_listings" not in reader.metrics, "the account may have others by now"
        assert fake.asked == []
        assert len(reader.read(source, "candidates")) == 2
        assert reader.metrics["credits"] == {"a": 1, "b": 1}
