"""Leaving a channel alone while its carrier is away, so that nobody knocks at a closed door every two seconds."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.loop.messages.models import ChannelRest
from shouwen.loop.messages.rules.trying import rest_after


@transaction.atomic
def rest_channel(*, channel: str, at: datetime) -> datetime:
    """Let a channel rest because its carrier is away, each time in a row for longer; return until when.

    Several workers who find the same carrier away at the same time count once.
    """
    row, _ = ChannelRest.objects.select_for_update().get_or_create(channel=channel, defaults={"until": at})
    if row.until <= at:
        row.away_count += 1
        row.until = at + rest_after(away_count=row.away_count)
        row.save(update_fields=["away_count", "until"])
    return row.until


@transaction.atomic
def end_rest(*, channel: str) -> bool:
    """Forget that the carrier of a channel was away, since it has answered; return whether it was."""
    return ChannelRest.objects.filter(channel=channel).delete()[0] > 0
