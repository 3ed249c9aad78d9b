"""Who may be calling from a number (A5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.kernel.text.phones import PhoneInvalid, parse_phone
from shouwen.platform.people.rules import Viewer
from shouwen.platform.search.queries import keyring
from shouwen.records.customers.choices import TELEPHONE_KINDS, ContactKind
from shouwen.records.customers.models import ContactPoint
from shouwen.records.customers.permissions import must_search
from shouwen.records.customers.queries.cards import shown_name
from shouwen.records.customers.rules import CallerMatch, confidence_pct

CALLERS_LIMIT = 50


@dataclass(frozen=True, slots=True)
class CallerCard:
    """A customer who may be calling, with what speaks for it; ``name`` is masked. ``confidence_pct`` is from 1 to 95."""

    customer_id: int
    number: str
    name: str
    tier: str
    contact_point_id: int
    confidence_pct: int
    confirmed_at: datetime | None


def callers(*, phone: str, viewer: Viewer | None = None, default_area: str = "") -> list[CallerCard]:
    """Return the customers who may be calling from ``phone``, the surest first; none for what is no telephone number.

    ``viewer`` is None for a door that recognises callers by itself (telephony, mail); nobody sees anything then. ``default_area`` is
    the area code of local numbers without one. At most 50: a number that so many share is a switchboard.

    :raises NotAllowed: when a viewer holds no role that meets customers.
    """
    if viewer is not None:
        must_search(viewer)
    try:
        parsed = parse_phone(phone, default_area=default_area)
    except PhoneInvalid:
        return []
    points = _points(keyring().blind(parsed.e164, purpose="phone"))
    sharer_count = len({point.customer_id for point in points})
    cards: dict[int, CallerCard] = {}
    for point in points:
        card = _card(point, is_area_assumed=parsed.area_assumed, sharer_count=sharer_count)
        cards[point.customer_id] = max(cards.get(point.customer_id, card), card, key=lambda one: one.confidence_pct)
    return sorted(cards.values(), key=lambda one: (-one.confidence_pct, one.customer_id))


def _points(whole_blind: int) -> list[ContactPoint]:
    rows = ContactPoint.objects.in_use().filter(
        whole_blind=whole_blind, kind__in=TELEPHONE_KINDS, customer__closed_at__isnull=True
    )
    return list(rows.select_related("customer").defer("value").order_by("customer_id", "pk")[:CALLERS_LIMIT])


def _card(point: ContactPoint, *, is_area_assumed: bool, sharer_count: int) -> CallerCard:
    match = CallerMatch(
        is_confirmed=point.confirmed_at is not None,
        is_landline=point.kind != ContactKind.MOBILE,
        is_area_assumed=is_area_assumed,
        sharer_count=sharer_count,
    )
    customer = point.customer
    return CallerCard(
        customer_id=customer.pk,
        number=customer.number,
        name=shown_name(kind=customer.kind, name=customer.name),
        tier=customer.tier,
        contact_point_id=point.pk,
        confidence_pct=confidence_pct(match),
        confirmed_at=point.confirmed_at,
    )
