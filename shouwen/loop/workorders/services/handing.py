"""Handing work on inside (内转外不转): to another unit, for help, or, with a supervisor's reason, to another owner."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.loop.workorders import events
from shouwen.loop.workorders.choices import HandOverReason, Stage, Verb
from shouwen.loop.workorders.models import Assist, HandOver, Note
from shouwen.loop.workorders.services.matter import lock_matter
from shouwen.loop.workorders.services.working import begin_step, pass_on
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_open_unit, get_viewer


class CannotHandOver(Refusal):
    """The work cannot go there."""


class AlreadyRated(Refusal):
    message = "This hand-over has been rated already."


class NotAsked(Refusal):
    message = "No help was asked under this number, or it has been given."


@transaction.atomic
def hand_over_work_order(
    *,
    work_order_id: int,
    to_unit_id: int,
    reason: HandOverReason,
    step: str | None = None,
    words: str = "",
    actor_id: int,
    at: datetime,
) -> int:
    """Move the present step to another unit and return the hand-over's id; the owner stays, the clocks run on.

    ``step`` is the one that the actor sees.

    :raises MovedOn: when the matter is not at ``step`` any more.
    :raises CannotHandOver: to the unit where it is, or one that is closed or unknown; and while somebody else works on the step, but
        for their leader and the owner.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.HAND_OVER, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN)
    matter.must_be_at(step)
    order, from_unit_id = matter.order, matter.order.unit_id
    if to_unit_id == from_unit_id:
        raise CannotHandOver("The matter is in this unit already.")
    if not (matter.is_free_for_viewer or order.owner_id == actor_id):
        raise CannotHandOver("%(name)s works on this step; ask them or their leader.", name=str(order.handler))
    try:
        get_open_unit(unit_id=to_unit_id)
    except NotFound as missing:
        raise CannotHandOver("There is no such unit, or it is closed.") from missing
    run = matter.open_run()
    run.finished_at, run.outcome = at, "handed_over"
    run.save(update_fields=["finished_at", "outcome"])
    begin_step(matter, step=order.step, unit_id=to_unit_id)
    fact = pass_on(matter, order.step, from_unit_id, to_unit_id, reason, words)
    announce(fact)
    return fact.hand_over_id


@transaction.atomic
def rate_hand_over(*, hand_over_id: int, score: int, actor_id: int, at: datetime) -> None:
    """Grade what one's unit was handed, 1 (poor) to 5 (excellent); once (B9).

    :raises CannotHandOver: for any other score.
    :raises AlreadyRated: the second time.
    """
    row = HandOver.objects.filter(pk=hand_over_id).select_related("to_unit").first()
    if row is None:
        raise NotFound
    matter = lock_matter(work_order_id=row.work_order_id, verb=Verb.RATE_HAND_OVER, actor_id=actor_id, at=at)
    if not (matter.viewer.is_automatic or matter.viewer.sees_unit(row.to_unit.path)):
        raise CannotHandOver("Only the unit that was handed the work rates it.")
    if not 1 <= score <= 5:
        raise CannotHandOver("A score is between 1 and 5.")
    if not HandOver.objects.filter(pk=hand_over_id, score=None).update(score=score, rated_by_id=actor_id, rated_at=at):
        raise AlreadyRated
    announce(events.HandOverRated(hand_over_id=hand_over_id, score=score, **matter.about))


@transaction.atomic
def ask_assist(*, work_order_id: int, unit_id: int, question: str, actor_id: int, at: datetime) -> int:
    """Ask another unit for help while the work stays here; return the id under which it answers (协办).

    :raises NotFound: when there is no such open unit.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.ASK_ASSIST, actor_id=actor_id, at=at)
    matter.must_be(Stage.OPEN, Stage.RESOLVED)
    get_open_unit(unit_id=unit_id)
    row = Assist.objects.create(work_order=matter.order, unit_id=unit_id, asked_by_id=actor_id, asked_at=at, question=question)
    announce(events.AssistAsked(assist_id=row.pk, unit_id=unit_id, **matter.about))
    return row.pk


@transaction.atomic
def give_assist(*, assist_id: int, answer: str, actor_id: int, at: datetime) -> None:
    """Answer a call for help.

    :raises NotFound: when there is none, or the actor may not know of the matter.
    :raises NotAsked: when another unit was asked, or it was answered.
    """
    row = Assist.objects.filter(pk=assist_id).select_related("unit").first()
    if row is None:
        raise NotFound
    matter = lock_matter(work_order_id=row.work_order_id, verb=Verb.GIVE_ASSIST, actor_id=actor_id, at=at)
    if not (matter.viewer.is_automatic or matter.viewer.sees_unit(row.unit.path)):
        raise NotAsked
    if not Assist.objects.filter(pk=assist_id, given_at=None).update(given_by_id=actor_id, given_at=at, answer=answer):
        raise NotAsked
    announce(events.AssistGiven(assist_id=assist_id, **matter.about))


@transaction.atomic
def change_owner(*, work_order_id: int, to_staff_id: int, reason: str, actor_id: int, at: datetime) -> None:
    """Give the matter another first-asked owner: a supervisor's decision, with a reason that is kept as an inside note (B2).

    :raises CannotHandOver: without a reason, to the present owner, to a program, or to somebody who has left.
    """
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.CHANGE_OWNER, actor_id=actor_id, at=at)
    from_staff_id = matter.order.owner_id
    if not reason.strip():
        raise CannotHandOver("Say why the owner changes.")
    if to_staff_id == from_staff_id:
        raise CannotHandOver("They own this matter already.")
    _must_be_able_to_own(to_staff_id, at)
    matter.write(owner_id=to_staff_id)
    note = Note.objects.create(work_order=matter.order, author_id=actor_id, at=at, text=reason)
    announce(events.OwnerChanged(from_staff_id=from_staff_id, to_staff_id=to_staff_id, note_id=note.pk, **matter.about))


def _must_be_able_to_own(staff_id: int, at: datetime) -> None:
    try:
        can_own = not get_viewer(staff_id=staff_id, at=at).is_automatic
    except NotFound:
        can_own = False
    if not can_own:
        raise CannotHandOver("A matter is owned by somebody who works here.")
