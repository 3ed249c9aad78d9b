"""Tokens with which programs act as a member of staff.

A token is issued for oneself, or by an administrator for a program that acts in its own name (automatic staff): never for another
person, so that whatever is done or seen with it was done or seen by who is on record.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.people import permissions, principals, queries
from shouwen.platform.people.events import TokenIssued, TokenRevoked
from shouwen.platform.people.models import ApiToken
from shouwen.platform.people.rules import Viewer

TOKEN_MARK = "sw_"
TOKEN_BYTES = 32
PREFIX_LENGTH = 11
SCOPE = re.compile(r"[a-z_]+(:[a-z_]+)*")


class CannotIssueToken(Refusal):
    message = "This token cannot be issued: %(problem)s"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token. It is shown once: only its digest is kept."""

    id: int
    token: str


@transaction.atomic
def issue_token(
    *, staff_id: int, name: str, scopes: Collection[str], expires_at: datetime, actor_id: int, at: datetime
) -> IssuedToken:
    """Issue a token that acts as ``staff_id``, the actor or a program, within ``scopes`` until ``expires_at``.

    :raises NotAllowed: unless the actor issues it for themselves or is an administrator.
    :raises CannotIssueToken: for another person or a program with a post that the actor does not hold; without a scope, with one
        not written like ``orders:read``, or when it would have expired already.
    :raises NotFound: when there is no such person, or they have left.
    """
    actor = queries.get_viewer(staff_id=actor_id, at=at)
    if staff_id != actor.id:
        _must_be_a_program(staff_id, actor, at)
    if expires_at <= at:
        raise CannotIssueToken(problem="it would have expired already.")
    if not scopes or not all(SCOPE.fullmatch(scope) for scope in scopes):
        raise CannotIssueToken(problem="a token needs scopes written like orders:read.")
    token = TOKEN_MARK + secrets.token_urlsafe(TOKEN_BYTES)
    row = ApiToken.objects.create(
        staff_id=staff_id,
        name=name,
        prefix=token[:PREFIX_LENGTH],
        digest=queries.token_digest(token=token),
        scopes=sorted(set(scopes)),
        issued_at=at,
        expires_at=expires_at,
    )
    announce(_issued(row, actor_id, at))
    return IssuedToken(id=row.pk, token=token)


def _must_be_a_program(staff_id: int, actor: Viewer, at: datetime) -> None:
    """Refuse a token with which the actor would act as another person, or by a post that is not theirs."""
    permissions.must_administer(actor)
    holder = queries.get_viewer(staff_id=staff_id, at=at)
    if not holder.is_automatic:
        raise CannotIssueToken(problem="it is for oneself or for a program that acts in its own name, never for another person.")
    if not holder.roles <= actor.roles:
        raise CannotIssueToken(problem="this program holds a post that you do not hold.")


def _issued(row: ApiToken, actor_id: int, at: datetime) -> TokenIssued:
    return TokenIssued(
        staff_id=row.staff_id,
        token_id=row.pk,
        name=row.name,
        scopes=tuple(row.scopes),
        expires_at=row.expires_at,
        actor_id=actor_id,
        at=at,
    )


@transaction.atomic
def revoke_token(*, token_id: int, actor_id: int, at: datetime) -> None:
    """Revoke a token: at once in this process, within ``VIEWER_CACHE_S`` everywhere. Revoking twice is no error.

    :raises NotAllowed: unless the actor is an administrator or the one it acts as.
    :raises NotFound: when there is no such token.
    """
    row = ApiToken.objects.filter(pk=token_id).select_for_update().first()
    if row is None:
        raise NotFound
    permissions.must_administer_or_be(queries.get_viewer(staff_id=actor_id, at=at), staff_id=row.staff_id)
    if row.revoked_at is not None:
        return
    ApiToken.objects.filter(pk=token_id).update(revoked_at=at)
    principals.forget_token(row.digest)
    announce(TokenRevoked(staff_id=row.staff_id, token_id=token_id, actor_id=actor_id, at=at))
