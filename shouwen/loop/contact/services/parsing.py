"""Understanding what has arrived (解析): an envelope becomes an interaction and a matter in one transaction, or it is buried."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from shouwen.kernel.errors import Refusal
from shouwen.kernel.facts import Fact
from shouwen.loop.contact import events
from shouwen.loop.contact.choices import EnvelopeState, Trouble
from shouwen.loop.contact.models import Envelope, Interaction
from shouwen.loop.contact.permissions import must_settle
from shouwen.loop.contact.rules.contacts import SUBJECT_LIMIT, Unreadable, shortened
from shouwen.loop.contact.services.placing import Draft, channel_of, draft_of, look_around, place, sender_blind
from shouwen.loop.contact.services.reading import read_envelope
from shouwen.loop.contact.services.telling import tell_matters
from shouwen.loop.workorders.services import open_work_orders
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer

BATCH = 100
SETTLED = ("state", "trouble", "trouble_details", "settled_at")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ParseCount:
    """What came of envelopes: new matters, contacts added to earlier matters, and what was not understood."""

    opened: int = 0
    attached: int = 0
    buried: int = 0

    @property
    def total(self) -> int:
        return self.opened + self.attached + self.buried

    def __add__(self, other: ParseCount) -> ParseCount:
        return ParseCount(self.opened + other.opened, self.attached + other.attached, self.buried + other.buried)


def parse_due(*, actor_id: int, at: datetime, limit: int = 1000) -> ParseCount:
    """Understand up to ``limit`` envelopes that wait, oldest first. Safe to run in many workers at once: each takes its own.

    A matter is opened as of the moment when its envelope was received: the customer's time counts, not ours.

    :raises NotAllowed: unless the actor is automatic or may settle envelopes.
    """
    must_settle(get_viewer(staff_id=actor_id, at=at))
    count = ParseCount()
    while count.total < limit:
        ids = list(Envelope.objects.waiting().order_by("id").values_list("id", flat=True)[: min(BATCH, limit - count.total)])
        batch = _parse_batch(ids, actor_id, at, skip_locked=True)
        count += batch
        if not batch.total:
            break
    return count


def parse_envelopes(*, envelope_ids: Sequence[int], actor_id: int, at: datetime) -> ParseCount:
    """Understand these envelopes, as ``parse_due``; those that somebody has understood or buried already are left as they are.

    Batches are transactions of their own. One that cannot be opened takes none of its neighbours with it.

    :raises NotAllowed: unless the actor is automatic or may settle envelopes.
    """
    must_settle(get_viewer(staff_id=actor_id, at=at))
    ids = sorted(set(envelope_ids))
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    return sum((_parse_batch(batch, actor_id, at, skip_locked=False) for batch in batches), ParseCount())


def _parse_batch(ids: Sequence[int], actor_id: int, at: datetime, *, skip_locked: bool) -> ParseCount:
    """Understand a batch together; if that fails, each alone, so that the broken one is found."""
    try:
        return _parse_together(ids, actor_id, at, skip_locked=skip_locked)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # whatever it is, it is one envelope's: it is found, kept in its row and logged in _parse_alone
        return sum((_parse_alone(envelope_id, actor_id, at, skip_locked=skip_locked) for envelope_id in ids), ParseCount())


@transaction.atomic
def _parse_together(ids: Sequence[int], actor_id: int, at: datetime, *, skip_locked: bool) -> ParseCount:
    return _settle(list(_waiting(ids, skip_locked=skip_locked)), actor_id, at)


@transaction.atomic
def _parse_alone(envelope_id: int, actor_id: int, at: datetime, *, skip_locked: bool) -> ParseCount:
    # What is sealed is read later: a seal that cannot be opened is a trouble of this envelope too.
    envelopes = _waiting([envelope_id], skip_locked=skip_locked).defer("raw", "corrections")
    return sum((settle_one(envelope, actor_id, at) for envelope in envelopes), ParseCount())


def _waiting(ids: Sequence[int], *, skip_locked: bool) -> QuerySet[Envelope]:
    """Return those that still wait, to be locked in the order of their ids."""
    return Envelope.objects.waiting().filter(pk__in=ids).order_by("id").select_for_update(skip_locked=skip_locked)


def settle_one(envelope: Envelope, actor_id: int, at: datetime) -> ParseCount:
    """Understand one envelope, locked by the caller's transaction, or bury it, whatever goes wrong with it."""
    try:
        with transaction.atomic():
            return _settle([envelope], actor_id, at)
    except (OperationalError, InterfaceError):
        raise
    except Refusal as refusal:  # told with its placeholders: what fills them may be somebody's words
        trouble = Unreadable(Trouble.REFUSED, why=refusal.message)
    except Exception as error:  # the outermost edge of an envelope: kept in the row, shown to the agents
        log.exception("envelope %s cannot be understood", envelope.pk)
        trouble = Unreadable(Trouble.REFUSED, why=type(error).__name__)
    announce(_bury(envelope, trouble, actor_id, at))
    _write([envelope])
    return ParseCount(buried=1)


