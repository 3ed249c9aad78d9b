"""Which terms are broad, and the keys of this installation."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps

from shouwen.platform.search import services
from shouwen.platform.search.models import BroadTerm
from shouwen.platform.search.queries import broad_share_ppm, keyring, telling_terms

pytestmark = pytest.mark.django_db
SearchEntry: Any = apps.get_model("customers", "SearchEntry")  # the nearest table with terms
TABLE = "customers_searchentry"


def entries(*terms: list[int]) -> None:
    SearchEntry.objects.bulk_create(
        [SearchEntry(customer_id=place, place_id=place, terms=held) for place, held in enumerate(terms)]
    )


def test_terms_are_broad_that_two_of_a_thousand_entries_hold() -> None:
    entries(*([1, 2] for _ in range(400)), *([1, place] for place in range(1000, 1600)))

    counted = services.refresh_broad_terms(subject="customer", table=TABLE)

    assert counted == 2
    assert dict(BroadTerm.objects.values_list("term", "share_ppm")) == {1: 1_000_000, 2: 400_000}


def test_counting_anew_forgets_what_was_counted_of_this_subject_only() -> None:
    BroadTerm.objects.create(subject="customer", term=7, share_ppm=9)
    BroadTerm.objects.create(subject="other", term=7, share_ppm=9)

    counted = services.refresh_broad_terms(subject="customer", table=TABLE)

    assert (counted, list(BroadTerm.objects.values_list("subject", "term"))) == (0, [("other", 7)])


def test_the_smallest_share_is_told_only_when_every_term_is_broad() -> None:
    for term, share_ppm in ((1, 900_000), (2, 3_000)):
        BroadTerm.objects.create(subject="customer", term=term, share_ppm=share_ppm)

    assert broad_share_ppm(subject="customer", terms=[1, 2]) == 3_000
    assert broad_share_ppm(subject="customer", terms=[1, 1]) == 900_000
    assert broad_share_ppm(subject="customer", terms=[1, 3]) is None
    assert broad_share_ppm(subject="other", terms=[1]) is None
    assert broad_share_ppm(subject="customer", terms=[]) is None


def test_the_telling_terms_are_the_rarest_that_leave_hardly_an_entry() -> None:
    for term, share_ppm in ((1, 900_000), (2, 3_000), (3, 100_000)):
        BroadTerm.objects.create(subject="customer", term=term, share_ppm=share_ppm)

    assert telling_terms(subject="customer", terms=[1, 2, 3, 11, 12, 13, 14]) == [11, 12, 13]
    assert telling_terms(subject="customer", terms=[1, 3, 2, 11]) == [11, 2, 3, 1]
    assert telling_terms(subject="customer", terms=[1, 1]) == [1]
    assert telling_terms(subject="customer", terms=[]) == []


def test_a_new_count_is_seen_at_once() -> None:
    before = broad_share_ppm(subject="customer", terms=[1])
    entries([1], [1], [2])

    services.refresh_broad_terms(subject="customer", table=TABLE)

    assert (before, broad_share_ppm(subject="customer", terms=[1])) == (None, 666_666)


def test_the_keyring_is_that_of_the_settings_and_follows_them(settings) -> None:
    before = keyring()
    settings.PERSONAL_DATA_KEYS = {2: b"n" * 32} | dict(settings.PERSONAL_DATA_KEYS)

    assert (before.current_key_id, keyring().current_key_id) == (1, 2)
    assert keyring() is keyring()
