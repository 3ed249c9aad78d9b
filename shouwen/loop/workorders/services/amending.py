"""Correcting what is written about a matter: two people at once merge field by field, or the second sees the conflict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.loop.workorders import events
from shouwen.loop.workorders.choices import Hazard, Priority, Verb
from shouwen.loop.workorders.models import Note
from shouwen.loop.workorders.rules.merging import FieldChange, merge_fields
from shouwen.loop.workorders.services.matter import lock_matter
from shouwen.platform.outbox.services import announce

AMENDABLE = ("subject", "description", "hazards", "priority", "customer_id", "supply_point_id", "main_unit_id", "result")


class Conflict(Refusal):
    """Somebody else has changed the same fields meanwhile; ``present`` holds what they are now. Nothing was written."""

    message = "Meanwhile somebody else has changed: %(fields)s. Look at it again; nothing of yours was written."

    def __init__(self, present: Mapping[str, object]) -> None:
        self.present = dict(present)
        super().__init__(fields=", ".join(self.present))


class CannotAmend(Refusal):
    message = "The field %(field)s cannot be set to this."


@transaction.atomic
def amend_work_order(*, work_order_id: int, changes: Mapping[str, FieldChange], actor_id: int, at: datetime) -> tuple[str, ...]:
    """Correct fields of a matter, each from what the actor saw to what they want; return the names of those that changed.

    :raises Conflict: when a field is neither as it was seen nor as it is wanted.
    :raises CannotAmend: for a field that is not amended like this, or an unknown priority or hazard.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.AMEND, actor_id=actor_id, at=at)
    for name, change in changes.items():
        _must_be_possible(name, change.wanted)
    plan = merge_fields(present={name: getattr(matter.order, name) for name in changes}, wanted=changes)
    if plan.conflicts:
        raise Conflict(plan.conflicts)
    if plan.changes:
        for name, wanted in plan.changes.items():
            setattr(matter.order, name, wanted)
        matter.write(*(name.removesuffix("_id") for name in plan.changes))
        announce(events.Amended(fields=tuple(plan.changes), **matter.about))
    return tuple(plan.changes)


def _must_be_possible(name: str, wanted: object) -> None:
    possible = name in AMENDABLE
    if name == "priority":
        possible = wanted in Priority.values
    elif name == "hazards":
        possible = isinstance(wanted, list) and set(wanted) <= set(Hazard.values)
    if not possible:
        raise CannotAmend(field=name)


@transaction.atomic
def add_note(*, work_order_id: int, text: str, is_public: bool = False, actor_id: int, at: datetime) -> int:
    """Write a note and return its id; inside unless it is said to be for the customer."""
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.NOTE, actor_id=actor_id, at=at)
    row = Note.objects.create(work_order=matter.order, author_id=actor_id, at=at, text=text, is_public=is_public)
    announce(events.NoteAdded(note_id=row.pk, **matter.about))
    return row.pk
