"""Which needs hold at an instant: what an outage, a cut-off or a call must respect (C3, D7, E4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Q

from shouwen.platform.people.rules import Viewer
from shouwen.records.customers.choices import NeedKind
from shouwen.records.customers.models import SpecialNeed, SupplyPoint
from shouwen.records.customers.permissions import must_search
from shouwen.records.customers.queries.cards import NeedCard


def needs_at(*, customer_id: int, at: datetime) -> list[NeedCard]:
    """Return the needs of one customer that hold at ``at``, the oldest first."""
    rows = SpecialNeed.objects.filter(_holding(at), customer_id=customer_id).order_by("recorded_at", "pk")
    return [_card(row) for row in rows]


def life_support_at(*, supply_point_ids: Collection[int], at: datetime) -> frozenset[int]:
    """Return at which of these supply points somebody lives on electric life support at ``at``."""
    return places_with_need(kind=NeedKind.LIFE_SUPPORT, supply_point_ids=supply_point_ids, at=at)


def places_with_need(*, kind: str, supply_point_ids: Collection[int], at: datetime) -> frozenset[int]:
    """Return at which of these supply points a need of ``kind`` holds at ``at``: one recorded there, or wherever its customer is."""
    holding = SpecialNeed.objects.filter(_holding(at), kind=kind)
    there = holding.filter(supply_point_id__in=supply_point_ids).values_list("supply_point_id", flat=True)
    everywhere = holding.filter(supply_point__isnull=True).values("customer_id")
    theirs = SupplyPoint.objects.filter(pk__in=supply_point_ids, account__customer_id__in=everywhere).values_list("id", flat=True)
    return frozenset(place_id for place_id in (*there, *theirs) if place_id is not None)


def needs_to_review(*, by: date, viewer: Viewer, at: datetime, after_id: int = 0, limit: int = 100) -> list[NeedCard]:
    """Return a page of the needs that hold at ``at`` and are to be reviewed by the day ``by``, in order of their ids.

    Nobody's need lapses unseen: whoever looks after it is asked before it ends.

    :raises NotAllowed: unless the viewer holds a role that meets customers.
    """
    must_search(viewer)
    rows = SpecialNeed.objects.filter(_holding(at), review_on__lte=by, pk__gt=after_id).order_by("pk")[:limit]
    return [_card(row) for row in rows]


def _holding(at: datetime) -> Q:
    return Q(recorded_at__lte=at) & (Q(ended_at__isnull=True) | Q(ended_at__gt=at))


def _card(row: SpecialNeed) -> NeedCard:
    return NeedCard(
        id=row.pk,
        customer_id=row.customer_id,
        supply_point_id=row.supply_point_id,
        kind=row.kind,
        recorded_at=row.recorded_at,
        review_on=row.review_on,
        until_at=row.ended_at,
        has_note=bool(row.note),
    )
