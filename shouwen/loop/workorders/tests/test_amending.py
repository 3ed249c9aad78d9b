import pytest

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.loop.workorders import events, services
from shouwen.loop.workorders.choices import Priority
from shouwen.loop.workorders.models import Note, WorkOrder
from shouwen.loop.workorders.rules.merging import FieldChange
from shouwen.loop.workorders.services.amending import CannotAmend
from shouwen.loop.workorders.services.matter import WrongStage
from shouwen.loop.workorders.tests.factories import Company, after, finish, opened, settled, since, told
from shouwen.loop.workorders.tests.proofs import columns, refused
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Staff
from shouwen.platform.people.tests.factories import PostFactory, StaffFactory
from shouwen.records.customers.tests.factories import CustomerFactory


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

    changed = amend(order, company.li, subject=("Lmap out", "Lamp out"), priority=(4, 3))

    assert changed == ("subject", "priority")
    assert columns(order, "subject", "priority") == ("Lamp out", 3)
    assert columns(order.amendments.get(), "before", "by_staff_id", "at") == (
        {"subject": "Lmap out", "priority": 4},
        company.li.pk,
        after(3),
    )
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


def test_the_main_unit_is_changed_by_a_leader_alone(company: Company) -> None:
    order = opened(company)
    moved = (company.centre.pk, company.crew.pk)

    with refused(NotAllowed):
        amend(order, company.li, main_unit_id=moved)
    amend(order, company.zhao, main_unit_id=moved)

    assert columns(order, "main_unit_id") == (company.crew.pk,)


def test_the_customer_stands_once_they_are_to_be_told_and_asked(company: Company) -> None:
    first, second = CustomerFactory.create_batch(2)
    order = opened(company)
    amend(order, company.li, customer_id=(None, first.pk))
    amend(order, company.li, customer_id=(first.pk, second.pk))

    with refused(services.CannotAmend):
        amend(order, company.li, customer_id=(second.pk, None))
    for outcome, by, minute in (("sent", company.li, 5), ("there", company.wang, 40), ("mended", company.wang, 60)):
        finish(order, outcome, by=by, at=after(minute))
    with refused(services.CannotAmend):
        amend(order, company.li, customer_id=(second.pk, first.pk))


def test_what_a_closed_matter_says_stands(company: Company) -> None:
    order = settled(company)
    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))

    with refused(WrongStage):
        amend(order, company.li, result=("It burns.", "It never burnt."))


def test_a_corrected_result_is_told_again(company: Company) -> None:
    order = settled(company)

    amend(order, company.li, result=("It burns.", "It burns, with a new wire."))

    assert columns(order, "result", "result_told_at") == ("It burns, with a new wire.", None)


# The customer writes again.


def test_a_new_danger_that_the_customer_writes_of_goes_before_everything(company: Company) -> None:
    order = opened(company, hazards=())

    for _ in range(2):
        services.hear_again(work_order_id=order.pk, hazards=("wire_down",), actor_id=company.gateway.pk, at=after(9))

    assert columns(order, "hazards", "priority") == (["wire_down"], Priority.DANGER)
    about = {"work_order_id": order.pk, "actor_id": company.gateway.pk, "at": after(9)}
    assert since(order, 1) == [
        events.HeardAgain(hazards=("wire_down",), **about),
        events.PriorityRaised(priority=Priority.DANGER, **about),
        events.HeardAgain(hazards=(), **about),
    ]


def test_a_closed_matter_hears_nothing_more(company: Company) -> None:
    order = settled(company)
    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))

    with refused(WrongStage):
        services.hear_again(work_order_id=order.pk, hazards=(), actor_id=company.gateway.pk, at=after(99))
