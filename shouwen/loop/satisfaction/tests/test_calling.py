from datetime import timedelta

import pytest

from shouwen.kernel.errors import NotAllowed
from shouwen.loop.messages.gateways.fake import refused
from shouwen.loop.messages.tests.factories import sent_at
from shouwen.loop.satisfaction import queries, services
from shouwen.loop.satisfaction.models import CallBack, Survey
from shouwen.loop.satisfaction.tests.factories import Scene, by_link, heard, only_survey, ready, scene
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.choices import CallBackResult, GradeSource, PromiseKind
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.tests.factories import after, told
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.queries import get_viewer
from shouwen.platform.people.tests.factories import staff_with_role

pytestmark = pytest.mark.django_db
DAYS = 24 * 60


def page(stage: Scene, staff, at, **asked_for):
    return queries.list_call_backs_due(viewer=get_viewer(staff_id=staff.pk, at=at), at=at, **asked_for)


def test_a_norm_with_a_call_back_gets_one_planned_and_no_link() -> None:
    stage = scene()
    order = ready(stage)

    heard(after(60))

    row = CallBack.objects.get()
    assert (row.work_order_id, row.round, row.policy_key, row.planned_at) == (order.pk, 1, "order.call_back_other", after(60))
    assert row.due_at == after(DAYS)  # resolved in the lunch break: a working day on is the end of the next morning
    assert (Survey.objects.count(), Fact.objects.filter(kind="CallBackPlanned").count()) == (0, 1)


def test_nobody_is_offered_a_call_back_that_the_verb_would_refuse_them() -> None:
    """Chen has promised something about the matter: the list and the verb both know it."""
    stage = scene()
    order = ready(stage)
    chen = stage.company.chen
    workorders.make_promise(work_order_id=order.pk, kind=PromiseKind.CALL, due_at=after(300), actor_id=chen.pk, at=after(60))
    heard(after(60))

    assert page(stage, chen, after(61)).cards == ()
    with pytest.raises(workorders.CannotCallBack):
        workorders.record_call_back(work_order_id=order.pk, result=CallBackResult.REACHED, actor_id=chen.pk, at=after(61))


def test_call_backs_are_offered_to_who_had_no_part_in_the_matter() -> None:
    stage = scene()
    order = ready(stage)
    heard(after(60))
    worker_who_calls = staff_with_role(RoleCode.CALL_BACK_AGENT, home_unit=stage.company.centre)
    order.step_runs.update(staff=worker_who_calls)

    assert [card.number for card in page(stage, stage.company.chen, after(61)).cards] == [order.number]
    assert page(stage, worker_who_calls, after(61)).cards == ()
    with pytest.raises(NotAllowed):
        page(stage, stage.company.li, after(61))


def test_the_owner_is_not_offered_the_call_back_of_their_own_matter() -> None:
    stage = scene()
    order = ready(stage)
    heard(after(60))
    WorkOrder.objects.filter(pk=order.pk).update(owner=stage.company.chen)

    assert page(stage, stage.company.chen, after(61)).cards == ()


def test_call_backs_come_a_page_at_a_time_the_earliest_due_first() -> None:
    stage = scene()
    orders = [ready(stage) for _ in range(3)]
    heard(after(60))
    CallBack.objects.filter(work_order=orders[2]).update(due_at=after(61))

    first = page(stage, stage.company.chen, after(62), limit=2)
    second = page(stage, stage.company.chen, after(62), limit=2, after=first.next_after)

    assert [card.work_order_id for card in first.cards + second.cards] == [orders[2].pk, orders[0].pk, orders[1].pk]
    assert second.next_after is None


def test_nobody_answered_is_tried_again_after_a_pause_and_at_last_the_link_goes_out() -> None:
    stage = scene()
    order = ready(stage)
    heard(after(60))
    offered = []
    for attempt in range(3):
        at = after(70 + attempt * 150)
        workorders.record_call_back(
            work_order_id=order.pk, result=CallBackResult.NO_ANSWER, actor_id=stage.company.chen.pk, at=at
        )
        heard(at)
        offered.append([len(page(stage, stage.company.chen, at + timedelta(minutes=wait)).cards) for wait in (119, 120)])

    assert offered == [[0, 1], [0, 1], [0, 0]]
    assert only_survey().token_digest is not None
    assert CallBack.objects.get().done_at == after(370)


def test_a_customer_reached_who_gave_no_grade_gets_the_link_an_hour_later() -> None:
    stage = scene()
    order = ready(stage)
    heard(after(60))
    workorders.record_call_back(
        work_order_id=order.pk, result=CallBackResult.REACHED, actor_id=stage.company.chen.pk, at=after(70)
    )
    heard(after(71))

    counts = [
        services.settle_expired(at=after(129)),
        services.settle_expired(at=after(130)),
        services.settle_expired(at=after(131)),
    ]

    assert counts == [0, 1, 0]
    assert only_survey().asked_at == after(130)


def test_a_customer_reached_who_gave_a_grade_gets_no_link() -> None:
    stage = scene()
    order = ready(stage)
    heard(after(60))
    workorders.record_call_back(
        work_order_id=order.pk, result=CallBackResult.REACHED, actor_id=stage.company.chen.pk, at=after(70)
    )
    workorders.record_grade(
        work_order_id=order.pk, grade=4, source=GradeSource.CALL_BACK, actor_id=stage.company.chen.pk, at=after(71)
    )
    heard(after(72))

    assert services.settle_expired(at=after(130)) == 0
    assert Survey.objects.count() == 0


def test_whom_no_message_can_reach_is_called_and_after_calls_in_vain_the_asking_is_settled() -> None:
    stage = by_link(mobile="")
    order = ready(stage)
    heard(after(60))
    planned = CallBack.objects.count()
    for attempt in range(3):
        at = after(70 + attempt * 150)
        workorders.record_call_back(
            work_order_id=order.pk, result=CallBackResult.NO_ANSWER, actor_id=stage.company.chen.pk, at=at
        )
    heard(after(380))

    assert (planned, Survey.objects.count()) == (1, 1)
    assert services.settle_expired(at=after(390) + timedelta(days=7)) == 1
    assert told(order)[-1] == "SatisfactionUnanswered"


def test_a_link_that_reached_nobody_is_replaced_by_a_call() -> None:
    stage = by_link()
    ready(stage)
    heard(after(60))

    sent_at(after(70), sms=refused)
    heard(after(71))

    assert CallBack.objects.get().planned_at == after(70)


def test_another_message_that_reached_nobody_brings_no_call() -> None:
    stage = by_link()
    order = ready(stage)

    planned = services.call_instead(about_kind="work_order", about_id=order.pk, template="result_told", at=after(71))

    assert (planned, CallBack.objects.count()) == (False, 0)
