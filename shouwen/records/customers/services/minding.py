"""What must be minded about a customer: needs that power or service must respect, and what whoever answers should know (A5, E4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from shouwen.kernel.errors import BadInput, NotFound, Refusal
from shouwen.platform.outbox.services import announce
from shouwen.records.customers.choices import NeedKind, SensitivityKind
from shouwen.records.customers.events import SensitivityNoted, SpecialNeedEnded, SpecialNeedRecorded
from shouwen.records.customers.models import Sensitivity, SpecialNeed, SupplyPoint
from shouwen.records.customers.services.record import lock_customer, must_be_one_of, note_text

REVIEW_AHEAD = timedelta(days=30)


class AlreadyHolds(Refusal):
    """The same need is recorded and holds."""

    message = "This need is recorded already; end it first, or let it run out."


class HasEnded(Refusal):
    """The need no longer holds."""

    message = "This need has ended."


@transaction.atomic
def record_special_need(
    *,
    customer_id: int,
    kind: str,
    supply_point_id: int | None = None,
    note: str = "",
    review_on: date | None = None,
    until_at: datetime | None = None,
    actor_id: int,
    at: datetime,
) -> int:
    """Record a need from ``at`` on, at one place or wherever the customer is, and return its id.

    Life support needs an end, that of the doctor's statement; any other need may go on until it is ended. What has an end is to be
    reviewed thirty days before it (but not before the day of ``at``), unless ``review_on`` says otherwise.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such customer, or the place is not theirs.
    :raises BadInput: when the kind is unknown, the end is missing or not after ``at``, or the note is too long.
    :raises AlreadyHolds: when the same need holds there.
    """
    lock_customer(customer_id=customer_id, actor_id=actor_id, at=at)
    must_be_one_of(NeedKind, field="kind", value=kind)
    _must_end_well(kind, until_at, at)
    _must_be_theirs(customer_id, supply_point_id)
    same = SpecialNeed.objects.filter(customer_id=customer_id, supply_point_id=supply_point_id, kind=kind)
    if same.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at)).exists():
        raise AlreadyHolds
    need = SpecialNeed.objects.create(
        customer_id=customer_id,
        supply_point_id=supply_point_id,
        kind=kind,
        note=note_text(note),
        recorded_at=at,
        review_on=review_on or _review_day(until_at, at),
        ended_at=until_at,
    )
    announce(SpecialNeedRecorded(customer_id=customer_id, special_need_id=need.pk, need=kind, actor_id=actor_id, at=at))
    return need.pk


@transaction.atomic
def end_special_need(*, special_need_id: int, actor_id: int, at: datetime) -> None:
    """End a need at ``at``.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such need.
    :raises HasEnded: when it no longer holds, or does not hold yet.
    """
    customer_id = SpecialNeed.objects.filter(pk=special_need_id).values_list("customer_id", flat=True).first()
    lock_customer(customer_id=customer_id or 0, actor_id=actor_id, at=at)
    need = SpecialNeed.objects.get(pk=special_need_id)
    if not need.holds_at(at):
        raise HasEnded
    need.ended_at = at
    need.save(update_fields=["ended_at"])
    announce(SpecialNeedEnded(customer_id=need.customer_id, special_need_id=need.pk, need=need.kind, actor_id=actor_id, at=at))


@transaction.atomic
def note_sensitivity(
    *, customer_id: int, kind: str, note: str = "", until_at: datetime | None = None, actor_id: int, at: datetime
) -> int:
    """Note what whoever answers should know, from ``at`` on, and return its id; noted again, the newer note shows first.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such customer.
    :raises BadInput: when the kind is unknown, the end is not after ``at``, or the note is too long.
    """
    lock_customer(customer_id=customer_id, actor_id=actor_id, at=at)
    must_be_one_of(SensitivityKind, field="kind", value=kind)
    _must_be_later(until_at, at)
    row = Sensitivity.objects.create(customer_id=customer_id, kind=kind, note=note_text(note), noted_at=at, until_at=until_at)
    announce(SensitivityNoted(customer_id=customer_id, sensitivity_id=row.pk, sensitivity=kind, actor_id=actor_id, at=at))
    return row.pk


def _must_end_well(kind: str, until_at: datetime | None, at: datetime) -> None:
    if kind == NeedKind.LIFE_SUPPORT and until_at is None:
        raise BadInput("until_at", "life support is recorded without an end", "write until when the doctor's statement holds")
    _must_be_later(until_at, at)


def _must_be_later(until_at: datetime | None, at: datetime) -> None:
    if until_at is not None and until_at <= at:
        raise BadInput("until_at", "it is over before it begins", "write a later moment")


def _must_be_theirs(customer_id: int, supply_point_id: int | None) -> None:
    if supply_point_id is None:
        return
    if not SupplyPoint.objects.filter(pk=supply_point_id, account__customer_id=customer_id).exists():
        raise NotFound


def _review_day(until_at: datetime | None, at: datetime) -> date | None:
    if until_at is None:
        return None
    return max(timezone.localdate(until_at - REVIEW_AHEAD), timezone.localdate(at))
