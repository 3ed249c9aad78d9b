"""Closing the loop (闭环, B8): the result told, the customer called back, graded by the customer, visited if need be, closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from shouwen.kernel.errors import Named, Refusal
from shouwen.kernel.facts import Fact
from shouwen.loop.workorders import events, sheets, writing
from shouwen.loop.workorders.choices import CallBackResult, Grade, GradeSource, Missing, ReopenReason, Stage, TargetState, Verb
from shouwen.loop.workorders.models import StepRun, Visit, WorkOrder
from shouwen.loop.workorders.queries.parts import had_a_part
from shouwen.loop.workorders.rules import targets
from shouwen.loop.workorders.rules.closing import LoopState, missing_for_closing
from shouwen.loop.workorders.services import target_rows
from shouwen.loop.workorders.services.matter import Matter, lock_matter, unit_for
from shouwen.loop.workorders.services.working import earliest_due, new_targets
from shouwen.platform.calendars.queries import calendar_with_digest
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.outbox.services import announce
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.queries import value
from shouwen.platform.policies.rules import PolicyRef

CALL_BACK_ATTEMPTS = PolicyRef(key="call_back.attempts", default=Decimal(3), unit=Unit.COUNT, requirement="B8")
REOPEN_WINDOW = PolicyRef(key="reopen.window_days", default=Decimal(7), unit=Unit.DAY, requirement="B8")
CALL_BACK_INTERVAL = PolicyRef(key="call_back.attempt_interval", default=Decimal(2), unit=Unit.HOUR, requirement="B8")
STAFF_SOURCES = frozenset({GradeSource.CALL_BACK, GradeSource.VISIT})


class CannotTellResult(Refusal):
    message = "Write what came of it before telling the customer."


class CannotCallBack(Refusal):
    """The call-back cannot be recorded like this."""


class CannotGrade(Refusal):
    """The grade cannot be recorded like this."""


class NoVisit(Refusal):
    message = "No visit is open for this matter."


class CannotClose(Refusal):
    """The loop is not closed yet; ``missing`` says what is left to do."""

    message = "The matter cannot be closed yet: %(missing)s."

    def __init__(self, missing: tuple[Missing, ...]) -> None:
        self.missing = missing
        super().__init__(missing=Named(Missing(one).label for one in missing))


class CannotReopen(Refusal):
    """The time for reopening is over, or it is open."""


@transaction.atomic
def tell_result(*, work_order_id: int, channel: str, result: str = "", actor_id: int, at: datetime) -> None:
    """Record that the customer was told what came of their matter.

    :raises CannotTellResult: when nobody has written what came of it.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.TELL_RESULT, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN, Stage.RESOLVED)
    if not (result or matter.order.result):
        raise CannotTellResult
    matter.write(result=result or matter.order.result, result_told_at=at)
    announce(events.ResultTold(channel=channel, **matter.about))


@transaction.atomic
def record_call_back(*, work_order_id: int, result: CallBackResult, actor_id: int, at: datetime) -> None:
    """Record one attempt to call the customer back. Who did the work does not call back about it.

    A customer who says that it is not solved reopens the matter. Attempts in vain count only with ``call_back.attempt_interval`` hours
    between them.

    :raises CannotCallBack: when the actor had a part in the work, or nobody answered a moment ago already.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.CALL_BACK, actor_id=actor_id, at=at)
    matter.must_be(Stage.RESOLVED)
    if _had_a_part(matter):
        raise CannotCallBack("Whoever worked on the matter does not call back about it.")
    if result == CallBackResult.NO_ANSWER:
        _must_not_be_too_soon(matter)
    attempt = matter.order.call_back_attempt_count + 1
    reached = result in (CallBackResult.REACHED, CallBackResult.REFUSED)
    matter.write(call_back_attempt_count=attempt, called_back_at=at if reached else matter.order.called_back_at)
    announce(events.CalledBack(result=result, attempt=attempt, **matter.about))
    if result == CallBackResult.UNSOLVED:
        begin_round(matter, ReopenReason.NOT_SOLVED)


def _must_not_be_too_soon(matter: Matter) -> None:
    called = list_facts(case_kind="work_order", case_id=matter.order.pk, kinds=(events.CalledBack.kind(),))
    if not called or matter.order.call_back_attempt_count == 0:
        return
    next_at = called[-1].at + timedelta(hours=float(value(policy=CALL_BACK_INTERVAL, at=matter.at)))
    if matter.at < next_at:
        raise CannotCallBack(
            "Nobody answered a moment ago; the next attempt counts from %(next_at)s.", next_at=next_at.isoformat()
        )


def _had_a_part(matter: Matter) -> bool:
    """Return whether the actor owned, worked on or helped with the matter; jobs and gateways do no work of their own."""
    if matter.viewer.is_automatic:
        return False
    return WorkOrder.objects.filter(had_a_part(staff_id=matter.viewer.id), pk=matter.order.pk).exists()


@transaction.atomic
def ask_satisfaction(*, work_order_id: int, source: GradeSource, actor_id: int, at: datetime) -> None:
    """Record that the customer was asked for a grade, by a program or by somebody who had no part in the work.

    :raises CannotGrade: from anybody else: a customer who is asked and does not answer in time is settled without a grade.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.CALL_BACK, actor_id=actor_id, at=at)
    matter.must_be(Stage.RESOLVED)
    if _had_a_part(matter):
        raise CannotGrade("Whoever owns or worked on the matter does not ask for its grade.")
    matter.write(satisfaction_asked_at=at)
    announce(events.SatisfactionAsked(source=source, **matter.about))


