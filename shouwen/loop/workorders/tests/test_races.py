from functools import partial

import pytest

from shouwen.kernel.errors import NotAllowed
from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import GradeSource, HandOverReason, LinkKind, PromiseKind, Stage
from shouwen.loop.workorders.models import Escalation, Link, StepRun, WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.rules.merging import FieldChange
from shouwen.loop.workorders.tests.factories import (
    OFFICE,
    Company,
    after,
    finish,
    opened,
    resolved,
    settled,
    small_company,
    told,
)
from shouwen.loop.workorders.tests.proofs import columns
from shouwen.loop.workorders.tests.racing import race, refusals
from shouwen.platform.calendars.services import publish_calendar_version

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company() -> Company:
    return small_company()


def test_of_two_who_take_a_step_one_has_it(company: Company) -> None:
    order = opened(company)

    results = race(
        *(
            partial(services.take_work_order, work_order_id=order.pk, actor_id=staff.pk, at=after(1))
            for staff in (company.li, company.zhao)
        ),
        at=order,
    )

    assert refusals(results) == [services.AlreadyTaken]
    winner = (company.li, company.zhao)[0 if results[0] is None else 1]
    assert columns(order, "handler_id") == (winner.pk,)
    assert told(order) == ["WorkOrderOpened", "StepTaken"]


def test_of_two_who_close_a_matter_one_does(company: Company) -> None:
    order = settled(company)

    results = race(
        *(
            partial(services.close_work_order, work_order_id=order.pk, actor_id=staff.pk, at=after(90))
            for staff in (company.li, company.zhao)
        ),
        at=order,
    )

    assert refusals(results) == [services.WrongStage]
    assert columns(order, "stage", "closed_at") == (Stage.CLOSED, after(90))
    assert told(order).count("WorkOrderClosed") == 1


def test_of_two_who_finish_the_step_they_see_one_does(company: Company) -> None:
    order = opened(company)

    results = race(
        *(
            partial(services.finish_step, work_order_id=order.pk, step="accept", outcome="sent", actor_id=staff.pk, at=after(5))
            for staff in (company.gateway, company.gateway)
        ),
        at=order,
    )

    assert refusals(results) == [services.MovedOn]
    assert columns(order, "step") == ("arrive",)
    assert told(order) == ["WorkOrderOpened", "StepFinished", "VerdictGiven", "HandedOver"]


