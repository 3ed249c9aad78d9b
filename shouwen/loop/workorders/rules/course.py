"""The course of a matter (办理轨迹): its ledger folded into what matters for deadlines.

A ledger is a sequence of facts; folding it needs no database and gives the same course every time. A matter runs in **rounds**: the
first from its opening to its resolution, a further one after each reopening; one after an undone merging continues the one before.
Pauses belong to the whole matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from shouwen.kernel.facts import Fact
from shouwen.kernel.time.periods import Period
from shouwen.loop.workorders import events
from shouwen.loop.workorders.choices import TargetState


@dataclass(slots=True)
class Round:
    """One run through the norm: when each step was first begun and first finished forwards.

    ``judged`` are the kinds of target that were kept or broken in it; ``judged_before`` those of the rounds that it continues.
    """

    number: int
    begun_at: datetime
    entered_at: dict[str, datetime] = field(default_factory=dict)
    reached_at: dict[str, datetime] = field(default_factory=dict)
    judged: set[str] = field(default_factory=set)
    judged_before: frozenset[str] = frozenset()
    ended_at: datetime | None = None


@dataclass(slots=True)
class Course:
    """What has happened to one matter so far."""

    opened: events.WorkOrderOpened
    rounds: list[Round]
    pauses: list[Period] = field(default_factory=list)
    closed_at: datetime | None = None

    @property
    def paused_since(self) -> datetime | None:
        return self.pauses[-1].since if self.pauses and self.pauses[-1].is_open else None

    @property
    def round(self) -> Round:
        return self.rounds[-1]


COURSE_FACTS = frozenset(
    kind.kind()
    for kind in (
        events.WorkOrderOpened,
        events.StepFinished,
        events.ClockPaused,
        events.ClockResumed,
        events.WorkOrderResolved,
        events.WorkOrderReopened,
        events.WorkOrderClosed,
        events.VerdictGiven,
    )
)
"""The kinds of fact that a course is made of; folding others too changes nothing."""

PAUSE_FACTS = frozenset(kind.kind() for kind in (events.ClockPaused, events.ClockResumed))


class BrokenLedger(ValueError):
    """The facts cannot have happened in this order; the message names the first that does not fit."""


def course_of(facts: Iterable[Fact]) -> Course:
    """Fold a ledger, oldest fact first.

    :raises BrokenLedger: when it does not begin with the opening, or its pauses do not fit.
    """
    course: Course | None = None
    for fact in facts:
        if isinstance(fact, events.WorkOrderOpened):
            course = Course(opened=fact, rounds=[_first_round(fact)])
        elif course is None:
            raise BrokenLedger(f"{fact.kind()} at {fact.at} stands before the opening.")
        else:
            _apply(course, fact)
    if course is None:
        raise BrokenLedger("The ledger is empty.")
    return course


def _first_round(opened: events.WorkOrderOpened) -> Round:
    return Round(number=1, begun_at=opened.at, entered_at={opened.step: opened.at})


def _apply(course: Course, fact: Fact) -> None:
    match fact:
        case events.StepFinished():
            _finish_step(course.round, fact)
        case events.ClockPaused() | events.ClockResumed():
            _turn_clock(course.pauses, fact)
        case events.WorkOrderResolved():
            course.round.ended_at = fact.at
        case events.VerdictGiven():
            if fact.state in (TargetState.KEPT, TargetState.BROKEN):
                course.round.judged.add(fact.target)
        case events.WorkOrderReopened():
            course.rounds.append(_next_round(course.round, fact))
            course.closed_at = None
        case events.WorkOrderClosed():
            course.closed_at = fact.at
            course.round.ended_at = course.round.ended_at or fact.at


def _next_round(last: Round, fact: events.WorkOrderReopened) -> Round:
    """A round that continues the last one counts from where that began; what was judged there is not judged again."""
    if not fact.continues:
        return Round(number=fact.round, begun_at=fact.at, entered_at={fact.step: fact.at})
    return Round(
        number=fact.round,
        begun_at=last.begun_at,
        entered_at=dict(last.entered_at),
        judged_before=last.judged_before | last.judged,
    )


def _finish_step(this: Round, fact: events.StepFinished) -> None:
    """A way back reaches nothing; what was reached once stays reached."""
    if not fact.is_back:
        this.reached_at.setdefault(fact.step, fact.at)
    if fact.next_step is not None:
        this.entered_at.setdefault(fact.next_step, fact.at)


def pauses_of(facts: Iterable[Fact]) -> list[Period]:
    """Return the pauses that the ``PAUSE_FACTS`` of a ledger make, oldest first: the same as its course has.

    :raises BrokenLedger: when they do not fit.
    """
    pauses: list[Period] = []
    for fact in facts:
        _turn_clock(pauses, fact)
    return pauses


def _turn_clock(pauses: list[Period], fact: Fact) -> None:
    """Begin or end a pause."""
    running = not pauses or not pauses[-1].is_open
    if isinstance(fact, events.ClockPaused):
        if not running:
            raise BrokenLedger(f"A clock paused at {fact.at} that was paused already.")
        pauses.append(Period(fact.at, None))
        return
    if running or fact.at < pauses[-1].since:
        raise BrokenLedger(f"A clock resumed at {fact.at} that was not paused.")
    pauses[-1] = Period(pauses[-1].since, fact.at)
