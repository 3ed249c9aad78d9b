from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.kernel.errors import NotFound
from shouwen.loop.messages import services, tasks
from shouwen.loop.messages.choices import MessageState, Outcome, Problem
from shouwen.loop.messages.gateways.fake import FakeCarrier, busy, refused, sent, unreachable
from shouwen.loop.messages.models import Attempt, Message
from shouwen.loop.messages.queries import channel_rests
from shouwen.loop.messages.rules.parcels import Claim, Parcel, Report
from shouwen.loop.messages.rules.texts import Text
from shouwen.loop.messages.tests.factories import (
    LATE,
    MAILBOX,
    MORNING,
    NOON,
    PHONE,
    approved,
    carriers,
    contact,
    customer,
    only_message,
    queued,
    sent_at,
    told,
)
from shouwen.platform.outbox.models import Fact
from shouwen.records.customers.choices import ContactKind
from shouwen.records.customers.models import ContactPoint

pytestmark = pytest.mark.django_db
CHANNELS = ("sms", "email")


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def claimed(*, at=NOON) -> Claim:
    (claim,) = services.claim_due(channels=CHANNELS, at=at).claims
    return claim


def report(outcome: Outcome, reference: str = "", problem: Problem = Problem.NONE) -> Report:
    return Report(outcome=outcome, gateway="fake", reference=reference, problem=problem)


def tries() -> list[tuple[object, ...]]:
    return list(Attempt.objects.order_by("pk").values_list("number", "channel", "outcome", "problem"))


# Sending.


def test_what_is_due_is_filled_sent_and_recorded() -> None:
    approved()
    queued(customer(name="李娜", language="en"))
    used = carriers()

    count = tasks.send_due(at=NOON, carriers=used)

    (parcel,) = used["sms"].parcels
    row = only_message()
    assert count == tasks.SendCount(sent=1, not_sent=0)
    assert (parcel.address, parcel.text) == (PHONE, Text("", ": 李娜, 路灯 is mended."))
    assert (row.state, row.sent_at, row.leased_until, row.try_count) == (MessageState.SENT, NOON, None, 1)
    assert tries() == [(1, "sms", "sent", "")]
    assert Attempt.objects.get().reference == parcel.reference == f"message.{row.pk}.1.{row.contact_point_id}"
    assert used["sms"].is_closed
    assert told() == ["NoticeQueued"]


def test_what_was_sent_is_not_sent_again() -> None:
    approved()
    queued(customer())
    sent_at(NOON)

    assert sent_at(NOON + timedelta(days=2))["sms"].parcels == []


def test_urgent_messages_go_first() -> None:
    approved()
    approved("danger", urgent=True)
    queued(customer("C1"), key="calm", at=NOON)
    queued(customer("C2"), key="urgent", template="danger", at=NOON + minutes(1))

    claims = services.claim_due(channels=CHANNELS, at=NOON + minutes(1), limit=1).claims

    assert [Message.objects.get(pk=claim.message_id).is_urgent for claim in claims] == [True]


def test_a_message_of_the_evening_waits_for_the_morning() -> None:
    approved()
    queued(customer(), at=LATE)

    before = sent_at(MORNING - minutes(1))["sms"].parcels
    after = sent_at(MORNING)["sms"].parcels

    assert (len(before), len(after)) == (0, 1)


def test_a_worker_that_was_down_does_not_send_in_quiet_hours() -> None:
    approved()
    queued(customer(), at=NOON)

    used = sent_at(LATE)

    row = only_message()
    assert used["sms"].parcels == []
    assert (row.not_before, row.leased_until, row.try_count) == (MORNING, None, 0)


def test_a_customers_own_quiet_hours_count_at_the_moment_of_sending_too() -> None:
    approved()
    sleeper = customer(mobile="")
    contact(sleeper, ContactKind.MOBILE, PHONE, quiet=(time(12), time(13)))
    queued(sleeper, at=NOON - minutes(5))

    sent_at(NOON)

    assert only_message().not_before == NOON + minutes(60)


