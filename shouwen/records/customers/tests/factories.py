"""The least that is valid of a customer, and a small town of people whom tests search for. Usable by upper flats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from factory import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Staff
from shouwen.platform.people.queries import get_viewer
from shouwen.platform.people.rules import Viewer
from shouwen.platform.people.tests.factories import staff_with_role
from shouwen.platform.search.keys import keyring
from shouwen.records.customers import services
from shouwen.records.customers.choices import (
    AreaClass,
    ContactKind,
    CustomerClass,
    CustomerKind,
    NeedKind,
    SensitivityKind,
    VoltageClass,
)
from shouwen.records.customers.models import Account, ContactPoint, Customer, Sensitivity, SpecialNeed, SupplyPoint

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)  # Wednesday, twelve o'clock in Shanghai


class CustomerFactory(DjangoModelFactory[Customer]):
    class Meta:
        model = Customer

    number = Sequence(lambda n: f"K{n:06d}")
    kind = CustomerKind.PERSON
    name = "张伟"
    registered_at = NOON


class AccountFactory(DjangoModelFactory[Account]):
    class Meta:
        model = Account

    number = Sequence(lambda n: f"33010{n:08d}")
    customer = SubFactory(CustomerFactory)


class SupplyPointFactory(DjangoModelFactory[SupplyPoint]):
    class Meta:
        model = SupplyPoint

    account = SubFactory(AccountFactory)
    street = "西湖区文三路90号"
    room = "3幢501室"
    area_class = AreaClass.URBAN
    customer_class = CustomerClass.RESIDENTIAL
    voltage_class = VoltageClass.V220


class ContactPointFactory(DjangoModelFactory[ContactPoint]):
    class Meta:
        model = ContactPoint

    customer = SubFactory(CustomerFactory)
    kind = ContactKind.MOBILE
    value = "+8613812345678"
    whole_blind = LazyAttribute(lambda row: keyring().blind(row.value, purpose="phone"))
    tail_blind = LazyAttribute(lambda row: keyring().blind(row.value[-4:], purpose="phone_tail"))


class SpecialNeedFactory(DjangoModelFactory[SpecialNeed]):
    class Meta:
        model = SpecialNeed

    customer = SubFactory(CustomerFactory)
    kind = NeedKind.ELDERLY_ALONE
    recorded_at = NOON


class SensitivityFactory(DjangoModelFactory[Sensitivity]):
    class Meta:
        model = Sensitivity

    customer = SubFactory(CustomerFactory)
    kind = SensitivityKind.MEDIA
    noted_at = NOON


def agent(**details: Any) -> Staff:
    """Return somebody who answers customers."""
    return staff_with_role(RoleCode.AGENT, **details)


def steward(**details: Any) -> Staff:
    """Return somebody who looks after customers' records."""
    return staff_with_role(RoleCode.DATA_STEWARD, **details)


def seen_by(person: Staff, *, at: datetime = NOON) -> Viewer:
    return get_viewer(staff_id=person.pk, at=at)


def told(case_kind: str, case_id: int) -> list[str]:
    """Return the kinds of the facts of one case in order."""
    return [card.kind for card in list_facts(case_kind=case_kind, case_id=case_id)]


def told_of(customer_id: int) -> list[str]:
    return told("customer", customer_id)


@dataclass(frozen=True)
class Townsman:
    """A customer with one account at one place, made by the services."""

    customer_id: int
    account_id: int
    supply_point_id: int


def settle(
    actor: Staff,
    *,
    name: str,
    kind: str = CustomerKind.PERSON,
    street: str = "西湖区文三路90号",
    room: str = "3幢501室",
    phones: tuple[str, ...] = (),
    account: str = "",
    identity: str = "",
) -> Townsman:
    """Register a customer with an account, a place and telephones."""
    common: dict[str, Any] = {"actor_id": actor.pk, "at": NOON}
    customer_id = services.register_customer(kind=kind, name=name, identity_number=identity, **common)
    account_id = services.open_account(customer_id=customer_id, number=account, **common)
    supply_point_id = services.add_supply_point(
        account_id=account_id,
        street=street,
        room=room,
        area_class=AreaClass.URBAN,
        customer_class=CustomerClass.RESIDENTIAL,
        **common,
    )
    for phone in phones:
        services.add_contact_point(customer_id=customer_id, kind=ContactKind.MOBILE, value=phone, **common)
    return Townsman(customer_id, account_id, supply_point_id)
