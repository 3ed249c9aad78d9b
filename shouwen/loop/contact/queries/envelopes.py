"""What could not be understood, and one envelope. Its content is for those who settle it; the others see a masked summary."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouwen.kernel.errors import BadInput, NotAllowed, NotFound
from shouwen.loop.contact.models import Envelope, Interaction
from shouwen.loop.contact.permissions import may_read, may_settle, must_settle
from shouwen.loop.workorders.queries.lists import visible
from shouwen.platform.people.rules import Viewer
from shouwen.records.customers.rules.masks import mask_email, mask_phone

PAGE_LIMIT = 200
BURIED_COLUMNS = ("id", "source", "channel", "media_type", "received_at", "trouble", "trouble_details", "line_no")


@dataclass(frozen=True, slots=True)
class BuriedCard:
    """One envelope that waits for an agent."""

    id: int
    source: str
    channel: str
    media_type: str
    received_at: datetime
    trouble: str
    details: dict[str, Any]
    line_no: int | None


@dataclass(frozen=True, slots=True)
class BuriedPage:
    """A page; ``next_after`` asks for the next one, None at the end."""

    cards: tuple[BuriedCard, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class EnvelopeDetail:
    """One envelope. ``content`` and ``corrections`` are None for whoever does not settle envelopes; ``sender`` is masked for them."""

    id: int
    source: str
    channel: str
    media_type: str
    received_at: datetime
    line_no: int | None
    state: str
    trouble: str
    details: dict[str, Any]
    discard_reason: str
    size_bytes: int
    sender: str
    work_order_id: int | None
    content: bytes | None
    corrections: dict[str, str] | None


def list_buried(*, viewer: Viewer, trouble: str | None = None, after: int = 0, limit: int = 50) -> BuriedPage:
    """Return what could not be understood, the oldest first.

    :raises NotAllowed: unless the viewer may settle envelopes.
    :raises BadInput: when ``limit`` is out of range.
    """
    must_settle(viewer)
    if not 1 <= limit <= PAGE_LIMIT:
        raise BadInput("limit", f"{limit} is out of range", f"ask for 1 to {PAGE_LIMIT}")
    rows = Envelope.objects.buried().filter(pk__gt=after)
    if trouble is not None:
        rows = rows.filter(trouble=trouble)
    found = [BuriedCard(*row) for row in rows.order_by("id").values_list(*BURIED_COLUMNS)[: limit + 1]]
    cards = tuple(found[:limit])
    return BuriedPage(cards, cards[-1].id if len(found) > limit else None)


def get_envelope(*, envelope_id: int, viewer: Viewer) -> EnvelopeDetail:
    """Return one envelope as ``viewer`` may see it.

    :raises NotAllowed: unless the viewer's work is with customers.
    :raises NotFound: when there is none, or it belongs to a matter that they may not know of.
    """
    if not may_read(viewer):
        raise NotAllowed
    envelope = Envelope.objects.filter(pk=envelope_id).first()
    if envelope is None:
        raise NotFound
    row = Interaction.objects.filter(envelope=envelope).first()
    if row is not None and row.work_order_id and not visible(viewer).filter(pk=row.work_order_id).exists():
        raise NotFound
    return _detail(envelope, row, is_clear=may_settle(viewer))


def _detail(envelope: Envelope, row: Interaction | None, *, is_clear: bool) -> EnvelopeDetail:
    sender = row.sender if row else ""
    return EnvelopeDetail(
        id=envelope.pk,
        source=envelope.source,
        channel=envelope.channel,
        media_type=envelope.media_type,
        received_at=envelope.received_at,
        line_no=envelope.line_no,
        state=envelope.state,
        trouble=envelope.trouble,
        details=envelope.trouble_details,
        discard_reason=envelope.discard_reason,
        size_bytes=len(envelope.raw),
        sender=sender if is_clear else masked_sender(sender),
        work_order_id=row.work_order_id if row else None,
        content=envelope.content if is_clear else None,
        corrections=json.loads(envelope.corrections or "{}") if is_clear else None,
    )


def masked_sender(sender: str) -> str:
    """Return who wrote so that one knows it again and cannot read it."""
    return mask_email(sender) if "@" in sender else mask_phone(sender)
