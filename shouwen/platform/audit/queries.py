"""Questions to the audit: who looked, is the journal whole, how far is it sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from shouwen.platform.audit import journal, permissions, rules
from shouwen.platform.audit.journal import SOURCES
from shouwen.platform.audit.models import Inspection, Look, SealMark
from shouwen.platform.audit.rules import LINK_LENGTH, Break, Head, Link
from shouwen.platform.people import queries as people
from shouwen.platform.people.rules import Viewer

LINKS_AT_ONCE = 1_000
LEAST_ID = -(2**63)


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
    """How many entries were checked, the number of the next one if more follow, and the first break if there is one."""

    checked: int
    next_sequence: int | None
    broken: Break | None

    @property
    def is_whole(self) -> bool:
        return self.broken is None


@dataclass(frozen=True, slots=True)
class JournalHead:
    """The number of the last sealed entry and the digest of its link: to be kept elsewhere, so that no end can be cut off unseen."""

    sequence: int
    digest: str


def journal_head() -> JournalHead:
    sequence, digest = journal.head()
    return JournalHead(sequence=sequence, digest=digest.hex())


@dataclass(frozen=True, slots=True)
class InspectionCard:
    """When the whole journal was last checked, how many entries it had, and what did not hold; empty when it was whole."""

    at: datetime
    checked: int
    problem: str


def last_inspection() -> InspectionCard | None:
    row = Inspection.objects.order_by("-pk").first()
    return None if row is None else InspectionCard(at=row.at, checked=row.checked, problem=row.problem)


def count_unsealed() -> dict[str, int]:
    """Return how many ids of each kind of entry have been given out and not been sealed yet: an upper bound, cheap to ask."""
    marks = dict(SealMark.objects.values_list("entry_kind", "sealed_id"))
    return {source.kind.name: journal.given_out(source) - marks.get(source.kind, 0) for source in SOURCES}


def verify_journal(*, from_sequence: int = 1, limit: int = 1_000_000) -> JournalCheck:
    """Compute the links and their entries again, at least ``limit`` entries in whole links, and name the first break.

    A check that begins in the middle begins with the link that holds entry number ``from_sequence`` and trusts the one before it. Found
    as well are entries slipped in beside sealed ones, and links that were cut off or made anew below a seal.
    """
    marks = dict(
        SealMark.objects.values_list("entry_kind", "sealed_id")
    )  # first: what is sealed meanwhile has links that are read
    began = journal.head(before_sequence=from_sequence)
    last_ids = {int(source.kind): journal.last_sealed_id(source, up_to_sequence=began.sequence) for source in SOURCES}
    walk, is_end = _Walk(began, last_ids), False
    while not is_end and (checked := walk.head.sequence - began.sequence) < limit:
        link_count = min(LINKS_AT_ONCE, ceil((limit - checked) / LINK_LENGTH))
        is_end = walk.goes_on(link_count) < link_count
        if walk.broken:
            return JournalCheck(checked=walk.head.sequence - began.sequence, next_sequence=None, broken=_break_in(walk))
    next_sequence = None if is_end else walk.head.sequence + 1
    broken = (_break_after(walk, marks) if is_end else None) or _broken_seal(began, next_sequence)
    return JournalCheck(walk.head.sequence - began.sequence, None if broken else next_sequence, broken)


@dataclass(slots=True)
class _Walk:
    """How far a check has come, and the link that does not hold."""

    head: Head
    last_ids: dict[int, int]
    broken: Link | None = None

    def after_id(self, entry_kind: int) -> int:
        return self.last_ids.get(entry_kind, 0)

    def goes_on(self, link_count: int) -> int:
        """Check the next links the quick way, up to the first that does not hold; return how many there were."""
        count = 0
        for link, content in journal.links_with_contents(after_sequence=self.head.sequence, limit=link_count):
            count += 1
            if self.broken:
                continue  # the rest is read and dropped: a statement that is broken off would end the transaction around it
            if rules.link_holds(link=link, head=self.head, after_id=self.after_id(link.entry_kind), content=content):
                self.head, self.last_ids[link.entry_kind] = Head(link.last_sequence, link.digest), link.last_id
            else:
                self.broken = link
        return count


def _break_in(walk: _Walk) -> Break | None:
    """Go through the entries of the link that does not hold, one by one."""
    link = walk.broken
    if link is None:
        return None
    source = next((source for source in SOURCES if source.kind == link.entry_kind), SOURCES[0])
    after_id = walk.after_id(link.entry_kind)
    entries = journal.entries(source, after_id=after_id, up_to_id=link.last_id)
    return rules.first_break(link=link, head=walk.head, after_id=after_id, entries=entries)


def _break_after(walk: _Walk, marks: dict[int, int]) -> Break | None:
    """Return the first entry that no link covers and that no transaction can have brought since: before the first id or up to a mark."""
    for source in SOURCES:
        for after_id, up_to_id in ((LEAST_ID, 0), (walk.after_id(source.kind), marks.get(source.kind, 0))):
            if (entry_id := journal.first_id_between(source, after_id=after_id, up_to_id=up_to_id)) is not None:
                return rules.slipped_in(entry_kind=source.kind, entry_id=entry_id)
    return None


def _broken_seal(began: Head, next_sequence: int | None) -> Break | None:
    sequence = journal.broken_seal(after_sequence=began.sequence, before_sequence=next_sequence)
    return None if sequence is None else Break(sequence, 0, 0, "the link does not bear out its seal")
