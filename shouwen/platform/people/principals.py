"""What this process remembers, for a few seconds, of those who ask: the rows behind a viewer and the tokens behind a program.

A room between models and queries. Whoever changes one of these rows says so with ``forget_…``. Until the commit only the transaction
that changes them sees it, and nothing of it is remembered when it is rolled back; from the commit on this process sees it, and every
other process asks anew after ``VIEWER_CACHE_S``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject

from shouwen.kernel.errors import NotFound
from shouwen.kernel.freshness import FreshAnswers
from shouwen.platform.people.models import ApiToken, EndedSession, Post, Staff
from shouwen.platform.people.rules import Viewer

VIEWER_CACHE_S = 5


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A role held in a unit for a time."""

    role: str
    unit_path: str
    held_from: datetime
    held_until: datetime | None

    def is_held(self, at: datetime) -> bool:
        return self.held_from <= at and (self.held_until is None or at < self.held_until)


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody's rows, from which a viewer is made for any moment."""

    staff_id: int
    staff_no: str
    unit_id: int
    unit_path: str
    is_automatic: bool
    left_at: datetime | None
    session_stamp: int
    ended_sessions: frozenset[str]
    posts: tuple[HeldPost, ...]

    def viewer(self, at: datetime) -> Viewer:
        """Return the viewer they are at ``at``.

        :raises NotFound: when they had left by then.
        """
        if self.left_at is not None and self.left_at <= at:
            raise NotFound
        held = tuple((post.role, post.unit_path) for post in self.posts if post.is_held(at))
        return Viewer(
            id=self.staff_id,
            staff_no=self.staff_no,
            unit_id=self.unit_id,
            unit_path=self.unit_path,
            roles=frozenset(role for role, _ in held),
            role_paths=held,
            is_automatic=self.is_automatic,
        )

    def believes(self, *, stamp: int, session: str) -> bool:
        """Return whether a session with this stamp and name still stands."""
        return stamp == self.session_stamp and session not in self.ended_sessions


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What a token allows, to whom, until when."""

    staff_id: int
    scopes: frozenset[str]
    expires_at: datetime
    is_revoked: bool


def _at_commit() -> list[object]:
    return [entry[1] for entry in connection.run_on_commit]


_principals: FreshAnswers[int, Principal] = FreshAnswers(lifetime_s=VIEWER_CACHE_S, at_commit=_at_commit)
_tokens: FreshAnswers[str, TokenGrant] = FreshAnswers(lifetime_s=VIEWER_CACHE_S, at_commit=_at_commit)


def principal(staff_id: int) -> Principal:
    """Return the rows of ``staff_id``, at most ``VIEWER_CACHE_S`` seconds old.

    :raises NotFound: when there is no such person.
    """
    return _principals.get(staff_id, fetch_principal)


def token_grant(digest: str) -> TokenGrant:
    """Return what the token with this SHA-256 allows, at most ``VIEWER_CACHE_S`` seconds old.

    :raises NotFound: when there is no such token.
    """
    return _tokens.get(digest, fetch_token_grant)


def fetch_principal(staff_id: int) -> Principal:
    """Ask the database for one person: a single query."""
    row = _principal_rows().filter(pk=staff_id).first()
    if row is None:
        raise NotFound
    *columns, ended, posts = row
    return _principal(columns, ended, posts)


def _principal(columns: list[Any], ended: list[str], posts: list[dict[str, str]]) -> Principal:
    staff_id, staff_no, unit_id, unit_path, is_automatic, left_at, stamp = columns
    return Principal(
        staff_id=staff_id,
        staff_no=staff_no,
        unit_id=unit_id,
        unit_path=unit_path,
        is_automatic=is_automatic,
        left_at=left_at,
        session_stamp=stamp,
        ended_sessions=frozenset(ended),
        posts=tuple(_held_post(post) for post in posts),
    )


def _principal_rows() -> Any:
    ended = EndedSession.objects.filter(staff=OuterRef("pk")).values("session")
    posts = Post.objects.filter(staff=OuterRef("pk")).values(
        post=JSONObject(role=F("role"), path=F("unit__path"), since=F("held_from"), until=F("held_until"))
    )
    return Staff.objects.annotate(ended=ArraySubquery(ended), held=ArraySubquery(posts)).values_list(
        "id", "staff_no", "home_unit_id", "home_unit__path", "is_automatic", "left_at", "session_stamp", "ended", "held"
    )


def _held_post(post: dict[str, str]) -> HeldPost:
    until = post["until"]
    return HeldPost(
        role=post["role"],
        unit_path=post["path"],
        held_from=datetime.fromisoformat(post["since"]),
        held_until=None if until is None else datetime.fromisoformat(until),
    )


def fetch_token_grant(digest: str) -> TokenGrant:
    """Ask the database for one token."""
    rows = ApiToken.objects.filter(digest=digest)
    row = rows.values_list("staff_id", "scopes", "expires_at", "revoked_at").first()
    if row is None:
        raise NotFound
    staff_id, scopes, expires_at, revoked_at = row
    return TokenGrant(staff_id=staff_id, scopes=frozenset(scopes), expires_at=expires_at, is_revoked=revoked_at is not None)


def forget_staff(staff_id: int) -> None:
    """Let the change of this person's rows be seen: by its transaction at once, by this process when it is committed."""
    transaction.on_commit(_principals.changing(staff_id))


def forget_token(digest: str) -> None:
    transaction.on_commit(_tokens.changing(digest))


def forget_everybody() -> None:
    """Let a change that concerns many be seen, as ``forget_staff`` does for one."""
    for answers in (_principals, _tokens):
        transaction.on_commit(answers.changing())


def forget_now() -> None:
    """Forget all that is remembered, whatever the database is doing."""
    for answers in (_principals, _tokens):
        answers.forget_all()
