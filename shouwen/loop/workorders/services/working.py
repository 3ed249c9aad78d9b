"""Working on a matter: taking its present step and finishing it; what follows is the norm's to say."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.kernel.facts import Fact
from shouwen.kernel.time.periods import Period
from shouwen.loop.workorders import events, sheets, writing
from shouwen.loop.workorders.choices import HandOverReason, Stage, TargetState, Verb
from shouwen.loop.workorders.models import HandOver, StepRun, Target, WorkOrder
from shouwen.loop.workorders.rules import targets
from shouwen.loop.workorders.rules.course import COURSE_FACTS, course_of
from shouwen.loop.workorders.services import target_rows
from shouwen.loop.workorders.services.matter import Matter, lock_matter, unit_for
from shouwen.platform.calendars.queries import calendar_in_force
from shouwen.platform.outbox.queries import first_fact, list_facts
from shouwen.platform.outbox.services import announce
from shouwen.records.norms.choices import TargetKind
from shouwen.records.norms.rules.definition import Outcome

END_MERGED = "merged"
TELLING = frozenset({TargetKind.REPLIED, TargetKind.NOTIFIED})


class CannotTake(Refusal):
    """There is nothing to take."""

    message = "This matter is %(stage)s: there is no step to take."


class AlreadyTaken(Refusal):
    """Somebody else has taken the step."""

    message = "%(name)s has already taken this step."


class CannotFinishStep(Refusal):
    """The step cannot be finished like this."""


@transaction.atomic
def take_work_order(*, work_order_id: int, actor_id: int, at: datetime) -> None:
    """Take the present step; it is the actor's until it is finished or handed over. Taking one's own again changes nothing.

    :raises CannotTake: when the matter is resolved or closed.
    :raises AlreadyTaken: when somebody else was quicker.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.TAKE, actor_id=actor_id, at=at)
    order = matter.order
    if order.stage != Stage.OPEN:
        raise CannotTake(stage=order.get_stage_display())
    if order.handler_id == actor_id:
        return
    if order.handler_id is not None:
        raise AlreadyTaken(name=str(order.handler))
    take_step(matter, matter.open_run())
    announce(events.StepTaken(step=order.step, staff_id=actor_id, **matter.about))


def take_step(matter: Matter, run: StepRun) -> None:
    """Write that the actor has the step now."""
    run.staff_id, run.taken_at = matter.viewer.id, matter.at
    writing.update(run, ("staff", "taken_at"))
    matter.write(handler_id=matter.viewer.id)


