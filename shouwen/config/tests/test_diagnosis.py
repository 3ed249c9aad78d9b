"""What ``shouwen doctor`` finds, each finding planted for real."""

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from shouwen.config.diagnosis import BACKLOG_WARNING, ENVELOPE_WARNING, REDATING_WARNING, WEBHOOK_WARNING, Finding, Level, examine
from shouwen.config.founding import found
from shouwen.faces.api.choices import WebhookState
from shouwen.faces.api.models import WebhookDelivery, WebhookSubscription
from shouwen.faces.api.services import delivering, webhooks
from shouwen.loop.contact.tests.factories import received
from shouwen.loop.messages.choices import MessageState
from shouwen.loop.messages.models import Message
from shouwen.loop.messages.tests.factories import approved, customer, queued
from shouwen.loop.workorders.services.redating import begin_redating
from shouwen.loop.workorders.tests.factories import opened, small_company
from shouwen.platform.audit.services import inspect_journal, seal_journal
from shouwen.platform.outbox.queries import backlog, last_fact_id
from shouwen.platform.people.tests.factories import administrator

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)


def findings(at: datetime = NOON) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine(at=at)}


def test_a_house_without_a_company_is_a_fault_that_names_the_command() -> None:
    company = findings()["company"]

    assert (company.level, company.advice) == (Level.FAULT, "run: shouwen setup")


def test_a_founded_house_has_no_fault() -> None:
    found(at=NOON)

    seen = findings()

    assert seen["handbook"].level is Level.OK
    assert seen["handbook"].says.startswith("36 norms")
    assert [finding for finding in seen.values() if finding.level is Level.FAULT and not finding.subject.startswith("disk")] == []


def test_every_warning_and_fault_says_what_to_do() -> None:
    found(at=NOON)

    assert [finding for finding in examine(at=NOON) if finding.level is not Level.OK and not finding.advice] == []


def test_facts_that_nobody_hears_are_late() -> None:
    found(at=NOON)
    waits_since = backlog().oldest_at
    assert waits_since is not None

    assert findings(waits_since)["facts"].level is Level.OK
    late = findings(waits_since + BACKLOG_WARNING + timedelta(seconds=1))["facts"]

    assert late.level is Level.WARNING
    assert "shouwen work" in late.advice


def test_a_mail_server_is_called_up(settings: Any) -> None:
    settings.EMAIL_HOST = "127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_PORT = server.getsockname()[1]
        reached = findings()["mail"]
    closed = findings()["mail"]

    assert (reached.level, closed.level) == (Level.OK, Level.WARNING)
    assert "SHOUWEN_SMTP_HOST" in closed.advice


def test_text_messages_that_reach_nobody_are_told() -> None:
    told = findings()["text messages"]

    assert told.level is Level.WARNING
    assert "SHOUWEN_SMS_CARRIER" in told.says


@pytest.mark.parametrize(
    ("url", "level"), [("http://localhost:8000", Level.WARNING), ("https://service.example", Level.OK)], ids=["here", "public"]
)
def test_links_that_no_customer_can_reach_are_told(settings: Any, url: str, level: Level) -> None:
    settings.PUBLIC_URL = url

    assert findings()["links to customers"].level is level


def test_a_journal_that_an_inspection_found_broken_is_a_fault() -> None:
    found(at=NOON)
    seal_journal(at=NOON)
    inspect_journal(at=NOON)
    assert [finding.level for finding in examine(at=NOON) if finding.subject == "journal"] == [Level.OK, Level.OK]

    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute("delete from outbox_fact where id = (select min(id) from outbox_fact)")
        cursor.execute("set local session_replication_role = origin")
    inspect_journal(at=NOON)

    assert findings()["journal"].level is Level.FAULT


def all_of(subject: str, at: datetime = NOON) -> list[tuple[Level, str]]:
    return [(finding.level, finding.says) for finding in examine(at=at) if finding.subject == subject]


