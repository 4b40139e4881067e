"""LinkupAPI: nothing but reading, nothing missed, and never more credits than allowed."""

from __future__ import annotations

import logging
import os
from typing import Any

import pytest

from sources.linkup import LinkupError, linkup
from sources.linkup.client import LinkupClient
from sources.linkup.page_store import PageStore
from tests.sources.fake_vendor import FakeVendor, Reply


def page(
    rows: list[Any], asked: Any, following: int | None, total: int, key: str = "candidates"
) -> dict[str, Any]:
    return {
        "success": True,
        "data": {
            key: rows,
            "total_results": len(rows),
            "total_available_results": total,
            "pagination": {
                "offset": asked.body["params"]["offset"],
                "count": len(rows),
                "next_offset": following,
                "has_more": following is not None,
            },
        },
        "metadata": {"credits_consumed": -(-len(rows) // 10)},
    }


class Recruiter:
    """Jobs and applications as LinkupAPI lists them; ten results cost a credit."""

    def __init__(self, **applications: int) -> None:
        self.applications = {job: list(range(count)) for job, count in applications.items()}

    def __call__(self, asked: Any) -> dict[str, Any]:
        params = asked.body["params"]
        if asked.body["action"] == "get_posts":
            rows, key = [{"job_id": job} for job in self.applications], "posts"
        else:
            numbers = self.applications[params["job_id"]]
            rows, key = [{"application_id": str(number)} for number in numbers], "candidates"
        end = params["offset"] + params["count"]
        following = end if end < len(rows) else None
        return page(rows[params["offset"] : end], asked, following, len(rows), key)


def opened(fake: FakeVendor, **settings: Any) -> Any:
    return linkup(
        **{
            "api_key": "key",
            "account_id": "account",
            "requests_per_second": 0,
            "max_retries": 1,
            "session": fake,
            **settings,
        }
    )


def asked_for(fake: FakeVendor) -> list[tuple[str, int, int]]:
    return [
        (call.body["params"].get("job_id", ""), params["offset"], params["count"])
        for call in fake.asked
        for params in [call.body["params"]]
    ]


def test_candidates_are_read_oldest_application_first(reader):
    fake = FakeVendor(Recruiter(a=25))
    rows = reader.read(opened(fake, job_ids=["a"], page_size=20), "candidates")
    assert len(rows) == 25
    assert rows[0] == {"application_id": "0", "job_id": "a"}
    assert [call.body for call in fake.asked] == [
        {
            "account_id": "account",
            "action": "get_candidates",
            "params": {
                "job_id": "a",
                "sortType": "APPLIED_DATE",
                "sortOrder": "ASCENDING",
                "count": 20,
                "offset": offset,
            },
        }
        for offset in (0, 20)
    ]
    assert reader.metrics == {"credits": {"a": 3}}
    assert reader.state("linkup", "candidates") == {"offsets": {}}


def test_the_list_of_jobs_is_paid_for_once(reader):
    fake = FakeVendor(Recruiter(a=1, b=1))
    source = opened(fake)
    assert reader.read(source, "jobs") == [{"job_id": "a"}, {"job_id": "b"}]
    assert reader.metrics == {"credits": {"": 1}}
    assert len(reader.read(source, "candidates")) == 2
    assert reader.metrics == {"credits": {"a": 1, "b": 1}}
    assert [call.body["action"] for call in fake.asked] == [
        "get_posts",
        "get_candidates",
        "get_candidates",
    ]


def test_chosen_jobs_need_no_list(reader):
    fake = FakeVendor(Recruiter(a=1))
    assert reader.read(opened(fake, job_ids="a"), "jobs") == []
    assert fake.asked == []


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        ({"posts": [{"id": 7, "title": "Agent"}]}, ["7"]),
        ({"jobs": [{"job_id": "8", "id": "x"}]}, ["8"]),
        ({"jobs": [], "tags": ["text"]}, []),
    ],
    ids=["number under id", "both names", "none"],
)
def test_jobs_under_any_key(data, ids, reader):
    fake = FakeVendor(lambda asked: {"success": True, "data": data, "metadata": {}})
    rows = reader.read(opened(fake), "jobs")
    assert [row["job_id"] for row in rows] == ids


def test_nothing_but_reading_is_ever_sent():
    fake = FakeVendor(lambda asked: {})
    client = LinkupClient("https://x", "key", "a", None, 0, 4, 0, 1, PageStore(None), fake)
    with pytest.raises(LinkupError, match="send_message was not sent"):
        client.ask("send_message", {})
    assert fake.asked == []


def no_success(code: str) -> dict[str, Any]:
    return {"success": False, "error": {"code": code, "message": "no"}, "metadata": {}}


def test_a_failure_that_comes_as_200_is_a_failure(reader):
    fake = FakeVendor(lambda asked: no_success("INSUFFICIENT_CREDITS"))
    error = reader.failure(opened(fake), "jobs")
    assert isinstance(error, LinkupError)
    assert "buy credits" in str(error)
    assert len(fake.asked) == 1


def test_being_too_fast_is_waited_out_even_when_it_comes_as_200(reader):
    answers = iter([no_success("RATE_LIMITED")])
    recruiter = Recruiter(a=1)
    fake = FakeVendor(lambda asked: next(answers, None) or recruiter(asked))
    assert len(reader.read(opened(fake), "jobs")) == 1
    assert len(fake.asked) == 2


def test_a_real_user_agent_is_sent(simulator, open_source):
    """The simulator's firewall turns away what looks like a script, as the vendor's does."""
    assert list(open_source("linkup").resources["probe"])


