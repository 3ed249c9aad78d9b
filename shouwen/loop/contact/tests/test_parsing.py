import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from shouwen.kernel.errors import NotAllowed
from shouwen.loop.contact import services
from shouwen.loop.contact.choices import EnvelopeState, MatchKind, NormSource, Trouble
from shouwen.loop.contact.models import Envelope, Interaction
from shouwen.loop.contact.queries import matter_token
from shouwen.loop.contact.tests.factories import LAMP, MAIL, NOTE, mail, parsed, received
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.tests.factories import LONG_AGO, NOON, Company, after, lamp_out, opened, small_company
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import AbsenceFactory, PostFactory, StaffFactory
from shouwen.records.customers.tests.factories import AccountFactory, ContactPointFactory
from shouwen.records.norms.services import publish_norm_version

pytestmark = pytest.mark.django_db


def told(envelope: Envelope) -> list[str]:
    return list(Fact.objects.filter(case_kind="envelope", case_id=envelope.pk).order_by("id").values_list("kind", flat=True))


def the_only_interaction(envelope: Envelope) -> Interaction:
    return Interaction.objects.get(envelope=envelope)


def publish_as(slug: str, code: str) -> None:
    """Publish the small norm once more under another name."""
    publish_norm_version(document=lamp_out(slug=slug, id=code), actor_id=None, at=LONG_AGO)


def test_a_contact_becomes_an_interaction_and_a_matter_as_of_when_it_came() -> None:
    company = small_company()
    envelope = received(company, LAMP | {"phone": "13812345678", "hazards": ["wire_down"]})

    count = parsed(company, envelope, at=after(30))

    order, row = WorkOrder.objects.get(), the_only_interaction(envelope)
    assert count == services.ParseCount(opened=1)
    assert (order.norm_code, order.channel, order.opened_at, order.owner_id, order.unit_id, order.subject, order.priority) == (
        "lamp_out",
        "web",
        NOON,
        company.li.pk,
        company.centre.pk,
        "路灯不亮",
        1,
    )
    assert (row.work_order_id, row.happened_at, row.sender, row.norm_source, row.is_attached, row.customer_id) == (
        order.pk,
        NOON,
        "13812345678",
        NormSource.STATED,
        False,
        None,
    )
    assert (envelope.state, envelope.settled_at, told(envelope)) == (
        EnvelopeState.PARSED,
        after(30),
        ["ContactReceived", "ContactParsed"],
    )


def test_the_same_message_three_times_makes_one_matter() -> None:
    company = small_company()
    first, second = received(company, LAMP), received(company, LAMP)
    parsed(company, first)
    third = received(company, LAMP, at=after(5))

    count = parsed(company, first, third, at=after(5))

    assert (first.pk, count.total, WorkOrder.objects.count(), Interaction.objects.count()) == (second.pk, 0, 1, 1)
    assert third.pk == first.pk


def test_an_answer_is_added_to_the_matter_of_what_it_answers() -> None:
    company = small_company()
    publish_as("power_fault", "6.8")
    first = received(company, mail("停电了", Message_ID="<a@x>"), media_type=MAIL, channel="email", source="mail")
    answer = mail("还没来电", Message_ID="<b@x>", In_Reply_To="<a@x>")
    second = received(company, answer, media_type=MAIL, channel="email", source="mail", at=after(10))
    again = mail("Hello?", Message_ID="<c@x>", References="<a@x> <b@x>")
    third = received(company, again, media_type=MAIL, channel="email", source="other box", at=after(20))

    counts = [parsed(company, first), parsed(company, second, third, at=after(20))]

    assert counts == [services.ParseCount(opened=1), services.ParseCount(attached=2)]
    order = WorkOrder.objects.get()
    rows = Interaction.objects.order_by("id").values_list("work_order_id", "is_attached", "norm_code", "norm_source")
    assert list(rows) == [
        (order.pk, False, "power_fault", NormSource.GUESSED),
        (order.pk, True, "power_fault", NormSource.NONE),
        (order.pk, True, "power_fault", NormSource.NONE),
    ]


def test_mails_of_one_thread_that_are_parsed_together_make_one_matter() -> None:
    company = small_company()
    publish_as("power_fault", "6.8")
    mails = [mail("停电了", Message_ID="<a@x>"), mail("还没来电", Message_ID="<b@x>", In_Reply_To="<a@x>")]
    envelopes = [received(company, one, media_type=MAIL, channel="email") for one in mails]

    count = parsed(company, *envelopes)

    assert (count, WorkOrder.objects.count()) == (services.ParseCount(opened=1, attached=1), 1)


