"""What this process remembers, for a minute, of how frequent the broad terms are. A room between models and queries."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from shouwen.kernel.freshness import FreshAnswers
from shouwen.platform.search.models import BroadTerm

SHARES_CACHE_S = 60
BROAD_FROM_PPM = 2_000  # two of a thousand entries and more; the share of a rarer term is not kept

_shares: FreshAnswers[str, dict[int, int]] = FreshAnswers(lifetime_s=SHARES_CACHE_S)


def shares_of(subject: str) -> dict[int, int]:
    """Return the share of each broad term of ``subject`` in millionths."""
    return _shares.get(subject, _fetched)


def forget_shares(subject: str) -> None:
    """Let a new count be seen at once in this process, and again when it is committed."""
    _shares.forget(subject)
    transaction.on_commit(partial(_shares.forget, subject))


def forget_now() -> None:
    """Forget everything, whatever the database is doing."""
    _shares.forget_all()


def _fetched(subject: str) -> dict[int, int]:
    return dict(BroadTerm.objects.filter(subject=subject).values_list("term", "share_ppm"))
