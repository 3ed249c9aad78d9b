"""One matter with everything that its page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.kernel.errors import NotFound
from shouwen.loop.workorders import permissions
from shouwen.loop.workorders.choices import Stage, Verb
from shouwen.loop.workorders.models import HandOver, Promise, StepRun, Target, WorkOrder
from shouwen.platform.people.rules import Viewer
from shouwen.records.norms.queries import norm_version
from shouwen.records.norms.rules.definition import Norm


@dataclass(frozen=True, slots=True)
class TargetCard:
    """One deadline as a badge shows it."""

    id: int
    round: int
    kind: str
    step: str
    state: str
    start_at: datetime
    due_at: datetime
    warn_at: datetime
    met_at: datetime | None
    policy_key: str


@dataclass(frozen=True, slots=True)
class StepCard:
    """One run of a step."""

    step: str
    round: int
    unit_id: int
    staff_id: int | None
    entered_at: datetime
    taken_at: datetime | None
    finished_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class PromiseCard:
    id: int
    kind: str
    due_at: datetime
    state: str
    made_by_id: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class HandOverCard:
    id: int
    from_unit_id: int
    to_unit_id: int
    reason: str
    at: datetime
    score: int | None


@dataclass(frozen=True, slots=True)
class WorkOrderDetail:
    """One matter: its row, its norm, its deadlines, its way so far, and what this viewer may do with it now."""

    order: WorkOrder
    norm: Norm
    targets: tuple[TargetCard, ...]
    steps: tuple[StepCard, ...]
    promises: tuple[PromiseCard, ...]
    hand_overs: tuple[HandOverCard, ...]
    verbs: frozenset[Verb]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Return the outcomes of the present step, if the viewer may finish it."""
        if self.order.stage != Stage.OPEN or Verb.FINISH_STEP not in self.verbs:
            return ()
        return tuple(outcome.key for outcome in self.norm.step(self.order.step).outcomes)


def get_work_order(*, work_order_id: int, viewer: Viewer) -> WorkOrderDetail:
    """Return one matter.

    :raises NotFound: when it does not exist or the viewer may not know of it.
    """
    order = WorkOrder.objects.select_related("unit", "main_unit", "owner__home_unit").filter(pk=work_order_id).first()
    if order is None:
        raise NotFound
    standing = permissions.standing_of(order)
    held = permissions.relations(viewer, standing)
    if not held:
        raise NotFound
    return WorkOrderDetail(
        order=order,
        norm=norm_version(version_id=order.norm_version_id),
        targets=_targets(order),
        steps=_steps(order),
        promises=_promises(order),
        hand_overs=_hand_overs(order),
        verbs=frozenset(verb for verb, allowed in permissions.ALLOWED.items() if not allowed.isdisjoint(held)),
    )


def may_do(*, work_order_id: int, verb: Verb, viewer: Viewer) -> bool:
    """Return whether ``viewer`` may do ``verb`` with a matter; also False when it does not exist."""
    order = WorkOrder.objects.select_related("unit", "main_unit", "owner__home_unit").filter(pk=work_order_id).first()
    return order is not None and permissions.may(viewer, verb, permissions.standing_of(order))


def _targets(order: WorkOrder) -> tuple[TargetCard, ...]:
    columns = ("id", "round", "kind", "step", "state", "start_at", "due_at", "warn_at", "met_at", "policy_key")
    return tuple(TargetCard(*row) for row in Target.objects.filter(work_order=order).order_by("id").values_list(*columns))


def _steps(order: WorkOrder) -> tuple[StepCard, ...]:
    columns = ("step", "round", "unit_id", "staff_id", "entered_at", "taken_at", "finished_at", "outcome")
    return tuple(StepCard(*row) for row in StepRun.objects.filter(work_order=order).order_by("id").values_list(*columns))


def _promises(order: WorkOrder) -> tuple[PromiseCard, ...]:
    columns = ("id", "kind", "due_at", "state", "made_by_id", "made_at")
    return tuple(PromiseCard(*row) for row in Promise.objects.filter(work_order=order).order_by("id").values_list(*columns))


def _hand_overs(order: WorkOrder) -> tuple[HandOverCard, ...]:
    columns = ("id", "from_unit_id", "to_unit_id", "reason", "at", "score")
    return tuple(HandOverCard(*row) for row in HandOver.objects.filter(work_order=order).order_by("id").values_list(*columns))
