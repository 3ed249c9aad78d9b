"""Subscriptions and their deliveries, without the secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.faces.api.models import WebhookDelivery, WebhookSubscription
from shouwen.faces.api.permissions import must_operate
from shouwen.kernel.errors import NotFound
from shouwen.platform.people.rules import Viewer

SUBSCRIPTION_COLUMNS = ("id", "staff_id", "name", "url", "kinds", "position", "subscribed_at", "cancelled_at", "next_try_at")
DELIVERY_COLUMNS = (
    "id",
    "subscription_id",
    "fact_id",
    "fact__kind",
    "fact__case_kind",
    "fact__case_id",
    "fact__at",
    "state",
    "attempt_count",
    "replay_count",
    "sent_at",
    "problem",
)


@dataclass(frozen=True, slots=True)
class SubscriptionCard:
    """One subscription; ``position`` is the last fact that was looked at for it."""

    id: int
    staff_id: int
    name: str
    url: str
    kinds: list[str]
    position: int
    subscribed_at: datetime
    cancelled_at: datetime | None
    next_try_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookDeliveryCard:
    """One fact on its way to one subscriber."""

    id: int
    subscription_id: int
    fact_id: int
    kind: str
    case_kind: str
    case_id: int
    happened_at: datetime
    state: str
    attempt_count: int
    replay_count: int
    sent_at: datetime | None
    problem: str


def list_subscriptions(*, viewer: Viewer, after_id: int = 0, limit: int = 50) -> list[SubscriptionCard]:
    """Return subscriptions, the oldest first.

    :raises NotAllowed: unless the viewer runs the system.
    """
    must_operate(viewer)
    rows = WebhookSubscription.objects.filter(pk__gt=after_id).order_by("pk")
    return [SubscriptionCard(*row) for row in rows.values_list(*SUBSCRIPTION_COLUMNS)[:limit]]


def get_subscription(*, subscription_id: int, viewer: Viewer) -> SubscriptionCard:
    """Return one subscription.

    :raises NotAllowed: unless the viewer runs the system.
    :raises NotFound: when there is none.
    """
    must_operate(viewer)
    row = WebhookSubscription.objects.filter(pk=subscription_id).values_list(*SUBSCRIPTION_COLUMNS).first()
    if row is None:
        raise NotFound
    return SubscriptionCard(*row)


def list_webhook_deliveries(
    *, subscription_id: int, viewer: Viewer, state: str | None = None, after_id: int = 0, limit: int = 50
) -> list[WebhookDeliveryCard]:
    """Return deliveries of one subscription, in the order in which they were put in line; ``state`` DEAD: what was given up.

    :raises NotAllowed: unless the viewer runs the system.
    :raises NotFound: when there is no such subscription.
    """
    get_subscription(subscription_id=subscription_id, viewer=viewer)
    rows = WebhookDelivery.objects.filter(subscription_id=subscription_id, pk__gt=after_id)
    if state is not None:
        rows = rows.filter(state=state)
    return [WebhookDeliveryCard(*row) for row in rows.order_by("pk").values_list(*DELIVERY_COLUMNS)[:limit]]