@transaction.atomic
def record_grade(*, work_order_id: int, grade: int, source: GradeSource, actor_id: int, at: datetime) -> None:
    """Record the customer's grade (1 to 5), which settles it; the worst one opens a visit first, and waits for it (B8).

    Only the customer answers: by a link or a key, or to somebody who had no part in the work.

    :raises CannotGrade: for another grade, a second grade, or from somebody who owns or worked on the matter.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.GRADE, actor_id=actor_id, at=at)
    matter.must_be(Stage.RESOLVED)
    _must_be_the_customers(matter, grade, source)
    facts: list[Fact] = [events.SatisfactionGraded(grade=grade, source=source, **matter.about)]
    if grade == Grade.MOST_DISSATISFIED and not matter.order.visits.filter(settled_at=None).exists():
        facts.append(_open_visit(matter))
    matter.write(
        grade=grade,
        grade_source=source,
        satisfaction_asked_at=matter.order.satisfaction_asked_at or at,
        grade_settled_at=None if grade == Grade.MOST_DISSATISFIED else at,
    )
    announce(*facts)


def _must_be_the_customers(matter: Matter, grade: int, source: GradeSource) -> None:
    if grade not in Grade.values:
        raise CannotGrade("A grade is between 1 and 5.")
    if matter.order.grade is not None:
        raise CannotGrade("The customer has graded this matter already.")
    if source in STAFF_SOURCES and _had_a_part(matter):
        raise CannotGrade("Whoever owns or worked on the matter does not record its grade.")
    if source not in STAFF_SOURCES and not matter.viewer.is_automatic:
        raise CannotGrade("Only the customer answers by a link or a key.")


def _open_visit(matter: Matter) -> events.VisitOpened:
    row = Visit.objects.create(work_order=matter.order, opened_at=matter.at)
    return events.VisitOpened(visit_id=row.pk, **matter.about)


@transaction.atomic
def settle_unanswered(*, work_order_id: int, actor_id: int, at: datetime) -> None:
    """Settle the grade of a customer who was asked and has not answered in the stated time; the job that waits for it says so.

    :raises CannotGrade: when they were not asked, or have answered, or from a person, who could cut the waiting short.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.GRADE, actor_id=actor_id, at=at)
    matter.must_be(Stage.RESOLVED)
    if not matter.viewer.is_automatic:
        raise CannotGrade("Only the survey itself finds that the customer has not answered.")
    if matter.order.satisfaction_asked_at is None:
        raise CannotGrade("The customer has not been asked.")
    if matter.order.grade is not None or matter.order.grade_settled_at is not None:
        raise CannotGrade("The customer has graded this matter already.")
    matter.write(grade_settled_at=at)
    announce(events.SatisfactionUnanswered(**matter.about))


@transaction.atomic
def settle_visit(*, work_order_id: int, findings: str, actor_id: int, at: datetime) -> None:
    """Record what the visit found; this settles the worst grade that waits for it. Whoever worked on the matter does not visit.

    A visit outlives a reopening: settled then, it says nothing about the grade of the new round.

    :raises NoVisit: when none is open.
    :raises CannotGrade: without findings, or from somebody who had a part in the matter.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.SETTLE_VISIT, actor_id=actor_id, at=at)
    row = matter.order.visits.filter(settled_at=None).first()
    if row is None:
        raise NoVisit
    if not findings.strip() or _had_a_part(matter):
        raise CannotGrade("A visit is settled by somebody who had no part in the work, with what was found.")
    row.settled_at, row.visited_by_id, row.findings = at, actor_id, findings
    row.save(update_fields=["settled_at", "visited_by", "findings"])
    if matter.order.grade == Grade.MOST_DISSATISFIED:
        matter.write(grade_settled_at=at)
    announce(events.VisitSettled(visit_id=row.pk, **matter.about))


@transaction.atomic
def close_work_order(*, work_order_id: int, actor_id: int, at: datetime) -> None:
    """Close the loop.

    :raises CannotClose: naming everything that is still missing.
    :raises WrongStage: when it is closed already.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.CLOSE, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN, Stage.RESOLVED)
    if missing := what_is_missing(matter):
        raise CannotClose(missing)
    matter.move(stage=Stage.CLOSED, closed_at=at)
    announce(closed_fact(matter))


