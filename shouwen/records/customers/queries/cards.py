"""What is shown of a customer to whoever has not asked for the clear text: cards with masks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from shouwen.records.customers.choices import TELEPHONE_KINDS, ContactKind, CustomerKind
from shouwen.records.customers.models import Customer
from shouwen.records.customers.rules import mask_address, mask_email, mask_identity, mask_name, mask_phone
from shouwen.records.customers.rules.wellformed import national_digits


@dataclass(frozen=True, slots=True)
class SupplyPointCard:
    """A place where power is used; ``address`` is the street without its house number."""

    id: int
    account_id: int
    address: str
    area_class: str
    zone: str
    jurisdiction: str
    customer_class: str
    voltage_class: str
    ownership_boundary: str
    transformer_id: int | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountCard:
    """An account (户号) with its places."""

    id: int
    number: str
    opened_on: date | None
    closed_at: datetime | None
    supply_points: tuple[SupplyPointCard, ...]


@dataclass(frozen=True, slots=True)
class ContactCard:
    """One way to reach the customer; ``value`` is masked. Quiet hours are local times of day in Asia/Shanghai."""

    id: int
    kind: str
    value: str
    holder: str
    consent: str
    consent_at: datetime | None
    quiet_from: time | None
    quiet_until: time | None
    is_preferred: bool
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class NeedCard:
    """A need that holds. It ends by itself at ``until_at`` unless that is None; ``has_note`` says that there is more to reveal."""

    id: int
    customer_id: int
    supply_point_id: int | None
    kind: str
    recorded_at: datetime
    review_on: date | None
    until_at: datetime | None
    has_note: bool


@dataclass(frozen=True, slots=True)
class SensitivityCard:
    """What whoever answers should know."""

    id: int
    kind: str
    noted_at: datetime
    until_at: datetime | None
    has_note: bool


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """A customer in one piece, masked. An organisation's name is not personal and stands in clear."""

    id: int
    number: str
    kind: str
    name: str
    identity_kind: str
    identity_number: str
    tier: str
    representative_id: int | None
    representative_name: str
    language: str
    channel: str
    registered_at: datetime
    closed_at: datetime | None
    accounts: tuple[AccountCard, ...]
    contact_points: tuple[ContactCard, ...]
    needs: tuple[NeedCard, ...]
    sensitivities: tuple[SensitivityCard, ...]


def shown_name(*, kind: str, name: str) -> str:
    """Return a person's name masked, an organisation's as it is."""
    return name if kind == CustomerKind.ORGANISATION else mask_name(name)


def shown_contact(*, kind: str, value: str) -> str:
    """Return what is shown of a telephone number, an address of mail or another way to reach somebody."""
    if kind in TELEPHONE_KINDS:
        return mask_phone(national_digits(value)) + ("#" if ";" in value else "")
    return mask_email(value) if kind == ContactKind.EMAIL else mask_identity(value)


def shown_address(*, street: str) -> str:
    return mask_address(street)


def customer_names(*, customer_ids: Collection[int]) -> dict[int, str]:
    """Return what is shown of the names of several customers by id: one query for a whole list page."""
    rows = Customer.objects.filter(pk__in=customer_ids).values_list("id", "kind", "name")
    return {customer_id: shown_name(kind=kind, name=name) for customer_id, kind, name in rows}