def test_one_message_too_many_in_a_day_waits_and_an_urgent_one_does_not() -> None:
    approved()
    approved("danger", urgent=True)
    li = customer()
    for number in range(11):
        queued(li, key=f"calm {number}", at=NOON)
    queued(li, key="urgent", template="danger", at=NOON)

    count = tasks.send_due(at=NOON, carriers=carriers())

    waiting = Message.objects.get(state=MessageState.QUEUED)
    assert (count.sent, waiting.is_urgent, waiting.not_before) == (11, False, NOON + timedelta(days=1))


def test_a_contact_removed_in_the_meantime_is_no_way_and_the_next_is_taken() -> None:
    approved()
    li = customer(email=MAILBOX)
    queued(li)
    ContactPoint.objects.filter(kind=ContactKind.MOBILE).update(removed_at=NOON)

    used = sent_at(NOON)

    assert tries() == [(1, "sms", "refused", "no_way"), (2, "email", "sent", "")]
    assert [parcel.address for parcel in used["email"].parcels] == [MAILBOX]


# Trying again.


def test_a_busy_carrier_is_asked_again_after_growing_pauses() -> None:
    approved()
    queued(customer())
    moments = []
    at = NOON
    for _ in range(3):
        sent_at(at, sms=busy)
        at = only_message().not_before
        moments.append(at - NOON)

    assert moments == [minutes(10), minutes(30), minutes(70)]
    assert (only_message().state, only_message().way_try_count) == (MessageState.QUEUED, 3)


def test_a_refused_way_gives_way_to_the_next() -> None:
    approved()
    li = customer(email=MAILBOX)
    queued(li)

    used = sent_at(NOON, sms=refused)

    row = only_message()
    assert (row.state, row.channel, row.way_try_count) == (MessageState.SENT, "email", 1)
    assert row.failed_contacts == [ContactPoint.objects.get(kind=ContactKind.MOBILE).pk]
    assert tries() == [(1, "sms", "refused", "refused"), (2, "email", "sent", "")]
    assert len(used["email"].parcels) == 1


def test_after_too_many_tries_the_message_has_failed_and_it_is_announced() -> None:
    approved()
    li = customer()
    queued(li)
    at = NOON
    for _ in range(5):
        sent_at(at, sms=busy)
        at = max(at, only_message().not_before)

    row = only_message()
    assert (row.state, row.problem, row.try_count) == (MessageState.FAILED, Problem.TOO_MANY_TRIES, 5)
    assert told() == ["NoticeQueued", "MessageFailed"]
    payload = Fact.objects.get(kind="MessageFailed").payload
    assert (payload["message_id"], payload["customer_id"], payload["problem"]) == (row.pk, li.pk, "too_many_tries")


def test_after_too_many_tries_by_one_way_the_other_begins_afresh() -> None:
    approved()
    queued(customer(email=MAILBOX))
    at = NOON
    for _ in range(5):
        sent_at(at, sms=busy, email=busy)
        at = max(at, only_message().not_before)

    row = only_message()
    assert (row.state, row.channel, row.try_count, row.way_try_count) == (MessageState.QUEUED, "email", 6, 1)
    assert [number for number, channel, *_ in tries() if channel == "sms"] == [1, 2, 3, 4, 5]


def test_when_a_carrier_is_away_the_rest_of_its_channel_waits_untried_and_the_others_go_on() -> None:
    approved()
    for number in range(3):
        queued(customer(f"S{number}"), key=f"s{number}")
    queued(customer("E1", mobile="", email=MAILBOX), key="e1")

    used = sent_at(NOON, sms=unreachable)

    assert (len(used["sms"].parcels), len(used["email"].parcels)) == (1, 1)
    assert list(Message.objects.filter(channel="sms").order_by("pk").values_list("try_count", "leased_until")) == [
        (1, None),
        (0, None),
        (0, None),
    ]


# A carrier that is away.