@transaction.atomic
def finish_step(
    *, work_order_id: int, outcome: str, step: str | None = None, result: str = "", actor_id: int, at: datetime
) -> None:
    """Finish the present step with one of its outcomes: the next step begins in the unit that does it, or the matter is resolved.

    Work goes on to another unit as a hand-over that the receiver rates. ``step`` is the one that the actor sees, so that of two who
    finish it at once only one does. ``result`` is what will be told to the customer.

    :raises MovedOn: when the matter is not at ``step`` any more.
    :raises CannotFinishStep: when the step has no such outcome, or somebody else has taken it and the actor does not lead them.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.FINISH_STEP, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN)
    matter.must_be_at(step)
    if matter.order.paused_at is not None:
        raise CannotFinishStep("The clock of this matter is paused; resume it first.")
    chosen = outcome_of(matter, outcome)
    run = _finish_run(matter, chosen)
    matter.say(result)
    facts = [] if chosen.back else _reach(matter, run)
    if matter.norm.is_end(chosen.next):
        announce(finished_fact(matter, run, chosen, None), *facts, *resolve(matter, chosen.next))
    else:
        announce(*_go_on(matter, run, chosen, facts))


def outcome_of(matter: Matter, key: str) -> Outcome:
    """Return the outcome ``key`` of the present step, if the actor may finish it."""
    order = matter.order
    try:
        chosen = matter.step.outcome(key)
    except KeyError as missing:
        known = ", ".join(outcome.key for outcome in matter.step.outcomes)
        raise CannotFinishStep("This step has no outcome %(outcome)s; it has %(known)s.", outcome=key, known=known) from missing
    if not matter.is_free_for_viewer:
        raise CannotFinishStep("%(name)s works on this step; ask them or their leader.", name=str(order.handler))
    return chosen


def _finish_run(matter: Matter, chosen: Outcome) -> StepRun:
    run = matter.open_run()
    run.finished_at, run.outcome = matter.at, chosen.key
    run.staff_id, run.taken_at = run.staff_id or matter.viewer.id, run.taken_at or matter.at
    writing.update(run, ("finished_at", "outcome", "staff", "taken_at"))
    return run


def _reach(matter: Matter, run: StepRun) -> list[Fact]:
    """Judge the target of a step finished forwards; remember that the customer was told, or called back."""
    kind = matter.norm.step(run.step).target
    live = sheets.live_targets(matter.order.pk)
    rows = [row for row in live if (row.round, row.kind) == (matter.order.round, kind)]
    if kind in TELLING:
        matter.write(result_told_at=matter.order.result_told_at or matter.at)
    elif kind == TargetKind.CALLED_BACK:
        matter.write(called_back_at=matter.order.called_back_at or matter.at)
    if not rows:
        return []
    pauses = target_rows.pauses_of(matter.order)
    return target_rows.settle(order=matter.order, rows=rows, pauses=pauses, actor_id=matter.viewer.id, at=matter.at, met=True)


def finished_fact(matter: Matter, run: StepRun, chosen: Outcome, next_unit_id: int | None) -> events.StepFinished:
    ends = next_unit_id is None
    return events.StepFinished(
        step=run.step,
        outcome=chosen.key,
        is_back=chosen.back,
        next_step=None if ends else chosen.next,
        next_unit_id=next_unit_id,
        end=chosen.next if ends else None,
        **matter.about,
    )


def _go_on(matter: Matter, run: StepRun, chosen: Outcome, facts: list[Fact]) -> list[Fact]:
    """Begin the next step; return the facts in the order in which the ledger needs them: the step, then its verdict."""
    order, step = matter.order, matter.norm.step(chosen.next)
    unit_id = unit_for(kind=step.unit, near=matter.unit)
    from_unit_id = order.unit_id
    begin_step(matter, step=step.key, unit_id=unit_id)
    told = [finished_fact(matter, run, chosen, unit_id), *facts]
    if unit_id != from_unit_id:
        told.append(pass_on(matter, step.key, from_unit_id, unit_id, HandOverReason.NEXT_STEP, ""))
    return told


def begin_step(matter: Matter, *, step: str, unit_id: int) -> None:
    """Open a run of ``step`` in ``unit_id`` and begin its target, if it has one of its own that has not begun."""
    order = matter.order
    writing.insert([StepRun(work_order=order, round=order.round, step=step, unit_id=unit_id, entered_at=matter.at)])
    case = targets.begun_by_entering(norm=matter.norm, step=step, round_number=order.round, at=matter.at)
    if case is not None and not _has_begun(order, case.kind):
        writing.insert(new_targets(matter, [case]))
    matter.move(step=step, unit_id=unit_id, handler_id=None, next_due_at=earliest_due(matter))


def _has_begun(order: WorkOrder, kind: str) -> bool:
    """Return whether this round has a target of ``kind``, or continues one in which it was judged."""
    if order.targets.filter(round=order.round, kind=kind).exists():
        return True
    if order.round == 1:
        return False
    told = list_facts(case_kind="work_order", case_id=order.pk, kinds=COURSE_FACTS)
    return kind in course_of(card.as_fact() for card in told).round.judged_before


def new_targets(matter: Matter, cases: list[targets.TargetCase]) -> list[Target]:
    """Return rows for ``cases`` of this matter, under the policies of its opening and the calendar in force now."""
    opened = opening_fact(matter.order.pk)
    rows = target_rows.begun(
        cases=cases,
        place=targets.place_of_opening(opened),
        calendar=calendar_in_force(name=opened.calendar, at=matter.at),
        valid_at=opened.at,
        ladder_length=len(matter.norm.escalation),
    )
    for row in rows:
        row.work_order = matter.order
    return rows


def opening_fact(work_order_id: int) -> events.WorkOrderOpened:
    fact = first_fact(case_kind="work_order", case_id=work_order_id).as_fact()
    assert isinstance(fact, events.WorkOrderOpened), "a ledger begins with the opening"
    return fact


def earliest_due(matter: Matter) -> datetime | None:
    running = matter.order.targets.filter(state=TargetState.RUNNING).order_by("due_at")
    return running.values_list("due_at", flat=True).first()


def pass_on(
    matter: Matter, step: str, from_unit_id: int, to_unit_id: int, reason: HandOverReason, words: str
) -> events.HandedOver:
    """Write a hand-over for the receiver to rate, and return its fact."""
    row = HandOver(
        work_order=matter.order,
        step=step,
        from_unit_id=from_unit_id,
        to_unit_id=to_unit_id,
        by_staff_id=matter.viewer.id,
        reason=reason,
        words=words,
        at=matter.at,
    )
    writing.insert([row])
    return handed_over_fact(matter, row)


def handed_over_fact(matter: Matter, row: HandOver) -> events.HandedOver:
    return events.HandedOver(
        hand_over_id=row.pk,
        step=row.step,
        from_unit_id=row.from_unit_id,
        to_unit_id=row.to_unit_id,
        reason=row.reason,
        **matter.about,
    )


def resolve(matter: Matter, end: str) -> list[Fact]:
    """The norm has reached an end, or another matter stands for this one: judge what still runs; the rest is the customer's say."""
    matter.must_follow()
    order = matter.order
    rows = sheets.live_targets(order.pk)
    pauses = target_rows.pauses_of(order) if rows else []
    resumed: list[Fact] = []
    if order.paused_at is not None:
        resumed = [events.ClockResumed(**matter.about)]
        pauses = [*pauses[:-1], Period(order.paused_at, matter.at)]
    verdicts = target_rows.settle(order=order, rows=rows, pauses=pauses, actor_id=matter.viewer.id, at=matter.at, met=False)
    matter.move(
        stage=Stage.RESOLVED,
        end=end,
        step="",
        handler_id=None,
        resolved_at=matter.at,
        next_due_at=None,
        paused_at=None,
        pause_reason="",
    )
    return [*resumed, *verdicts, resolved_fact(matter, end)]


def resolved_fact(matter: Matter, end: str) -> events.WorkOrderResolved:
    """A matter that was merged has not succeeded by itself, and nobody calls back or asks about it: that is done where it went."""
    order, is_merged = matter.order, end == END_MERGED
    return events.WorkOrderResolved(
        norm=order.norm_code,
        end=end,
        success=not is_merged and matter.norm.end(end).success,
        customer_id=order.customer_id,
        call_back_needed=order.call_back_needed and not is_merged,
        survey_needed=order.survey_needed and not is_merged,
        **matter.about,
    )
