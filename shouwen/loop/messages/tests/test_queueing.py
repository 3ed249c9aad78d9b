from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.kernel.errors import NotFound
from shouwen.loop.messages import queries, services
from shouwen.loop.messages.choices import MessageState, Problem
from shouwen.loop.messages.models import Message, Notice
from shouwen.loop.messages.rules.texts import Secret
from shouwen.loop.messages.rules.threads import About
from shouwen.loop.messages.tests.factories import (
    ABOUT,
    LATE,
    LONG_AGO,
    MAILBOX,
    MORNING,
    NOON,
    PHONE,
    approved,
    contact,
    customer,
    editor,
    only_message,
    queued,
    sent_at,
    text_entry,
    told,
)
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import StaffFactory, staff_with_role
from shouwen.records.customers.choices import Consent, ContactKind, PreferredChannel

pytestmark = pytest.mark.django_db


def columns(*names: str) -> list[tuple[object, ...]]:
    return list(Message.objects.order_by("pk").values_list(*names))


def test_one_notice_makes_one_message_by_the_customers_way() -> None:
    approved()
    li = customer(email=MAILBOX, channel=PreferredChannel.EMAIL)

    result = queued(li)

    row = only_message()
    assert result == services.Queued(row.notice_id, 1)
    assert (row.state, row.channel, row.contact_point.value, row.not_before) == (MessageState.QUEUED, "email", MAILBOX, NOON)
    assert told() == ["NoticeQueued"]
    assert Fact.objects.get(kind="NoticeQueued").payload == {
        "notice_id": row.notice_id,
        "about_kind": "work_order",
        "about_id": 17,
        "message_count": 1,
        "template": "lamp_back",
    }


def test_the_same_key_is_the_same_notice() -> None:
    approved()
    li = customer()
    first = queued(li)

    again = queued(li)

    assert again == services.Queued(first.notice_id, 0)
    assert (Message.objects.count(), told()) == (1, ["NoticeQueued"])


def test_the_same_key_adds_those_who_are_new() -> None:
    approved()
    li, wang = customer("C1"), customer("C2")
    first = queued(li)

    more = queued(li, wang, wang)

    assert more == services.Queued(first.notice_id, 1)
    assert columns("customer_id") == [(li.pk,), (wang.pk,)]


def test_a_key_cannot_name_another_notice() -> None:
    approved()
    li = customer()
    queued(li)

    with pytest.raises(services.CannotQueue, match="names another notice"):
        queued(li, about=About("work_order", 18))

    assert (Message.objects.count(), told()) == (1, ["NoticeQueued"])


def test_a_field_without_value_is_refused_before_anything_is_written() -> None:
    approved()

    with pytest.raises(services.CannotQueue, match="needs a value for lamp"):
        queued(customer(), fields={})

    assert (Notice.objects.count(), Message.objects.count(), told()) == (0, 0, [])


def test_own_fields_must_be_there_for_each_customer() -> None:
    approved()
    li, wang = customer("C1"), customer("C2")

    with pytest.raises(services.CannotQueue, match="lamp"):
        queued(li, wang, fields={}, own_fields={li.pk: {"lamp": "东灯"}})

    assert Message.objects.count() == 0


def test_each_customer_reads_their_own_fields() -> None:
    approved()
    li, wang = customer("C1", name="李娜"), customer("C2", name="王强")
    queued(li, wang, fields={}, own_fields={li.pk: {"lamp": "东灯"}, wang.pk: {"lamp": "西灯"}})

    used = sent_at(NOON)

    assert [parcel.text.body for parcel in used["sms"].parcels] == ["【】李娜，东灯已修好。", "【】王强，西灯已修好。"]


def test_an_unknown_text_is_refused() -> None:
    with pytest.raises(services.CannotQueue, match="No text called nonsense"):
        queued(customer(), template="nonsense")

    assert Notice.objects.count() == 0


def test_a_text_holds_from_its_approval_on() -> None:
    approved()
    services.approve_template(entry=text_entry(urgent=True), actor_id=editor().pk, at=NOON)

    queued(customer(), key="before", at=NOON - timedelta(minutes=1))
    queued(customer("C2"), key="after", at=NOON)

    assert list(Notice.objects.order_by("pk").values_list("is_urgent", flat=True)) == [False, True]


