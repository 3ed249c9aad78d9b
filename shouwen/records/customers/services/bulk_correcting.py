"""Bringing known accounts in line with rows of a file. The file adds telephone numbers; it never takes any away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from shouwen.platform.outbox.services import announce
from shouwen.platform.search.keys import keyring
from shouwen.platform.search.rules import tail_of
from shouwen.records.customers.choices import ContactKind
from shouwen.records.customers.events import AccountTransferred, CustomerCorrected
from shouwen.records.customers.models import Account, ContactPoint, Customer, SupplyPoint
from shouwen.records.customers.rules.mapping import ImportedCustomer
from shouwen.records.customers.services.bulk_rows import PreparedRow
from shouwen.records.customers.services.indexing import index_customers
from shouwen.records.customers.services.reaching import kept_contact

PLACE_FIELDS = ("street", "room", "area_class", "zone", "jurisdiction", "customer_class", "voltage_class", "ownership_boundary")


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that is there before the batch."""

    id: int
    customer_id: int
    customer_number: str
    digest: int | None
    run_id: int | None
    row_no: int | None


@dataclass(frozen=True, slots=True)
class Restatement:
    """A row that says something else of a known account than before: of its customer, or that it passes to another one."""

    row: PreparedRow
    record: ImportedCustomer
    account: KnownAccount
    is_transfer: bool

    def customer_id(self, named: Mapping[str, int]) -> int:
        """Return whose account it is by this row; ``named`` are the ids of customers by number."""
        return named[self.record.customer_number] if self.is_transfer else self.account.customer_id


def lock_customers(customer_ids: Collection[int]) -> None:
    """Hold these customers until the end of the transaction, in the order of their ids."""
    if customer_ids:
        list(Customer.objects.select_for_update(no_key=True).filter(pk__in=customer_ids).order_by("pk").values_list("pk"))


def restate(
    *,
    restated: Sequence[Restatement],
    customer_ids: Mapping[str, int],
    transformers: Mapping[str, int],
    actor_id: int,
    at: datetime,
) -> None:
    """Pass accounts to the customers whom their rows name, then bring customers, first open places and contact points in line.

    The customers are there and held by the caller. The former customer of an account stays as they are, contact points and all.
    """
    _transfer([one for one in restated if one.is_transfer], customer_ids, actor_id, at)
    concerned = {one.account.customer_id for one in restated}
    for one in restated:
        customer_id = one.customer_id(customer_ids)
        concerned.add(customer_id)
        if changed := _corrected(one.account.id, customer_id, one.record, transformers):
            announce(CustomerCorrected(customer_id=customer_id, fields=changed, actor_id=actor_id, at=at))
    index_customers(concerned)


def _transfer(moved: list[Restatement], customer_ids: Mapping[str, int], actor_id: int, at: datetime) -> None:
    """Pass accounts from one customer to another, all in one statement."""
    if not moved:
        return
    owners = [one.customer_id(customer_ids) for one in moved]
    with connection.cursor() as cursor:
        cursor.execute(
            "update customers_account account set customer_id = passed.customer_id"
            " from unnest(%s::bigint[], %s::bigint[]) as passed (id, customer_id) where account.id = passed.id",
            [[one.account.id for one in moved], owners],
        )
    announce(
        *(
            AccountTransferred(
                account_id=one.account.id,
                from_customer_id=one.account.customer_id,
                to_customer_id=owner,
                actor_id=actor_id,
                at=at,
            )
            for one, owner in zip(moved, owners, strict=True)
        )
    )


def _corrected(account_id: int, customer_id: int, record: ImportedCustomer, transformers: Mapping[str, int]) -> tuple[str, ...]:
    """Bring one account and its customer in line with a row and return the names of the fields that changed."""
    customer = Customer.objects.get(pk=customer_id)
    changed = [
        *_correct_customer(customer, record),
        *_correct_place(account_id, record, transformers),
        *add_contacts(customer_id, record),
    ]
    if record.opened_on is not None:
        otherwise = Account.objects.filter(pk=account_id).exclude(opened_on=record.opened_on)
        changed += ["opened_on"] * otherwise.update(opened_on=record.opened_on)
    return tuple(changed)


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


def _correct_place(account_id: int, record: ImportedCustomer, transformers: Mapping[str, int]) -> list[str]:
    place = SupplyPoint.objects.filter(account_id=account_id, closed_at__isnull=True).order_by("pk").select_for_update().first()
    if place is None:
        return []
    changed = [name for name in PLACE_FIELDS if getattr(place, name) != getattr(record, name)]
    for name in changed:
        setattr(place, name, getattr(record, name))
    transformer_id = transformers.get(record.transformer_code)
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
