"""What is known of the terms."""

from __future__ import annotations

from collections.abc import Collection

from shouwen.platform.search.shares import BROAD_FROM_PPM, shares_of

ENOUGH = 1e-8  # one entry in a hundred million: what is left is looked at one by one


def broad_share_ppm(*, subject: str, terms: Collection[int]) -> int | None:
    """Return the smallest share (in millionths) among ``terms`` if all of them are broad, else None: one is selective.

    What is known of the terms is at most a minute old; an older count makes a search slower, never wrong.
    """
    known = shares_of(subject)
    shares = [known.get(term) for term in terms]
    return None if not shares or None in shares else min(share for share in shares if share is not None)


def telling_terms(*, subject: str, terms: Collection[int]) -> list[int]:
    """Return the few rarest of ``terms`` that, taken to be independent, leave hardly an entry.

    An index of terms goes through the list of every term that it is asked for: with all of a long address, most of its work is for
    terms that tell nothing more. The others are held against the entries that these few have found.
    """
    known = shares_of(subject)
    chosen: list[int] = []
    left = 1.0
    for term in sorted(set(terms), key=lambda term: known.get(term, 0)):
        if left <= ENOUGH:
            break
        chosen.append(term)
        left *= known.get(term, BROAD_FROM_PPM) / 1_000_000
    return chosen
