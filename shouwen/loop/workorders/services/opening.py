"""Opening a matter: from this moment it has an owner, a norm, a unit at work and running clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.conf import settings
from django.db import transaction

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.loop.workorders import events, writing
from shouwen.loop.workorders.choices import Hazard, Priority
from shouwen.loop.workorders.models import SUBJECT_LIMIT, StepRun, Target, WorkOrder
from shouwen.loop.workorders.rules import targets
from shouwen.loop.workorders.services import target_rows
from shouwen.loop.workorders.services.matter import unit_for
from shouwen.platform.calendars.queries import calendar_in_force
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_unit, get_viewer, home_path
from shouwen.platform.people.rules import Viewer
from shouwen.platform.policies.rules import Place
from shouwen.records.norms.choices import Channel
from shouwen.records.norms.queries import NormCard, norm_in_force

OFFICE = "office"


class CannotOpen(Refusal):
    """The matter cannot be opened as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What is known when a matter is taken.

    ``owner_id`` and ``unit_id`` default to whoever opens it and their unit; somebody must own it, so a gateway names an owner.
    ``place`` decides which policies bind; by default it is the supply point's, else the company's own. ``asked_at`` is when the
    customer asked, if that was before anybody here could open the matter: its clocks count from then.
    """

    norm: str
    channel: str
    owner_id: int | None = None
    unit_id: int | None = None
    main_unit_id: int | None = None
    customer_id: int | None = None
    supply_point_id: int | None = None
    subject: str = ""
    description: str = ""
    hazards: tuple[str, ...] = ()
    priority: int | None = None
    place: Place | None = None
    calendar: str = OFFICE
    asked_at: datetime | None = None


@transaction.atomic
def open_work_order(
    *,
    norm: str,
    channel: str,
    owner_id: int | None = None,
    unit_id: int | None = None,
    main_unit_id: int | None = None,
    customer_id: int | None = None,
    supply_point_id: int | None = None,
    subject: str = "",
    description: str = "",
    hazards: tuple[str, ...] = (),
    priority: int | None = None,
    place: Place | None = None,
    calendar: str = OFFICE,
    actor_id: int,
    at: datetime,
) -> int:
    """Open one matter under the version of ``norm`` in force and return its id; whoever takes it owns it (首问负责, B2).

    Another owner is named by a program, or by somebody who leads them.

    :raises CannotOpen: when no such norm is in force, the channel, the priority or a hazard is unknown, the subject is too long, or
        nobody who works here would own it.
    :raises NotFound: when the unit, the supply point or the calendar does not exist.
    """
    opening = Opening(
        norm=norm,
        channel=channel,
        owner_id=owner_id,
        unit_id=unit_id,
        main_unit_id=main_unit_id,
        customer_id=customer_id,
        supply_point_id=supply_point_id,
        subject=subject,
        description=description,
        hazards=hazards,
        priority=priority,
        place=place,
        calendar=calendar,
    )
    _must_own_it_themselves(opening, get_viewer(staff_id=actor_id, at=at))
    return _open_all([opening], actor_id, at)[0]


def _must_own_it_themselves(opening: Opening, viewer: Viewer) -> None:
    if viewer.is_automatic or opening.owner_id in (None, viewer.id):
        return
    try:
        leads = viewer.leads(home_path(staff_id=opening.owner_id))
    except NotFound:
        leads = False
    if not leads:
        raise CannotOpen("Whoever takes a matter owns it; only a leader names somebody else.")


@transaction.atomic
def open_work_orders(*, openings: Sequence[Opening], actor_id: int, at: datetime) -> list[int]:
    """Open many matters in one transaction and return their ids in the same order; all or none.

    :raises CannotOpen: as ``open_work_order``, for the first that cannot be opened.
    """
    return _open_all(openings, actor_id, at)


def _open_all(openings: Sequence[Opening], actor_id: int, at: datetime) -> list[int]:
    viewer = get_viewer(staff_id=actor_id, at=at)
    begun = [_begin(opening, viewer, opening.asked_at or at) for opening in openings]
    writing.insert([one.order for one in begun])
    writing.insert([_first_run(one.order) for one in begun])
    rows = []
    for one in begun:
        for row in one.targets:
            row.work_order = one.order
        rows += one.targets
    writing.insert(rows)
    announce(*[_opened(one, viewer.id, one.order.opened_at) for one in begun])
    return [one.order.pk for one in begun]


@dataclass(frozen=True, slots=True)
class _Begun:
    order: WorkOrder
    targets: list[Target]
    norm: NormCard
    place: Place
    calendar: str
    calendar_digest: str


def _begin(opening: Opening, viewer: Viewer, at: datetime) -> _Begun:
    card = _norm(opening.norm, at)
    place = opening.place or _place_of(opening.supply_point_id)
    calendar = calendar_in_force(name=opening.calendar, at=at)
    cases = targets.begun_with(norm=card.norm, step=card.norm.first.key, round_number=1, at=at)
    rows = target_rows.begun(cases=cases, place=place, calendar=calendar, valid_at=at, ladder_length=len(card.norm.escalation))
    order = _order(opening, viewer, card, at)
    order.next_due_at = target_rows.next_due_at(rows)
    return _Begun(order, rows, card, place, opening.calendar, calendar.digest)


def _order(opening: Opening, viewer: Viewer, card: NormCard, at: datetime) -> WorkOrder:
    if opening.channel not in Channel.values:
        raise CannotOpen("There is no channel %(channel)s.", channel=opening.channel)
    if len(opening.subject) > SUBJECT_LIMIT:
        raise CannotOpen("A subject has at most %(limit)s characters; the rest belongs in the description.", limit=SUBJECT_LIMIT)
    unit = get_unit(unit_id=opening.unit_id or viewer.unit_id)
    unit_id = unit_for(kind=card.norm.first.unit, near=unit)
    return WorkOrder(
        norm_version_id=card.version_id,
        norm_code=card.norm.slug,
        step=card.norm.first.key,
        unit_id=unit_id,
        main_unit_id=opening.main_unit_id or unit_id,
        owner_id=_owner(opening, viewer, at),
        channel=opening.channel,
        customer_id=opening.customer_id,
        supply_point_id=opening.supply_point_id,
        subject=opening.subject,
        description=opening.description,
        hazards=list(opening.hazards),
        priority=_priority(opening),
        opened_at=at,
        moved_at=at,
        call_back_needed=card.norm.call_back.needed,
        survey_needed=card.norm.survey,
    )


def _norm(slug: str, at: datetime) -> NormCard:
    try:
        return norm_in_force(slug=slug, at=at)
    except NotFound as missing:
        raise CannotOpen("No norm %(norm)s is in force.", norm=slug) from missing


def _owner(opening: Opening, viewer: Viewer, at: datetime) -> int:
    """Return who owns the matter: somebody who works here, never a program."""
    if opening.owner_id is None and not viewer.is_automatic:
        return viewer.id
    try:
        owner = None if opening.owner_id is None else get_viewer(staff_id=opening.owner_id, at=at)
    except NotFound:
        owner = None
    if owner is None or owner.is_automatic:
        raise CannotOpen("Somebody who works here must own the matter: name an owner.")
    return owner.id


def _priority(opening: Opening) -> int:
    """Return the priority: a danger on site goes before everything else."""
    if unknown := [hazard for hazard in opening.hazards if hazard not in Hazard.values]:
        raise CannotOpen("There is no hazard %(hazard)s.", hazard=unknown[0])
    if opening.priority is not None and opening.priority not in Priority.values:
        raise CannotOpen("There is no priority %(priority)s.", priority=opening.priority)
    if opening.hazards:
        return Priority.DANGER
    return Priority.NORMAL if opening.priority is None else opening.priority


def _place_of(supply_point_id: int | None) -> Place:
    if supply_point_id is None:
        return home_place()
    from shouwen.records.customers.queries import get_place

    return get_place(supply_point_id=supply_point_id)


@cache
def home_place() -> Place:
    """Return where the company itself is, for matters without a supply point."""
    return Place(jurisdiction=settings.SHOUWEN_JURISDICTION, company=settings.SHOUWEN_COMPANY)


def _first_run(order: WorkOrder) -> StepRun:
    return StepRun(work_order=order, step=order.step, unit_id=order.unit_id, entered_at=order.opened_at)


def _opened(one: _Begun, actor_id: int, at: datetime) -> events.WorkOrderOpened:
    order, place, norm = one.order, one.place, one.norm.norm
    return events.WorkOrderOpened(
        work_order_id=order.pk,
        norm=norm.slug,
        norm_version=norm.version,
        norm_digest=norm.digest,
        calendar=one.calendar,
        calendar_digest=one.calendar_digest,
        step=order.step,
        unit_id=order.unit_id,
        owner_id=order.owner_id,
        main_unit_id=order.main_unit_id,
        channel=order.channel,
        priority=order.priority,
        customer_id=order.customer_id,
        supply_point_id=order.supply_point_id,
        jurisdiction=place.jurisdiction,
        company=place.company,
        area=place.area,
        zone=place.zone,
        customer_class=place.customer_class,
        actor_id=actor_id,
        at=at,
    )