def test_who_cannot_be_reached_fails_at_once_and_it_is_announced() -> None:
    approved()
    li, nobody = customer("C1"), customer("C2", mobile="")

    result = queued(li, nobody)

    failed = Message.objects.get(customer=nobody)
    assert result.message_count == 2
    assert (failed.state, failed.problem, failed.settled_at, failed.channel) == (MessageState.FAILED, Problem.NO_WAY, NOON, "")
    assert told() == ["MessageFailed", "NoticeQueued"]
    assert Fact.objects.get(kind="MessageFailed").payload == {
        "message_id": failed.pk,
        "about_kind": "work_order",
        "about_id": 17,
        "customer_id": nobody.pk,
        "template": "lamp_back",
        "problem": "no_way",
    }


def test_who_does_not_exist_is_left_out() -> None:
    approved()

    result = queued(customer_ids=[987654])

    assert (result.message_count, told()) == (0, [])


def test_an_offer_goes_only_to_those_who_have_agreed() -> None:
    approved("offer", kind="marketing")
    agreed, silent = customer("C1", mobile=""), customer("C2")
    contact(agreed, ContactKind.MOBILE, PHONE, consent=Consent.GRANTED)

    queued(agreed, silent, template="offer")

    assert columns("customer_id", "state", "problem") == [
        (agreed.pk, MessageState.QUEUED, ""),
        (silent.pk, MessageState.FAILED, Problem.NO_CONSENT),
    ]


def test_quiet_hours_hold_back_what_is_not_urgent() -> None:
    approved()
    approved("danger", urgent=True)
    li = customer()

    queued(li, key="calm", at=LATE)
    queued(li, key="urgent", template="danger", at=LATE)

    assert columns("is_urgent", "not_before") == [(False, MORNING), (True, LATE)]


def test_what_quiet_hours_would_make_too_late_fails_at_once_and_it_is_announced() -> None:
    approved()
    li = customer()

    queued(li, at=LATE, not_after=MORNING)

    row = only_message()
    assert (row.state, row.problem, row.settled_at, row.not_after) == (MessageState.FAILED, Problem.EXPIRED, LATE, MORNING)
    assert (sent_at(MORNING)["sms"].parcels, told()) == ([], ["MessageFailed", "NoticeQueued"])
    assert Fact.objects.get(kind="MessageFailed").payload["problem"] == "expired"


def test_what_has_an_end_goes_out_in_quiet_hours_if_it_is_urgent_and_after_them_if_it_then_is_in_time() -> None:
    approved()
    approved("danger", urgent=True)
    li = customer()

    queued(li, key="calm", at=LATE, not_after=MORNING + timedelta(minutes=1))
    queued(li, key="urgent", template="danger", at=LATE, not_after=MORNING)

    assert columns("state", "not_before") == [(MessageState.QUEUED, MORNING), (MessageState.QUEUED, LATE)]


def test_what_is_too_late_for_staff_and_bare_addresses_fails_too() -> None:
    approved()
    wang = StaffFactory(name="王强", email="wang@power.example")

    queued(staff_ids=[wang.pk], address=MAILBOX, fields={"lamp": "路灯"}, at=LATE, not_after=MORNING)

    assert columns("state", "problem") == [(MessageState.FAILED, Problem.EXPIRED)] * 2


def test_staff_are_told_by_mail_if_they_have_a_mailbox() -> None:
    approved()
    wang, zhao = StaffFactory(name="王强", email="wang@power.example"), StaffFactory(name="赵敏")

    queued(staff_ids=[wang.pk, zhao.pk])
    queued(staff_ids=[wang.pk, zhao.pk])
    used = sent_at(NOON)

    assert columns("staff_id", "state") == [(wang.pk, MessageState.SENT), (zhao.pk, MessageState.FAILED)]
    assert [(parcel.address, parcel.text.subject) for parcel in used["email"].parcels] == [("wang@power.example", "路灯已修好")]


def test_a_bare_address_is_told_in_its_language_and_only_once() -> None:
    approved()
    asked = {"address": "guest@example.com", "language": "en", "fields": {"lamp": "The lamp", "customer": "Guest"}}

    queued(**asked)
    queued(**asked)
    used = sent_at(NOON)

    assert [(parcel.address, parcel.text.body) for parcel in used["email"].parcels] == [
        ("guest@example.com", "Dear Guest,\nThe lamp is mended.\n")
    ]


def test_what_the_text_does_not_name_is_not_kept() -> None:
    approved()

    queued(customer(), fields={"lamp": "路灯", "identity": "110101199001011234"})

    assert Notice.objects.get().fields == '{"lamp": "路灯"}'


