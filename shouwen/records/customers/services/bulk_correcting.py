"""Correcting a known account from a changed row of a file. The file adds telephone numbers; it never takes any away."""

from __future__ import annotations

from datetime import datetime

from shouwen.platform.outbox.services import announce
from shouwen.platform.search.keys import keyring
from shouwen.platform.search.rules import tail_of
from shouwen.records.customers.choices import ContactKind
from shouwen.records.customers.events import CustomerCorrected
from shouwen.records.customers.models import Account, ContactPoint, Customer, SupplyPoint
from shouwen.records.customers.rules.mapping import ImportedCustomer
from shouwen.records.customers.services.indexing import index_customers
from shouwen.records.customers.services.reaching import kept_contact
from shouwen.records.network.queries import transformer_ids_by_code

PLACE_FIELDS = ("street", "room", "area_class", "zone", "jurisdiction", "customer_class", "voltage_class", "ownership_boundary")


def correct_from_row(*, account_id: int, record: ImportedCustomer, actor_id: int, at: datetime) -> None:
    """Bring the customer, the first open place and the contact points of an account in line with a row."""
    account = Account.objects.select_for_update().get(pk=account_id)
    customer = Customer.objects.select_for_update().get(pk=account.customer_id)
    changed = _correct_customer(customer, record) + _correct_place(account_id, record) + add_contacts(customer.pk, record)
    if record.opened_on is not None and record.opened_on != account.opened_on:
        account.opened_on = record.opened_on
        account.save(update_fields=["opened_on"])
        changed.append("opened_on")
    index_customers([customer.pk])
    if changed:
        announce(CustomerCorrected(customer_id=customer.pk, fields=tuple(changed), actor_id=actor_id, at=at))


def identity_blinds(identity_number: str) -> tuple[int | None, int | None]:
    """Return the blind indexes of an identity number and of its tail; none of an empty one."""
    if not identity_number:
        return None, None
    keys = keyring()
    return keys.blind(identity_number, purpose="identity"), keys.blind(tail_of(identity_number), purpose="identity_tail")


def _correct_customer(customer: Customer, record: ImportedCustomer) -> list[str]:
    wanted = {"kind": record.kind, "name": record.name, "tier": record.tier}
    if record.identity_number:
        wanted |= {"identity_kind": record.identity_kind, "identity_number": record.identity_number}
    changed = [name for name, value in wanted.items() if getattr(customer, name) != value]
    for name in changed:
        setattr(customer, name, wanted[name])
    customer.identity_blind, customer.identity_tail_blind = identity_blinds(customer.identity_number)
    if changed:
        customer.save(update_fields=[*changed, "identity_blind", "identity_tail_blind"])
    return changed


def _correct_place(account_id: int, record: ImportedCustomer) -> list[str]:
    place = SupplyPoint.objects.filter(account_id=account_id, closed_at__isnull=True).order_by("pk").select_for_update().first()
    if place is None:
        return []
    changed = [name for name in PLACE_FIELDS if getattr(place, name) != getattr(record, name)]
    for name in changed:
        setattr(place, name, getattr(record, name))
    transformer_id = transformer_ids_by_code(codes=[record.transformer_code]).get(record.transformer_code)
    if transformer_id is not None and transformer_id != place.transformer_id:
        place.transformer_id = transformer_id
        changed.append("transformer")
    if changed:
        place.save(update_fields=changed)
    return changed


def add_contacts(customer_id: int, record: ImportedCustomer) -> list[str]:
    """Add the ways to reach a customer that the row names and the customer does not have; the first of all is the preferred one."""
    kept = [kept_contact(kind=ContactKind.MOBILE, value=phone.with_extension) for phone in record.phones]
    if record.email:
        kept.append(kept_contact(kind=ContactKind.EMAIL, value=record.email))
    known = dict(ContactPoint.objects.in_use().filter(customer_id=customer_id).values_list("whole_blind", "is_preferred"))
    added = [
        ContactPoint(
            customer_id=customer_id,
            kind=one.kind,
            value=one.value,
            whole_blind=one.whole_blind,
            tail_blind=one.tail_blind,
        )
        for one in kept
        if one.whole_blind not in known
    ]
    if added and not any(known.values()):
        added[0].is_preferred = True
    ContactPoint.objects.bulk_create(added)
    return ["contact_points"] if added else []
