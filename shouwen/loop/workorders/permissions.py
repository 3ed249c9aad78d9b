"""Who may do what with which matter: a table of verb × relation, and how a person's relations to a matter are found.

The table is the whole truth: ``docs/house.md`` prints it, and a test walks every role, verb and relation against it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.loop.workorders.choices import Verb
from shouwen.loop.workorders.models import Assist, StepRun, WorkOrder
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.queries import home_path, unit_path
from shouwen.platform.people.rules import Viewer


class Relation(StrEnum):
    """How somebody stands to a matter."""

    OWNER = "owner"  # the first-asked owner
    HANDLER = "handler"  # has taken the present step
    UNIT = "unit"  # belongs to the unit where the work is now
    HELPER = "helper"  # belongs to a unit that was asked to help
    PAST_UNIT = "past_unit"  # belongs to a unit that worked on it before
    LEADER = "leader"  # leads the owner's unit, the present or the main one
    CENTRE = "centre"  # answers customers in the service centre
    CALL_BACK = "call_back"  # calls back, and had no part in the work
    INSPECTOR = "inspector"  # inspects quality
    AUTOMATIC = "automatic"  # a gateway or a job


CENTRE_ROLES = frozenset({RoleCode.AGENT, RoleCode.SHIFT_LEADER, RoleCode.CALL_BACK_AGENT, RoleCode.COMPLAINT_HANDLER})
SECRET_ROLES = frozenset({RoleCode.DISCIPLINE_OFFICER})
SECRET_NORMS = frozenset({"misconduct_report"})

_R = Relation
_WORKERS = frozenset({_R.HANDLER, _R.UNIT, _R.LEADER, _R.AUTOMATIC})
_FACES = frozenset({_R.OWNER, _R.HANDLER, _R.CENTRE, _R.LEADER, _R.AUTOMATIC})
_EVERYBODY = frozenset(Relation)

ALLOWED: dict[Verb, frozenset[Relation]] = {
    Verb.SEE: _EVERYBODY,
    Verb.TAKE: frozenset({_R.UNIT}) | {_R.AUTOMATIC},
    Verb.FINISH_STEP: _WORKERS,
    Verb.HAND_OVER: _WORKERS | {_R.OWNER},
    Verb.RATE_HAND_OVER: frozenset({_R.HANDLER, _R.UNIT, _R.PAST_UNIT, _R.AUTOMATIC}),
    Verb.ASK_ASSIST: _WORKERS | {_R.OWNER},
    Verb.GIVE_ASSIST: frozenset({_R.HELPER, _R.AUTOMATIC}),
    Verb.PAUSE: _WORKERS,
    Verb.RESUME: _WORKERS | {_R.OWNER},
    Verb.PROMISE: _FACES | {_R.UNIT},
    Verb.URGE: _FACES | {_R.CALL_BACK},
    Verb.ESCALATE: _FACES | {_R.UNIT, _R.HELPER},
    Verb.LINK: _FACES,
    Verb.AMEND: _FACES | {_R.UNIT},
    Verb.NOTE: _EVERYBODY - {_R.PAST_UNIT},
    Verb.TELL_RESULT: _FACES | {_R.UNIT},
    Verb.CALL_BACK: frozenset({_R.OWNER, _R.CENTRE, _R.CALL_BACK, _R.LEADER, _R.AUTOMATIC}),
    Verb.GRADE: frozenset({_R.CALL_BACK, _R.AUTOMATIC}),
    Verb.SETTLE_VISIT: frozenset({_R.LEADER, _R.CALL_BACK, _R.AUTOMATIC}),
    Verb.CLOSE: frozenset({_R.OWNER, _R.LEADER, _R.CALL_BACK, _R.AUTOMATIC}),
    Verb.REOPEN: frozenset({_R.OWNER, _R.LEADER, _R.CENTRE, _R.CALL_BACK, _R.AUTOMATIC}),
    Verb.CHANGE_OWNER: frozenset({_R.LEADER, _R.AUTOMATIC}),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a matter decides how somebody stands to it."""

    norm: str
    owner_id: int
    owner_unit_path: str
    handler_id: int | None
    unit_path: str
    main_unit_path: str
    past_staff_ids: frozenset[int] = frozenset()
    past_unit_paths: tuple[str, ...] = ()
    helper_paths: tuple[str, ...] = ()

    @property
    def is_secret(self) -> bool:
        """Whether only its owner, its handler and the discipline officers may know of it (举报保密, R-408)."""
        return self.norm in SECRET_NORMS


