"""What the worker does for the machine's door: webhooks sent in order, each in no transaction; kept answers forgotten."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from shouwen.faces.api import rules
from shouwen.faces.api.choices import WebhookState
from shouwen.faces.api.gateways import Answered, send
from shouwen.faces.api.services import answers, delivering
from shouwen.faces.api.services.delivering import Parcel
from shouwen.faces.api.services.webhooks import may_go_inside
from shouwen.platform.outbox.queries import last_fact_id, writers

ROUND_S = 30.0  # for all subscribers together: then nothing more is begun, and what is being sent is waited for
SENDERS = 16  # subscribers that are sent to at once; one that does not answer holds up only itself
LOOK_FOR_MORE_S = 2.0
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


def deliver_webhooks(*, at: datetime, senders: int = SENDERS, round_s: float = ROUND_S) -> WebhookCount:
    """Send what is due to every subscriber whose turn it is: to several at once, to each one thing after the other.

    Any number of workers may run: each subscriber has one at a time. The senders only send; whatever the database has to know is asked
    and written here, in no transaction that lasts while something is sent. While one is waited for, the others go on: also those who
    are due meanwhile.
    """
    with ThreadPoolExecutor(senders, thread_name_prefix="webhooks") as pool:
        return _Round(pool, senders, _Clock(at), round_s).run()


class _Clock:
    """The clock of a round: began at the instant that the round was given, and goes on by itself."""

    def __init__(self, at: datetime) -> None:
        self._at, self._began_s = at, time.monotonic()

    def spent_s(self) -> float:
        return time.monotonic() - self._began_s

    def now(self) -> datetime:
        return self._at + timedelta(seconds=self.spent_s())


class _Round:
    """One round: who waits for a turn, and what is being sent to whom. A subscriber is claimed from its first turn to its last."""

    def __init__(self, pool: ThreadPoolExecutor, senders: int, clock: _Clock, round_s: float) -> None:
        self._pool, self._senders, self._clock, self._round_s = pool, senders, clock, round_s
        self._waiting: deque[int] = deque()
        self._claimed: set[int] = set()
        self._up_to_id: int | None = None
        self._sending: dict[Future[Answered], Parcel] = {}
        self._looked_s = -LOOK_FOR_MORE_S
        self._count = WebhookCount()

    def run(self) -> WebhookCount:
        try:
            self._go_on()
            while self._sending:
                done, _ = wait(self._sending, timeout=LOOK_FOR_MORE_S, return_when=FIRST_COMPLETED)
                for one in done:
                    self._settle(self._sending.pop(one), one.result())
                self._go_on()
        finally:
            for subscription_id in self._claimed:
                delivering.release(subscription_id=subscription_id, at=self._clock.now())
        return self._count

    def _go_on(self) -> None:
        """Give turns while there are senders left, until the round's time is over."""
        if self._clock.spent_s() - self._looked_s >= LOOK_FOR_MORE_S:
            self._look_for_more()
        while self._waiting and len(self._sending) < self._senders and self._clock.spent_s() < self._round_s:
            self._give_turn(self._waiting.popleft())

    def _look_for_more(self) -> None:
        """Put those who are due in line, behind those who wait already."""
        self._looked_s = self._clock.spent_s()
        due = delivering.list_due(at=self._clock.now())
        self._up_to_id = settled_fact_id() if due else None
        self._waiting.extend([one for one in due if one not in self._waiting])

    def _give_turn(self, subscription_id: int) -> None:
        """Send the next thing to a subscriber, or let it go when there is nothing."""
        if subscription_id not in self._claimed and not self._claim(subscription_id):
            return
        parcel = delivering.next_parcel(subscription_id=subscription_id)
        if parcel is None:
            self._let_go(subscription_id)
        else:
            self._sending[self._pool.submit(_send, parcel, self._clock, may_go_inside())] = parcel

    def _claim(self, subscription_id: int) -> bool:
        """Take a subscriber and put what was told in line for it; False when another worker was quicker."""
        if not delivering.claim(subscription_id=subscription_id, at=self._clock.now()):
            return False
        self._claimed.add(subscription_id)
        if self._up_to_id is not None:
            delivering.collect(subscription_id=subscription_id, up_to_id=self._up_to_id)
        return True

    def _settle(self, parcel: Parcel, answered: Answered) -> None:
        """Write down what came of it. Who has taken it waits for another turn; who has not is let go."""
        outcome = _record(parcel, answered, self._clock.now())
        self._count += outcome
        if outcome.put_off:
            self._let_go(parcel.subscription_id)
        else:
            self._waiting.append(parcel.subscription_id)

    def _let_go(self, subscription_id: int) -> None:
        self._claimed.discard(subscription_id)
        delivering.release(subscription_id=subscription_id, at=self._clock.now())


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


def _send(parcel: Parcel, clock: _Clock, may_go_inside: bool) -> Answered:
    """Send one thing, signed with the time at which it is sent; in a thread of its own, which never asks the database."""
    return send(url=parcel.url, headers=headers_of(parcel, clock.now()), body=parcel.body, may_go_inside=may_go_inside)


def _record(parcel: Parcel, answered: Answered, at: datetime) -> WebhookCount:
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
