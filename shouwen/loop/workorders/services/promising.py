"""Promises (承诺, B6): made with a time, moved only before the time and with the customer's knowledge, kept or broken."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.loop.workorders import events
from shouwen.loop.workorders.choices import PromiseKind, PromiseState, Stage, Verb
from shouwen.loop.workorders.models import Promise
from shouwen.loop.workorders.services.matter import Matter, lock_matter
from shouwen.platform.outbox.services import announce


class CannotPromise(Refusal):
    """The promise cannot be made or settled like this."""


class TooLateToMove(Refusal):
    """The agreed time has passed: the promise is broken and cannot be moved."""

    message = "The agreed time was %(due_at)s; it could only be changed before."


@transaction.atomic
def make_promise(*, work_order_id: int, kind: PromiseKind, due_at: datetime, words: str = "", actor_id: int, at: datetime) -> int:
    """Promise the customer to arrive, call or finish by ``due_at`` and return the promise's id.

    :raises CannotPromise: for a time that has passed.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.PROMISE, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN, Stage.RESOLVED)
    row = _promise(matter, kind, due_at, words)
    announce(events.PromiseMade(promise_id=row.pk, promise=kind, due_at=due_at, **matter.about))
    return row.pk


def _promise(matter: Matter, kind: str, due_at: datetime, words: str) -> Promise:
    if due_at <= matter.at:
        raise CannotPromise("A promise is about a time to come.")
    return Promise.objects.create(
        work_order=matter.order,
        kind=kind,
        made_by_id=matter.viewer.id,
        unit_id=matter.viewer.unit_id,
        made_at=matter.at,
        due_at=due_at,
        words=words,
    )


@transaction.atomic
def move_promise(*, promise_id: int, due_at: datetime, actor_id: int, at: datetime) -> int:
    """Agree another time with the customer before the promised one has passed; return the id of the promise that holds now.

    :raises TooLateToMove: once the promised time has passed.
    :raises WrongStage: when the matter is closed.
    """
    row, matter = _open_promise(promise_id, actor_id, at)
    matter.must_be(Stage.OPEN, Stage.RESOLVED)
    if at >= row.due_at:
        raise TooLateToMove(due_at=row.due_at.isoformat())
    new = _promise(matter, row.kind, due_at, row.words)
    _settle(row, PromiseState.MOVED, at, moved_to_id=new.pk)
    announce(events.PromiseMoved(promise_id=row.pk, new_promise_id=new.pk, due_at=row.due_at, new_due_at=due_at, **matter.about))
    return new.pk


@transaction.atomic
def keep_promise(*, promise_id: int, actor_id: int, at: datetime) -> bool:
    """Record that what was promised was done at ``at``; return whether that was in time."""
    row, matter = _open_promise(promise_id, actor_id, at)
    in_time = at <= row.due_at
    _settle(row, PromiseState.KEPT if in_time else PromiseState.BROKEN, at)
    kind = events.PromiseKept if in_time else events.PromiseBroken
    announce(kind(promise_id=row.pk, **matter.about))
    return in_time


def sweep_promises(*, actor_id: int, at: datetime, limit: int = 1000) -> int:
    """Settle as broken every promise whose time has passed; return how many. Any number of workers may sweep."""
    overdue = Promise.objects.filter(state=PromiseState.OPEN, due_at__lt=at).order_by("due_at", "id")
    return sum(_break(row.pk, row.work_order_id, actor_id, at) for row in overdue[:limit])


@transaction.atomic
def _break(promise_id: int, work_order_id: int, actor_id: int, at: datetime) -> bool:
    broken = Promise.objects.filter(pk=promise_id, state=PromiseState.OPEN).update(state=PromiseState.BROKEN, settled_at=at)
    if broken:
        announce(events.PromiseBroken(promise_id=promise_id, work_order_id=work_order_id, actor_id=actor_id, at=at))
    return bool(broken)


def _open_promise(promise_id: int, actor_id: int, at: datetime) -> tuple[Promise, Matter]:
    work_order_id = Promise.objects.filter(pk=promise_id).values_list("work_order_id", flat=True).first()
    if work_order_id is None:
        raise NotFound
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.PROMISE, actor_id=actor_id, at=at)
    row = Promise.objects.select_for_update().get(pk=promise_id)
    if row.state != PromiseState.OPEN:
        raise CannotPromise("This promise has been settled already.")
    return row, matter


def _settle(row: Promise, state: PromiseState, at: datetime, moved_to_id: int | None = None) -> None:
    row.state, row.settled_at, row.moved_to_id = state, at, moved_to_id
    row.save(update_fields=["state", "settled_at", "moved_to"])
