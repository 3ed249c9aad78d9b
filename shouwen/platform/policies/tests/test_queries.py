"""Asking the register: settings, lists, and what a process remembers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shouwen.kernel.errors import NotFound
from shouwen.platform.people.tests.factories import administrator
from shouwen.platform.policies import queries, services
from shouwen.platform.policies.choices import Force, Unit
from shouwen.platform.policies.models import Policy
from shouwen.platform.policies.queries import PolicyFilters
from shouwen.platform.policies.rules import Place, PolicyRef
from shouwen.platform.policies.tests.factories import NOON, entry_of, handbook_entries, held

LATER = NOON + timedelta(hours=1)
RINGS = PolicyRef(key="answer.rings", default=Decimal(3), unit=Unit.RINGS, requirement="A4")
pytestmark = pytest.mark.django_db


def rings(amount: int, **changes: object) -> object:
    return entry_of(amount, **({"key": "answer.rings", "unit": Unit.RINGS, "force": Force.INTERNAL} | changes))


def test_a_setting_has_its_default_while_the_register_says_nothing() -> None:
    assert queries.value(policy=RINGS, at=NOON) == Decimal(3)


def test_a_setting_is_read_as_of_an_instant() -> None:
    policy_id = held(rings(4))
    services.revise_policy(policy_id=policy_id, entries=[rings(2)], why="?", actor_id=administrator().pk, at=LATER)

    assert [queries.value(policy=RINGS, at=at) for at in (NOON, LATER)] == [Decimal(4), Decimal(2)]


def test_a_setting_in_another_unit_is_not_taken() -> None:
    held(rings(20, unit=Unit.SECOND))

    assert queries.value(policy=RINGS, at=NOON) == Decimal(3)


def test_a_local_setting_holds_at_its_place_only() -> None:
    services.learn_entries(entries=[rings(4, jurisdiction="CN-31"), rings(5, rule="T-2")], actor_id=None, at=NOON)

    found = [queries.value(policy=RINGS, at=NOON, place=place) for place in (None, Place("CN-31"), Place("CN-41"))]

    assert found == [Decimal(5), Decimal(4), Decimal(5)]


def test_matches_are_those_of_the_rules_and_are_remembered() -> None:
    services.learn_entries(entries=handbook_entries(), actor_id=None, at=NOON)
    place = Place("CN-31", "SGCC", "urban", "inside_outer_ring", "residential")

    first = queries.matches_for(key="repair.arrival", place=place, at=NOON, known_at=NOON)

    assert {match.entry.rule: match.reason for match in first} == {
        "R-105": "expired",  # the later of its two lines; the mean stands first
        "R-122": "other_company",
        "R-202": None,
        "R-301": None,
        "R-306": "other_jurisdiction",
        "P-B7-arrival": None,
    }
    with CaptureQueriesContext(connection) as asked:
        second = queries.matches_for(key="repair.arrival", place=place, at=NOON + timedelta(minutes=1), known_at=LATER)
    assert (second is first, len(asked)) == (True, 0)


def test_what_was_known_then_is_told_the_same_after_later_corrections() -> None:
    policy_id = held(entry_of(45))
    before = [match[1:3] for match in queries.matches_for(key="repair.arrival", place=Place(), at=NOON, known_at=NOON)]
    services.revise_policy(policy_id=policy_id, entries=[entry_of(40)], why="?", actor_id=administrator().pk, at=LATER)

    after = queries.matches_for(key="repair.arrival", place=Place(), at=NOON, known_at=NOON)

    assert [match[1:3] for match in after] == before == [(Decimal(45), None)]
    assert [match.entry.digest for match in after] == [entry_of(45).digest]


def test_lists_are_filtered() -> None:
    services.learn_entries(entries=handbook_entries(), actor_id=None, at=NOON)

    def rules_of(**wanted: object) -> list[str]:
        page = queries.list_policies(filters=PolicyFilters(**wanted))
        return [card.entry.rule for card in page.policies]

    assert rules_of(jurisdiction="CN-31", key="repair.arrival") == ["R-301"]
    assert rules_of(rule="R-105", known_at=NOON, valid_on=date(2021, 1, 1)) == ["R-105"]
    assert rules_of(rule="R-105") == ["R-105", "R-105", "R-105"]
    assert rules_of(words="违约金起收") == rules_of(words="LATE_FEE_MINIMUM") == ["R-218"]
    assert rules_of(company="CSG", force="commitment", mark="C-") == ["R-127", "R-127", "R-127"]


def test_pages_go_through_everything_once_in_the_order_of_keys() -> None:
    services.learn_entries(entries=handbook_entries(), actor_id=None, at=NOON)

    seen, after = [], None
    while True:
        page = queries.list_policies(filters=PolicyFilters(), after=after, limit=100)
        seen += [(card.entry.key, card.policy_id) for card in page.policies]
        after = page.next_after
        if after is None:
            break

    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == Policy.objects.count()


@pytest.mark.parametrize("after", ["", "x", "a.b|", "a.b|-1", "a.b|²"])
def test_a_broken_cursor_is_not_found(after: str) -> None:
    with pytest.raises(NotFound):
        queries.list_policies(filters=PolicyFilters(), after=after)


def test_a_policy_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        queries.get_policy(policy_id=1)


def test_a_change_that_was_rolled_back_is_forgotten_at_once() -> None:
    policy_id, actor = held(entry_of(45)), administrator()

    with transaction.atomic():
        services.revise_policy(policy_id=policy_id, entries=[entry_of(40)], why="?", actor_id=actor.pk, at=LATER)
        inside = queries.entries_for(key="repair.arrival", known_at=LATER)
        transaction.set_rollback(True)

    assert [entry.values[0].amount for entry in inside] == [Decimal(40)]
    assert [entry.values[0].amount for entry in queries.entries_for(key="repair.arrival", known_at=LATER)] == [Decimal(45)]


@pytest.mark.django_db(transaction=True)
def test_a_committed_change_is_seen_at_once_by_the_process_that_made_it() -> None:
    assert queries.register_version() == 0

    held(entry_of(45))

    assert (queries.register_version(), len(queries.all_entries())) == (1, 1)
    with CaptureQueriesContext(connection) as asked:
        queries.entries_for(key="repair.arrival", known_at=NOON)
    assert len(asked) == 0


@pytest.mark.django_db(transaction=True)
def test_another_process_s_change_is_seen_after_one_cheap_question() -> None:
    held(entry_of(45))
    register = queries._register()
    with transaction.atomic():  # as if elsewhere: this process is not told
        services._insert([entry_of(7, rule="T-2")], origin="HANDBOOK", actor_id=None)
        connection.cursor().execute("update policies_registerversion set number = number + 1, stamp = gen_random_uuid()")

    assert len(queries.entries_for(key="repair.arrival", known_at=NOON)) == 1
    register.checked_s -= queries.CHECK_EVERY_S

    assert len(queries.entries_for(key="repair.arrival", known_at=NOON)) == 2


@pytest.mark.django_db(transaction=True)
def test_an_unchanged_register_costs_one_question_a_second_and_none_between() -> None:
    held(entry_of(45))
    register = queries._register()
    register.checked_s -= queries.CHECK_EVERY_S

    with CaptureQueriesContext(connection) as asked:
        for _ in range(3):
            queries.entries_for(key="repair.arrival", known_at=datetime(2021, 1, 1, tzinfo=UTC))

    assert len(asked) == 1
    assert queries._register() is register
