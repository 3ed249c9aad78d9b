"""Sending a message once more, because somebody who speaks with the customer asks for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.loop.messages import permissions
from shouwen.loop.messages.choices import MessageState, Problem
from shouwen.loop.messages.events import MessageResent
from shouwen.loop.messages.models import Message
from shouwen.loop.messages.services.routing import route_of
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer


class CannotResend(Refusal):
    """The message cannot be sent once more."""


@transaction.atomic
def resend_message(*, message_id: int, actor_id: int, at: datetime) -> None:
    """Queue a message once more under another name, every way open again. The caller has made sure that the actor may see its case.

    :raises NotAllowed: unless they speak with customers.
    :raises NotFound: when there is no such message.
    :raises CannotResend: while it waits to be sent, when its notice was cancelled, what it says is out of date, or there is no way to
        reach the recipient.
    """
    permissions.must_resend(get_viewer(staff_id=actor_id, at=at))
    rows = Message.objects.select_for_update(of=("self",)).select_related("notice__template_version__template", "staff")
    message = rows.filter(pk=message_id).first()
    if message is None:
        raise NotFound
    if message.state == MessageState.QUEUED:
        raise CannotResend("The message waits to be sent already.")
    if message.notice.cancelled_at is not None:
        raise CannotResend("The notice was cancelled.")
    _queue_again(message, at)
    announce(
        MessageResent(
            message_id=message.pk,
            about_kind=message.notice.about_kind,
            about_id=message.notice.about_id,
            customer_id=message.customer_id,
            actor_id=actor_id,
            at=at,
        )
    )


def _queue_again(message: Message, at: datetime) -> None:
    message.failed_contacts = []
    chosen = route_of(message=message, at=at)
    if chosen.problem == Problem.EXPIRED:
        raise CannotResend("What it says is out of date.")
    if chosen.way is None:
        raise CannotResend("There is no way to reach them.")
    message.channel, message.contact_point_id = chosen.way.channel, chosen.way.contact_id or None
    message.state, message.problem, message.settled_at = MessageState.QUEUED, "", None
    message.round, message.way_try_count, message.not_before = message.round + 1, 0, chosen.not_before
    message.save(
        update_fields=[
            *("failed_contacts", "channel", "contact_point", "state", "problem", "settled_at"),
            *("round", "way_try_count", "not_before"),
        ]
    )