def relations(viewer: Viewer, matter: Standing) -> frozenset[Relation]:
    """Return how ``viewer`` stands to ``matter``; empty: they may not know that it exists."""
    own = {Relation.OWNER: viewer.id == matter.owner_id, Relation.HANDLER: viewer.id == matter.handler_id}
    own[Relation.AUTOMATIC] = viewer.is_automatic
    held = {relation for relation, holds in own.items() if holds}
    if matter.is_secret and not viewer.is_automatic:
        return frozenset(held | ({Relation.UNIT, Relation.LEADER} if SECRET_ROLES & viewer.roles else set()))
    return frozenset(held | {relation for relation, holds in _by_place(viewer, matter).items() if holds})


def _by_place(viewer: Viewer, matter: Standing) -> dict[Relation, bool]:
    took_part = viewer.id in matter.past_staff_ids or viewer.id in (matter.owner_id, matter.handler_id)
    return {
        Relation.UNIT: viewer.sees_unit(matter.unit_path),
        Relation.HELPER: any(viewer.sees_unit(path) for path in matter.helper_paths),
        Relation.PAST_UNIT: any(viewer.sees_unit(path) for path in matter.past_unit_paths),
        Relation.LEADER: any(map(viewer.leads, (matter.owner_unit_path, matter.unit_path, matter.main_unit_path))),
        Relation.CENTRE: not CENTRE_ROLES.isdisjoint(viewer.roles),
        Relation.CALL_BACK: RoleCode.CALL_BACK_AGENT in viewer.roles and not took_part,
        Relation.INSPECTOR: RoleCode.QUALITY_INSPECTOR in viewer.roles,
    }


def may(viewer: Viewer, verb: Verb, matter: Standing) -> bool:
    return not ALLOWED[verb].isdisjoint(relations(viewer, matter))


def must(viewer: Viewer, verb: Verb, matter: Standing) -> None:
    """Refuse whoever may not do ``verb`` with ``matter``.

    :raises NotFound: when they may not even know of it.
    :raises NotAllowed: when they may see it, but not do this.
    """
    held = relations(viewer, matter)
    if not held:
        raise NotFound
    if ALLOWED[verb].isdisjoint(held):
        raise NotAllowed


def must_on(viewer: Viewer, verb: Verb, order: WorkOrder) -> None:
    """``must`` for a row; past work and helpers are asked for only where they decide.

    They can only add to what somebody is, but for one thing: who took part does not call back.
    """
    present = relations(viewer, standing_of(order, with_past=False)) - {Relation.CALL_BACK}
    if ALLOWED[verb].isdisjoint(present):
        must(viewer, verb, standing_of(order))


def standing_of(order: WorkOrder, *, with_past: bool = True) -> Standing:
    """Return how people stand to the matter of a row; ``with_past`` asks the database for past work and helpers too."""
    runs = list(order.step_runs.values_list("staff_id", "unit_id")) if with_past else []
    helpers = list(order.assists.values_list("unit_id", flat=True)) if with_past else []
    return standing_with(order, past=runs, helper_unit_ids=helpers)


def standing_with(order: WorkOrder, *, past: Iterable[tuple[int | None, int]], helper_unit_ids: Iterable[int]) -> Standing:
    """Return how people stand to a matter whose past work (staff, unit) and helpers are known."""
    runs = list(past)
    return Standing(
        norm=order.norm_code,
        owner_id=order.owner_id,
        owner_unit_path=home_path(staff_id=order.owner_id),
        handler_id=order.handler_id,
        unit_path=unit_path(unit_id=order.unit_id),
        main_unit_path=unit_path(unit_id=order.main_unit_id),
        past_staff_ids=frozenset(staff_id for staff_id, _ in runs if staff_id is not None),
        past_unit_paths=tuple({unit_path(unit_id=unit_id) for _, unit_id in runs}),
        helper_paths=tuple(unit_path(unit_id=unit_id) for unit_id in helper_unit_ids),
    )


def visible_to(viewer: Viewer) -> Q:
    """Return the matters that ``viewer`` may see, as a condition on ``WorkOrder``: the same as ``relations`` says one by one."""
    if viewer.is_automatic:
        return Q()
    mine = Q(owner_id=viewer.id) | Q(handler_id=viewer.id)
    secret = Q(norm_code__in=SECRET_NORMS)
    if SECRET_ROLES & viewer.roles:
        mine |= secret
    if (CENTRE_ROLES | {RoleCode.QUALITY_INSPECTOR}) & viewer.roles:
        return mine | ~secret
    near = Q(pk__in=[])
    for path in viewer.unit_paths:
        near |= Q(unit__path__startswith=path)
        for rows in (StepRun.objects, Assist.objects):
            near |= Q(pk__in=rows.filter(unit__path__startswith=path).values("work_order"))
    for path in _led_paths(viewer):
        near |= Q(owner__home_unit__path__startswith=path) | Q(main_unit__path__startswith=path)
    return mine | (near & ~secret)


def _led_paths(viewer: Viewer) -> tuple[str, ...]:
    return tuple(path for _, path in viewer.role_paths if viewer.leads(path))
