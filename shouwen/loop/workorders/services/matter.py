"""What every verb begins and ends with: the matter locked, the actor known and allowed, the changed columns written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.loop.workorders import permissions, sheets, writing
from shouwen.loop.workorders.choices import Stage, Verb
from shouwen.loop.workorders.models import StepRun, WorkOrder
from shouwen.platform.people.queries import UnitCard, get_unit, get_viewer, units_of_kind
from shouwen.platform.people.rules import Viewer
from shouwen.records.norms.queries import norm_version
from shouwen.records.norms.rules.definition import Norm, Step


class TimeRunsBackward(Refusal):
    """An act cannot have happened before what it follows: the opening, and for what counts for deadlines the last such act."""

    message = "This cannot have happened before %(earliest_at)s, up to which the matter has come."


class WrongStage(Refusal):
    """The matter is not where this can be done."""

    message = "This cannot be done while the matter is %(stage)s."


class MovedOn(Refusal):
    """The actor means a step that somebody else has finished meanwhile."""

    message = "Meanwhile the matter has moved on from this step to %(step)s; look at it again."


@dataclass(slots=True)
class Matter:
    """One matter in the hands of one actor, its row locked until the transaction ends."""

    order: WorkOrder
    viewer: Viewer
    at: datetime

    @property
    def norm(self) -> Norm:
        return norm_version(version_id=self.order.norm_version_id)

    @property
    def step(self) -> Step:
        return self.norm.step(self.order.step)

    @property
    def unit(self) -> UnitCard:
        """Return the unit where the work is now."""
        return get_unit(unit_id=self.order.unit_id)

    @property
    def about(self) -> dict[str, Any]:
        """Return what every fact of this act has in common."""
        return {"work_order_id": self.order.pk, "actor_id": self.viewer.id, "at": self.at}

    @property
    def is_free_for_viewer(self) -> bool:
        """Whether nobody else works on the present step, or the actor leads them; programs do what they are told."""
        return self.order.handler_id in (None, self.viewer.id) or self.viewer.is_automatic or self.viewer.leads(self.unit.path)

    def must_be(self, *stages: Stage) -> None:
        """:raises WrongStage: unless the matter is at one of ``stages``."""
        if self.order.stage not in stages:
            raise WrongStage(stage=self.order.get_stage_display())

    def must_be_at(self, step: str | None) -> None:
        """:raises MovedOn: when the actor means another step than the present one; None means whichever it is."""
        if step is not None and step != self.order.step:
            raise MovedOn(step=self.order.step)

    def must_follow(self) -> None:
        """:raises TimeRunsBackward: when the act would count for deadlines before one that already has."""
        if self.at < self.order.moved_at:
            raise TimeRunsBackward(earliest_at=self.order.moved_at.isoformat())

    def move(self, *columns: str, **values: object) -> None:
        """``write`` what an act that counts for deadlines changes.

        :raises TimeRunsBackward: as ``must_follow``.
        """
        self.must_follow()
        self.write(*columns, moved_at=self.at, **values)

    def write(self, *columns: str, **values: object) -> None:
        """Set ``values`` and write them together with the already set ``columns``, and nothing else."""
        for name, value in values.items():
            setattr(self.order, name, value)
        writing.update(self.order, (*columns, *values))

    def say(self, result: str) -> None:
        """Write what came of the matter; what the customer was told before was something else, and they are to be told again."""
        if result and result != self.order.result:
            self.write(result=result, result_told_at=None)

    def open_run(self) -> StepRun:
        return sheets.open_run(self.order.pk)


def lock_matter(*, work_order_id: int, verb: Verb, actor_id: int, at: datetime) -> Matter:
    """Lock one matter for one verb of one actor.

    :raises NotFound: when it does not exist, or the actor may not know of it.
    :raises NotAllowed: when the actor may not do this with it.
    :raises TimeRunsBackward: when ``at`` lies before the opening.
    """
    viewer = get_viewer(staff_id=actor_id, at=at)
    order = sheets.locked(work_order_id)
    if order is None:
        raise NotFound
    permissions.must_on(viewer, verb, order)
    if at < order.opened_at:
        raise TimeRunsBackward(earliest_at=order.opened_at.isoformat())
    return Matter(order, viewer, at)


def unit_for(*, kind: str, near: UnitCard) -> int:
    """Return the unit that does work of ``kind``: this one if it is of that kind, else the nearest, else this one all the same.

    A small company has not every kind of unit; then the work stays where it is.
    """
    if near.kind == kind:
        return near.id
    nearest = units_of_kind(kind=kind, near_path=near.path)
    return nearest[0].id if nearest else near.id
