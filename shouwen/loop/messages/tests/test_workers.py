"""Two workers at once, on real connections."""

import pytest

from shouwen.loop.messages import services
from shouwen.loop.messages.choices import MessageState, Outcome, ReceiptState
from shouwen.loop.messages.models import Message
from shouwen.loop.messages.rules.parcels import Report
from shouwen.loop.messages.tests.factories import NOON, approved, customer, only_message, queued
from shouwen.loop.messages.tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_share_what_is_due_without_a_message_twice() -> None:
    approved()
    queued(*(customer(f"C{number}") for number in range(40)))
    taken: list[int] = []

    def work() -> None:
        while claims := services.claim_due(channels=("sms",), at=NOON, limit=3).claims:
            taken.extend(claim.message_id for claim in claims)

    at_once(work, work, work)

    assert sorted(taken) == sorted(Message.objects.values_list("pk", flat=True))


def test_the_same_notice_asked_for_twice_at_once_is_one() -> None:
    approved()
    owners = [customer(f"C{number}") for number in range(20)]

    at_once(*[lambda: queued(*owners)] * 4)

    assert Message.objects.count() == 20


def test_an_outcome_and_its_receipt_at_once_never_miss_each_other() -> None:
    approved()
    for number in range(15):
        queued(customer(f"C{number}"), key=f"k{number}")
        (claim,) = services.claim_due(channels=("sms",), at=NOON).claims
        report = Report(outcome=Outcome.SENT, gateway="fake", reference=f"r{number}")

        at_once(
            lambda claim=claim, report=report: services.record_outcome(claim=claim, report=report, at=NOON),
            lambda number=number: services.record_receipt(
                gateway="fake", reference=f"r{number}", state=ReceiptState.DELIVERED, at=NOON
            ),
        )

    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.DELIVERED}


def test_cancelling_while_a_worker_claims_leaves_the_message_to_exactly_one() -> None:
    approved()
    queued(customer())
    claims, cancelled = [], []

    at_once(
        lambda: claims.extend(services.claim_due(channels=("sms",), at=NOON).claims),
        lambda: cancelled.append(services.cancel_notice(idempotency_key="k1", actor_id=None, at=NOON)),
    )

    row = only_message()
    assert (len(claims), cancelled[0], row.state) in [(1, 0, MessageState.QUEUED), (0, 1, MessageState.CANCELLED)]
