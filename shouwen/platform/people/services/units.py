"""The tree of units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Concat, Length, Substr

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.people import directory, permissions, principals, queries, rules
from shouwen.platform.people.choices import RoleCode, UnitKind
from shouwen.platform.people.events import PostGiven, StaffHired, UnitCreated, UnitMoved
from shouwen.platform.people.models import Post, Staff, Unit
from shouwen.platform.people.services import employment

TREE_LOCK = 0x756E6974  # "unit": whoever moves a unit holds it alone, whoever adds one shares it
CODE = re.compile(r"[0-9A-Za-z_-]{1,20}")
LONGEST_NAME, LONGEST_PATH = 80, 200  # as the columns are
TOO_DEEP = "it would stand too deep: the codes from the top to it have at most 200 characters together."


class CannotCreateUnit(Refusal):
    message = "The unit %(code)s cannot be created: %(problem)s"


class CannotMoveUnit(Refusal):
    message = "The unit cannot be moved: %(problem)s"


@dataclass(frozen=True, slots=True)
class Founding:
    """The first unit and the first person of a new house."""

    unit_id: int
    staff_id: int


@transaction.atomic
def found_company(*, code: str, name: str, staff_no: str, staff_name: str, at: datetime) -> Founding:
    """Create the top unit and its company manager in an empty house, and return both ids. Nobody need be allowed to.

    :raises CannotCreateUnit: when there is a unit already, or the code or the name does not fit.
    :raises CannotHire: when the founder's number or name does not fit.
    """
    employment.must_fit(staff_no=staff_no, name=staff_name)
    _hold_tree_alone()
    if Unit.objects.exists():
        raise CannotCreateUnit(code=code, problem="the company has been founded already.")
    unit = _create_unit(code=code, name=name, name_en="", kind=UnitKind.COMPANY, parent=None)
    founder = Staff(staff_no=staff_no, name=staff_name, home_unit=unit)
    founder.set_unusable_password()
    founder.save()
    Post.objects.create(staff=founder, role=RoleCode.COMPANY_MANAGER, unit=unit, held_from=at)
    announce(
        _created(unit, founder.pk, at),
        StaffHired(staff_id=founder.pk, staff_no=staff_no, unit_id=unit.pk, actor_id=founder.pk, at=at),
        PostGiven(staff_id=founder.pk, role=RoleCode.COMPANY_MANAGER, unit_id=unit.pk, actor_id=founder.pk, at=at),
    )
    return Founding(unit_id=unit.pk, staff_id=founder.pk)


@transaction.atomic
def create_unit(
    *, code: str, name: str, kind: UnitKind, parent_id: int | None, actor_id: int, at: datetime, name_en: str = ""
) -> int:
    """Create a unit below ``parent_id`` (None: at the top) and return its id.

    :raises NotAllowed: unless the actor is an administrator.
    :raises CannotCreateUnit: when the code is taken or is not 1–20 letters, digits, ``-`` or ``_``, a name or its path is too long,
        or there is no such parent.
    """
    permissions.must_administer(queries.get_viewer(staff_id=actor_id, at=at))
    _share_tree()
    parent = None if parent_id is None else Unit.objects.open().filter(pk=parent_id).first()
    if parent is None and parent_id is not None:
        raise CannotCreateUnit(code=code, problem="there is no open unit to put it under.")
    unit = _create_unit(code=code, name=name, name_en=name_en, kind=kind, parent=parent)
    announce(_created(unit, actor_id, at))
    return unit.pk


def _create_unit(*, code: str, name: str, name_en: str, kind: UnitKind, parent: Unit | None) -> Unit:
    if not CODE.fullmatch(code):
        raise CannotCreateUnit(code=code, problem="a code is 1 to 20 letters, digits, - or _.")
    if max(len(name), len(name_en)) > LONGEST_NAME:
        raise CannotCreateUnit(code=code, problem="a name has at most 80 characters.")
    if Unit.objects.filter(code=code).exists():
        raise CannotCreateUnit(code=code, problem="another unit has this code.")
    path = rules.path_of(code=code, parent_path=parent.path if parent else "")
    if len(path) > LONGEST_PATH:
        raise CannotCreateUnit(code=code, problem=TOO_DEEP)
    directory.forget_units()
    return Unit.objects.create(code=code, name=name, name_en=name_en, kind=kind, parent=parent, path=path)


def _created(unit: Unit, actor_id: int, at: datetime) -> UnitCreated:
    return UnitCreated(unit_id=unit.pk, code=unit.code, unit_kind=unit.kind, path=unit.path, actor_id=actor_id, at=at)


@transaction.atomic
def move_unit(*, unit_id: int, to_parent_id: int, actor_id: int, at: datetime) -> None:
    """Move a unit with everything below it under another; the paths of all are written anew.

    :raises NotAllowed: unless the actor is an administrator.
    :raises CannotMoveUnit: below itself, to where it is, or so deep that a path below it would be too long.
    :raises NotFound: when either unit is not there.
    """
    permissions.must_administer(queries.get_viewer(staff_id=actor_id, at=at))
    _hold_tree_alone()
    unit, parent = _unit(unit_id), _unit(to_parent_id)
    if rules.is_within(parent.path, top=unit.path):
        raise CannotMoveUnit(problem="a unit cannot stand below itself.")
    if unit.parent_id == parent.pk:
        raise CannotMoveUnit(problem="it stands there already.")
    old_path, new_path = unit.path, rules.path_of(code=unit.code, parent_path=parent.path)
    longest = Unit.objects.within(old_path).aggregate(longest=Max(Length("path")))["longest"]
    if longest - len(old_path) + len(new_path) > LONGEST_PATH:
        raise CannotMoveUnit(problem=TOO_DEEP)
    Unit.objects.filter(pk=unit.pk).update(parent=parent)
    Unit.objects.within(old_path).update(path=Concat(Value(new_path), Substr(F("path"), len(old_path) + 1)))
    principals.forget_everybody()
    directory.forget_units()
    announce(UnitMoved(unit_id=unit.pk, from_path=old_path, to_path=new_path, actor_id=actor_id, at=at))


def _unit(unit_id: int) -> Unit:
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise NotFound
    return unit


def _hold_tree_alone() -> None:
    _lock_tree("select pg_advisory_xact_lock(%s)")


def _share_tree() -> None:
    _lock_tree("select pg_advisory_xact_lock_shared(%s)")


def _lock_tree(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [TREE_LOCK])