def test_a_hand_over_against_the_end_of_the_step(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    about = {"work_order_id": order.pk, "step": "arrive", "actor_id": company.wang.pk, "at": after(9)}

    handed, finished = race(
        partial(services.hand_over_work_order, to_unit_id=company.other_crew.pk, reason=HandOverReason.CAPACITY, **about),
        partial(services.finish_step, outcome="there", **about),
        at=order,
    )

    order.refresh_from_db()
    if isinstance(handed, int):
        assert isinstance(finished, NotAllowed)
        assert (order.step, order.unit_id) == ("arrive", company.other_crew.pk)
    else:
        assert isinstance(handed, services.MovedOn)
        assert (order.step, order.unit_id) == ("mend", company.crew.pk)
    run = StepRun.objects.get(work_order=order, finished_at=None)
    assert (run.step, run.unit_id) == (order.step, order.unit_id)
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_two_sweeps_tell_each_rung_once(company: Company) -> None:
    orders = [opened(company) for _ in range(6)]
    sweep = partial(services.sweep_targets, actor_id=company.gateway.pk)

    for minute in (8, 10, 36, 45):
        results = race(partial(sweep, at=after(minute)), partial(sweep, at=after(minute)), partial(sweep, at=after(minute)))
        assert refusals(results) == []
        sweep(at=after(minute))  # whatever the three left to each other

    rungs = list(Escalation.objects.order_by("id").values_list("work_order_id", "target__kind", "rung"))
    assert len(rungs) == len(set(rungs))
    assert {(order_id, kind) for order_id, kind, _ in rungs} == {
        (order.pk, kind) for order in orders for kind in ("accepted", "arrived")
    }
    for order in orders:
        assert told(order).count("Escalated") == Escalation.objects.filter(work_order=order).count()
        assert told(order).count("TargetBroken") == 2


def test_two_who_amend_different_fields_both_keep_theirs(company: Company) -> None:
    order = opened(company, subject="Lamp")

    def amend(name: str, seen: str, wanted: str) -> object:
        return services.amend_work_order(
            work_order_id=order.pk, changes={name: FieldChange(seen, wanted)}, actor_id=company.li.pk, at=after(1)
        )

    results = race(partial(amend, "subject", "Lamp", "Lamp out"), partial(amend, "description", "", "In the hall."), at=order)

    assert results == [("subject",), ("description",)]
    assert columns(order, "subject", "description") == ("Lamp out", "In the hall.")


def test_of_two_who_amend_the_same_field_the_second_is_told(company: Company) -> None:
    order = opened(company, subject="Lamp")

    def amend(wanted: str) -> object:
        changes = {"subject": FieldChange("Lamp", wanted), "description": FieldChange("", wanted)}
        return services.amend_work_order(work_order_id=order.pk, changes=changes, actor_id=company.li.pk, at=after(1))

    results = race(partial(amend, "Lamp out"), partial(amend, "Bulb broken"), at=order)

    assert refusals(results) == [services.Conflict]
    winner = "Lamp out" if isinstance(results[0], tuple) else "Bulb broken"
    assert columns(order, "subject", "description") == (winner, winner)
    [conflict] = [result for result in results if isinstance(result, services.Conflict)]
    assert conflict.present == {"subject": winner, "description": winner}
    assert told(order) == ["WorkOrderOpened", "Amended"]


def test_merging_crosswise_neither_waits_for_ever_nor_merges_both(company: Company) -> None:
    one, other = opened(company), opened(company)

    def merge(from_order: WorkOrder, into: WorkOrder) -> object:
        return services.merge_work_order(work_order_id=from_order.pk, into_id=into.pk, actor_id=company.li.pk, at=after(3))

    results = race(partial(merge, one, other), partial(merge, other, one), at=one)

    assert refusals(results) == [services.CannotLink]
    assert Link.objects.filter(kind=LinkKind.MERGED).count() == 1
    assert sorted(WorkOrder.objects.values_list("stage", flat=True)) == [Stage.CLOSED, Stage.OPEN]


def test_merging_against_closing(company: Company) -> None:
    one, other = opened(company), opened(company)

    results = race(
        partial(services.merge_work_order, work_order_id=one.pk, into_id=other.pk, actor_id=company.li.pk, at=after(3)),
        partial(services.finish_step, work_order_id=one.pk, outcome="sent", actor_id=company.li.pk, at=after(3)),
        at=one,
    )

    assert refusals(results) in ([], [services.WrongStage])
    assert columns(one, "stage", "merged_into_id") == (Stage.CLOSED, other.pk)
    assert verify_work_order(work_order_id=one.pk).differences == ()


def test_a_customer_who_grades_twice_at_once_graded_once(company: Company) -> None:
    order = resolved(company)

    results = race(
        *(
            partial(
                services.record_grade,
                work_order_id=order.pk,
                grade=1,
                source=GradeSource.LINK,
                actor_id=company.gateway.pk,
                at=after(80),
            )
            for _ in range(3)
        ),
        at=order,
    )

    assert refusals(results) == [services.CannotGrade] * 2
    assert (order.visits.count(), told(order).count("SatisfactionGraded")) == (1, 1)


def test_a_promise_kept_while_the_sweep_breaks_it_has_one_end(company: Company) -> None:
    order = opened(company)
    promise_id = services.make_promise(
        work_order_id=order.pk, kind=PromiseKind.CALL, due_at=after(10), actor_id=company.li.pk, at=after(1)
    )

    kept, broken = race(
        partial(services.keep_promise, promise_id=promise_id, actor_id=company.li.pk, at=after(9)),
        partial(services.sweep_promises, actor_id=company.gateway.pk, at=after(11)),
    )

    assert (kept is True) != (broken == 1)
    assert len([kind for kind in told(order) if kind in ("PromiseKept", "PromiseBroken")]) == 1


def test_a_step_finished_while_the_calendar_changes_is_judged_by_one_calendar(company: Company) -> None:
    orders = [opened(company) for _ in range(4)]
    for order in orders:
        finish(order, "sent", by=company.li, at=after(5))
        finish(order, "there", by=company.wang, at=after(40))
    publish_calendar_version(
        name="office", document=OFFICE | {"daily": [["09:00", "10:00"]]}, known_from=after(41), actor_id=None, at=after(41)
    )

    results = race(
        partial(services.recalculate_targets, calendar="office", at=after(42)),
        *(
            partial(services.finish_step, work_order_id=order.pk, outcome="mended", actor_id=company.wang.pk, at=after(1300))
            for order in orders
        ),
    )

    assert refusals(results) == []
    for order in orders:
        assert verify_work_order(work_order_id=order.pk).differences == ()


def test_a_rung_is_told_while_its_step_is_finished(company: Company) -> None:
    order = opened(company)

    results = race(
        partial(services.finish_step, work_order_id=order.pk, outcome="sent", actor_id=company.li.pk, at=after(11)),
        partial(services.sweep_targets, actor_id=company.gateway.pk, at=after(11)),
    )

    assert refusals(results) == []
    assert columns(order.targets.get(kind="accepted"), "state", "next_alarm_at") == ("BROKEN", None)
    assert verify_work_order(work_order_id=order.pk).differences == ()
