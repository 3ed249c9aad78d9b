"""Bringing employment in line with a list of staff: hired who is not there yet, given what they lack. A list takes nothing away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.people import permissions, queries
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.events import SkillNoted
from shouwen.platform.people.models import Certificate, Post, Skill, Staff
from shouwen.platform.people.services.employment import CannotGrantCertificate, give_post, grant_certificate, hire_staff

LEVELS = range(1, 6)


class CannotEnrol(Refusal):
    """The entry contradicts what is known of this person."""

    message = "%(staff_no)s cannot be enrolled: %(problem)s"


class CannotNoteSkill(Refusal):
    message = "The level of a skill is 1 to 5."


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffEntry:
    """Somebody as a list of staff states them; an empty English name is left open.

    ``skills`` are codes with levels; ``certificates`` are codes with the first day on which they no longer hold.
    """

    staff_no: str
    name: str
    name_en: str = ""
    unit_id: int
    roles: tuple[RoleCode, ...] = ()
    skills: tuple[tuple[str, int], ...] = ()
    certificates: tuple[tuple[str, date], ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an entry came to: whether they were hired by it, and whether anything was given to them."""

    staff_id: int
    is_new: bool
    is_changed: bool


@transaction.atomic
def enrol_staff(*, entry: StaffEntry, actor_id: int, at: datetime) -> Enrolment:
    """Hire whom ``entry`` states unless they are here, and give them the posts in their unit, skills and certificates they lack.

    A certificate holds from the local day of ``at``. What they hold and the entry does not state, they keep.

    :raises NotAllowed: unless the actor is an administrator.
    :raises CannotEnrol: when somebody has this number under another name or in another unit, or has left.
    :raises Refusal: of whatever verb cannot be done; then nothing was done.
    """
    permissions.must_administer(queries.get_viewer(staff_id=actor_id, at=at))
    by: dict[str, Any] = {"actor_id": actor_id, "at": at}
    person = Staff.objects.filter(staff_no=entry.staff_no).first()
    if person is None:
        staff_id = hire_staff(staff_no=entry.staff_no, name=entry.name, name_en=entry.name_en, unit_id=entry.unit_id, **by)
    else:
        _must_be_the_same(person, entry)
        staff_id = person.pk
    given = [
        *(_gave_post(staff_id, role, entry.unit_id, by) for role in entry.roles),
        *(note_skill(staff_id=staff_id, code=code, level=level, **by) for code, level in entry.skills),
        *(_granted(staff_id, code, until, by) for code, until in entry.certificates),
    ]
    return Enrolment(staff_id=staff_id, is_new=person is None, is_changed=any(given))


@transaction.atomic
def note_skill(*, staff_id: int, code: str, level: int, actor_id: int, at: datetime) -> bool:
    """Note how good somebody is at something, 1 (learning) to 5 (teaches it); return False when that is known.

    :raises NotAllowed: unless the actor is an administrator.
    :raises CannotNoteSkill: when there is no such level.
    :raises NotFound: when there is no such person, or they have left.
    """
    permissions.must_administer(queries.get_viewer(staff_id=actor_id, at=at))
    if level not in LEVELS:
        raise CannotNoteSkill
    if not Staff.objects.filter(pk=staff_id, left_at__isnull=True).select_for_update().exists():
        raise NotFound
    if Skill.objects.filter(staff_id=staff_id, code=code, level=level).exists():
        return False
    Skill.objects.update_or_create(staff_id=staff_id, code=code, defaults={"level": level})
    announce(SkillNoted(staff_id=staff_id, code=code, level=level, actor_id=actor_id, at=at))
    return True


def _must_be_the_same(person: Staff, entry: StaffEntry) -> None:
    if person.left_at is not None:
        raise CannotEnrol(staff_no=entry.staff_no, problem="they have left.")
    if person.name != entry.name or entry.name_en not in ("", person.name_en):
        raise CannotEnrol(staff_no=entry.staff_no, problem="somebody has this number under another name.")
    if person.home_unit_id != entry.unit_id:
        raise CannotEnrol(staff_no=entry.staff_no, problem="somebody with this number belongs to another unit.")


def _gave_post(staff_id: int, role: RoleCode, unit_id: int, by: dict[str, Any]) -> bool:
    if Post.objects.filter(staff_id=staff_id, role=role, unit_id=unit_id, held_until__isnull=True).exists():
        return False
    give_post(staff_id=staff_id, role=role, unit_id=unit_id, **by)
    return True


def _granted(staff_id: int, code: str, until: date, by: dict[str, Any]) -> bool:
    if Certificate.objects.filter(staff_id=staff_id, code=code, valid_until=until).exists():
        return False
    valid_from = timezone.localdate(by["at"])
    if until <= valid_from:
        raise CannotGrantCertificate(problem="it has run out.")
    grant_certificate(staff_id=staff_id, code=code, number="", valid_from=valid_from, valid_until=until, **by)
    return True
