"""Webhook subscriptions: made, cancelled, replayed. What follows the facts and records what became of them is in ``delivering``."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F

from shouwen.faces.api import rules
from shouwen.faces.api.choices import WebhookState
from shouwen.faces.api.models import WebhookDelivery, WebhookSubscription
from shouwen.faces.api.permissions import must_operate
from shouwen.kernel.errors import NotFound, Refusal
from shouwen.platform.outbox.hearing import all_kinds
from shouwen.platform.outbox.queries import id_before, last_fact_id
from shouwen.platform.people.queries import get_viewer

SECRET_MARK, SECRET_BYTES = "whsec_", 32


class CannotSubscribe(Refusal):
    """Nothing can be sent there, or of that."""


class CannotReplay(Refusal):
    """This cannot be sent once more."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A new subscription. ``secret`` is shown once: it is kept sealed."""

    id: int
    secret: str


def may_go_inside() -> bool:
    """Return whether webhooks may go to addresses of the company's own network, by plain HTTP too: for tests and closed networks."""
    return bool(settings.WEBHOOKS_MAY_GO_INSIDE)


@transaction.atomic
def subscribe(*, name: str, url: str, kinds: Sequence[str], actor_id: int, at: datetime) -> Subscribed:
    """Have facts of ``kinds`` (empty: all) sent to ``url`` from now on.

    :raises NotAllowed: unless the actor runs the system: facts of every matter go there.
    :raises CannotSubscribe: when nothing may be sent to that address, or a kind is unknown.
    """
    must_operate(get_viewer(staff_id=actor_id, at=at))
    if problem := rules.problem_with_url(url, may_go_inside=may_go_inside()):
        raise CannotSubscribe("Nothing can be sent to this address: %(problem)s.", problem=problem)
    if unknown := sorted(set(kinds) - set(all_kinds())):
        raise CannotSubscribe("There is no fact %(kind)s.", kind=unknown[0])
    secret = SECRET_MARK + secrets.token_urlsafe(SECRET_BYTES)
    row = WebhookSubscription.objects.create(
        staff_id=actor_id,
        name=name,
        url=url,
        kinds=sorted(set(kinds)),
        secret=secret,
        position=last_fact_id(),
        subscribed_at=at,
        next_try_at=at,
    )
    return Subscribed(row.pk, secret)


@transaction.atomic
def cancel_subscription(*, subscription_id: int, actor_id: int, at: datetime) -> None:
    """Send nothing more there. What was sent stays on record; cancelling twice is no error.

    :raises NotAllowed: unless the actor runs the system.
    :raises NotFound: when there is no such subscription.
    """
    must_operate(get_viewer(staff_id=actor_id, at=at))
    row = _locked(subscription_id)
    if row.cancelled_at is None:
        row.cancelled_at = at
        row.save(update_fields=["cancelled_at"])


@transaction.atomic
def replay_since(*, subscription_id: int, since: datetime, actor_id: int, at: datetime) -> int:
    """Send everything that happened since an instant once more, in order, also what was given up; return the id after which it begins.

    :raises NotAllowed: unless the actor runs the system.
    :raises NotFound: when there is no such subscription.
    :raises CannotReplay: when it is cancelled.
    """
    must_operate(get_viewer(staff_id=actor_id, at=at))
    row = _active(subscription_id)
    row.position = min(row.position, id_before(since=since, kinds=kinds_of(row)))
    row.next_try_at = at
    row.save(update_fields=["position", "next_try_at"])
    return row.position


@transaction.atomic
def replay_delivery(*, delivery_id: int, actor_id: int, at: datetime) -> None:
    """Send one fact once more, under the same delivery id.

    :raises NotAllowed: unless the actor runs the system.
    :raises NotFound: when there is no such delivery.
    :raises CannotReplay: when it is on its way already, or its subscription is cancelled.
    """
    must_operate(get_viewer(staff_id=actor_id, at=at))
    subscription_id = WebhookDelivery.objects.filter(pk=delivery_id).values_list("subscription_id", flat=True).first()
    row = _active(subscription_id or 0)
    again = WebhookDelivery.objects.filter(pk=delivery_id).exclude(state=WebhookState.PENDING)
    if not again.update(state=WebhookState.PENDING, attempt_count=0, replay_count=F("replay_count") + 1):
        raise CannotReplay("This delivery is on its way already.")
    row.next_try_at = at
    row.save(update_fields=["next_try_at"])


def kinds_of(row: WebhookSubscription) -> tuple[str, ...]:
    return tuple(row.kinds or sorted(all_kinds()))


def _active(subscription_id: int) -> WebhookSubscription:
    row = _locked(subscription_id)
    if row.cancelled_at is not None:
        raise CannotReplay("This subscription is cancelled.")
    return row


def _locked(subscription_id: int) -> WebhookSubscription:
    row = WebhookSubscription.objects.select_for_update().filter(pk=subscription_id).first()
    if row is None:
        raise NotFound
    return row
