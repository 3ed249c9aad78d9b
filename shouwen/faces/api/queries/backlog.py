"""How far each subscriber is behind, for ``doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Coalesce

from shouwen.faces.api.choices import WebhookState
from shouwen.faces.api.models import WebhookSubscription
from shouwen.platform.outbox.hearing import all_kinds
from shouwen.platform.outbox.queries import facts_after

PENDING = Q(deliveries__state=WebhookState.PENDING)


@dataclass(frozen=True, slots=True)
class WebhookBacklog:
    """What one active subscriber has not taken. ``try_count`` is that of the fact which was tried most often and still waits.

    ``oldest_at`` is the oldest fact that was not taken, also of those that no worker has put in line yet.
    """

    subscription_id: int
    name: str
    waiting: int
    given_up: int
    try_count: int
    oldest_at: datetime | None


def webhook_backlogs() -> list[WebhookBacklog]:
    """Return how far every active subscriber is behind, the oldest subscription first."""
    rows = WebhookSubscription.objects.active().annotate(
        waiting=Count("deliveries", filter=PENDING),
        given_up=Count("deliveries", filter=Q(deliveries__state=WebhookState.DEAD)),
        try_count=Coalesce(Max("deliveries__attempt_count", filter=PENDING), 0),
        oldest_at=Min("deliveries__fact__at", filter=PENDING),
    )
    columns = ("pk", "name", "waiting", "given_up", "try_count", "oldest_at", "position", "kinds")
    return [
        WebhookBacklog(pk, name, waiting, given_up, try_count, oldest_at or _next_fact_at(position, kinds))
        for pk, name, waiting, given_up, try_count, oldest_at, position, kinds in rows.order_by("pk").values_list(*columns)
    ]


def _next_fact_at(position: int, kinds: list[str]) -> datetime | None:
    following = facts_after(fact_id=position, kinds=tuple(kinds or all_kinds()), limit=1)
    return next((fact.at for fact in following), None)
