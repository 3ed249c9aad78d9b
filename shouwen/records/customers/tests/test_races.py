"""Two people at once, with real threads on the real database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from shouwen.kernel.errors import Refusal
from shouwen.records.customers import services
from shouwen.records.customers.models import Account, ContactPoint, SearchEntry, SpecialNeed
from shouwen.records.customers.tests.factories import NOON, CustomerFactory, agent, told_of

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do all at the same moment and return what came of each: "done" or the code of the refusal, sorted."""
    start = Barrier(len(acts))

    def act(one: Callable[[], object]) -> str:
        start.wait()
        try:
            one()
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(threads.map(act, acts))


def test_one_of_two_gets_the_number_of_an_account() -> None:
    actor, customers = agent().pk, [CustomerFactory(), CustomerFactory()]

    came = at_once(
        *[
            lambda customer=customer: services.open_account(customer_id=customer.pk, number="1", actor_id=actor, at=NOON)
            for customer in customers
        ]
    )

    assert came == ["done", "number_taken"]
    assert Account.objects.count() == 1
    assert sorted(told_of(customer.pk) for customer in customers) == [[], ["AccountOpened"]]


def test_the_same_telephone_is_listed_once_and_the_same_need_recorded_once() -> None:
    actor, customer = agent().pk, CustomerFactory()

    def list_it() -> object:
        return services.add_contact_point(customer_id=customer.pk, kind="mobile", value="13812345678", actor_id=actor, at=NOON)

    def record_it() -> object:
        return services.record_special_need(customer_id=customer.pk, kind="disability", actor_id=actor, at=NOON)

    assert at_once(list_it, list_it, record_it, record_it) == ["already_holds", "already_listed", "done", "done"]
    assert (ContactPoint.objects.count(), SpecialNeed.objects.count()) == (1, 1)


def test_two_first_telephones_leave_one_preferred_and_an_entry_with_both() -> None:
    actor, customer = agent().pk, CustomerFactory()

    came = at_once(
        *[
            lambda value=value: services.add_contact_point(
                customer_id=customer.pk, kind="mobile", value=value, actor_id=actor, at=NOON
            )
            for value in ("13812345678", "13912345679")
        ]
    )

    assert came == ["done", "done"]
    assert sorted(ContactPoint.objects.values_list("is_preferred", flat=True)) == [False, True]
    entry = SearchEntry.objects.get()
    services.rebuild_search()
    assert sorted(SearchEntry.objects.get().terms) == sorted(entry.terms)