def test_an_outage_of_eight_hours_costs_no_message_a_try_and_then_all_go_out() -> None:
    approved()
    for number in range(3):
        queued(customer(f"S{number}"), key=f"s{number}")
    knocks = [NOON + minutes(count) for count in range(8 * 60)]

    parcels = [len(sent_at(at, sms=unreachable)["sms"].parcels) for at in knocks]
    back = sent_at(NOON + minutes(8 * 60 + 5))

    assert (max(parcels), len(back["sms"].parcels)) == (1, 3)
    assert set(Message.objects.values_list("state", "way_try_count")) == {(MessageState.SENT, 1)}
    assert told() == ["NoticeQueued"] * 3


def test_a_try_that_met_nobody_is_on_record_and_does_not_count() -> None:
    approved()
    queued(customer())

    sent_at(NOON, sms=unreachable)

    row = only_message()
    assert (row.state, row.way_try_count, row.leased_until, row.not_before) == (
        MessageState.QUEUED,
        0,
        None,
        NOON + timedelta(seconds=10),
    )
    assert tries() == [(1, "sms", "busy", "unreachable")]


def test_a_channel_whose_carrier_is_away_rests_for_a_pause_that_grows() -> None:
    approved()
    queued(*[customer(f"C{number}") for number in range(3)])

    knocks = [
        seconds for seconds in range(0, 160, 2) if sent_at(NOON + timedelta(seconds=seconds), sms=unreachable)["sms"].parcels
    ]

    assert knocks == [0, 10, 30, 70, 150]


def test_a_channel_whose_carrier_answers_again_rests_shortly_the_next_time() -> None:
    approved()
    for number in range(4):
        queued(customer(f"C{number}"), key=f"k{number}")
    for seconds in (0, 10):
        sent_at(NOON + timedelta(seconds=seconds), sms=unreachable)

    back = sent_at(NOON + minutes(2), sms=busy)
    rests = channel_rests()
    sent_at(NOON + minutes(12), sms=unreachable)

    assert (len(back["sms"].parcels), rests, channel_rests()) == (4, {}, {"sms": NOON + minutes(12) + timedelta(seconds=10)})


def test_workers_who_find_the_same_carrier_away_lengthen_its_rest_once() -> None:
    first = services.rest_channel(channel="sms", at=NOON)
    second = services.rest_channel(channel="sms", at=NOON + timedelta(seconds=1))
    third = services.rest_channel(channel="sms", at=NOON + timedelta(seconds=10))

    assert [until - NOON for until in (first, second, third)] == [timedelta(seconds=count) for count in (10, 10, 30)]


def test_a_message_at_which_the_carrier_breaks_off_each_time_does_not_stand_in_the_way_of_the_others() -> None:
    approved()
    approved("poison")
    queued(customer("C0"), key="poison")
    for number in range(1, 4):
        queued(customer(f"C{number}"), key=f"k{number}")
    poison = Message.objects.get(notice__idempotency_key="poison").pk

    def breaks_off(parcel: Parcel) -> Report:
        return unreachable(parcel) if parcel.claim.message_id == poison else sent(parcel)

    for seconds in (0, 10, 20):
        sent_at(NOON + timedelta(seconds=seconds), sms=breaks_off)

    assert list(Message.objects.filter(state=MessageState.QUEUED).values_list("pk", flat=True)) == [poison]


def test_the_rest_of_a_batch_is_given_back_in_as_many_statements_as_one() -> None:
    approved()
    counts = []
    for key, some in (("few", 2), ("many", 12)):
        Message.objects.all().delete()
        queued(*[customer(f"{key}{number}") for number in range(some)], key=key)
        claims = services.claim_due(channels=CHANNELS, at=NOON).claims
        with CaptureQueriesContext(connection) as captured:
            assert services.release_claims(claims=claims) == some
        counts.append(len(captured))

    assert counts[0] == counts[1]


# What has an end.


