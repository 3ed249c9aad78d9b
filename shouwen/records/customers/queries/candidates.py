"""Candidates of a search in clear, inside this flat only: what the index offers is looked at before anybody is shown anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, models

from shouwen.platform.search.queries import keyring
from shouwen.records.customers.choices import TELEPHONE_KINDS
from shouwen.records.customers.models import ContactPoint, Customer, SupplyPoint
from shouwen.records.customers.rules.finding import EntryText
from shouwen.records.customers.rules.wellformed import national_digits

# One statement for a chunk: the sealed values come as they are stored and are opened here.
_CHUNK = """
select asked.customer_id, asked.place_id, customer.number, customer.kind, customer.tier, customer.closed_at,
       coalesce(account.number, ''), customer.name, customer.identity_number, place.street, place.room,
       array(select account.number from customers_account account where account.customer_id = customer.id order by account.id),
       array(select contact.value from customers_contactpoint contact
             where contact.customer_id = customer.id and contact.removed_at is null and contact.kind = any(%s) order by contact.id)
from unnest(%s::bigint[], %s::bigint[]) with ordinality as asked (customer_id, place_id, place_in_page)
join customers_customer customer on customer.id = asked.customer_id
left join customers_supplypoint place on place.id = asked.place_id
left join customers_account account on account.id = place.account_id
order by asked.place_in_page
"""
_KINDS = sorted(kind.value for kind in TELEPHONE_KINDS)

Key = tuple[int, int]  # customer and place (0: none): the order in which everything is found


@dataclass(frozen=True, slots=True)
class Entry:
    """One customer at one place (0: none)."""

    key: Key
    customer_number: str
    kind: str
    tier: str
    closed_at: datetime | None
    account_number: str
    text: EntryText


def entries_of(*, keys: Sequence[Key]) -> list[Entry]:
    """Return these entries in the order of ``keys``; those whose customer is gone are left out."""
    if not keys:
        return []
    customer_ids, place_ids = zip(*keys, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_CHUNK, [_KINDS, list(customer_ids), list(place_ids)])
        return [_entry(row) for row in cursor.fetchall()]


_TAILED = f"select customer_id, value from {ContactPoint._meta.db_table} where removed_at is null and tail_blind = %s"  # noqa: S608 - a constant


def customers_with_tails(*, tails: Sequence[str]) -> tuple[int, ...] | None:
    """Return the customers that have for each of ``tails`` a telephone that ends like this; None when there are no tails.

    Those whose last four digits are right are found by their blind index, and opened to see the rest.
    """
    if not tails:
        return None
    found = [_customers_with_tail(tail) for tail in tails]
    return tuple(sorted(set.intersection(*found)))


def _customers_with_tail(tail: str) -> set[int]:
    """Return who has a number that ends like this. Among millions some hundred share four digits: they are opened here, not by the ORM."""
    opened, column, end = keyring().unseal, _sealed_as(ContactPoint, "value"), tail.lstrip("0")
    with connection.cursor() as cursor:
        cursor.execute(_TAILED, [keyring().blind(tail[-4:], purpose="phone_tail")])
        rows = [(customer_id, opened(value, column=column)) for customer_id, value in cursor.fetchall()]
    return {customer_id for customer_id, number in rows if end in number and national_digits(number).endswith(tail)}


def _entry(row: tuple[Any, ...]) -> Entry:
    customer_id, place_id, number, kind, tier, closed_at, account, name, identity, street, room, accounts, phones = row
    opened = keyring().unseal
    contact = _sealed_as(ContactPoint, "value")
    return Entry(
        key=(customer_id, place_id),
        customer_number=number,
        kind=kind,
        tier=tier,
        closed_at=closed_at,
        account_number=account or next(iter(accounts), ""),
        text=EntryText(
            name=opened(name, column=_sealed_as(Customer, "name")),
            street="" if street is None else opened(street, column=_sealed_as(SupplyPoint, "street")),
            room="" if room is None else opened(room, column=_sealed_as(SupplyPoint, "room")),
            phones=tuple(national_digits(opened(phone, column=contact)) for phone in phones),
            identity_number=opened(identity, column=_sealed_as(Customer, "identity_number")),
            numbers=(number, *accounts),
        ),
    )


@cache
def _sealed_as(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.sealed_as)
