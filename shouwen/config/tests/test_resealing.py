"""A key is changed: everything that is sealed is sealed anew, everywhere, and after that the old key is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from shouwen.config.resealing import SEALED_BY_HAND, all_sealed_tables, count_sealed, reseal_everything
from shouwen.faces.api.models import KeptAnswer, WebhookSubscription
from shouwen.faces.api.services import webhooks
from shouwen.faces.api.services.answers import Reply, answer_once
from shouwen.loop.contact.models import Envelope, Interaction
from shouwen.loop.contact.tests.factories import parsed, received
from shouwen.loop.workorders.tests.factories import NOON, Company, small_company
from shouwen.platform.files.models import StoredFile
from shouwen.platform.files.queries import open_file
from shouwen.platform.files.tests.factories import PNG, stored
from shouwen.platform.people.tests.factories import administrator
from shouwen.platform.search.fields import EncryptedText
from shouwen.platform.search.queries import SealedTable, foreign_keys
from shouwen.platform.search.services import keep_fingerprints, reseal_batch
from shouwen.records.customers.models import Customer

pytestmark = pytest.mark.django_db
NEW = b"n" * 32
IN_CLEAR = {
    "audit_chainlink": {"entries", "content_digest", "previous", "digest"},
    "audit_inspection": {"digest"},
    "audit_seal": {"digest"},
    "api_keptanswer": {"name", "digest"},
}
SEALED_OTHERWISE = {"files_storedfile": {"sealed_name"}}


@pytest.fixture
def house(settings: Any, tmp_path: Path) -> Company:
    """A company with something sealed of every kind, under key 1."""
    settings.FILES_DIR = tmp_path / "files"
    keep_fingerprints(at=NOON)
    company = small_company()
    Customer.objects.create(number="1", kind="person", name="张伟", identity_number="33010119900101123X", registered_at=NOON)
    parsed(company, received(company, {"norm": "lamp_out", "subject": "灯", "text": "张先生的灯", "phone": "13812345678"}))
    received(company, {"text": "还没看"}, key="later")
    webhooks.subscribe(
        name="crm", url="https://crm.example.com/", kinds=[], actor_id=administrator(home_unit=company.centre).pk, at=NOON
    )
    asked_again()
    stored(PNG, name="张伟.png")
    stored(b"x" * 3_000_000, name="long.bin")
    return company


def asked_again() -> Reply:
    """Return what was answered the first time."""
    return answer_once(client="c", key="k", asked=b"GET", make=lambda: Reply(status=201, body=b'{"name":"\xe5"}'), at=NOON).reply


def rotated(settings: Any) -> None:
    settings.PERSONAL_DATA_KEYS = {2: NEW} | dict(settings.PERSONAL_DATA_KEYS)
    keep_fingerprints(at=NOON)


def quiet(text: str) -> None:
    return None


def everything() -> list[object]:
    """Return everything that is sealed, in clear."""
    sealed: list[object] = []
    for model in apps.get_models():
        names = [field.name for field in model._meta.local_concrete_fields if isinstance(field, EncryptedText)]
        if names:
            sealed += [(model.__name__, row) for row in model.objects.order_by("pk").values_list(*names)]
    files = [open_file(file_id=pk) for pk in StoredFile.objects.order_by("pk").values_list("pk", flat=True)]
    return [*sealed, asked_again(), [(opened.card, opened.read()) for opened in files]]


def test_after_a_change_of_the_key_and_resealing_the_old_key_may_go_and_everything_opens(house: Company, settings: Any) -> None:
    before = everything()
    sealed = count_sealed()
    rotated(settings)

    done = reseal_everything(at=NOON, tell=quiet)
    settings.PERSONAL_DATA_KEYS = {2: NEW}

    assert set(sealed) == {1}
    assert (done.sealed_under, done.still_needed, done.free, done.unreadable) == ({2: sealed[1]}, {}, [1], 0)
    assert everything() == before
    assert foreign_keys() == []
    assert Envelope.objects.count() == 2
    assert Interaction.objects.get().text == "张先生的灯"
    assert WebhookSubscription.objects.get().secret.startswith("whsec_")


def test_what_was_resealed_is_passed_over_by_the_next_run(house: Company, settings: Any) -> None:
    rotated(settings)
    reseal_everything(at=NOON, tell=quiet)

    assert reseal_everything(at=NOON, tell=quiet).changed == 0


def test_resealing_that_was_stopped_goes_on_where_it_stopped(house: Company, settings: Any) -> None:
    rotated(settings)
    envelopes = next(table for table in all_sealed_tables() if table.name == "contact_envelope")

    first = reseal_batch(table=envelopes, limit=1)
    second = reseal_batch(table=envelopes, limit=1)
    third = reseal_batch(table=envelopes, limit=1)

    assert [(batch.resealed, batch.last is None) for batch in (first, second, third)] == [(1, False), (1, False), (0, True)]


def test_what_cannot_be_opened_stays_and_keeps_its_key_needed(house: Company, settings: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update customers_customer set identity_number = name where number = '1'")
    rotated(settings)

    done = reseal_everything(at=NOON, tell=quiet)

    assert (done.unreadable, done.still_needed, done.free) == (1, {1: 1}, [])
    settings.PERSONAL_DATA_KEYS = {2: NEW}
    assert foreign_keys() == ["personal_data_1"]


def test_a_batch_is_bounded_by_what_it_holds(house: Company, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rotated(settings)
    monkeypatch.setattr("shouwen.platform.search.services.resealing.BATCH_BYTES", 1)
    envelopes = next(table for table in all_sealed_tables() if table.name == "contact_envelope")

    assert reseal_batch(table=envelopes).resealed == 1


def test_every_column_of_bytes_is_resealed_or_known_to_be_in_clear() -> None:
    known = {table.name: set(table.columns) for table in all_sealed_tables()}
    found: dict[str, set[str]] = {}
    for model in apps.get_models(include_auto_created=True):
        columns = {
            field.column for field in model._meta.local_concrete_fields if isinstance(field, models.BinaryField | EncryptedText)
        }
        if columns:
            found[model._meta.db_table] = columns

    unknown = {
        name: columns - known.get(name, set()) - IN_CLEAR.get(name, set()) - SEALED_OTHERWISE.get(name, set())
        for name, columns in found.items()
    }
    assert {name: columns for name, columns in unknown.items() if columns} == {}
    assert (SealedTable(KeptAnswer._meta.db_table, keys=("name",), columns=("body",)),) == SEALED_BY_HAND
