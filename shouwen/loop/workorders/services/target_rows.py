"""Targets as rows: begun with their policy bound, moved by pauses, judged once. Not verbs: the verbs call them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from shouwen.kernel.facts import Fact
from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.deadlines import due_at
from shouwen.kernel.time.limits import Limit, Unit
from shouwen.kernel.time.periods import Period
from shouwen.loop.workorders import events, writing
from shouwen.loop.workorders.choices import TargetState
from shouwen.loop.workorders.models import Target, WorkOrder
from shouwen.loop.workorders.rules import course, escalation, targets
from shouwen.platform.calendars.queries import CalendarCard, calendar_with_digest
from shouwen.platform.outbox.queries import facts_of_cases, list_facts
from shouwen.platform.policies.choices import Unit as PolicyUnit
from shouwen.platform.policies.queries import matches_for, value
from shouwen.platform.policies.rules import Place, PolicyRef
from shouwen.records.norms.queries import norm_version

WARN_AT_PCT = PolicyRef(key="escalation.warn_at_pct", default=Decimal(80), unit=PolicyUnit.PCT, requirement="B5")


def begun(
    *, cases: Iterable[targets.TargetCase], place: Place, calendar: CalendarCard, valid_at: datetime, ladder_length: int
) -> list[Target]:
    """Return unsaved rows for targets that begin now; a case for which no policy sets a limit has no row.

    ``valid_at`` is the opening of the matter: it runs under the policies in force, and known, at that moment.
    """
    warn_at_pct = value(policy=WARN_AT_PCT, place=place, at=valid_at)
    rows = []
    for case in cases:
        bound = targets.bind_target(
            case=case,
            matches=matches_for(key=case.policy_key, place=place, at=valid_at, known_at=valid_at),
            calendar=calendar.calendar,
        )
        if bound.limit is not None:
            rows.append(_row(bound, bound.limit, calendar, warn_at_pct, ladder_length))
    return rows


def _row(bound: targets.BoundTarget, limit: Limit, calendar: CalendarCard, warn_at_pct: Decimal, ladder_length: int) -> Target:
    case, due = bound.case, bound.binding.due_at
    warn_at = targets.warning_at(case=case, limit=limit, calendar=calendar.calendar, pauses=(), warn_at_pct=warn_at_pct)
    assert due is not None, "a target begins without a pause"
    assert warn_at is not None, "and so does its warning"
    return Target(
        round=case.round,
        kind=case.kind,
        step=case.step,
        since=case.since,
        policy_key=case.policy_key,
        policy_digest=bound.policy_digest,
        calendar_digest=calendar.digest,
        limit_amount=limit.amount,
        limit_unit=limit.unit.value,
        start_at=case.start_at,
        due_at=due,
        warn_at_pct=warn_at_pct,
        warn_at=warn_at,
        next_alarm_at=escalation.next_alarm_at(
            rung_told=None, start_at=case.start_at, warn_at=warn_at, due_at=due, ladder_length=ladder_length
        ),
    )


def limit_of(target: Target) -> Limit:
    return Limit(target.limit_amount, Unit(target.limit_unit))


def case_of(target: Target, *, met_at: datetime | None = None, void_at: datetime | None = None) -> targets.TargetCase:
    return targets.TargetCase(
        round=target.round,
        kind=target.kind,
        step=target.step,
        since=target.since,
        policy_key=target.policy_key,
        start_at=target.start_at,
        met_at=met_at,
        void_at=void_at,
    )


def pauses_of(order: WorkOrder) -> list[Period]:
    """Return the matter's pauses from its ledger."""
    cards = list_facts(case_kind="work_order", case_id=order.pk, kinds=course.PAUSE_FACTS)
    return course.pauses_of(card.as_fact() for card in cards)


