"""Receiving (收件): whatever arrives is kept as it is, once, before anybody looks into it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from shouwen.kernel.errors import Refusal
from shouwen.loop.contact import events
from shouwen.loop.contact.choices import EnvelopeState, Trouble
from shouwen.loop.contact.models import BYTES_AS_TEXT, Envelope
from shouwen.platform.outbox.services import announce
from shouwen.platform.search.queries import keyring
from shouwen.records.norms.choices import Channel

CONTENT_LIMIT_BYTES = 25_000_000
KEY_LIMIT, SOURCE_LIMIT = 160, 80

# An arrival whose source and key are known already adds nothing; one that another transaction is just adding is waited for.
_INSERT = """
insert into contact_envelope (source, key, channel, media_type, raw, digest, mapping_id, line_no, fault, received_at, received_by_id,
    state, trouble, trouble_details, settled_at, corrections, discard_reason)
select %(source)s, key, %(channel)s, media_type, raw, digest, mapping_id, line_no, fault, received_at, %(received_by)s,
    %(state)s, %(trouble)s, details, %(settled_at)s::timestamptz, '', ''
from unnest(%(key)s::text[], %(media_type)s::text[], %(raw)s::bytea[], %(digest)s::text[], %(mapping)s::bigint[], %(line_no)s::bigint[],
    %(fault)s::text[], %(received)s::timestamptz[], %(details)s::jsonb[])
    as arrival(key, media_type, raw, digest, mapping_id, line_no, fault, received_at, details)
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
    """The envelope that has the key of an arrival. ``is_same``: an envelope that was there before holds the same bytes.

    If it holds others, the bytes that arrived are kept apart, in the buried envelope ``apart_id`` under ``apart_key``.
    """

    id: int
    is_new: bool
    is_same: bool = True
    apart_id: int | None = None
    apart_key: str = ""


@dataclass(frozen=True, slots=True)
class _Named:
    """An arrival under the key that it is kept under; ``earlier_id``: the envelope that has its own key and holds other bytes."""

    key: str
    digest: str
    arrival: Arrival
    earlier_id: int | None = None


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
    """Keep one arrival; the same source and key again give the envelope that is there (T7, T8), and keep other bytes apart.

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

    One whose key is known and whose bytes are others is kept apart and buried at once: people see which of the two was meant.

    :raises CannotReceive: as ``receive_envelope``; then none of them is kept.
    """
    _check(source, channel, arrivals)
    named = [_named(arrival) for arrival in arrivals]
    batch = _Batch(source, channel, received_at, actor_id)
    added = batch.keep(named, EnvelopeState.RECEIVED)
    kept = added | _already_there(source, [one.key for one in named if one.key not in added])
    apart = [_apart(one, kept[one.key][0]) for one in named if one.digest != kept[one.key][1]]
    return _cards(named, kept, set(added), batch.bury(apart))


def _named(arrival: Arrival) -> _Named:
    digest = hashlib.sha256(arrival.content).hexdigest()
    return _Named(arrival.key or f"sha256:{digest}", digest, arrival)


def _apart(one: _Named, earlier_id: int) -> _Named:
    """Return the same arrival under a key of its own, which the same bytes get again."""
    key, mark = one.key, f"#{one.digest[:16]}"
    if len(key) + len(mark) > KEY_LIMIT:
        key = f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    return _Named(key + mark, one.digest, one.arrival, earlier_id)


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


@dataclass(frozen=True, slots=True)
class _Batch:
    """What arrivals that are kept together have in common."""

    source: str
    channel: str
    received_at: datetime
    actor_id: int

    def keep(self, rows: Sequence[_Named], state: EnvelopeState) -> dict[str, tuple[int, str]]:
        """Add what is new and tell of it; return id and digest by key."""
        added = self._insert(rows, state)
        came_at = {row.key: row.arrival.received_at or self.received_at for row in rows}
        announce(*[self._received(envelope_id, came_at[key]) for key, (envelope_id, _) in added.items()])
        return added

    def bury(self, rows: Sequence[_Named]) -> dict[str, int]:
        """Keep arrivals whose keys were taken among what people look at, each once; return their ids by key."""
        if not rows:
            return {}
        added = self.keep(rows, EnvelopeState.BURIED)
        announce(*[self._buried(envelope_id) for envelope_id, _ in added.values()])
        kept = added | _already_there(self.source, [row.key for row in rows if row.key not in added])
        return {key: envelope_id for key, (envelope_id, _) in kept.items()}

    def _insert(self, rows: Sequence[_Named], state: EnvelopeState) -> dict[str, tuple[int, str]]:
        """Add rows in the order of their keys, so that two batches that overlap do not wait for each other."""
        ordered = sorted(rows, key=lambda row: row.key)
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, self._common(state) | _columns(ordered, self.received_at))
            return {key: (envelope_id, digest) for envelope_id, key, digest in cursor.fetchall()}

    def _common(self, state: EnvelopeState) -> dict[str, Any]:
        is_buried = state == EnvelopeState.BURIED
        return {
            "source": self.source,
            "channel": self.channel,
            "received_by": self.actor_id,
            "state": state.value,
            "trouble": Trouble.DUPLICATED_ID.value if is_buried else "",
            "settled_at": self.received_at if is_buried else None,
        }

    def _received(self, envelope_id: int, at: datetime) -> events.ContactReceived:
        return events.ContactReceived(
            envelope_id=envelope_id, source=self.source, channel=self.channel, actor_id=self.actor_id, at=at
        )

    def _buried(self, envelope_id: int) -> events.EnvelopeBuried:
        return events.EnvelopeBuried(
            envelope_id=envelope_id,
            source=self.source,
            trouble=Trouble.DUPLICATED_ID.value,
            actor_id=self.actor_id,
            at=self.received_at,
        )


def _columns(rows: Sequence[_Named], received_at: datetime) -> dict[str, list[Any]]:
    seal, sealed_as = keyring().seal, f"{Envelope._meta.db_table}.raw"
    arrivals = [row.arrival for row in rows]
    return {
        "key": [row.key for row in rows],
        "digest": [row.digest for row in rows],
        "media_type": [arrival.media_type for arrival in arrivals],
        "raw": [seal(arrival.content.decode(BYTES_AS_TEXT), column=sealed_as) for arrival in arrivals],
        "mapping": [arrival.mapping_id for arrival in arrivals],
        "line_no": [arrival.line_no for arrival in arrivals],
        "fault": [arrival.fault for arrival in arrivals],
        "received": [arrival.received_at or received_at for arrival in arrivals],
        "details": ["{}" if row.earlier_id is None else json.dumps({"earlier_id": row.earlier_id}) for row in rows],
    }


def _already_there(source: str, keys: Sequence[str]) -> dict[str, tuple[int, str]]:
    if not keys:
        return {}
    rows = Envelope.objects.filter(source=source, key__in=keys).values_list("key", "id", "digest")
    return {key: (envelope_id, digest) for key, envelope_id, digest in rows}


def _cards(named: Sequence[_Named], kept: dict[str, tuple[int, str]], new: set[str], apart: dict[str, int]) -> list[ReceivedCard]:
    cards = []
    for one in named:
        envelope_id, digest = kept[one.key]
        if digest == one.digest:
            cards.append(ReceivedCard(envelope_id, is_new=one.key in new))
        else:
            key = _apart(one, envelope_id).key
            cards.append(ReceivedCard(envelope_id, is_new=False, is_same=False, apart_id=apart[key], apart_key=key))
        new.discard(one.key)
    return cards
