"""A customer who can be reached, two small texts, and the carriers of a test. Usable by upper flats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from shouwen.loop.messages import services, tasks
from shouwen.loop.messages.choices import Channel
from shouwen.loop.messages.gateways.fake import FakeCarrier
from shouwen.loop.messages.models import Message
from shouwen.loop.messages.rules.texts import FieldValue
from shouwen.loop.messages.rules.threads import About
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Staff
from shouwen.platform.people.tests.factories import staff_with_role
from shouwen.records.customers.choices import ContactKind, CustomerKind
from shouwen.records.customers.models import ContactPoint, Customer, Preference

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)  # Wednesday, twelve o'clock in Shanghai
LATE = datetime(2026, 5, 6, 15, tzinfo=UTC)  # eleven in the evening
MORNING = datetime(2026, 5, 7, 0, tzinfo=UTC)  # the next day, eight in the morning
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ABOUT = About("work_order", 17)
PHONE, MAILBOX = "+8613800138000", "li.na@example.cn"


def text_entry(key: str = "lamp_back", **changes: Any) -> dict[str, Any]:
    """Return a small text as the handbook writes it, with ``changes``."""
    entry: dict[str, Any] = {
        "key": key,
        "purpose": {"zh": "灯修好了。", "en": "The lamp is mended."},
        "urgent": False,
        "channels": {
            "sms": {"zh": "【{company}】{customer}，{lamp}已修好。", "en": "{company}: {customer}, {lamp} is mended."},
            "email": {
                "subject": {"zh": "{lamp}已修好", "en": "{lamp} is mended"},
                "body": {
                    "zh": "{customer}，您好：\n{lamp}已修好。\n{company}",
                    "en": "Dear {customer},\n{lamp} is mended.\n{company}",
                },
            },
        },
        "fields": ["company", "customer", "lamp"],
    }
    return entry | changes


def editor() -> Staff:
    """Return who keeps the texts to customers."""
    return staff_with_role(RoleCode.KNOWLEDGE_EDITOR, name="Editor")


def approved(key: str = "lamp_back", **changes: Any) -> None:
    """Approve a small text."""
    services.approve_template(entry=text_entry(key, **changes), actor_id=editor().pk, at=LONG_AGO)


def customer(number: str = "C1", *, name: str = "李娜", mobile: str = PHONE, email: str = "", **preference: Any) -> Customer:
    """Return a customer with the contact points named, and a preference when there is one."""
    row = Customer.objects.create(number=number, kind=CustomerKind.PERSON, name=name, registered_at=LONG_AGO)
    if mobile:
        contact(row, ContactKind.MOBILE, mobile)
    if email:
        contact(row, ContactKind.EMAIL, email)
    if preference:
        Preference.objects.create(customer=row, **preference)
    return row


def contact(owner: Customer, kind: str, address: str, *, quiet: tuple[time, time] | None = None, **details: Any) -> ContactPoint:
    since, until = quiet or (None, None)
    return ContactPoint.objects.create(
        customer=owner, kind=kind, value=address, whole_blind=1, quiet_from=since, quiet_until=until, **details
    )


def queued(*owners: Customer, key: str = "k1", template: str = "lamp_back", at: datetime = NOON, **asked: Any) -> services.Queued:
    """Queue the small text about matter 17."""
    fields: Mapping[str, FieldValue] = {"lamp": "路灯"}
    return services.queue_notice(
        **(
            {
                "template": template,
                "about": ABOUT,
                "idempotency_key": key,
                "customer_ids": [owner.pk for owner in owners],
                "fields": fields,
                "actor_id": None,
                "at": at,
            }
            | asked
        )
    )


def only_message() -> Message:
    return Message.objects.get()


def carriers(**answers: Any) -> dict[str, FakeCarrier]:
    """Return a fake carrier for each channel; ``sms=busy`` makes that one answer so."""
    return {channel: FakeCarrier(**({"answer": answers[channel]} if channel in answers else {})) for channel in Channel.values}


def sent_at(at: datetime, **answers: Any) -> dict[str, FakeCarrier]:
    """Let a worker send what is due at ``at`` and return the carriers that it used."""
    used = carriers(**answers)
    tasks.send_due(at=at, carriers=used)
    return used


def told() -> list[str]:
    """Return the kinds of all facts about notices and messages in order."""
    return list(Fact.objects.filter(case_kind__in=["notice", "message"]).order_by("id").values_list("kind", flat=True))
