"""Announcing facts and handing them to their hearers."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from traceback import format_exc
from typing import Any

import orjson
from django.db import connection, transaction

from shouwen.kernel.errors import Refusal
from shouwen.kernel.facts import Fact as FactValue
from shouwen.platform.outbox import hearing, rules
from shouwen.platform.outbox.choices import DeliveryState
from shouwen.platform.outbox.models import Delivery

log = logging.getLogger(__name__)

WAKE_CHANNEL = "facts"
BATCH_SIZE = 50
LONGEST_BATCH_S = 0.25  # by the machine's own clock


class NotFailed(Refusal):
    """Only a failed delivery can be tried again by hand."""


def announce(*facts: FactValue) -> None:
    """Write ``facts`` and their pending deliveries in the open transaction; the workers are woken at its commit.

    :raises RuntimeError: outside a transaction, where a fact could outlive a change that was rolled back.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A fact is announced in the transaction of the verb that made it true.")
    if not facts:
        return
    kinds = [fact.kind() for fact in facts]
    heard = [(kind, hearer.name) for kind in dict.fromkeys(kinds) for hearer in hearing.hearers_of(kind)]
    values: dict[str, Any] = {
        "kind": kinds,
        "case_kind": [fact.case_kind for fact in facts],
        "case_id": [fact.case_id for fact in facts],
        "actor_id": [fact.actor_id for fact in facts],
        "at": [fact.at for fact in facts],
        "payload": [orjson.dumps(fact.payload()).decode() for fact in facts],
        "heard_kind": [kind for kind, _ in heard],
        "hearer": [hearer for _, hearer in heard],
    }
    with connection.cursor() as cursor:
        cursor.execute(_TELL_AND_WAKE if heard else _TELL, values)


_TELL = """
insert into outbox_fact (kind, case_kind, case_id, actor_id, at, payload)
select kind, case_kind, case_id, actor_id, at, payload::jsonb
from unnest(%(kind)s::text[], %(case_kind)s::text[], %(case_id)s::bigint[], %(actor_id)s::bigint[], %(at)s::timestamptz[],
    %(payload)s::text[]) with ordinality as told (kind, case_kind, case_id, actor_id, at, payload, place)
order by place
"""
_TELL_AND_WAKE = f"""
with told as ({_TELL} returning id, kind, at)
insert into outbox_delivery (fact_id, hearer, state, attempt_count, next_try_at, problem)
select told.id, heard.hearer, '{DeliveryState.PENDING.value}', 0, told.at, ''
from told join unnest(%(heard_kind)s::text[], %(hearer)s::text[]) with ordinality as heard (kind, hearer, place) using (kind)
order by told.id, heard.place;
notify {WAKE_CHANNEL}
"""  # noqa: S608 - both from constants


@dataclass(frozen=True)
class DeliveryCount:
    """What one round of deliveries did."""

    heard: int = 0
    put_off: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.heard + self.put_off + self.failed


def deliver_due(*, at: datetime, limit: int = 500) -> DeliveryCount:
    """Deliver up to ``limit`` due facts, oldest first, a batch in one transaction. Safe to run in many workers at once.

    ``at`` is wall-clock time: a delivery is due when its fact has happened by then and its pause is over.
    """
    counts: Counter[DeliveryState] = Counter()
    while (left := limit - counts.total()) > 0:
        outcomes = _deliver_batch(at, min(left, BATCH_SIZE))
        if not outcomes:
            break
        counts.update(outcomes)
    return DeliveryCount(
        heard=counts[DeliveryState.HEARD], put_off=counts[DeliveryState.PENDING], failed=counts[DeliveryState.FAILED]
    )


@transaction.atomic
def _deliver_batch(at: datetime, size: int) -> list[DeliveryState]:
    """Let the hearers of some deliveries react, each in a savepoint, and mark them; return what became of each.

    What all of them wrote and their marks are committed together. After ``LONGEST_BATCH_S`` the rest of the batch is left for later,
    so that the matters which hearers have locked are soon free again.
    """
    tried, stop_s = [], monotonic() + LONGEST_BATCH_S
    for delivery in _claim(at, size):
        problem = _hear(delivery)
        if problem is None:
            delivery.state = DeliveryState.HEARD
        else:
            _put_off(delivery, problem, at)
        tried.append(delivery)
        if monotonic() > stop_s:
            break
    heard = [delivery.pk for delivery in tried if delivery.state == DeliveryState.HEARD]
    Delivery.objects.filter(pk__in=heard).update(state=DeliveryState.HEARD, heard_at=at)
    return [DeliveryState(delivery.state) for delivery in tried]


def _claim(at: datetime, size: int) -> list[Delivery]:
    """Lock the oldest due deliveries that no other worker has, in the order of their cases: so workers lock matters in one order."""
    due = Delivery.objects.due(at).select_related("fact").order_by("next_try_at", "id")
    claimed = list(due.select_for_update(of=("self",), skip_locked=True)[:size])
    if claimed:
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")  # a hearer that breaks one fails by itself and not with the batch
    return sorted(claimed, key=lambda row: (row.fact.case_kind, row.fact.case_id, row.fact_id, row.pk))


def _hear(delivery: Delivery) -> str | None:
    """Let the hearer react in a savepoint; return what went wrong, None when nothing did."""
    hearer = hearing.hearer_named(delivery.hearer)
    if hearer is None:
        return f"No hearer is called {delivery.hearer} in this version."
    row = delivery.fact
    try:
        with transaction.atomic():
            hearer.react(hearing.fact_from_row(kind=hearer.kind, at=row.at, actor_id=row.actor_id, payload=row.payload))
    except Exception as error:  # the outermost edge of a hearer: kept in the row, shown to the operator
        log.error("hearer %s failed on fact %s\n%s", delivery.hearer, row.pk, rules.printable(format_exc()))
        return rules.problem_of(error=error)
    return None


def _put_off(delivery: Delivery, problem: str, at: datetime) -> None:
    delivery.attempt_count += 1
    delivery.problem = problem
    pause = rules.pause_after(attempt_count=delivery.attempt_count)
    if pause is None:
        delivery.state = DeliveryState.FAILED
    else:
        delivery.next_try_at = at + pause
    delivery.save(update_fields=["state", "attempt_count", "next_try_at", "problem"])


@transaction.atomic
def retry_deliveries(*, delivery_ids: Sequence[int], at: datetime) -> int:
    """Put failed deliveries back in line at once; return how many.

    :raises NotFailed: when one of them has not failed; then none is put back.
    """
    rows = Delivery.objects.failed().filter(pk__in=delivery_ids).order_by("pk").select_for_update()
    found = [row.pk for row in rows]
    if missing := sorted(set(delivery_ids) - set(found)):
        raise NotFailed("These deliveries have not failed: %(ids)s.", ids=", ".join(map(str, missing)))
    return Delivery.objects.filter(pk__in=found).update(state=DeliveryState.PENDING, attempt_count=0, next_try_at=at)


def listen_for_facts() -> None:
    """Let this connection be told of facts from now on: before a look at what is due, so that none slips in between.

    Listening again is no error: a connection that was made anew does not know that it should.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"listen {WAKE_CHANNEL}")


def wait_for_facts(*, timeout: timedelta) -> None:
    """Sleep until a fact is announced or ``timeout`` is over; for a worker with nothing to do.

    What was announced since ``listen_for_facts`` wakes it at once, however often: one look at what is due follows.
    """
    listen_for_facts()
    raw: Any = connection.connection
    for _ in raw.notifies(timeout=timeout.total_seconds(), stop_after=1):
        pass
