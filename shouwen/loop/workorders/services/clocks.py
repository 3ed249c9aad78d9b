"""The clocks of a matter: pausing and resuming them, telling the ladder, and dating them again when a calendar changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery

from shouwen.kernel.errors import Named, Refusal
from shouwen.kernel.facts import Fact
from shouwen.loop.workorders import events, permissions
from shouwen.loop.workorders.choices import EscalationReason, Priority, Stage, TargetState, Verb
from shouwen.loop.workorders.models import Escalation, Target, WorkOrder
from shouwen.loop.workorders.rules import escalation
from shouwen.loop.workorders.services import target_rows
from shouwen.loop.workorders.services.matter import lock_matter
from shouwen.platform.calendars.queries import calendar_in_force, list_calendars
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import StaffCard, holders, holders_above, home_path, superiors, unit_path
from shouwen.records.norms.choices import PauseReason
from shouwen.records.norms.queries import norm_version


class CannotPause(Refusal):
    """The clock cannot be stopped for this."""

    message = "This norm does not let the clock stand for %(reason)s; it allows: %(allowed)s."


class NotPaused(Refusal):
    message = "The clock of this matter is not paused."


@transaction.atomic
def pause_work_order(*, work_order_id: int, reason: str, actor_id: int, at: datetime) -> None:
    """Stop all clocks of a matter for one of the reasons that its norm allows.

    :raises CannotPause: for any other reason, or when they stand already.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.PAUSE, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN)
    allowed = [rule.reason for rule in matter.norm.pauses]
    if matter.order.paused_at is not None:
        raise CannotPause("The clock of this matter is paused already.")
    if reason not in allowed:
        raise CannotPause(reason=reason, allowed=Named(PauseReason(one).label for one in allowed))
    announce(events.ClockPaused(reason=reason, **matter.about))
    matter.order.targets.filter(state=TargetState.RUNNING).update(state=TargetState.PAUSED, next_alarm_at=None)
    matter.move(paused_at=at, pause_reason=reason, next_due_at=None)


