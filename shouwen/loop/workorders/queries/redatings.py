"""Datings again after a change of a calendar that are not done, for ``doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.loop.workorders.models import Redating


@dataclass(frozen=True, slots=True)
class UnfinishedRedating:
    """One that is due: since ``due_from`` live targets stand by an older version of ``calendar``. It has come to ``after_id``."""

    calendar: str
    due_from: datetime
    after_id: int


def unfinished_redatings(*, at: datetime) -> list[UnfinishedRedating]:
    """Return the datings again that have been due and are not done, the longest due first."""
    rows = Redating.objects.filter(done_at=None, due_from__lte=at).order_by("due_from", "pk")
    return [UnfinishedRedating(*row) for row in rows.values_list("calendar", "due_from", "after_id")]