def test_a_subject_alone_proves_nothing() -> None:
    company = small_company()
    publish_as("power_fault", "6.8")
    first, second = (
        received(company, mail("停电了", Subject="Re: Lamp", Message_ID=name), media_type=MAIL, channel="email")
        for name in ("<a@x>", "<b@x>")
    )

    assert parsed(company, first, second) == services.ParseCount(opened=2)


def test_a_token_proves_the_matter_and_a_forged_one_does_not() -> None:
    company = small_company()
    order = opened(company)
    token = matter_token(work_order_id=order.pk)
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    true = received(company, LAMP | {"token": token})
    false = received(company, LAMP | {"token": forged})

    count = parsed(company, true, false)

    assert count == services.ParseCount(opened=1, attached=1)
    assert the_only_interaction(true).work_order_id == order.pk
    assert the_only_interaction(false).work_order_id != order.pk


def test_what_belongs_to_a_merged_matter_goes_to_the_one_that_stands_for_it() -> None:
    company = small_company()
    order, standing = opened(company), opened(company)
    workorders.merge_work_order(work_order_id=order.pk, into_id=standing.pk, actor_id=company.li.pk, at=after(1))
    envelope = received(company, "Is it done? " + matter_token(work_order_id=order.pk), media_type=NOTE, channel="sms")

    parsed(company, envelope, at=after(2))

    assert the_only_interaction(envelope).work_order_id == standing.pk


def test_the_same_reference_of_the_same_sender_is_the_same_matter_and_of_another_is_not() -> None:
    company = small_company()
    forms = [
        LAMP | {"reference": "17", "email": email, "text": text} for email, text in (("a@x", "1"), ("a@x", "2"), ("b@x", "3"))
    ]

    count = parsed(company, *[received(company, form) for form in forms])

    assert count == services.ParseCount(opened=2, attached=1)


@pytest.mark.parametrize(
    "headers", [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"Auto_Submitted": "auto-generated"}]
)
def test_what_a_machine_wrote_never_opens_a_matter(headers: dict[str, str]) -> None:
    company = small_company()
    envelope = received(company, mail("停电", **headers), media_type=MAIL, channel="email")

    count = parsed(company, envelope)

    assert (count, WorkOrder.objects.count(), Interaction.objects.count()) == (services.ParseCount(buried=1), 0, 0)
    assert (envelope.state, envelope.trouble) == (EnvelopeState.BURIED, Trouble.AUTOMATIC)


def test_what_a_machine_wrote_about_a_matter_is_added_to_it() -> None:
    company = small_company()
    order = opened(company)
    address = f"service+{matter_token(work_order_id=order.pk)}@localhost"
    envelope = received(company, mail("On leave.", Auto_Submitted="auto-replied", To=address), media_type=MAIL, channel="email")

    assert parsed(company, envelope) == services.ParseCount(attached=1)
    assert the_only_interaction(envelope).work_order_id == order.pk


@pytest.mark.parametrize(
    ("content", "media_type", "trouble", "details"),
    [
        ("{}", "application/json", Trouble.EMPTY, {}),
        ("", "application/json", Trouble.EMPTY, {}),
        ("{", "application/json", Trouble.NOT_JSON, {}),
        ("x", "image/png", Trouble.UNKNOWN_MEDIA, {}),
        ("x", "text/csv", Trouble.UNKNOWN_MEDIA, {}),
        ('{"text": "Good morning"}', "application/json", Trouble.NORM_UNCLEAR, {}),
        ('{"text": "x", "norm": "no_such_norm"}', "application/json", Trouble.NORM_UNCLEAR, {}),
        ('{"text": "x", "norm": "lamp_out", "hazards": ["ufo"]}', "application/json", Trouble.WRONG_SHAPE, {"field": "hazards"}),
    ],
)
def test_what_cannot_be_understood_is_buried_with_its_reason(
    content: str, media_type: str, trouble: Trouble, details: dict[str, Any]
) -> None:
    company = small_company()
    envelope = received(company, content, media_type=media_type)

    count = parsed(company, envelope, at=after(1))

    assert (count, WorkOrder.objects.count()) == (services.ParseCount(buried=1), 0)
    assert (envelope.state, envelope.trouble, envelope.trouble_details) == (EnvelopeState.BURIED, trouble, details)
    assert (envelope.settled_at, told(envelope)) == (after(1), ["ContactReceived", "EnvelopeBuried"])


