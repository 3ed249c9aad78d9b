import pytest

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.loop.workorders import events, services
from shouwen.loop.workorders.choices import PromiseKind, PromiseState
from shouwen.loop.workorders.models import Promise, WorkOrder
from shouwen.loop.workorders.services.matter import TimeRunsBackward, WrongStage
from shouwen.loop.workorders.tests.factories import Company, after, finish, opened, settled, since, told
from shouwen.loop.workorders.tests.proofs import columns, refused
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Staff
from shouwen.platform.people.tests.factories import PostFactory, StaffFactory


def promise(order: WorkOrder, due: float, *, by: Staff, minute: float = 1) -> int:
    return services.make_promise(
        work_order_id=order.pk,
        kind=PromiseKind.ARRIVE,
        due_at=after(due),
        words="With a ladder.",
        actor_id=by.pk,
        at=after(minute),
    )


def test_a_promise_is_made_with_a_time(company: Company) -> None:
    order = opened(company)

    promise_id = promise(order, 60, by=company.li)

    assert Promise.objects.filter(pk=promise_id).values().get() == {
        "id": promise_id,
        "work_order_id": order.pk,
        "kind": "arrive",
        "made_by_id": company.li.pk,
        "unit_id": company.centre.pk,
        "made_at": after(1),
        "due_at": after(60),
        "words": "With a ladder.",
        "state": PromiseState.OPEN,
        "settled_at": None,
        "moved_to_id": None,
    }
    assert since(order, 1) == [
        events.PromiseMade(
            work_order_id=order.pk,
            promise_id=promise_id,
            promise="arrive",
            due_at=after(60),
            actor_id=company.li.pk,
            at=after(1),
        )
    ]


@pytest.mark.parametrize("due", [0, 1])
def test_a_promise_is_about_a_time_to_come(company: Company, due: float) -> None:
    order = opened(company)

    with refused(services.CannotPromise):
        promise(order, due, by=company.li)


def test_a_promise_is_not_made_before_the_matter_was_taken(company: Company) -> None:
    order = opened(company)

    with refused(TimeRunsBackward):
        promise(order, 60, by=company.li, minute=-1)


def test_nothing_is_promised_in_a_closed_matter(company: Company) -> None:
    order = settled(company)
    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))

    with refused(WrongStage):
        promise(order, 200, by=company.li, minute=91)


def test_an_inspector_promises_nothing(company: Company) -> None:
    order = opened(company)
    inspector = StaffFactory()
    PostFactory(staff=inspector, role=RoleCode.QUALITY_INSPECTOR)

    with refused(NotAllowed):
        promise(order, 60, by=inspector)


def test_a_promise_is_moved_before_its_time_and_both_stand(company: Company) -> None:
    order = opened(company)
    promise_id = promise(order, 60, by=company.li)

    new_id = services.move_promise(promise_id=promise_id, due_at=after(90), actor_id=company.zhao.pk, at=after(59))

    old, new = Promise.objects.get(pk=promise_id), Promise.objects.get(pk=new_id)
    assert columns(old, "state", "settled_at", "moved_to_id", "due_at") == (PromiseState.MOVED, after(59), new_id, after(60))
    assert columns(new, "state", "due_at", "kind", "words", "made_by_id") == (
        PromiseState.OPEN,
        after(90),
        "arrive",
        "With a ladder.",
        company.zhao.pk,
    )
    assert since(order, 2) == [
        events.PromiseMoved(
            work_order_id=order.pk,
            promise_id=promise_id,
            new_promise_id=new_id,
            due_at=after(60),
            new_due_at=after(90),
            actor_id=company.zhao.pk,
            at=after(59),
        )
    ]


def test_once_its_time_has_come_a_promise_is_not_moved(company: Company) -> None:
    order = opened(company)
    promise_id = promise(order, 60, by=company.li)

    with refused(services.TooLateToMove):
        services.move_promise(promise_id=promise_id, due_at=after(90), actor_id=company.li.pk, at=after(60))


def test_a_promise_is_not_moved_into_the_past(company: Company) -> None:
    order = opened(company)
    promise_id = promise(order, 60, by=company.li)

    with refused(services.CannotPromise):
        services.move_promise(promise_id=promise_id, due_at=after(50), actor_id=company.li.pk, at=after(50))


@pytest.mark.parametrize(
    ("minute", "in_time", "state", "kind"),
    [(60, True, PromiseState.KEPT, events.PromiseKept), (61, False, PromiseState.BROKEN, events.PromiseBroken)],
)
def test_what_was_done_in_time_is_kept(
    company: Company, minute: float, in_time: bool, state: str, kind: type[events.WorkOrderFact]
) -> None:
    order = opened(company)
    promise_id = promise(order, 60, by=company.li)

    told_in_time = services.keep_promise(promise_id=promise_id, actor_id=company.li.pk, at=after(minute))

    assert told_in_time is in_time
    assert columns(Promise.objects.get(), "state", "settled_at") == (state, after(minute))
    assert since(order, 2) == [kind(work_order_id=order.pk, promise_id=promise_id, actor_id=company.li.pk, at=after(minute))]


def test_a_settled_promise_stays_settled(company: Company) -> None:
    order = opened(company)
    promise_id = promise(order, 60, by=company.li)
    services.keep_promise(promise_id=promise_id, actor_id=company.li.pk, at=after(10))

    with refused(services.CannotPromise):
        services.keep_promise(promise_id=promise_id, actor_id=company.li.pk, at=after(11))
    with refused(services.CannotPromise):
        services.move_promise(promise_id=promise_id, due_at=after(90), actor_id=company.li.pk, at=after(11))
    assert services.sweep_promises(actor_id=company.gateway.pk, at=after(500)) == 0


def test_a_promise_that_is_not_there_is_not_found(company: Company) -> None:
    with refused(NotFound):
        services.keep_promise(promise_id=10**9, actor_id=company.li.pk, at=after(1))


def test_a_promise_of_a_matter_one_may_not_know_is_not_found(company: Company) -> None:
    order = opened(company)
    promise_id = promise(order, 60, by=company.li)

    with refused(NotFound):
        services.keep_promise(promise_id=promise_id, actor_id=company.wang.pk, at=after(2))


def test_the_sweep_breaks_what_was_not_kept_once(company: Company) -> None:
    order = opened(company)
    promise_id = promise(order, 60, by=company.li)
    promise(order, 90, by=company.li)

    counts = [services.sweep_promises(actor_id=company.gateway.pk, at=after(minute)) for minute in (60, 61, 62)]

    assert counts == [0, 1, 0]
    assert since(order, 3) == [
        events.PromiseBroken(work_order_id=order.pk, promise_id=promise_id, actor_id=company.gateway.pk, at=after(61))
    ]


def test_the_sweep_takes_the_oldest_first_and_no_more_than_asked(company: Company) -> None:
    order = opened(company)
    ids = [promise(order, due, by=company.li) for due in (30, 20, 10)]

    assert services.sweep_promises(actor_id=company.gateway.pk, at=after(99), limit=2) == 2

    assert list(Promise.objects.filter(state=PromiseState.OPEN).values_list("id", flat=True)) == [ids[0]]


def test_an_arrival_does_not_keep_a_promise_by_itself(company: Company) -> None:
    """Who promised says when it was done: the step may have been done by somebody else at another time."""
    order = opened(company)
    promise(order, 60, by=company.li)
    finish(order, "sent", by=company.li, at=after(5))
    finish(order, "there", by=company.wang, at=after(30))

    assert "PromiseKept" not in told(order)
