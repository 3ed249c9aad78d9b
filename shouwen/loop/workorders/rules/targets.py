"""Targets (时限指标): the deadlines that a norm sets on a course, which policy binds each and why, and the verdict.

One target is one line of the norm: the step's limit, counted from the step's beginning or from the beginning of the round. It is
reached when its step is first finished forwards; a way back neither reaches it nor starts it again. Among all policies of the
limit's key the one with the earliest deadline binds. A target that its round never needed (the matter ended on another way) is void.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.deadlines import Deadline, deadline, due_at
from shouwen.kernel.time.limits import Limit, Unit
from shouwen.kernel.time.periods import Period
from shouwen.loop.workorders.choices import TargetState
from shouwen.loop.workorders.events import WorkOrderOpened
from shouwen.loop.workorders.rules.course import Course, Round
from shouwen.platform.policies.rules import Binding, Match, Place, bind
from shouwen.records.norms.rules.definition import Norm, Step


@dataclass(frozen=True, slots=True)
class TargetCase:
    """One deadline of one round: what it asks for, since when it counts, and how it ended so far."""

    round: int
    kind: str
    step: str
    since: str
    policy_key: str
    start_at: datetime
    met_at: datetime | None = None
    void_at: datetime | None = None


def target_cases(*, course: Course, norm: Norm) -> tuple[TargetCase, ...]:
    """Return the targets that have begun, in the norm's order, round by round.

    Those counted from the opening begin with their round; the others when their step is first begun.
    """
    return tuple(case for this in course.rounds for step in norm.steps if (case := _case(this, step)) is not None)


def _case(this: Round, step: Step) -> TargetCase | None:
    start_at = this.begun_at if step.limit.since == "opened" else this.entered_at.get(step.key)
    if start_at is None or step.target in this.judged_before:
        return None
    met_at = this.reached_at.get(step.key)
    return TargetCase(
        round=this.number,
        kind=step.target,
        step=step.key,
        since=step.limit.since,
        policy_key=step.limit.policy,
        start_at=start_at,
        met_at=met_at,
        void_at=this.ended_at if met_at is None else None,
    )


def begun_with(*, norm: Norm, step: str, round_number: int, at: datetime) -> tuple[TargetCase, ...]:
    """Return the targets that begin together with a round whose first step is ``step``."""
    this = Round(number=round_number, begun_at=at, entered_at={step: at})
    return tuple(case for one in norm.steps if (case := _case(this, one)) is not None)


def begun_by_entering(*, norm: Norm, step: str, round_number: int, at: datetime) -> TargetCase | None:
    """Return the target that begins when ``step`` is first entered, None when it counts from the opening."""
    one = norm.step(step)
    if one.limit.since == "opened":
        return None
    return _case(Round(number=round_number, begun_at=at, entered_at={step: at}), one)


Matching = Callable[[str], Sequence[Match]]


@dataclass(frozen=True, slots=True)
class BoundTarget:
    """A target with the policy that binds it. ``limit`` None: no policy sets a limit for this matter, and there is no deadline."""

    case: TargetCase
    limit: Limit | None
    binding: Binding

    @property
    def policy_digest(self) -> str:
        return self.binding.entry.digest if self.binding.entry else ""


def bind_target(*, case: TargetCase, matches: Sequence[Match], calendar: WorkCalendar) -> BoundTarget:
    """Return the target with the cap that gives the earliest deadline from its start, pauses left aside."""

    def due_of(amount: Decimal, unit: str) -> datetime:
        due = due_at(start_at=case.start_at, limit=Limit(amount, Unit(unit)), calendar=calendar)
        assert due is not None, "without a pause there is always a deadline"
        return due

    binding = bind(matches=matches, due_of=due_of)
    chosen = binding.bound
    limit = None if chosen is None or chosen.amount is None else Limit(chosen.amount, Unit(chosen.entry.unit))
    return BoundTarget(case=case, limit=limit, binding=binding)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a target stands at a moment. ``final``: a verdict, which no later event changes."""

    state: TargetState
    due_at: datetime | None
    final: bool


def judge(*, case: TargetCase, limit: Limit, calendar: WorkCalendar, pauses: Sequence[Period], at: datetime) -> Judgement:
    """Return whether the target is kept, broken, running or paused at ``at``; a target reached exactly when due is kept."""
    decided_at = case.met_at or case.void_at
    due = due_at(start_at=case.start_at, limit=limit, calendar=calendar, pauses=_known_by(pauses, decided_at or at))
    if case.met_at is not None:
        kept = due is None or case.met_at <= due
        return Judgement(TargetState.KEPT if kept else TargetState.BROKEN, due, final=True)
    if due is not None and (case.void_at or at) > due:
        return Judgement(TargetState.BROKEN, due, final=case.void_at is not None)
    if case.void_at is not None:
        return Judgement(TargetState.VOID, due, final=True)
    return Judgement(TargetState.PAUSED if _is_paused(pauses, at) else TargetState.RUNNING, due, final=False)


