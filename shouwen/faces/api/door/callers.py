"""Who calls: a token becomes the viewer it acts as and the scopes it has, from memory that is at most seconds old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from shouwen.faces.api.choices import Scope
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
    """A request as endpoints see it: its caller is known."""

    auth: Caller


class Bearer(HttpBearer):
    """Lets in whoever bears a token with one scope."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Caller:
        """Return the caller.

        :raises Unauthenticated: without a token that is valid now.
        :raises ScopeMissing: when the token lacks the scope.
        """
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if header[: len(BEARER)].lower() != BEARER:
            raise Unauthenticated
        caller = self.authenticate(request, header[len(BEARER) :].strip())
        if self.scope not in caller.scopes:
            raise ScopeMissing(scope=self.scope.value)
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        at = timezone.now()
        try:
            viewer, scopes = authenticate_token(token=token, at=at)
        except NotFound as unknown:
            raise Unauthenticated from unknown
        return Caller(viewer=viewer, scopes=scopes, client=token_digest(token=token), at=at)
