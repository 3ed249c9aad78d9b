"""The least that is valid: one unit, one person, one post."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from shouwen.platform.people import principals
from shouwen.platform.people.choices import AbsenceReason, RoleCode, UnitKind
from shouwen.platform.people.models import Absence, Certificate, Post, Skill, Staff, Unit
from shouwen.platform.people.rules import Viewer

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)  # twelve o'clock in Shanghai
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class UnitFactory(DjangoModelFactory[Unit]):
    class Meta:
        model = Unit

    code = factory.Sequence(lambda n: f"U{n}")
    name = "Dongmen service centre"
    kind = UnitKind.SERVICE_CENTRE
    parent = None
    path = factory.LazyAttribute(lambda unit: f"{unit.parent.path if unit.parent else ''}{unit.code}.")


class StaffFactory(DjangoModelFactory[Staff]):
    class Meta:
        model = Staff

    staff_no = factory.Sequence(lambda n: f"S{n:05d}")
    name = "Li Na"
    home_unit = factory.SubFactory(UnitFactory)
    password = "!nobody-signs-in-with-this"


class PostFactory(DjangoModelFactory[Post]):
    class Meta:
        model = Post

    staff = factory.SubFactory(StaffFactory)
    role = RoleCode.AGENT
    unit = factory.SelfAttribute("staff.home_unit")
    held_from = LONG_AGO

    @classmethod
    def _create(cls, model_class: type[Post], *args: Any, **kwargs: Any) -> Post:
        post = super()._create(model_class, *args, **kwargs)
        principals.forget_staff(post.staff_id)
        return post


class SkillFactory(DjangoModelFactory[Skill]):
    class Meta:
        model = Skill

    staff = factory.SubFactory(StaffFactory)
    code = "english"
    level = 3


class CertificateFactory(DjangoModelFactory[Certificate]):
    class Meta:
        model = Certificate

    staff = factory.SubFactory(StaffFactory)
    code = "low_voltage_work"
    valid_from = date(2026, 1, 1)
    valid_until = date(2027, 1, 1)


class AbsenceFactory(DjangoModelFactory[Absence]):
    class Meta:
        model = Absence

    staff = factory.SubFactory(StaffFactory)
    reason = AbsenceReason.LEAVE
    away_from = datetime(2026, 5, 6, tzinfo=UTC)
    away_until = datetime(2026, 5, 7, tzinfo=UTC)
    stand_in = None


def staff_with_role(role: str, **details: Any) -> Staff:
    """Return somebody who holds ``role`` in their own unit."""
    person = StaffFactory(**details)
    PostFactory(staff=person, role=role)
    return person


def administrator(**details: Any) -> Staff:
    """Return somebody who may change units, staff and posts."""
    return staff_with_role(RoleCode.COMPANY_MANAGER, **details)


def viewer_with(*role_paths: tuple[str, str], unit_path: str = "01.", id: int = 1, is_automatic: bool = False) -> Viewer:
    """Return a viewer without rows, for tests of rules."""
    return Viewer(
        id=id,
        staff_no=f"S{id}",
        unit_id=1,
        unit_path=unit_path,
        roles=frozenset(role for role, _ in role_paths),
        role_paths=role_paths,
        is_automatic=is_automatic,
    )
