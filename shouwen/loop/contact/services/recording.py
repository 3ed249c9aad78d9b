"""Writing down a contact that left no envelope: a conversation, or one that we began (联络记录)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.loop.contact import events
from shouwen.loop.contact.choices import Direction, MatchKind
from shouwen.loop.contact.models import Interaction
from shouwen.loop.contact.permissions import must_read
from shouwen.loop.contact.rules.contacts import SUBJECT_LIMIT, shortened
from shouwen.loop.contact.services.recognising import AGENT_PCT
from shouwen.loop.workorders.queries import get_work_order
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer
from shouwen.records.norms.choices import Channel


class CannotRecord(Refusal):
    """It cannot be written down like this."""


@transaction.atomic
def record_interaction(
    *,
    channel: str,
    direction: Direction,
    happened_at: datetime,
    text: str,
    subject: str = "",
    customer_id: int | None = None,
    work_order_id: int | None = None,
    actor_id: int,
    at: datetime,
) -> int:
    """Write down one contact, of a customer, about a matter, or of somebody unknown, and return its id (A1).

    About a matter its customer is the customer.

    :raises NotAllowed: unless the actor's work is with customers.
    :raises NotFound: when the actor may not know of the matter.
    :raises CannotRecord: by an unknown channel, or when nothing was said.
    """
    viewer = get_viewer(staff_id=actor_id, at=at)
    must_read(viewer)
    _check(channel, subject, text)
    if work_order_id is not None:
        customer_id = get_work_order(work_order_id=work_order_id, viewer=viewer).order.customer_id or customer_id
    row = Interaction.objects.create(
        channel=channel,
        direction=direction,
        happened_at=happened_at,
        recorded_by_id=actor_id,
        customer_id=customer_id,
        match_kind=MatchKind.NONE if customer_id is None else MatchKind.AGENT,
        confidence_pct=None if customer_id is None else AGENT_PCT,
        work_order_id=work_order_id,
        is_attached=work_order_id is not None,
        subject=shortened(subject.strip(), SUBJECT_LIMIT),
        text=text.strip(),
    )
    announce(_recorded(row, actor_id, at))
    return row.pk


def _check(channel: str, subject: str, text: str) -> None:
    if channel not in Channel.values:
        raise CannotRecord("There is no channel %(channel)s.", channel=channel)
    if not text.strip() and not subject.strip():
        raise CannotRecord("Write down what was said.")


def _recorded(row: Interaction, actor_id: int, at: datetime) -> events.InteractionRecorded:
    return events.InteractionRecorded(
        interaction_id=row.pk,
        work_order_id=row.work_order_id,
        customer_id=row.customer_id,
        channel=row.channel,
        direction=row.direction,
        actor_id=actor_id,
        at=at,
    )
