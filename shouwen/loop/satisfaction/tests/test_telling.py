from datetime import timedelta

import pytest

from shouwen.loop.messages.models import Message
from shouwen.loop.messages.tests.factories import sent_at
from shouwen.loop.satisfaction.models import CallBack, Survey
from shouwen.loop.satisfaction.tests.factories import Scene, by_link, heard, scene, texts_at
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.choices import PromiseKind, ReopenReason
from shouwen.loop.workorders.models import Note, WorkOrder
from shouwen.loop.workorders.tests.factories import after, finish, opened, resolved
from shouwen.platform.outbox.models import Delivery
from shouwen.platform.people.models import Staff

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


def states_of(template: str) -> list[tuple[str, str]]:
    return list(
        Message.objects.filter(notice__template_version__template__key=template).order_by("pk").values_list("state", "problem")
    )


def test_what_is_told_of_a_promise_has_its_time_as_its_end_and_of_a_move_the_old_time() -> None:
    stage = scene()
    order = taken(stage)
    first = promised(stage, order)
    heard(after(11))
    workorders.move_promise(promise_id=first, due_at=after(180), actor_id=stage.company.li.pk, at=after(60))
    heard(after(61))

    ends = dict(Message.objects.values_list("notice__template_version__template__key", "not_after"))
    assert ends == {"matter_accepted": None, "promise_given": after(120), "promise_moved": after(120)}


def test_a_promise_that_is_moved_before_it_was_sent_is_not_sent_any_more() -> None:
    stage = scene()
    order = taken(stage, at=after(10 * 60))
    first = promised(stage, order, at=10 * 60, due=24 * 60)
    heard(after(10 * 60))
    workorders.move_promise(promise_id=first, due_at=after(25 * 60), actor_id=stage.company.li.pk, at=after(10 * 60 + 5))
    heard(after(10 * 60 + 6))

    texts = texts_at(after(20 * 60))

    assert states_of("promise_given") == [("CANCELLED", "")]
    assert len([text for text in texts if "拟改为" in text]) == 1


@pytest.mark.parametrize("settled_at", [10 * 60 + 10, 26 * 60])
def test_a_promise_that_is_kept_or_broken_before_it_was_sent_is_not_sent_any_more(settled_at: int) -> None:
    stage = scene()
    order = taken(stage, at=after(10 * 60))
    first, other = (promised(stage, order, at=10 * 60, due=24 * 60) for _ in range(2))
    heard(after(10 * 60))
    moved = workorders.move_promise(promise_id=first, due_at=after(25 * 60), actor_id=stage.company.li.pk, at=after(10 * 60 + 5))
    heard(after(10 * 60 + 6))
    for promise_id in (moved, other):
        workorders.keep_promise(promise_id=promise_id, actor_id=stage.company.li.pk, at=after(settled_at))

    heard(after(settled_at))

    assert (states_of("promise_given"), states_of("promise_moved")) == ([("CANCELLED", "")] * 2, [("CANCELLED", "")])


def test_what_was_sent_of_a_promise_stays_sent_when_it_is_kept() -> None:
    stage = scene()
    order = taken(stage)
    first = promised(stage, order)
    texts_at(after(11))
    workorders.keep_promise(promise_id=first, actor_id=stage.company.li.pk, at=after(60))

    heard(after(61))

    assert states_of("promise_given") == [("SENT", "")]


def test_a_promise_of_a_matter_without_a_customer_is_settled_without_a_word() -> None:
    stage = scene()
    order = opened(stage.company)
    first = promised(stage, order)
    workorders.keep_promise(promise_id=first, actor_id=stage.company.li.pk, at=after(60))

    heard(after(61))

    assert Message.objects.count() == 0


def moved_in_the_night(stage: Scene) -> WorkOrder:
    """Return a matter whose promise for 22:45 is moved to the next noon at 22:00, when texts wait for the morning."""
    order = taken(stage)
    first = promised(stage, order, due=645)
    texts_at(after(11))
    workorders.move_promise(promise_id=first, due_at=after(24 * 60), actor_id=stage.company.li.pk, at=after(600))
    return order


def test_a_move_that_could_only_be_told_after_the_old_time_is_not_sent_and_the_owner_is_asked_to_call() -> None:
    stage = scene()
    Staff.objects.filter(pk=stage.company.li.pk).update(email="li@power.example")
    order = moved_in_the_night(stage)

    heard(after(600))
    (mail,) = sent_at(after(601))["email"].parcels

    assert states_of("promise_moved") == [("FAILED", "expired")]
    assert mail.text.subject == f"请致电客户：编号{order.number}的承诺未能及时告知"
    assert "我们答应客户在5月7日12:00前到达现场" in mail.text.body
    assert list(Note.objects.values_list("work_order_id", "author_id", "is_public")) == [(order.pk, stage.asker.pk, False)]
    assert [text for text in texts_at(after(20 * 60)) if "拟改为" in text] == []


def test_the_owner_is_asked_once_however_often_it_is_heard() -> None:
    stage = scene()
    moved_in_the_night(stage)
    heard(after(600))

    Delivery.objects.filter(hearer="satisfaction.call_instead").update(state="PENDING", heard_at=None)
    heard(after(602))

    assert Note.objects.count() == 1


def test_nobody_is_asked_to_call_about_a_promise_whose_time_is_over() -> None:
    stage = scene()
    promised(stage, taken(stage))
    heard(after(11))

    sent_at(after(120))
    heard(after(121))

    assert (states_of("promise_given"), Note.objects.count()) == ([("FAILED", "expired")], 0)


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


def result_told(stage: Scene, order: WorkOrder, result: str, *, at: float) -> None:
    workorders.tell_result(work_order_id=order.pk, channel="sms", result=result, actor_id=stage.company.li.pk, at=after(at))


def test_a_result_that_is_told_again_is_sent_again_and_each_telling_once() -> None:
    stage = scene()
    order = resolved(stage.company, customer_id=stage.customer.pk, subject="路灯不亮")
    result_told(stage, order, "已更换灯泡", at=70)
    (first,) = texts_at(after(71))
    result_told(stage, order, "线路也已检修", at=80)
    (second,) = texts_at(after(81))

    Delivery.objects.filter(hearer="satisfaction.tell_result").update(state="PENDING", heard_at=None)
    third = texts_at(after(82))

    assert ("已有结果：已更换灯泡" in first, "已有结果：线路也已检修" in second, third) == (True, True, [])


def test_a_waiting_message_says_the_result_that_was_there_when_it_was_told() -> None:
    stage = scene()
    order = resolved(stage.company, customer_id=stage.customer.pk, subject="路灯不亮")
    for result, at in (("已更换灯泡", 600), ("线路也已检修", 610)):
        result_told(stage, order, result, at=at)
        heard(after(at + 1))

    first, second = texts_at(after(20 * 60))

    assert ("已有结果：已更换灯泡" in first, "已有结果：线路也已检修" in second) == (True, True)


def test_a_matter_that_was_merged_is_not_told_to_be_closed() -> None:
    stage = scene()
    kept, merged = taken(stage), taken(stage)
    texts_at(after(1))
    workorders.merge_work_order(work_order_id=merged.pk, into_id=kept.pk, actor_id=stage.company.li.pk, at=after(5))

    texts = texts_at(after(6))

    merged.refresh_from_db()
    assert (merged.stage, merged.merged_into_id, texts) == ("CLOSED", kept.pk, [])


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
