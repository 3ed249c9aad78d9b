"""Following the facts for a subscriber: claimed by one worker, collected in order, and what became of each try written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from shouwen.faces.api import rules
from shouwen.faces.api.choices import WebhookState
from shouwen.faces.api.models import WebhookDelivery, WebhookSubscription
from shouwen.faces.api.services.webhooks import kinds_of
from shouwen.platform.outbox.queries import facts_after

CLAIM = timedelta(minutes=5)  # of a worker that was killed: then another one goes on
COLLECTED_AT_ONCE = 500
PROBLEM_LIMIT = 200

# A fact collected once more by a replay is sent once more; one that is on its way stays so.
_COLLECT = """
insert into api_webhookdelivery (subscription_id, fact_id, state, attempt_count, replay_count, problem)
select %(subscription)s, fact_id, 'PENDING', 0, 0, '' from unnest(%(facts)s::bigint[]) as fact_id
on conflict (subscription_id, fact_id) do update set state = 'PENDING', attempt_count = 0,
    replay_count = api_webhookdelivery.replay_count + 1
    where api_webhookdelivery.state <> 'PENDING'
"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One fact ready to be sent."""

    delivery_id: int
    subscription_id: int
    url: str
    secret: str
    kind: str
    replay_count: int
    body: bytes


def list_due(*, at: datetime) -> list[int]:
    """Return the active subscriptions whose turn it is and that no worker has, the one that was served longest ago first."""
    return list(_due(at).order_by("next_try_at", "pk").values_list("pk", flat=True))


def claim(*, subscription_id: int, at: datetime) -> bool:
    """Take a subscription for this worker; False when another was quicker, also when that one is done with it already."""
    return bool(_due(at).filter(pk=subscription_id).update(claimed_until=at + CLAIM))


def _due(at: datetime) -> QuerySet[WebhookSubscription]:
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=at)
    return WebhookSubscription.objects.active().filter(free, next_try_at__lte=at)


def release(*, subscription_id: int, at: datetime) -> None:
    """Let a subscription go until its next turn, which comes after those who wait already, or after the pause it was put off by."""
    next_try_at = Greatest(F("next_try_at"), at)
    WebhookSubscription.objects.filter(pk=subscription_id).update(claimed_until=None, next_try_at=next_try_at)


@transaction.atomic
def collect(*, subscription_id: int, up_to_id: int) -> int:
    """Put the next facts up to ``up_to_id`` in line for a subscriber and move its position; return how many."""
    row = WebhookSubscription.objects.select_for_update().get(pk=subscription_id)
    after = facts_after(fact_id=row.position, kinds=kinds_of(row), limit=COLLECTED_AT_ONCE)
    facts = [card.id for card in after if card.id <= up_to_id]
    if facts:
        with connection.cursor() as cursor:
            cursor.execute(_COLLECT, {"subscription": row.pk, "facts": facts})
    row.position = facts[-1] if len(facts) == COLLECTED_AT_ONCE else max(row.position, up_to_id)
    row.save(update_fields=["position"])
    return len(facts)


def next_parcel(*, subscription_id: int) -> Parcel | None:
    """Return what is to be sent next: facts go in the order in which they were told."""
    active = WebhookDelivery.objects.filter(subscription_id=subscription_id, subscription__cancelled_at__isnull=True)
    pending = active.filter(state=WebhookState.PENDING)
    row = pending.select_related("subscription", "fact").order_by("fact_id").first()
    if row is None:
        return None
    return Parcel(
        delivery_id=row.pk,
        subscription_id=subscription_id,
        url=row.subscription.url,
        secret=row.subscription.secret,
        kind=row.fact.kind,
        replay_count=row.replay_count,
        body=_body(row),
    )


def _body(row: WebhookDelivery) -> bytes:
    """Return the fact as JSON: ids and codes only, the same bytes at every try."""
    fact = row.fact
    content = {
        "delivery_id": row.pk,
        "fact_id": fact.pk,
        "kind": fact.kind,
        "at": fact.at,
        "actor_id": fact.actor_id,
        "case_kind": fact.case_kind,
        "case_id": fact.case_id,
        "fields": fact.payload,
    }
    return orjson.dumps(content)


def record_sent(*, delivery_id: int, at: datetime) -> None:
    """Write down that the subscriber has taken it."""
    WebhookDelivery.objects.filter(pk=delivery_id).update(
        state=WebhookState.SENT, sent_at=at, attempt_count=F("attempt_count") + 1, problem=""
    )


@transaction.atomic
def record_failure(*, delivery_id: int, problem: str, at: datetime) -> WebhookState:
    """Write down that it was not taken, and put the subscriber off; after the last try it is given up, and the next fact has its turn."""
    row = WebhookDelivery.objects.select_for_update().get(pk=delivery_id)
    row.attempt_count += 1
    row.problem = problem[:PROBLEM_LIMIT]
    pause = rules.pause_after(attempt_count=row.attempt_count)
    if pause is None:
        row.state = WebhookState.DEAD
    else:
        WebhookSubscription.objects.filter(pk=row.subscription_id).update(next_try_at=at + pause)
    row.save(update_fields=["attempt_count", "problem", "state"])
    return WebhookState(row.state)
