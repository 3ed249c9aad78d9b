"""One of everything that an endpoint can be asked about, all of it about a matter of Li's that a stranger may not know of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from shouwen.faces.api.choices import WebhookState
from shouwen.faces.api.models import WebhookDelivery
from shouwen.faces.api.services import webhooks
from shouwen.loop.contact.services import receive_envelope
from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import HandOverReason, LinkKind, PromiseKind
from shouwen.loop.workorders.models import Target, WorkOrder
from shouwen.loop.workorders.tests.factories import Company
from shouwen.platform.outbox.models import Delivery, Fact
from shouwen.platform.people.models import Staff
from shouwen.platform.people.tests.factories import StaffFactory, UnitFactory, administrator
from shouwen.platform.policies.models import Policy
from shouwen.records.customers.tests.factories import CustomerFactory
from shouwen.records.norms.models import NormVersion

SECRET = "机密事项"


@dataclass
class World:
    """Ids by the names that addresses use, and people."""

    ids: dict[str, Any]
    stranger: Staff
    manager: Staff
    gateway: Staff
    caller_back: Staff
    wang: Staff
    order: WorkOrder

    def body(self, template: Any) -> Any:
        """Return a body with our ids where it names them in braces."""
        match template:
            case dict():
                return {name: self.body(value) for name, value in template.items()}
            case list():
                return [self.body(value) for value in template]
            case str() if template.startswith("{"):
                return self.ids[template.strip("{}")]
        return template

    def path(self, template: str) -> str:
        """Return an address of the document with our ids in it, below the root of the API."""
        return template.removeprefix("/api/v1").format(**self.ids)


def build(company: Company) -> World:
    """Build it now, since the API has no other time."""
    at, li = timezone.now(), company.li.pk
    first, second = (
        services.open_work_order(norm="lamp_out", channel="phone", subject=SECRET, description=SECRET, actor_id=li, at=at)
        for _ in range(2)
    )
    about = {"work_order_id": first, "actor_id": li, "at": at}
    hand_over = services.hand_over_work_order(to_unit_id=company.crew.pk, reason=HandOverReason.CAPACITY, **about)
    assist = services.ask_assist(unit_id=company.other_crew.pk, question=SECRET, **about)
    promise = services.make_promise(kind=PromiseKind.CALL, due_at=at + timedelta(hours=2), **about)
    link = services.link_work_orders(from_id=first, to_id=second, kind=LinkKind.RELATED, actor_id=li, at=at)
    envelope = receive_envelope(
        source="web", channel="web", content=SECRET.encode(), media_type="text/none", received_at=at, actor_id=company.gateway.pk
    )
    manager = administrator(home_unit=company.centre)
    subscribed = webhooks.subscribe(name="crm", url="https://crm.example.com/hook", kinds=[], actor_id=manager.pk, at=at)
    delivery = WebhookDelivery.objects.create(
        subscription_id=subscribed.id, fact=Fact.objects.first(), state=WebhookState.SENT, sent_at=at
    )
    failed = Delivery.objects.create(fact=Fact.objects.first(), hearer="nobody", state="FAILED", next_try_at=at)
    stranger = StaffFactory(home_unit=UnitFactory(code="ELSEWHERE"), name="Stranger")
    return World(
        ids={
            "work_order_id": first,
            "target_id": Target.objects.filter(work_order=first).first().pk,
            "hand_over_id": hand_over,
            "assist_id": assist,
            "promise_id": promise,
            "link_id": link,
            "envelope_id": envelope.id,
            "customer_id": CustomerFactory(name=SECRET).pk,
            "slug": "lamp_out",
            "version_id": NormVersion.objects.get().pk,
            "policy_id": Policy.objects.first().pk,
            "unit_id": company.centre.pk,
            "staff_id": li,
            "token_id": company.li.tokens.create(
                name="one", prefix="sw_x", digest="x", scopes=["orders:read"], issued_at=at, expires_at=at + timedelta(days=1)
            ).pk,
            "subscription_id": subscribed.id,
            "delivery_id": delivery.pk,
            "failed_id": failed.pk,
            "other_order_id": second,
            "other_unit_id": company.other_crew.pk,
            "other_staff_id": company.chen.pk,
        },
        stranger=stranger,
        manager=manager,
        gateway=company.gateway,
        caller_back=company.chen,
        wang=company.wang,
        order=WorkOrder.objects.get(pk=first),
    )
