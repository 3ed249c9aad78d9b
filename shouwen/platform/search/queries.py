"""The keys of this installation, and what is known of the terms."""

from __future__ import annotations

from collections.abc import Collection

from shouwen.platform.search.keys import keyring
from shouwen.platform.search.shares import shares_of

__all__ = ["broad_share_ppm", "keyring"]


def broad_share_ppm(*, subject: str, terms: Collection[int]) -> int | None:
    """Return the smallest share (in millionths) among ``terms`` if all of them are broad, else None: one is selective.

    What is known of the terms is at most a minute old; an older count makes a search slower, never wrong.
    """
    known = shares_of(subject)
    shares = [known.get(term) for term in terms]
    return None if not shares or None in shares else min(share for share in shares if share is not None)
