"""From a call to a satisfied customer, with the real hearers, a worker that sends, and the sweeps."""

import pytest

from shouwen.loop.satisfaction import services
from shouwen.loop.satisfaction.tests.factories import by_link, heard, scene, texts_at, token_in
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.choices import CallBackResult, GradeSource, Stage
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.tests.factories import after, finish, opened, told
from shouwen.platform.outbox.models import Fact

pytestmark = pytest.mark.django_db


def stage_of(order: WorkOrder) -> str:
    order.refresh_from_db()
    return order.stage


def test_opened_resolved_asked_by_link_graded_worst_visited_and_closed() -> None:
    stage = by_link()
    company = stage.company
    order = opened(company, customer_id=stage.customer.pk, subject="路灯不亮")
    assert "已受理" in texts_at(after(1))[0]
    finish(order, "sent", by=company.li, at=after(5))
    finish(order, "there", by=company.wang, at=after(40))
    finish(order, "mended", by=company.wang, at=after(60))
    workorders.tell_result(work_order_id=order.pk, channel="phone", result="已更换灯泡", actor_id=company.li.pk, at=after(65))

    (link_text,) = texts_at(after(66))
    services.answer_survey(token=token_in(link_text), grade=1, words="来得太晚", at=after(100))
    heard(after(101))

    assert services.close_settled(at=after(110)) == 0
    with pytest.raises(workorders.CannotClose):
        workorders.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(111))
    assert stage_of(order) == Stage.RESOLVED

    workorders.settle_visit(work_order_id=order.pk, findings="已当面致歉", actor_id=company.chen.pk, at=after(200))

    assert (services.close_settled(at=after(210)), services.close_settled(at=after(211))) == (1, 0)
    assert "已结案" in texts_at(after(212))[0]
    assert (stage_of(order), order.grade, order.grade_source, order.owner_id) == (
        Stage.CLOSED,
        1,
        GradeSource.LINK,
        company.li.pk,
    )
    assert [kind for kind in told(order) if kind.startswith(("Result", "Satisf", "Visit", "WorkOrder"))] == [
        "WorkOrderOpened",
        "WorkOrderResolved",
        "ResultTold",
        "SatisfactionAsked",
        "SatisfactionGraded",
        "VisitOpened",
        "VisitSettled",
        "WorkOrderClosed",
    ]
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_called_back_by_somebody_else_graded_and_closed_by_the_sweep() -> None:
    stage = scene()
    company = stage.company
    order = opened(company, customer_id=stage.customer.pk)
    for outcome, by, at in (("sent", company.li, 5), ("there", company.wang, 40), ("mended", company.wang, 60)):
        finish(order, outcome, by=by, at=after(at))
    workorders.tell_result(work_order_id=order.pk, channel="phone", result="It burns.", actor_id=company.li.pk, at=after(65))
    heard(after(66))
    assert services.close_settled(at=after(67)) == 0

    workorders.record_call_back(work_order_id=order.pk, result=CallBackResult.REACHED, actor_id=company.chen.pk, at=after(80))
    workorders.record_grade(work_order_id=order.pk, grade=4, source=GradeSource.CALL_BACK, actor_id=company.chen.pk, at=after(81))
    heard(after(82))

    assert services.close_settled(at=after(90)) == 1
    assert stage_of(order) == Stage.CLOSED
    closing = Fact.objects.get(kind="WorkOrderClosed")
    assert (closing.actor_id, closing.payload["grade"]) == (stage.asker.pk, 4)


def test_a_customer_who_says_nothing_is_settled_after_a_week_and_the_matter_closed() -> None:
    stage = by_link()
    company = stage.company
    order = opened(company, customer_id=stage.customer.pk)
    for outcome, by, at in (("sent", company.li, 5), ("there", company.wang, 40), ("mended", company.wang, 60)):
        finish(order, outcome, by=by, at=after(at))
    workorders.tell_result(work_order_id=order.pk, channel="phone", result="It burns.", actor_id=company.li.pk, at=after(65))
    texts_at(after(66))
    week = after(61 + 7 * 24 * 60)

    swept = services.settle_expired(at=week), services.close_settled(at=week)

    assert swept == (1, 1)
    assert (stage_of(order), order.grade, told(order)[-2:]) == (Stage.CLOSED, None, ["SatisfactionUnanswered", "WorkOrderClosed"])


def test_an_open_promise_keeps_a_matter_open() -> None:
    stage = scene(norm={"survey": False, "call_back": {"needed": False, "why": {"zh": "不", "en": "No"}}})
    company = stage.company
    order = opened(company, customer_id=stage.customer.pk)
    promise_id = workorders.make_promise(
        work_order_id=order.pk, kind="call", due_at=after(300), actor_id=company.li.pk, at=after(2)
    )
    finish(order, "known", by=company.li, at=after(5))
    workorders.tell_result(work_order_id=order.pk, channel="phone", result="Known.", actor_id=company.li.pk, at=after(6))

    before = services.close_settled(at=after(10))
    workorders.keep_promise(promise_id=promise_id, actor_id=company.li.pk, at=after(20))

    assert (before, services.close_settled(at=after(21))) == (0, 1)
