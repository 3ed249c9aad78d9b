"""The small company of the work orders, with its texts, a customer, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from shouwen.loop.messages.gateways.fake import FakeCarrier
from shouwen.loop.messages.services import load_templates
from shouwen.loop.messages.tests.factories import LONG_AGO, customer, sent_at
from shouwen.loop.satisfaction import services
from shouwen.loop.satisfaction.models import Survey
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.tests.factories import Company, lamp_out, resolved, small_company, words
from shouwen.platform.outbox.models import Delivery
from shouwen.platform.outbox.services import deliver_due
from shouwen.platform.people.models import Staff
from shouwen.platform.people.tests.factories import StaffFactory
from shouwen.records.customers.models import Customer

NO_CALL = {"needed": False, "why": words("No.")}
LINK_PREFIX = "http://localhost:8000/survey/"


@dataclass(frozen=True)
class Scene:
    """A company that asks, and a customer who may answer."""

    company: Company
    asker: Staff
    customer: Customer


def scene(*, norm: dict[str, Any] | None = None, **details: Any) -> Scene:
    """Return the small company whose norm wants a call-back unless ``norm`` changes it; ``details`` are the customer's."""
    company = small_company(norm=lamp_out(**(norm or {})))
    asker = StaffFactory(staff_no="satisfaction", is_automatic=True, home_unit=company.centre, name="Satisfaction")
    load_templates(folder=Path(settings.HANDBOOK_DIR) / "templates", actor_id=asker.pk, at=LONG_AGO)
    return Scene(company, asker, customer(**details))


def by_link(**details: Any) -> Scene:
    """Return a company whose norm wants no call-back but a survey."""
    return scene(norm={"call_back": NO_CALL}, **details)


def ready(stage: Scene) -> WorkOrder:
    """Return a matter of the customer that was mended after 60 minutes."""
    return resolved(stage.company, customer_id=stage.customer.pk, subject="路灯不亮")


def fresh(order: WorkOrder) -> WorkOrder:
    return WorkOrder.objects.get(pk=order.pk)


def heard(at: datetime) -> None:
    """Let every hearer hear what has happened until ``at``, and be sure that none failed."""
    while deliver_due(at=at).total:
        pass
    assert list(Delivery.objects.exclude(state="HEARD").filter(next_try_at__lte=at).values_list("hearer", "problem")) == []


def texts_at(at: datetime) -> list[str]:
    """Hear, send what is due, and return the text messages that went out."""
    return [parcel.text.body for parcel in _carrier(at).parcels]


def _carrier(at: datetime) -> FakeCarrier:
    heard(at)
    return sent_at(at)["sms"]


def token_in(text: str) -> str:
    """Return the token of the link in a text message."""
    return text.split(LINK_PREFIX)[1][:24]


def asked(stage: Scene, order: WorkOrder, *, at: datetime) -> str:
    """Send the customer their link and return its token."""
    services.ask_by_link(work_order_id=order.pk, actor_id=stage.asker.pk, at=at)
    (text,) = [text for text in texts_at(at) if LINK_PREFIX in text]
    return token_in(text)


def only_survey() -> Survey:
    return Survey.objects.get()
