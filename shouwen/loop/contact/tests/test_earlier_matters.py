"""What a contact does to the matter that it is about: an open one hears of it, a closed one is followed by another."""

from datetime import timedelta
from typing import Any

import pytest

from shouwen.loop.contact import services
from shouwen.loop.contact.choices import EnvelopeState, MatchKind, NormSource, Trouble
from shouwen.loop.contact.models import Envelope, Interaction
from shouwen.loop.contact.queries import matter_token
from shouwen.loop.contact.tests.factories import LAMP, MAIL, mail, parsed, received
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.choices import LinkKind, Priority
from shouwen.loop.workorders.models import Link, WorkOrder
from shouwen.loop.workorders.tests.factories import (
    LONG_AGO,
    NOON,
    Company,
    after,
    finish,
    lamp_out,
    opened,
    resolved,
    settled,
    small_company,
    told,
)
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import staff_with_role
from shouwen.records.customers.tests.factories import AccountFactory, ContactPointFactory, SupplyPointFactory
from shouwen.records.norms.services import publish_norm_version

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=60)
DANGER_WORDS = "投诉！又没电了，电线掉下来冒烟"


@pytest.fixture
def company() -> Company:
    made = small_company()
    publish_norm_version(document=lamp_out(slug="complaint", id="6.8"), actor_id=None, at=LONG_AGO)
    return made


def closed(company: Company, **columns: Any) -> WorkOrder:
    """Return a matter that was closed two hours after noon, with these columns."""
    order = settled(company)
    WorkOrder.objects.filter(pk=order.pk).update(**columns)
    workorders.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(120))
    order.refresh_from_db()
    return order


def mailed(company: Company, order: WorkOrder, words: str = DANGER_WORDS, **headers: str) -> Envelope:
    """Return a mail to the address that proves the matter, two months later."""
    address = {"To": f"service+{matter_token(work_order_id=order.pk)}@localhost"}
    return received(company, mail(words, **(address | headers)), media_type=MAIL, channel="email", at=LATER)


def row_of(envelope: Envelope) -> Interaction:
    return Interaction.objects.get(envelope=envelope)


def links() -> list[tuple[Any, ...]]:
    return list(Link.objects.order_by("id").values_list("kind", "from_order_id", "to_order_id", "made_by_id"))


def test_what_comes_after_the_closing_opens_a_matter_of_its_own_related_to_the_closed_one(company: Company) -> None:
    account, point = AccountFactory(), SupplyPointFactory()
    order = closed(company, customer_id=account.customer_id, supply_point_id=point.pk)
    before, envelope = told(order), mailed(company, order)

    count = parsed(company, envelope, at=LATER)

    row, new = row_of(envelope), WorkOrder.objects.exclude(pk=order.pk).get()
    assert (count, row.work_order_id, row.is_attached) == (services.ParseCount(opened=1), new.pk, False)
    assert (new.norm_code, new.stage, new.opened_at, new.description) == ("complaint", "OPEN", LATER, DANGER_WORDS)
    assert (new.customer_id, new.supply_point_id) == (account.customer_id, point.pk)
    assert (row.customer_id, row.match_kind, row.norm_source) == (account.customer_id, MatchKind.MATTER, NormSource.GUESSED)
    assert links() == [(LinkKind.RELATED, new.pk, order.pk, company.gateway.pk)]
    assert (told(order), told(new)) == (before, ["WorkOrderOpened", "Linked"])


def test_a_customer_whom_the_contact_itself_shows_is_the_customer_and_not_the_earlier_one(company: Company) -> None:
    account, caller = AccountFactory(), ContactPointFactory()
    order = closed(company, customer_id=account.customer_id, supply_point_id=SupplyPointFactory().pk)
    form = LAMP | {"token": matter_token(work_order_id=order.pk), "phone": "13812345678"}

    parsed(company, received(company, form, at=LATER), at=LATER)

    new = WorkOrder.objects.exclude(pk=order.pk).get()
    assert (new.customer_id, new.supply_point_id) == (caller.customer_id, None)
    assert [to_id for _, _, to_id, _ in links()] == [order.pk]


def test_what_a_machine_writes_stays_with_the_closed_matter(company: Company) -> None:
    order = closed(company)
    before, envelope = told(order), mailed(company, order, Auto_Submitted="auto-replied")

    count = parsed(company, envelope, at=LATER)

    assert (count, row_of(envelope).work_order_id) == (services.ParseCount(attached=1), order.pk)
    assert (told(order), links(), WorkOrder.objects.count()) == (before, [], 1)


