"""The fork at the entrance: what begins with ``/api/`` is answered here and never meets the pages' middleware.

A program brings a token and takes JSON: it needs no session, cookie, message, form protection or page policy, and a request that passes
through all of these costs more in them than in its own work. The endpoints are imported at the first request to them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header

if TYPE_CHECKING:
    from shouwen.faces.api.door.callers import ApiRequest
    from shouwen.faces.api.door.routes import Routes

ROOT = "/api/v1/"
ALL = "/api/"


class ApiMiddleware:
    """Stands first of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(ALL):
            return self.get_response(request)
        with translation.override(language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))):
            response = answer(request)
        response["Content-Length"] = str(len(response.content))
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "no-store"
        return response


def answer(request: HttpRequest) -> HttpResponse:
    """Answer a request to the API; an address that stands for nothing is answered like everything else that is not there."""
    from shouwen.faces.api.door.problems import NoSuchMethod, NoSuchParameter, answer_refusal
    from shouwen.faces.api.door.routes import asked_by
    from shouwen.kernel.errors import NotFound

    path = request.path_info
    found = _routes().find(path[len(ROOT) :]) if path.startswith(ROOT) else None
    if found is None:
        return answer_refusal(request, NotFound())
    operation = found.operations.get(request.method or "")
    if operation is None:
        refused = answer_refusal(request, NoSuchMethod(method=request.method))
        refused["Allow"] = ", ".join(sorted(found.operations))
        return refused
    is_guarded = bool(operation.auth_callbacks)  # what is open to everybody is asked by probes, which add what they like
    if is_guarded and request.META.get("QUERY_STRING") and (unknown := set(request.GET) - asked_by(operation)):
        return answer_refusal(request, NoSuchParameter(names=", ".join(sorted(unknown))))
    cast("ApiRequest", request).place = found.values
    return cast(HttpResponse, operation.run(request, **found.values))


@cache
def _routes() -> Routes:
    from shouwen.faces.api.door.routes import Routes
    from shouwen.faces.api.v1 import api

    return Routes(api)


@lru_cache(maxsize=256)
def language_of(header: str) -> str:
    """Return the language of the house that an ``Accept-Language`` prefers, the house's own when it names none of them."""
    for wanted, _ in parse_accept_lang_header(header):
        try:
            return get_supported_language_variant(wanted)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