def test_keys_that_are_not_those_of_the_database_are_a_fault(settings: Any) -> None:
    found(at=NOON)
    assert all_of("keys") == [(Level.OK, "2, those of this database")]

    settings.PERSONAL_DATA_KEYS = {1: b"o" * 32}

    assert all_of("keys") == [(Level.FAULT, "not those of this database: SHOUWEN_PERSONAL_DATA_KEY")]


def test_an_envelope_that_nobody_looks_into_for_minutes_is_late() -> None:
    received(small_company(), {"text": "?"}, at=NOON)

    assert findings(NOON + ENVELOPE_WARNING)["contacts"].level is Level.OK
    late = findings(NOON + ENVELOPE_WARNING + timedelta(seconds=1))["contacts"]

    assert (late.level, late.says) == (
        Level.WARNING,
        "1 envelopes wait to be understood, the oldest since 2026-05-06 04:00:00Z",
    )


def test_messages_that_could_not_be_delivered_are_told() -> None:
    approved()
    queued(customer())
    assert [level for level, _ in all_of("messages")] == [Level.OK]

    Message.objects.update(state=MessageState.FAILED, settled_at=NOON)

    assert all_of("messages")[1:] == [(Level.WARNING, "1 could not be delivered by any way")]


@pytest.fixture
def subscription() -> WebhookSubscription:
    """Return a subscription that has one fact before it, put in line."""
    company = small_company()
    actor_id = administrator(home_unit=company.centre).pk
    made = webhooks.subscribe(name="crm", url="https://crm.example.com/", kinds=["WorkOrderOpened"], actor_id=actor_id, at=NOON)
    opened(company)
    delivering.collect(subscription_id=made.id, up_to_id=last_fact_id())
    return WebhookSubscription.objects.get(pk=made.id)


def test_a_webhook_that_is_not_taken_is_late_after_a_while(subscription: WebhookSubscription) -> None:
    late_at = NOON + WEBHOOK_WARNING + timedelta(seconds=1)
    says = "1 wait, tried up to 0 times, 0 given up, not taken since 2026-05-06 04:00:00Z"

    assert all_of("webhook crm", NOON + WEBHOOK_WARNING) == [(Level.OK, says)]
    assert all_of("webhook crm", late_at) == [(Level.WARNING, says)]


def test_a_webhook_that_no_worker_puts_in_line_is_late_too(subscription: WebhookSubscription) -> None:
    WebhookDelivery.objects.all().delete()
    WebhookSubscription.objects.update(position=0)

    says = "0 wait, tried up to 0 times, 0 given up, not taken since 2026-05-06 04:00:00Z"
    assert all_of("webhook crm", NOON + 2 * WEBHOOK_WARNING) == [(Level.WARNING, says)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"attempt_count": 3}, "1 wait, tried up to 3 times, 0 given up, not taken since 2026-05-06 04:00:00Z"),
        ({"state": WebhookState.DEAD, "attempt_count": 12}, "0 wait, tried up to 0 times, 1 given up"),
    ],
    ids=["failing", "given up"],
)
def test_a_webhook_that_fails_is_told_at_once(subscription: WebhookSubscription, change: dict[str, Any], says: str) -> None:
    WebhookDelivery.objects.update(**change)

    assert all_of("webhook crm") == [(Level.WARNING, says)]


def test_a_cancelled_subscription_is_nobody_s_trouble(subscription: WebhookSubscription) -> None:
    WebhookDelivery.objects.update(state=WebhookState.DEAD)
    WebhookSubscription.objects.update(cancelled_at=NOON)

    assert all_of("webhook crm") == []


def test_deadlines_that_are_long_dated_again_are_told() -> None:
    begin_redating(calendar="cn", digest="d" * 64, known_from=NOON, at=NOON)
    subject = "deadlines by calendar cn"

    assert all_of(subject, NOON - timedelta(seconds=1)) == []
    assert [level for level, _ in all_of(subject, NOON + REDATING_WARNING)] == [Level.OK]
    assert [level for level, _ in all_of(subject, NOON + REDATING_WARNING + timedelta(seconds=1))] == [Level.WARNING]
