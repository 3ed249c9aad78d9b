from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from shouwen.kernel.errors import NotAllowed
from shouwen.loop.messages.models import Message
from shouwen.loop.messages.services import load_templates
from shouwen.loop.workorders import events, services
from shouwen.loop.workorders.choices import EscalationReason, Priority
from shouwen.loop.workorders.models import Escalation, WorkOrder
from shouwen.loop.workorders.services.matter import WrongStage
from shouwen.loop.workorders.tests.factories import (
    LONG_AGO,
    Company,
    after,
    cap,
    finish,
    opened,
    resolved,
    settled,
    since,
    told,
)
from shouwen.loop.workorders.tests.proofs import columns, refused
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import PostFactory, StaffFactory, administrator
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.rules import Value
from shouwen.platform.policies.services import learn_entries


def urge(company: Company, order: WorkOrder, minute: float) -> int:
    return services.urge_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(minute))


def test_each_urging_counts_raises_the_priority_and_the_third_reaches_the_superior(company: Company) -> None:
    order = opened(company)

    counts = [urge(company, order, minute) for minute in (1, 6, 11, 16)]

    def about(minute: float) -> dict[str, object]:
        return {"work_order_id": order.pk, "actor_id": company.li.pk, "at": after(minute)}

    first, second = order.escalations.order_by("id")
    assert counts == [1, 2, 3, 4]
    assert columns(order, "urge_count", "priority") == (4, Priority.URGENT)
    assert columns(first, "reason", "rung", "to_staff_id", "by_staff_id", "target_id") == (
        EscalationReason.URGED,
        1,
        company.zhao.pk,
        company.li.pk,
        None,
    )
    assert since(order, 1) == [
        events.Urged(urge_count=1, **about(1)),
        events.PriorityRaised(priority=3, **about(1)),
        events.Urged(urge_count=2, **about(6)),
        events.PriorityRaised(priority=2, **about(6)),
        events.Urged(urge_count=3, **about(11)),
        events.Escalated(escalation_id=first.pk, reason="urged", rung=1, to_staff_id=company.zhao.pk, target=None, **about(11)),
        events.Urged(urge_count=4, **about(16)),
        events.Escalated(escalation_id=second.pk, reason="urged", rung=2, to_staff_id=company.zhao.pk, target=None, **about(16)),
    ]


def test_an_urging_a_moment_after_the_last_does_not_count(company: Company) -> None:
    order = opened(company)
    urge(company, order, 1)

    with refused(services.CannotUrge) as refusal:
        urge(company, order, 5.9)

    assert refusal.value.details == {"last_at": after(1).isoformat(), "next_at": after(6).isoformat()}
    assert urge(company, order, 6) == 2


def test_the_policies_say_how_often_one_may_urge_and_when_the_superior_hears(company: Company) -> None:
    interval = cap("urge.interval", 30, Unit.MINUTE)
    before = cap("urge.before_escalation", 0, Unit.COUNT, values=(Value(Decimal(0)),))
    learn_entries(entries=[interval, before], actor_id=None, at=LONG_AGO)
    order = opened(company)

    urge(company, order, 1)

    assert told(order)[-1] == "Escalated"
    with refused(services.CannotUrge):
        urge(company, order, 30)


def test_danger_is_not_made_less_urgent_by_urging(company: Company) -> None:
    order = opened(company, hazards=("wire_down",))

    urge(company, order, 1)

    assert columns(order, "priority") == (Priority.DANGER,)
    assert told(order) == ["WorkOrderOpened", "Urged"]


def test_a_resolved_matter_is_not_urged(company: Company) -> None:
    order = resolved(company)

    with refused(WrongStage):
        urge(company, order, 61)


def test_the_crew_does_not_urge_itself(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))

    with refused(NotAllowed):
        services.urge_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(6))


# By hand.


def escalate(company: Company, order: WorkOrder, minute: float) -> int:
    return services.escalate_work_order(
        work_order_id=order.pk,
        reason=EscalationReason.REFUSAL,
        words="They say it is not theirs.",
        actor_id=company.li.pk,
        at=after(minute),
    )


def test_a_refusal_to_cooperate_goes_up_a_rung_each_time(company: Company) -> None:
    order = opened(company)

    first_id, second_id = escalate(company, order, 3), escalate(company, order, 4)

    first = Escalation.objects.get(pk=first_id)
    assert columns(first, "reason", "rung", "to_staff_id", "by_staff_id", "words", "at") == (
        EscalationReason.REFUSAL,
        1,
        company.zhao.pk,
        company.li.pk,
        "They say it is not theirs.",
        after(3),
    )
    assert columns(Escalation.objects.get(pk=second_id), "rung", "to_staff_id") == (2, company.zhao.pk)
    assert since(order, 1)[0] == events.Escalated(
        work_order_id=order.pk,
        escalation_id=first_id,
        reason="refusal",
        rung=1,
        to_staff_id=company.zhao.pk,
        target=None,
        actor_id=company.li.pk,
        at=after(3),
    )


def test_a_closed_matter_is_not_escalated(company: Company) -> None:
    order = settled(company)
    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))

    with refused(WrongStage):
        escalate(company, order, 91)


@pytest.mark.parametrize("minute", [61, 500])
def test_a_resolved_matter_can_be_escalated(company: Company, minute: float) -> None:
    order = resolved(company)

    escalate(company, order, minute)

    assert told(order)[-1] == "Escalated"


def test_each_rung_is_told_to_the_nearest_holder_of_the_norms_role(company: Company) -> None:
    """The work is with the crew, which has no shift leader of its own: the owner's hears, then the crew's own head."""
    head = StaffFactory(home_unit=company.crew, name="Sun")
    PostFactory(staff=head, role=RoleCode.UNIT_HEAD, unit=company.crew)
    order = opened(company)
    services.finish_step(work_order_id=order.pk, outcome="sent", actor_id=company.li.pk, at=after(5))

    for minute in (6, 11, 16, 21, 26):
        urge(company, order, minute)

    rungs = list(order.escalations.order_by("id").values_list("rung", "to_staff_id"))
    assert rungs == [(1, company.zhao.pk), (2, head.pk), (3, head.pk)]


def test_whoever_an_escalation_is_for_is_told_by_mail_once(company: Company) -> None:
    load_templates(folder=Path(settings.HANDBOOK_DIR) / "templates", actor_id=administrator().pk, at=LONG_AGO)
    company.zhao.email = "zhao@example.com"
    company.zhao.save()
    order = opened(company)
    escalation_id = services.escalate_work_order(
        work_order_id=order.pk, reason=EscalationReason.REFUSAL, words="", actor_id=company.li.pk, at=after(9)
    )

    for _ in range(2):
        services.tell_escalated(escalation_id=escalation_id, at=after(9))
    services.tell_heard_again(work_order_id=order.pk, at=after(9))

    told = Message.objects.order_by("id").values_list("notice__template_version__template__key", "staff_id", "state")
    assert list(told) == [("staff_escalated", company.zhao.pk, "QUEUED"), ("staff_heard_again", company.li.pk, "FAILED")]
