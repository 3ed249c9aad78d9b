from hashlib import sha256
from typing import Any

import pytest

from shouwen.kernel.errors import NotAllowed, NotFound, Refusal
from shouwen.loop.contact import services
from shouwen.loop.contact.choices import Direction, EnvelopeState, NormSource, Trouble
from shouwen.loop.contact.models import Envelope, Interaction, RowMapping
from shouwen.loop.contact.services import Arrival
from shouwen.loop.contact.services.receiving import KEY_LIMIT
from shouwen.loop.contact.tests.factories import LAMP, MAIL, mail, parsed, received
from shouwen.loop.contact.tests.test_rows import document
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.tests.factories import NOON, Company, after, opened, small_company
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import staff_with_role

pytestmark = pytest.mark.django_db


def buried(company: Company, content: Any = "{}", **details: Any) -> Envelope:
    envelope = received(company, content, **details)
    parsed(company, envelope)
    assert envelope.state == EnvelopeState.BURIED
    return envelope


def receive_many(company: Company, *arrivals: Arrival) -> list[services.ReceivedCard]:
    return services.receive_envelopes(
        source="file", channel="web", arrivals=arrivals, received_at=NOON, actor_id=company.gateway.pk
    )


def test_an_envelope_keeps_every_byte() -> None:
    company = small_company()
    content = bytes(range(256)) * 3

    [card] = receive_many(company, Arrival(content=content, media_type="x/y"))

    assert Envelope.objects.get(pk=card.id).content == content


def test_arrivals_that_are_known_are_said_to_be_and_keep_what_came_first() -> None:
    company = small_company()
    first = receive_many(company, Arrival(content=b"a", media_type="x/y", key="1"), Arrival(content=b"b", media_type="x/y"))

    again = receive_many(
        company,
        Arrival(content=b"changed", media_type="x/y", key="1"),
        Arrival(content=b"b", media_type="x/y"),
        Arrival(content=b"c", media_type="x/y", key="3"),
        Arrival(content=b"c", media_type="x/y", key="3"),
    )

    assert [(card.is_new, card.is_same) for card in again] == [(False, False), (False, True), (True, True), (False, True)]
    assert [card.id for card in again[:2]] == [card.id for card in first]
    assert Envelope.objects.get(pk=first[0].id).content == b"a"


def test_other_bytes_under_a_known_key_are_kept_apart_once_and_buried() -> None:
    company = small_company()
    [first] = receive_many(company, Arrival(content=b"a", media_type="x/y", key="1"))

    cards = [receive_many(company, Arrival(content=b"changed", media_type="text/plain", key="1"))[0] for _ in range(2)]

    apart = Envelope.objects.exclude(pk=first.id).get()
    key = f"1#{sha256(b'changed').hexdigest()[:16]}"
    assert cards == [services.ReceivedCard(first.id, is_new=False, is_same=False, apart_id=apart.pk, apart_key=key)] * 2
    assert (apart.key, apart.content, apart.media_type, apart.state, apart.settled_at) == (
        key,
        b"changed",
        "text/plain",
        EnvelopeState.BURIED,
        NOON,
    )
    assert (apart.trouble, apart.trouble_details) == (Trouble.DUPLICATED_ID, {"earlier_id": first.id})
    facts = Fact.objects.filter(case_kind="envelope", case_id=apart.pk).order_by("id").values_list("kind", flat=True)
    assert list(facts) == ["ContactReceived", "EnvelopeBuried"]


def test_two_bodies_under_one_new_key_that_come_together_are_both_kept() -> None:
    company = small_company()

    cards = receive_many(company, *[Arrival(content=body, media_type="x/y", key="1") for body in (b"a", b"b", b"a", b"b")])

    kept = Envelope.objects.order_by("id").values_list("state", "digest")
    assert [(card.is_new, card.is_same) for card in cards] == [(True, True), (False, False), (False, True), (False, False)]
    assert [state for state, _ in kept] == [EnvelopeState.RECEIVED, EnvelopeState.BURIED]


def test_the_longest_key_has_room_for_another_body_too() -> None:
    company = small_company()

    cards = [receive_many(company, Arrival(content=body, media_type="x/y", key="x" * 160))[0] for body in (b"a", b"b", b"b")]

    assert (Envelope.objects.count(), cards[1] == cards[2]) == (2, True)
    assert len(cards[1].apart_key) <= KEY_LIMIT


