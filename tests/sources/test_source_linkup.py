"""LinkupAPI: nothing but reading, nothing missed, and never more credits than allowed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from dlt.extract.exceptions import ResourceExtractionError
from requests import ConnectionError, ConnectTimeout, ReadTimeout

from sources.linkup import LinkupError, linkup
from sources.linkup.client import LinkupClient
from sources.linkup.pace import PacedAdapter
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


def one_applicant_a_page(following: Callable[[int], dict[str, Any]], total: int | None = 3) -> Any:
    """Three applicants; the function says what `pagination` holds after the one at an offset."""

    def answer(asked: Any) -> Any:
        offset = asked.body["params"]["offset"]
        answered = page([{"application_id": str(offset)}][: 3 - offset], asked, None, 3)
        answered["data"]["pagination"] = following(offset)
        answered["data"]["total_available_results"] = total
        return answered

    return FakeVendor(answer)


@pytest.mark.parametrize(
    "following",
    [
        lambda offset: {"next_offset": offset + 1 if offset < 2 else None},
        lambda offset: {"next_offset": offset + 1 if offset < 2 else None, "has_more": False},
        lambda offset: {"next_offset": offset + 1 if offset < 2 else None, "has_more": True},
        lambda offset: {"has_more": offset < 2},
    ],
    ids=["only next_offset", "has_more never", "has_more always", "only has_more"],
)
def test_next_offset_says_where_to_go_on_and_has_more_only_if_it_does_not(following, reader):
    fake = one_applicant_a_page(following)
    rows = reader.read(opened(fake, job_ids=["a"]), "candidates")
    assert [row["application_id"] for row in rows] == ["0", "1", "2"]
    assert reader.metrics["complete_listings"] == [{"job_id": "a"}]
    assert len(fake.asked) == 3


def test_pagination_that_says_nothing_is_none(reader):
    """Then a page that is as long as asked for is followed by another."""
    fake = one_applicant_a_page(lambda offset: {})
    rows = reader.read(opened(fake, job_ids=["a"], page_size=1), "candidates")
    assert [row["application_id"] for row in rows] == ["0", "1", "2"]


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


def test_a_total_that_is_never_reached_is_a_failure_if_the_listing_says_that_it_has_more(reader):
    """It stops at the first, says that it has more, and not where."""
    fake = one_applicant_a_page(lambda offset: {"next_offset": None, "has_more": True})
    reader.read(opened(fake, job_ids=["a"]), "candidates")
    (failure,) = reader.metrics["failures"]
    assert "job a has 1 of 3 candidates" in failure
    assert "complete_listings" not in reader.metrics
    assert len(fake.asked) == 2


@pytest.mark.parametrize(
    ("looks", "is_failure"),
    [
        ([([1, 2], 3), ([1, 2], 3)], False),  # the total is wrong for good
        ([([1, 2], 4), ([1, 3], 4)], True),  # the second look finds another one, and not all
        ([([1, 2], 3), ([1, 2], 4)], True),  # it does not hold still
        ([([1, 2], 3), ([1, 2], 2)], False),  # the third withdrew before anybody saw them
        ([([1, 2], 3), ([1, 2], None)], True),
    ],
)
def test_applicants_who_are_missing_after_a_second_look_are_a_failure(looks, is_failure, reader):
    left = iter(looks)

    def answer(asked: Any) -> Any:
        numbers, total = next(left)
        return page([{"application_id": str(n)} for n in numbers], asked, None, total)

    reader.read(opened(FakeVendor(answer), job_ids=["a"]), "candidates")
    assert next(left, None) is None
    assert bool(reader.metrics.get("failures")) == is_failure
    assert "complete_listings" not in reader.metrics


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


NO_SUCCESS = [
    Reply(body="<html>be right back</html>"),
    Reply(body=[1]),
    {},
    {"data": {"candidates": []}},
    {"success": None, "metadata": {"credits_consumed": "?"}},
]
BUDGET = {"max_credits_per_run": 10, "page_size": 30, "max_retries": 3}


@pytest.mark.parametrize("body", NO_SUCCESS)
def test_answers_of_no_use_count_against_the_budget(body, reader):
    """Three credits each, or fewer when no more are left: four of sixty jobs are asked for."""
    fake = FakeVendor(lambda asked: body)
    jobs = [str(number) for number in range(60)]
    error = reader.failure(opened(fake, job_ids=jobs, **BUDGET), "candidates")
    assert "answered 200" in str(error)
    assert [count for _, _, count in asked_for(fake)] == [30, 30, 30, 10]


@pytest.mark.parametrize(
    "lost", [ConnectionError("reset"), ReadTimeout("late"), Reply(502, "bad gateway"), Reply(504)]
)
def test_answers_that_were_lost_count_against_the_budget_and_not_as_spent(lost, reader):
    """They may have been charged: a request is repeated only if the budget pays for each time."""
    recruiter = Recruiter(a=0, c=1)
    fake = FakeVendor(
        lambda asked: lost if asked.body["params"]["job_id"] == "b" else recruiter(asked)
    )
    reader.read(opened(fake, job_ids=["a", "b", "c", "d"], **BUDGET), "candidates")
    assert asked_for(fake) == [("a", 0, 30)] + [("b", 0, 30)] * 3 + [("c", 0, 10)]
    assert reader.metrics["credits"] == {"c": 1}
    assert reader.metrics["stopped_by_budget"]
    assert len(reader.metrics["failures"]) == 1


@pytest.mark.parametrize(
    "refusal", [Reply(429, {}), Reply(500, {}), no_success("RATE_LIMITED"), ConnectTimeout()]
)
def test_refusals_cost_nothing(refusal, reader):
    refusals = iter([refusal] * 3)
    recruiter = Recruiter(a=30)
    fake = FakeVendor(lambda asked: next(refusals, None) or recruiter(asked))
    settings = {**BUDGET, "max_credits_per_run": 3}
    assert len(reader.read(opened(fake, job_ids=["a"], **settings), "candidates")) == 30
    assert reader.metrics["credits"] == {"a": 3}


def test_a_refused_connection_costs_nothing(reader):
    """Nobody got the request, so it is repeated as often as max_retries says."""
    settings = {**BUDGET, "max_credits_per_run": 3, "job_ids": ["a"], "session": None}
    retried: list[Any] = []
    source = opened(FakeVendor(lambda asked: None), base_url="http://127.0.0.1:9", **settings)
    with pytest.MonkeyPatch.context() as patch:
        send = PacedAdapter.send
        patch.setattr(PacedAdapter, "send", lambda *a, **k: retried.append(a) or send(*a, **k))
        assert "no answer (ConnectionError)" in str(reader.failure(source, "candidates"))
    assert len(retried) == 4


@pytest.mark.parametrize("answer", [no_success("INVALID_PARAMS"), {"error": {"code": "X"}}])
def test_a_refusal_that_comes_as_200_costs_what_it_says(answer, reader):
    """Most say nothing, and that is their price."""
    recruiter = Recruiter(b=1)
    charged = {**answer, "metadata": {"credits_consumed": 2}}
    replies = {"a": answer, "c": charged}
    fake = FakeVendor(lambda asked: replies.get(asked.body["params"]["job_id"]) or recruiter(asked))
    reader.read(opened(fake, job_ids=["a", "b", "c"]), "candidates")
    assert reader.metrics["credits"] == {"b": 1, "c": 2}
    assert len(reader.metrics["failures"]) == 2


def test_proof_of_the_credentials_tells_its_price_and_keeps_to_the_budget():
    fake = FakeVendor(Recruiter(a=1))
    assert list(opened(fake, max_credits_per_run=1).resources["probe"]) == [
        {"asked": "get_posts", "jobs": 1, "credits": 1}
    ]
    with pytest.raises(ResourceExtractionError, match="max_credits_per_run allows none"):
        list(opened(fake, max_credits_per_run=0).resources["probe"])
    assert len(fake.asked) == 1


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
