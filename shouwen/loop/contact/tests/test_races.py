"""Contacts that are understood at the same moment, in threads of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection, transaction

from shouwen.loop.contact import services
from shouwen.loop.contact.models import Interaction
from shouwen.loop.contact.queries import matter_token
from shouwen.loop.contact.tests.factories import LAMP, received
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.services import close_work_order
from shouwen.loop.workorders.tests.factories import Company, after, settled, small_company, told
from shouwen.loop.workorders.tests.racing import race, refusals

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_S = 20.0
COUNT_WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@pytest.fixture
def company() -> Company:
    return small_company()


def test_three_forms_of_one_reference_that_are_parsed_at_once_make_one_matter(company: Company) -> None:
    forms = [LAMP | {"reference": "17", "email": "a@x", "text": str(number)} for number in range(3)]
    ids = [received(company, form, key=f"k{number}").pk for number, form in enumerate(forms)]
    held = threading.Event()

    race(*[_once(held, _parsing(company, one)) for one in ids], partial(_hold_matters, held, waiting=3))

    attached = Interaction.objects.order_by("id").values_list("is_attached", flat=True)
    assert (WorkOrder.objects.count(), list(attached)) == (1, [False, True, True])


def test_a_contact_about_a_matter_that_is_being_closed_is_heard_or_opens_another(company: Company) -> None:
    order = settled(company)
    envelope = received(company, LAMP | {"token": matter_token(work_order_id=order.pk)}, at=after(90))

    results = race(
        partial(close_work_order, work_order_id=order.pk, actor_id=company.li.pk, at=after(90)),
        _parsing(company, envelope.pk),
        at=order,
    )

    assert refusals(results) == []
    row = Interaction.objects.get()
    if row.is_attached:
        assert (row.work_order_id, "HeardAgain" in told(order)) == (order.pk, True)
    else:
        assert (row.work_order_id == order.pk, told(WorkOrder.objects.get(pk=row.work_order_id))) == (
            False,
            ["WorkOrderOpened", "Linked"],
        )


def _parsing(company: Company, envelope_id: int) -> Callable[[], object]:
    return partial(services.parse_envelopes, envelope_ids=[envelope_id], actor_id=company.gateway.pk, at=after(90))


def _once(held: threading.Event, act: Callable[[], object]) -> Callable[[], object]:
    def do() -> object:
        held.wait(PATIENCE_S)
        return act()

    return do


def _hold_matters(held: threading.Event, *, waiting: int) -> None:
    """Let nobody open a matter until ``waiting`` others wait, for this or for each other."""
    pause = threading.Event()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("lock table workorders_workorder in exclusive mode")
        held.set()
        for _ in range(int(PATIENCE_S * 100)):
            cursor.execute("select pg_stat_clear_snapshot()")
            cursor.execute(COUNT_WAITING)
            if cursor.fetchone()[0] >= waiting:
                return
            pause.wait(0.01)
    raise AssertionError("they never met")
