"""Sealed columns: text in Python, bytes in the table, no way to compare them there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import FieldError
from django.db import connection

from shouwen.platform.search.keys import keyring

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)
# The nearest tables with sealed columns are upstairs; asked for by name, they are no import.
Customer: Any = apps.get_model("customers", "Customer")
SearchEntry: Any = apps.get_model("customers", "SearchEntry")


def customer_with(**columns: str) -> Any:
    return Customer.objects.create(**({"number": "1", "kind": "person", "name": "张伟", "registered_at": NOON} | columns))


def stored(customer: Any, column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"select {column} from customers_customer where id = %s", [customer.pk])
        return bytes(cursor.fetchone()[0])


def test_the_table_holds_sealed_bytes_and_python_text() -> None:
    customer = customer_with(name="张伟")

    sealed = stored(customer, "name")

    assert Customer.objects.get(pk=customer.pk).name == "张伟"
    assert keyring().unseal(sealed, column="customers_customer.name") == "张伟"
    assert "张伟".encode() not in sealed


def test_what_is_empty_stays_empty() -> None:
    customer = customer_with(identity_number="")

    assert (stored(customer, "identity_number"), Customer.objects.get(pk=customer.pk).identity_number) == (b"", "")


def test_a_sealed_column_reads_the_same_in_every_kind_of_question() -> None:
    customer = customer_with(name="张伟")

    assert list(Customer.objects.values_list("name", flat=True)) == ["张伟"]
    assert Customer.objects.values("name").get(pk=customer.pk) == {"name": "张伟"}
    assert [row.name for row in Customer.objects.only("name")] == ["张伟"]
    Customer.objects.filter(pk=customer.pk).update(name="章伟")
    customer.refresh_from_db()
    assert customer.name == "章伟"


@pytest.mark.parametrize("lookup", ["name", "name__contains", "name__in", "name__gt"])
def test_a_sealed_column_cannot_be_searched(lookup: str) -> None:
    with pytest.raises(FieldError):
        list(Customer.objects.filter(**{lookup: ["张伟"] if lookup.endswith("in") else "张伟"}))


def test_whether_a_sealed_column_is_null_can_be_asked() -> None:
    customer_with()

    assert Customer.objects.filter(name__isnull=False).count() == 1


def test_terms_are_found_by_their_index() -> None:
    customer = customer_with()
    SearchEntry.objects.create(customer=customer, place_id=0, terms=keyring().terms_of(["张伟", "文三"]))

    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("explain select 1 from customers_searchentry where terms @> %s::int[]", [keyring().terms_of(["张伟"])])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "customer_search_terms" in plan
    found = SearchEntry.objects.filter(terms__contains=keyring().terms_of(["文三", "张伟"]))
    assert [entry.customer_id for entry in found] == [customer.pk]
