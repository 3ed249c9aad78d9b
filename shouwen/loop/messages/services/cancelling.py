"""Taking a notice back before it has gone out."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import NotFound
from shouwen.loop.messages.choices import MessageState
from shouwen.loop.messages.events import NoticeCancelled
from shouwen.loop.messages.models import Message, Notice
from shouwen.platform.outbox.services import announce


@transaction.atomic
def cancel_notice(*, idempotency_key: str, actor_id: int | None, at: datetime) -> int:
    """Cancel whatever of a notice waits; return how many recipients will not be told. A second time cancels nothing more.

    What a worker is sending at this moment may still go out; if it does not, it is not tried again. Who may take a notice back is
    decided by the verb that asks, as with queueing.

    :raises NotFound: when there is no such notice.
    """
    notice = Notice.objects.select_for_update().filter(idempotency_key=idempotency_key).first()
    if notice is None:
        raise NotFound
    if notice.cancelled_at is None:
        notice.cancelled_at = at
        notice.save(update_fields=["cancelled_at"])
    waiting = Message.objects.waiting(at).filter(notice=notice)
    cancelled = waiting.update(state=MessageState.CANCELLED, settled_at=at, leased_until=None)
    if cancelled:
        announce(
            NoticeCancelled(
                notice_id=notice.pk,
                about_kind=notice.about_kind,
                about_id=notice.about_id,
                message_count=cancelled,
                actor_id=actor_id,
                at=at,
            )
        )
    return cancelled
