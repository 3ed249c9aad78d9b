from datetime import timedelta

import pytest

from shouwen.kernel.errors import NotAllowed
from shouwen.loop.messages import services
from shouwen.loop.messages.choices import MessageState, Outcome, Problem, ReceiptState
from shouwen.loop.messages.gateways.fake import refused
from shouwen.loop.messages.models import Message, Receipt
from shouwen.loop.messages.rules.parcels import Claim, Report
from shouwen.loop.messages.tests.factories import (
    MAILBOX,
    NOON,
    PHONE,
    approved,
    customer,
    only_message,
    queued,
    sent_at,
    told,
)
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import staff_with_role

pytestmark = pytest.mark.django_db
CHANNELS = ("sms", "email")


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def claimed(*, at=NOON) -> Claim:
    (claim,) = services.claim_due(channels=CHANNELS, at=at).claims
    return claim


def report(outcome: Outcome, reference: str = "", problem: Problem = Problem.NONE) -> Report:
    return Report(outcome=outcome, gateway="fake", reference=reference, problem=problem)


# Receipts.


def sent_message(reference: str = "r1") -> Claim:
    claim = claimed()
    services.record_outcome(claim=claim, report=report(Outcome.SENT, reference), at=NOON)
    return claim


def receipt(state: ReceiptState, reference: str = "r1", *, after: int = 1) -> bool:
    return services.record_receipt(gateway="fake", reference=reference, state=state, at=NOON + minutes(after))


def test_a_receipt_settles_the_message_and_the_same_again_changes_nothing() -> None:
    approved()
    queued(customer())
    sent_message()

    first, second = receipt(ReceiptState.DELIVERED), receipt(ReceiptState.DELIVERED, after=9)

    row = only_message()
    assert (first, second, row.state, row.settled_at) == (True, False, MessageState.DELIVERED, NOON + minutes(1))


def test_a_receipt_that_comes_before_the_outcome_waits_for_it() -> None:
    approved()
    queued(customer())
    claim = claimed()

    receipt(ReceiptState.DELIVERED)
    before = only_message().state
    services.record_outcome(claim=claim, report=report(Outcome.SENT, "r1"), at=NOON + minutes(2))

    row = only_message()
    assert (before, row.state, row.sent_at, row.settled_at) == (
        MessageState.QUEUED,
        MessageState.DELIVERED,
        NOON + minutes(2),
        NOON + minutes(1),
    )


def test_a_failed_delivery_sends_the_message_on_by_the_next_way() -> None:
    approved()
    queued(customer(email=MAILBOX))
    sent_message()

    receipt(ReceiptState.FAILED)
    used = sent_at(NOON + minutes(2))

    assert [parcel.address for parcel in used["email"].parcels] == [MAILBOX]
    assert only_message().state == MessageState.SENT


def test_a_failed_delivery_by_the_last_way_is_announced() -> None:
    approved()
    queued(customer())
    sent_message()

    receipt(ReceiptState.FAILED)

    row = only_message()
    assert (row.state, row.problem, told()) == (MessageState.FAILED, Problem.NOT_DELIVERED, ["NoticeQueued", "MessageFailed"])


def test_a_failed_delivery_of_a_cancelled_notice_is_not_sent_on() -> None:
    approved()
    queued(customer(email=MAILBOX))
    sent_message()
    services.cancel_notice(idempotency_key="k1", actor_id=None, at=NOON)

    receipt(ReceiptState.FAILED)

    assert only_message().state == MessageState.CANCELLED


def test_a_delivery_after_a_failure_is_the_last_word() -> None:
    approved()
    queued(customer())
    sent_message()

    receipt(ReceiptState.FAILED)
    receipt(ReceiptState.DELIVERED, after=2)

    assert (only_message().state, only_message().problem) == (MessageState.DELIVERED, "")


def test_a_failure_after_a_delivery_changes_nothing() -> None:
    approved()
    queued(customer(email=MAILBOX))
    sent_message()

    receipt(ReceiptState.DELIVERED)
    receipt(ReceiptState.FAILED, after=2)

    assert (only_message().state, Receipt.objects.count()) == (MessageState.DELIVERED, 2)


def test_a_late_failure_of_an_older_try_is_no_news() -> None:
    approved()
    queued(customer(email=MAILBOX))
    sent_message("r1")
    receipt(ReceiptState.FAILED, "r1")
    services.record_outcome(claim=claimed(at=NOON + minutes(2)), report=report(Outcome.SENT, "r2"), at=NOON + minutes(2))

    services.record_receipt(gateway="fake", reference="r1 ", state=ReceiptState.FAILED, at=NOON + minutes(3))

    assert only_message().state == MessageState.SENT


def test_a_receipt_of_another_gateway_is_not_ours() -> None:
    approved()
    queued(customer())
    sent_message()

    services.record_receipt(gateway="other", reference="r1", state=ReceiptState.DELIVERED, at=NOON)

    assert only_message().state == MessageState.SENT


# Once more.


def test_an_agent_has_a_failed_message_sent_once_more_under_another_name() -> None:
    approved()
    agent = staff_with_role(RoleCode.AGENT)
    queued(customer())
    sent_at(NOON, sms=refused)

    services.resend_message(message_id=only_message().pk, actor_id=agent.pk, at=NOON + minutes(1))
    used = sent_at(NOON + minutes(1))

    row = only_message()
    assert (row.state, row.round, row.failed_contacts) == (MessageState.SENT, 2, [])
    assert used["sms"].parcels[0].reference == f"message.{row.pk}.2.{row.contact_point_id}"
    assert told() == ["NoticeQueued", "MessageFailed", "MessageResent"]


def test_who_does_not_speak_with_customers_cannot_resend() -> None:
    approved()
    queued(customer())
    sent_at(NOON)

    with pytest.raises(NotAllowed):
        services.resend_message(message_id=only_message().pk, actor_id=staff_with_role(RoleCode.DISPATCHER).pk, at=NOON)

    assert (only_message().state, told()) == (MessageState.SENT, ["NoticeQueued"])


def test_what_is_out_of_date_cannot_be_resent() -> None:
    approved()
    agent = staff_with_role(RoleCode.AGENT)
    queued(customer(), not_after=NOON + minutes(5))
    sent_at(NOON + minutes(5))

    with pytest.raises(services.CannotResend, match="out of date"):
        services.resend_message(message_id=only_message().pk, actor_id=agent.pk, at=NOON + minutes(6))

    assert (only_message().state, told()) == (MessageState.FAILED, ["NoticeQueued", "MessageFailed"])


@pytest.mark.parametrize("case", ["waiting", "cancelled", "no way"])
def test_what_cannot_be_resent_stays_as_it_is(case: str) -> None:
    approved()
    agent = staff_with_role(RoleCode.AGENT)
    queued(customer(mobile="" if case == "no way" else PHONE))
    if case == "cancelled":
        services.cancel_notice(idempotency_key="k1", actor_id=None, at=NOON)
    before = list(Message.objects.values()), told()

    with pytest.raises(services.CannotResend):
        services.resend_message(message_id=only_message().pk, actor_id=agent.pk, at=NOON + minutes(1))

    assert (list(Message.objects.values()), told()) == before