def pauses_of_many(order_ids: Collection[int]) -> dict[int, list[Period]]:
    """Return the pauses of several matters by id; one that was never paused is not there."""
    told = facts_of_cases(case_kind="work_order", case_ids=order_ids, kinds=course.PAUSE_FACTS)
    return {order_id: course.pauses_of(card.as_fact() for card in cards) for order_id, cards in told.items()}


def settle(
    *, order: WorkOrder, rows: Sequence[Target], pauses: Sequence[Period], actor_id: int, at: datetime, met: bool
) -> list[Fact]:
    """Judge ``rows`` for good: reached now (``met``) or no longer needed; write them and return their verdicts as facts."""
    verdicts = [judge(order, row, pauses, actor_id, at, met=met) for row in rows]
    writing.update_all(rows, VERDICT_COLUMNS)
    return list(verdicts)


VERDICT_COLUMNS = ("state", "due_at", "met_at", "verdict_at", "verdict_digest", "next_alarm_at")


def judge(
    order: WorkOrder, row: Target, pauses: Sequence[Period], actor_id: int, at: datetime, *, met: bool
) -> events.VerdictGiven:
    """Judge one row for good, without writing it, and return its verdict as a fact."""
    case = case_of(row, met_at=at if met else None, void_at=None if met else at)
    calendar, limit = calendar_with_digest(digest=row.calendar_digest).calendar, limit_of(row)
    judgement = targets.judge(case=case, limit=limit, calendar=calendar, pauses=pauses, at=at)
    row.state, row.met_at, row.verdict_at, row.next_alarm_at = judgement.state, case.met_at, at, None
    row.due_at = judgement.due_at or row.due_at
    row.verdict_digest = targets.verdict_digest(
        case=case,
        limit=limit,
        judgement=judgement,
        pauses=pauses,
        norm_digest=norm_version(version_id=order.norm_version_id).digest,
        policy_digest=row.policy_digest,
        calendar_digest=row.calendar_digest,
    )
    return events.VerdictGiven(
        work_order_id=order.pk,
        target=row.kind,
        state=row.state,
        due_at=row.due_at,
        met_at=row.met_at,
        policy_digest=row.policy_digest,
        calendar_digest=row.calendar_digest,
        digest=row.verdict_digest,
        actor_id=actor_id,
        at=at,
    )


def move(*, rows: Sequence[Target], pauses: Sequence[Period], ladder_length: int) -> None:
    """Let paused ``rows`` run again: date them by their calendar and ``pauses``, and write them."""
    for row in rows:
        row.state = TargetState.RUNNING
        redate(row, calendar_with_digest(digest=row.calendar_digest).calendar, pauses, ladder_length)
    writing.update_all(rows, ("state", "due_at", "warn_at", "next_alarm_at"))


def redate(row: Target, calendar: WorkCalendar, pauses: Sequence[Period], ladder_length: int) -> None:
    """Set the dates of a live row; while a pause is open they are those without it, and nobody is told."""
    finished = [pause for pause in pauses if not pause.is_open]
    limit = limit_of(row)
    due = due_at(start_at=row.start_at, limit=limit, calendar=calendar, pauses=finished)
    warn_at = targets.warning_at(case=case_of(row), limit=limit, calendar=calendar, pauses=finished, warn_at_pct=row.warn_at_pct)
    assert due is not None, "finished pauses leave a deadline"
    assert warn_at is not None, "and a warning"
    row.due_at, row.warn_at, row.next_alarm_at = due, warn_at, None
    if row.state == TargetState.RUNNING:
        row.next_alarm_at = escalation.next_alarm_at(
            rung_told=row.rung, start_at=row.start_at, warn_at=warn_at, due_at=due, ladder_length=ladder_length
        )


def next_due_at(rows: Iterable[Target]) -> datetime | None:
    """Return the earliest deadline among running rows."""
    return min((row.due_at for row in rows if row.state == TargetState.RUNNING), default=None)


__all__ = ["begun", "case_of", "limit_of", "move", "next_due_at", "pauses_of", "pauses_of_many", "redate", "settle"]
