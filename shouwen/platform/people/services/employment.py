"""Employment: hiring, posts, absence, certificates, leaving."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.people import permissions, principals, queries
from shouwen.platform.people.choices import AbsenceReason, RoleCode
from shouwen.platform.people.events import (
    AbsenceRecorded,
    CertificateGranted,
    EmploymentEnded,
    PostGiven,
    PostTaken,
    StaffHired,
)
from shouwen.platform.people.models import Absence, ApiToken, Certificate, Post, Staff, Unit

LONGEST_NUMBER, LONGEST_NAME = 20, 60  # as the columns are


class CannotHire(Refusal):
    message = "%(staff_no)s cannot be hired: %(problem)s"


class CannotGivePost(Refusal):
    message = "This post cannot be given: %(problem)s"


class PostNotHeld(Refusal):
    message = "They do not hold this post."


class CannotRecordAbsence(Refusal):
    message = "This absence cannot be recorded: %(problem)s"


class CannotGrantCertificate(Refusal):
    message = "This certificate cannot be granted: %(problem)s"


class CannotEndEmployment(Refusal):
    message = "They have left already."


@transaction.atomic
def hire_staff(
    *,
    staff_no: str,
    name: str,
    unit_id: int,
    actor_id: int,
    at: datetime,
    name_en: str = "",
    superior_id: int | None = None,
    is_automatic: bool = False,
) -> int:
    """Add somebody to a unit and return their id. They cannot sign in until a password is set; what is automatic never can.

    :raises NotAllowed: unless the actor is an administrator.
    :raises CannotHire: when the number is missing, too long or taken, a name is too long, or there is no such open unit or superior.
    """
    _must_administer(actor_id, at)
    must_fit(staff_no=staff_no, name=name, name_en=name_en)
    if Staff.objects.filter(staff_no=staff_no).exists():
        raise CannotHire(staff_no=staff_no, problem="somebody has this number.")
    if not Unit.objects.open().filter(pk=unit_id).exists():
        raise CannotHire(staff_no=staff_no, problem="there is no such open unit.")
    if superior_id is not None and not Staff.objects.filter(pk=superior_id, left_at__isnull=True).exists():
        raise CannotHire(staff_no=staff_no, problem="there is no such superior.")
    person = Staff(staff_no=staff_no, name=name, name_en=name_en, home_unit_id=unit_id)
    person.superior_id, person.is_automatic, person.joined_on = superior_id, is_automatic, timezone.localdate(at)
    person.set_unusable_password()
    person.save()
    announce(StaffHired(staff_id=person.pk, staff_no=staff_no, unit_id=unit_id, actor_id=actor_id, at=at))
    return person.pk


def must_fit(*, staff_no: str, name: str, name_en: str = "") -> None:
    """:raises CannotHire: unless there is a number and it and the names are as long as their columns."""
    if not staff_no.strip():
        raise CannotHire(staff_no=staff_no, problem="a number is needed.")
    if len(staff_no) > LONGEST_NUMBER:
        raise CannotHire(staff_no=f"{staff_no[:LONGEST_NUMBER]}…", problem="a number has at most 20 characters.")
    if max(len(name), len(name_en)) > LONGEST_NAME:
        raise CannotHire(staff_no=staff_no, problem="a name has at most 60 characters.")


@transaction.atomic
def give_post(*, staff_id: int, role: RoleCode, unit_id: int, actor_id: int, at: datetime) -> None:
    """Give somebody a role in a unit from ``at`` on.

    :raises NotAllowed: unless the actor is an administrator.
    :raises CannotGivePost: when they hold it already, or there is no such open unit.
    :raises NotFound: when there is no such person, or they have left.
    """
    _must_administer(actor_id, at)
    _locked_staff(staff_id)
    if Post.objects.filter(staff_id=staff_id, role=role, unit_id=unit_id, held_until__isnull=True).exists():
        raise CannotGivePost(problem="they hold it already.")
    if not Unit.objects.open().filter(pk=unit_id).exists():
        raise CannotGivePost(problem="there is no such open unit.")
    Post.objects.create(staff_id=staff_id, role=role, unit_id=unit_id, held_from=at)
    principals.forget_staff(staff_id)
    announce(PostGiven(staff_id=staff_id, role=role, unit_id=unit_id, actor_id=actor_id, at=at))


@transaction.atomic
def take_post(*, staff_id: int, role: RoleCode, unit_id: int, actor_id: int, at: datetime) -> None:
    """Take a role in a unit from somebody, from ``at`` on.

    :raises NotAllowed: unless the actor is an administrator.
    :raises PostNotHeld: when they do not hold it.
    """
    _must_administer(actor_id, at)
    held = Post.objects.filter(staff_id=staff_id, role=role, unit_id=unit_id, held_until__isnull=True, held_from__lte=at)
    if not held.update(held_until=at):
        raise PostNotHeld
    principals.forget_staff(staff_id)
    announce(PostTaken(staff_id=staff_id, role=role, unit_id=unit_id, actor_id=actor_id, at=at))


@transaction.atomic
def record_absence(
    *,
    staff_id: int,
    reason: AbsenceReason,
    away_from: datetime,
    away_until: datetime,
    stand_in_id: int | None,
    actor_id: int,
    at: datetime,
) -> None:
    """Record that somebody is away in ``[away_from, away_until)`` and who stands in.

    :raises NotAllowed: unless the actor is that person, leads their unit or is an administrator.
    :raises CannotRecordAbsence: when it ends before it begins, overlaps another, or they would stand in for themselves.
    :raises NotFound: when there is no such person, or they have left.
    """
    person = queries.get_staff(staff_id=staff_id)
    actor = queries.get_viewer(staff_id=actor_id, at=at)
    permissions.must_answer_for(actor, staff_id=staff_id, unit_path=person.unit_path)
    _locked_staff(staff_id)
    if problem := _absence_problem(staff_id, away_from, away_until, stand_in_id):
        raise CannotRecordAbsence(problem=problem)
    Absence.objects.create(staff_id=staff_id, reason=reason, away_from=away_from, away_until=away_until, stand_in_id=stand_in_id)
    announce(
        AbsenceRecorded(
            staff_id=staff_id,
            reason=reason,
            away_from=away_from,
            away_until=away_until,
            stand_in_id=stand_in_id,
            actor_id=actor_id,
            at=at,
        )
    )


def _absence_problem(staff_id: int, away_from: datetime, away_until: datetime, stand_in_id: int | None) -> str | None:
    if away_until <= away_from:
        return "it ends before it begins."
    if stand_in_id == staff_id:
        return "nobody stands in for themselves."
    if stand_in_id is not None and not Staff.objects.filter(pk=stand_in_id, left_at__isnull=True).exists():
        return "nobody employed can stand in under this number."
    if Absence.objects.filter(staff_id=staff_id, away_from__lt=away_until, away_until__gt=away_from).exists():
        return "it overlaps another absence."
    return None


@transaction.atomic
def grant_certificate(
    *, staff_id: int, code: str, number: str, valid_from: date, valid_until: date, actor_id: int, at: datetime
) -> None:
    """Record what somebody has proved to be able to do, on the days ``[valid_from, valid_until)`` (F4).

    :raises NotAllowed: unless the actor is an administrator.
    :raises CannotGrantCertificate: when it ends before it begins.
    :raises NotFound: when there is no such person, or they have left.
    """
    _must_administer(actor_id, at)
    _locked_staff(staff_id)
    if valid_until <= valid_from:
        raise CannotGrantCertificate(problem="it ends before it begins.")
    Certificate.objects.create(staff_id=staff_id, code=code, number=number, valid_from=valid_from, valid_until=valid_until)
    announce(
        CertificateGranted(staff_id=staff_id, code=code, valid_from=valid_from, valid_until=valid_until, actor_id=actor_id, at=at)
    )


@transaction.atomic
def end_employment(*, staff_id: int, actor_id: int, at: datetime) -> None:
    """Let somebody leave at ``at``: their posts end, their sessions and tokens are revoked. What they did stays theirs.

    :raises NotAllowed: unless the actor is an administrator.
    :raises CannotEndEmployment: when they have left already.
    :raises NotFound: when there is no such person.
    """
    _must_administer(actor_id, at)
    person = Staff.objects.filter(pk=staff_id).select_for_update().first()
    if person is None:
        raise NotFound
    if person.left_at is not None:
        raise CannotEndEmployment
    Post.objects.filter(staff=person, held_until__isnull=True, held_from__lte=at).update(held_until=at)
    Staff.objects.filter(pk=staff_id).update(left_at=at, session_stamp=F("session_stamp") + 1)
    principals.forget_staff(staff_id)
    _revoke_tokens_of(staff_id, at)
    announce(EmploymentEnded(staff_id=staff_id, actor_id=actor_id, at=at))


def _revoke_tokens_of(staff_id: int, at: datetime) -> None:
    standing = ApiToken.objects.filter(staff_id=staff_id, revoked_at__isnull=True)
    for digest in standing.values_list("digest", flat=True):
        principals.forget_token(digest)
    standing.update(revoked_at=at)


def _must_administer(actor_id: int, at: datetime) -> None:
    permissions.must_administer(queries.get_viewer(staff_id=actor_id, at=at))


def _locked_staff(staff_id: int) -> None:
    """Hold somebody's row, so that two changes to the same person follow each other.

    :raises NotFound: when there is no such person, or they have left.
    """
    if not Staff.objects.filter(pk=staff_id, left_at__isnull=True).select_for_update().exists():
        raise NotFound
