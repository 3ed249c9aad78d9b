import pytest

from shouwen.kernel.errors import NotAllowed
from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import CallBackResult, GradeSource, PromiseKind, ReopenReason, Stage, TargetState
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.rules.closing import Missing
from shouwen.loop.workorders.tests.factories import after, finish, opened, resolved, settled, small_company, told

pytestmark = pytest.mark.django_db


def test_the_whole_loop_from_taken_to_closed() -> None:
    company = small_company()
    order = settled(company)

    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))

    order.refresh_from_db()
    assert (order.stage, order.owner_id, order.grade, order.closed_at) == (Stage.CLOSED, company.li.pk, 5, after(90))
    assert told(order) == [
        "WorkOrderOpened",
        "StepFinished",
        "VerdictGiven",
        "HandedOver",
        "StepFinished",
        "VerdictGiven",
        "StepFinished",
        "VerdictGiven",
        "WorkOrderResolved",
        "ResultTold",
        "CalledBack",
        "SatisfactionGraded",
        "WorkOrderClosed",
    ]
    assert [(row.kind, row.state) for row in order.targets.order_by("id")] == [
        ("accepted", TargetState.KEPT),
        ("arrived", TargetState.KEPT),
        ("restored", TargetState.KEPT),
    ]
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_close_names_everything_that_is_missing() -> None:
    company = small_company()
    order = resolved(company)
    services.make_promise(work_order_id=order.pk, kind=PromiseKind.CALL, due_at=after(200), actor_id=company.li.pk, at=after(61))
    before = told(order)

    with pytest.raises(services.CannotClose) as refusal:
        services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))

    order.refresh_from_db()
    assert refusal.value.missing == (Missing.CALL_BACK, Missing.GRADE, Missing.PROMISE)
    assert (order.stage, told(order)) == (Stage.RESOLVED, before)


def test_an_open_matter_cannot_be_closed() -> None:
    company = small_company()
    order = opened(company)

    with pytest.raises(services.CannotClose) as refusal:
        services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(1))

    assert refusal.value.missing == (Missing.RESOLUTION, Missing.CALL_BACK, Missing.GRADE)


def test_whoever_worked_on_it_does_not_call_back() -> None:
    company = small_company()
    order = resolved(company)

    with pytest.raises(services.CannotCallBack):
        services.record_call_back(work_order_id=order.pk, result=CallBackResult.REACHED, actor_id=company.li.pk, at=after(80))

    assert "CalledBack" not in told(order)


def test_the_owner_cannot_record_the_grade() -> None:
    company = small_company()
    order = resolved(company)

    with pytest.raises(NotAllowed):
        services.record_grade(work_order_id=order.pk, grade=5, source=GradeSource.CALL_BACK, actor_id=company.li.pk, at=after(80))

    order.refresh_from_db()
    assert order.grade is None


def test_staff_cannot_pretend_that_the_customer_used_the_link() -> None:
    company = small_company()
    order = resolved(company)

    with pytest.raises(services.CannotGrade):
        services.record_grade(work_order_id=order.pk, grade=5, source=GradeSource.LINK, actor_id=company.chen.pk, at=after(80))


def test_a_second_grade_is_refused() -> None:
    company = small_company()
    order = settled(company, grade=4)

    with pytest.raises(services.CannotGrade):
        services.record_grade(
            work_order_id=order.pk, grade=5, source=GradeSource.CALL_BACK, actor_id=company.chen.pk, at=after(82)
        )


def test_the_worst_grade_opens_a_visit_and_waits_for_it() -> None:
    company = small_company()
    order = settled(company, grade=1)

    with pytest.raises(services.CannotClose) as refusal:
        services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))
    services.settle_visit(
        work_order_id=order.pk, findings="Apologised, mended the socket too.", actor_id=company.zhao.pk, at=after(200)
    )
    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(210))

    order.refresh_from_db()
    assert refusal.value.missing == (Missing.GRADE, Missing.VISIT)
    assert (order.stage, order.grade) == (Stage.CLOSED, 1)


def test_a_customer_who_says_it_is_not_solved_reopens_it_with_fresh_clocks() -> None:
    company = small_company()
    order = resolved(company)

    services.record_call_back(work_order_id=order.pk, result=CallBackResult.UNSOLVED, actor_id=company.chen.pk, at=after(80))

    order.refresh_from_db()
    assert (order.stage, order.round, order.step, order.owner_id) == (Stage.OPEN, 2, "accept", company.li.pk)
    assert [(row.round, row.kind, row.state) for row in order.targets.order_by("id")] == [
        (1, "accepted", TargetState.KEPT),
        (1, "arrived", TargetState.KEPT),
        (1, "restored", TargetState.KEPT),
        (2, "accepted", TargetState.RUNNING),
        (2, "arrived", TargetState.RUNNING),
    ]
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_call_back_counts_as_made_after_three_attempts_in_vain() -> None:
    company = small_company()
    order = resolved(company)
    for attempt in range(3):
        services.record_call_back(
            work_order_id=order.pk, result=CallBackResult.NO_ANSWER, actor_id=company.chen.pk, at=after(80 + attempt)
        )
    services.ask_satisfaction(work_order_id=order.pk, source=GradeSource.LINK, actor_id=company.gateway.pk, at=after(90))
    services.settle_unanswered(work_order_id=order.pk, actor_id=company.gateway.pk, at=after(20_000))

    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(20_001))

    order.refresh_from_db()
    assert (order.stage, order.grade) == (Stage.CLOSED, None)


def test_reopening_is_possible_within_the_window_only() -> None:
    company = small_company()
    order = settled(company)
    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))
    day = 24 * 60

    with pytest.raises(services.CannotReopen):
        services.reopen_work_order(
            work_order_id=order.pk, reason=ReopenReason.CAME_BACK, actor_id=company.li.pk, at=after(90 + 15 * day + 1)
        )
    services.reopen_work_order(
        work_order_id=order.pk, reason=ReopenReason.CAME_BACK, actor_id=company.li.pk, at=after(90 + 15 * day)
    )

    order.refresh_from_db()
    assert (order.stage, order.round, order.grade, order.closed_at) == (Stage.OPEN, 2, None, None)


def test_a_matter_that_ended_early_leaves_the_other_targets_void() -> None:
    company = small_company()
    order = opened(company)

    finish(order, "known", by=company.li, at=after(3))

    assert [(row.kind, row.state) for row in order.targets.order_by("id")] == [
        ("accepted", TargetState.KEPT),
        ("arrived", TargetState.VOID),
    ]
    assert verify_work_order(work_order_id=order.pk).differences == ()
