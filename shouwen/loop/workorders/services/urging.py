"""Urging (催办) by the customer and escalating by hand (升级): both are counted, both reach a superior."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.kernel.facts import Fact
from shouwen.loop.workorders import events
from shouwen.loop.workorders.choices import EscalationReason, Priority, Stage, Verb
from shouwen.loop.workorders.models import Escalation
from shouwen.loop.workorders.services.clocks import recipient
from shouwen.loop.workorders.services.matter import Matter, lock_matter
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.outbox.services import announce
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.queries import value
from shouwen.platform.policies.rules import PolicyRef

URGE_INTERVAL = PolicyRef(key="urge.interval", default=Decimal(5), unit=Unit.MINUTE, requirement="B5")
URGES_BEFORE_ESCALATION = PolicyRef(key="urge.before_escalation", default=Decimal(3), unit=Unit.COUNT, requirement="B5")


class CannotUrge(Refusal):
    """It was urged a moment ago."""

    message = "This matter was urged at %(last_at)s; the next urging counts from %(next_at)s."


@transaction.atomic
def urge_work_order(*, work_order_id: int, actor_id: int, at: datetime) -> int:
    """Record that the customer asks again and return the count; priority rises, and too many urgings reach the superior, each further
    one the next above (R-411).

    :raises CannotUrge: sooner after the last urging than the policy ``urge.interval`` says.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.URGE, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN)
    _must_not_be_too_soon(matter)
    count = matter.order.urge_count + 1
    facts: list[Fact] = [events.Urged(urge_count=count, **matter.about)]
    if matter.order.priority > Priority.URGENT:
        matter.write(priority=matter.order.priority - 1)
        facts.append(events.PriorityRaised(priority=matter.order.priority, **matter.about))
    matter.write(urge_count=count)
    too_many = 1 + count - int(value(policy=URGES_BEFORE_ESCALATION, at=at))
    if too_many > 0:
        facts.append(_escalate(matter, EscalationReason.URGED, "", rung=too_many))
    announce(*facts)
    return count


def _must_not_be_too_soon(matter: Matter) -> None:
    urged = list_facts(case_kind="work_order", case_id=matter.order.pk, kinds=(events.Urged.kind(),))
    if not urged:
        return
    last_at = urged[-1].at
    next_at = last_at + timedelta(minutes=float(value(policy=URGE_INTERVAL, at=matter.at)))
    if matter.at < next_at:
        raise CannotUrge(last_at=last_at.isoformat(), next_at=next_at.isoformat())


@transaction.atomic
def escalate_work_order(*, work_order_id: int, reason: EscalationReason, words: str = "", actor_id: int, at: datetime) -> int:
    """Tell the owner's superior at once, for instance that another unit refuses to cooperate; return the escalation's id (B5)."""
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.ESCALATE, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN, Stage.RESOLVED)
    rung = 1 + matter.order.escalations.filter(reason=reason, target=None).count()
    fact = _escalate(matter, reason, words, rung=rung)
    announce(fact)
    return fact.escalation_id


def _escalate(matter: Matter, reason: EscalationReason, words: str, *, rung: int) -> events.Escalated:
    row = Escalation.objects.create(
        work_order=matter.order,
        reason=reason,
        rung=rung,
        to_staff_id=recipient(matter.order, rung, matter.at),
        by_staff_id=matter.viewer.id,
        words=words,
        at=matter.at,
    )
    return events.Escalated(
        escalation_id=row.pk, reason=reason, rung=rung, to_staff_id=row.to_staff_id, target=None, **matter.about
    )
