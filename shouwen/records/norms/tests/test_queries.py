from __future__ import annotations

from datetime import date, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from shouwen.kernel.errors import NotFound
from shouwen.records.norms import queries, services
from shouwen.records.norms.tests.factories import NOON, Change, lamp

pytestmark = pytest.mark.django_db


def publish(change: Change = lambda document: None) -> None:
    services.publish_norm_version(document=lamp(change), actor_id=None, at=NOON)


def named(code: str, slug: str, first_day: date = date(2026, 1, 1)) -> Change:
    return lambda document: document.update(id=code, slug=slug, effective_from=first_day)


def test_what_is_asked_again_costs_no_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    publish()
    card = queries.norm_in_force(slug="lamp_out", at=NOON)

    with django_assert_num_queries(0):
        assert queries.norm_in_force(slug="lamp_out", at=NOON) == card
        assert queries.norm_version(version_id=card.version_id) is card.norm
        assert queries.list_norms(at=NOON) == [card]
        assert queries.count_norms() == 1


def test_the_first_question_of_many_norms_costs_one_query_and_one_for_each_text(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    publish()
    publish(named("6.10", "lamp_dim"))
    queries.norm_version.cache_clear()
    queries.forget()

    with django_assert_num_queries(3):
        queries.list_norms(at=NOON)


def test_norms_stand_in_the_order_of_the_handbook_and_ten_follows_nine() -> None:
    publish(named("6.10", "lamp_dim"))
    publish(named("2.1", "advice"))
    publish()

    assert [card.norm.id for card in queries.list_norms(at=NOON)] == ["2.1", "6.9", "6.10"]
    assert queries.count_norms() == 3


def test_a_norm_that_is_not_yet_in_force_is_not_listed_and_not_found() -> None:
    publish(named("6.9", "lamp_out", date(2026, 6, 1)))

    assert queries.list_norms(at=NOON) == []
    with pytest.raises(NotFound):
        queries.norm_in_force(slug="lamp_out", at=NOON)
    assert queries.norm_in_force(slug="lamp_out", at=NOON + timedelta(days=30)).norm.version == 1


def test_an_unknown_norm_is_named_and_an_unknown_version_is_not_found() -> None:
    with pytest.raises(NotFound) as caught:
        queries.norm_in_force(slug="lamp_blue", at=NOON)
    assert caught.value.explain() == "There is no norm lamp_blue."

    with pytest.raises(NotFound):
        queries.norm_version(version_id=-1)
