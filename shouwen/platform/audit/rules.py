"""The chain of digests: how it grows, whether it is whole, where it is broken. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

DIGEST_BYTES = 32
LINK_LENGTH = 1_000  # entries in one link at most: longer ones are checked no faster, and searched longer when one was changed
GENESIS = bytes(DIGEST_BYTES)  # what stands before the first link
BETWEEN = b"\0"  # between two entries of one link: no entry ends with a text that could hold it

_HEADER = Struct(">qhqq")  # last sequence, kind of entry, after which id, last id
_ENTRY = Struct(">q16s")  # id and mark of one entry


class Entry(NamedTuple):
    """One entry as it is now: its id and the bytes that are digested."""

    id: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """One link as it is stored: it seals the entries of one kind with ``after_id`` < id ≤ ``last_id``, the last being ``last_id``.

    ``content_digest`` is the SHA-256 of their bytes with ``BETWEEN`` between them: it proves all of them at once. ``entries`` holds id
    and mark of each, so that a changed one can be named. ``digest`` is the SHA-256 of all other columns.
    """

    last_sequence: int
    entry_kind: int
    after_id: int
    last_id: int
    entries: bytes
    content_digest: bytes
    previous: bytes
    digest: bytes

    @property
    def entry_count(self) -> int:
        return len(self.entries) // _ENTRY.size

    @property
    def first_sequence(self) -> int:
        return self.last_sequence - self.entry_count + 1


class Head(NamedTuple):
    """Where a chain ends: the number of the last entry in it, and the digest of the last link."""

    sequence: int
    digest: bytes


START = Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Break:
    """Where the journal does not hold, and why. ``sequence`` is the number of the entry, None for one that was never sealed."""

    sequence: int | None
    entry_kind: int
    entry_id: int
    problem: str

    @property
    def says(self) -> str:
        return f"{self.problem} (number {self.sequence}, kind {self.entry_kind}, id {self.entry_id})"


def grow(*, head: Head, entry_kind: int, after_id: int, entries: Sequence[Entry], link_length: int) -> list[Link]:
    """Return the links that seal these entries behind ``head``, at most ``link_length`` of them in each.

    The entries come in the order of their ids; ``after_id`` is the last id of their kind in the chain so far.
    """
    links = []
    for start in range(0, len(entries), link_length):
        link = _next_link(head, entry_kind, after_id, entries[start : start + link_length])
        head, after_id = Head(link.last_sequence, link.digest), link.last_id
        links.append(link)
    return links


def _next_link(head: Head, entry_kind: int, after_id: int, entries: Sequence[Entry]) -> Link:
    last_sequence, last_id = head.sequence + len(entries), entries[-1].id
    listed = b"".join([_ENTRY.pack(entry.id, _mark(entry_kind, entry.content)) for entry in entries])
    content_digest = _content_digest(entries)
    digest = _link_digest(last_sequence, entry_kind, after_id, last_id, listed, content_digest, head.digest)
    return Link(last_sequence, entry_kind, after_id, last_id, listed, content_digest, head.digest, digest)


def link_holds(*, link: Link, head: Head, after_id: int, content: bytes) -> bool:
    """Return whether the link follows ``head`` and the entries are those that it seals: the quick way, over all of them at once.

    ``content`` holds the bytes of all entries with ``after_id`` < id ≤ ``link.last_id`` as they are now, ``BETWEEN`` between them.
    """
    return not _problem_of_link(link, head, after_id) and sha256(content).digest() == link.content_digest


def first_break(*, link: Link, head: Head, after_id: int, entries: Sequence[Entry]) -> Break | None:
    """Return the first place where this link does not hold, None when it does: the slow way that can say what is wrong.

    ``entries`` are those with ``after_id`` < id ≤ ``link.last_id`` as they are now. A link that is broken itself is named by its last
    entry; what it does not list is told after what it does.
    """
    if problem := _problem_of_link(link, head, after_id):
        return Break(link.last_sequence, link.entry_kind, link.last_id, problem)
    unseen = {entry.id: entry.content for entry in entries}
    for sequence, (entry_id, mark) in enumerate(_ENTRY.iter_unpack(link.entries), start=link.first_sequence):
        content = unseen.pop(entry_id, None)
        if content is None:
            return Break(sequence, link.entry_kind, entry_id, "the entry is gone")
        if _mark(link.entry_kind, content) != mark:
            return Break(sequence, link.entry_kind, entry_id, "the entry was changed")
    if unseen:
        return slipped_in(entry_kind=link.entry_kind, entry_id=min(unseen))
    is_whole = _content_digest(entries) == link.content_digest
    return None if is_whole else Break(link.last_sequence, link.entry_kind, link.last_id, "the link was changed")


def slipped_in(*, entry_kind: int, entry_id: int) -> Break:
    return Break(None, entry_kind, entry_id, "this entry was slipped in: it was never sealed")


def _problem_of_link(link: Link, head: Head, after_id: int) -> str | None:
    if link.first_sequence != head.sequence + 1:
        return f"the links from {head.sequence + 1} on are missing"
    if link.previous != head.digest:
        return "the link before it is another one"
    stored = (link.last_sequence, link.entry_kind, link.after_id, link.last_id, link.entries, link.content_digest, link.previous)
    if link.after_id != after_id or link.digest != _link_digest(*stored):
        return "the link was changed"
    return None


def _mark(entry_kind: int, content: bytes) -> bytes:
    """Return the first half of the SHA-256 of the kind and the bytes of an entry."""
    return sha256(bytes([entry_kind]) + content).digest()[:16]


def _content_digest(entries: Sequence[Entry]) -> bytes:
    return sha256(BETWEEN.join([entry.content for entry in entries])).digest()


def _link_digest(
    last_sequence: int, entry_kind: int, after_id: int, last_id: int, entries: bytes, content_digest: bytes, previous: bytes
) -> bytes:
    header = _HEADER.pack(last_sequence, entry_kind, after_id, last_id)
    return sha256(b"".join((previous, header, content_digest, entries))).digest()
