"""Matters seen: lists, one with everything, why a deadline is when it is, the replay of its ledger."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Query, Router

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.discretion import reader_of
from shouwen.faces.api.door.endpoints import asks
from shouwen.faces.api.door.replies import page, shown
from shouwen.faces.api.door.shapes import AskedCode, AskedId, AskedInstant, AskedLine, Limit, PathId, Shape
from shouwen.kernel.errors import NotFound
from shouwen.loop.workorders import queries
from shouwen.loop.workorders.choices import Stage, Verb
from shouwen.loop.workorders.queries import (
    Difference,
    HandOverCard,
    PromiseCard,
    StepCard,
    TargetCard,
    WorkOrderFilters,
)
from shouwen.platform.people.queries import get_unit

router = Router(tags=["work orders"])


class OrderLine(Shape):
    id: int
    number: str
    norm: str
    stage: str
    step: str
    unit_id: int
    owner_id: int
    handler_id: int | None
    customer_id: int | None
    channel: str
    subject: str
    priority: int
    urge_count: int
    opened_at: datetime
    paused_at: datetime | None
    next_due_at: datetime | None
    is_overdue: bool


class OrderPage(Shape):
    items: list[OrderLine]
    next: str | None


class Line(Shape):
    """One thing that happened: the kind of the fact, its own fields, and the text of a note."""

    at: datetime
    kind: str
    actor_id: int | None
    fields: dict[str, Any]
    note: str


class Order(OrderLine):
    """``verbs`` and ``outcomes`` say what the caller may do with it now; ``norm_version`` under which text it runs."""

    norm_version: int
    round: int
    main_unit_id: int
    supply_point_id: int | None
    description: str
    hazards: list[str]
    pause_reason: str
    result: str
    result_told_at: datetime | None
    resolved_at: datetime | None
    end: str
    call_back_needed: bool
    called_back_at: datetime | None
    survey_needed: bool
    satisfaction_asked_at: datetime | None
    grade: int | None
    grade_settled_at: datetime | None
    closed_at: datetime | None
    merged_into_id: int | None
    targets: list[TargetCard]
    steps: list[StepCard]
    promises: list[PromiseCard]
    hand_overs: list[HandOverCard]
    verbs: list[str]
    outcomes: list[str]
    timeline: list[Line] | None


ORDER_COLUMNS = (
    "id", "number", "stage", "step", "unit_id", "owner_id", "handler_id", "customer_id", "channel", "subject", "priority",
    "urge_count", "opened_at", "paused_at", "next_due_at", "round", "main_unit_id", "supply_point_id", "description", "hazards",
    "pause_reason", "result", "result_told_at", "resolved_at", "end", "call_back_needed", "called_back_at", "survey_needed",
    "satisfaction_asked_at", "grade", "grade_settled_at", "closed_at", "merged_into_id",
)  # fmt: skip


@router.get("/work-orders", **asks(Scope.ORDERS_READ, gives=OrderPage))
def list_work_orders(
    request: ApiRequest,
    stage: Annotated[Literal["OPEN", "RESOLVED", "CLOSED"] | None, Query()] = None,
    unit_id: AskedId = None,
    mine: Annotated[Literal["owner", "handler"] | None, Query()] = None,
    customer_id: AskedId = None,
    norm: AskedCode = None,
    due_before: AskedInstant = None,
    after: AskedLine = None,
    limit: Limit = 50,
) -> HttpResponse:
    """List matters, the most urgent first, then the earliest deadline. `unit_id`: in this unit or below it; `mine`: owned or taken."""
    caller = request.auth
    filters = WorkOrderFilters(
        stage=stage,
        unit_path=None if unit_id is None else get_unit(unit_id=unit_id).path,
        owner_id=caller.viewer.id if mine == "owner" else None,
        handler_id=caller.viewer.id if mine == "handler" else None,
        customer_id=customer_id,
        norm=norm,
        due_before=due_before,
    )
    found = queries.list_work_orders(filters=filters, viewer=reader_of(caller.viewer), after=after, limit=limit)
    return page(request, [_line(card, caller.at) for card in found.cards], next_after=found.next_after)


LINE_COLUMNS = (
    "id", "number", "norm", "stage", "step", "unit_id", "owner_id", "handler_id", "customer_id", "channel", "subject", "priority",
    "urge_count", "opened_at", "paused_at", "next_due_at",
)  # fmt: skip


_of_card, _of_order = attrgetter(*LINE_COLUMNS), attrgetter(*ORDER_COLUMNS)


def _line(card: queries.WorkOrderCard, at: datetime) -> dict[str, object]:
    line = dict(zip(LINE_COLUMNS, _of_card(card), strict=True))
    line["is_overdue"] = card.is_overdue(at)
    return line


@router.get("/work-orders/{work_order_id}", **asks(Scope.ORDERS_READ, gives=Order))
def get_work_order(request: ApiRequest, work_order_id: PathId, timeline: Annotated[bool, Query()] = False) -> HttpResponse:
    """Get one matter with its deadlines, steps, promises and hand-overs, and what may be done with it now; `timeline`: its history too."""
    caller = request.auth
    detail = queries.get_work_order(work_order_id=work_order_id, viewer=caller.viewer)
    order, due_at = detail.order, detail.order.next_due_at
    content: dict[str, Any] = dict(zip(ORDER_COLUMNS, _of_order(order), strict=True))
    content |= {"norm": order.norm_code, "norm_version": detail.norm.version, "outcomes": detail.outcomes}
    content["is_overdue"] = order.stage == Stage.OPEN and due_at is not None and caller.at > due_at
    for part in ("targets", "steps", "promises", "hand_overs"):
        content[part] = getattr(detail, part)
    content["verbs"] = sorted(detail.verbs)
    content["timeline"] = queries.timeline_of(detail=detail) if timeline else None
    return shown(content)


class Timeline(Shape):
    items: list[Line]


@router.get("/work-orders/{work_order_id}/timeline", **asks(Scope.ORDERS_READ, gives=Timeline))
def get_timeline(request: ApiRequest, work_order_id: PathId) -> HttpResponse:
    """Get everything that has happened to a matter, in order."""
    return shown({"items": queries.inside_timeline(work_order_id=work_order_id, viewer=request.auth.viewer)})


@router.get("/work-orders/{work_order_id}/customer-timeline", **asks(Scope.ORDERS_READ, gives=Timeline))
def get_customer_timeline(request: ApiRequest, work_order_id: PathId) -> HttpResponse:
    """Get what the customer sees of a matter: no names, no hand-overs inside, nothing that is not theirs to know."""
    queries.get_work_order(work_order_id=work_order_id, viewer=request.auth.viewer)
    return shown({"items": queries.outside_timeline(work_order_id=work_order_id)})


class Policy(Shape):
    key: str
    rule: str
    name_zh: str
    name_en: str
    source: str
    mark: str
    digest: str


class OtherPolicy(Policy):
    reason: str
    due_at: datetime | None


class DeadlineStep(Shape):
    """One stretch: the clock ran (`counted`), work was off (`closed`) or the matter was `paused`; what it used up, in seconds."""

    what: str
    since: datetime
    until: datetime | None
    counted_s: float


class LimitShape(Shape):
    amount: str
    unit: str


class Reason(Shape):
    """How a deadline came about: the limit, the policy that binds, those that do not and why, and each step of the reckoning."""

    kind: str
    due_at: datetime | None
    limit: LimitShape
    binding: Policy
    others: list[OtherPolicy]
    steps: list[DeadlineStep]


@router.get("/targets/{target_id}/reason", **asks(Scope.ORDERS_READ, gives=Reason))
def explain_target(request: ApiRequest, target_id: PathId) -> HttpResponse:
    """Get why a deadline is when it is."""
    found = queries.explain_target(target_id=target_id, viewer=reader_of(request.auth.viewer), at=request.auth.at)
    return shown(
        {
            "kind": found.kind,
            "due_at": found.deadline.due_at,
            "limit": {"amount": found.limit.amount, "unit": found.limit.unit},
            "binding": _policy(found.binding),
            "others": [_policy(other.entry) | {"reason": other.reason, "due_at": other.due_at} for other in found.others],
            "steps": [
                {"what": step.what, "since": step.since, "until": step.until, "counted_s": step.counted_us / 1_000_000}
                for step in found.deadline.steps
            ],
        }
    )


def _policy(entry: Any) -> dict[str, object]:
    return {name: getattr(entry, name) for name in ("key", "rule", "name_zh", "name_en", "source", "mark", "digest")}


class VerificationShape(Shape):
    """A replay of the ledger. `is_equal`: every deadline and verdict came out as it is stored, bit for bit."""

    work_order_id: int
    fact_count: int
    target_count: int
    verdict_count: int
    is_equal: bool
    differences: list[Difference]


@router.get("/work-orders/{work_order_id}/verification", **asks(Scope.ORDERS_READ, gives=VerificationShape))
def verify_work_order(request: ApiRequest, work_order_id: PathId) -> HttpResponse:
    """Replay a matter: compute every deadline and verdict again from its ledger and say what differs."""
    if not queries.may_do(work_order_id=work_order_id, verb=Verb.SEE, viewer=request.auth.viewer):
        raise NotFound
    found = queries.verify_work_order(work_order_id=work_order_id)
    columns = ("work_order_id", "fact_count", "target_count", "verdict_count", "is_equal", "differences")
    return shown({name: getattr(found, name) for name in columns})
