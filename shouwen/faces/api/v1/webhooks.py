"""Webhooks: who is told of which facts, what became of each delivery, and sending it once more."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from shouwen.faces.api import queries, services
from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.endpoints import asks, does, makes, tells
from shouwen.faces.api.door.replies import act, as_bytes, done, page, shown, told
from shouwen.faces.api.door.shapes import NO_NUL, AfterId, Body, Code, Instant, Limit, PathId, Shape
from shouwen.faces.api.services.answers import Reply

READ, WRITE = Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE

router = Router(tags=["webhooks"])


class Subscription(Shape):
    id: int
    staff_id: int
    name: str
    url: str
    kinds: list[str]
    position: int
    subscribed_at: datetime
    cancelled_at: datetime | None
    next_try_at: datetime


class Subscriptions(Shape):
    items: list[Subscription]
    next: str | None


class SubscriptionIn(Body):
    """`kinds` empty: every fact."""

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=NO_NUL)]
    url: Annotated[str, Field(min_length=1, max_length=500, pattern=NO_NUL)]
    kinds: Annotated[list[Code], Field(max_length=100)] = []


class SubscribedShape(Shape):
    """`secret` is shown once: with it you check the signature of what we send."""

    id: int
    secret: str


@router.get("/webhooks", **asks(READ, gives=Subscriptions))
def list_subscriptions(request: ApiRequest, after: AfterId = 0, limit: Limit = 50) -> HttpResponse:
    """List subscriptions, the oldest first, without their secrets."""
    rows = queries.list_subscriptions(viewer=request.auth.viewer, after_id=after, limit=limit + 1)
    return page(request, rows[:limit], next_after=rows[limit - 1].id if len(rows) > limit else None)


@router.post("/webhooks", **makes(WRITE, gives=SubscribedShape))
def subscribe(request: ApiRequest, body: SubscriptionIn) -> HttpResponse:
    """Have facts sent to an https address from now on."""
    return act(request, services.subscribe, _subscribed, **body.values())


def _subscribed(one: services.Subscribed) -> Reply:
    return Reply(status=201, body=as_bytes(one), location=f"/api/v1/webhooks/{one.id}")


@router.get("/webhooks/{subscription_id}", **asks(READ, gives=Subscription))
def get_subscription(request: ApiRequest, subscription_id: PathId) -> HttpResponse:
    """Get one subscription."""
    return shown(queries.get_subscription(subscription_id=subscription_id, viewer=request.auth.viewer))


@router.post("/webhooks/{subscription_id}/cancellation", **does(WRITE))
def cancel_subscription(request: ApiRequest, subscription_id: PathId) -> HttpResponse:
    """Send nothing more there."""
    return act(request, services.cancel_subscription, done, subscription_id=subscription_id)


class WebhookDeliveryShape(Shape):
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


class WebhookDeliveries(Shape):
    items: list[WebhookDeliveryShape]
    next: str | None


@router.get("/webhooks/{subscription_id}/deliveries", **asks(READ, gives=WebhookDeliveries))
def list_webhook_deliveries(
    request: ApiRequest,
    subscription_id: PathId,
    state: Annotated[Literal["PENDING", "SENT", "DEAD"] | None, Query()] = None,
    after: AfterId = 0,
    limit: Limit = 50,
) -> HttpResponse:
    """List deliveries in the order in which they were put in line; `state=DEAD`: those that were given up."""
    rows = queries.list_webhook_deliveries(
        subscription_id=subscription_id, viewer=request.auth.viewer, state=state, after_id=after, limit=limit + 1
    )
    return page(request, rows[:limit], next_after=rows[limit - 1].id if len(rows) > limit else None)


class ReplayIn(Body):
    since: Instant


class Replayed(Shape):
    """Everything told after the fact with this id is sent again."""

    after_fact_id: int


@router.post("/webhooks/{subscription_id}/replays", **tells(WRITE, gives=Replayed))
def replay_since(request: ApiRequest, subscription_id: PathId, body: ReplayIn) -> HttpResponse:
    """Send everything that happened since an instant once more, in order."""
    return act(request, services.replay_since, told("after_fact_id"), subscription_id=subscription_id, **body.values())


@router.post("/webhook-deliveries/{delivery_id}/replay", **does(WRITE))
def replay_delivery(request: ApiRequest, delivery_id: PathId) -> HttpResponse:
    """Send one delivery once more, under the same id."""
    return act(request, services.replay_delivery, done, delivery_id=delivery_id)
