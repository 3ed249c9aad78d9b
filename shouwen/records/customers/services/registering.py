"""Registering customers and correcting what is written about them."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from shouwen.kernel.errors import BadInput, Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer
from shouwen.records.customers.choices import CustomerKind, IdentityKind
from shouwen.records.customers.events import CustomerCorrected, CustomerRegistered
from shouwen.records.customers.models import Customer
from shouwen.records.customers.permissions import must_edit
from shouwen.records.customers.rules.wellformed import comparable_identity, is_number
from shouwen.records.customers.services.bulk_correcting import identity_blinds
from shouwen.records.customers.services.indexing import index_customers
from shouwen.records.customers.services.record import fresh_id, line, lock_customer, must_be_one_of


class NumberTaken(Refusal):
    """The number is another's. It is the company's own number and may be named."""

    message = "The number %(number)s is taken."


@transaction.atomic
def register_customer(
    *,
    kind: str,
    name: str,
    number: str = "",
    identity_kind: str = "",
    identity_number: str = "",
    actor_id: int,
    at: datetime,
) -> int:
    """Register a person or an organisation and return the id. Without a ``number`` one is made: C and ten digits.

    :raises NotAllowed: unless the actor may change customer records.
    :raises BadInput: when a value is malformed or missing.
    :raises NumberTaken: when another customer has the number.
    """
    must_edit(get_viewer(staff_id=actor_id, at=at))
    must_be_one_of(CustomerKind, field="kind", value=kind)
    customer_id = fresh_id("customers_customer")
    customer = Customer(
        pk=customer_id,
        number=company_number(field="customer_number", value=number) or f"C{customer_id:010d}",
        kind=kind,
        name=line(field="name", value=name, needed=True),
        registered_at=at,
    )
    _set_identity(customer, identity_kind, identity_number)
    _insert(customer)
    index_customers([customer_id])
    announce(CustomerRegistered(customer_id=customer_id, kind_code=kind, actor_id=actor_id, at=at))
    return customer_id


@transaction.atomic
def correct_customer(
    *,
    customer_id: int,
    kind: str | None = None,
    name: str | None = None,
    identity_kind: str | None = None,
    identity_number: str | None = None,
    actor_id: int,
    at: datetime,
) -> tuple[str, ...]:
    """Correct a customer and return the names of the fields that changed; None leaves a field as it is, an empty identity clears it.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such customer.
    :raises BadInput: when a value is malformed.
    """
    customer = lock_customer(customer_id=customer_id, actor_id=actor_id, at=at)
    before = _content(customer)
    if kind is not None:
        must_be_one_of(CustomerKind, field="kind", value=kind)
        customer.kind = kind
    if name is not None:
        customer.name = line(field="name", value=name, needed=True)
    if identity_kind is not None or identity_number is not None:
        _set_identity(
            customer,
            customer.identity_kind if identity_kind is None else identity_kind,
            customer.identity_number if identity_number is None else identity_number,
        )
    changed = tuple(field for field, value in _content(customer).items() if value != before[field])
    if changed:
        customer.save(update_fields=[*changed, "identity_blind", "identity_tail_blind"])
        index_customers([customer_id])
        announce(CustomerCorrected(customer_id=customer_id, fields=changed, actor_id=actor_id, at=at))
    return changed


def company_number(*, field: str, value: str) -> str:
    """Return a customer or account number that was given, or the empty text when none was.

    :raises BadInput: when it holds something other than letters, digits and dashes.
    """
    number = value.strip()
    if number and not is_number(number):
        raise BadInput(field, "it cannot be a number of the company", "write up to 24 letters, digits and dashes")
    return number


def _set_identity(customer: Customer, kind: str, number: str) -> None:
    """Set both or neither: a document without a kind is taken for a resident's card, or an organisation's credit code."""
    kept = comparable_identity(line(field="identity_number", value=number))
    usual = IdentityKind.RESIDENT_CARD if customer.kind == CustomerKind.PERSON else IdentityKind.CREDIT_CODE
    customer.identity_kind = (kind or usual.value) if kept else ""
    if customer.identity_kind:
        must_be_one_of(IdentityKind, field="identity_kind", value=customer.identity_kind)
    customer.identity_number = kept
    customer.identity_blind, customer.identity_tail_blind = identity_blinds(kept)


def _content(customer: Customer) -> dict[str, str]:
    return {name: getattr(customer, name) for name in ("kind", "name", "identity_kind", "identity_number")}


def _insert(customer: Customer) -> None:
    try:
        with transaction.atomic():
            customer.save(force_insert=True)
    except IntegrityError as taken:
        raise NumberTaken(number=customer.number) from taken
