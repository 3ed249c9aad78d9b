"""A small company that contacts reach: the one of the work orders, with a gateway that receives and agents who may own."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from shouwen.loop.contact import services
from shouwen.loop.contact.models import Envelope
from shouwen.loop.workorders.tests.factories import NOON, Company

MAIL, FORM, NOTE = "message/rfc822", "application/json", "text/plain"


def received(
    company: Company,
    content: bytes | str | dict[str, Any],
    *,
    media_type: str = FORM,
    channel: str = "web",
    source: str = "web form",
    key: str | None = None,
    at: datetime = NOON,
) -> Envelope:
    """Return the envelope of what the gateway received; a dict is a form."""
    body = json.dumps(content) if isinstance(content, dict) else content
    card = services.receive_envelope(
        source=source,
        channel=channel,
        content=body.encode() if isinstance(body, str) else body,
        media_type=media_type,
        idempotency_key=key,
        received_at=at,
        actor_id=company.gateway.pk,
    )
    return Envelope.objects.get(pk=card.id)


def parsed(company: Company, *envelopes: Envelope, at: datetime = NOON) -> services.ParseCount:
    """Parse envelopes and read their rows again."""
    count = services.parse_envelopes(envelope_ids=[one.pk for one in envelopes], actor_id=company.gateway.pk, at=at)
    for envelope in envelopes:
        envelope.refresh_from_db()
    return count


LAMP = {"text": "路灯不亮", "norm": "lamp_out"}


def mail(body: str = "The lamp is out.", *, charset: str = "utf-8", **headers: str) -> bytes:
    """Return a plain mail with these headers; an underscore stands for a hyphen, None leaves one out."""
    said: dict[str, str] = {"From": "zhang@example.com", "To": "service@localhost", "Subject": "Lamp", "Message-ID": "<1@x>"}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in said.items() if value]
    lines += [f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: 8bit", ""]
    return "\r\n".join(lines).encode() + b"\r\n" + body.encode(charset)
