"""Keeping the search entries in step with the records, and sealing old values anew with the newest key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db import connection, models, transaction
from psycopg import sql

from shouwen.kernel.text.phones import PhoneInvalid, parse_phone
from shouwen.platform.search.keys import keyring
from shouwen.records.customers.choices import TELEPHONE_KINDS
from shouwen.records.customers.models import ContactPoint, Customer, ImportRow, SearchEntry, Sensitivity, SpecialNeed, SupplyPoint
from shouwen.records.customers.rules.entries import entry_tokens

SEALED_COLUMNS: tuple[tuple[type[models.Model], str], ...] = (
    (Customer, "name"),
    (Customer, "identity_number"),
    (SupplyPoint, "street"),
    (SupplyPoint, "room"),
    (ContactPoint, "value"),
    (SpecialNeed, "note"),
    (Sensitivity, "note"),
)


def index_customers(customer_ids: Collection[int]) -> None:
    """Write the search entries of these customers anew, within the transaction of the caller."""
    SearchEntry.objects.filter(customer_id__in=customer_ids).delete()
    SearchEntry.objects.bulk_create(_entries(customer_ids), batch_size=1000)


@transaction.atomic
def rebuild_search(*, after_id: int = 0, limit: int = 1000) -> int:
    """Write the entries of the ``limit`` customers after ``after_id`` anew and return the last id, 0 when there were none.

    Needed after the index key was changed; to be called until it returns 0.
    """
    ids = list(Customer.objects.filter(pk__gt=after_id).order_by("pk").values_list("pk", flat=True)[:limit])
    index_customers(ids)
    return ids[-1] if ids else 0


@transaction.atomic
def reseal_personal_data(*, limit: int = 1000) -> int:
    """Seal up to ``limit`` values of each column that an older key sealed with the newest key; return how many were done.

    To be called until it returns 0; then the older key may go.
    """
    return sum(_reseal(model, name, limit) for model, name in SEALED_COLUMNS) + _reseal_rejected_rows(limit)


def _reseal(model: type[models.Model], name: str, limit: int) -> int:
    """Seal again what does not begin with the newest key's id."""
    table, column = sql.Identifier(model._meta.db_table), sql.Identifier(name)
    with connection.cursor() as cursor:
        statement = sql.SQL(
            "select id, {column} from {table} where length({column}) > 0 and get_byte({column}, 0) <> %s order by id limit %s for update"
        ).format(table=table, column=column)
        cursor.execute(statement, [keyring().current_key_id, limit])
        found = cursor.fetchall()
        update = sql.SQL("update {table} set {column} = %s where id = %s").format(table=table, column=column)
        cursor.executemany(update, [(_sealed_anew(model, name, sealed), row_id) for row_id, sealed in found])
    return len(found)


def _sealed_anew(model: type[models.Model], name: str, sealed: Any) -> bytes:
    field: Any = model._meta.get_field(name)
    return keyring().seal(keyring().unseal(bytes(sealed), column=field.sealed_as), column=field.sealed_as)


def _reseal_rejected_rows(limit: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select run_id, row_no, raw from customers_importrow where length(raw) > 0 and get_byte(raw, 0) <> %s"
            " order by run_id, row_no limit %s for update",
            [keyring().current_key_id, limit],
        )
        found = cursor.fetchall()
        cursor.executemany(
            "update customers_importrow set raw = %s where run_id = %s and row_no = %s",
            [(_sealed_anew(ImportRow, "raw", sealed), run_id, row_no) for run_id, row_no, sealed in found],
        )
    return len(found)


def _entries(customer_ids: Collection[int]) -> list[SearchEntry]:
    places = _places_by_customer(customer_ids)
    phones = _phones_by_customer(customer_ids)
    entries = []
    for customer in Customer.objects.filter(pk__in=customer_ids).order_by("pk"):
        for place_id, account_number, street, room in places[customer.pk] or [(0, "", "", "")]:
            tokens = entry_tokens(
                kind=customer.kind,
                name=customer.name,
                street=street,
                room=room,
                phones=phones[customer.pk],
                identity_number=customer.identity_number,
                numbers=(customer.number, account_number),
            )
            entries.append(SearchEntry(customer_id=customer.pk, place_id=place_id, terms=keyring().terms_of(tokens)))
    return entries


def _places_by_customer(customer_ids: Collection[int]) -> dict[int, list[tuple[int, str, str, str]]]:
    places: dict[int, list[tuple[int, str, str, str]]] = defaultdict(list)
    rows = SupplyPoint.objects.filter(account__customer_id__in=customer_ids, closed_at__isnull=True).order_by("pk")
    for customer_id, *place in rows.values_list("account__customer_id", "pk", "account__number", "street", "room"):
        places[customer_id].append((place[0], place[1], place[2], place[3]))
    return places


def _phones_by_customer(customer_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    phones: dict[int, tuple[str, ...]] = defaultdict(tuple)
    rows = ContactPoint.objects.in_use().filter(customer_id__in=customer_ids, kind__in=TELEPHONE_KINDS).order_by("pk")
    for customer_id, value in rows.values_list("customer_id", "value"):
        phones[customer_id] += (national_digits(value),)
    return phones


def national_digits(kept: str) -> str:
    """Return a kept telephone number as dialled in the country, without its extension."""
    try:
        return parse_phone(kept).national
    except PhoneInvalid:
        return kept.lstrip("+")
