"""Recording looks, sealing the journal and inspecting it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection, transaction

from shouwen.kernel.errors import Refusal
from shouwen.platform.audit import journal, rules
from shouwen.platform.audit.events import JournalFoundBroken
from shouwen.platform.audit.journal import SOURCES, Source
from shouwen.platform.audit.models import Inspection, Seal, SealMark
from shouwen.platform.audit.queries import JournalCheck, verify_journal
from shouwen.platform.outbox.services import announce

SEAL_LOCK = 0x7365616C  # "seal": one sealing at a time
SEAL_AT_ONCE = 50_000


class LookNeedsReason(Refusal):
    message = "Whoever looks at a customer says why."


@dataclass(frozen=True, slots=True)
class SealingReport:
    """What one sealing did. ``is_complete`` is false when entries are left for the next one."""

    sealed: int
    last_sequence: int
    digest: str
    is_complete: bool


def record_look(*, viewer_id: int, customer_id: int, fields: tuple[str, ...], reason: str, at: datetime) -> None:
    """Record that somebody has seen these fields of a customer: one statement, in the transaction of the question if it has one.

    :raises LookNeedsReason: when ``reason`` is blank.
    """
    record_looks(viewer_id=viewer_id, customer_ids=(customer_id,), fields=fields, reason=reason, at=at)


def record_looks(*, viewer_id: int, customer_ids: Collection[int], fields: tuple[str, ...], reason: str, at: datetime) -> None:
    """Record that somebody has seen the same fields of several customers, for example in a list: still one statement.

    :raises LookNeedsReason: when ``reason`` is blank.
    """
    if not reason.strip():
        raise LookNeedsReason
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audit_look (viewer_id, customer_id, fields, reason, at)"
            " select %s, customer_id, %s, %s, %s from unnest(%s::bigint[]) as seen (customer_id)",
            [viewer_id, list(fields), reason[:200], at, list(customer_ids)],
        )


@transaction.atomic
def seal_journal(*, at: datetime, limit: int = 1_000_000) -> SealingReport:
    """Chain up to ``limit`` entries that are not sealed yet: facts in the order of their ids, then looks.

    Ids are given out before their transactions end, so a lower one may appear after a higher one. An entry is therefore sealed only
    when no transaction that could still bring one below it is running; what is not sure yet is left for the next sealing.
    Two sealings at once wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [SEAL_LOCK])
    sealed, is_complete = 0, True
    for source in SOURCES:
        count, is_done = _seal_source(source, limit - sealed)
        sealed, is_complete = sealed + count, is_complete and is_done
    sequence, digest = journal.head()
    if sealed:
        Seal.objects.create(last_sequence=sequence, digest=digest, sealed_at=at)
    return SealingReport(sealed=sealed, last_sequence=sequence, digest=digest.hex(), is_complete=is_complete)


def inspect_journal(*, at: datetime) -> JournalCheck:
    """Check the whole journal, keep what was found for ``last_inspection``, and announce a break to everybody who listens."""
    check, checked = JournalCheck(checked=0, next_sequence=1, broken=None), 0
    while check.next_sequence is not None:
        check = verify_journal(from_sequence=check.next_sequence)
        checked += check.checked
    _note_inspection(check := replace(check, checked=checked), at)
    return check


@transaction.atomic
def _note_inspection(check: JournalCheck, at: datetime) -> None:
    found = check.broken
    row = Inspection.objects.create(at=at, checked=check.checked, problem=found.says if found else "")
    if found:
        announce(
            JournalFoundBroken(
                inspection_id=row.pk,
                sequence=found.sequence,
                entry_kind=found.entry_kind,
                entry_id=found.entry_id,
                problem=found.problem,
                actor_id=None,
                at=at,
            )
        )


def _seal_source(source: Source, limit: int) -> tuple[int, bool]:
    """Seal what may be sealed of one table; return how many, and whether nothing is left for later."""
    mark, _ = SealMark.objects.get_or_create(entry_kind=source.kind)
    up_to_id = _settle(source, mark)
    sealed, is_more = 0, True
    while is_more and sealed < limit:
        step = min(SEAL_AT_ONCE, limit - sealed)
        count = _append_next(source, mark, up_to_id, step)
        sealed, is_more = sealed + count, count == step
    if not is_more:
        mark.sealed_id = up_to_id
    mark.save(update_fields=["sealed_id", "waiting_id", "waiting_for"])
    return sealed, not is_more and not mark.waiting_for


def _settle(source: Source, mark: SealMark) -> int:
    """Return the highest id below which no entry can appear any more, and note whom the next sealing must wait for.

    The order matters: first how far ids have been given out, then who is still writing, and only then are entries read.
    """
    given_out, writers = journal.given_out(source), journal.writers(source)
    settled_id = mark.sealed_id
    if set(writers).isdisjoint(mark.waiting_for):
        settled_id = max(settled_id, mark.waiting_id)
        mark.waiting_id, mark.waiting_for = given_out, writers
    return settled_id if mark.waiting_for else max(settled_id, mark.waiting_id)


def _append_next(source: Source, mark: SealMark, up_to_id: int, limit: int) -> int:
    entries = journal.entries(source, after_id=mark.sealed_id, up_to_id=up_to_id, limit=limit)
    if not entries:
        return 0
    head = journal.head()
    after_id = journal.last_sealed_id(source, up_to_sequence=head.sequence)
    journal.append(
        rules.grow(head=head, entry_kind=source.kind, after_id=after_id, entries=entries, link_length=rules.LINK_LENGTH)
    )
    mark.sealed_id = entries[-1].id
    return len(entries)