def test_what_is_unclear_after_the_closing_is_buried_and_its_repair_opens_a_matter(company: Company) -> None:
    order = closed(company)
    envelope, steward = mailed(company, order, "又来了", Subject="Hm"), staff_with_role(RoleCode.DATA_STEWARD)

    count = parsed(company, envelope, at=LATER)
    trouble = envelope.trouble
    state = services.repair_envelope(
        envelope_id=envelope.pk, corrections={"norm": "lamp_out"}, actor_id=steward.pk, at=LATER + timedelta(hours=1)
    )

    new = WorkOrder.objects.exclude(pk=order.pk).get()
    assert (count, trouble, state) == (services.ParseCount(buried=1), Trouble.NORM_UNCLEAR, EnvelopeState.PARSED)
    assert (new.norm_code, new.opened_at) == ("lamp_out", LATER)
    assert links() == [(LinkKind.RELATED, new.pk, order.pk, company.gateway.pk)]


def test_a_person_in_whose_name_nothing_can_be_linked_opens_the_new_matter_all_the_same(company: Company) -> None:
    order, clerk = closed(company), staff_with_role(RoleCode.HALL_CLERK)
    card = services.receive_envelope(
        source="counter",
        channel="counter",
        content=mail(DANGER_WORDS, To=f"service+{matter_token(work_order_id=order.pk)}@localhost"),
        media_type=MAIL,
        received_at=LATER,
        actor_id=clerk.pk,
    )

    count = services.parse_envelopes(envelope_ids=[card.id], actor_id=clerk.pk, at=LATER)

    assert (count, WorkOrder.objects.count(), links()) == (services.ParseCount(opened=1), 2, [])


def test_a_merged_matter_leads_to_the_one_that_stands_for_it_and_that_may_be_closed(company: Company) -> None:
    order = opened(company)
    standing = opened(company)
    workorders.merge_work_order(work_order_id=order.pk, into_id=standing.pk, actor_id=company.li.pk, at=after(1))
    first = mailed(company, order)

    parsed(company, first, at=LATER)
    assert (row_of(first).work_order_id, told(standing)[-1]) == (standing.pk, "HeardAgain")
    WorkOrder.objects.filter(pk=standing.pk).update(
        stage="CLOSED", closed_at=LATER, resolved_at=LATER, end="end_known", survey_needed=False
    )
    second = mailed(company, order, Message_ID="<2@x>")
    parsed(company, second, at=LATER)

    new = WorkOrder.objects.exclude(pk__in=[order.pk, standing.pk]).get()
    assert (row_of(second).work_order_id, row_of(second).is_attached) == (new.pk, False)
    assert links()[1:] == [(LinkKind.RELATED, new.pk, standing.pk, company.gateway.pk)]


def test_a_reference_leads_to_its_matter_that_is_not_closed(company: Company) -> None:
    forms = [LAMP | {"reference": "17", "email": "a@x", "text": str(number)} for number in range(4)]
    first = received(company, forms[0])
    parsed(company, first)
    WorkOrder.objects.update(stage="CLOSED", closed_at=after(1), resolved_at=after(1), end="end_known", survey_needed=False)

    counts = [parsed(company, received(company, forms[1], at=LATER), at=LATER)]
    counts.append(parsed(company, *[received(company, form, at=LATER) for form in forms[2:]], at=LATER))

    old, new = WorkOrder.objects.order_by("id")
    assert counts == [services.ParseCount(opened=1), services.ParseCount(attached=2)]
    assert list(Interaction.objects.order_by("id").values_list("work_order_id", flat=True)) == [old.pk, *[new.pk] * 3]
    assert told(new) == ["WorkOrderOpened", "Linked", "HeardAgain", "HeardAgain"]


def test_two_mails_of_one_thread_after_the_closing_open_one_matter(company: Company) -> None:
    order = closed(company)
    first = mailed(company, order, Message_ID="<a@x>")
    second = mailed(company, order, "快来人！", Message_ID="<b@x>", In_Reply_To="<a@x>")

    count = parsed(company, first, second, at=LATER)

    new = WorkOrder.objects.exclude(pk=order.pk).get()
    assert count == services.ParseCount(opened=1, attached=1)
    assert (row_of(second).work_order_id, told(new)) == (new.pk, ["WorkOrderOpened", "Linked", "HeardAgain"])