def test_what_was_kept_apart_is_understood_when_an_agent_tries_it_again() -> None:
    company = small_company()
    first = received(company, LAMP, key="1")
    received(company, LAMP | {"text": "另一盏灯不亮"}, key="1")
    parsed(company, first)

    apart = Envelope.objects.exclude(pk=first.pk).get()
    state = services.repair_envelope(envelope_id=apart.pk, corrections={}, actor_id=company.li.pk, at=after(5))

    assert (state, [order.description for order in WorkOrder.objects.order_by("id")]) == (
        EnvelopeState.PARSED,
        [LAMP["text"], "另一盏灯不亮"],
    )


@pytest.mark.parametrize("wrong", [{"channel": "pigeon"}, {"source": ""}, {"source": "x" * 81}, {"key": ""}, {"key": "x" * 161}])
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(wrong: dict[str, str]) -> None:
    company = small_company()

    with pytest.raises(services.CannotReceive):
        received(company, LAMP, **wrong)

    assert (Envelope.objects.count(), Fact.objects.filter(kind="ContactReceived").count()) == (0, 0)


def test_the_same_mapping_is_kept_once() -> None:
    one, same, other = (services.keep_mapping(document=document(**change), at=NOON) for change in ({}, {}, {"name": "town"}))

    assert (one == same, one == other, RowMapping.objects.count()) == (True, False, 2)


def test_an_agent_says_what_it_is_about_and_it_becomes_a_matter() -> None:
    company = small_company()
    envelope = buried(company, {"text": "Good morning"})

    state = services.repair_envelope(
        envelope_id=envelope.pk, corrections={"norm": "lamp_out"}, actor_id=company.li.pk, at=after(60)
    )

    envelope.refresh_from_db()
    row = Interaction.objects.get()
    assert (state, envelope.state, envelope.trouble, envelope.settled_at) == (
        EnvelopeState.PARSED,
        EnvelopeState.PARSED,
        "",
        after(60),
    )
    assert (row.norm_source, row.text, row.work_order_id) == (NormSource.AGENT, "Good morning", WorkOrder.objects.get().pk)
    repaired = Fact.objects.get(kind="EnvelopeRepaired")
    assert (repaired.payload, repaired.actor_id) == ({"envelope_id": envelope.pk, "fields": ["norm"]}, company.li.pk)


def test_what_cannot_be_read_at_all_becomes_what_the_agent_says() -> None:
    company = small_company()
    envelope = buried(company, "\u0000\u0001", media_type="audio/wav", channel="voicemail")
    said = {"text": "The lamp at the gate is out.", "norm": "lamp_out", "phone": "13812345678"}

    services.repair_envelope(envelope_id=envelope.pk, corrections=said, actor_id=company.li.pk, at=after(5))

    row = Interaction.objects.get()
    assert (row.channel, row.text, row.sender, WorkOrder.objects.get().subject) == (
        "voicemail",
        said["text"],
        said["phone"],
        said["text"],
    )


def test_an_automatic_mail_in_which_an_agent_sees_a_person_is_taken() -> None:
    company = small_company()
    envelope = buried(company, mail("help", Precedence="bulk"), media_type=MAIL, channel="email")

    services.repair_envelope(envelope_id=envelope.pk, corrections={"norm": "lamp_out"}, actor_id=company.li.pk, at=after(5))

    assert WorkOrder.objects.get().norm_code == "lamp_out"


def test_a_repair_that_does_not_help_leaves_it_buried_with_what_was_corrected() -> None:
    company = small_company()
    envelope = buried(company)

    states = [
        services.repair_envelope(envelope_id=envelope.pk, corrections=said, actor_id=company.li.pk, at=after(5))
        for said in ({"norm": "lamp_out"}, {"subject": "Lamp"})
    ]

    assert states == [EnvelopeState.BURIED, EnvelopeState.PARSED]
    assert WorkOrder.objects.get().subject == "Lamp"


@pytest.mark.parametrize("wrong", [{"owner": "1"}, {"channel": "pigeon"}, {"text": "x" * 100_001}])
def test_what_cannot_be_corrected_is_refused(wrong: dict[str, str]) -> None:
    company = small_company()
    envelope = buried(company)

    with pytest.raises(services.CannotSettle):
        services.repair_envelope(envelope_id=envelope.pk, corrections=wrong, actor_id=company.li.pk, at=after(5))

    envelope.refresh_from_db()
    assert (envelope.state, envelope.corrections, envelope.trouble) == (EnvelopeState.BURIED, "", Trouble.EMPTY)


