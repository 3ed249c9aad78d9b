"""One customer with everything that the desk shows beside a matter, masked (A5)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db.models import Q

from shouwen.kernel.errors import NotFound
from shouwen.platform.audit.services import record_look
from shouwen.platform.people.queries import staff_names
from shouwen.platform.people.rules import Viewer
from shouwen.records.customers.choices import Language, PreferredChannel
from shouwen.records.customers.models import Account, ContactPoint, Customer, Preference, Sensitivity, SupplyPoint
from shouwen.records.customers.permissions import must_search
from shouwen.records.customers.queries.cards import (
    AccountCard,
    ContactCard,
    CustomerCard,
    SensitivityCard,
    SupplyPointCard,
    shown_address,
    shown_contact,
    shown_name,
)
from shouwen.records.customers.queries.needs import needs_at
from shouwen.records.customers.rules import mask_identity

LOOKED_AT_CARD = "The card was opened."
DEFAULT_PREFERENCE = (Language.ZH_HANS.value, PreferredChannel.SMS.value)


def get_customer(*, customer_id: int, viewer: Viewer, at: datetime) -> CustomerCard:
    """Return one customer with accounts, places, ways to reach them, needs that hold at ``at`` and sensitivities; all masked.

    That the card was opened is recorded as a look without fields: nothing was shown in clear. Nine queries, whoever it is.

    :raises NotAllowed: unless the viewer holds a role that meets customers.
    :raises NotFound: when there is no such customer.
    """
    must_search(viewer)
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise NotFound
    record_look(viewer_id=viewer.id, customer_id=customer_id, fields=(), reason=LOOKED_AT_CARD, at=at)
    return _card(customer, at)


def _card(customer: Customer, at: datetime) -> CustomerCard:
    representative_id = customer.representative_id
    names = {} if representative_id is None else staff_names(staff_ids=[representative_id])
    preference = Preference.objects.filter(customer=customer).values_list("language", "channel").first()
    language, channel = preference or DEFAULT_PREFERENCE
    return CustomerCard(
        id=customer.pk,
        number=customer.number,
        kind=customer.kind,
        name=shown_name(kind=customer.kind, name=customer.name),
        identity_kind=customer.identity_kind,
        identity_number=mask_identity(customer.identity_number),
        tier=customer.tier,
        representative_id=representative_id,
        representative_name="" if representative_id is None else names.get(representative_id, ""),
        language=language,
        channel=channel,
        registered_at=customer.registered_at,
        closed_at=customer.closed_at,
        accounts=_accounts(customer.pk),
        contact_points=_contact_points(customer.pk),
        needs=tuple(needs_at(customer_id=customer.pk, at=at)),
        sensitivities=_sensitivities(customer.pk, at),
    )


def _accounts(customer_id: int) -> tuple[AccountCard, ...]:
    places: dict[int, list[SupplyPointCard]] = defaultdict(list)
    for row in SupplyPoint.objects.filter(account__customer_id=customer_id).order_by("pk"):
        places[row.account_id].append(_supply_point(row))
    columns = ("id", "number", "opened_on", "closed_at")
    rows = Account.objects.filter(customer_id=customer_id).order_by("pk").values_list(*columns)
    return tuple(
        AccountCard(account_id, number, opened_on, closed_at, tuple(places[account_id]))
        for account_id, number, opened_on, closed_at in rows
    )


def _supply_point(row: SupplyPoint) -> SupplyPointCard:
    return SupplyPointCard(
        id=row.pk,
        account_id=row.account_id,
        address=shown_address(street=row.street),
        area_class=row.area_class,
        zone=row.zone,
        jurisdiction=row.jurisdiction,
        customer_class=row.customer_class,
        voltage_class=row.voltage_class,
        ownership_boundary=row.ownership_boundary,
        transformer_id=row.transformer_id,
        closed_at=row.closed_at,
    )


def _contact_points(customer_id: int) -> tuple[ContactCard, ...]:
    columns = (
        "id",
        "kind",
        "value",
        "holder",
        "consent",
        "consent_at",
        "quiet_from",
        "quiet_until",
        "is_preferred",
        "confirmed_at",
    )
    rows = ContactPoint.objects.in_use().filter(customer_id=customer_id).order_by("-is_preferred", "pk").values_list(*columns)
    return tuple(
        ContactCard(contact_id, kind, shown_contact(kind=kind, value=value), *rest) for contact_id, kind, value, *rest in rows
    )


def _sensitivities(customer_id: int, at: datetime) -> tuple[SensitivityCard, ...]:
    rows = Sensitivity.objects.filter(Q(until_at__isnull=True) | Q(until_at__gt=at), customer_id=customer_id, noted_at__lte=at)
    return tuple(
        SensitivityCard(row.pk, row.kind, row.noted_at, row.until_at, bool(row.note)) for row in rows.order_by("-noted_at", "-pk")
    )