def test_a_broken_envelope_takes_none_of_its_neighbours_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    company = small_company()
    envelopes = [received(company, LAMP | {"text": text}) for text in ("one", "two", "three")]
    # The receiver of the second has left since: nothing in the content tells, it only shows when it is worked on.
    gone = StaffFactory(home_unit=company.centre, left_at=LONG_AGO)
    Envelope.objects.filter(pk=envelopes[1].pk).update(received_by=gone)

    count = parsed(company, *envelopes)

    assert count == services.ParseCount(opened=2, buried=1)
    assert [one.trouble for one in envelopes] == ["", Trouble.REFUSED, ""]
    assert envelopes[1].trouble_details == {"why": "Nothing was found here."}


def test_one_that_the_database_refuses_takes_none_of_its_neighbours_with_it() -> None:
    company = small_company()
    envelopes = [received(company, LAMP | {"text": text}) for text in ("one", "two", "three")]
    # A raw content that was moved from another column cannot be unsealed: reading the row itself fails.
    Envelope.objects.filter(pk=envelopes[1].pk).update(raw="two")
    with connection.cursor() as cursor:
        cursor.execute("update contact_envelope set raw = corrections || '\\x01'::bytea where id = %s", [envelopes[1].pk])

    count = services.parse_envelopes(envelope_ids=[one.pk for one in envelopes], actor_id=company.gateway.pk, at=NOON)

    states = Envelope.objects.order_by("id").values_list("state", "trouble")
    assert count == services.ParseCount(opened=2, buried=1)
    assert list(states) == [("PARSED", ""), ("BURIED", Trouble.REFUSED), ("PARSED", "")]


def test_the_owner_is_the_least_loaded_present_agent() -> None:
    company = small_company()
    idle = StaffFactory(home_unit=company.centre, name="Idle", staff_no="A2")
    away = StaffFactory(home_unit=company.centre, name="Away", staff_no="A1")
    for person in (idle, away):
        PostFactory(staff=person, role=RoleCode.AGENT)
    AbsenceFactory(staff=away, away_from=after(-60), away_until=after(60))
    opened(company)
    opened(company)

    parsed(company, *[received(company, LAMP | {"text": str(number)}) for number in range(5)])

    owners = WorkOrder.objects.order_by("id").values_list("owner_id", flat=True)
    assert list(owners)[2:] == [idle.pk, idle.pk, idle.pk, company.li.pk, idle.pk]


def test_nobody_present_is_a_trouble_that_goes_away() -> None:
    company = small_company()
    AbsenceFactory(staff=company.li, away_from=after(-60), away_until=after(60))
    envelope = received(company, LAMP)

    parsed(company, envelope)
    trouble = envelope.trouble
    state = services.repair_envelope(envelope_id=envelope.pk, corrections={}, actor_id=company.li.pk, at=after(60))

    assert (trouble, state) == (Trouble.NOBODY_PRESENT, EnvelopeState.PARSED)
    assert WorkOrder.objects.get().opened_at == NOON


def test_whoever_received_it_in_person_owns_it() -> None:
    company = small_company()
    card = services.receive_envelope(
        source="counter",
        channel="counter",
        content=json.dumps(LAMP).encode(),
        media_type="application/json",
        received_at=NOON,
        actor_id=company.zhao.pk,
    )

    services.parse_envelopes(envelope_ids=[card.id], actor_id=company.gateway.pk, at=NOON)

    assert WorkOrder.objects.get().owner_id == company.zhao.pk


def test_parse_due_takes_what_waits_up_to_its_limit() -> None:
    company = small_company()
    for number in range(5):
        received(company, LAMP | {"text": str(number)})

    counts = [services.parse_due(actor_id=company.gateway.pk, at=NOON, limit=limit).total for limit in (3, 10, 10)]

    assert (counts, WorkOrder.objects.count()) == ([3, 2, 0], 5)


def test_a_batch_asks_no_more_of_the_database_for_more_envelopes(django_assert_max_num_queries: Any) -> None:
    company = small_company()
    envelopes = [received(company, LAMP | {"text": str(number)}) for number in range(30)]
    parsed(company, envelopes[0])

    with django_assert_max_num_queries(22):
        services.parse_envelopes(envelope_ids=[one.pk for one in envelopes[1:]], actor_id=company.gateway.pk, at=NOON)

    assert WorkOrder.objects.count() == 30


def test_who_may_not_settle_may_not_parse() -> None:
    company = small_company()
    envelope = received(company, LAMP)

    with pytest.raises(NotAllowed):
        services.parse_envelopes(envelope_ids=[envelope.pk], actor_id=company.wang.pk, at=NOON)
    with pytest.raises(NotAllowed):
        services.parse_due(actor_id=company.wang.pk, at=NOON)

    assert (WorkOrder.objects.count(), Envelope.objects.get().state) == (0, EnvelopeState.RECEIVED)


