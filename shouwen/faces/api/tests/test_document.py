"""What the document says of every endpoint beside its own answer."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from shouwen.faces.api.tests.cases import WITHOUT_TOKEN
from shouwen.faces.api.v1 import api

OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    details["operationId"]: (method, details)
    for methods in json.loads(api.document)["paths"].values()
    for method, details in methods.items()
}


def problems_of(name: str) -> set[int]:
    return {int(status) for status in OPERATIONS[name][1]["responses"] if int(status) >= 400}


def test_every_answer_that_can_come_is_named() -> None:
    of_all, guarded = {405, 500, 503}, {401, 403, 404, 409, 422, 429}
    expected = {
        name: of_all | (set() if name in WITHOUT_TOKEN else guarded) | ({400, 413} if method in ("post", "patch") else set())
        for name, (method, _) in OPERATIONS.items()
    }

    assert {name: problems_of(name) for name in OPERATIONS} == expected


def test_health_is_answered_whatever_a_probe_adds(db: None) -> None:
    assert Client().get("/api/v1/health?probe=1").status_code == 200
    assert problems_of("get_health") == {405, 500, 503}


def test_who_asks_too_often_finds_in_the_document_where_it_says_when_to_ask_again() -> None:
    assert "Retry-After" in OPERATIONS["get_me"][1]["responses"]["429"]["headers"]


def test_every_verb_that_is_done_once_names_the_key() -> None:
    naming = {
        name for name, (_, details) in OPERATIONS.items() if "Idempotency-Key" in {one["name"] for one in details["parameters"]}
    }
    asked_anew = {name for name, (_, details) in OPERATIONS.items() if details.get("x-not-idempotent")}

    assert naming == {name for name, (method, _) in OPERATIONS.items() if method in ("post", "patch")} - asked_anew
    assert "amend_work_order" in naming
