"""Which channels rest because their carrier was away."""

from __future__ import annotations

from datetime import datetime

from shouwen.loop.messages.models import ChannelRest


def channel_rests() -> dict[str, datetime]:
    """Return until when each channel rests whose carrier was away when it was tried last; until a carrier answers it stays listed."""
    return dict(ChannelRest.objects.order_by("channel").values_list("channel", "until"))