def explain(*, case: TargetCase, limit: Limit, calendar: WorkCalendar, pauses: Sequence[Period], at: datetime) -> Deadline:
    """Return the deadline with every step that led to it, as seen at ``at``."""
    return deadline(
        start_at=case.start_at, limit=limit, calendar=calendar, pauses=_known_by(pauses, case.met_at or case.void_at or at)
    )


def warning_at(
    *, case: TargetCase, limit: Limit, calendar: WorkCalendar, pauses: Sequence[Period], warn_at_pct: Decimal
) -> datetime | None:
    """Return the moment at which ``warn_at_pct`` per cent of the limit are used up."""
    part = Limit(limit.amount * warn_at_pct / 100, limit.unit)
    return due_at(start_at=case.start_at, limit=part, calendar=calendar, pauses=pauses)


def _known_by(pauses: Iterable[Period], at: datetime) -> list[Period]:
    """Return the pauses begun by ``at``, those that end later as not ended yet."""
    return [
        pause if pause.until is not None and pause.until <= at else Period(pause.since, None)
        for pause in pauses
        if pause.since < at
    ]


def _is_paused(pauses: Iterable[Period], at: datetime) -> bool:
    return any(at in pause for pause in pauses)


def verdict_digest(
    *,
    case: TargetCase,
    limit: Limit,
    judgement: Judgement,
    pauses: Sequence[Period],
    norm_digest: str,
    policy_digest: str,
    calendar_digest: str,
) -> str:
    """Return the SHA-256 of everything a verdict rests on, in canonical JSON: whoever has the same has the same verdict."""
    decided_at = case.met_at or case.void_at
    content = {
        "round": case.round,
        "target": case.kind,
        "step": case.step,
        "since": case.since,
        "start_at": _utc(case.start_at),
        "met_at": _utc(case.met_at),
        "void_at": _utc(case.void_at),
        "due_at": _utc(judgement.due_at),
        "state": judgement.state.value,
        "limit": {"amount": f"{limit.amount.normalize():f}", "unit": limit.unit.value},
        "pauses": [[_utc(p.since), _utc(p.until)] for p in (_known_by(pauses, decided_at) if decided_at else pauses)],
        "norm": norm_digest,
        "policy": policy_digest,
        "calendar": calendar_digest,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _utc(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()


@dataclass(frozen=True, slots=True)
class TargetVerdict:
    """One target judged from a ledger, with its reasons."""

    bound: BoundTarget
    judgement: Judgement | None
    deadline: Deadline | None
    digest: str


def judge_ledger(
    *, course: Course, norm: Norm, matching: Matching, calendar: WorkCalendar, calendar_digest: str, at: datetime
) -> tuple[TargetVerdict, ...]:
    """Return every target that the course has begun, judged at ``at``: the pure whole of what the services do step by step."""
    return tuple(
        _judged(case, course, norm, matching(case.policy_key), calendar, calendar_digest, at)
        for case in target_cases(course=course, norm=norm)
    )


def _judged(
    case: TargetCase,
    course: Course,
    norm: Norm,
    matches: Sequence[Match],
    calendar: WorkCalendar,
    calendar_digest: str,
    at: datetime,
) -> TargetVerdict:
    bound = bind_target(case=case, matches=matches, calendar=calendar)
    if bound.limit is None:
        return TargetVerdict(bound, None, None, "")
    judgement = judge(case=case, limit=bound.limit, calendar=calendar, pauses=course.pauses, at=at)
    digest = verdict_digest(
        case=case,
        limit=bound.limit,
        judgement=judgement,
        pauses=course.pauses,
        norm_digest=norm.digest,
        policy_digest=bound.policy_digest,
        calendar_digest=calendar_digest,
    )
    return TargetVerdict(
        bound, judgement, explain(case=case, limit=bound.limit, calendar=calendar, pauses=course.pauses, at=at), digest
    )


def place_of(course: Course) -> Place:
    """Return where the matter is, for the policies."""
    return place_of_opening(course.opened)


def place_of_opening(opened: WorkOrderOpened) -> Place:
    return Place(
        jurisdiction=opened.jurisdiction,
        company=opened.company,
        area=opened.area,
        zone=opened.zone,
        customer_class=opened.customer_class,
    )