def test_what_waited_for_a_carrier_until_its_end_expires_and_it_is_announced() -> None:
    approved()
    li = customer()
    queued(li, not_after=NOON + minutes(30))

    sent_at(NOON, sms=unreachable)
    before = only_message().state
    back = sent_at(NOON + minutes(30))

    row = only_message()
    assert (before, row.state, row.problem, row.settled_at) == (
        MessageState.QUEUED,
        MessageState.FAILED,
        Problem.EXPIRED,
        NOON + minutes(30),
    )
    assert (back["sms"].parcels, told()) == ([], ["NoticeQueued", "MessageFailed"])
    payload = Fact.objects.get(kind="MessageFailed").payload
    assert (payload["message_id"], payload["customer_id"], payload["problem"]) == (row.pk, li.pk, "expired")


def test_it_expires_while_its_channel_rests() -> None:
    approved()
    queued(customer("C1"), key="endless")
    queued(customer("C2"), key="ends", not_after=NOON + timedelta(seconds=6))
    sent_at(NOON, sms=unreachable)

    sent_at(NOON + timedelta(seconds=6), sms=unreachable)

    states = dict(Message.objects.values_list("notice__idempotency_key", "state"))
    assert states == {"endless": MessageState.QUEUED, "ends": MessageState.FAILED}


def test_what_is_in_time_is_sent_and_does_not_expire_afterwards() -> None:
    approved()
    queued(customer(), not_after=NOON + minutes(30))

    sent_at(NOON + minutes(29))

    assert services.settle_expired(at=NOON + minutes(31)) == 0
    assert only_message().state == MessageState.SENT


def test_what_is_over_is_not_even_claimed() -> None:
    approved()
    queued(customer(), not_after=NOON + minutes(30))

    assert services.claim_due(channels=CHANNELS, at=NOON + minutes(30)) == services.Claimed((), 0)


def test_what_is_in_the_hands_of_a_worker_does_not_expire() -> None:
    approved()
    queued(customer(), not_after=NOON + minutes(5))
    claim = claimed()

    held = services.settle_expired(at=NOON + minutes(5))
    services.record_outcome(claim=claim, report=report(Outcome.SENT, "a"), at=NOON + minutes(5))

    assert (held, only_message().state) == (0, MessageState.SENT)


def test_what_would_be_put_off_beyond_its_end_expires_at_once() -> None:
    approved()
    queued(customer(), at=NOON, not_after=MORNING)

    sent_at(LATE)

    row = only_message()
    assert (row.state, row.problem, row.settled_at) == (MessageState.FAILED, Problem.EXPIRED, LATE)
    assert told() == ["NoticeQueued", "MessageFailed"]


def test_a_busy_way_that_would_be_tried_too_late_gives_way_to_the_next() -> None:
    approved()
    queued(customer(email=MAILBOX), not_after=NOON + minutes(10))

    used = sent_at(NOON, sms=busy)

    assert (only_message().state, len(used["email"].parcels)) == (MessageState.SENT, 1)


def test_a_busy_way_that_would_be_tried_too_late_and_is_the_last_has_expired() -> None:
    approved()
    queued(customer(), not_after=NOON + minutes(10))

    sent_at(NOON, sms=busy)

    assert (only_message().state, only_message().problem) == (MessageState.FAILED, Problem.EXPIRED)


def test_of_a_cancelled_notice_nothing_expires() -> None:
    approved()
    queued(customer(), not_after=NOON + minutes(5))
    claimed()
    services.cancel_notice(idempotency_key="k1", actor_id=None, at=NOON)

    expired = services.settle_expired(at=NOON + minutes(10))

    assert (expired, only_message().state, told()) == (0, MessageState.CANCELLED, ["NoticeQueued"])


def test_many_expire_in_as_many_statements_as_one() -> None:
    approved()
    owners = [customer(f"C{number}") for number in range(12)]
    counts = []
    for key, some in (("one", owners[:1]), ("many", owners)):
        queued(*some, key=key, not_after=NOON + minutes(1))
        with CaptureQueriesContext(connection) as captured:
            assert services.settle_expired(at=NOON + minutes(1)) == len(some)
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_no_transaction_is_open_while_a_carrier_is_at_work(transactional_db: None) -> None:
    approved()
    queued(customer())
    open_ones = []

    def look(parcel: Parcel) -> Report:
        open_ones.append(connection.in_atomic_block)
        return sent(parcel)

    tasks.send_due(at=NOON, carriers={"sms": FakeCarrier(answer=look), "email": FakeCarrier()})

    assert open_ones == [False]


