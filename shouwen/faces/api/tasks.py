"""What the worker does for the machine's door: webhooks sent in order, each in no transaction; kept answers forgotten."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from shouwen.faces.api import rules
from shouwen.faces.api.choices import WebhookState
from shouwen.faces.api.gateways import send
from shouwen.faces.api.services import answers, delivering
from shouwen.faces.api.services.delivering import Parcel
from shouwen.faces.api.services.webhooks import may_go_inside
from shouwen.platform.outbox.queries import last_fact_id, writers

ROUND_S = 30.0  # for one subscriber in one round, so that no other waits for long
SETTLING_S = 1.0
LOOK_AGAIN_S = 0.02


@dataclass(frozen=True, slots=True)
class WebhookCount:
    """What one round has done."""

    sent: int = 0
    put_off: int = 0
    given_up: int = 0

    def __add__(self, other: WebhookCount) -> WebhookCount:
        return WebhookCount(self.sent + other.sent, self.put_off + other.put_off, self.given_up + other.given_up)


def deliver_webhooks(*, at: datetime) -> WebhookCount:
    """Send what is due to every subscriber whose turn it is. Any number of workers may run: each subscriber has one at a time."""
    due = delivering.list_due(at=at)
    up_to_id = settled_fact_id() if due else None
    count = WebhookCount()
    for subscription_id in due:
        if delivering.claim(subscription_id=subscription_id, at=at):
            try:
                count += _deliver_to(subscription_id, up_to_id, at)
            finally:
                delivering.release(subscription_id=subscription_id)
    return count


def settled_fact_id() -> int | None:
    """Return an id up to which no fact is still to come: ids are given out before commits, in another order than these.

    None when somebody has been writing facts for longer than ``SETTLING_S``; then the next round looks again.
    """
    last_id, waited_for = last_fact_id(), writers()
    stop_s = time.monotonic() + SETTLING_S
    while waited_for & writers():
        if time.monotonic() > stop_s:
            return None
        time.sleep(LOOK_AGAIN_S)
    return last_id


def _deliver_to(subscription_id: int, up_to_id: int | None, at: datetime) -> WebhookCount:
    count, began_s = WebhookCount(), time.monotonic()
    if up_to_id is not None:
        delivering.collect(subscription_id=subscription_id, up_to_id=up_to_id)
    while (parcel := delivering.next_parcel(subscription_id=subscription_id)) is not None:
        spent_s = time.monotonic() - began_s
        outcome = _deliver(parcel, at + timedelta(seconds=spent_s))
        count += outcome
        if outcome.put_off or spent_s > ROUND_S:
            break
    return count


def _deliver(parcel: Parcel, at: datetime) -> WebhookCount:
    answered = send(url=parcel.url, headers=headers_of(parcel, at), body=parcel.body, may_go_inside=may_go_inside())
    if not answered.problem:
        delivering.record_sent(delivery_id=parcel.delivery_id, at=at)
        return WebhookCount(sent=1)
    state = delivering.record_failure(delivery_id=parcel.delivery_id, problem=answered.problem, at=at)
    return WebhookCount(given_up=1) if state is WebhookState.DEAD else WebhookCount(put_off=1)


def headers_of(parcel: Parcel, at: datetime) -> dict[str, str]:
    """Return the headers: the delivery's id (the same at every try and replay), when it was sent, and the proof of both and the body."""
    timestamp = int(at.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "Shouwen-Webhooks/1",
        "Shouwen-Delivery": str(parcel.delivery_id),
        "Shouwen-Subscription": str(parcel.subscription_id),
        "Shouwen-Fact": parcel.kind,
        "Shouwen-Replay": str(parcel.replay_count),
        "Shouwen-Timestamp": str(timestamp),
        "Shouwen-Signature": rules.signature(secret=parcel.secret, timestamp=timestamp, body=parcel.body),
    }


def forget_answers(*, at: datetime) -> int:
    """Forget answers kept under an ``Idempotency-Key`` for longer than two days."""
    return answers.forget_answers(at=at)
