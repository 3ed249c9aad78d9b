"""Signing in and out, passwords, revoking sessions.

A session is a signed cookie that holds what ``SignInGrant`` says. It is believed while its stamp is the person's own and it has
not been signed out: a new stamp ends all of somebody's sessions, within ``VIEWER_CACHE_S`` everywhere.

A password that somebody else has set is good for one thing: its owner changes it, and then signs in with their own. So nobody goes
on signing in with a password that another person knows, and an owner whose password was reset finds out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.people import permissions, principals, queries, rules
from shouwen.platform.people.events import PasswordChanged, SessionsRevoked, SignedIn, SignedOut
from shouwen.platform.people.models import EndedSession, FailedSignIn, Staff

SESSION_NAME_BYTES = 16
ONE_TIME = (
    "once:"  # stands before the digest of a password that somebody else has set: whatever does not know of it does not believe it
)


class CannotSignIn(Refusal):
    """The same words whether the name is unknown, the password is wrong or they have left; any name is locked alike."""

    message = "The number or the password is not right, or there were too many attempts in a quarter of an hour."


class MustChangePassword(Refusal):
    """The password is right, but somebody else has set it: ``change_password`` comes first. ``staff_id`` is in the details."""

    message = "This password was given to you; choose one of your own first."


class CannotChangePassword(Refusal):
    message = "This password cannot be used: %(problem)s"


@dataclass(frozen=True, slots=True)
class SignInGrant:
    """What a session keeps: who, the stamp under which it was given, and its own name."""

    staff_id: int
    stamp: int
    session: str


def login(*, staff_no: str, password: str, address: str, at: datetime) -> SignInGrant:
    """Sign somebody in and return what their session keeps.

    The attempt is counted in a transaction of its own before the password is looked at, so that simultaneous guesses cannot
    outrun the count. An unknown name costs as much time, and is counted and locked, like a known one.

    :raises CannotSignIn: for every reason with the same words.
    :raises MustChangePassword: when the password is right, but was set by somebody else.
    """
    _count_attempt(staff_no[:20], address, at)
    person = Staff.objects.filter(staff_no=staff_no, is_automatic=False, left_at__isnull=True).first()
    kept = make_password(None) if person is None else person.password  # an unusable one is checked as slowly as any
    if not check_password(password, kept.removeprefix(ONE_TIME)) or person is None:
        raise CannotSignIn
    if kept.startswith(ONE_TIME):
        raise MustChangePassword(staff_id=person.pk)
    return _admit(person, address, at)


@transaction.atomic
def _count_attempt(staff_no: str, address: str, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign-in {staff_no}"])
    FailedSignIn.objects.filter(failed_at__lte=at - rules.FAILURE_WINDOW).delete()
    failed_at = list(FailedSignIn.objects.filter(staff_no=staff_no).values_list("failed_at", flat=True))
    if rules.locked_until(failed_at=failed_at, at=at) is not None:
        raise CannotSignIn
    FailedSignIn.objects.create(staff_no=staff_no, address=address[:45], failed_at=at)


@transaction.atomic
def _admit(person: Staff, address: str, at: datetime) -> SignInGrant:
    FailedSignIn.objects.filter(staff_no=person.staff_no).delete()
    Staff.objects.filter(pk=person.pk).update(last_login=at)
    announce(SignedIn(staff_id=person.pk, address=address, actor_id=person.pk, at=at))
    return SignInGrant(staff_id=person.pk, stamp=person.session_stamp, session=secrets.token_urlsafe(SESSION_NAME_BYTES))


@transaction.atomic
def logout(*, staff_id: int, session: str, at: datetime) -> None:
    """End one session: a copy of its cookie is no longer believed. Signing out twice is no error."""
    lifetime = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    EndedSession.objects.filter(ended_at__lte=at - lifetime).delete()  # their cookies have run out by themselves
    _, is_new = EndedSession.objects.get_or_create(session=session, defaults={"staff_id": staff_id, "ended_at": at})
    if is_new:
        principals.forget_staff(staff_id)
        announce(SignedOut(staff_id=staff_id, actor_id=staff_id, at=at))


@transaction.atomic
def revoke_sessions(*, staff_id: int, reason: str, actor_id: int, at: datetime) -> None:
    """End all sessions of somebody, wherever they are.

    :raises NotAllowed: unless the actor is that person or an administrator.
    :raises NotFound: when there is no such person.
    """
    permissions.must_administer_or_be(queries.get_viewer(staff_id=actor_id, at=at), staff_id=staff_id)
    _renew_stamp(staff_id)
    announce(SessionsRevoked(staff_id=staff_id, reason=reason, actor_id=actor_id, at=at))


def change_password(*, staff_id: int, old_password: str, new_password: str, at: datetime) -> None:
    """Change one's own password; all one's sessions end.

    :raises CannotChangePassword: when the old one is not right, or the new one is the same or too weak.
    """
    person = Staff.objects.filter(pk=staff_id, left_at__isnull=True).first()
    if person is None or not check_password(old_password, person.password.removeprefix(ONE_TIME)):
        raise CannotChangePassword(problem="the old password is not right.")
    if new_password == old_password:
        raise CannotChangePassword(problem="it is the old one.")
    set_password(staff_id=staff_id, password=new_password, actor_id=staff_id, at=at)


@transaction.atomic
def set_password(*, staff_id: int, password: str, actor_id: int, at: datetime) -> None:
    """Give somebody a new password; all their sessions end and their failed attempts are forgotten.

    One that is not one's own is for one time: its owner must change it before they sign in.

    :raises NotAllowed: unless the actor is that person or an administrator; for a discipline officer: another one or a company manager.
    :raises CannotChangePassword: when it is too weak, or they are automatic.
    :raises NotFound: when there is no such person, or they have left.
    """
    actor, owner = (queries.get_viewer(staff_id=one, at=at) for one in (actor_id, staff_id))
    permissions.must_set_password(actor, owner=owner)
    person = Staff.objects.filter(pk=staff_id, left_at__isnull=True).select_for_update().first()
    if person is None:
        raise NotFound
    if person.is_automatic:
        raise CannotChangePassword(problem="what acts by itself signs in with a token.")
    _must_be_strong(password, person)
    mark = "" if actor_id == staff_id else ONE_TIME
    Staff.objects.filter(pk=staff_id).update(password=mark + make_password(password))
    FailedSignIn.objects.filter(staff_no=person.staff_no).delete()
    _renew_stamp(staff_id)
    announce(PasswordChanged(staff_id=staff_id, actor_id=actor_id, at=at))


def _must_be_strong(password: str, person: Staff) -> None:
    try:
        validate_password(password, user=person)
    except ValidationError as weakness:
        raise CannotChangePassword(problem=" ".join(weakness.messages)) from weakness


def _renew_stamp(staff_id: int) -> None:
    if not Staff.objects.filter(pk=staff_id).update(session_stamp=F("session_stamp") + 1):
        raise NotFound
    principals.forget_staff(staff_id)
