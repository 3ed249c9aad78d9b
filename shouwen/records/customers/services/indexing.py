"""Keeping the search entries in step with the records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from django.db import connection, transaction
from psycopg import sql

from shouwen.platform.search.keys import keyring
from shouwen.platform.search.services import refresh_broad_terms
from shouwen.records.customers.choices import TELEPHONE_KINDS
from shouwen.records.customers.models import Account, ContactPoint, Customer, SearchEntry, SupplyPoint
from shouwen.records.customers.rules.entries import entry_tokens
from shouwen.records.customers.rules.wellformed import national_digits


def index_customers(customer_ids: Collection[int]) -> None:
    """Write the search entries of these customers anew, within the transaction of the caller."""
    SearchEntry.objects.filter(customer_id__in=customer_ids).delete()
    SearchEntry.objects.bulk_create(_entries(customer_ids), batch_size=1000)


def prepare_for_questions() -> None:
    """Let the database know what many new rows have changed, within the transaction of the caller.

    Entries that wait in the list of the term index go into the index, which every search would read else; the planner counts anew, and
    so do we what is broad.
    """
    tables = [model._meta.db_table for model in (Customer, Account, SupplyPoint, ContactPoint, SearchEntry)]
    with connection.cursor() as cursor:
        cursor.execute("select gin_clean_pending_list('customer_search_terms')")
        cursor.execute(sql.SQL("analyze {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
    refresh_broad_terms(subject="customer", table=SearchEntry._meta.db_table)


@transaction.atomic
def rebuild_search(*, after_id: int = 0, limit: int = 1000) -> int:
    """Write the entries of the ``limit`` customers after ``after_id`` anew and return the last id, 0 when there were none.

    Needed after the index key was changed; to be called until it returns 0.
    """
    ids = list(Customer.objects.filter(pk__gt=after_id).order_by("pk").values_list("pk", flat=True)[:limit])
    index_customers(ids)
    return ids[-1] if ids else 0


def _entries(customer_ids: Collection[int]) -> list[SearchEntry]:
    places, phones, accounts = _places_of(customer_ids), _phones_of(customer_ids), _accounts_of(customer_ids)
    entries = []
    for customer in Customer.objects.filter(pk__in=customer_ids).order_by("pk"):
        theirs = places[customer.pk] or [EntryPlace(0, "", "", "")]
        homeless = accounts[customer.pk] - {place.account_number for place in theirs}
        for place in theirs:
            tokens = entry_tokens(
                kind=customer.kind,
                name=customer.name,
                street=place.street,
                room=place.room,
                phones=phones[customer.pk],
                identity_number=customer.identity_number,
                numbers=(customer.number, place.account_number, *homeless),
            )
            terms = keyring().terms_of(tokens)
            entries.append(SearchEntry(customer_id=customer.pk, place_id=place.place_id, terms=terms))
    return entries


class EntryPlace(NamedTuple):
    """A place with its account, in clear."""

    place_id: int
    account_number: str
    street: str
    room: str


def _places_of(customer_ids: Collection[int]) -> dict[int, list[EntryPlace]]:
    places: dict[int, list[EntryPlace]] = defaultdict(list)
    rows = SupplyPoint.objects.filter(account__customer_id__in=customer_ids, closed_at__isnull=True).order_by("pk")
    columns = rows.values_list("account__customer_id", "pk", "account__number", "street", "room")
    for customer_id, place_id, number, street, room in columns:
        places[customer_id].append(EntryPlace(place_id, number, street, room))
    return places


def _accounts_of(customer_ids: Collection[int]) -> dict[int, set[str]]:
    """Return the numbers of all accounts, by customer: one without an open place is found all the same."""
    numbers: dict[int, set[str]] = defaultdict(set)
    for customer_id, number in Account.objects.filter(customer_id__in=customer_ids).values_list("customer_id", "number"):
        numbers[customer_id].add(number)
    return numbers


def _phones_of(customer_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    phones: dict[int, tuple[str, ...]] = defaultdict(tuple)
    rows = ContactPoint.objects.in_use().filter(customer_id__in=customer_ids, kind__in=TELEPHONE_KINDS).order_by("pk")
    for customer_id, value in rows.values_list("customer_id", "value"):
        phones[customer_id] += (national_digits(value),)
    return phones