def test_what_people_wrote_is_sealed_in_the_table() -> None:
    company = small_company()
    parsed(company, received(company, LAMP | {"phone": "13812345678", "subject": "大灯"}))

    with connection.cursor() as cursor:
        cursor.execute("select raw, corrections from contact_envelope")
        [(raw, corrections)] = cursor.fetchall()
        cursor.execute("select subject, text, sender from contact_interaction")
        [columns] = cursor.fetchall()

    kept = [bytes(one) for one in (raw, *columns)]
    assert bytes(corrections) == b""
    for secret in ("路灯", "大灯", "13812345678"):
        assert all(secret.encode() not in one and json.dumps(secret).encode() not in one for one in kept)
    assert Interaction.objects.get().subject == "大灯"


def test_facts_hold_nothing_that_people_wrote() -> None:
    company = small_company()
    parsed(company, received(company, LAMP | {"phone": "13812345678"}))

    facts = [json.dumps(payload, ensure_ascii=False) for payload in Fact.objects.values_list("payload", flat=True)]

    assert all("13812345678" not in fact and "路灯" not in fact for fact in facts)


@pytest.mark.django_db(transaction=True)
def test_two_threads_that_parse_one_envelope_make_one_matter() -> None:
    company = small_company()
    envelope = received(company, LAMP)

    counts = _at_once(company, [[envelope.pk], [envelope.pk], [envelope.pk]])

    assert sorted(count.opened for count in counts) == [0, 0, 1]
    assert (WorkOrder.objects.count(), Interaction.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_threads_that_parse_copies_of_one_mail_make_one_matter() -> None:
    company = small_company()
    publish_as("power_fault", "6.8")
    copies = [received(company, mail("停电"), media_type=MAIL, channel="email", source=box) for box in ("one", "other")]

    counts = _at_once(company, [[copy.pk] for copy in copies])

    assert sorted((count.opened, count.attached) for count in counts) == [(0, 1), (1, 0)]
    assert WorkOrder.objects.count() == 1


def _at_once(company: Company, batches: list[list[int]]) -> list[services.ParseCount]:
    """Parse each batch in a thread of its own, all let go at the same moment."""
    start, counts = threading.Barrier(len(batches)), []

    def parse(ids: list[int]) -> None:
        try:
            start.wait(timeout=10)
            counts.append(services.parse_envelopes(envelope_ids=ids, actor_id=company.gateway.pk, at=NOON))
        finally:
            connection.close()

    threads = [threading.Thread(target=parse, args=(ids,)) for ids in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return counts


def test_the_customer_is_not_guessed_from_an_unknown_number() -> None:
    company = small_company()
    envelope = received(company, LAMP | {"phone": "13812345678", "account_number": "0000000000"}, at=NOON + timedelta(minutes=1))

    parsed(company, envelope)

    row = the_only_interaction(envelope)
    assert (row.customer_id, row.match_kind, row.confidence_pct) == (None, MatchKind.NONE, None)


def test_a_customer_is_recognised_by_account_number_before_telephone_number() -> None:
    company = small_company()
    account, caller = AccountFactory(), ContactPointFactory()
    forms = [
        {"phone": "138 1234 5678", "account_number": f" {account.number} "},
        {"phone": "138 1234 5678"},
        {"phone": "+8613812345678", "account_number": "no such account"},
    ]

    parsed(company, *[received(company, LAMP | form) for form in forms])

    rows = Interaction.objects.order_by("id").values_list("customer_id", "match_kind", "confidence_pct")
    assert list(rows) == [
        (account.customer_id, MatchKind.ACCOUNT, 98),
        (caller.customer_id, MatchKind.PHONE, 80),
        (caller.customer_id, MatchKind.PHONE, 80),
    ]
    owners_of_matters = WorkOrder.objects.order_by("id").values_list("customer_id", flat=True)
    assert list(owners_of_matters) == [account.customer_id, caller.customer_id, caller.customer_id]


def test_a_number_that_two_share_alike_recognises_neither() -> None:
    company = small_company()
    ContactPointFactory()
    ContactPointFactory()
    envelope = received(company, LAMP | {"phone": "13812345678"})

    parsed(company, envelope)

    assert the_only_interaction(envelope).customer_id is None


def test_a_contact_about_a_matter_is_its_customers() -> None:
    company = small_company()
    account = AccountFactory()
    order = opened(company, customer_id=account.customer_id)
    envelope = received(company, LAMP | {"token": matter_token(work_order_id=order.pk)})

    parsed(company, envelope)

    row = the_only_interaction(envelope)
    assert (row.customer_id, row.match_kind, row.confidence_pct) == (account.customer_id, MatchKind.MATTER, 90)