# Leases.


def test_what_one_worker_holds_no_other_gets() -> None:
    approved()
    queued(customer())

    first = services.claim_due(channels=CHANNELS, at=NOON)
    second = services.claim_due(channels=CHANNELS, at=NOON + minutes(9))

    assert (len(first.claims), second) == (1, services.Claimed((), 0))


def test_a_worker_that_died_leaves_its_message_to_the_next_under_the_same_reference() -> None:
    approved()
    queued(customer())
    dead = claimed()

    used = sent_at(NOON + minutes(10))

    row = only_message()
    assert (dead.number, row.state, row.try_count) == (1, MessageState.SENT, 2)
    assert tries() == [(2, "sms", "sent", "")]
    assert used["sms"].parcels[0].reference == f"message.{row.pk}.1.{row.contact_point_id}"


def test_a_late_worker_cannot_undo_what_the_second_has_done() -> None:
    approved()
    queued(customer())
    slow, quick = claimed(), claimed(at=NOON + minutes(10))
    services.record_outcome(claim=quick, report=report(Outcome.SENT, "a"), at=NOON + minutes(10))

    services.record_outcome(claim=slow, report=report(Outcome.REFUSED), at=NOON + minutes(11))

    assert (only_message().state, only_message().failed_contacts) == (MessageState.SENT, [])
    assert tries() == [(2, "sms", "sent", ""), (1, "sms", "refused", "")]


def test_a_late_worker_that_did_send_is_believed() -> None:
    approved()
    queued(customer())
    slow, quick = claimed(), claimed(at=NOON + minutes(10))

    services.record_outcome(claim=slow, report=report(Outcome.SENT, "a"), at=NOON + minutes(11))
    services.record_outcome(claim=quick, report=report(Outcome.BUSY), at=NOON + minutes(12))

    row = only_message()
    assert (row.state, row.sent_at, row.leased_until) == (MessageState.SENT, NOON + minutes(11), None)


def test_an_outcome_is_written_once() -> None:
    approved()
    queued(customer())
    claim = claimed()

    first = services.record_outcome(claim=claim, report=report(Outcome.BUSY), at=NOON)
    second = services.record_outcome(claim=claim, report=report(Outcome.BUSY), at=NOON + minutes(1))

    assert (first, second, only_message().not_before, len(tries())) == (True, False, NOON + minutes(10), 1)


def test_an_outcome_of_nothing_says_so() -> None:
    with pytest.raises(NotFound):
        services.record_outcome(claim=Claim(1, 1, "sms", None), report=report(Outcome.SENT, "a"), at=NOON)


def test_given_back_is_as_if_never_taken() -> None:
    approved()
    queued(customer())

    given_back = services.release_claims(claims=[claimed()])

    row = only_message()
    assert (given_back, row.leased_until, row.try_count, row.way_try_count) == (1, None, 0, 0)


def test_a_lease_that_another_worker_took_over_cannot_be_given_back() -> None:
    approved()
    queued(customer())
    first = claimed()
    claimed(at=NOON + minutes(10))

    assert services.release_claims(claims=[first]) == 0
    assert only_message().try_count == 2


def test_a_cancelled_notice_in_the_hands_of_a_worker_is_not_tried_again() -> None:
    approved()
    queued(customer())
    claim = claimed()
    cancelled = services.cancel_notice(idempotency_key="k1", actor_id=None, at=NOON)

    services.record_outcome(claim=claim, report=report(Outcome.BUSY), at=NOON)

    assert (cancelled, only_message().state) == (0, MessageState.CANCELLED)


def test_a_cancelled_notice_whose_worker_died_is_cancelled_when_its_lease_is_over() -> None:
    approved()
    queued(customer())
    claimed()
    services.cancel_notice(idempotency_key="k1", actor_id=None, at=NOON)

    used = sent_at(NOON + minutes(10))

    assert (used["sms"].parcels, only_message().state) == ([], MessageState.CANCELLED)
