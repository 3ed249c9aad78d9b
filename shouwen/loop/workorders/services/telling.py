"""Telling people who work here what they must know of a matter: a mail each, queued once for each reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from shouwen.loop.messages.queries import public_link
from shouwen.loop.messages.rules.texts import FieldValue, Words
from shouwen.loop.messages.rules.threads import About
from shouwen.loop.messages.services import queue_notice
from shouwen.loop.workorders.choices import EscalationReason
from shouwen.loop.workorders.models import Escalation, WorkOrder
from shouwen.records.norms.queries import norm_version

WHY = {
    EscalationReason.WARNING: Words("时限将到", "The limit comes near"),
    EscalationReason.BREACH: Words("已经超时", "The limit is broken"),
    EscalationReason.URGED: Words("客户多次催办", "The customer urges"),
    EscalationReason.REFUSAL: Words("协作受阻", "Another unit refuses to help"),
}


@transaction.atomic
def tell_escalated(*, escalation_id: int, at: datetime) -> None:
    """Mail an escalation to whom it was addressed."""
    row = Escalation.objects.select_related("work_order__owner").get(pk=escalation_id)
    _mail(
        row.work_order,
        "staff_escalated",
        to=[row.to_staff_id],
        fields={"why": WHY[EscalationReason(row.reason)]},
        key=f"{escalation_id}",
        at=at,
    )


@transaction.atomic
def tell_heard_again(*, work_order_id: int, at: datetime) -> None:
    """Mail the owner, and whoever works on the matter, that the customer has written again."""
    order = WorkOrder.objects.select_related("owner").get(pk=work_order_id)
    people = {order.owner_id, order.handler_id or order.owner_id}
    _mail(order, "staff_heard_again", to=people, fields={}, key=f"{order.pk}:{at.isoformat()}", at=at)


def _mail(
    order: WorkOrder, template: str, *, to: Collection[int], fields: Mapping[str, FieldValue], key: str, at: datetime
) -> None:
    name = norm_version(version_id=order.norm_version_id).name
    common: dict[str, FieldValue] = {
        "number": order.number,
        "norm": Words(name.zh, name.en),
        "owner": Words(order.owner.name, order.owner.name_en or order.owner.name),
        "link": public_link(path=f"matters/{order.number}"),
    }
    queue_notice(
        template=template,
        about=About("work_order", order.pk),
        staff_ids=to,
        fields=common | dict(fields),
        idempotency_key=f"{template}:{key}",
        actor_id=None,
        at=at,
    )
