"""What was told to whom, by which way, and whether it arrived; the evidence of a notice. Addresses are masked, secrets hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Min, Q

from shouwen.kernel.errors import NotFound
from shouwen.loop.messages import permissions
from shouwen.loop.messages.choices import MessageState, Outcome
from shouwen.loop.messages.models import Attempt, Message, Notice
from shouwen.loop.messages.queries.filled import filled_text, language_for
from shouwen.loop.messages.rules.texts import Text
from shouwen.loop.messages.rules.threads import About
from shouwen.platform.people.rules import Viewer


@dataclass(frozen=True, slots=True)
class MessageCard:
    """One message in one line."""

    id: int
    template: str
    customer_id: int | None
    staff_id: int | None
    channel: str
    state: str
    problem: str
    try_count: int
    not_before: datetime
    sent_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptCard:
    """One try whose outcome is known."""

    number: int
    channel: str
    outcome: str
    problem: str
    gateway: str
    at: datetime


CARD = (
    "id",
    "notice__template_version__template__key",
    "customer_id",
    "staff_id",
    "channel",
    "state",
    "problem",
    "try_count",
    "not_before",
    "sent_at",
    "settled_at",
)


def list_messages(*, about: About, viewer: Viewer, limit: int = 50, after_id: int = 0) -> list[MessageCard]:
    """Return what was told about one case, oldest first. The caller has made sure that the viewer may see the case.

    :raises NotFound: when their work does not need it.
    """
    permissions.must_see(viewer)
    rows = Message.objects.about(kind=about.kind, id=about.id).filter(pk__gt=after_id).order_by("pk")
    return [MessageCard(*row) for row in rows.values_list(*CARD)[:limit]]


def list_messages_to_customer(*, customer_id: int, viewer: Viewer, limit: int = 50) -> list[MessageCard]:
    """Return what one customer was told last, newest first.

    :raises NotFound: when the viewer's work does not need it.
    """
    permissions.must_see(viewer)
    rows = Message.objects.filter(customer_id=customer_id).order_by("-pk")
    return [MessageCard(*row) for row in rows.values_list(*CARD)[:limit]]


def list_attempts(*, message_id: int, viewer: Viewer) -> list[AttemptCard]:
    """Return the tries of one message in order.

    :raises NotFound: when the viewer's work does not need it.
    """
    permissions.must_see(viewer)
    rows = Attempt.objects.filter(message_id=message_id).order_by("number")
    return [AttemptCard(*row) for row in rows.values_list("number", "channel", "outcome", "problem", "gateway", "at")]


def message_text(*, message_id: int, viewer: Viewer) -> Text:
    """Return what a message says, with every secret (the link of a survey) hidden.

    :raises NotFound: when there is none, or the viewer's work does not need it.
    """
    permissions.must_see(viewer)
    row = Message.objects.select_related("notice__template_version", "customer__preference").filter(pk=message_id).first()
    if row is None or not row.channel:
        raise NotFound
    return filled_text(message=row, language=language_for(row), reveal_secrets=False)


@dataclass(frozen=True, slots=True)
class NoticeProof:
    """Evidence that a notice was given: how many recipients stand where, and when the first and the last was told."""

    by_state: dict[str, int]
    first_sent_at: datetime | None
    last_sent_at: datetime | None


def notice_proof(*, about: About, template: str, viewer: Viewer) -> NoticeProof:
    """Return how far the notices of one template about one case have come.

    :raises NotFound: when the viewer's work does not need it.
    """
    permissions.must_see(viewer)
    rows = Message.objects.about(kind=about.kind, id=about.id).filter(notice__template_version__template__key=template)
    counted = dict(rows.values_list("state").annotate(count=Count("id")).order_by("state"))
    span = rows.aggregate(first=Min("sent_at"), last=Max("sent_at"))
    return NoticeProof(counted, span["first"], span["last"])


def has_notice(*, idempotency_key: str) -> bool:
    """Return whether this notice was queued already."""
    return Notice.objects.filter(idempotency_key=idempotency_key).exists()


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far the sending is behind, for ``doctor``."""

    due: int
    oldest_due_at: datetime | None
    waiting: int
    failed: int


def backlog(*, at: datetime) -> Backlog:
    """Return what is due but not sent, what waits for its hour, and what has failed for good."""
    due = Message.objects.due(at).aggregate(count=Count("id"), oldest=Min("not_before"))
    states = Message.objects.aggregate(
        queued=Count("id", filter=Q(state=MessageState.QUEUED)), failed=Count("id", filter=Q(state=MessageState.FAILED))
    )
    return Backlog(due["count"], due["oldest"], states["queued"] - due["count"], states["failed"])


def overlong_templates(*, since: datetime) -> Sequence[tuple[str, int]]:
    """Return the templates whose filled text messages took more parts than they should, with how often: for who keeps them."""
    rows = Attempt.objects.filter(
        outcome=Outcome.SENT, at__gte=since, part_count__gt=F("message__notice__template_version__max_sms_parts")
    )
    key = "message__notice__template_version__template__key"
    return list(rows.values_list(key).annotate(count=Count("id")).order_by("-count", key))
