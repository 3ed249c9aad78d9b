"""Accounts and the places where power is used."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from shouwen.kernel.errors import NotFound
from shouwen.platform.outbox.services import announce
from shouwen.records.customers.choices import AreaClass, CustomerClass, VoltageClass
from shouwen.records.customers.events import AccountOpened, SupplyPointAdded, SupplyPointChanged
from shouwen.records.customers.models import Account, SupplyPoint
from shouwen.records.customers.rules.mapping import split_address
from shouwen.records.customers.services.indexing import index_customers
from shouwen.records.customers.services.record import fresh_id, line, lock_customer, must_be_one_of
from shouwen.records.customers.services.registering import NumberTaken, company_number
from shouwen.records.network.queries import get_transformer

CLASSES = {"area_class": AreaClass, "customer_class": CustomerClass, "voltage_class": VoltageClass}


@transaction.atomic
def open_account(*, customer_id: int, number: str = "", opened_on: date | None = None, actor_id: int, at: datetime) -> int:
    """Open an account (户号) and return its id. Without a ``number`` one is made: ten digits, so that it can be keyed in.

    ``opened_on`` is by default the local day of ``at``.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such customer.
    :raises BadInput: when the number is malformed.
    :raises NumberTaken: when another account has the number.
    """
    lock_customer(customer_id=customer_id, actor_id=actor_id, at=at)
    account_id = fresh_id("customers_account")
    account = Account(
        pk=account_id,
        number=company_number(field="account_number", value=number) or f"{account_id:010d}",
        customer_id=customer_id,
        opened_on=opened_on or timezone.localdate(at),
    )
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as taken:
        raise NumberTaken(number=account.number) from taken
    index_customers([customer_id])
    announce(AccountOpened(customer_id=customer_id, account_id=account_id, actor_id=actor_id, at=at))
    return account_id


@transaction.atomic
def add_supply_point(
    *,
    account_id: int,
    street: str,
    room: str | None = None,
    area_class: str,
    customer_class: str,
    voltage_class: str = "",
    zone: str = "",
    jurisdiction: str = "",
    ownership_boundary: str = "",
    transformer_id: int | None = None,
    actor_id: int,
    at: datetime,
) -> int:
    """Add a place where power is used and return its id.

    Without a ``room`` (None) the text of ``street`` is a whole address and is cut after the house number. The jurisdiction is by default
    the company's own.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such account or transformer.
    :raises BadInput: when a value is malformed or missing.
    """
    account = _account(account_id, actor_id, at)
    if room is None:
        street, room = split_address(street.strip())
    point = SupplyPoint(account=account)
    values = {
        "street": street,
        "room": room,
        "area_class": area_class,
        "customer_class": customer_class,
        "voltage_class": voltage_class,
        "zone": zone,
        "jurisdiction": jurisdiction or settings.SHOUWEN_JURISDICTION,
        "ownership_boundary": ownership_boundary,
        "transformer_id": transformer_id,
    }
    _set(point, values)
    point.save(force_insert=True)
    index_customers([account.customer_id])
    announce(SupplyPointAdded(customer_id=account.customer_id, supply_point_id=point.pk, actor_id=actor_id, at=at))
    return point.pk


@transaction.atomic
def change_supply_point(
    *,
    supply_point_id: int,
    street: str | None = None,
    room: str | None = None,
    area_class: str | None = None,
    customer_class: str | None = None,
    voltage_class: str | None = None,
    zone: str | None = None,
    jurisdiction: str | None = None,
    ownership_boundary: str | None = None,
    transformer_id: int | None = None,
    actor_id: int,
    at: datetime,
) -> tuple[str, ...]:
    """Change a place and return the names of the fields that changed; None leaves a field as it is.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such place or transformer.
    :raises BadInput: when a value is malformed, or a needed one empty.
    """
    account_id = SupplyPoint.objects.filter(pk=supply_point_id).values_list("account_id", flat=True).first()
    account = _account(account_id, actor_id, at)
    point = SupplyPoint.objects.select_for_update().get(pk=supply_point_id)
    stated = {
        "street": street,
        "room": room,
        "area_class": area_class,
        "customer_class": customer_class,
        "voltage_class": voltage_class,
        "zone": zone,
        "jurisdiction": jurisdiction,
        "ownership_boundary": ownership_boundary,
        "transformer_id": transformer_id,
    }
    wanted = {name: value for name, value in stated.items() if value is not None}
    before = {name: getattr(point, name) for name in wanted}
    _set(point, wanted)
    changed = tuple(name.removesuffix("_id") for name, value in before.items() if getattr(point, name) != value)
    if changed:
        point.save(update_fields=changed)
        index_customers([account.customer_id])
        announce(
            SupplyPointChanged(
                customer_id=account.customer_id, supply_point_id=point.pk, fields=changed, actor_id=actor_id, at=at
            )
        )
    return changed


def _account(account_id: int | None, actor_id: int, at: datetime) -> Account:
    """Return the account, its customer locked.

    :raises NotAllowed: unless the actor may change customer records; asked before it is said whether there is such an account.
    """
    account = Account.objects.filter(pk=account_id or 0).first()
    lock_customer(customer_id=0 if account is None else account.customer_id, actor_id=actor_id, at=at)
    if account is None:
        raise NotFound
    return account


def _set(point: SupplyPoint, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name == "transformer_id":
            if value is not None:
                get_transformer(transformer_id=value)
            point.transformer_id = value
        elif name in CLASSES:
            if value or name != "voltage_class":
                must_be_one_of(CLASSES[name], field=name, value=value)
            setattr(point, name, value)
        else:
            setattr(point, name, line(field=name, value=value, needed=name in ("street", "jurisdiction")))