def closed_fact(matter: Matter) -> events.WorkOrderClosed:
    order = matter.order
    return events.WorkOrderClosed(norm=order.norm_code, unit_id=order.unit_id, grade=order.grade, **matter.about)


def what_is_missing(matter: Matter) -> tuple[Missing, ...]:
    has_open_visit, open_promise_count = sheets.loose_ends(matter.order.pk)
    loop = loop_state(matter.order, has_open_visit=has_open_visit, open_promise_count=open_promise_count)
    return missing_of(loop, matter.at)


def loop_state(order: WorkOrder, *, has_open_visit: bool, open_promise_count: int) -> LoopState:
    return LoopState(
        is_resolved=order.stage != Stage.OPEN,
        is_result_told=order.result_told_at is not None or order.customer_id is None,
        call_back_needed=order.call_back_needed,
        call_back_reached=order.called_back_at is not None,
        call_back_attempt_count=order.call_back_attempt_count,
        survey_needed=order.survey_needed,
        is_grade_settled=order.grade_settled_at is not None,
        has_open_visit=has_open_visit,
        open_promise_count=open_promise_count,
    )


def missing_of(loop: LoopState, at: datetime) -> tuple[Missing, ...]:
    return missing_for_closing(loop=loop, call_back_attempt_limit=int(value(policy=CALL_BACK_ATTEMPTS, at=at)))


@transaction.atomic
def reopen_work_order(*, work_order_id: int, reason: ReopenReason, actor_id: int, at: datetime) -> None:
    """Take a resolved or closed matter up again: same owner, first step, fresh clocks; its verdicts stand.

    The rule: within ``reopen.window_days`` of its closing; a later trouble is a new matter, linked to this one.

    :raises CannotReopen: when it is open, merged into another, or the window is over; and from whoever had a part in the work while a
        grade is waiting to be settled or closed with: nobody reopens the customer's word away.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.REOPEN, actor_id=actor_id, at=at)
    order = matter.order
    if order.stage == Stage.OPEN or order.merged_into_id is not None:
        raise CannotReopen("Only a resolved or closed matter that stands for itself is reopened.")
    if order.stage == Stage.RESOLVED and order.grade is not None and _had_a_part(matter):
        raise CannotReopen("The customer has graded this matter: somebody who had no part in it reopens it.")
    window_days = int(value(policy=REOPEN_WINDOW, at=at))
    if order.closed_at is not None and at > order.closed_at + timedelta(days=window_days):
        raise CannotReopen("Reopening is possible for %(days)s days; open a new matter and link it.", days=window_days)
    begin_round(matter, reason)


def begin_round(matter: Matter, reason: ReopenReason) -> None:
    """Begin the next round at the norm's first step, with fresh clocks."""
    step = matter.norm.first
    reopened = _reopen(matter, reason, step=step.key, unit_id=unit_for(kind=step.unit, near=matter.unit), continues=False)
    cases = targets.begun_with(norm=matter.norm, step=step.key, round_number=matter.order.round, at=matter.at)
    writing.insert(new_targets(matter, list(cases)))
    matter.write(next_due_at=earliest_due(matter))
    announce(reopened)


def carry_on(matter: Matter) -> None:
    """Begin a round that continues the last one where a merging ended it: same step and unit, and no clock starts afresh."""
    order, last = matter.order, matter.order.step_runs.order_by("-id")[0]
    cases = [target_rows.case_of(row) for row in order.targets.filter(round=order.round, state=TargetState.VOID).order_by("id")]
    reopened = _reopen(matter, ReopenReason.WRONGLY_CLOSED, step=last.step, unit_id=last.unit_id, continues=True)
    rows = new_targets(matter, [replace(case, round=order.round) for case in cases])
    pauses, ladder_length = target_rows.pauses_of(order), len(matter.norm.escalation)
    for row in rows:
        target_rows.redate(row, calendar_with_digest(digest=row.calendar_digest).calendar, pauses, ladder_length)
    writing.insert(rows)
    matter.write(next_due_at=earliest_due(matter))
    announce(reopened)


def _reopen(matter: Matter, reason: ReopenReason, *, step: str, unit_id: int, continues: bool) -> events.WorkOrderReopened:
    """Write that the matter is open again at ``step``, in its next round, and return the fact."""
    order = matter.order
    order.round += 1
    matter.move(
        "round",
        stage=Stage.OPEN,
        step=step,
        end="",
        unit_id=unit_id,
        handler_id=None,
        resolved_at=None,
        closed_at=None,
        merged_into_id=None,
        result_told_at=None,
        called_back_at=None,
        call_back_attempt_count=0,
        satisfaction_asked_at=None,
        grade=None,
        grade_source="",
        grade_settled_at=None,
    )
    writing.insert([StepRun(work_order=order, round=order.round, step=step, unit_id=unit_id, entered_at=matter.at)])
    return events.WorkOrderReopened(
        reason=reason, step=step, unit_id=unit_id, round=order.round, continues=continues, **matter.about
    )
