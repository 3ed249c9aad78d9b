"""The doors to clear text."""

from __future__ import annotations

import pytest

from shouwen.kernel.errors import BadInput, NotAllowed, NotFound
from shouwen.platform.audit.models import Look
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import StaffFactory, staff_with_role
from shouwen.records.customers import services
from shouwen.records.customers.choices import PersonalField
from shouwen.records.customers.services import ClearAddress, ClearContact, ClearText
from shouwen.records.customers.tests.factories import NOON, ContactPointFactory, CustomerFactory, agent, settle

pytestmark = pytest.mark.django_db
WHY = "Call back about order 17"


def test_what_is_asked_for_is_shown_in_clear_and_written_down() -> None:
    li = agent()
    town = settle(li, name="张伟", phones=("13812345678",))

    clear = services.reveal_customer(customer_id=town.customer_id, fields=["phones", "name"], reason=WHY, actor_id=li.pk, at=NOON)

    (phone,) = clear.phones
    assert clear == ClearText(name="张伟", phones=(ClearContact(phone.contact_point_id, "mobile", "+8613812345678"),))
    looks = Look.objects.values_list("viewer_id", "customer_id", "fields", "reason", "at")
    assert list(looks) == [(li.pk, town.customer_id, ["name", "phones"], WHY, NOON)]


def test_everything_is_shown_to_who_may_see_everything() -> None:
    clerk = staff_with_role(RoleCode.HALL_CLERK)
    town = settle(clerk, name="张伟", identity="33010119900101123X")
    common = {"actor_id": clerk.pk, "at": NOON}
    mail = services.add_contact_point(customer_id=town.customer_id, kind="email", value="zhang@example.com", **common)
    services.record_special_need(customer_id=town.customer_id, kind="disability", note="Wheelchair", **common)
    services.note_sensitivity(customer_id=town.customer_id, kind="media", note="Newspaper", **common)

    clear = services.reveal_customer(
        customer_id=town.customer_id, fields=PersonalField.values, reason=WHY, actor_id=clerk.pk, at=NOON
    )

    assert clear == ClearText(
        name="张伟",
        identity_number="33010119900101123X",
        phones=(),
        emails=(ClearContact(mail, "email", "zhang@example.com"),),
        addresses=(ClearAddress(town.supply_point_id, "西湖区文三路90号", "3幢501室"),),
        notes=("Wheelchair", "Newspaper"),
    )


def test_an_agent_sees_no_identity_number_and_nothing_beside_it() -> None:
    li, customer = agent(), CustomerFactory(identity_number="33010119900101123X")

    with pytest.raises(NotAllowed):
        services.reveal_customer(customer_id=customer.pk, fields=["name", "identity"], reason=WHY, actor_id=li.pk, at=NOON)

    assert not Look.objects.exists()


def test_nobody_looks_without_a_reason_a_field_and_a_customer() -> None:
    li, customer = agent().pk, CustomerFactory()

    with pytest.raises(services.LookNeedsReason):
        services.reveal_customer(customer_id=customer.pk, fields=["name"], reason=" ", actor_id=li, at=NOON)
    for fields in ([], ["name", "shoe_size"]):
        with pytest.raises(BadInput):
            services.reveal_customer(customer_id=customer.pk, fields=fields, reason=WHY, actor_id=li, at=NOON)
    with pytest.raises(NotFound):
        services.reveal_customer(customer_id=customer.pk + 1, fields=["name"], reason=WHY, actor_id=li, at=NOON)

    assert not Look.objects.exists()


def test_numbers_are_shown_many_at_once_to_whoever_sends() -> None:
    gateway = StaffFactory(is_automatic=True)
    one = ContactPointFactory()
    two = ContactPointFactory(customer=one.customer, value="+8613912345679")
    mail = ContactPointFactory(kind="email", value="li@example.com")
    gone = ContactPointFactory(removed_at=NOON)

    found = services.reveal_contact_points(
        contact_point_ids=[one.pk, two.pk, mail.pk, gone.pk, gone.pk + 1], reason="Notice 3", actor_id=gateway.pk, at=NOON
    )

    assert found == {
        one.pk: ClearContact(one.pk, "mobile", "+8613812345678"),
        two.pk: ClearContact(two.pk, "mobile", "+8613912345679"),
        mail.pk: ClearContact(mail.pk, "email", "li@example.com"),
    }
    looks = Look.objects.order_by("pk").values_list("customer_id", "fields", "reason")
    assert list(looks) == [(one.customer_id, ["phones"], "Notice 3"), (mail.customer_id, ["emails"], "Notice 3")]


def test_numbers_are_not_shown_to_who_may_not_see_them() -> None:
    point, trainer = ContactPointFactory(), staff_with_role(RoleCode.TRAINER)

    with pytest.raises(NotAllowed):
        services.reveal_contact_points(contact_point_ids=[point.pk], reason=WHY, actor_id=trainer.pk, at=NOON)

    assert not Look.objects.exists()
