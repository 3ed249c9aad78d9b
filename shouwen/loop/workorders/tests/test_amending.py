import pytest

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.loop.workorders import events, services
from shouwen.loop.workorders.choices import Priority
from shouwen.loop.workorders.models import Note, WorkOrder
from shouwen.loop.workorders.rules.merging import FieldChange
from shouwen.loop.workorders.services.amending import CannotAmend
from shouwen.loop.workorders.tests.factories import Company, after, finish, opened, since, told
from shouwen.loop.workorders.tests.proofs import columns, refused
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Staff
from shouwen.platform.people.tests.factories import PostFactory, StaffFactory


def amend(order: WorkOrder, by: Staff, **changes: tuple[object, object]) -> tuple[str, ...]:
    """Amend fields, each from what was seen to what is wanted."""
    return services.amend_work_order(
        work_order_id=order.pk,
        changes={name: FieldChange(seen, wanted) for name, (seen, wanted) in changes.items()},
        actor_id=by.pk,
        at=after(3),
    )


def test_fields_are_corrected_and_only_their_names_are_announced(company: Company) -> None:
    order = opened(company, subject="Lmap out")

    changed = amend(
        order, company.li, subject=("Lmap out", "Lamp out"), priority=(4, 3), main_unit_id=(company.centre.pk, company.crew.pk)
    )

    assert changed == ("subject", "priority", "main_unit_id")
    assert columns(order, "subject", "priority", "main_unit_id") == ("Lamp out", 3, company.crew.pk)
    assert since(order, 1) == [events.Amended(work_order_id=order.pk, fields=changed, actor_id=company.li.pk, at=after(3))]


def test_two_who_changed_different_fields_both_keep_theirs(company: Company) -> None:
    order = opened(company, subject="Lamp out")

    amend(order, company.li, subject=("Lamp out", "Two lamps out"))
    amend(order, company.zhao, description=("", "In the hall."))

    assert columns(order, "subject", "description") == ("Two lamps out", "In the hall.")


def test_the_second_of_two_who_changed_the_same_field_sees_the_conflict(company: Company) -> None:
    order = opened(company, subject="Lamp out")
    amend(order, company.li, subject=("Lamp out", "Two lamps out"))

    with refused(services.Conflict) as refusal:
        amend(order, company.zhao, subject=("Lamp out", "Three lamps out"), description=("", "In the hall."))

    assert refusal.value.present == {"subject": "Two lamps out"}


def test_what_is_already_as_it_is_wanted_is_no_change(company: Company) -> None:
    order = opened(company, subject="Lamp out")

    assert amend(order, company.li, subject=("something else", "Lamp out")) == ()
    assert told(order) == ["WorkOrderOpened"]


def test_a_danger_flagged_later_goes_before_everything_else(company: Company) -> None:
    order = opened(company)

    amend(order, company.li, hazards=([], ["fire"]))

    assert columns(order, "hazards", "priority") == (["fire"], Priority.DANGER)
    about = {"work_order_id": order.pk, "actor_id": company.li.pk, "at": after(3)}
    assert since(order, 1) == [
        events.Amended(fields=("hazards",), **about),
        events.PriorityRaised(priority=Priority.DANGER, **about),
    ]


@pytest.mark.parametrize(
    ("name", "seen", "wanted"),
    [
        ("stage", "OPEN", "CLOSED"),
        ("owner_id", None, 1),
        ("grade", None, 5),
        ("priority", 4, 0),
        ("priority", 4, None),
        ("hazards", [], ["flood"]),
        ("hazards", [], "fire"),
        ("subject", "", "x" * 121),
        ("subject", "", None),
        ("description", "", 7),
        ("main_unit_id", None, None),
        ("customer_id", None, "1"),
        ("no_such_field", "", ""),
    ],
)
def test_what_cannot_be_amended_is_refused(company: Company, name: str, seen: object, wanted: object) -> None:
    order = opened(company)

    with refused(CannotAmend):
        amend(order, company.li, **{name: (seen, wanted)})


@pytest.mark.parametrize("name", ["customer_id", "supply_point_id"])
def test_a_customer_who_does_not_exist_is_refused(company: Company, name: str) -> None:
    order = opened(company)

    with refused(CannotAmend) as refusal:
        amend(order, company.li, **{name: (None, 10**9)})

    assert refusal.value.details == {"field": name}


def test_helpers_and_inspectors_amend_nothing(company: Company) -> None:
    order = opened(company)
    inspector = StaffFactory()
    PostFactory(staff=inspector, role=RoleCode.QUALITY_INSPECTOR)

    with refused(NotAllowed):
        amend(order, inspector, subject=("", "x"))
    with refused(NotFound):
        amend(order, company.wang, subject=("", "x"))


def test_a_note_is_inside_unless_it_is_said_to_be_for_the_customer(company: Company) -> None:
    order = opened(company)
    about = {"work_order_id": order.pk, "actor_id": company.li.pk, "at": after(2)}

    inside = services.add_note(text="Beware of the dog.", **about)
    outside = services.add_note(text="We come at two.", is_public=True, **about)

    assert list(Note.objects.order_by("id").values_list("id", "text", "is_public", "author_id", "at")) == [
        (inside, "Beware of the dog.", False, company.li.pk, after(2)),
        (outside, "We come at two.", True, company.li.pk, after(2)),
    ]
    assert since(order, 1) == [events.NoteAdded(note_id=inside, **about), events.NoteAdded(note_id=outside, **about)]


def test_a_unit_that_has_passed_the_work_on_reads_but_writes_no_note(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    finish(order, "wrong_place", by=company.wang, at=after(6))

    with refused(NotAllowed):
        services.add_note(work_order_id=order.pk, text="x", actor_id=company.wang.pk, at=after(7))
