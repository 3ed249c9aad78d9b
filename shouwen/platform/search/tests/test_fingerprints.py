"""The keys of an installation are held against those under which the database was founded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from shouwen.platform.search import queries, services
from shouwen.platform.search.models import KeyFingerprint

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)
Customer: Any = apps.get_model("customers", "Customer")  # the nearest table with sealed columns
NEW, OTHER = b"n" * 32, b"o" * 32


@pytest.fixture
def old(settings: Any) -> bytes:
    """Return the first key of a house that is founded."""
    services.keep_fingerprints(at=NOON)
    return bytes(settings.PERSONAL_DATA_KEYS[1])


def kept() -> list[tuple[str, bool]]:
    return [(row.name, row.retired_at is not None) for row in KeyFingerprint.objects.order_by("name")]


def refused_names() -> str:
    with pytest.raises(services.KeysDiffer) as refusal:
        services.keep_fingerprints(at=NOON)
    return str(refusal.value.details["names"])


def test_a_house_takes_the_keys_of_its_founding_for_its_own_and_tells_no_key() -> None:
    assert services.keep_fingerprints(at=NOON) == 2
    assert services.keep_fingerprints(at=NOON) == 0
    assert kept() == [("blind_index", False), ("personal_data_1", False)]
    assert {row.mark for row in KeyFingerprint.objects.all()} == set(queries.fingerprints().values())
    assert all(len(row.mark) == 16 for row in KeyFingerprint.objects.all())


def test_another_key_under_the_same_number_is_refused(old: bytes, settings: Any) -> None:
    settings.PERSONAL_DATA_KEYS = {1: OTHER}
    settings.BLIND_INDEX_KEY = OTHER

    assert refused_names() == "SHOUWEN_BLIND_INDEX_KEY, SHOUWEN_PERSONAL_DATA_KEY"
    assert queries.foreign_keys() == ["blind_index", "personal_data_1"]


def test_a_key_that_is_absent_is_refused_while_something_may_be_sealed_under_it(old: bytes, settings: Any) -> None:
    settings.PERSONAL_DATA_KEYS = {2: NEW}

    assert refused_names() == "SHOUWEN_PERSONAL_DATA_KEY"
    assert kept() == [("blind_index", False), ("personal_data_1", False)]


def test_a_later_key_is_added_and_then_held_against_every_other_machine_s(old: bytes, settings: Any) -> None:
    settings.PERSONAL_DATA_KEYS = {2: NEW, 1: old}
    assert services.keep_fingerprints(at=NOON) == 1

    settings.PERSONAL_DATA_KEYS = {1: old}
    assert refused_names() == "SHOUWEN_PERSONAL_DATA_KEY_2"
    settings.PERSONAL_DATA_KEYS = {2: OTHER, 1: old}
    assert refused_names() == "SHOUWEN_PERSONAL_DATA_KEY_2"


def test_a_key_that_was_let_go_may_be_absent_but_not_become_another(old: bytes, settings: Any) -> None:
    settings.PERSONAL_DATA_KEYS = {2: NEW, 1: old}
    services.keep_fingerprints(at=NOON)

    assert services.retire_keys(still_used=[2], at=NOON) == [1]
    assert queries.fingerprints_in_use().keys() == {"blind_index", "personal_data_2"}
    settings.PERSONAL_DATA_KEYS = {2: NEW}
    assert services.keep_fingerprints(at=NOON) == 0
    settings.PERSONAL_DATA_KEYS = {2: NEW, 1: OTHER}
    assert refused_names() == "SHOUWEN_PERSONAL_DATA_KEY"


def test_a_key_under_which_something_is_found_again_is_needed_again(old: bytes, settings: Any) -> None:
    settings.PERSONAL_DATA_KEYS = {2: NEW, 1: old}
    services.keep_fingerprints(at=NOON)
    services.retire_keys(still_used=[2], at=NOON)

    assert services.retire_keys(still_used=[1, 2], at=NOON + timedelta(hours=1)) == []
    assert kept() == [("blind_index", False), ("personal_data_1", False), ("personal_data_2", False)]


def test_a_filled_database_that_knows_no_keys_is_asked_to_open_something_first(settings: Any) -> None:
    Customer.objects.create(number="1", kind="person", name="张伟", registered_at=NOON)
    right = dict(settings.PERSONAL_DATA_KEYS)

    settings.PERSONAL_DATA_KEYS = {1: OTHER}
    assert refused_names() == "SHOUWEN_PERSONAL_DATA_KEY"
    assert kept() == []
    settings.PERSONAL_DATA_KEYS = right
    assert services.keep_fingerprints(at=NOON) == 2
