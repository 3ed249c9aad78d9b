"""The clocks of a matter: pausing and resuming them, telling the ladder, and dating them again when a calendar changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.kernel.facts import Fact
from shouwen.loop.workorders import events
from shouwen.loop.workorders.choices import EscalationReason, Priority, Stage, TargetState, Verb
from shouwen.loop.workorders.models import Escalation, Target, WorkOrder
from shouwen.loop.workorders.rules import escalation
from shouwen.loop.workorders.services import target_rows
from shouwen.loop.workorders.services.matter import lock_matter
from shouwen.loop.workorders.services.working import earliest_due
from shouwen.platform.calendars.queries import calendar_in_force, calendar_with_digest
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import superiors
from shouwen.platform.policies.queries import value
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
        raise CannotPause(reason=reason, allowed=", ".join(allowed) or "–")
    announce(events.ClockPaused(reason=reason, **matter.about))
    matter.order.targets.filter(state=TargetState.RUNNING).update(state=TargetState.PAUSED, next_alarm_at=None)
    matter.write(paused_at=at, pause_reason=reason, next_due_at=None)


@transaction.atomic
def resume_work_order(*, work_order_id: int, actor_id: int, at: datetime) -> None:
    """Let the clocks run again; every open deadline moves by exactly the pause.

    :raises NotPaused: when they run.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.RESUME, actor_id=actor_id, at=at)
    if matter.order.paused_at is None:
        raise NotPaused
    announce(events.ClockResumed(**matter.about))
    _let_run(matter.order, at)
    matter.write(paused_at=None, pause_reason="", next_due_at=earliest_due(matter))


def _let_run(order: WorkOrder, at: datetime) -> None:
    target_rows.move(
        rows=list(order.targets.filter(state=TargetState.PAUSED)),
        pauses=target_rows.pauses_of(order),
        ladder_length=len(norm_version(version_id=order.norm_version_id).escalation),
        warn_at_pct=value(policy=target_rows.WARN_AT_PCT, at=order.opened_at),
    )


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
    order_id = Target.objects.filter(pk=target_id).values_list("work_order_id", flat=True).first()
    order = WorkOrder.objects.select_for_update(skip_locked=True).filter(pk=order_id).first()
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
    """Return who hears of a rung: the owner is warned, then the superiors one by one, the last of them from then on."""
    above = superiors(staff_id=order.owner_id, at=at) if rung > escalation.WARNING_RUNG else []
    return above[min(rung - 1, len(above) - 1)].id if above else order.owner_id


@transaction.atomic
def recalculate_targets(*, calendar: str, after_id: int = 0, batch_size: int = 5000, at: datetime) -> int | None:
    """Date up to ``batch_size`` live targets again by the version of ``calendar`` in force; return the last id, None at the end.

    Run it batch by batch after a calendar has changed: it can be stopped and goes on from the id returned. Verdicts already given
    are not touched.
    """
    card = calendar_in_force(name=calendar, at=at)
    rows = list(
        Target.objects.live()
        .filter(id__gt=after_id)
        .select_related("work_order")
        .order_by("id")
        .select_for_update(of=("self",))[:batch_size]
    )
    changed = [row for row in rows if row.calendar_digest != card.digest and _follows(row, calendar)]
    for row in changed:
        order = row.work_order
        row.calendar_digest = card.digest
        target_rows.redate(
            row,
            card.calendar,
            target_rows.pauses_of(order),
            len(norm_version(version_id=order.norm_version_id).escalation),
            value(policy=target_rows.WARN_AT_PCT, at=order.opened_at),
        )
    Target.objects.bulk_update(changed, ["calendar_digest", "due_at", "warn_at", "next_alarm_at"])
    return rows[-1].pk if len(rows) == batch_size else None


def _follows(row: Target, calendar: str) -> bool:
    return calendar_with_digest(digest=row.calendar_digest).name == calendar
