"""Settling what could not be understood: an agent says what it is about, or that there is nothing to do (死信处理)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import NotFound, Refusal
from shouwen.loop.contact import events
from shouwen.loop.contact.choices import EnvelopeState
from shouwen.loop.contact.models import Envelope
from shouwen.loop.contact.permissions import must_settle
from shouwen.loop.contact.rules.contacts import CORRECTABLE, TEXT_LIMIT
from shouwen.loop.contact.services.parsing import settle_one
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer
from shouwen.records.norms.choices import Channel

REASON_LIMIT = 200


class CannotSettle(Refusal):
    """The envelope cannot be repaired or discarded like this."""


@transaction.atomic
def repair_envelope(*, envelope_id: int, corrections: Mapping[str, str], actor_id: int, at: datetime) -> EnvelopeState:
    """Add an agent's corrections to a buried envelope and parse it again; return whether it is understood now or buried still.

    Without corrections it is just tried again: for one that came when nobody was present.

    :raises NotAllowed: unless the actor may settle envelopes.
    :raises NotFound: when there is no such envelope.
    :raises CannotSettle: when it is not buried, or a field cannot be corrected like this.
    """
    must_settle(get_viewer(staff_id=actor_id, at=at))
    envelope = _buried(envelope_id)
    _check(corrections)
    envelope.corrections = json.dumps(json.loads(envelope.corrections or "{}") | dict(corrections), ensure_ascii=False)
    envelope.state, envelope.trouble, envelope.trouble_details, envelope.settled_at = EnvelopeState.RECEIVED, "", {}, None
    envelope.save(update_fields=["corrections", "state", "trouble", "trouble_details", "settled_at"])
    announce(events.EnvelopeRepaired(envelope_id=envelope.pk, fields=tuple(sorted(corrections)), actor_id=actor_id, at=at))
    settle_one(envelope, actor_id, at)
    return EnvelopeState(envelope.state)


@transaction.atomic
def discard_envelope(*, envelope_id: int, reason: str, actor_id: int, at: datetime) -> None:
    """Decide that nothing is to be done about a buried envelope. Its content stays.

    :raises NotAllowed: unless the actor may settle envelopes.
    :raises NotFound: when there is no such envelope.
    :raises CannotSettle: when it is not buried, or without a reason.
    """
    must_settle(get_viewer(staff_id=actor_id, at=at))
    envelope, why = _buried(envelope_id), reason.strip()
    if not 0 < len(why) <= REASON_LIMIT:
        raise CannotSettle("Say in up to %(limit)s letters why nothing is to be done.", limit=REASON_LIMIT)
    envelope.state, envelope.discard_reason, envelope.settled_at = EnvelopeState.DISCARDED, why, at
    envelope.save(update_fields=["state", "discard_reason", "settled_at"])
    announce(events.EnvelopeDiscarded(envelope_id=envelope.pk, actor_id=actor_id, at=at))


def _buried(envelope_id: int) -> Envelope:
    envelope = Envelope.objects.select_for_update().filter(pk=envelope_id).first()
    if envelope is None:
        raise NotFound
    if envelope.state != EnvelopeState.BURIED:
        raise CannotSettle("This envelope is %(state)s; only one that was not understood is settled.", state=envelope.state)
    return envelope


def _check(corrections: Mapping[str, str]) -> None:
    if unknown := sorted(set(corrections) - CORRECTABLE):
        raise CannotSettle("%(field)s cannot be corrected.", field=unknown[0])
    if corrections.get("channel", "") not in ("", *Channel.values):
        raise CannotSettle("There is no channel %(channel)s.", channel=corrections["channel"])
    if any(len(value) > TEXT_LIMIT for value in corrections.values()):
        raise CannotSettle("A correction has up to %(limit)s letters.", limit=TEXT_LIMIT)
