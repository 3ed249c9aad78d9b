"""Questions about contacts: what could not be understood, one envelope, a timeline, what has fallen silent."""

from shouwen.loop.contact.queries.arrivals import (
    ArrivalCard,
    SilentChannel,
    WaitingCounts,
    count_waiting,
    list_arrivals,
    matter_token,
    silent_channels,
)
from shouwen.loop.contact.queries.envelopes import BuriedCard, BuriedPage, EnvelopeDetail, get_envelope, list_buried
from shouwen.loop.contact.queries.interactions import InteractionCard, InteractionPage, list_interactions

__all__ = [
    "ArrivalCard",
    "BuriedCard",
    "BuriedPage",
    "EnvelopeDetail",
    "InteractionCard",
    "InteractionPage",
    "SilentChannel",
    "WaitingCounts",
    "count_waiting",
    "get_envelope",
    "list_arrivals",
    "list_buried",
    "list_interactions",
    "matter_token",
    "silent_channels",
]
