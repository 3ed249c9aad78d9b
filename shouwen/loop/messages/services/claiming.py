"""Taking due messages into one's hands: under a lease, so that a worker that dies keeps nothing for ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from shouwen.loop.messages.choices import MessageState
from shouwen.loop.messages.models import Message
from shouwen.loop.messages.queries.reach import company_quiet_hours
from shouwen.loop.messages.rules.parcels import Claim
from shouwen.loop.messages.rules.ways import QuietHours, rate_over_at
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.queries import value
from shouwen.platform.policies.rules import PolicyRef

LEASE = timedelta(minutes=10)
DAILY_LIMIT = PolicyRef(key="message.daily_limit", default=Decimal(10), unit=Unit.COUNT, requirement="A7")
HEAVY = ("notice__fields", "own_fields", "address", "contact_point__value")  # sealed, and not needed to decide


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one call took, and how many due messages it put off instead."""

    claims: tuple[Claim, ...]
    put_off_count: int


@transaction.atomic
def claim_due(*, channels: Collection[str], at: datetime, limit: int = 20) -> Claimed:
    """Take up to ``limit`` due messages of these channels for ten minutes, urgent ones first. Any number of workers may ask at once.

    What is due in quiet hours after all (a worker was down), or would be one message too many for its customer in 24 hours
    (policy ``message.daily_limit``), is put off; what belongs to a cancelled notice is cancelled. Urgent ones pass both.
    """
    rows = _lock_due(channels, at, limit)
    cancelled = [row for row in rows if row.notice.cancelled_at is not None]
    wanted = [row for row in rows if row.notice.cancelled_at is None]
    waits = _put_off(wanted, at)
    taken = [row for row in wanted if row.pk not in waits]
    Message.objects.filter(pk__in=[row.pk for row in cancelled]).update(
        state=MessageState.CANCELLED, settled_at=at, leased_until=None
    )
    Message.objects.filter(pk__in=[row.pk for row in taken]).update(
        leased_until=at + LEASE, try_count=F("try_count") + 1, way_try_count=F("way_try_count") + 1
    )
    claims = tuple(Claim(row.pk, row.try_count + 1, row.channel, row.contact_point_id) for row in taken)
    return Claimed(claims, len(waits) + len(cancelled))


def _lock_due(channels: Collection[str], at: datetime, limit: int) -> list[Message]:
    rows: list[Message] = []
    for is_urgent in (True, False):
        due = Message.objects.due(at).filter(is_urgent=is_urgent, channel__in=channels).defer(*HEAVY)
        due = due.select_related("notice", "contact_point")
        locked = due.select_for_update(of=("self",), skip_locked=True).order_by("not_before", "pk")
        rows += locked[: limit - len(rows)]
    return rows


def _put_off(rows: Sequence[Message], at: datetime) -> dict[int, datetime]:
    """Put off what must wait; return until when each of these waits."""
    calm = [row for row in rows if not row.is_urgent]
    company, sent = company_quiet_hours(at=at), _sent_lately(calm, at)
    limit = int(value(policy=DAILY_LIMIT, at=at))
    waits: dict[int, datetime] = {}
    for row in calm:
        until = (_own_quiet(row) or company).over_at(at)
        if row.customer_id is not None:
            until = max(until, rate_over_at(sent_at=sent[row.customer_id], limit=limit, at=at))
        if until > at:
            waits[row.pk] = until
            Message.objects.filter(pk=row.pk).update(not_before=until, leased_until=None)
        elif row.customer_id is not None:
            sent[row.customer_id].append(at)
    return waits


def _own_quiet(row: Message) -> QuietHours | None:
    point = row.contact_point
    if point is None or point.quiet_from is None or point.quiet_until is None:
        return None
    return QuietHours(point.quiet_from, point.quiet_until)


def _sent_lately(rows: Sequence[Message], at: datetime) -> defaultdict[int, list[datetime]]:
    sent: defaultdict[int, list[datetime]] = defaultdict(list)
    customer_ids = {row.customer_id for row in rows if row.customer_id is not None}
    lately = Message.objects.filter(customer_id__in=customer_ids, sent_at__gt=at - timedelta(days=1))
    for customer_id, sent_at in lately.values_list("customer_id", "sent_at"):
        if customer_id is not None and sent_at is not None:
            sent[customer_id].append(sent_at)
    return sent


@transaction.atomic
def release_claims(*, claims: Sequence[Claim]) -> int:
    """Give back messages that were not tried after all; return how many. A lease that has run out and was taken by another stays."""
    return sum(
        Message.objects.filter(pk=claim.message_id, try_count=claim.number, state=MessageState.QUEUED).update(
            leased_until=None, try_count=F("try_count") - 1, way_try_count=F("way_try_count") - 1
        )
        for claim in claims
    )
