"""Ways to reach customers, and how they wish to be told."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from shouwen.kernel.errors import BadInput, NotFound
from shouwen.kernel.text.phones import PhoneInvalid
from shouwen.platform.search.keys import keyring
from shouwen.records.customers import services
from shouwen.records.customers.choices import Consent, ContactKind
from shouwen.records.customers.models import (
    ContactPoint,
    Preference,
    SearchEntry,
)
from shouwen.records.customers.tests.factories import (
    NOON,
    ContactPointFactory,
    CustomerFactory,
    agent,
    told_of,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def terms_of(customer_id: int) -> list[set[int]]:
    rows = SearchEntry.objects.filter(customer_id=customer_id).order_by("place_id")
    return [set(terms) for terms in rows.values_list("terms", flat=True)]


def term(token: str) -> int:
    return keyring().terms[token]


# Reaching.


def test_a_telephone_is_kept_as_e164_and_the_first_one_is_preferred() -> None:
    customer, actor = CustomerFactory(), agent().pk

    mobile = services.add_contact_point(
        customer_id=customer.pk, kind="mobile", value="138-1234-5678", holder="owner", actor_id=actor, at=NOON
    )
    office = services.add_contact_point(
        customer_id=customer.pk, kind="mobile", value="87654321转8001", default_area="0571", actor_id=actor, at=NOON
    )

    rows = ContactPoint.objects.order_by("pk").values_list("pk", "kind", "value", "holder", "is_preferred", "consent")
    assert list(rows) == [
        (mobile, "mobile", "+8613812345678", "owner", True, "unknown"),
        (office, "landline", "+8657187654321;ext=8001", "", False, "unknown"),
    ]
    keys = keyring()
    assert list(ContactPoint.objects.order_by("pk").values_list("whole_blind", "tail_blind")) == [
        (keys.blind("+8613812345678", purpose="phone"), keys.blind("5678", purpose="phone_tail")),
        (keys.blind("+8657187654321", purpose="phone"), keys.blind("4321", purpose="phone_tail")),
    ]
    assert told_of(customer.pk) == ["ContactPointAdded", "ContactPointAdded"]
    assert {term("13812345678"), term("5678"), term("057187654321"), term("4321")} <= terms_of(customer.pk)[0]


def test_mail_is_kept_in_small_letters_and_no_mail_is_refused() -> None:
    customer, actor = CustomerFactory(), agent().pk

    point_id = services.add_contact_point(
        customer_id=customer.pk, kind="email", value=" Zhang@Example.COM ", actor_id=actor, at=NOON
    )
    with pytest.raises(BadInput):
        services.add_contact_point(customer_id=customer.pk, kind="email", value="zhang.example.com", actor_id=actor, at=NOON)
    with pytest.raises(BadInput):
        services.add_contact_point(customer_id=customer.pk, kind="pigeon", value="zhang", actor_id=actor, at=NOON)

    assert list(ContactPoint.objects.values_list("pk", "value", "tail_blind")) == [(point_id, "zhang@example.com", None)]


def test_what_is_no_telephone_number_is_refused_and_nothing_is_written() -> None:
    customer = CustomerFactory()

    with pytest.raises(PhoneInvalid):
        services.add_contact_point(customer_id=customer.pk, kind="mobile", value="12", actor_id=agent().pk, at=NOON)

    assert not ContactPoint.objects.exists()
    assert told_of(customer.pk) == []


def test_the_same_number_is_listed_once_for_a_customer_but_may_be_another_s_too() -> None:
    listed, other, actor = ContactPointFactory(), CustomerFactory(), agent().pk

    with pytest.raises(services.AlreadyListed):
        services.add_contact_point(
            customer_id=listed.customer_id, kind="landline", value="+86 13812345678", actor_id=actor, at=NOON
        )
    services.add_contact_point(customer_id=other.pk, kind="mobile", value="13812345678", actor_id=actor, at=NOON)
    services.add_contact_point(customer_id=listed.customer_id, kind="fax", value="13812345678", actor_id=actor, at=NOON)

    assert list(ContactPoint.objects.order_by("pk").values_list("customer_id", "kind")) == [
        (listed.customer_id, "mobile"),
        (other.pk, "mobile"),
        (listed.customer_id, "fax"),
    ]


def test_a_corrected_number_must_be_confirmed_and_consented_to_anew() -> None:
    point = ContactPointFactory(confirmed_at=NOON, consent=Consent.GRANTED, consent_at=NOON)

    changed = services.change_contact_point(
        contact_point_id=point.pk, value="13912345679", holder="tenant", actor_id=agent().pk, at=LATER
    )

    point.refresh_from_db()
    assert changed == ("value", "holder")
    assert (point.value, point.holder, point.confirmed_at, point.consent, point.consent_at) == (
        "+8613912345679",
        "tenant",
        None,
        Consent.UNKNOWN,
        None,
    )
    assert point.tail_blind == keyring().blind("5679", purpose="phone_tail")
    assert told_of(point.customer_id) == ["ContactPointChanged"]


def test_a_changed_extension_leaves_what_is_known_of_the_number() -> None:
    point = ContactPointFactory(kind=ContactKind.LANDLINE, value="+8657187654321", confirmed_at=NOON)

    changed = services.change_contact_point(contact_point_id=point.pk, value="0571-87654321-8001", actor_id=agent().pk, at=LATER)
    unchanged = services.change_contact_point(
        contact_point_id=point.pk, value="(0571)87654321转8001", actor_id=agent().pk, at=LATER
    )

    point.refresh_from_db()
    assert (changed, unchanged) == (("value",), ())
    assert (point.value, point.confirmed_at) == ("+8657187654321;ext=8001", NOON)


def test_a_removed_contact_point_is_nobody_s_any_more() -> None:
    point, actor = ContactPointFactory(), agent().pk

    services.remove_contact_point(contact_point_id=point.pk, actor_id=actor, at=LATER)
    with pytest.raises(NotFound):
        services.remove_contact_point(contact_point_id=point.pk, actor_id=actor, at=LATER)
    again = services.add_contact_point(
        customer_id=point.customer_id, kind="mobile", value="13812345678", actor_id=actor, at=LATER
    )

    point.refresh_from_db()
    assert (point.removed_at, again != point.pk) == (LATER, True)
    assert told_of(point.customer_id) == ["ContactPointRemoved", "ContactPointAdded"]


def test_confirming_consent_and_quiet_hours_are_written_with_their_instants() -> None:
    point, actor = ContactPointFactory(), agent().pk

    services.confirm_contact_point(contact_point_id=point.pk, actor_id=actor, at=NOON)
    services.record_consent(contact_point_id=point.pk, consent=Consent.REFUSED, actor_id=actor, at=LATER)
    services.set_quiet_hours(contact_point_id=point.pk, quiet_from=time(22), quiet_until=time(7, 30), actor_id=actor, at=LATER)

    point.refresh_from_db()
    assert (point.confirmed_at, point.consent, point.consent_at) == (NOON, Consent.REFUSED, LATER)
    assert (point.quiet_from, point.quiet_until) == (time(22), time(7, 30))
    assert told_of(point.customer_id) == ["ContactPointConfirmed", "ContactPointChanged", "ContactPointChanged"]


def test_consent_not_asked_has_no_instant_and_quiet_hours_can_be_taken_back() -> None:
    point = ContactPointFactory(consent=Consent.GRANTED, consent_at=NOON, quiet_from=time(22), quiet_until=time(7))
    actor = agent().pk

    services.record_consent(contact_point_id=point.pk, consent=Consent.UNKNOWN, actor_id=actor, at=LATER)
    services.set_quiet_hours(contact_point_id=point.pk, quiet_from=None, quiet_until=None, actor_id=actor, at=LATER)

    point.refresh_from_db()
    assert (point.consent, point.consent_at, point.quiet_from, point.quiet_until) == (Consent.UNKNOWN, None, None, None)


def test_quiet_hours_need_both_ends() -> None:
    point = ContactPointFactory()

    with pytest.raises(BadInput):
        services.set_quiet_hours(contact_point_id=point.pk, quiet_from=time(22), quiet_until=None, actor_id=agent().pk, at=NOON)

    point.refresh_from_db()
    assert (point.quiet_from, told_of(point.customer_id)) == (None, [])


def test_one_contact_point_is_preferred() -> None:
    first = ContactPointFactory(is_preferred=True)
    second = ContactPointFactory(customer=first.customer, value="+8613912345679")

    services.prefer_contact_point(contact_point_id=second.pk, actor_id=agent().pk, at=NOON)

    preferred = ContactPoint.objects.filter(is_preferred=True).values_list("pk", flat=True)
    assert list(preferred) == [second.pk]


def test_a_preference_is_set_and_set_again() -> None:
    customer, actor = CustomerFactory(), agent().pk

    services.set_preference(customer_id=customer.pk, language="en", channel="email", actor_id=actor, at=NOON)
    services.set_preference(customer_id=customer.pk, language="zh-hant", channel="letter", actor_id=actor, at=LATER)
    with pytest.raises(BadInput):
        services.set_preference(customer_id=customer.pk, language="latin", channel="letter", actor_id=actor, at=LATER)

    assert list(Preference.objects.values_list("customer_id", "language", "channel")) == [(customer.pk, "zh-hant", "letter")]
    assert told_of(customer.pk) == ["PreferenceChanged", "PreferenceChanged"]
