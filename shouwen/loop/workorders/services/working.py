"""Working on a matter: taking its present step and finishing it; what follows is the norm's to say."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.kernel.facts import Fact
from shouwen.loop.workorders import events
from shouwen.loop.workorders.choices import HandOverReason, Stage, TargetState, Verb
from shouwen.loop.workorders.models import HandOver, StepRun, Target
from shouwen.loop.workorders.rules import targets
from shouwen.loop.workorders.services import target_rows
from shouwen.loop.workorders.services.matter import Matter, lock_matter, unit_for
from shouwen.platform.calendars.queries import calendar_in_force
from shouwen.platform.outbox.queries import first_fact
from shouwen.platform.outbox.services import announce
from shouwen.platform.policies.rules import Place
from shouwen.records.norms.choices import TargetKind
from shouwen.records.norms.rules.definition import Outcome

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
    run.save(update_fields=["staff", "taken_at"])
    matter.write(handler_id=matter.viewer.id)


@transaction.atomic
def finish_step(*, work_order_id: int, outcome: str, result: str = "", actor_id: int, at: datetime) -> None:
    """Finish the present step with one of its outcomes: the next step begins in the unit that does it, or the matter is resolved.

    Work goes on to another unit as a hand-over that the receiver rates. ``result`` is what will be told to the customer.

    :raises CannotFinishStep: when the step has no such outcome, or somebody else has taken it and the actor does not lead them.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.FINISH_STEP, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN)
    if matter.order.paused_at is not None:
        raise CannotFinishStep("The clock of this matter is paused; resume it first.")
    chosen = _outcome(matter, outcome)
    run = _finish_run(matter, chosen)
    if chosen.back:
        facts: list[Fact] = []
    else:
        facts = _reach(matter, run)
    if result:
        matter.write(result=result)
    if chosen.next in {end.key for end in matter.norm.ends}:
        announce(_finished(matter, run, chosen, None), *facts, *resolve(matter, chosen.next))
    else:
        announce(*_go_on(matter, run, chosen, facts))


def _outcome(matter: Matter, key: str) -> Outcome:
    order = matter.order
    try:
        chosen = matter.step.outcome(key)
    except KeyError as missing:
        known = ", ".join(outcome.key for outcome in matter.step.outcomes)
        raise CannotFinishStep("This step has no outcome %(outcome)s; it has %(known)s.", outcome=key, known=known) from missing
    if order.handler_id not in (None, matter.viewer.id) and not (
        matter.viewer.is_automatic or matter.viewer.leads(order.unit.path)
    ):
        raise CannotFinishStep("%(name)s works on this step; ask them or their leader.", name=str(order.handler))
    return chosen


def _finish_run(matter: Matter, chosen: Outcome) -> StepRun:
    run = matter.open_run()
    run.finished_at, run.outcome = matter.at, chosen.key
    run.staff_id, run.taken_at = run.staff_id or matter.viewer.id, run.taken_at or matter.at
    run.save(update_fields=["finished_at", "outcome", "staff", "taken_at"])
    return run


def _reach(matter: Matter, run: StepRun) -> list[Fact]:
    """Judge the target of a step finished forwards; remember that the customer was told, or called back."""
    kind = matter.norm.step(run.step).target
    rows = list(matter.order.targets.live().filter(round=matter.order.round, kind=kind))
    if kind in TELLING:
        matter.write(result_told_at=matter.order.result_told_at or matter.at)
    elif kind == TargetKind.CALLED_BACK:
        matter.write(called_back_at=matter.order.called_back_at or matter.at)
    if not rows:
        return []
    pauses = target_rows.pauses_of(matter.order)
    return target_rows.settle(order=matter.order, rows=rows, pauses=pauses, actor_id=matter.viewer.id, at=matter.at, met=True)


def _finished(matter: Matter, run: StepRun, chosen: Outcome, next_unit_id: int | None) -> events.StepFinished:
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
    unit_id = unit_for(kind=step.unit, near_id=order.unit_id, near_path=order.unit.path, near_kind=order.unit.kind)
    from_unit_id = order.unit_id
    begin_step(matter, step=step.key, unit_id=unit_id)
    told = [_finished(matter, run, chosen, unit_id), *facts]
    if unit_id != from_unit_id:
        told.append(pass_on(matter, step.key, from_unit_id, unit_id, HandOverReason.NEXT_STEP, ""))
    return told


def begin_step(matter: Matter, *, step: str, unit_id: int) -> None:
    """Open a run of ``step`` in ``unit_id`` and begin its target, if it has one of its own that has not begun."""
    order = matter.order
    StepRun.objects.create(work_order=order, round=order.round, step=step, unit_id=unit_id, entered_at=matter.at)
    case = targets.begun_by_entering(norm=matter.norm, step=step, round_number=order.round, at=matter.at)
    if case is not None and not order.targets.filter(round=order.round, kind=case.kind).exists():
        Target.objects.bulk_create(new_targets(matter, [case]))
    matter.write("unit", step=step, unit_id=unit_id, handler_id=None, next_due_at=earliest_due(matter))


def new_targets(matter: Matter, cases: list[targets.TargetCase]) -> list[Target]:
    """Return rows for ``cases`` of this matter, under the policies of its opening and the calendar in force now."""
    opened = opening_fact(matter.order.pk)
    place = Place(
        jurisdiction=opened.jurisdiction,
        company=opened.company,
        area=opened.area,
        zone=opened.zone,
        customer_class=opened.customer_class,
    )
    rows = target_rows.begun(
        cases=cases,
        place=place,
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
    row = HandOver.objects.create(
        work_order=matter.order,
        step=step,
        from_unit_id=from_unit_id,
        to_unit_id=to_unit_id,
        by_staff_id=matter.viewer.id,
        reason=reason,
        words=words,
        at=matter.at,
    )
    return events.HandedOver(
        hand_over_id=row.pk, step=step, from_unit_id=from_unit_id, to_unit_id=to_unit_id, reason=reason, **matter.about
    )


def resolve(matter: Matter, end: str) -> list[Fact]:
    """The norm has reached an end: judge what still runs, and leave the rest of the loop to the customer."""
    order = matter.order
    resumed: list[Fact] = [] if order.paused_at is None else [events.ClockResumed(**matter.about)]
    rows = list(order.targets.live())
    pauses = target_rows.pauses_of(order) if rows else []
    verdicts = target_rows.settle(order=order, rows=rows, pauses=pauses, actor_id=matter.viewer.id, at=matter.at, met=False)
    matter.write(
        stage=Stage.RESOLVED,
        end=end,
        step="",
        handler_id=None,
        resolved_at=matter.at,
        next_due_at=None,
        paused_at=None,
        pause_reason="",
    )
    success = next(one.success for one in matter.norm.ends if one.key == end)
    resolved = events.WorkOrderResolved(
        norm=order.norm_code,
        end=end,
        success=success,
        customer_id=order.customer_id,
        call_back_needed=order.call_back_needed,
        survey_needed=order.survey_needed,
        **matter.about,
    )
    return [*resumed, *verdicts, resolved]
