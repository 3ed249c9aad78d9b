"""What waits and will not be sent any more: because its time is over, or because its notice was cancelled."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from shouwen.loop.messages.choices import MessageState, Problem
from shouwen.loop.messages.models import Message
from shouwen.loop.messages.services.recipients import failed_fact
from shouwen.platform.outbox.services import announce

TOLD_OF = "notice__template_version__template"


@transaction.atomic
def settle_expired(*, at: datetime, limit: int = 5000) -> int:
    """Settle up to ``limit`` messages whose time is over as failed, by whatever they waited for (a carrier that is away, a worker); return
    how many. ``MessageFailed`` is announced of each.

    What a worker is sending at this moment is left to it; of a cancelled notice nothing expires. Any number of workers may.
    """
    rows = Message.objects.expired(at).select_related("notice").only("notice", "notice__cancelled_at").order_by("not_after", "pk")
    over = list(rows.select_for_update(of=("self",), skip_locked=True)[:limit])
    cancelled = {row.pk for row in over if row.notice.cancelled_at is not None}
    cancel(message_ids=cancelled, at=at)
    expire(message_ids={row.pk for row in over} - cancelled, at=at)
    return len(over) - len(cancelled)


def expire(*, message_ids: Collection[int], at: datetime) -> None:
    """Settle locked messages as too late to be sent, and announce it of each: three statements. Not a verb: the verbs call it."""
    if not message_ids:
        return
    rows = Message.objects.filter(pk__in=message_ids)
    told_of = rows.select_related(TOLD_OF).only("customer", "notice__about_kind", "notice__about_id", f"{TOLD_OF}__key")
    facts = [failed_fact(row.notice, row.pk, row.customer_id, Problem.EXPIRED, at) for row in told_of.order_by("pk")]
    rows.update(state=MessageState.FAILED, problem=Problem.EXPIRED, settled_at=at, leased_until=None)
    announce(*facts)


def cancel(*, message_ids: Collection[int], at: datetime) -> None:
    """Settle locked messages of a cancelled notice. Not a verb: the verbs call it."""
    if message_ids:
        Message.objects.filter(pk__in=message_ids).update(state=MessageState.CANCELLED, settled_at=at, leased_until=None)
