"""Many matters at once (批量办理): what gateways and jobs do to many is read and written together, and comes to just the same.

Whatever is out of the ordinary (a paused clock, a way back, a step that tells the customer, one whose limit begins with it) goes through
the verb for one matter, in the same transaction. A test holds both ways against each other, rows and facts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.db import transaction
from django.db.models import Count

from shouwen.kernel.errors import NotAllowed, NotFound, Refusal
from shouwen.kernel.facts import Fact
from shouwen.loop.workorders import events, writing
from shouwen.loop.workorders.choices import HandOverReason, PromiseState, Stage, TargetState
from shouwen.loop.workorders.models import HandOver, Promise, StepRun, Target, Visit, WorkOrder
from shouwen.loop.workorders.services import settling, target_rows, working
from shouwen.loop.workorders.services.matter import Matter, TimeRunsBackward, unit_for
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_unit, get_viewer
from shouwen.records.norms.choices import TargetKind
from shouwen.records.norms.rules.definition import Outcome, Step

ORDER_COLUMNS = ("stage", "end", "step", "unit", "handler", "resolved_at", "next_due_at", "moved_at")
CLOSED_COLUMNS = ("stage", "closed_at", "moved_at")
RUN_COLUMNS = ("finished_at", "outcome", "staff", "taken_at")
OUT_OF_THE_ORDINARY = frozenset({*working.TELLING, TargetKind.CALLED_BACK})


class CannotDoMany(Refusal):
    """One matter is named twice."""

    message = "Each matter is named once."


class Act(Protocol):
    """What is to be done to one matter."""

    @property
    def work_order_id(self) -> int: ...
    @property
    def actor_id(self) -> int: ...
    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finishing:
    """The present step of one matter is finished with ``outcome``."""

    work_order_id: int
    outcome: str
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """One matter is closed."""

    work_order_id: int
    actor_id: int
    at: datetime


@dataclass(slots=True)
class _Write:
    """What is written at the end, all together."""

    orders: list[WorkOrder] = field(default_factory=list)
    runs: list[StepRun] = field(default_factory=list)
    begun_runs: list[StepRun] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    hand_overs: list[HandOver] = field(default_factory=list)
    units: dict[tuple[str, int], int] = field(default_factory=dict)


@dataclass(slots=True)
class _Held:
    """One matter with its open run and its deadlines, and what is told of it; a hand-over is told when it has its number."""

    matter: Matter
    chosen: Outcome
    run: StepRun
    rows: list[Target]
    facts: list[Fact] = field(default_factory=list)
    hand_over: HandOver | None = None


@transaction.atomic
def finish_steps(*, finishings: Sequence[Finishing]) -> None:
    """Finish the present steps of many matters in one transaction, all or none; each as ``finish_step``.

    :raises NotAllowed: unless every actor is a gateway or a job.
    :raises CannotDoMany: when a matter is named twice.
    :raises CannotFinishStep: and whatever else ``finish_step`` raises, for the first that cannot be finished.
    """
    matters = _hold(finishings)
    held, write = [], _Write()
    others = _out_of_the_ordinary(finishings, matters)
    plain = [one for one in finishings if one.work_order_id not in others]
    runs = {run.work_order_id: run for run in StepRun.objects.filter(work_order__in=_ids(plain), finished_at=None)}
    rows = _live_targets(_ids(plain))
    for one in plain:
        matter = matters[one.work_order_id]
        held.append(_Held(matter, working.outcome_of(matter, one.outcome), runs[matter.order.pk], rows[matter.order.pk]))
        _finish(held[-1], write)
    _save(held, write)
    for one in finishings:
        if one.work_order_id in others:
            working.finish_step(work_order_id=one.work_order_id, outcome=one.outcome, actor_id=one.actor_id, at=one.at)


def _hold(acts: Sequence[Act]) -> dict[int, Matter]:
    """Lock the matters of ``acts`` in the order of their ids.

    :raises NotFound: when one does not exist.
    """
    wanted = {act.work_order_id for act in acts}
    if len(wanted) < len(acts):
        raise CannotDoMany
    found = _locked(wanted)
    found |= _locked(wanted - found.keys())  # as for one: whoever waited looks a second time
    if wanted - found.keys():
        raise NotFound
    return {act.work_order_id: _matter(found[act.work_order_id], act) for act in acts}


def _locked(order_ids: Collection[int]) -> dict[int, WorkOrder]:
    if not order_ids:
        return {}
    rows = WorkOrder.objects.select_related("unit").filter(pk__in=order_ids).order_by("pk").select_for_update(of=("self",))
    return {order.pk: order for order in rows}


def _matter(order: WorkOrder, act: Act) -> Matter:
    viewer = get_viewer(staff_id=act.actor_id, at=act.at)
    if not viewer.is_automatic:
        raise NotAllowed
    if act.at < order.opened_at:
        raise TimeRunsBackward(earliest_at=order.opened_at.isoformat())
    return Matter(order, viewer, act.at)


def _ids(acts: Iterable[Act]) -> list[int]:
    return [act.work_order_id for act in acts]


def _live_targets(order_ids: Collection[int]) -> dict[int, list[Target]]:
    rows: dict[int, list[Target]] = defaultdict(list)
    for row in Target.objects.live().filter(work_order__in=order_ids).order_by("id"):
        rows[row.work_order_id].append(row)
    return rows


def _out_of_the_ordinary(finishings: Sequence[Finishing], matters: dict[int, Matter]) -> set[int]:
    """Return the matters that go through the verb for one; refuse those that are not open."""
    others = set(target_rows.pauses_of_many(matters.keys()))
    for one in finishings:
        matter = matters[one.work_order_id]
        matter.must_be(Stage.OPEN)
        chosen = working.outcome_of(matter, one.outcome)
        if (
            matter.order.paused_at is not None
            or chosen.back
            or matter.step.target in OUT_OF_THE_ORDINARY
            or (not matter.norm.is_end(chosen.next) and matter.norm.step(chosen.next).limit.since == "step")
        ):
            others.add(one.work_order_id)
    return others


def _finish(held: _Held, write: _Write) -> None:
    matter, run, chosen = held.matter, held.run, held.chosen
    matter.must_follow()
    run.finished_at, run.outcome = matter.at, chosen.key
    run.staff_id, run.taken_at = run.staff_id or matter.viewer.id, run.taken_at or matter.at
    reached = [row for row in held.rows if (row.round, row.kind) == (matter.order.round, matter.step.target)]
    verdicts = _judge(held, reached, write, met=True)
    matter.order.moved_at, matter.order.handler_id = matter.at, None
    if matter.norm.is_end(chosen.next):
        held.facts += [working.finished_fact(matter, run, chosen, None), *verdicts]
        _resolve(held, [row for row in held.rows if row not in reached], write)
    else:
        _go_on(held, matter.norm.step(chosen.next), verdicts, write)
    write.orders.append(matter.order)
    write.runs.append(run)


def _judge(held: _Held, rows: Sequence[Target], write: _Write, *, met: bool) -> list[Fact]:
    matter = held.matter
    write.targets += rows
    return [target_rows.judge(matter.order, row, (), matter.viewer.id, matter.at, met=met) for row in rows]


def _resolve(held: _Held, rows: Sequence[Target], write: _Write) -> None:
    order, end = held.matter.order, held.chosen.next
    held.facts += _judge(held, rows, write, met=False)
    order.stage, order.end, order.step = Stage.RESOLVED, end, ""
    order.resolved_at, order.next_due_at = held.matter.at, None
    held.facts.append(working.resolved_fact(held.matter, end))


def _go_on(held: _Held, step: Step, verdicts: list[Fact], write: _Write) -> None:
    matter, order, from_unit_id = held.matter, held.matter.order, held.matter.order.unit_id
    unit_id = _unit_for(order, step.unit, write)
    held.facts += [working.finished_fact(matter, held.run, held.chosen, unit_id), *verdicts]
    run = StepRun(work_order=order, round=order.round, step=step.key, unit_id=unit_id, entered_at=matter.at)
    write.begun_runs.append(run)
    if unit_id != from_unit_id:
        held.hand_over = HandOver(
            work_order=order,
            step=step.key,
            from_unit_id=from_unit_id,
            to_unit_id=unit_id,
            by_staff_id=matter.viewer.id,
            reason=HandOverReason.NEXT_STEP,
            at=matter.at,
        )
        write.hand_overs.append(held.hand_over)
    running = [row.due_at for row in held.rows if row.state == TargetState.RUNNING]
    order.step, order.unit_id, order.next_due_at = step.key, unit_id, min(running, default=None)


def _unit_for(order: WorkOrder, kind: str, write: _Write) -> int:
    known = write.units.get((kind, order.unit_id))
    if known is None:
        known = unit_for(kind=kind, near=get_unit(unit_id=order.unit_id))
        write.units[kind, order.unit_id] = known
    return known


def _save(held: Sequence[_Held], write: _Write) -> None:
    writing.update_all(write.orders, ORDER_COLUMNS)
    writing.update_all(write.runs, RUN_COLUMNS)
    writing.insert(write.begun_runs)
    writing.update_all(write.targets, target_rows.VERDICT_COLUMNS)
    writing.insert(write.hand_overs)
    announce(*[fact for one in held for fact in (*one.facts, *_handed_over(one))])


def _handed_over(held: _Held) -> list[events.HandedOver]:
    row = held.hand_over
    return [] if row is None else [working.handed_over_fact(held.matter, row)]


@transaction.atomic
def close_work_orders(*, closings: Sequence[Closing]) -> None:
    """Close many matters in one transaction, all or none; each as ``close_work_order``.

    :raises NotAllowed: unless every actor is a gateway or a job.
    :raises CannotDoMany: when a matter is named twice.
    :raises CannotClose: and whatever else ``close_work_order`` raises, for the first that cannot be closed.
    """
    matters = _hold(closings)
    visited = set(Visit.objects.filter(work_order__in=matters, settled_at=None).values_list("work_order_id", flat=True))
    open_promises = Promise.objects.filter(work_order__in=matters, state=PromiseState.OPEN).values_list("work_order_id")
    promised = dict(open_promises.annotate(count=Count("id")))
    for order_id, matter in matters.items():
        matter.must_be(Stage.OPEN, Stage.RESOLVED)
        loop = settling.loop_state(matter.order, has_open_visit=order_id in visited, open_promise_count=promised.get(order_id, 0))
        if missing := settling.missing_of(loop, matter.at):
            raise settling.CannotClose(missing)
        matter.must_follow()
        matter.order.stage, matter.order.closed_at, matter.order.moved_at = Stage.CLOSED, matter.at, matter.at
    writing.update_all([matter.order for matter in matters.values()], CLOSED_COLUMNS)
    announce(*[settling.closed_fact(matter) for matter in matters.values()])
