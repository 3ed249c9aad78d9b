"""One matter with everything that its page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from shouwen.kernel.errors import NotFound
from shouwen.loop.workorders import permissions, sheets
from shouwen.loop.workorders.choices import Stage, Verb
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.permissions import Relation
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
    notes: dict[int, str]
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
    found = sheets.sheet(work_order_id)
    if found is None:
        raise NotFound
    order = found.order
    past = [(step[_STAFF], step[_UNIT]) for step in found.steps]
    standing = permissions.standing_with(order, past=past, helper_unit_ids=[unit_id for (unit_id,) in found.assists])
    held = permissions.relations(viewer, standing)
    if not held:
        raise NotFound
    return WorkOrderDetail(
        order=order,
        norm=norm_version(version_id=order.norm_version_id),
        targets=tuple(TargetCard(*_with_instants(row, _TARGET_INSTANTS)) for row in found.targets),
        steps=tuple(StepCard(*_with_instants(row, _STEP_INSTANTS)) for row in found.steps),
        promises=tuple(PromiseCard(*_with_instants(row, _PROMISE_INSTANTS)) for row in found.promises),
        hand_overs=tuple(HandOverCard(*_with_instants(row, _HAND_OVER_INSTANTS)) for row in found.hand_overs),
        notes={int(note_id): str(text) for note_id, text in found.notes},
        verbs=_verbs_of(held),
    )


_STAFF, _UNIT = sheets.STEP.index("staff_id"), sheets.STEP.index("unit_id")


def _instants(names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(place for place, name in enumerate(names) if name == "at" or name.endswith("_at"))


_TARGET_INSTANTS, _STEP_INSTANTS = _instants(sheets.TARGET), _instants(sheets.STEP)
_PROMISE_INSTANTS, _HAND_OVER_INSTANTS = _instants(sheets.PROMISE), _instants(sheets.HAND_OVER)


def _with_instants(row: list[Any], places: tuple[int, ...]) -> list[Any]:
    for place in places:
        if row[place] is not None:
            row[place] = datetime.fromisoformat(row[place])
    return row


@cache
def _verbs_of(held: frozenset[Relation]) -> frozenset[Verb]:
    return frozenset(verb for verb, allowed in permissions.ALLOWED.items() if not allowed.isdisjoint(held))


def may_do(*, work_order_id: int, verb: Verb, viewer: Viewer) -> bool:
    """Return whether ``viewer`` may do ``verb`` with a matter; also False when it does not exist."""
    order = sheets.read(work_order_id)
    return order is not None and permissions.may(viewer, verb, permissions.standing_of(order))
