"""How fast the door may be knocked at, and what is said to whoever knocks faster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shouwen.faces.api.door import limits
from shouwen.faces.api.door.limits import Throttle
from shouwen.faces.api.tests.callers import Api, api_of, problem
from shouwen.loop.workorders.tests.factories import Company


class Clock:
    """Stands still until it is moved."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(autouse=True)
def _nothing_was_counted() -> Iterator[None]:
    yield
    limits._of_requests.cache_clear()
    limits._of_failures.cache_clear()


def test_a_burst_is_let_through_and_then_so_many_a_second() -> None:
    clock = Clock()
    throttle = Throttle(rate=2, burst=4, clock=clock)

    burst = [throttle.wait_s("a") for _ in range(5)]
    clock.now_s += 0.5
    after = [throttle.wait_s("a") for _ in range(2)]
    clock.now_s += 3600
    later = [throttle.wait_s("a") for _ in range(5)]

    assert burst == [0, 0, 0, 0, 0.5]
    assert after == [0, 0.5]
    assert later == [0, 0, 0, 0, 0.5]


def test_one_key_does_not_use_up_what_another_may() -> None:
    throttle = Throttle(rate=1, burst=1, clock=Clock())

    assert [throttle.wait_s(key) for key in ("a", "a", "b")] == [0, 1, 0]


def test_it_keeps_no_more_keys_than_it_may() -> None:
    throttle = Throttle(rate=1, burst=1, size_limit=10, clock=Clock())

    for key in range(1000):
        throttle.wait_s(key)

    assert len(throttle._used_until) <= 10


def test_a_token_that_asks_too_often_is_told_when_to_ask_again(company: Company, li: Api, settings: Any) -> None:
    settings.API_RATE = 0.5

    answers = [li.get("/me") for _ in range(3)]

    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert problem(answers[2]) == (429, "too_many_requests")
    assert (answers[2]["Retry-After"], answers[2].json()["details"]) == ("2", {"retry_after_s": 2})
    assert api_of(company.chen).get("/me").status_code == 200


def test_without_a_rate_nothing_is_counted(li: Api, settings: Any) -> None:
    settings.API_RATE = 0

    assert {li.get("/me").status_code for _ in range(20)} == {200}


def test_an_address_that_keeps_failing_is_told_to_wait_and_a_valid_token_from_it_is_not(li: Api, settings: Any) -> None:
    settings.API_FAILURES_PER_MIN = 3

    answers = [Api(token).get("/me") for token in ("", "sw_guessed", "sw_other", "sw_third", "")]

    assert [problem(answer)[0] for answer in answers] == [401, 401, 401, 429, 429]
    assert problem(answers[-1]) == (429, "too_many_failures")
    assert 0 < int(answers[-1]["Retry-After"]) <= 20
    assert li.get("/me").status_code == 200
    elsewhere = li.client.get("/api/v1/me", REMOTE_ADDR="10.0.0.9")
    assert problem(elsewhere) == (401, "unauthenticated")


def test_health_is_never_limited(db: None, settings: Any) -> None:
    settings.API_RATE, settings.API_FAILURES_PER_MIN = 0.001, 1

    assert {Api("").get("/health").status_code for _ in range(5)} == {200}
