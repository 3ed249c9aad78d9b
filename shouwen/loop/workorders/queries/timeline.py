"""One timeline, two views: everything for those inside; for the customer what concerns them, and never an internal hand-over (B3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.kernel.facts import Json
from shouwen.loop.workorders import events
from shouwen.loop.workorders.models import Note
from shouwen.loop.workorders.queries.details import WorkOrderDetail, get_work_order
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.people.rules import Viewer

OUTSIDE_FIELDS: dict[str, tuple[str, ...]] = {
    events.WorkOrderOpened.kind(): ("norm", "channel"),
    events.PromiseMade.kind(): ("promise", "due_at"),
    events.PromiseMoved.kind(): ("due_at", "new_due_at"),
    events.PromiseKept.kind(): (),
    events.PromiseBroken.kind(): (),
    events.Urged.kind(): ("urge_count",),
    events.ClockPaused.kind(): ("reason",),
    events.ClockResumed.kind(): (),
    events.ResultTold.kind(): ("channel",),
    events.WorkOrderResolved.kind(): ("end", "success"),
    events.CalledBack.kind(): ("result",),
    events.SatisfactionGraded.kind(): ("grade",),
    events.VisitOpened.kind(): (),
    events.VisitSettled.kind(): (),
    events.WorkOrderClosed.kind(): (),
    events.WorkOrderReopened.kind(): ("reason",),
}
"""What the customer sees of which fact: fields not named here stay inside, as does who did it."""


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One thing that happened; ``note`` holds the text of a note. For the customer ``actor_id`` is None."""

    at: datetime
    kind: str
    actor_id: int | None
    fields: dict[str, Json]
    note: str = ""


def inside_timeline(*, work_order_id: int, viewer: Viewer) -> list[TimelineLine]:
    """Return the whole history of a matter.

    :raises NotFound: when the viewer may not know of it.
    """
    return timeline_of(detail=get_work_order(work_order_id=work_order_id, viewer=viewer))


def timeline_of(*, detail: WorkOrderDetail) -> list[TimelineLine]:
    """Return the whole history of a matter that somebody was shown."""
    return [
        TimelineLine(card.at, card.kind, card.actor_id, card.payload, detail.notes.get(_note_id(card.payload), ""))
        for card in list_facts(case_kind="work_order", case_id=detail.order.pk)
    ]


def outside_timeline(*, work_order_id: int) -> list[TimelineLine]:
    """Return what the customer sees: the caller has made sure that the matter is theirs (a link's token, a signed-in account)."""
    public = dict(Note.objects.filter(work_order_id=work_order_id, is_public=True).values_list("id", "text"))
    lines = []
    for card in list_facts(case_kind="work_order", case_id=work_order_id):
        if (shown := OUTSIDE_FIELDS.get(card.kind)) is not None:
            lines.append(TimelineLine(card.at, card.kind, None, {name: card.payload[name] for name in shown}))
        elif (note := public.get(_note_id(card.payload))) is not None:
            lines.append(TimelineLine(card.at, card.kind, None, {}, note))
    return lines


def _note_id(payload: dict[str, Json]) -> int:
    note_id = payload.get("note_id")
    return note_id if isinstance(note_id, int) else 0
