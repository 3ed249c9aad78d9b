"""Every endpoint: without a token, without its scope, by a stranger, about what is not there, by who may ask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.tests.callers import EVERY_SCOPE, Api, api_of, problem
from shouwen.faces.api.tests.cases import CASES, WITHOUT_TOKEN
from shouwen.faces.api.tests.world import SECRET, World, build
from shouwen.faces.api.v1 import api
from shouwen.loop.workorders.tests.factories import Company, told
from shouwen.platform.outbox.models import Fact

DOCUMENT: dict[str, Any] = json.loads(api.document)


def operations() -> Iterator[tuple[str, str, str, str | None]]:
    """Yield operation id, method, address and scope."""
    for path, methods in DOCUMENT["paths"].items():
        for method, details in methods.items():
            scopes = details.get("security", [{}])[0].get("Bearer", [None])
            yield details["operationId"], method, path, scopes[0]


GUARDED = [operation for operation in operations() if operation[3] is not None]
NOWHERE = 2**40


@pytest.fixture
def world(company: Company) -> World:
    return build(company)


def test_every_endpoint_has_a_case() -> None:
    assert {name for name, *_ in operations()} == set(CASES) | WITHOUT_TOKEN
    assert {scope for *_, scope in operations()} == {*EVERY_SCOPE, None}


@pytest.mark.parametrize("token", ["", "sw_guessed"])
def test_without_a_token_that_is_valid_nothing_is_answered(db: None, token: str) -> None:
    answers = {name: Api(token).ask(method, _filled(path, 1)) for name, method, path, _ in GUARDED}

    assert {name: problem(answer) for name, answer in answers.items()} == dict.fromkeys(answers, (401, "unauthenticated"))
    assert all(answer["WWW-Authenticate"].startswith("Bearer") for answer in answers.values())


def test_without_its_scope_nothing_is_answered(company: Company) -> None:
    lacking = {scope: api_of(company.gateway, *(set(EVERY_SCOPE) - {scope}), name=scope) for scope in EVERY_SCOPE}

    answers = {
        (name, scope): lacking[scope].ask(method, _filled(path, 1), CASES[name].body) for name, method, path, scope in GUARDED
    }

    assert {one: problem(answer) for one, answer in answers.items()} == dict.fromkeys(answers, (403, "scope_missing"))
    assert [answer.json()["details"] for answer in answers.values()] == [{"scope": scope} for _, scope in answers]


def test_a_stranger_learns_nothing_and_changes_nothing(world: World) -> None:
    stranger, wrong = api_of(world.stranger), {}
    for name, method, path, _ in GUARDED:
        before = told(world.order), Fact.objects.count()
        answer = _asked_and_undone(stranger, method, world.path(path) + _query(name), world.body(CASES[name].body))
        leaks, changes = SECRET in answer.content.decode(), (told(world.order), Fact.objects.count()) != before
        if (answer.status_code, leaks, changes) != (CASES[name].stranger, False, False):
            wrong[name] = (answer.status_code, leaks, changes, answer.content[:200])

    assert wrong == {}


def test_what_is_not_there_is_not_found(world: World) -> None:
    """By whoever may do it: some is the manager's work, some that of those who meet customers, some a gateway's."""
    people = [api_of(world.manager), api_of(world.order.owner), api_of(world.gateway)]
    wrong = {}
    for name, method, path, _ in GUARDED:
        if "_id}" in path:
            found = [
                _asked_and_undone(one, method, _filled(path, NOWHERE), world.body(CASES[name].body)).status_code for one in people
            ]
            if set(found) - {403} != {404}:
                wrong[name] = found

    assert wrong == {}


def test_every_endpoint_answers_somebody(world: World) -> None:
    """So that a case that is refused to everybody, and would prove nothing, is found."""
    people = [api_of(one) for one in (world.manager, world.order.owner, world.gateway, world.caller_back, world.wang)]
    never = {}
    for name, method, path, _ in GUARDED:
        answers = [
            _asked_and_undone(one, method, world.path(path) + _query(name), world.body(CASES[name].body)) for one in people
        ]
        if not any(answer.status_code < 300 or answer.status_code == 409 for answer in answers):
            never[name] = [(answer.status_code, answer.content[:100]) for answer in answers]

    assert never == {}


def test_an_address_that_is_none_is_answered_as_a_problem(db: None) -> None:
    for path in (
        "/api/",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v2/work-orders",
        "/api/v1/work-orders/1/nothing",
        "/api/v1/health/",
    ):
        assert problem(Client().get(path)) == (404, "not_found")


def test_a_method_that_an_address_does_not_answer_names_those_that_it_does(db: None) -> None:
    answer = Client().delete("/api/v1/work-orders/1")

    assert problem(answer) == (405, "no_such_method")
    assert answer["Allow"] == "GET, PATCH"


def test_health_needs_no_token_and_tells_no_secret(db: None) -> None:
    answer = Client().get("/api/v1/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_the_document_is_openapi_and_needs_no_token(db: None) -> None:
    answer = Client().get("/api/v1/openapi.json")

    assert answer.json()["openapi"] == "3.1.0"
    assert set(answer.json()["x-scopes"]) == {scope.value for scope in Scope}


def test_nothing_of_the_pages_runs_for_the_api(company: Company) -> None:
    answer = api_of(company.li).get("/me")

    assert answer.status_code == 200
    assert not answer.cookies
    assert answer.headers.get("Content-Security-Policy") is None
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "no-store")


def _asked_and_undone(api: Api, method: str, path: str, body: object) -> HttpResponse:
    """Ask, and take back whatever it has changed if it was answered."""
    with transaction.atomic():
        answer = api.ask(method, path, body)
        transaction.set_rollback(answer.status_code < 300)
    return answer


def _filled(path: str, value: int) -> str:
    return re.sub(r"{[a-z_]+}", str(value), path.removeprefix("/api/v1"))


def _query(name: str) -> str:
    return "?work_order_id=1" if name == "list_interactions" else ""
