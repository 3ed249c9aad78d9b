"""How the door says no: ``application/problem+json`` (RFC 9457), in the reader's language, and never how the inside looks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext
from ninja.errors import HttpError, ValidationError
from psycopg.errors import ForeignKeyViolation

from shouwen.faces.api.door.callers import ScopeMissing, Unauthenticated
from shouwen.faces.api.door.limits import TooManyFailures, TooManyRequests
from shouwen.faces.api.door.replies import as_bytes
from shouwen.kernel.errors import BadInput, NotAllowed, NotFound, Refusal

PROBLEM = "application/problem+json"
TYPE = "urn:shouwen:problem:"

log = logging.getLogger(__name__)


class NoSuchMethod(Refusal):
    message = "This address does not answer %(method)s."


class NoSuchParameter(Refusal):
    """A misspelt filter that was passed over would list everything."""

    message = "This address takes no parameter %(names)s."


class NotJson(Refusal):
    message = "The body is not JSON."


class BadValues(Refusal):
    message = "Some values cannot be used: %(fields)s."


class NoSuchReference(Refusal):
    """An id that was named does not belong to anything."""

    message = "Something that this names does not exist."


class TooLarge(Refusal):
    message = "The body is larger than what is taken at once."


class Unavailable(Refusal):
    message = "This cannot be answered just now; ask again in a moment."


class Broken(Refusal):
    message = "Something is broken on our side. It has been written down."


STATUS: dict[type[Refusal], int] = {
    NotJson: 400,
    Unauthenticated: 401,
    NotAllowed: 403,
    ScopeMissing: 403,
    NotFound: 404,
    NoSuchMethod: 405,
    TooLarge: 413,
    BadInput: 422,
    BadValues: 422,
    NoSuchReference: 422,
    NoSuchParameter: 422,
    TooManyRequests: 429,
    TooManyFailures: 429,
    Broken: 500,
    Unavailable: 503,
}
"""The status of each class of refusals and of those below it."""

WRONG_INPUT = frozenset(
    {
        "cannot_open",
        "cannot_amend",
        "cannot_search",
        "cannot_receive",
        "cannot_issue_token",
        "cannot_subscribe",
        "look_needs_reason",
        "key_used_otherwise",
    }
)
"""Codes of refusals that say that what was sent is wrong, whatever the state of things: 422. All others are 409: not as things stand."""


def status_of(refusal: Refusal) -> int:
    for kind in type(refusal).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 422 if refusal.code in WRONG_INPUT else 409


def answer_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    status = status_of(refusal)
    response = _problem(content_of(refusal, status), status)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="shouwen"'
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response["Retry-After"] = str(refusal.details["retry_after_s"])
    return response


def content_of(refusal: Refusal, status: int) -> dict[str, object]:
    """Return the problem: the fixed members, ``details`` that fill the sentence, and whatever the refusal carries beside them."""
    more = {name: value for name, value in vars(refusal).items() if name not in ("message", "details")}
    return {
        "type": TYPE + refusal.code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": refusal.explain(gettext),
        "code": refusal.code,
        "details": refusal.details,
        **more,
    }


def answer_bad_values(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer values of the wrong shape: each with its field and what is wrong with it."""
    errors = [{"field": _field(one["loc"]), "problem": one["msg"]} for one in error.errors]
    refusal = BadValues(fields=", ".join(str(one["field"]) for one in errors))
    content = content_of(refusal, 422) | {"errors": errors}
    return _problem(content, 422)


def _problem(content: dict[str, object], status: int) -> HttpResponse:
    response = HttpResponse(as_bytes(content), status=status, content_type=PROBLEM)
    response._has_been_logged = True  # type: ignore[attr-defined]  # a refusal is no trouble of ours; what is, is logged where it is caught
    return response


def _field(place: tuple[object, ...]) -> str:
    """Return the field as the client knows it: without the source and the name of our parameter for a whole body."""
    words = [str(word) for word in place]
    return ".".join(words[2:] or words[1:]) if words and words[0] == "body" else ".".join(words[1:] or words)


def answer_bad_body(request: HttpRequest, error: Exception) -> HttpResponse:
    return answer_refusal(request, NotJson())


def answer_broken_reference(request: HttpRequest, error: IntegrityError) -> HttpResponse:
    """A reference to something that is not there is the caller's mistake; any other broken rule is ours."""
    if isinstance(error.__cause__, ForeignKeyViolation):
        return answer_refusal(request, NoSuchReference())
    return answer_unknown(request, error)


def answer_too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return answer_refusal(request, TooLarge())


def answer_unavailable(request: HttpRequest, error: OperationalError) -> HttpResponse:
    """The database does not answer, or had to choose between two that waited for each other: nothing was done."""
    log.error("%s %s could not be answered", request.method, request.path, exc_info=error)
    return answer_refusal(request, Unavailable())


def answer_unknown(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return answer_refusal(request, Broken())


HANDLERS: Mapping[type[Exception], object] = {
    Refusal: answer_refusal,
    ValidationError: answer_bad_values,
    HttpError: answer_bad_body,
    UnreadablePostError: answer_bad_body,
    RequestDataTooBig: answer_too_large,
    IntegrityError: answer_broken_reference,
    OperationalError: answer_unavailable,
    Exception: answer_unknown,
}