def test_an_envelope_is_discarded_with_a_reason_and_its_content_stays() -> None:
    company = small_company()
    envelope = buried(company)

    services.discard_envelope(envelope_id=envelope.pk, reason=" Empty form. ", actor_id=company.li.pk, at=after(5))

    envelope.refresh_from_db()
    assert (envelope.state, envelope.discard_reason, envelope.settled_at, envelope.content) == (
        EnvelopeState.DISCARDED,
        "Empty form.",
        after(5),
        b"{}",
    )
    assert Fact.objects.get(kind="EnvelopeDiscarded").payload == {"envelope_id": envelope.pk}


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_nothing_is_discarded_without_a_reason(reason: str) -> None:
    company = small_company()
    envelope = buried(company)

    with pytest.raises(services.CannotSettle):
        services.discard_envelope(envelope_id=envelope.pk, reason=reason, actor_id=company.li.pk, at=after(5))

    envelope.refresh_from_db()
    assert envelope.state == EnvelopeState.BURIED


def test_only_what_is_buried_is_settled() -> None:
    company = small_company()
    envelope = received(company, LAMP)
    parsed(company, envelope)

    with pytest.raises(services.CannotSettle):
        services.repair_envelope(envelope_id=envelope.pk, corrections={}, actor_id=company.li.pk, at=after(5))
    with pytest.raises(services.CannotSettle):
        services.discard_envelope(envelope_id=envelope.pk, reason="x", actor_id=company.li.pk, at=after(5))
    with pytest.raises(NotFound):
        services.discard_envelope(envelope_id=envelope.pk + 1, reason="x", actor_id=company.li.pk, at=after(5))

    assert WorkOrder.objects.count() == 1


@pytest.mark.parametrize("role", [RoleCode.CREW_LEADER, RoleCode.BILLING_CLERK, RoleCode.UNIT_HEAD])
def test_who_does_not_answer_customers_settles_nothing(role: RoleCode) -> None:
    company = small_company()
    envelope, person = buried(company), staff_with_role(role, home_unit=company.centre)

    with pytest.raises(NotAllowed):
        services.repair_envelope(envelope_id=envelope.pk, corrections={"norm": "lamp_out"}, actor_id=person.pk, at=after(5))
    with pytest.raises(NotAllowed):
        services.discard_envelope(envelope_id=envelope.pk, reason="x", actor_id=person.pk, at=after(5))

    envelope.refresh_from_db()
    assert (envelope.state, envelope.corrections) == (EnvelopeState.BURIED, "")


def record(by: int, **changes: Any) -> int:
    details: dict[str, Any] = {"channel": "phone", "direction": Direction.INWARD, "happened_at": NOON, "text": "Asked when."}
    return services.record_interaction(**(details | changes), actor_id=by, at=after(1))


def test_a_conversation_is_written_down_on_the_timeline() -> None:
    company = small_company()
    order = opened(company)

    row_id = record(company.li.pk, work_order_id=order.pk, direction=Direction.OUTWARD, subject="Call")

    row = Interaction.objects.get(pk=row_id)
    assert (row.envelope_id, row.work_order_id, row.is_attached, row.direction, row.happened_at, row.subject, row.text) == (
        None,
        order.pk,
        True,
        "out",
        NOON,
        "Call",
        "Asked when.",
    )
    assert Fact.objects.get(kind="InteractionRecorded").payload == {
        "interaction_id": row_id,
        "work_order_id": order.pk,
        "customer_id": None,
        "channel": "phone",
        "direction": "out",
    }


@pytest.mark.parametrize("wrong", [{"channel": "pigeon"}, {"text": " "}])
def test_a_conversation_without_words_or_way_is_refused(wrong: dict[str, str]) -> None:
    company = small_company()

    with pytest.raises(Refusal):
        record(company.li.pk, **wrong)

    assert Interaction.objects.count() == 0


def test_nobody_writes_on_a_matter_that_they_may_not_know_of() -> None:
    company = small_company()
    order = opened(company)
    outsider = staff_with_role(RoleCode.HALL_CLERK)

    with pytest.raises(NotFound):
        record(outsider.pk, work_order_id=order.pk)
    with pytest.raises(NotAllowed):
        record(company.wang.pk, work_order_id=order.pk)

    assert Interaction.objects.count() == 0
