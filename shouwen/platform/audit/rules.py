"""The chain of digests: how it grows, whether it is whole, where it is broken. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

DIGEST_BYTES = 32
GENESIS = bytes(DIGEST_BYTES)  # what stands before the first link


@dataclass(frozen=True, slots=True)
class Link:
    """One link as it is stored."""

    sequence: int
    entry_kind: int
    entry_id: int
    entry_digest: bytes
    previous: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold, and why. ``sequence`` is None for an entry that no link stands for."""

    sequence: int | None
    entry_kind: int
    entry_id: int
    problem: str


def grow(*, head: bytes, entry_digests: Sequence[bytes]) -> bytes:
    """Return the digests of the new links after ``head``, one after another in one string of bytes."""
    digests = []
    for entry_digest in entry_digests:
        head = sha256(head + entry_digest).digest()
        digests.append(head)
    return b"".join(digests)


def links_hold(*, head: bytes, pairs: bytes, digests: bytes) -> bool:
    """Return whether each stored digest follows from its ``previous`` and entry digest, and each ``previous`` is the one before.

    ``pairs`` holds previous and entry digest of each link, ``digests`` the digest of each, in order and without gaps.
    """
    digest, pair_bytes = sha256, 2 * DIGEST_BYTES
    grown = b"".join([digest(pairs[start : start + pair_bytes]).digest() for start in range(0, len(pairs), pair_bytes)])
    return grown == digests and _previous_ones(pairs) == (head + digests)[: len(digests)]


def _previous_ones(pairs: bytes) -> bytes:
    pair_bytes = 2 * DIGEST_BYTES
    return b"".join([pairs[start : start + DIGEST_BYTES] for start in range(0, len(pairs), pair_bytes)])


def first_break(*, head: bytes, from_sequence: int, links: Iterable[Link], entries: dict[tuple[int, int], bytes]) -> Break | None:
    """Return the first place where the chain does not hold, None when it does: the slow way that can say what is wrong.

    ``entries`` holds the digest of every entry in reach as it is now, by kind and id. What no link stands for is looked for last.
    """
    unseen, expected = dict(entries), from_sequence
    for link in links:
        if problem := _problem(link, expected, head, unseen.pop((link.entry_kind, link.entry_id), None)):
            return Break(link.sequence, link.entry_kind, link.entry_id, problem)
        head, expected = link.digest, expected + 1
    for kind, entry_id in sorted(unseen):
        return Break(None, kind, entry_id, "this entry was slipped in: it was never sealed")
    return None


def _problem(link: Link, expected: int, head: bytes, entry_digest: bytes | None) -> str | None:
    if link.sequence != expected:
        return f"the links from {expected} on are missing"
    if link.previous != head:
        return "the link before it is another one"
    if link.digest != sha256(link.previous + link.entry_digest).digest():
        return "the link was changed"
    if entry_digest is None:
        return "the entry is gone"
    return None if entry_digest == link.entry_digest else "the entry was changed"
