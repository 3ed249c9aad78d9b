"""Since when an envelope waits to be understood, for ``doctor``."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min

from shouwen.loop.contact.models import Envelope


def oldest_waiting_at() -> datetime | None:
    """Return when the envelope came that has waited longest for somebody to look into it; None when none waits."""
    oldest: datetime | None = Envelope.objects.waiting().aggregate(oldest=Min("received_at"))["oldest"]
    return oldest
