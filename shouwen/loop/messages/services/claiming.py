"""Taking due messages into one's hands: under a lease, so that a worker that dies keeps nothing for ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import F, Q

from shouwen.loop.messages.choices import MessageState
from shouwen.loop.messages.models import Message
from shouwen.loop.messages.queries.reach import company_quiet_hours
from shouwen.loop.messages.rules.parcels import Claim
from shouwen.loop.messages.rules.ways import QuietHours, rate_over_at
from shouwen.loop.messages.services.expiring import cancel, expire
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
    (policy ``message.daily_limit``), is put off, and expires if that were too late; what belongs to a cancelled notice is cancelled.
    Urgent ones pass both.
    """
    rows = _lock_due(channels, at, limit)
    cancelled = [row for row in rows if row.notice.cancelled_at is not None]
    wanted = [row for row in rows if row.notice.cancelled_at is None]
    waits = _waits(wanted, at)
    _put_off(wanted, waits, at)
    taken = [row for row in wanted if row.pk not in waits]
    cancel(message_ids=[row.pk for row in cancelled], at=at)
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


def _put_off(rows: Sequence[Message], waits: Mapping[int, datetime], at: datetime) -> None:
    """Put off what must wait; what could only go out too late then expires."""
    too_late = {row.pk for row in rows if row.pk in waits and row.is_too_late(waits[row.pk])}
    expire(message_ids=too_late, at=at)
    for until in set(waits.values()):
        message_ids = [pk for pk in waits if waits[pk] == until and pk not in too_late]
        Message.objects.filter(pk__in=message_ids).update(not_before=until, leased_until=None)


def _waits(rows: Sequence[Message], at: datetime) -> dict[int, datetime]:
    """Return until when each of those waits that must."""
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
    if not claims:
        return 0
    still_ours = reduce(or_, (Q(pk=claim.message_id, try_count=claim.number) for claim in claims))
    return Message.objects.filter(still_ours, state=MessageState.QUEUED).update(
        leased_until=None, try_count=F("try_count") - 1, way_try_count=F("way_try_count") - 1
    )