@pytest.mark.parametrize(
    ("rows", "following"),
    [([], 10), ([{"application_id": "1"}], 0)],
    ids=["has_more without rows", "stuck offset"],
)
def test_a_listing_that_would_never_end_is_an_error(rows, following, reader):
    fake = FakeVendor(lambda asked: page(rows, asked, following, 50))
    error = reader.failure(opened(fake, job_ids=["a"]), "candidates")
    assert "would never end" in str(error)
    assert len(fake.asked) == 1


def test_an_answer_without_candidates_is_an_error(reader):
    fake = FakeVendor(lambda asked: {"success": True, "data": {}, "metadata": {}})
    error = reader.failure(opened(fake, job_ids=["a"]), "candidates")
    assert "no list of results" in str(error)


def test_who_withdraws_while_the_list_is_read_hides_nobody(reader):
    """Number 0 goes after the first page, so 20 moves up to where it was read already."""
    recruiter = Recruiter(a=31)

    def answer(asked: Any) -> dict[str, Any]:
        answered = recruiter(asked)
        recruiter.applications["a"] = list(range(1, 31))
        return answered

    fake = FakeVendor(answer)
    rows = reader.read(opened(fake, job_ids=["a"], page_size=20), "candidates")
    assert sorted(int(row["application_id"]) for row in rows) == list(range(31))
    assert asked_for(fake) == [("a", 0, 20), ("a", 20, 20), ("a", 0, 20)]


def test_a_total_that_is_never_reached_costs_one_more_reading_and_a_warning(
    reader, caplog, monkeypatch
):
    monkeypatch.setattr(logging.getLogger("dlt"), "propagate", True)
    fake = FakeVendor(lambda asked: page([{"application_id": "1"}], asked, None, 2))
    assert len(reader.read(opened(fake, job_ids=["a"]), "candidates")) == 1
    assert len(fake.asked) == 2
    assert "has 1 of 2" in caplog.text


def test_the_budget_ends_a_run_and_the_next_goes_on_there(reader):
    """Three credits: ten of a, then b to its 20th; the next run reads b's rest, c, and a again."""
    recruiter = Recruiter(a=10, b=30, c=10)
    settings = {"job_ids": ["a", "b", "c"], "page_size": 10, "max_credits_per_run": 3}
    fake = FakeVendor(recruiter)
    assert len(reader.read(opened(fake, **settings), "candidates")) == 30
    assert asked_for(fake) == [("a", 0, 10), ("b", 0, 10), ("b", 10, 10)]
    assert reader.metrics == {"credits": {"a": 1, "b": 2}, "stopped_by_budget": True}
    assert reader.state("linkup", "candidates") == {"offsets": {"b": 20}}

    fake = FakeVendor(recruiter)
    assert len(reader.read(opened(fake, **settings), "candidates")) == 30
    assert asked_for(fake) == [("b", 20, 10), ("c", 0, 10), ("a", 0, 10)]
    assert reader.metrics == {"credits": {"b": 1, "c": 1, "a": 1}}
    assert reader.state("linkup", "candidates") == {"offsets": {}}


def test_a_page_is_cut_to_what_the_budget_pays(reader):
    fake = FakeVendor(Recruiter(a=100))
    settings = {"job_ids": ["a"], "max_credits_per_run": 4}
    assert len(reader.read(opened(fake, **settings), "candidates")) == 40
    assert asked_for(fake) == [("a", 0, 40)]
    assert reader.metrics["stopped_by_budget"]


def test_a_budget_of_nothing_asks_nothing(reader):
    fake = FakeVendor(Recruiter(a=1))
    assert reader.read(opened(fake, max_credits_per_run=0), "candidates") == []
    assert fake.asked == []
    assert reader.metrics["stopped_by_budget"]


def test_a_job_that_fails_takes_nothing_from_the_others(reader):
    recruiter = Recruiter(a=3, c=2)
    fake = FakeVendor(
        lambda asked: Reply(404, {}) if asked.body["params"]["job_id"] == "b" else recruiter(asked)
    )
    rows = reader.read(opened(fake, job_ids=["a", "b", "c"]), "candidates")

    assert [row["job_id"] for row in rows] == ["a"] * 3 + ["c"] * 2
    assert reader.state("linkup", "candidates") == {"offsets": {}}
    (failure,) = reader.metrics["failures"]
    assert "404" in failure


def test_an_answer_of_another_night_is_not_used(reader, tmp_path, monkeypatch):
    """It was paid for; but people were rated since, and it would hide that."""
    store = tmp_path / "pages"
    settings = {"job_ids": ["a"], "page_store": str(store)}
    assert len(reader.read(opened(FakeVendor(Recruiter(a=3)), **settings), "candidates")) == 3
    for path in store.iterdir():
        os.utime(path, (0, 0))
    fake = FakeVendor(Recruiter(a=3))
    reader.read(opened(fake, **settings), "candidates")

    assert len(fake.asked) == 1


def test_a_crash_pays_for_no_page_twice(reader, tmp_path):
    """The first run dies at its third page; the next takes two from the store and asks for one."""
    recruiter = Recruiter(a=30)
    settings = {"job_ids": ["a"], "page_size": 10, "page_store": str(tmp_path / "pages")}

    def dying(asked: Any) -> Any:
        if asked.body["params"]["offset"] == 20:
            raise MemoryError("the process dies")
        return recruiter(asked)

    reader.failure(opened(FakeVendor(dying), **settings), "candidates")
    fake = FakeVendor(recruiter)
    assert len(reader.read(opened(fake, **settings), "candidates")) == 30
    assert asked_for(fake) == [("a", 20, 10)]
    assert reader.metrics == {"credits": {"a": 3}}
