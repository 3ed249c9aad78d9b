"""Nothing personal stands in clear in any table; keys can be changed; entries can be made anew."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from shouwen.platform.search.queries import SealedTable, count_by_key, sealed_tables
from shouwen.platform.search.rules import SealBroken
from shouwen.platform.search.services import reseal_batch
from shouwen.records.customers import queries, services
from shouwen.records.customers.models import Customer, ImportRow, SearchEntry
from shouwen.records.customers.rules import parse_mapping
from shouwen.records.customers.tests.factories import NOON, SensitivityFactory, SpecialNeedFactory, seen_by, settle, steward

pytestmark = pytest.mark.django_db
SECRETS = (
    "张伟",
    "zhangwei",
    "ZHANGWEI",
    "33010119900101123X",
    "13812345678",
    "zhang@example.com",
    "文三路",
    "90号",
    "501室",
    "Ventilator",
    "Newspaper",
    "李秘密",
    "13987654321",
)


@pytest.fixture
def everything(tmp_path: Path) -> int:
    """A customer with one of everything, an imported one, and a rejected row; all looked at and revealed."""
    actor = steward()
    town = settle(actor, name="张伟", phones=("13812345678",), identity="33010119900101123X")
    common = {"actor_id": actor.pk, "at": NOON}
    services.add_contact_point(customer_id=town.customer_id, kind="email", value="zhang@example.com", **common)
    services.record_special_need(
        customer_id=town.customer_id, kind="life_support", note="Ventilator", until_at=NOON + timedelta(days=90), **common
    )
    services.note_sensitivity(customer_id=town.customer_id, kind="media", note="Newspaper", **common)
    services.correct_customer(customer_id=town.customer_id, name="张伟伟", **common)
    services.reveal_customer(customer_id=town.customer_id, fields=["name", "phones"], reason="Asked for", **common)
    queries.search_customers(text="张伟 5678", viewer=seen_by(actor), at=NOON)
    file = tmp_path / "customers.csv"
    file.write_text(
        "no,name,phones,address\n1,李秘密,13987654321,文三路90号501室\n2 2,李秘密,13987654321,文三路90号501室\n", "utf-8"
    )
    document = {
        "name": "test",
        "columns": {"account_number": "no", "name": "name", "phones": "phones", "address": "address"},
        "defaults": {"area_class": "urban", "customer_class": "residential"},
    }
    services.run_import(path=file, mapping=parse_mapping(document), **common)
    return town.customer_id


def test_no_column_of_any_row_of_any_table_holds_personal_text(everything: int) -> None:
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'select * from "{table}"')
            columns = [column.name for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    kept = bytes(value) if isinstance(value, memoryview | bytes) else repr(value).encode()
                    found += [(table, column, secret) for secret in SECRETS if secret.encode() in kept]
                    found += [(table, column, secret) for secret in SECRETS if secret.encode("gb18030") in kept]

    assert found == []
    assert Customer.objects.get(pk=everything).name == "张伟伟"
    assert ImportRow.objects.filter(raw__isnull=False, outcome="rejected").get().raw.startswith("2 2,李秘密")


def test_equal_texts_are_sealed_differently_and_not_taken_for_another_column_s(everything: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update customers_customer set identity_number = name where id = %s", [everything])

    with pytest.raises(SealBroken):
        Customer.objects.get(pk=everything)


def test_old_values_are_sealed_anew_with_the_newest_key_until_the_old_one_can_go(everything: int, settings) -> None:
    settings.PERSONAL_DATA_KEYS = {2: b"n" * 32} | dict(settings.PERSONAL_DATA_KEYS)
    services.correct_customer(customer_id=everything, name="章伟", actor_id=steward().pk, at=NOON)

    for table in _own_tables():
        after = None
        while (batch := reseal_batch(table=table, after=after, limit=1)).last is not None:
            after = batch.last
    settings.PERSONAL_DATA_KEYS = {2: b"n" * 32}

    assert {number for table in _own_tables() for number in count_by_key(table=table)} == {2}
    assert Customer.objects.get(pk=everything).name == "章伟"
    assert ImportRow.objects.get(outcome="rejected").raw.startswith("2 2,李秘密")


def _own_tables() -> list[SealedTable]:
    return [table for table in sealed_tables() if table.name.startswith("customers_")]


def test_entries_are_made_anew_after_the_index_key_was_changed_or_they_were_lost(everything: int) -> None:
    before = {entry.pk: sorted(set(entry.terms)) for entry in SearchEntry.objects.all()}
    SearchEntry.objects.all().delete()

    after_id, rounds = 0, 0
    while after_id := services.rebuild_search(after_id=after_id, limit=1):
        rounds += 1

    assert rounds == 2
    assert {entry.pk: sorted(set(entry.terms)) for entry in SearchEntry.objects.all()} == before


def test_a_changed_index_key_changes_every_term_and_search_works_after_the_rebuild(everything: int, settings) -> None:
    viewer = seen_by(steward())
    before = {term for entry in SearchEntry.objects.all() for term in entry.terms}
    settings.BLIND_INDEX_KEY = b"other" * 6 + b"xx"

    lost = queries.search_customers(text="张伟", viewer=viewer, at=NOON)
    services.rebuild_search()
    found = queries.search_customers(text="张伟", viewer=viewer, at=NOON)

    assert (lost.hits, [hit.customer_id for hit in found.hits]) == ((), [everything])
    assert before.isdisjoint({term for entry in SearchEntry.objects.all() for term in entry.terms})


def test_notes_are_read_back_as_they_were_written() -> None:
    need, sensitivity = SpecialNeedFactory(note="呼吸机\n24 h"), SensitivityFactory(note="报社")
    need.refresh_from_db()
    sensitivity.refresh_from_db()

    assert (need.note, sensitivity.note) == ("呼吸机\n24 h", "报社")