def test_what_answers_a_machine_s_mail_about_a_closed_matter_opens_a_matter(company: Company) -> None:
    order = closed(company)
    machine = mailed(company, order, "On leave.", Message_ID="<a@x>", Auto_Submitted="auto-replied")
    person = received(
        company, mail(DANGER_WORDS, Message_ID="<b@x>", In_Reply_To="<a@x>"), media_type=MAIL, channel="email", at=LATER
    )

    count = parsed(company, machine, person, at=LATER)

    assert count == services.ParseCount(opened=1, attached=1)
    assert links() == [(LinkKind.RELATED, row_of(person).work_order_id, order.pk, company.gateway.pk)]


@pytest.mark.parametrize("make", [opened, resolved], ids=["open", "resolved"])
def test_a_matter_that_is_not_closed_hears_of_the_contact_and_its_dangers(company: Company, make: Any) -> None:
    order = make(company)
    before = told(order)
    form = LAMP | {"token": matter_token(work_order_id=order.pk), "hazards": ["wire_down", "fire"]}
    envelope = received(company, form, at=after(70))

    count = parsed(company, envelope, at=after(71))

    order.refresh_from_db()
    assert (count, row_of(envelope).work_order_id) == (services.ParseCount(attached=1), order.pk)
    assert (order.hazards, order.priority) == (["wire_down", "fire"], Priority.DANGER)
    assert told(order) == [*before, "HeardAgain", "PriorityRaised"]


def test_a_contact_without_a_danger_is_heard_once(company: Company) -> None:
    order = opened(company)
    envelope = received(company, LAMP | {"token": matter_token(work_order_id=order.pk)})

    parsed(company, envelope)
    parsed(company, envelope)

    order.refresh_from_db()
    assert (order.hazards, order.priority, told(order)) == ([], Priority.NORMAL, ["WorkOrderOpened", "HeardAgain"])


def test_a_machine_is_not_heard(company: Company) -> None:
    order = opened(company)

    parsed(company, mailed(company, order, Precedence="bulk"), at=LATER)

    assert told(order) == ["WorkOrderOpened"]


def test_a_danger_that_nobody_knows_is_a_trouble_of_what_is_added_too(company: Company) -> None:
    order = opened(company)
    envelope = received(company, LAMP | {"token": matter_token(work_order_id=order.pk), "hazards": ["ufo"]})

    parsed(company, envelope)

    assert (envelope.trouble, envelope.trouble_details) == (Trouble.WRONG_SHAPE, {"field": "hazards"})
    assert told(order) == ["WorkOrderOpened"]


def test_a_danger_in_the_second_of_two_forms_that_come_together_is_the_matter_s(company: Company) -> None:
    forms = [LAMP | {"reference": "17", "email": "a@x"} | more for more in ({}, {"text": "冒烟", "hazards": ["fire"]})]

    count = parsed(company, *[received(company, form) for form in forms])

    order = WorkOrder.objects.get()
    assert (count, order.hazards) == (services.ParseCount(opened=1, attached=1), ["fire"])
    assert told(order) == ["WorkOrderOpened", "HeardAgain", "PriorityRaised"]


def test_a_clock_that_is_behind_loses_nothing(company: Company) -> None:
    forms = [LAMP | {"reference": "17", "email": "a@x", "text": str(number)} for number in range(2)]
    envelopes = [received(company, form, at=after(5)) for form in forms]

    count = parsed(company, *envelopes, at=NOON)

    assert (count, told(WorkOrder.objects.get())) == (
        services.ParseCount(opened=1, attached=1),
        ["WorkOrderOpened", "HeardAgain"],
    )


def test_an_agent_who_adds_a_token_has_the_matter_hear_of_it(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    envelope = received(company, {"text": "又来了", "hazards": ["injury"]}, at=after(6))
    parsed(company, envelope, at=after(6))

    state = services.repair_envelope(
        envelope_id=envelope.pk,
        corrections={"token": matter_token(work_order_id=order.pk)},
        actor_id=staff_with_role(RoleCode.DATA_STEWARD).pk,
        at=after(7),
    )

    order.refresh_from_db()
    assert (state, order.hazards, order.priority) == (EnvelopeState.PARSED, ["injury"], Priority.DANGER)


def test_what_follows_a_secret_report_is_as_secret_whatever_it_says(company: Company) -> None:
    publish_norm_version(document=lamp_out(slug="misconduct_report", id="6.4"), actor_id=None, at=LONG_AGO)
    report = closed(company, norm_code="misconduct_report")
    envelope = mailed(company, report)

    parsed(company, envelope)

    assert WorkOrder.objects.get(pk=row_of(envelope).work_order_id).norm_code == "misconduct_report"
