"""The API as django-ninja declares it, and its OpenAPI 3.1 document with what all endpoints share said once."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser

from shouwen.faces.api.choices import SCOPE_WORDS, Scope
from shouwen.faces.api.door.callers import Bearer
from shouwen.faces.api.door.problems import HANDLERS, PROBLEM
from shouwen.faces.api.door.routes import operations_of

PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457). `detail` is in the reader's language, `code` is for programs.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "details": {"type": "object"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
                "required": ["field", "problem"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code"],
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A request sent again with the same key and body is answered again and not done again, for 48 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "The language of `detail` in problems: zh-Hans (default), zh-Hant or en.",
    "schema": {"type": "string"},
}
NOT_REPEATABLE = "x-not-idempotent"

VERB_METHODS = frozenset({"post", "patch"})
OF_ALL, OF_GUARDED, OF_VERBS = (405, 500, 503), (401, 403, 404, 409, 422, 429), (400, 413)
"""The problems that every address answers with, those of one that asks for a token, and those of a request with a body."""
PROBLEM_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    405: {"Allow": {"description": "The methods that this address answers.", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "In how many seconds to ask again.", "schema": {"type": "integer", "minimum": 1}}},
}


class JsonParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return orjson.loads(request.body)


class ServiceApi(NinjaAPI):
    """An API whose endpoints answer with finished replies: nothing is validated a second time on its way out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, parser=JsonParser(), docs_url=None, openapi_url=None)

    def set_default_exception_handlers(self) -> None:
        for kind, answer in HANDLERS.items():
            self.add_exception_handler(kind, answer)  # type: ignore[arg-type]

    def create_temporal_response(self, request: HttpRequest) -> HttpResponse:
        """No endpoint writes into a reply that is not made yet."""
        return NO_REPLY

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    @cached_property
    def document(self) -> bytes:
        """Return the OpenAPI document: made once, when it is first asked for."""
        content = dict(OpenAPISchema(self, path_prefix="api/v1/"))
        scopes = {operation.view_func.__name__: scope_of(operation) for _, operation in operations_of(self)}
        for path in content["paths"].values():
            for method, details in path.items():
                _complete(details, method=method, scope=scopes[details["operationId"]])
        content["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        content["components"]["securitySchemes"] = {"Bearer": {"type": "http", "scheme": "bearer"}}
        content["x-scopes"] = {scope.value: words for scope, words in SCOPE_WORDS.items()}
        return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)


NO_REPLY = HttpResponse()


def scope_of(operation: Operation) -> Scope | None:
    """Return the scope that an endpoint asks for; None: it is open to everybody."""
    return next((auth.scope for auth in operation.auth_callbacks if isinstance(auth, Bearer)), None)


def _complete(details: dict[str, Any], *, method: str, scope: Scope | None) -> None:
    """Add what every endpoint has: a scope, problems, headers."""
    is_verb = method in VERB_METHODS
    for status in (*OF_ALL, *(OF_GUARDED if scope else ()), *(OF_VERBS if is_verb else ())):
        details["responses"][status] = _problem(status)
    details["parameters"] = [*map(_written_out, details.get("parameters", [])), LANGUAGE]
    if is_verb and not details.get(NOT_REPEATABLE):
        details["parameters"].append(IDEMPOTENCY_KEY)
    if scope is not None:
        details["security"] = [{"Bearer": [scope.value]}]


def _problem(status: int) -> dict[str, Any]:
    headers = {"headers": PROBLEM_HEADERS[status]} if status in PROBLEM_HEADERS else {}
    return {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"schema": PROBLEM_REF}}, **headers}


def _written_out(parameter: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter without the null that it is when it is left out: nobody can write that into an address."""
    schema = {name: value for name, value in parameter["schema"].items() if name != "anyOf" and value is not None}
    for kind in parameter["schema"].get("anyOf", ()):
        if kind != {"type": "null"}:
            schema |= kind
    return parameter | {"schema": schema}
