"""Problems: their shape for every refusal of the house, their language, and nothing of the inside."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.utils.translation import override

import shouwen
from shouwen.faces.api.door.problems import answer_refusal, content_of, status_of
from shouwen.faces.api.middleware import language_of
from shouwen.faces.api.tests.callers import Api, api_of, problem
from shouwen.kernel.errors import BadInput, Refusal
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.services import CannotClose, Conflict
from shouwen.loop.workorders.tests.factories import Company, small_company


def _refusals() -> Iterator[type[Refusal]]:
    for module in pkgutil.walk_packages(shouwen.__path__, "shouwen."):
        if module.name.endswith((".services", ".queries", ".errors", ".problems", ".callers", ".answers")):
            importlib.import_module(module.name)
    waiting = [Refusal]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "tests" not in kind.__module__:
            yield kind


class Everything(dict[str, object]):
    """Fills any placeholder."""

    def __missing__(self, name: str) -> str:
        return f"<{name}>"

    def __or__(self, other: dict[str, object]) -> dict[str, object]:  # type: ignore[override]
        return Everything({**self, **other})


def test_every_refusal_of_the_house_is_a_problem() -> None:
    kinds = set(_refusals())
    answers = {kind: answer_refusal(RequestFactory().get("/"), _one(kind)) for kind in kinds}

    assert len(kinds) > 60
    assert {kind: problem(answer) for kind, answer in answers.items()} == {
        kind: (status_of(_one(kind)), _one(kind).code) for kind in kinds
    }
    assert {answer.status_code for answer in answers.values()} == {400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503}


def _one(kind: type[Refusal]) -> Refusal:
    """Return a refusal of this class whose placeholders are all filled."""
    refusal = kind.__new__(kind)
    refusal.message, refusal.details = kind.message, Everything()
    return refusal


def test_a_problem_is_told_in_the_readers_language(company: Company, li: Api) -> None:
    told = {}
    for language in ("en", "zh-CN", "zh-TW", "fr", ""):
        li.language = language
        told[language] = li.get("/work-orders/1").json()["detail"]

    assert told["en"] == told["fr"] or told["fr"] == told["zh-CN"]
    assert told["en"] == "Nothing was found here."
    assert told["zh-CN"] == told[""]
    assert len({told["en"], told["zh-CN"], told["zh-TW"]}) == 3


def test_the_language_is_the_first_that_the_house_has() -> None:
    assert language_of("fr;q=0.9, zh-TW, en;q=0.5") == "zh-hant"
    assert language_of("de, fr") == "zh-hans"
    assert language_of("") == "zh-hans"
    assert language_of("nonsense;;;") == "zh-hans"


def test_a_refusal_shows_what_it_carries() -> None:
    with override("en"):
        conflict = content_of(Conflict({"subject": "x"}), 409)
        closing = content_of(CannotClose(("grade",)), 409)  # type: ignore[arg-type]
        wrong = content_of(BadInput("limit", "0 is out of range", "ask for 1 to 200"), 422)

    assert conflict["present"] == {"subject": "x"}
    assert closing["missing"] == ("grade",)
    assert (wrong["field"], wrong["problem"], wrong["hint"]) == ("limit", "0 is out of range", "ask for 1 to 200")
    assert wrong["detail"] == "limit: 0 is out of range; ask for 1 to 200."


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"norm": "lamp_out"}, "channel"),
        ({"norm": "lamp_out", "channel": 7}, "channel"),
        ({"norm": "lamp_out", "channel": "phone", "owner": 1}, "owner"),
        ({"norm": "lamp_out", "channel": "phone", "owner_id": True}, "owner_id"),
        ({"norm": "lamp_out", "channel": "phone", "subject": "a\x00b"}, "subject"),
        ({"norm": "lamp_out", "channel": "phone", "subject": "x" * 121}, "subject"),
        ({"norm": "lamp_out", "channel": "phone", "priority": 5}, "priority"),
    ],
)
def test_a_value_of_the_wrong_shape_is_named(company: Company, li: Api, body: dict[str, object], field: str) -> None:
    answer = li.post("/work-orders", body)

    assert problem(answer) == (422, "bad_values")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert WorkOrder.objects.count() == 0


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"nonsense"])
def test_what_is_not_json_is_said_to_be(company: Company, li: Api, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {li.token}"}

    answer = li.client.post("/api/v1/work-orders", body, content_type="application/json", headers=headers)

    assert problem(answer) == (400, "not_json")


def test_what_is_too_large_is_said_to_be(company: Company, li: Api, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    assert problem(li.post("/work-orders", {"norm": "lamp_out", "channel": "phone", "description": "x" * 1000})) == (
        413,
        "too_large",
    )


def test_a_database_that_does_not_answer_is_not_the_callers_mistake(company: Company, li: Api) -> None:
    def no_answer(execute: Any, sql: str, *more: Any) -> Any:
        raise OperationalError("the connection is lost")

    with connection.execute_wrapper(no_answer):
        answer = li.get("/health")

    assert problem(answer) == (503, "unavailable")
    assert "connection" not in answer.content.decode()


@pytest.mark.parametrize(
    "at", ["2026-05-06", "2026-05-06T12:00:00", "1778040000", "now", "0001-01-01T00:00:00+17:00", "9999-12-31T23:59:59-17:00"]
)
def test_an_instant_is_written_with_its_zone(company: Company, li: Api, at: str) -> None:
    assert problem(li.get("/work-orders", due_before=at)) == (422, "bad_values")


def test_an_instant_may_have_any_offset(company: Company, li: Api) -> None:
    assert li.get("/work-orders", due_before="2026-05-06T12:00:00+17:17").status_code == 200


def test_a_misspelt_filter_is_not_passed_over(company: Company, li: Api) -> None:
    answer = li.get("/work-orders", owner=1, limit=2)

    assert problem(answer) == (422, "no_such_parameter")
    assert answer.json()["details"] == {"names": "owner"}
    assert problem(li.get("/me", x=1)) == (422, "no_such_parameter")


def test_a_cursor_that_is_none_is_bad_input(company: Company, li: Api) -> None:
    answer = li.get("/work-orders", after="nonsense")

    assert problem(answer) == (422, "bad_input")
    assert answer.json()["field"] == "after"


def test_what_breaks_inside_stays_inside(
    company: Company, li: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**values: object) -> None:
        raise ZeroDivisionError("password=secret")

    monkeypatch.setattr("shouwen.faces.api.v1.orders.queries.list_work_orders", broken)

    answer = li.get("/work-orders")

    assert problem(answer) == (500, "broken")
    assert "secret" not in answer.content.decode()
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_an_id_that_belongs_to_nothing_is_the_callers_mistake() -> None:
    li = api_of(small_company().li)

    answer = li.post("/work-orders", {"norm": "lamp_out", "channel": "phone", "customer_id": 2**40})

    assert problem(answer) == (422, "no_such_reference")
    assert WorkOrder.objects.count() == 0
