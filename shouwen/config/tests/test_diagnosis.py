"""What ``shouwen doctor`` finds, each finding planted for real."""

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from shouwen.config.diagnosis import BACKLOG_WARNING, Finding, Level, examine
from shouwen.config.founding import found
from shouwen.platform.audit.services import inspect_journal, seal_journal
from shouwen.platform.outbox.queries import backlog

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
