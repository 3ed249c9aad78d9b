"""Questions to the audit: who looked, is the journal whole, how far is it sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.platform.audit import journal, permissions, rules
from shouwen.platform.audit.journal import SOURCES, Source, Stretch
from shouwen.platform.audit.models import Look, Seal, SealMark
from shouwen.platform.audit.rules import Break
from shouwen.platform.people import queries as people
from shouwen.platform.people.rules import Viewer

CHECK_AT_ONCE = 50_000
NO_LIMIT = 2**62


@dataclass(frozen=True, slots=True)
class LookCard:
    """Who saw what of a customer, when and why."""

    id: int
    viewer_id: int
    viewer_name: str
    fields: tuple[str, ...]
    reason: str
    at: datetime


def list_looks(*, customer_id: int, viewer: Viewer, before_id: int | None = None, limit: int = 50) -> list[LookCard]:
    """Return a page of who looked at a customer, newest first; continue with the last id as ``before_id``.

    Data stewards and discipline officers see all looks, heads of units those of their own people.

    :raises NotFound: for everybody else.
    """
    permissions.must_read_looks(viewer)
    rows = Look.objects.at_customer(customer_id)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    if not permissions.sees_all_looks(viewer):
        rows = rows.filter(viewer_id__in=people.staff_ids_within(paths=permissions.led_paths(viewer)))
    page = list(rows.order_by("-pk")[:limit])
    names = people.staff_names(staff_ids={look.viewer_id for look in page})
    return [
        LookCard(look.pk, look.viewer_id, names.get(look.viewer_id, ""), tuple(look.fields), look.reason, look.at)
        for look in page
    ]


@dataclass(frozen=True, slots=True)
class JournalCheck:
    """How many links were checked, whether more follow, and the first break if there is one."""

    checked: int
    next_sequence: int | None
    broken: Break | None

    @property
    def is_whole(self) -> bool:
        return self.broken is None


@dataclass(frozen=True, slots=True)
class JournalHead:
    """The newest link: to be kept elsewhere, so that the end of the chain cannot be cut off unseen."""

    sequence: int
    digest: str


def journal_head() -> JournalHead:
    sequence, digest = journal.head()
    return JournalHead(sequence=sequence, digest=digest.hex())


def count_unsealed() -> dict[str, int]:
    """Return how many ids of each kind of entry have been given out and not been sealed yet: an upper bound, cheap to ask."""
    marks = dict(SealMark.objects.values_list("entry_kind", "sealed_id"))
    return {source.kind.name: journal.given_out(source) - marks.get(source.kind, 0) for source in SOURCES}


def verify_journal(*, from_sequence: int = 1, limit: int = 1_000_000) -> JournalCheck:
    """Compute up to ``limit`` links and their entries again and name the first break.

    A check that begins in the middle trusts the link before it. Found as well are entries slipped in beside sealed ones, and links
    that were cut off or made anew below a seal.
    """
    sequence, checked, done_ids = from_sequence, 0, journal.last_ids_before(sequence=from_sequence)
    while checked < limit:
        step = journal.stretch(from_sequence=sequence, limit=min(CHECK_AT_ONCE, limit - checked))
        is_last = sequence + step.link_count > journal.head()[0]
        reach = _reach(step, done_ids, is_last)
        if broken := _break_in(step, sequence, reach):
            return JournalCheck(checked=checked, next_sequence=None, broken=broken)
        checked, sequence, done_ids = checked + step.link_count, sequence + step.link_count, done_ids | step.last_ids
        if is_last:
            return JournalCheck(checked=checked, next_sequence=None, broken=_broken_seal(from_sequence))
    return JournalCheck(checked=checked, next_sequence=sequence, broken=None)


Reach = list[tuple[Source, int, int]]


def _reach(step: Stretch, done_ids: dict[int, int], is_last: bool) -> Reach:
    """Return for each kind after which id and up to which the entries must be those of this stretch and no others.

    At the end of the chain that is up to the mark: the last ids given out may never have become entries.
    """
    marks = dict(SealMark.objects.values_list("entry_kind", "sealed_id")) if is_last else {}
    reach = []
    for source in SOURCES:
        after_id = done_ids.get(source.kind, 0)
        reach.append((source, after_id, max(step.last_ids.get(source.kind, after_id), marks.get(source.kind, 0))))
    return reach


def _break_in(step: Stretch, from_sequence: int, reach: Reach) -> Break | None:
    """Check one stretch the quick way; only when something differs go through it link by link."""
    head = journal.digest_of(from_sequence - 1)
    if head is None:
        return Break(from_sequence - 1, 0, 0, "the link is missing")
    if _holds(step, from_sequence, head, reach):
        return None
    entries: dict[tuple[int, int], bytes] = {}
    for source, after_id, up_to_id in reach:
        found = journal.entries(source, after_id=after_id, up_to_id=up_to_id, limit=NO_LIMIT)
        entries |= {(source.kind, entry_id): digest for entry_id, digest in zip(*found, strict=True)}
    links = journal.links(from_sequence=from_sequence, limit=step.link_count)
    return rules.first_break(head=head, from_sequence=from_sequence, links=links, entries=entries)


def _holds(step: Stretch, from_sequence: int, head: bytes, reach: Reach) -> bool:
    if step.link_count and (step.first_sequence, step.last_sequence) != (from_sequence, from_sequence + step.link_count - 1):
        return False
    for source, after_id, up_to_id in reach:
        entries = journal.entries(source, after_id=after_id, up_to_id=up_to_id, limit=step.link_count + 1)
        if b"".join(entries.digests) != step.entry_digests[source.kind]:
            return False
    return rules.links_hold(head=head, pairs=step.pairs, digests=step.digests)


def _broken_seal(from_sequence: int) -> Break | None:
    """Return the first seal from here on whose link is not there as it was."""
    seals = Seal.objects.filter(last_sequence__gte=from_sequence).order_by("last_sequence")
    for sequence, digest in seals.values_list("last_sequence", "digest"):
        if journal.digest_of(sequence) != bytes(digest):
            return Break(sequence, 0, 0, "the link does not bear out its seal")
    return None
