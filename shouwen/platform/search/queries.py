"""The keys of this installation, and what is known of the terms."""

from __future__ import annotations

from collections.abc import Collection

from shouwen.platform.search.keys import keyring
from shouwen.platform.search.models import BroadTerm

__all__ = ["broad_share_ppm", "keyring"]


def broad_share_ppm(*, subject: str, terms: Collection[int]) -> int | None:
    """Return the smallest share (in millionths) among ``terms`` if all of them are broad, else None: one is selective."""
    shares = list(BroadTerm.objects.filter(subject=subject, term__in=terms).values_list("share_ppm", flat=True))
    return min(shares) if shares and len(shares) == len(set(terms)) else None
