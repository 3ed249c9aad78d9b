"""Receiving (收件): whatever arrives is kept as it is, once, before anybody looks into it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from shouwen.kernel.errors import Refusal
from shouwen.loop.contact import events
from shouwen.loop.contact.choices import EnvelopeState
from shouwen.loop.contact.models import BYTES_AS_TEXT, Envelope
from shouwen.platform.outbox.services import announce
from shouwen.platform.search.queries import keyring
from shouwen.records.norms.choices import Channel

CONTENT_LIMIT_BYTES = 25_000_000
KEY_LIMIT, SOURCE_LIMIT = 160, 80

# An arrival whose source and key are known already adds nothing; one that another transaction is just adding is waited for.
_INSERT = """
insert into contact_envelope (source, key, channel, media_type, raw, digest, mapping_id, line_no, fault, received_at, received_by_id,
    state, trouble, trouble_details, corrections, discard_reason)
select %(source)s, key, %(channel)s, media_type, raw, digest, mapping_id, line_no, fault, received_at, %(received_by)s,
    %(state)s, '', '{}', '', ''
from unnest(%(key)s::text[], %(media_type)s::text[], %(raw)s::bytea[], %(digest)s::text[], %(mapping)s::bigint[], %(line_no)s::bigint[],
    %(fault)s::text[], %(received)s::timestamptz[])
    as arrival(key, media_type, raw, digest, mapping_id, line_no, fault, received_at)
on conflict (source, key) do nothing
returning id, key, digest
"""


class CannotReceive(Refusal):
    """It cannot even be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One thing that arrived. Without a ``key`` of its own its content is its key: the same content twice is the same contact.

    ``received_at`` and ``line_no`` are for those that come together in a file; ``fault`` is what whoever brought it saw at once.
    """

    content: bytes
    media_type: str
    key: str | None = None
    received_at: datetime | None = None
    mapping_id: int | None = None
    line_no: int | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedCard:
    """The envelope of an arrival. ``is_same``: an envelope that was there before holds the same bytes."""

    id: int
    is_new: bool
    is_same: bool = True


def receive_envelope(
    *,
    source: str,
    channel: str,
    content: bytes,
    media_type: str,
    idempotency_key: str | None = None,
    received_at: datetime,
    actor_id: int,
) -> ReceivedCard:
    """Keep one arrival; the same source and key again give the envelope that is there (T7, T8).

    :raises CannotReceive: when the channel is unknown, or a name or the content is too long to be kept.
    """
    arrival = Arrival(content=content, media_type=media_type, key=idempotency_key)
    [card] = receive_envelopes(source=source, channel=channel, arrivals=[arrival], received_at=received_at, actor_id=actor_id)
    return card


@transaction.atomic
def receive_envelopes(
    *, source: str, channel: str, arrivals: Sequence[Arrival], received_at: datetime, actor_id: int
) -> list[ReceivedCard]:
    """Keep many arrivals of one source in one transaction; the cards come in their order.

    :raises CannotReceive: as ``receive_envelope``; then none of them is kept.
    """
    _check(source, channel, arrivals)
    digests = [hashlib.sha256(arrival.content).hexdigest() for arrival in arrivals]
    keys = [arrival.key or f"sha256:{digest}" for arrival, digest in zip(arrivals, digests, strict=True)]
    added = _insert(source, channel, list(zip(keys, digests, arrivals, strict=True)), received_at, actor_id)
    came_at = {key: arrival.received_at or received_at for key, arrival in zip(keys, arrivals, strict=True)}
    announce(*[_received(envelope_id, source, channel, actor_id, came_at[key]) for key, (envelope_id, _) in added.items()])
    kept = added | _already_there(source, [key for key in keys if key not in added])
    return _cards(keys, digests, kept, new=set(added))


def _check(source: str, channel: str, arrivals: Iterable[Arrival]) -> None:
    if channel not in Channel.values:
        raise CannotReceive("There is no channel %(channel)s.", channel=channel)
    if not 0 < len(source) <= SOURCE_LIMIT:
        raise CannotReceive("A source has a name of up to %(limit)s letters.", limit=SOURCE_LIMIT)
    for arrival in arrivals:
        if arrival.key is not None and not 0 < len(arrival.key) <= KEY_LIMIT:
            raise CannotReceive("An idempotency key has up to %(limit)s letters.", limit=KEY_LIMIT)
        if len(arrival.content) > CONTENT_LIMIT_BYTES:
            raise CannotReceive("This is larger than %(limit)s bytes.", limit=CONTENT_LIMIT_BYTES)


def _insert(
    source: str, channel: str, rows: list[tuple[str, str, Arrival]], received_at: datetime, actor_id: int
) -> dict[str, tuple[int, str]]:
    """Add what is new; return id and digest by key. The keys go in order, so that two that overlap do not wait for each other."""
    rows.sort(key=lambda row: row[0])
    seal, sealed_as = keyring().seal, f"{Envelope._meta.db_table}.raw"
    arrivals = [arrival for _, _, arrival in rows]
    values: dict[str, Any] = {
        "source": source,
        "channel": channel,
        "received_by": actor_id,
        "state": EnvelopeState.RECEIVED.value,
        "key": [key for key, _, _ in rows],
        "digest": [digest for _, digest, _ in rows],
        "media_type": [arrival.media_type for arrival in arrivals],
        "raw": [seal(arrival.content.decode(BYTES_AS_TEXT), column=sealed_as) for arrival in arrivals],
        "mapping": [arrival.mapping_id for arrival in arrivals],
        "line_no": [arrival.line_no for arrival in arrivals],
        "fault": [arrival.fault for arrival in arrivals],
        "received": [arrival.received_at or received_at for arrival in arrivals],
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        return {key: (envelope_id, digest) for envelope_id, key, digest in cursor.fetchall()}


def _already_there(source: str, keys: Sequence[str]) -> dict[str, tuple[int, str]]:
    if not keys:
        return {}
    rows = Envelope.objects.filter(source=source, key__in=keys).values_list("key", "id", "digest")
    return {key: (envelope_id, digest) for key, envelope_id, digest in rows}


def _cards(keys: Sequence[str], digests: Sequence[str], kept: dict[str, tuple[int, str]], *, new: set[str]) -> list[ReceivedCard]:
    cards = []
    for key, digest in zip(keys, digests, strict=True):
        envelope_id, kept_digest = kept[key]
        cards.append(ReceivedCard(envelope_id, is_new=key in new, is_same=digest == kept_digest))
        new.discard(key)
    return cards


def _received(envelope_id: int, source: str, channel: str, actor_id: int, at: datetime) -> events.ContactReceived:
    return events.ContactReceived(envelope_id=envelope_id, source=source, channel=channel, actor_id=actor_id, at=at)
