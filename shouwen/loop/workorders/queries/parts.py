"""Who had a part in a matter: one answer for the verbs that ask for somebody independent, and for the lists that offer them work."""

from __future__ import annotations

from django.db.models import Q

from shouwen.loop.workorders import events
from shouwen.platform.outbox.queries import is_told_of_by

PART_FACTS = frozenset(
    kind.kind()
    for kind in (
        events.WorkOrderOpened,
        events.StepTaken,
        events.StepFinished,
        events.HandedOver,
        events.AssistGiven,
        events.PromiseMade,
        events.PromiseKept,
        events.ResultTold,
        events.OwnerChanged,
    )
)
"""Whoever told one of these of a matter had a part in it."""


def had_a_part(*, staff_id: int, of: str = "") -> Q:
    """Return the matters that somebody owns or owned, works or worked on, or helped with, as a condition.

    It is one on ``WorkOrder``, or on a table whose foreign key ``of`` names the matter.
    """
    matter, key = (f"{of}__", f"{of}_id") if of else ("", "pk")
    told = is_told_of_by(case_kind="work_order", case=key, kinds=PART_FACTS, staff_id=staff_id, or_named_as="from_staff_id")
    columns = ("owner_id", "handler_id", "step_runs__staff_id")
    here = Q()
    for column in columns:
        here |= Q(**{f"{matter}{column}": staff_id})
    return here | Q(told)
