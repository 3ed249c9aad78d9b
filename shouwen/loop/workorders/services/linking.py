"""Matters that belong together: links are rows, made and undone without moving anything."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.loop.workorders import events, sheets
from shouwen.loop.workorders.choices import LinkKind, Stage, Verb
from shouwen.loop.workorders.models import Link, WorkOrder
from shouwen.loop.workorders.rules.targets import place_of_opening
from shouwen.loop.workorders.services.matter import Matter, lock_matter
from shouwen.loop.workorders.services.opening import Opening, open_work_orders
from shouwen.loop.workorders.services.settling import carry_on, closed_fact
from shouwen.loop.workorders.services.working import END_MERGED, opening_fact, resolve
from shouwen.platform.outbox.services import announce

BY_HAND = frozenset({LinkKind.DUPLICATE, LinkKind.RELATED})


class CannotLink(Refusal):
    """These two cannot be linked like this."""


@transaction.atomic
def link_work_orders(*, from_id: int, to_id: int, kind: LinkKind, actor_id: int, at: datetime) -> int:
    """Say that two matters belong together (duplicate, related) and return the link's id.

    :raises CannotLink: to itself, a second time, or as merged or split, which have verbs of their own.
    """
    if kind not in BY_HAND:
        raise CannotLink("Matters are linked as duplicate or related; to merge or split them is another act.")
    matter, _other = _lock_both(from_id, to_id, actor_id, at)
    return _link(matter, to_id, kind)


@transaction.atomic
def merge_work_order(*, work_order_id: int, into_id: int, actor_id: int, at: datetime) -> int:
    """Let ``into_id`` stand for this matter of the same customer: it is closed here and served there; return the link that undoes it.

    Its own clocks are judged at this moment. Its result, its call-back and its grade are those of the other. What others have asked
    is linked as a duplicate and never merged: each customer is told and asked by a matter of their own.

    :raises CannotLink: when one of them is not open, the customers differ, others were merged into this one, or the customer is still
        owed something here: a promise, a visit, the answer to a grade.
    """
    matter, other = _lock_both(work_order_id, into_id, actor_id, at)
    _must_be_mergeable(matter, other)
    link_id = _link(matter, into_id, LinkKind.MERGED)
    facts = resolve(matter, END_MERGED)
    matter.order.step_runs.filter(finished_at=None).update(finished_at=at, outcome=END_MERGED)
    matter.move(stage=Stage.CLOSED, closed_at=at, merged_into_id=into_id)
    announce(*facts, closed_fact(matter))
    return link_id


def _must_be_mergeable(matter: Matter, other: Matter) -> None:
    if {matter.order.stage, other.order.stage} != {Stage.OPEN}:
        raise CannotLink("Only open matters are merged; what is resolved is closed by itself.")
    if matter.order.customer_id != other.order.customer_id:
        raise CannotLink("Their customers differ: link them as duplicates, so that each is told and asked.")
    if matter.order.merged.exists():
        raise CannotLink("Merging goes one step deep: choose the matter that stands for the others.")
    has_open_visit, open_promise_count = sheets.loose_ends(matter.order.pk)
    if has_open_visit or open_promise_count:
        raise CannotLink("A promise or a visit is still owed to this customer here: settle it first.")


@transaction.atomic
def split_work_order(*, work_order_id: int, norm: str, subject: str, description: str = "", actor_id: int, at: datetime) -> int:
    """Open a second matter for another part of what the customer asked, linked to this one; return its id."""
    matter = lock_matter(work_order_id=work_order_id, verb=Verb.LINK, actor_id=actor_id, at=at)
    order, opened = matter.order, opening_fact(work_order_id)
    part = Opening(
        norm=norm,
        channel=order.channel,
        owner_id=order.owner_id,
        unit_id=order.owner.home_unit_id,
        customer_id=order.customer_id,
        supply_point_id=order.supply_point_id,
        subject=subject,
        description=description,
        place=place_of_opening(opened),
        calendar=opened.calendar,
    )
    [part_id] = open_work_orders(openings=[part], actor_id=actor_id, at=at)
    _link(Matter(WorkOrder.objects.get(pk=part_id), matter.viewer, at), work_order_id, LinkKind.SPLIT)
    return part_id


@transaction.atomic
def undo_link(*, link_id: int, actor_id: int, at: datetime) -> None:
    """Take a link back. A merged matter goes on where it was: at its step, in its unit, and its clocks have run on meanwhile.

    :raises CannotLink: when it has been undone already.
    """
    row = Link.objects.filter(pk=link_id).first()
    if row is None:
        raise NotFound
    matter, _other = _lock_both(row.from_order_id, row.to_order_id, actor_id, at)
    if not Link.objects.filter(pk=link_id, undone_at=None).update(undone_by_id=actor_id, undone_at=at):
        raise CannotLink("This link has been undone already.")
    announce(events.Unlinked(link_id=link_id, other_id=row.to_order_id, **matter.about))
    if row.kind == LinkKind.MERGED:
        carry_on(matter)


def _lock_both(one_id: int, other_id: int, actor_id: int, at: datetime) -> tuple[Matter, Matter]:
    """Lock two matters, the one with the lower id first, so that two people linking crosswise do not wait for each other."""
    if one_id == other_id:
        raise CannotLink("A matter is not linked to itself.")
    locked = {
        order_id: lock_matter(work_order_id=order_id, verb=Verb.LINK, actor_id=actor_id, at=at)
        for order_id in sorted((one_id, other_id))
    }
    return locked[one_id], locked[other_id]


def _link(matter: Matter, to_id: int, kind: LinkKind) -> int:
    if Link.objects.filter(kind=kind, from_order=matter.order, to_order_id=to_id, undone_at=None).exists():
        raise CannotLink("These two are linked like this already.")
    row = Link.objects.create(
        kind=kind, from_order=matter.order, to_order_id=to_id, made_by_id=matter.viewer.id, made_at=matter.at
    )
    announce(events.Linked(link_id=row.pk, link=kind, other_id=to_id, **matter.about))
    return row.pk