def test_sealed_columns_hold_no_clear_text() -> None:
    approved()
    li = customer(name="李娜")
    queued(li, fields={}, own_fields={li.pk: {"lamp": "lamp at number 7"}})
    queued(key="k2", address=MAILBOX, fields={"lamp": Secret("the secret lamp")})

    with connection.cursor() as cursor:
        cursor.execute("select fields::text from loop_messages_notice")
        raw = cursor.fetchall()
        cursor.execute("select address || own_fields from loop_messages_message")
        raw += cursor.fetchall()

    stored = b"".join(bytes(value) if not isinstance(value, str) else bytes.fromhex(value[2:]) for (value,) in raw)
    assert len(stored) > 100
    assert not any(word.encode() in stored for word in ("lamp", MAILBOX, "secret", "number 7"))
    assert list(Message.objects.order_by("pk").values_list("address", "own_fields")) == [
        ("", '{"lamp": "lamp at number 7"}'),
        (MAILBOX, ""),
    ]


def test_the_number_of_queries_does_not_depend_on_the_number_of_customers() -> None:
    approved()
    owners = [customer(f"C{number}") for number in range(12)]
    counts = []
    for key, some in (("one", owners[:1]), ("many", owners)):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            queued(*some, key=key)
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert Message.objects.count() == 13


# Cancelling.


def test_a_cancelled_notice_is_sent_to_nobody() -> None:
    approved()
    li = customer()
    queued(li, at=LATE)

    cancelled = services.cancel_notice(idempotency_key="k1", actor_id=None, at=LATE)
    again = services.cancel_notice(idempotency_key="k1", actor_id=None, at=LATE)
    used = sent_at(MORNING)

    row = only_message()
    assert (cancelled, again, row.state, row.settled_at) == (1, 0, MessageState.CANCELLED, LATE)
    assert (used["sms"].parcels, told()) == ([], ["NoticeQueued", "NoticeCancelled"])


def test_nobody_is_added_to_a_cancelled_notice() -> None:
    approved()
    queued(customer("C1"), at=LATE)
    services.cancel_notice(idempotency_key="k1", actor_id=None, at=LATE)

    result = queued(customer("C2"), at=LATE)

    assert (result.message_count, Message.objects.count()) == (0, 1)


def test_what_was_sent_is_not_cancelled() -> None:
    approved()
    queued(customer())
    sent_at(NOON)

    assert services.cancel_notice(idempotency_key="k1", actor_id=None, at=NOON) == 0
    assert only_message().state == MessageState.SENT


def test_cancelling_what_is_not_there_says_so() -> None:
    with pytest.raises(NotFound):
        services.cancel_notice(idempotency_key="nothing", actor_id=None, at=NOON)


# Looking.


def test_whoever_looks_sees_the_text_without_its_secret_and_the_proof() -> None:
    approved()
    agent = staff_with_role(RoleCode.AGENT)
    viewer = _viewer(agent.pk)
    queued(customer(), fields={"lamp": Secret("s3cret")})
    sent_at(NOON)

    text = queries.message_text(message_id=only_message().pk, viewer=viewer)
    proof = queries.notice_proof(about=ABOUT, template="lamp_back", viewer=viewer)

    assert text.body == "【】李娜，••••已修好。"
    assert proof == queries.NoticeProof({"SENT": 1}, NOON, NOON)
    assert [card.state for card in queries.list_messages(about=ABOUT, viewer=viewer)] == ["SENT"]
    assert queries.can_be_reached(customer_id=only_message().customer_id)
    assert queries.has_notice(idempotency_key="k1")


def test_who_has_no_business_with_customers_sees_no_message() -> None:
    approved()
    queued(customer())
    viewer = _viewer(staff_with_role(RoleCode.KNOWLEDGE_EDITOR).pk)
    stranger = _viewer(staff_with_role("metering_technician").pk)

    assert len(queries.list_messages(about=ABOUT, viewer=viewer)) == 1
    with pytest.raises(NotFound):
        queries.list_messages(about=ABOUT, viewer=stranger)


def test_the_backlog_tells_due_from_waiting() -> None:
    approved()
    queued(customer("C1"), key="due", at=NOON)
    queued(customer("C2"), key="waits", at=LATE)
    queued(customer("C3", mobile=""), key="failed", at=NOON)

    assert queries.backlog(at=LATE) == queries.Backlog(due=1, oldest_due_at=NOON, waiting=1, failed=1)


def _viewer(staff_id: int):
    from shouwen.platform.people.queries import get_viewer

    return get_viewer(staff_id=staff_id, at=LONG_AGO + timedelta(days=1))
