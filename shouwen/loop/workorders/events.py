"""The facts of a matter: in order they are its ledger. Only ids and codes; never a name, a number or a text of the customer's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class WorkOrderFact(Fact):
    """Something that happened to one matter."""

    case_kind: ClassVar[str] = "work_order"

    work_order_id: int


@dataclass(frozen=True, kw_only=True)
class WorkOrderOpened(WorkOrderFact):
    """A matter was taken; from now on it has an owner. Its first step began in ``unit_id``.

    The place decides which policies bind; ``norm_digest`` and ``calendar_digest`` name the versions in force at that moment.
    """

    norm: str
    norm_version: int
    norm_digest: str
    calendar: str
    calendar_digest: str
    step: str
    unit_id: int
    owner_id: int
    main_unit_id: int
    channel: str
    priority: int
    customer_id: int | None
    supply_point_id: int | None
    jurisdiction: str
    company: str | None
    area: str | None
    zone: str | None
    customer_class: str | None


@dataclass(frozen=True, kw_only=True)
class StepTaken(WorkOrderFact):
    """Somebody has begun to work on the present step."""

    step: str
    staff_id: int


@dataclass(frozen=True, kw_only=True)
class StepFinished(WorkOrderFact):
    """The present step ended with ``outcome``; the next began in ``next_unit_id``, or the matter reached ``end``."""

    step: str
    outcome: str
    is_back: bool
    next_step: str | None
    next_unit_id: int | None
    end: str | None


@dataclass(frozen=True, kw_only=True)
class HandedOver(WorkOrderFact):
    """Work moved from one unit to another; the owner did not."""

    hand_over_id: int
    step: str
    from_unit_id: int
    to_unit_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class HandOverRated(WorkOrderFact):
    """The receiving unit has graded what it was handed, 1 to 5."""

    hand_over_id: int
    score: int


@dataclass(frozen=True, kw_only=True)
class AssistAsked(WorkOrderFact):
    assist_id: int
    unit_id: int


@dataclass(frozen=True, kw_only=True)
class AssistGiven(WorkOrderFact):
    assist_id: int


@dataclass(frozen=True, kw_only=True)
class ClockPaused(WorkOrderFact):
    """All clocks of the matter stand, for a reason that its norm allows."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ClockResumed(WorkOrderFact):
    pass


@dataclass(frozen=True, kw_only=True)
class PromiseMade(WorkOrderFact):
    promise_id: int
    promise: str
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class PromiseMoved(WorkOrderFact):
    """The customer agreed to another time before the promised one had passed; ``new_promise_id`` holds from now on."""

    promise_id: int
    new_promise_id: int
    due_at: datetime
    new_due_at: datetime


@dataclass(frozen=True, kw_only=True)
class PromiseKept(WorkOrderFact):
    promise_id: int


@dataclass(frozen=True, kw_only=True)
class PromiseBroken(WorkOrderFact):
    promise_id: int


@dataclass(frozen=True, kw_only=True)
class Urged(WorkOrderFact):
    """The customer asked again; ``urge_count`` with this one."""

    urge_count: int


@dataclass(frozen=True, kw_only=True)
class HeardAgain(WorkOrderFact):
    """The customer has written again about a matter that is not closed; ``hazards`` are those that are new with it."""

    hazards: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PriorityRaised(WorkOrderFact):
    priority: int


@dataclass(frozen=True, kw_only=True)
class Escalated(WorkOrderFact):
    """A superior was told; ``rung`` 0 warns before the limit."""

    escalation_id: int
    reason: str
    rung: int
    to_staff_id: int
    target: str | None


@dataclass(frozen=True, kw_only=True)
class TargetBroken(WorkOrderFact):
    """A limit has passed and the target was not reached yet."""

    target: str
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class VerdictGiven(WorkOrderFact):
    """A target was judged for good. ``digest`` binds all that the verdict rests on."""

    target: str
    state: str
    due_at: datetime
    met_at: datetime | None
    policy_digest: str
    calendar_digest: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class OwnerChanged(WorkOrderFact):
    """A supervisor gave the matter another owner; why stands in an inside note."""

    from_staff_id: int
    to_staff_id: int
    note_id: int


@dataclass(frozen=True, kw_only=True)
class Amended(WorkOrderFact):
    """Fields of the matter were corrected; their values stand in the matter, not in the ledger."""

    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NoteAdded(WorkOrderFact):
    note_id: int


@dataclass(frozen=True, kw_only=True)
class Linked(WorkOrderFact):
    link_id: int
    link: str
    other_id: int


@dataclass(frozen=True, kw_only=True)
class Unlinked(WorkOrderFact):
    link_id: int
    other_id: int


@dataclass(frozen=True, kw_only=True)
class ResultTold(WorkOrderFact):
    """The customer was told what came of it."""

    channel: str


@dataclass(frozen=True, kw_only=True)
class WorkOrderResolved(WorkOrderFact):
    """The norm reached an end; what is left is the customer's say."""

    norm: str
    end: str
    success: bool
    customer_id: int | None
    call_back_needed: bool
    survey_needed: bool


@dataclass(frozen=True, kw_only=True)
class CalledBack(WorkOrderFact):
    result: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class SatisfactionAsked(WorkOrderFact):
    source: str


@dataclass(frozen=True, kw_only=True)
class SatisfactionGraded(WorkOrderFact):
    grade: int
    source: str


@dataclass(frozen=True, kw_only=True)
class SatisfactionUnanswered(WorkOrderFact):
    """The customer was asked and did not answer within the stated time: settled without a grade."""


@dataclass(frozen=True, kw_only=True)
class VisitOpened(WorkOrderFact):
    """The worst grade: somebody goes to see the customer at once."""

    visit_id: int


@dataclass(frozen=True, kw_only=True)
class VisitSettled(WorkOrderFact):
    visit_id: int


@dataclass(frozen=True, kw_only=True)
class WorkOrderClosed(WorkOrderFact):
    norm: str
    unit_id: int
    grade: int | None


@dataclass(frozen=True, kw_only=True)
class WorkOrderReopened(WorkOrderFact):
    """The matter goes on from ``step``; its clocks start afresh in round ``round``, past verdicts stand.

    ``continues``: a merging was undone. Then nothing starts afresh: what was not judged in the round before goes on in this one,
    counted from where it began.
    """

    reason: str
    step: str
    unit_id: int
    round: int
    continues: bool = False
