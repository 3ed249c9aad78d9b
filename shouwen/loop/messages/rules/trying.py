"""What follows a failed try or a carrier that is away, and what a receipt changes, in whatever order receipts come."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from shouwen.loop.messages.choices import MessageState, ReceiptState

LONGEST_PAUSE = timedelta(hours=6)
FIRST_REST, LONGEST_REST = timedelta(seconds=10), timedelta(minutes=5)


def pause_after(*, try_count: int, first_pause: timedelta) -> timedelta:
    """Return the pause after the ``try_count``-th try by one way: the first one, then twice as long each time, at most six hours."""
    return _doubled(first_pause, times=try_count - 1, longest=LONGEST_PAUSE)


def rest_after(*, away_count: int) -> timedelta:
    """Return the rest after a carrier was away for the ``away_count``-th time: ten seconds, then twice as long, at most five minutes."""
    return _doubled(FIRST_REST, times=away_count - 1, longest=LONGEST_REST)


def _doubled(first: timedelta, *, times: int, longest: timedelta) -> timedelta:
    return min(first * (1 << min(times, 16)), longest)


class Consequence(StrEnum):
    """What a receipt changes."""

    NONE = "none"
    DELIVERED = "delivered"
    WAY_FAILED = "way_failed"


def after_receipt(*, state: str, receipt: str, is_latest: bool) -> Consequence:
    """Return what follows a receipt. A delivery is the last word, whatever was said before it or comes after it.

    ``is_latest``: it is about the last try that a carrier took; a failure of an older one is no news.
    """
    if state == MessageState.DELIVERED:
        return Consequence.NONE
    if receipt == ReceiptState.DELIVERED:
        return Consequence.DELIVERED
    return Consequence.WAY_FAILED if state == MessageState.SENT and is_latest else Consequence.NONE
