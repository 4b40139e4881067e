"""LinkupAPI: nothing but reading, nothing missed, and never more credits than allowed."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from sources.linkup import LinkupError, linkup
from sources.linkup.client import LinkupClient
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
    assert reader.metrics["credits"] == {"a": 3}
    assert reader.state("linkup", "candidates") == {"offsets": {}}


def test_the_list_of_jobs_is_paid_for_once(reader):
    fake = FakeVendor(Recruiter(a=1, b=1))
    source = opened(fake)
    assert reader.read(source, "jobs") == [{"job_id": "a"}, {"job_id": "b"}]
    assert reader.metrics["credits"] == {"": 1}
    assert len(reader.read(source, "candidates")) == 2
    assert reader.metrics["credits"] == {"a": 1, "b": 1}
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
    client = LinkupClient("https://x", "key", "a", 0, 4, 0, 1, fake)
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


def test_more_that_never_comes_is_an_error(reader):
    fake = FakeVendor(lambda asked: page([], asked, 10, 50))
    error = reader.failure(opened(fake, job_ids=["a"]), "candidates")
    assert "has more, and none of it" in str(error)
    assert len(fake.asked) == 1


@pytest.mark.parametrize("following", [0, -5, "soon", [1], 1.5, 2**60])
def test_an_offset_that_does_not_advance_is_a_failure_and_what_came_is_kept(following, reader):
    fake = FakeVendor(lambda asked: page([{"application_id": "1"}], asked, following, 50))
    rows = reader.read(opened(fake, job_ids=["a"]), "candidates")
    assert rows == [{"application_id": "1", "job_id": "a"}]
    (failure,) = reader.metrics["failures"]
    assert "would never end" in failure
    assert reader.metrics["credits"] == {"a": 1}
    assert "complete_listings" not in reader.metrics
    assert len(fake.asked) == 1


@pytest.mark.parametrize("key", ["get_posts", "get_candidates"])
def test_pages_that_go_round_in_a_circle_are_left_after_one_round(key, reader):
    """Each says that there is more, at a higher offset, and brings the same."""

    def answer(asked: Any) -> Any:
        key = "candidates" if asked.body["action"] == "get_candidates" else "posts"
        return page([{"id": "1"}], asked, asked.body["params"]["offset"] + 1, 10**9, key)

    fake = FakeVendor(answer)
    if key == "get_posts":
        assert "would never end" in str(reader.failure(opened(fake), "jobs"))
    else:
        reader.read(opened(fake, job_ids=["a"]), "candidates")
        assert "would never end" in reader.metrics["failures"][0]
    assert len(fake.asked) == 2


def test_a_listing_that_always_brings_something_new_has_a_last_page(reader, monkeypatch):
    monkeypatch.setattr("sources.linkup.helpers.MAX_PAGES", 30)

    def answer(asked: Any) -> Any:
        offset = asked.body["params"]["offset"]
        return page([{"application_id": str(offset)}], asked, offset + 1, 10**9)

    fake = FakeVendor(answer)
    assert len(reader.read(opened(fake, job_ids=["a"]), "candidates")) == 30
    assert "would never end" in reader.metrics["failures"][0]
    assert len(fake.asked) == 30


def test_more_without_an_offset_is_where_the_page_ends(reader):
    """It says that it has more, but not where."""

    def answer(asked: Any) -> Any:
        offset = asked.body["params"]["offset"]
        answered = page([{"application_id": str(offset)}], asked, None, 3)
        answered["data"]["pagination"]["has_more"] = offset < 2
        return answered

    fake = FakeVendor(answer)
    rows = reader.read(opened(fake, job_ids=["a"]), "candidates")
    assert [row["application_id"] for row in rows] == ["0", "1", "2"]
    assert reader.metrics["complete_listings"] == [{"job_id": "a"}]


def test_an_answer_without_candidates_is_an_error(reader):
    fake = FakeVendor(lambda asked: {"success": True, "data": {}, "metadata": {}})
    error = reader.failure(opened(fake, job_ids=["a"]), "candidates")
    assert "without a list of results" in str(error)


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
    assert reader.metrics == {
        "credits": {"a": 1, "b": 2},
        "stopped_by_budget": True,
        "complete_listings": [{"job_id": "a"}],
        "progress": {"done": 1, "total": 3, "unit": "jobs"},
    }
    assert reader.state("linkup", "candidates") == {"offsets": {"b": 20}}

    fake = FakeVendor(recruiter)
    assert len(reader.read(opened(fake, **settings), "candidates")) == 30
    assert asked_for(fake) == [("b", 20, 10), ("c", 0, 10), ("a", 0, 10)]
    # b was gone on with: what came before its 20th was not looked at in this reading.
    assert reader.metrics["complete_listings"] == [{"job_id": "c"}, {"job_id": "a"}]
    assert reader.metrics["progress"] == {"done": 3, "total": 3, "unit": "jobs"}
    assert reader.metrics["credits"] == {"b": 1, "c": 1, "a": 1}
    assert "stopped_by_budget" not in reader.metrics
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


def test_a_job_that_fails_is_not_whole_and_not_done(reader):
    recruiter = Recruiter(a=3, c=2)
    fake = FakeVendor(
        lambda asked: Reply(404, {}) if asked.body["params"]["job_id"] == "b" else recruiter(asked)
    )
    reader.read(opened(fake, job_ids=["a", "b", "c"]), "candidates")
    assert reader.metrics["complete_listings"] == [{"job_id": "a"}, {"job_id": "c"}]
    assert reader.metrics["progress"] == {"done": 2, "total": 3, "unit": "jobs"}


@pytest.mark.parametrize(
    ("totals", "is_whole"),
    [
        ([25, 25], True),
        ([24, 25], True),  # someone applied meanwhile, at the end
        ([26, 25], False),  # someone withdrew, and may have pulled another across the boundary
        ([26, 26], False),
        ([24, 24], False),
        ([None, None], False),
        ([-1, -1], False),
        (["25", "25"], True),
        (["many", {}], False),
        ([True, [25]], False),
    ],
)
def test_a_job_is_whole_if_as_many_were_found_as_there_are(totals, is_whole, reader):
    recruiter = Recruiter(a=25)

    def answer(asked: Any) -> Any:
        answered = recruiter(asked)
        number = asked.body["params"]["offset"] // 20
        answered["data"]["total_available_results"] = totals[number]
        return answered

    fake = FakeVendor(answer)
    assert len(reader.read(opened(fake, job_ids=["a"], page_size=20), "candidates")) == 25
    assert ("complete_listings" in reader.metrics) == is_whole


def test_the_list_of_jobs_is_whole_if_there_was_one(reader):
    fake = FakeVendor(Recruiter(a=1, b=1))
    reader.read(opened(fake), "jobs")
    assert reader.metrics["complete_listings"] == [{}]
    reader.read(opened(fake, job_ids=["a"]), "jobs")
    assert reader.metrics == {}
    reader.read(opened(fake, page_size=1, max_credits_per_run=1), "jobs")
    assert reader.metrics == {"credits": {"": 1}, "stopped_by_budget": True}


def test_jobs_that_end_in_an_error_bring_what_came_before_it(reader):
    recruiter = Recruiter(a=1, b=1)
    fake = FakeVendor(
        lambda asked: Reply(404, {}) if asked.body["params"]["offset"] else recruiter(asked)
    )
    source = opened(fake, page_size=1)
    rows: list[Any] = []
    source.resources["jobs"].add_map(lambda row: rows.append(row) or row)
    error = reader.failure(source, "jobs")
    assert "404" in str(error)
    assert rows == [{"job_id": "a"}]


def test_jobs_without_an_id_are_handed_over_and_told(reader):
    jobs = [None, {"id": []}, {"title": "Agent"}, {"id": "a"}, {"job_id": "a", "n": 2}, 7]

    def answer(asked: Any) -> Any:
        if asked.body["action"] == "get_posts":
            return page(jobs, asked, None, len(jobs), "posts")
        return page([{"application_id": "1"}], asked, None, 1)

    fake = FakeVendor(answer)
    source = opened(fake)
    assert reader.read(source, "jobs") == [
        {"record": None},
        {"id": []},
        {"title": "Agent"},
        {"id": "a", "job_id": "a"},
        {"job_id": "a", "n": 2},
        {"record": 7},
    ]
    assert reader.read(source, "candidates") == [{"application_id": "1", "job_id": "a"}]
    (failure,) = reader.metrics["failures"]
    assert "4 of 6 jobs have no id" in failure
    assert asked_for(fake) == [("", 0, 100), ("a", 0, 100)]


@pytest.mark.parametrize("price", [None, "3", -1, True, [], 10**400, float("nan")])
def test_a_price_that_is_no_number_is_what_the_page_may_have_cost(price, reader):
    def answer(asked: Any) -> Any:
        return {**Recruiter(a=1)(asked), "metadata": {"credits_consumed": price}}

    reader.read(opened(FakeVendor(answer), job_ids=["a"], page_size=25), "candidates")
    assert reader.metrics["credits"] == {"a": 3}
    fake = FakeVendor(lambda asked: {**Recruiter(a=1)(asked), "metadata": [price]})
    reader.read(opened(fake, job_ids=["a"], page_size=25), "candidates")
    assert reader.metrics["credits"] == {"a": 3}
