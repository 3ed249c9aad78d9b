"""Correcting what is written about a matter: two people at once merge field by field, or the second sees the conflict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from shouwen.kernel.errors import Refusal
from shouwen.kernel.facts import Fact
from shouwen.loop.workorders import events, permissions, writing
from shouwen.loop.workorders.choices import Hazard, Priority, Stage, Verb
from shouwen.loop.workorders.models import SUBJECT_LIMIT, Amendment, Note
from shouwen.loop.workorders.rules.merging import FieldChange, merge_fields
from shouwen.loop.workorders.services.matter import Matter, lock_matter
from shouwen.platform.outbox.services import announce


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_subject(value: object) -> bool:
    return isinstance(value, str) and len(value) <= SUBJECT_LIMIT


def _is_id(value: object) -> bool:
    return isinstance(value, int)


def _is_id_or_none(value: object) -> bool:
    return value is None or isinstance(value, int)


AMENDABLE: dict[str, Callable[[object], bool]] = {
    "subject": _is_subject,
    "description": _is_text,
    "result": _is_text,
    "hazards": lambda value: isinstance(value, list) and set(value) <= set(Hazard.values),
    "priority": lambda value: value in Priority.values,
    "customer_id": _is_id,
    "supply_point_id": _is_id_or_none,
    "main_unit_id": _is_id,
}
"""The fields that are corrected by hand, each with what it can hold."""


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
    What a closed matter says stands. Its main unit is changed by a leader alone, because it decides who leads; its customer by anybody
    until it is resolved or others were merged into it, because then somebody is to be told and asked.

    :raises Conflict: when a field is neither as it was seen nor as it is wanted.
    :raises CannotAmend: for a field that is not amended like this, or a value that it cannot have.
    :raises WrongStage: when the matter is closed.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.AMEND, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN, Stage.RESOLVED)
    for name, change in changes.items():
        if name not in AMENDABLE or not AMENDABLE[name](change.wanted):
            raise CannotAmend(field=name)
    plan = merge_fields(present={name: getattr(matter.order, name) for name in changes}, wanted=changes)
    if plan.conflicts:
        raise Conflict(plan.conflicts)
    if plan.changes:
        _must_be_theirs_to_change(matter, plan.changes)
        _keep_before(matter, plan.changes)
        _write(matter, plan.changes)
        announce(events.Amended(fields=tuple(plan.changes), **matter.about), *_danger(matter, plan.changes))
    return tuple(plan.changes)


def _must_be_theirs_to_change(matter: Matter, changes: Mapping[str, object]) -> None:
    order = matter.order
    if "main_unit_id" in changes:
        permissions.must_on(matter.viewer, Verb.CHANGE_OWNER, order)
    if "customer_id" in changes and (order.stage != Stage.OPEN or order.merged.exists() or order.merged_into_id):
        raise CannotAmend(field="customer_id")


def _keep_before(matter: Matter, changes: Mapping[str, object]) -> None:
    """Keep what the fields said before: the ledger names them, this row holds their values."""
    before = {name: getattr(matter.order, name) for name in changes}
    Amendment.objects.create(work_order=matter.order, by_staff_id=matter.viewer.id, at=matter.at, before=before)


def _write(matter: Matter, changes: Mapping[str, object]) -> None:
    """Write the changes; a reference to something that does not exist is found now and not at the end of the transaction."""
    try:
        told_anew = {"result_told_at": None} if "result" in changes else {}
        matter.write(**changes, **told_anew)
        if any(name.endswith("_id") for name in changes):
            with connection.cursor() as cursor:
                cursor.execute("set constraints all immediate")
    except IntegrityError as error:
        raise CannotAmend(field=next(name for name in changes if name.endswith("_id"))) from error


def _danger(matter: Matter, changes: Mapping[str, object]) -> list[Fact]:
    """A danger that is flagged later goes before everything else, too."""
    if not changes.get("hazards") or matter.order.priority == Priority.DANGER:
        return []
    matter.write(priority=Priority.DANGER)
    return [events.PriorityRaised(priority=Priority.DANGER, **matter.about)]


@transaction.atomic
def hear_again(*, work_order_id: int, hazards: tuple[str, ...], actor_id: int, at: datetime) -> None:
    """Record that the customer has written again: their owner and whoever works on it are told, a new danger goes before everything.

    :raises WrongStage: when the matter is closed: what comes then is a new one.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.NOTE, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN, Stage.RESOLVED)
    new = tuple(hazard for hazard in dict.fromkeys(hazards) if hazard not in matter.order.hazards)
    facts: list[Fact] = [events.HeardAgain(hazards=new, **matter.about)]
    if new:
        matter.write(hazards=[*matter.order.hazards, *new])
        facts += _danger(matter, {"hazards": new})
    announce(*facts)


@transaction.atomic
def add_note(*, work_order_id: int, text: str, is_public: bool = False, actor_id: int, at: datetime) -> int:
    """Write a note and return its id; inside unless it is said to be for the customer."""
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.NOTE, actor_id=actor_id, at=at)
    row = Note(work_order=matter.order, author_id=actor_id, at=at, text=text, is_public=is_public)
    writing.insert([row])
    announce(events.NoteAdded(note_id=row.pk, **matter.about))
    return row.pk