def _settle(envelopes: Sequence[Envelope], actor_id: int, at: datetime) -> ParseCount:
    """Understand or bury locked envelopes; whoever cannot be opened raises."""
    drafts, buried = _understand(envelopes, actor_id, at)
    opened = [draft for draft in drafts if draft.opening is not None]
    order_ids = open_work_orders(openings=[one.opening for one in opened if one.opening], actor_id=actor_id, at=at)
    for draft, order_id in zip(opened, order_ids, strict=True):
        draft.work_order_id = order_id
    for draft in drafts:
        draft.work_order_id = draft.work_order_id or (draft.follows.work_order_id if draft.follows else None)
    tell_matters(drafts, at)
    rows = Interaction.objects.bulk_create([_interaction(draft, actor_id) for draft in drafts])
    for draft in drafts:
        _set(draft.envelope, EnvelopeState.PARSED, at)
    _write(envelopes)
    announce(*[_parsed(draft, row, actor_id, at) for draft, row in zip(drafts, rows, strict=True)], *buried)
    return ParseCount(opened=len(opened), attached=len(drafts) - len(opened), buried=len(buried))


def _understand(envelopes: Sequence[Envelope], actor_id: int, at: datetime) -> tuple[list[Draft], list[Fact]]:
    """Return what is understood, and the burials of the rest. All are read before any is placed: they may answer each other."""
    read: list[Draft] = []
    buried: list[Fact] = []
    for envelope in envelopes:
        try:
            read.append(draft_of(envelope, read_envelope(envelope)))
        except Unreadable as trouble:
            buried.append(_bury(envelope, trouble, actor_id, at))
    around, placed = look_around(read, actor_id, at), []
    for draft in read:
        try:
            place(draft, around)
            placed.append(draft)
        except Unreadable as trouble:
            buried.append(_bury(draft.envelope, trouble, actor_id, at))
        except Refusal as refusal:
            buried.append(_bury(draft.envelope, Unreadable(Trouble.REFUSED, why=refusal.message), actor_id, at))
    return placed, buried


def _set(envelope: Envelope, state: EnvelopeState, at: datetime) -> None:
    envelope.state, envelope.trouble, envelope.trouble_details, envelope.settled_at = state, "", {}, at


def _bury(envelope: Envelope, trouble: Unreadable, actor_id: int, at: datetime) -> events.EnvelopeBuried:
    _set(envelope, EnvelopeState.BURIED, at)
    envelope.trouble, envelope.trouble_details = trouble.trouble, trouble.details
    return events.EnvelopeBuried(
        envelope_id=envelope.pk, source=envelope.source, trouble=trouble.trouble, actor_id=actor_id, at=at
    )


def _write(envelopes: Sequence[Envelope]) -> None:
    """Write where envelopes have come: what was understood together, what was buried each with its own trouble."""
    understood = [envelope for envelope in envelopes if envelope.state == EnvelopeState.PARSED]
    if understood:
        same = {column: getattr(understood[0], column) for column in SETTLED}
        Envelope.objects.filter(pk__in=[envelope.pk for envelope in understood]).update(**same)
    for envelope in envelopes:
        if envelope.state != EnvelopeState.PARSED:
            envelope.save(update_fields=SETTLED)


def _interaction(draft: Draft, actor_id: int) -> Interaction:
    contact, found = draft.contact, draft.recognised
    return Interaction(
        envelope=draft.envelope,
        channel=channel_of(draft),
        happened_at=draft.envelope.received_at,
        recorded_by_id=actor_id,
        customer_id=found.customer_id,
        match_kind=found.kind,
        confidence_pct=found.confidence_pct,
        norm_code=draft.norm,
        norm_source=draft.norm_source,
        work_order_id=draft.work_order_id,
        is_attached=draft.is_attached,
        subject=shortened(contact.subject, SUBJECT_LIMIT),
        text=contact.text,
        sender=contact.sender,
        sender_blind=sender_blind(contact),
        reference_blind=draft.references[0] if contact.reference else None,
    )


def _parsed(draft: Draft, row: Interaction, actor_id: int, at: datetime) -> events.ContactParsed:
    return events.ContactParsed(
        envelope_id=draft.envelope.pk,
        interaction_id=row.pk,
        work_order_id=draft.matter_id,
        customer_id=draft.recognised.customer_id,
        norm=draft.norm,
        is_attached=draft.is_attached,
        actor_id=actor_id,
        at=at,
    )
