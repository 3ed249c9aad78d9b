"""Tokens: listed without the token itself, issued for oneself or for a program, revoked within seconds everywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.endpoints import asks, does, makes
from shouwen.faces.api.door.replies import act, as_bytes, done, page
from shouwen.faces.api.door.shapes import NO_NUL, AskedId, Body, Id, Instant, PathId, Shape
from shouwen.faces.api.services.answers import Reply
from shouwen.platform.people import queries, services

WRITE = Scope.TOKENS_WRITE

router = Router(tags=["tokens"])


class Token(Shape):
    id: int
    name: str
    prefix: str
    scopes: list[str]
    expires_at: datetime
    revoked_at: datetime | None


class Tokens(Shape):
    items: list[Token]
    next: str | None


@router.get("/tokens", **asks(WRITE, gives=Tokens))
def list_tokens(request: ApiRequest, staff_id: AskedId = None) -> HttpResponse:
    """List the tokens of one member of staff, by default one's own, the newest first: all on one page."""
    viewer = request.auth.viewer
    return page(request, queries.list_tokens(staff_id=staff_id or viewer.id, viewer=viewer), next_after=None)


class TokenIn(Body):
    """The token acts as `staff_id`, yourself or a program that acts in its own name, within `scopes`."""

    staff_id: Id
    name: Annotated[str, Field(min_length=1, max_length=60, pattern=NO_NUL)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    expires_at: Instant


class IssuedShape(Shape):
    """`token` is shown once: only its digest is kept."""

    id: int
    token: str


@router.post("/tokens", **makes(WRITE, gives=IssuedShape))
def issue_token(request: ApiRequest, body: TokenIn) -> HttpResponse:
    """Issue a token for yourself, or as an administrator for a program; with no scope that your own token lacks."""
    if beyond := sorted(scope for scope in body.scopes if scope not in request.auth.scopes):
        raise services.CannotIssueToken("A token cannot give what it lacks itself: %(scopes)s.", scopes=", ".join(beyond))
    return act(request, services.issue_token, _issued, **body.values())


def _issued(one: services.IssuedToken) -> Reply:
    return Reply(status=201, body=as_bytes(one))


@router.post("/tokens/{token_id}/revocation", **does(WRITE))
def revoke_token(request: ApiRequest, token_id: PathId) -> HttpResponse:
    """Revoke a token: at once here, within seconds in every other process."""
    return act(request, services.revoke_token, done, token_id=token_id)
