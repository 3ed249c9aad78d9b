"""Who calls: a token becomes the viewer it acts as and the scopes it has, from memory that is at most seconds old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.discretion import must_know_of
from shouwen.faces.api.door.limits import must_not_hurry, note_failure
from shouwen.faces.api.door.shapes import MAX_ID
from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.people.queries import authenticate_token, token_digest
from shouwen.platform.people.rules import Viewer

BEARER = "bearer "


class Unauthenticated(Refusal):
    message = "Send a token that is valid: Authorization: Bearer sw_…"


class ScopeMissing(Refusal):
    """The token is believed, but it was not issued for this."""

    message = "This token lacks the scope %(scope)s."


@dataclass(frozen=True, slots=True)
class Caller:
    """A program and the member of staff it acts as. ``at`` is when the request came: the one reading of the clock."""

    viewer: Viewer
    scopes: frozenset[str]
    client: str  # the digest of its token
    at: datetime


class ApiRequest(HttpRequest):
    """A request as endpoints see it: its caller is known. ``place`` are the parts of its address that are values."""

    auth: Caller
    place: dict[str, str]


class Bearer(HttpBearer):
    """Lets in whoever bears a token with one scope.

    ``is_discreet``: what is asked is not for programs when it is about a matter that they may not know of.
    """

    def __init__(self, scope: Scope, *, is_discreet: bool = True) -> None:
        super().__init__()
        self.scope = scope
        self.is_discreet = is_discreet

    def __call__(self, request: HttpRequest) -> Caller:
        """Return the caller.

        :raises Unauthenticated: without a token that is valid now.
        :raises TooManyFailures: the same, when there were many from this address.
        :raises TooManyRequests: when this token asks too fast.
        :raises ScopeMissing: when the token lacks the scope.
        :raises NotFound: to a program that asks about a matter that it may not know of.
        """
        try:
            caller = self.authenticate(request, _token_of(request))
        except Unauthenticated:
            note_failure(request.META.get("REMOTE_ADDR", ""))
            raise
        must_not_hurry(caller.client)
        if self.scope not in caller.scopes:
            raise ScopeMissing(scope=self.scope.value)
        if self.is_discreet and caller.viewer.is_automatic:
            _must_know_of_place(caller.viewer, cast(ApiRequest, request).place)
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        at = timezone.now()
        try:
            viewer, scopes = authenticate_token(token=token, at=at)
        except NotFound as unknown:
            raise Unauthenticated from unknown
        return Caller(viewer=viewer, scopes=scopes, client=token_digest(token=token), at=at)


def _token_of(request: HttpRequest) -> str:
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    if header[: len(BEARER)].lower() != BEARER:
        raise Unauthenticated
    return header[len(BEARER) :].strip()


def _must_know_of_place(viewer: Viewer, place: dict[str, str]) -> None:
    """What is no id of a matter that can be kept is refused by its shape, later."""
    written = place.get("work_order_id", "")
    if written.isdecimal() and written.isascii() and int(written) <= MAX_ID:
        must_know_of(viewer, work_order_id=int(written))
