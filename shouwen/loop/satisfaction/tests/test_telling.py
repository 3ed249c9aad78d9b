from datetime import timedelta

import pytest

from shouwen.loop.messages.models import Message
from shouwen.loop.satisfaction.models import CallBack, Survey
from shouwen.loop.satisfaction.tests.factories import Scene, by_link, heard, scene, texts_at
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.choices import PromiseKind, ReopenReason
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.tests.factories import after, finish, opened, resolved
from shouwen.platform.outbox.models import Delivery

pytestmark = pytest.mark.django_db


def taken(stage: Scene, **details: object) -> WorkOrder:
    return opened(stage.company, customer_id=stage.customer.pk, **({"subject": "路灯不亮"} | details))


def promised(stage: Scene, order: WorkOrder, *, due: int = 120, at: int = 10) -> int:
    return workorders.make_promise(
        work_order_id=order.pk, kind=PromiseKind.ARRIVE, due_at=after(due), actor_id=stage.company.li.pk, at=after(at)
    )


def test_a_customer_is_told_that_their_matter_was_taken_by_whom_and_until_when() -> None:
    stage = scene()
    order = taken(stage)

    texts = texts_at(after(1))

    assert texts == [
        f"【C】您好，您反映的“路灯不亮”已受理，编号{order.number}，由Li全程负责，5月6日12:45前与您联系。查询或催办请拨95598，报编号即可。".replace(
            "【C】", f"【{stage.company.centre.parent.name}】"
        )
    ]


def test_what_is_told_is_told_once_however_often_it_is_heard() -> None:
    stage = scene()
    taken(stage)
    heard(after(1))

    Delivery.objects.update(state="PENDING", heard_at=None)
    heard(after(2))

    assert Message.objects.count() == 1


def test_a_matter_without_a_customer_is_told_to_nobody() -> None:
    stage = scene()
    opened(stage.company)

    assert texts_at(after(1)) == []


def test_a_secret_matter_is_never_told_and_never_asked_about() -> None:
    stage = scene(norm={"slug": "misconduct_report"})
    order = opened(stage.company, norm="misconduct_report", customer_id=stage.customer.pk)
    promised(stage, order)
    finish(order, "known", by=stage.company.gateway, at=after(20))

    heard(after(21))

    assert (Message.objects.count(), Survey.objects.count(), CallBack.objects.count()) == (0, 0, 0)


def test_a_matter_settled_before_anybody_was_told_is_not_announced_as_taken() -> None:
    stage = by_link()
    order = taken(stage)
    finish(order, "known", by=stage.company.li, at=after(2))

    texts = texts_at(after(3))

    assert [order.number in text for text in texts] == [True]
    assert "请您评价" in texts[0]


def test_a_promise_is_given_in_writing() -> None:
    stage = scene()
    order = taken(stage)
    heard(after(1))
    promised(stage, order)

    text = texts_at(after(11))[-1]

    assert f"编号{order.number}：我们答应您在5月6日14:00前到达现场，由Li负责。" in text


def test_a_moved_promise_is_told_before_the_old_time_has_passed() -> None:
    stage = scene()
    order = taken(stage)
    first = promised(stage, order)
    texts_at(after(11))
    workorders.move_promise(promise_id=first, due_at=after(180), actor_id=stage.company.li.pk, at=after(60))

    (text,) = texts_at(after(61))

    assert "原定5月6日14:00前到达现场，因工作安排有变无法如期，拟改为5月6日15:00前" in text


def test_a_promise_moved_before_anybody_heard_is_told_as_it_stands() -> None:
    stage = scene()
    order = taken(stage)
    first = promised(stage, order)
    workorders.move_promise(promise_id=first, due_at=after(180), actor_id=stage.company.li.pk, at=after(12))

    texts = texts_at(after(13))

    assert [text for text in texts if "我们答应您" in text] == []
    assert len([text for text in texts if "拟改为" in text]) == 1


@pytest.mark.parametrize(("channel", "count"), [("sms", 1), ("email", 1), ("phone", 0)])
def test_the_result_is_sent_when_the_owner_tells_it_by_message(channel: str, count: int) -> None:
    stage = scene()
    order = resolved(stage.company, customer_id=stage.customer.pk, subject="路灯不亮")
    workorders.tell_result(
        work_order_id=order.pk, channel=channel, result="已更换灯泡", actor_id=stage.company.li.pk, at=after(70)
    )

    texts = texts_at(after(71))

    assert [f"编号{order.number}（路灯不亮）已有结果：已更换灯泡" in text for text in texts] == [True] * count


def test_a_reopened_matter_is_told_to_go_on() -> None:
    stage = by_link()
    order = resolved(stage.company, customer_id=stage.customer.pk)
    texts_at(after(61))
    workorders.reopen_work_order(
        work_order_id=order.pk, reason=ReopenReason.CAME_BACK, actor_id=stage.company.li.pk, at=after(70)
    )

    (text,) = texts_at(after(71))

    assert f"编号{order.number}没有办好，我们很抱歉。现已重新办理，仍由Li负责，5月6日13:55前与您联系" in text


def test_in_the_night_the_customer_is_left_to_sleep() -> None:
    stage = scene()
    taken(stage, at=after(11 * 60))

    assert texts_at(after(11 * 60 + 1)) == []
    assert len(texts_at(after(20 * 60) + timedelta(seconds=1))) == 1
