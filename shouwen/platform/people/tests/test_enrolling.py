"""People of a list: hired once, given what they lack, contradicted never."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shouwen.kernel.errors import NotAllowed, NotFound, Refusal
from shouwen.platform.outbox.models import Fact
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.people import services
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Certificate, Post, Skill, Staff
from shouwen.platform.people.tests.factories import (
    NOON,
    CertificateFactory,
    PostFactory,
    StaffFactory,
    UnitFactory,
    administrator,
)

pytestmark = pytest.mark.django_db


def entry(**changes: Any) -> services.StaffEntry:
    unit_id = changes.pop("unit_id", None) or UnitFactory().pk
    return services.StaffEntry(**({"staff_no": "A1", "name": "李娜", "unit_id": unit_id} | changes))


def test_somebody_new_is_hired_and_given_everything_at_once() -> None:
    actor = administrator()
    wanted = entry(
        name_en="Li Na",
        roles=(RoleCode.AGENT, RoleCode.TRAINER),
        skills=(("english", 3),),
        certificates=(("climbing", date(2027, 1, 1)),),
    )

    done = services.enrol_staff(entry=wanted, actor_id=actor.pk, at=NOON)

    person = Staff.objects.get(pk=done.staff_id)
    assert (done.is_new, done.is_changed) == (True, True)
    assert (person.name, person.name_en, person.home_unit_id, person.has_usable_password()) == (
        "李娜",
        "Li Na",
        wanted.unit_id,
        False,
    )
    assert Certificate.objects.get().valid_from == date(2026, 5, 6)
    told = [card.kind for card in list_facts(case_kind="staff", case_id=person.pk)]
    assert told == ["StaffHired", "PostGiven", "PostGiven", "SkillNoted", "CertificateGranted"]


def test_whoever_is_there_is_given_only_what_they_lack() -> None:
    actor, person = administrator(), StaffFactory(staff_no="A1", name="李娜")
    PostFactory(staff=person, role=RoleCode.AGENT)
    CertificateFactory(staff=person, code="climbing", valid_until=date(2027, 1, 1))
    wanted = entry(
        unit_id=person.home_unit_id,
        roles=(RoleCode.AGENT, RoleCode.TRAINER),
        certificates=(("climbing", date(2027, 1, 1)),),
    )

    first = services.enrol_staff(entry=wanted, actor_id=actor.pk, at=NOON)
    facts = Fact.objects.count()
    second = services.enrol_staff(entry=wanted, actor_id=actor.pk, at=NOON)

    assert (first.is_new, first.is_changed, second.is_new, second.is_changed) == (False, True, False, False)
    assert (facts, Fact.objects.count()) == (1, 1)
    assert sorted(Post.objects.filter(staff=person).values_list("role", flat=True)) == ["agent", "trainer"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "李明"}, "A1 cannot be enrolled: somebody has this number under another name."),
        ({"name_en": "Li Ming"}, "A1 cannot be enrolled: somebody has this number under another name."),
        ({"unit_id": None}, "A1 cannot be enrolled: somebody with this number belongs to another unit."),
        ({"certificates": (("climbing", date(2026, 5, 6)),)}, "This certificate cannot be granted: it has run out."),
        ({"skills": (("english", 6),)}, "The level of a skill is 1 to 5."),
    ],
)
def test_what_contradicts_or_cannot_be_is_refused_and_nothing_is_given(changes: dict[str, Any], says: str) -> None:
    actor, person = administrator(), StaffFactory(staff_no="A1", name="李娜")

    with pytest.raises(Refusal) as refusal:
        services.enrol_staff(
            entry=entry(**({"unit_id": person.home_unit_id, "roles": (RoleCode.AGENT,)} | changes)), actor_id=actor.pk, at=NOON
        )

    assert refusal.value.explain() == says
    assert not Post.objects.filter(staff=person).exists()


def test_whoever_has_left_is_not_enrolled_again() -> None:
    person = StaffFactory(staff_no="A1", name="李娜", left_at=NOON)

    with pytest.raises(services.CannotEnrol):
        services.enrol_staff(entry=entry(unit_id=person.home_unit_id), actor_id=administrator().pk, at=NOON)


def test_a_skill_is_noted_once_and_changes_its_level() -> None:
    actor, person = administrator(), StaffFactory()
    by: dict[str, Any] = {"staff_id": person.pk, "code": "english", "actor_id": actor.pk, "at": NOON}

    told = [services.note_skill(level=level, **by) for level in (2, 2, 4)]

    assert told == [True, False, True]
    assert Skill.objects.get().level == 4
    assert [card.kind for card in list_facts(case_kind="staff", case_id=person.pk)] == ["SkillNoted", "SkillNoted"]
    with pytest.raises(NotFound):
        services.note_skill(level=2, **(by | {"staff_id": StaffFactory(left_at=NOON).pk}))


def test_only_an_administrator_enrols_and_notes() -> None:
    stranger = StaffFactory()

    with pytest.raises(NotAllowed):
        services.enrol_staff(entry=entry(), actor_id=stranger.pk, at=NOON)
    with pytest.raises(NotAllowed):
        services.note_skill(staff_id=stranger.pk, code="english", level=3, actor_id=stranger.pk, at=NOON)

    assert not Staff.objects.filter(staff_no="A1").exists()
