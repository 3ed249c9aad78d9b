"""Cards, places, needs, callers and accounts: masked, for a viewer, recorded."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.platform.audit.models import Look
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.rules import NOBODY
from shouwen.platform.people.tests.factories import StaffFactory, staff_with_role
from shouwen.platform.policies.rules import Place
from shouwen.records.customers import queries, services
from shouwen.records.customers.choices import Consent, ContactKind, CustomerKind, NeedKind
from shouwen.records.customers.queries import AccountCard, CallerCard, ContactCard, NeedCard, SensitivityCard, SupplyPointCard
from shouwen.records.customers.tests.factories import (
    NOON,
    AccountFactory,
    ContactPointFactory,
    CustomerFactory,
    SensitivityFactory,
    SpecialNeedFactory,
    SupplyPointFactory,
    agent,
    seen_by,
    settle,
    steward,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)
CLEAR = ("张伟", "33010119900101123X", "13812345678", "90号", "501室", "zhang@example.com")


# Places.


def test_a_place_says_which_policies_bind_there(settings) -> None:
    settings.SHOUWEN_COMPANY = "CSG"
    point = SupplyPointFactory(jurisdiction="CN-31", zone="inside_outer_ring", area_class="urban", customer_class="residential")
    plain = SupplyPointFactory(area_class="remote", customer_class="low_voltage")

    assert queries.get_place(supply_point_id=point.pk) == Place("CN-31", "CSG", "urban", "inside_outer_ring", "residential")
    assert queries.get_place(supply_point_id=plain.pk) == Place("CN", "CSG", "remote", None, "low_voltage")
    with pytest.raises(NotFound):
        queries.get_place(supply_point_id=plain.pk + 1)


# One customer.


def test_the_card_holds_everything_masked_and_opening_it_is_a_look() -> None:
    viewer = agent()
    representative = staff_with_role(RoleCode.CUSTOMER_REPRESENTATIVE, name="Wang Fang")
    town = settle(viewer, name="张伟", phones=("13812345678",), account="3301", identity="33010119900101123X")
    common = {"actor_id": viewer.pk, "at": NOON}
    mail = services.add_contact_point(customer_id=town.customer_id, kind="email", value="zhang@example.com", **common)
    services.record_consent(contact_point_id=mail, consent=Consent.GRANTED, **common)
    services.set_quiet_hours(contact_point_id=mail, quiet_from=time(22), quiet_until=time(7), **common)
    services.set_preference(customer_id=town.customer_id, language="en", channel="email", **common)
    need = services.record_special_need(customer_id=town.customer_id, kind="disability", note="Wheelchair", **common)
    SpecialNeedFactory(customer_id=town.customer_id, ended_at=NOON)
    noted = services.note_sensitivity(customer_id=town.customer_id, kind="media", **common)
    SensitivityFactory(customer_id=town.customer_id, until_at=LATER)
    services.assign_representative(customer_id=town.customer_id, staff_id=representative.pk, actor_id=steward().pk, at=NOON)

    card = queries.get_customer(customer_id=town.customer_id, viewer=seen_by(viewer), at=LATER)

    phone = card.contact_points[0].id
    place = SupplyPointCard(
        town.supply_point_id, town.account_id, "西湖区文三路***", "urban", "", "CN", "residential", "", "", None, None
    )
    assert card == queries.CustomerCard(
        id=town.customer_id,
        number=f"C{town.customer_id:010d}",
        kind="person",
        name="张*",
        identity_kind="resident_card",
        identity_number="33**************3X",
        tier="ordinary",
        representative_id=representative.pk,
        representative_name="Wang Fang",
        language="en",
        channel="email",
        registered_at=NOON,
        closed_at=None,
        accounts=(AccountCard(town.account_id, "3301", date(2026, 5, 6), None, (place,)),),
        contact_points=(
            ContactCard(phone, "mobile", "138****5678", "", "unknown", None, None, None, True, None),
            ContactCard(mail, "email", "z***@example.com", "", "granted", NOON, time(22), time(7), False, None),
        ),
        needs=(NeedCard(need, town.customer_id, None, "disability", NOON, None, None, True),),
        sensitivities=(SensitivityCard(noted, "media", NOON, None, False),),
    )
    assert not [clear for clear in CLEAR if clear in str(asdict(card))]
    looks = Look.objects.values_list("viewer_id", "customer_id", "fields", "reason", "at")
    assert list(looks) == [(viewer.pk, town.customer_id, [], "The card was opened.", LATER)]


def test_an_organisation_s_name_is_not_personal_and_a_card_without_preference_says_the_usual() -> None:
    customer = CustomerFactory(kind=CustomerKind.ORGANISATION, name="杭州东方纺织有限公司")

    card = queries.get_customer(customer_id=customer.pk, viewer=seen_by(agent()), at=NOON)

    assert (card.name, card.language, card.channel, card.accounts) == ("杭州东方纺织有限公司", "zh-hans", "sms", ())


def test_a_card_takes_as_many_queries_for_three_of_everything_as_for_one() -> None:
    viewer = seen_by(agent())
    one, three = CustomerFactory(), CustomerFactory()
    for customer, count in ((one, 1), (three, 3)):
        for number in range(count):
            SupplyPointFactory(account=AccountFactory(customer=customer))
            ContactPointFactory(customer=customer, value=f"+861381234000{number}")
            SensitivityFactory(customer=customer)
        SpecialNeedFactory(customer=customer)

    counts = []
    for customer in (one, three):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            queries.get_customer(customer_id=customer.pk, viewer=viewer, at=NOON)
        counts.append(len(asked))

    assert counts == [8, 8]


def test_whoever_does_not_meet_customers_sees_no_card_and_no_look_is_written() -> None:
    customer = CustomerFactory()

    for viewer in (seen_by(StaffFactory()), seen_by(staff_with_role(RoleCode.TRAINER)), NOBODY):
        with pytest.raises(NotAllowed):
            queries.get_customer(customer_id=customer.pk, viewer=viewer, at=NOON)
        with pytest.raises(NotAllowed):
            queries.get_customer(customer_id=customer.pk + 1, viewer=viewer, at=NOON)

    assert not Look.objects.exists()


def test_an_unknown_customer_is_not_found() -> None:
    with pytest.raises(NotFound):
        queries.get_customer(customer_id=1, viewer=seen_by(agent()), at=NOON)


def test_names_for_lists_are_masked() -> None:
    person, firm = CustomerFactory(name="欧阳娜娜"), CustomerFactory(kind=CustomerKind.ORGANISATION, name="东方公司")

    assert queries.customer_names(customer_ids=[person.pk, firm.pk, firm.pk + 1]) == {person.pk: "欧阳**", firm.pk: "东方公司"}


# Accounts.


def test_an_account_leads_to_its_customer() -> None:
    account = AccountFactory(number="3301")

    assert queries.customer_by_account(number=" 3301 ") == account.customer_id
    assert queries.customer_by_account(number="3302") is None
    assert queries.customer_of_account(account_id=account.pk) == account.customer_id
    with pytest.raises(NotFound):
        queries.customer_of_account(account_id=account.pk + 1)


# Needs.


def test_life_support_holds_at_its_place_or_wherever_the_customer_is_between_its_instants() -> None:
    here, elsewhere, untouched = SupplyPointFactory(), SupplyPointFactory(), SupplyPointFactory()
    second = SupplyPointFactory(account=here.account)
    SpecialNeedFactory(
        customer=here.account.customer, supply_point=here, kind=NeedKind.LIFE_SUPPORT, recorded_at=NOON, ended_at=LATER
    )
    SpecialNeedFactory(customer=elsewhere.account.customer, kind=NeedKind.LIFE_SUPPORT)
    SpecialNeedFactory(customer=untouched.account.customer, kind=NeedKind.DISABILITY)
    asked = [here.pk, second.pk, elsewhere.pk, untouched.pk]

    assert queries.life_support_at(supply_point_ids=asked, at=NOON) == {here.pk, elsewhere.pk}
    assert queries.life_support_at(supply_point_ids=asked, at=LATER) == {elsewhere.pk}
    assert queries.life_support_at(supply_point_ids=asked, at=NOON - timedelta(seconds=1)) == frozenset()
    assert queries.life_support_at(supply_point_ids=[second.pk], at=NOON) == frozenset()
    assert queries.places_with_need(kind="disability", supply_point_ids=asked, at=NOON) == {untouched.pk}


def test_needs_of_a_customer_at_an_instant_and_those_to_review() -> None:
    need = SpecialNeedFactory(review_on=date(2026, 6, 1), ended_at=LATER)
    other = SpecialNeedFactory(review_on=date(2026, 6, 2))
    SpecialNeedFactory(review_on=date(2026, 6, 1), ended_at=NOON)
    card = NeedCard(need.pk, need.customer_id, None, "elderly_alone", NOON, date(2026, 6, 1), LATER, False)
    viewer = seen_by(agent())

    assert queries.needs_at(customer_id=need.customer_id, at=NOON) == [card]
    assert queries.needs_at(customer_id=need.customer_id, at=LATER) == []
    assert queries.needs_to_review(by=date(2026, 6, 1), viewer=viewer, at=NOON) == [card]
    page = queries.needs_to_review(by=date(2026, 6, 2), viewer=viewer, at=NOON, after_id=need.pk)
    assert [one.id for one in page] == [other.pk]
    with pytest.raises(NotAllowed):
        queries.needs_to_review(by=date(2026, 6, 1), viewer=NOBODY, at=NOON)


# Callers.


def test_a_listed_mobile_is_eighty_and_a_confirmed_one_ninety_five_per_cent() -> None:
    point = ContactPointFactory()
    sure = ContactPointFactory(value="+8613912345679", confirmed_at=NOON)

    assert queries.callers(phone="138 1234 5678") == [
        CallerCard(point.customer_id, point.customer.number, "张*", "ordinary", point.pk, 80, None)
    ]
    assert queries.callers(phone="+86-139-1234-5679", viewer=seen_by(agent())) == [
        CallerCard(sure.customer_id, sure.customer.number, "张*", "ordinary", sure.pk, 95, NOON)
    ]


def test_sharers_of_a_landline_come_the_surest_first() -> None:
    line = {"kind": ContactKind.LANDLINE, "value": "+8657187654321"}
    first, spoken_to = ContactPointFactory(**line), ContactPointFactory(**line, confirmed_at=NOON)

    whole = queries.callers(phone="0571-87654321")
    local = queries.callers(phone="87654321", default_area="0571")

    assert [(one.customer_id, one.confidence_pct) for one in whole] == [(spoken_to.customer_id, 70), (first.customer_id, 35)]
    assert [(one.customer_id, one.confidence_pct) for one in local] == [(spoken_to.customer_id, 60), (first.customer_id, 30)]


def test_nobody_calls_from_a_removed_number_a_closed_customer_or_no_number_at_all() -> None:
    ContactPointFactory(removed_at=NOON)
    ContactPointFactory(customer=CustomerFactory(closed_at=NOON))

    assert [queries.callers(phone=phone) for phone in ("13812345678", "anonymous", "", "12")] == [[], [], [], []]


def test_who_does_not_meet_customers_learns_of_no_caller() -> None:
    ContactPointFactory()

    with pytest.raises(NotAllowed):
        queries.callers(phone="13812345678", viewer=seen_by(StaffFactory()))
