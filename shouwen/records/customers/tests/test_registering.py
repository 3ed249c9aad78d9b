"""Registering customers, their accounts and their places."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from shouwen.kernel.errors import BadInput, NotFound
from shouwen.platform.outbox.models import Fact
from shouwen.platform.search.keys import keyring
from shouwen.records.customers import services
from shouwen.records.customers.choices import CustomerKind, Tier
from shouwen.records.customers.models import (
    Account,
    Customer,
    SearchEntry,
    SupplyPoint,
)
from shouwen.records.customers.tests.factories import (
    NOON,
    AccountFactory,
    CustomerFactory,
    SupplyPointFactory,
    agent,
    told_of,
)
from shouwen.records.network.tests.factories import TransformerFactory

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def terms_of(customer_id: int) -> list[set[int]]:
    rows = SearchEntry.objects.filter(customer_id=customer_id).order_by("place_id")
    return [set(terms) for terms in rows.values_list("terms", flat=True)]


def term(token: str) -> int:
    return keyring().terms[token]


# Registering.


def test_a_person_is_registered_with_a_number_that_is_made() -> None:
    customer_id = services.register_customer(
        kind=CustomerKind.PERSON, name=" 张伟 ", identity_number="33010119900101123x", actor_id=agent().pk, at=NOON
    )

    customer = Customer.objects.get(pk=customer_id)
    assert (customer.number, customer.name, customer.tier, customer.registered_at) == (
        f"C{customer_id:010d}",
        "张伟",
        Tier.ORDINARY,
        NOON,
    )
    assert (customer.identity_kind, customer.identity_number) == ("resident_card", "33010119900101123X")
    assert customer.identity_blind == keyring().blind("33010119900101123X", purpose="identity")
    assert customer.identity_tail_blind == keyring().blind("01123x", purpose="identity_tail")
    assert told_of(customer_id) == ["CustomerRegistered"]
    assert {term("张伟"), term("zw"), term("01123x"), term(f"c{customer_id:010d}")} <= terms_of(customer_id)[0]


def test_an_organisation_keeps_the_number_that_is_given_and_its_document_is_a_credit_code() -> None:
    customer_id = services.register_customer(
        kind=CustomerKind.ORGANISATION,
        name="杭州东方纺织有限公司",
        number="HZ-1",
        identity_number="91330100MA27XXXX0Q",
        actor_id=agent().pk,
        at=NOON,
    )

    customer = Customer.objects.get(pk=customer_id)
    assert (customer.number, customer.identity_kind) == ("HZ-1", "credit_code")


def test_a_taken_number_is_refused_and_nothing_is_written() -> None:
    taken, actor = CustomerFactory(number="HZ-1"), agent()

    with pytest.raises(services.NumberTaken):
        services.register_customer(kind=CustomerKind.PERSON, name="李娜", number="HZ-1", actor_id=actor.pk, at=NOON)

    assert list(Customer.objects.values_list("pk", flat=True)) == [taken.pk]
    assert not SearchEntry.objects.exists()
    assert not Fact.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "robot"}, "kind"),
        ({"name": "  "}, "name"),
        ({"name": "张" * 121}, "name"),
        ({"name": "张\x00伟"}, "name"),
        ({"number": "no blanks"}, "customer_number"),
        ({"identity_number": "1" * 31}, "identity_number"),
        ({"identity_number": "33010119900101123X", "identity_kind": "library_card"}, "identity_kind"),
    ],
)
def test_a_malformed_value_is_refused_by_its_field_and_not_repeated(changes: dict[str, str], field: str) -> None:
    given = {"kind": "person", "name": "张伟"} | changes

    with pytest.raises(BadInput) as refusal:
        services.register_customer(**given, actor_id=agent().pk, at=NOON)

    assert refusal.value.field == field
    assert "张" not in refusal.value.explain()
    assert not Customer.objects.exists()


def test_a_correction_names_what_changed_and_search_follows() -> None:
    actor = agent().pk
    customer_id = services.register_customer(
        kind=CustomerKind.PERSON, name="张伟", identity_number="330101199001011234", actor_id=actor, at=NOON
    )

    changed = services.correct_customer(customer_id=customer_id, name="章伟", identity_number="", actor_id=actor, at=LATER)
    unchanged = services.correct_customer(customer_id=customer_id, name="章伟", actor_id=actor, at=LATER)

    customer = Customer.objects.get(pk=customer_id)
    assert (changed, unchanged) == (("name", "identity_kind", "identity_number"), ())
    assert (customer.name, customer.identity_kind, customer.identity_number, customer.identity_blind) == ("章伟", "", "", None)
    assert told_of(customer_id) == ["CustomerRegistered", "CustomerCorrected"]
    assert term("章伟") in terms_of(customer_id)[0]
    assert term("张伟") not in terms_of(customer_id)[0]


def test_an_unknown_customer_is_not_found() -> None:
    with pytest.raises(NotFound):
        services.correct_customer(customer_id=1, name="张伟", actor_id=agent().pk, at=NOON)


# Accounts and places.


def test_an_account_number_that_is_made_can_be_keyed_in() -> None:
    customer, actor = CustomerFactory(), agent().pk

    made = services.open_account(customer_id=customer.pk, actor_id=actor, at=NOON)
    given = services.open_account(customer_id=customer.pk, number="3301-7", opened_on=date(2020, 2, 3), actor_id=actor, at=NOON)

    assert Account.objects.filter(pk=made).values_list("number", "opened_on").get() == (f"{made:010d}", date(2026, 5, 6))
    assert Account.objects.filter(pk=given).values_list("number", "opened_on").get() == ("3301-7", date(2020, 2, 3))
    assert told_of(customer.pk) == ["AccountOpened", "AccountOpened"]
    assert {term("33017"), term(f"{made:010d}")} <= terms_of(customer.pk)[0]


def test_the_day_of_opening_is_that_of_shanghai() -> None:
    late_in_the_evening = datetime(2026, 5, 6, 17, tzinfo=UTC)  # one o'clock in Shanghai, the day after

    account_id = services.open_account(customer_id=CustomerFactory().pk, actor_id=agent().pk, at=late_in_the_evening)

    assert Account.objects.get(pk=account_id).opened_on == date(2026, 5, 7)


def test_a_taken_account_number_is_refused() -> None:
    taken, other = AccountFactory(number="1"), CustomerFactory()

    with pytest.raises(services.NumberTaken):
        services.open_account(customer_id=other.pk, number="1", actor_id=agent().pk, at=NOON)

    assert list(Account.objects.values_list("pk", flat=True)) == [taken.pk]
    assert told_of(other.pk) == []


def test_a_whole_address_is_cut_after_the_house_number() -> None:
    account, transformer = AccountFactory(), TransformerFactory()

    point_id = services.add_supply_point(
        account_id=account.pk,
        street="西湖区文三路90号3幢501室",
        area_class="rural",
        customer_class="low_voltage",
        voltage_class="380v",
        transformer_id=transformer.pk,
        actor_id=agent().pk,
        at=NOON,
    )

    point = SupplyPoint.objects.get(pk=point_id)
    assert (point.street, point.room, point.jurisdiction, point.transformer_id) == (
        "西湖区文三路90号",
        "3幢501室",
        "CN",
        transformer.pk,
    )
    assert told_of(account.customer_id) == ["SupplyPointAdded"]
    assert {term("文三"), term("路90"), term("501室"), term("号3")} <= terms_of(account.customer_id)[0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"street": ""}, "street"),
        ({"street": "x" * 201}, "street"),
        ({"area_class": "moon"}, "area_class"),
        ({"customer_class": ""}, "customer_class"),
        ({"voltage_class": "9v"}, "voltage_class"),
        ({"zone": "z" * 31}, "zone"),
    ],
)
def test_a_malformed_place_is_refused(changes: dict[str, str], field: str) -> None:
    account = AccountFactory()
    given = {"street": "文三路90号", "area_class": "urban", "customer_class": "residential"} | changes

    with pytest.raises(BadInput) as refusal:
        services.add_supply_point(account_id=account.pk, **given, actor_id=agent().pk, at=NOON)

    assert refusal.value.field == field
    assert not SupplyPoint.objects.exists()


def test_an_unknown_account_or_transformer_is_not_found() -> None:
    given = {"street": "文三路90号", "area_class": "urban", "customer_class": "residential", "actor_id": agent().pk, "at": NOON}

    with pytest.raises(NotFound):
        services.add_supply_point(account_id=1, **given)
    with pytest.raises(NotFound):
        services.add_supply_point(account_id=AccountFactory().pk, transformer_id=1, **given)

    assert not SupplyPoint.objects.exists()


def test_a_place_changes_field_by_field_and_search_follows() -> None:
    point, actor = SupplyPointFactory(), agent().pk
    transformer = TransformerFactory()

    changed = services.change_supply_point(
        supply_point_id=point.pk,
        street="拱墅区文晖路8号",
        area_class="urban",
        zone="inside_outer_ring",
        transformer_id=transformer.pk,
        actor_id=actor,
        at=NOON,
    )
    unchanged = services.change_supply_point(supply_point_id=point.pk, area_class="urban", actor_id=actor, at=NOON)

    point.refresh_from_db()
    assert (changed, unchanged) == (("street", "zone", "transformer"), ())
    assert (point.street, point.room, point.zone, point.transformer_id) == (
        "拱墅区文晖路8号",
        "3幢501室",
        "inside_outer_ring",
        transformer.pk,
    )
    assert told_of(point.account.customer_id) == ["SupplyPointChanged"]
    assert term("文晖") in terms_of(point.account.customer_id)[0]
    assert term("文三") not in terms_of(point.account.customer_id)[0]
