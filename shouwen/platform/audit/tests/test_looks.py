from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from shouwen.kernel.errors import NotFound
from shouwen.platform.audit import queries, services
from shouwen.platform.audit.models import Look
from shouwen.platform.audit.tests.factories import NOON, LookFactory
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.rules import NOBODY
from shouwen.platform.people.tests.factories import StaffFactory, UnitFactory, viewer_with

pytestmark = pytest.mark.django_db

STEWARD = viewer_with((RoleCode.DATA_STEWARD, "01."))


def test_a_look_is_recorded_with_one_statement(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        services.record_look(viewer_id=7, customer_id=42, fields=("phone", "address"), reason="call 4711", at=NOON)

    look = Look.objects.get()
    assert (look.viewer_id, look.customer_id, look.fields, look.reason, look.at) == (
        7,
        42,
        ["phone", "address"],
        "call 4711",
        NOON,
    )


def test_a_list_of_customers_is_recorded_with_one_statement(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        services.record_looks(viewer_id=7, customer_ids=range(50), fields=(), reason="search", at=NOON)

    assert set(Look.objects.values_list("customer_id", flat=True)) == set(range(50))


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_look_without_a_reason_is_refused(reason: str) -> None:
    with pytest.raises(services.LookNeedsReason):
        services.record_look(viewer_id=7, customer_id=42, fields=("phone",), reason=reason, at=NOON)
    assert not Look.objects.exists()


def test_looks_are_listed_newest_first_page_by_page_with_names(django_assert_num_queries) -> None:
    li = StaffFactory(name="Li Na")
    looks = [LookFactory(viewer_id=li.pk, customer_id=42, at=NOON + timedelta(minutes=minute)) for minute in range(3)]
    LookFactory(customer_id=43)

    with django_assert_num_queries(2):
        first = queries.list_looks(customer_id=42, viewer=STEWARD, limit=2)
    second = queries.list_looks(customer_id=42, viewer=STEWARD, limit=2, before_id=first[-1].id)

    assert [card.id for card in first + second] == [look.pk for look in reversed(looks)]
    assert first[0] == queries.LookCard(looks[2].pk, li.pk, "Li Na", ("phone",), "call 4711", looks[2].at)


def test_a_head_sees_the_looks_of_their_own_people_only() -> None:
    unit = UnitFactory(code="01")
    mine = LookFactory(viewer_id=StaffFactory(home_unit=UnitFactory(code="02", parent=unit)).pk)
    LookFactory(viewer_id=StaffFactory().pk)

    for role in (RoleCode.SHIFT_LEADER, RoleCode.UNIT_HEAD, RoleCode.BRANCH_MANAGER, RoleCode.COMPANY_MANAGER):
        found = queries.list_looks(customer_id=1, viewer=viewer_with((role, "01."), unit_path="09."))
        assert [card.id for card in found] == [mine.pk]


@pytest.mark.parametrize("role", [RoleCode.DATA_STEWARD, RoleCode.DISCIPLINE_OFFICER])
def test_data_stewards_and_discipline_officers_see_all_looks(role: RoleCode) -> None:
    look = LookFactory()

    assert [card.id for card in queries.list_looks(customer_id=1, viewer=viewer_with((role, "01.")))] == [look.pk]


@pytest.mark.parametrize("role", [RoleCode.AGENT, RoleCode.SYSTEM_OPERATOR, RoleCode.QUALITY_INSPECTOR])
def test_nobody_else_learns_whether_there_are_looks(role: RoleCode) -> None:
    LookFactory()

    for viewer in (viewer_with((role, "01.")), NOBODY, viewer_with(is_automatic=True)):
        with pytest.raises(NotFound):
            queries.list_looks(customer_id=1, viewer=viewer)


@pytest.mark.parametrize("table", ["audit_look", "audit_chainlink", "audit_seal"])
@pytest.mark.parametrize("crime", ["update {} set {} = {}", "delete from {}", "truncate {}"])
def test_the_database_refuses_to_change_delete_or_empty_what_only_grows(table: str, crime: str) -> None:
    column = {"audit_look": "viewer_id", "audit_chainlink": "last_id", "audit_seal": "last_sequence"}[table]
    LookFactory()
    services.seal_journal(at=NOON)
    guard = {"audit_look": "look_is_kept", "audit_chainlink": "link_is_kept", "audit_seal": "seal_is_kept"}[table]

    with connection.cursor() as cursor:
        cursor.execute(f"alter table {table} enable trigger {guard}")  # test databases switch it off
        with pytest.raises(DatabaseError, match="The audit only grows"), transaction.atomic():
            cursor.execute(crime.format(table, column, column))
