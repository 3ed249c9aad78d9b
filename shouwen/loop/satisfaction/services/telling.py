"""Which fact is told to the customer by which text. Each once: the key of the notice names text, matter and round, promise or moment.

=================  ====================  =====================================================================
fact               text                  told
=================  ====================  =====================================================================
WorkOrderOpened    ``matter_accepted``   while the matter is open: number, owner, first deadline that they notice
PromiseMade        ``promise_given``     while the promise is open and its time is to come (B6)
PromiseMoved       ``promise_moved``     while the new promise is open, and before the old time has passed (B6)
ResultTold         ``result_told``       when the owner tells by message (channel ``sms`` or ``email``), each telling
WorkOrderResolved  ``closing_survey``    by ``asking.ask_by_link``
WorkOrderReopened  ``matter_reopened``   while the matter is open
WorkOrderClosed    ``matter_closed``     to who was told that it was accepted, unless it goes on in another that it was merged into
=================  ====================  =====================================================================

What is told of a promise expires with its time, and is taken back when the promise is moved or settled before it went out. Where no
message reached the customer in time, the owner is asked to call them (``staff_call_customer``).

``visit_appointment`` is sent by whoever arranges the visit. A matter without a known customer, and one under a secret norm
(``SECRET_NORMS``, R-408), is never told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from shouwen.loop.messages.choices import Channel
from shouwen.loop.messages.queries import has_notice, public_link
from shouwen.loop.messages.rules.texts import FieldValue, Words
from shouwen.loop.messages.rules.threads import About
from shouwen.loop.messages.services import cancel_notice, queue_notice
from shouwen.loop.satisfaction.queries import satisfaction_staff_id
from shouwen.loop.satisfaction.services.matters import about_matter
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.choices import PromiseKind, PromiseState, Stage, TargetState
from shouwen.loop.workorders.permissions import SECRET_NORMS
from shouwen.loop.workorders.queries import PromiseCard, WorkOrderDetail
from shouwen.records.norms.choices import TargetKind
from shouwen.records.norms.queries import norm_version

if TYPE_CHECKING:
    from shouwen.loop.workorders.models import WorkOrder

MATTER = "work_order"
MATTER_ACCEPTED = "matter_accepted"
CLOSING_SURVEY = "closing_survey"
PROMISE_GIVEN, PROMISE_MOVED = "promise_given", "promise_moved"
NOTICED = (TargetKind.CONTACTED, TargetKind.ARRIVED, TargetKind.SURVEYED, TargetKind.REPLIED, TargetKind.RESTORED)
PROMISED = {
    PromiseKind.ARRIVE: Words("到达现场", "come to you"),
    PromiseKind.CALL: Words("给您回电", "call you"),
    PromiseKind.FINISH: Words("办结", "have it done"),
}
SOME_CHANGE = Words("工作安排有变", "a change in our work")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tell(
    order: WorkOrder,
    template: str,
    *,
    key: str,
    fields: Mapping[str, FieldValue],
    at: datetime,
    not_after: datetime | None = None,
) -> bool:
    """Queue one text to the customer of a matter, to be sent before ``not_after``; return whether it was new.

    Not a verb: the verbs call it.
    """
    if order.customer_id is None or order.norm_code in SECRET_NORMS:
        return False
    queued = queue_notice(
        template=template,
        about=About(MATTER, order.pk),
        customer_ids=[order.customer_id],
        fields=_common(order) | dict(fields),
        idempotency_key=f"{template}:{key}",
        not_after=not_after,
        actor_id=satisfaction_staff_id(),
        at=at,
    )
    return queued.message_count > 0


def _common(order: WorkOrder) -> dict[str, FieldValue]:
    name = norm_version(version_id=order.norm_version_id).name
    return {
        "number": order.number,
        "subject": order.subject or Words(name.zh, name.en),
        "owner": Words(order.owner.name, order.owner.name_en or order.owner.name),
        "link": public_link(path=f"matters/{order.number}"),
    }


@transaction.atomic
def tell_opened(*, work_order_id: int, at: datetime) -> bool:
    """Tell the customer that their matter was taken; return False when there is nothing to tell, or nobody."""
    matter = about_matter(work_order_id=work_order_id, at=at)
    due_at = _first_noticed(matter)
    if matter.order.stage != Stage.OPEN or due_at is None:
        return False
    return tell(matter.order, MATTER_ACCEPTED, key=f"{work_order_id}", fields={"due": due_at}, at=at)


@transaction.atomic
def tell_reopened(*, work_order_id: int, round_number: int, continues: bool, at: datetime) -> bool:
    """Tell the customer that their matter goes on; return False when there is nothing to tell, or nobody.

    One that ``continues`` after an undone merging has never ended for them.
    """
    if continues:
        return False
    matter = about_matter(work_order_id=work_order_id, at=at)
    due_at = _first_noticed(matter)
    if matter.order.stage != Stage.OPEN or due_at is None:
        return False
    return tell(matter.order, "matter_reopened", key=f"{work_order_id}:{round_number}", fields={"due": due_at}, at=at)


def _first_noticed(matter: WorkOrderDetail) -> datetime | None:
    """Return by when the customer will notice something: the first running deadline of that kind, else the last of all."""
    running = [
        (target.kind, target.due_at)
        for target in matter.targets
        if target.round == matter.order.round and target.state in (TargetState.RUNNING, TargetState.PAUSED)
    ]
    noticed = [due_at for kind, due_at in running if kind in NOTICED]
    return min(noticed, default=None) or max((due_at for _, due_at in running), default=None)


@transaction.atomic
def tell_promise(*, work_order_id: int, promise_id: int, at: datetime) -> bool:
    """Give the customer a promise in writing before its time; return False when it is settled or moved already, or there is nobody
    to tell.
    """
    matter = about_matter(work_order_id=work_order_id, at=at)
    return any(
        tell(
            matter.order,
            PROMISE_GIVEN,
            key=f"{one.id}",
            fields=_promised(one.kind) | {"due": one.due_at},
            not_after=one.due_at,
            at=at,
        )
        for one in _to_come(matter, at)
        if one.id == promise_id
    )


@transaction.atomic
def tell_promise_moved(*, work_order_id: int, new_promise_id: int, old_due_at: datetime, at: datetime) -> bool:
    """Tell the customer of another time before the promised one has passed (B6); return False when there is nobody to tell."""
    matter = about_matter(work_order_id=work_order_id, at=at)
    return any(
        tell(
            matter.order,
            PROMISE_MOVED,
            key=f"{one.id}",
            fields=_promised(one.kind) | {"old_due": old_due_at, "new_due": one.due_at, "reason": SOME_CHANGE},
            not_after=old_due_at,
            at=at,
        )
        for one in _to_come(matter, at)
        if one.id == new_promise_id
    )


def _to_come(matter: WorkOrderDetail, at: datetime) -> list[PromiseCard]:
    """Return the promises that hold and whose time is to come, in the order in which they were made."""
    held = [one for one in matter.promises if one.state == PromiseState.OPEN and one.due_at > at]
    return sorted(held, key=lambda one: one.id)


def _promised(kind: str) -> dict[str, FieldValue]:
    return {"promise": PROMISED[PromiseKind(kind)]}


@transaction.atomic
def take_back_given(*, promise_id: int, at: datetime) -> int:
    """Take back what waits to be told of a promise that was moved: the customer hears of the move; return how many are not told."""
    return _take_back(PROMISE_GIVEN, promise_id, at)


@transaction.atomic
def take_back_promise(*, promise_id: int, at: datetime) -> int:
    """Take back whatever waits to be told of a promise that was kept or broken; return how many are not told."""
    return _take_back(PROMISE_GIVEN, promise_id, at) + _take_back(PROMISE_MOVED, promise_id, at)


def _take_back(template: str, promise_id: int, at: datetime) -> int:
    key = f"{template}:{promise_id}"
    if not has_notice(idempotency_key=key):
        return 0
    return cancel_notice(idempotency_key=key, actor_id=satisfaction_staff_id(), at=at)


@transaction.atomic
def have_promise_told(*, work_order_id: int, at: datetime) -> bool:
    """Have the owner call a customer whom no message about a promise has reached in time: by mail, and by a note in the matter.

    Return False when no promise is to come any more.
    """
    matter = about_matter(work_order_id=work_order_id, at=at)
    promises = _to_come(matter, at)
    if not promises or not _ask_to_call(matter.order, promises[-1], at):
        return False
    text = _("No message about what was promised has reached the customer in time: call them.")
    workorders.add_note(work_order_id=work_order_id, text=text, actor_id=satisfaction_staff_id(), at=at)
    return True


def _ask_to_call(order: WorkOrder, promise: PromiseCard, at: datetime) -> bool:
    """Mail the owner what to tell the customer; return False when they were asked already."""
    asked = queue_notice(
        template="staff_call_customer",
        about=About(MATTER, order.pk),
        staff_ids=[order.owner_id],
        fields=_common(order) | _promised(promise.kind) | {"due": promise.due_at},
        idempotency_key=f"staff_call_customer:{_moment_of(order.pk, at)}",
        actor_id=satisfaction_staff_id(),
        at=at,
    )
    return asked.message_count > 0


def _moment_of(work_order_id: int, at: datetime) -> str:
    """Return a key that names one moment of one matter, to the microsecond."""
    return f"{work_order_id}:{(at - EPOCH) // timedelta(microseconds=1)}"


@transaction.atomic
def tell_result(*, work_order_id: int, channel: str, at: datetime) -> bool:
    """Send the result as it stands, when the owner chose to tell it by message; told again later, it is sent again.

    Return False when they told it otherwise, or there is nobody.
    """
    matter = about_matter(work_order_id=work_order_id, at=at)
    order = matter.order
    if channel not in Channel.values or not order.result:
        return False
    ends = {end.key: Words(end.name.zh, end.name.en) for end in matter.norm.ends}
    fields: dict[str, FieldValue] = {
        "result": order.result,
        "reason": ends.get(order.end, Words("详见办理经过", "see its course")),
    }
    return tell(order, "result_told", key=_moment_of(work_order_id, at), fields=fields, at=at)


@transaction.atomic
def tell_closed(*, work_order_id: int, at: datetime) -> bool:
    """Tell the customer that their matter is closed, if they were told that it was taken; return whether they are told.

    One that was merged is not over for them: it goes on in the other.
    """
    order = about_matter(work_order_id=work_order_id, at=at).order
    if order.stage != Stage.CLOSED or order.merged_into_id is not None:
        return False
    if not has_notice(idempotency_key=f"{MATTER_ACCEPTED}:{work_order_id}"):
        return False
    return tell(order, "matter_closed", key=f"{work_order_id}:{order.round}", fields={}, at=at)