@transaction.atomic
def resume_work_order(*, work_order_id: int, actor_id: int, at: datetime) -> None:
    """Let the clocks run again; every open deadline moves by exactly the pause.

    :raises NotPaused: when they run.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.RESUME, actor_id=actor_id, at=at)
    if matter.order.paused_at is None:
        raise NotPaused
    matter.must_follow()
    announce(events.ClockResumed(**matter.about))
    rows = list(matter.order.targets.filter(state=TargetState.PAUSED))
    target_rows.move(rows=rows, pauses=target_rows.pauses_of(matter.order), ladder_length=len(matter.norm.escalation))
    matter.move(paused_at=None, pause_reason="", next_due_at=target_rows.next_due_at(rows))


@dataclass(frozen=True)
class SweepCount:
    """What one round of the sweep did."""

    warned: int = 0
    broken: int = 0
    raised: int = 0


def sweep_targets(*, actor_id: int, at: datetime, limit: int = 1000) -> SweepCount:
    """Tell the ladder of every target whose next rung is due: before the limit, at the breach, then upward (B5).

    Each rung of each target is told once, however many workers sweep. ``actor_id`` is the job's own staff row.
    """
    rungs = [rung for target_id in _alarming(at, limit) if (rung := _tell_next_rung(target_id, actor_id, at)) is not None]
    return SweepCount(
        warned=rungs.count(escalation.WARNING_RUNG),
        broken=rungs.count(escalation.BREACH_RUNG),
        raised=sum(rung > escalation.BREACH_RUNG for rung in rungs),
    )


def _alarming(at: datetime, limit: int) -> list[int]:
    return list(Target.objects.alarming(at).order_by("next_alarm_at", "id").values_list("id", flat=True)[:limit])


@transaction.atomic
def _tell_next_rung(target_id: int, actor_id: int, at: datetime) -> int | None:
    """Tell one rung; None when another worker was quicker."""
    order = WorkOrder.objects.select_for_update(of=("self",), skip_locked=True).filter(targets=target_id).first()
    target = Target.objects.alarming(at).filter(pk=target_id).first() if order else None
    if order is None or target is None:
        return None
    rung = 0 if target.rung is None else target.rung + 1
    announce(*_rung_facts(order, target, rung, actor_id, at))
    ladder_length = len(norm_version(version_id=order.norm_version_id).escalation)
    target.rung, target.broken_seen_at = rung, target.broken_seen_at or (at if rung >= escalation.BREACH_RUNG else None)
    target.next_alarm_at = escalation.next_alarm_at(
        rung_told=rung, start_at=target.start_at, warn_at=target.warn_at, due_at=target.due_at, ladder_length=ladder_length
    )
    target.save(update_fields=["rung", "broken_seen_at", "next_alarm_at"])
    return rung


def _rung_facts(order: WorkOrder, target: Target, rung: int, actor_id: int, at: datetime) -> Iterator[Fact]:
    about: dict[str, Any] = {"work_order_id": order.pk, "actor_id": actor_id, "at": at}
    if rung == escalation.BREACH_RUNG:
        yield events.TargetBroken(target=target.kind, due_at=target.due_at, **about)
    reason = EscalationReason.WARNING if rung == escalation.WARNING_RUNG else EscalationReason.BREACH
    row = Escalation.objects.create(
        work_order=order, target=target, reason=reason, rung=rung, to_staff_id=recipient(order, rung, at), at=at
    )
    yield events.Escalated(
        escalation_id=row.pk, reason=reason, rung=rung, to_staff_id=row.to_staff_id, target=target.kind, **about
    )
    if rung == escalation.BREACH_RUNG and order.priority > Priority.HIGH:
        order.priority = Priority.HIGH
        order.save(update_fields=["priority"])
        yield events.PriorityRaised(priority=order.priority, **about)


def recipient(order: WorkOrder, rung: int, at: datetime) -> int:
    """Return who hears of a rung: the owner is warned, then whoever holds the norm's roles, one after the other, the last from then on.

    A role is looked for upwards from where the work is, then from the owner's unit, at last in the whole company; where nobody holds
    it, the owner's own superiors stand in. Of a secret matter only the discipline officers hear (R-408).
    """
    if rung <= escalation.WARNING_RUNG:
        return order.owner_id
    if order.norm_code in permissions.SECRET_NORMS:
        return _one_of([one for role in permissions.SECRET_ROLES for one in holders(role=role, unit_path="", at=at)], rung, order)
    ladder = norm_version(version_id=order.norm_version_id).escalation
    role = ladder[min(rung, len(ladder)) - 1] if ladder else ""
    holder = _holder(role, order, at) if role else None
    return holder.id if holder else _one_of(superiors(staff_id=order.owner_id, at=at), rung, order)


def _holder(role: str, order: WorkOrder, at: datetime) -> StaffCard | None:
    """Return the nearest holder of ``role`` who is not the owner: it is to be somebody else who hears of it."""
    for path in (unit_path(unit_id=order.unit_id), home_path(staff_id=order.owner_id)):
        above = [one for one in holders_above(role=role, unit_path=path, at=at) if one.id != order.owner_id]
        if above:
            return above[0]
    return next((one for one in holders(role=role, unit_path="", at=at) if one.id != order.owner_id), None)


def _one_of(people: Sequence[StaffCard], rung: int, order: WorkOrder) -> int:
    return people[min(rung, len(people)) - 1].id if people else order.owner_id


@transaction.atomic
def recalculate_targets(*, calendar: str, after_id: int = 0, batch_size: int = 5000, at: datetime) -> int | None:
    """Date up to ``batch_size`` live targets again by the version of ``calendar`` in force; return the last id, None at the end.

    Run it batch by batch after a calendar has changed: it can be stopped and goes on from the id returned. Verdicts already given
    are not touched. Like every verb it locks the matters first, so that nobody finishes a step by a calendar that is being replaced.
    """
    card = calendar_in_force(name=calendar, at=at)
    stale = [version.digest for version in list_calendars() if version.name == calendar and version.digest != card.digest]
    found = Target.objects.live().filter(id__gt=after_id, calendar_digest__in=stale).order_by("id")
    ids = list(found.values_list("id", "work_order_id")[:batch_size])
    orders = _locked({order_id for _, order_id in ids})
    rows = list(found.filter(pk__in=[target_id for target_id, _ in ids]))
    pauses = target_rows.pauses_of_many(orders)
    for row in rows:
        row.calendar_digest = card.digest
        ladder_length = len(norm_version(version_id=orders[row.work_order_id].norm_version_id).escalation)
        target_rows.redate(row, card.calendar, pauses.get(row.work_order_id, []), ladder_length)
    Target.objects.bulk_update(rows, ["calendar_digest", "due_at", "warn_at", "next_alarm_at"], batch_size=1000)
    WorkOrder.objects.filter(pk__in={row.work_order_id for row in rows}).update(next_due_at=_earliest_due())
    return ids[-1][0] if len(ids) == batch_size else None


def _locked(order_ids: Collection[int]) -> dict[int, WorkOrder]:
    rows = WorkOrder.objects.filter(pk__in=order_ids).order_by("pk").only("norm_version_id").select_for_update()
    return {order.pk: order for order in rows}


def _earliest_due() -> Subquery:
    running = Target.objects.filter(work_order=OuterRef("pk"), state=TargetState.RUNNING).order_by("due_at")
    return Subquery(running.values("due_at")[:1])
