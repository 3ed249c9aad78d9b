"""Days by the wall clock: the same time of day so many days later, whatever the clocks did in between.

Where clocks never change (Asia/Shanghai) a day is 24 hours. A part of a day is that part of the day it falls in (23 or 25 hours when
clocks change). A start in the second pass of a doubled hour counts as its end, so that a later start never has an earlier deadline.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from shouwen.kernel.time.calendars import STEADY_YEARS, WorkCalendar
from shouwen.kernel.time.instants import SECOND_US, from_us, local_instant, to_us

DAY_US = 86_400 * SECOND_US
STEADY_FROM_US = to_us(datetime(STEADY_YEARS.start, 1, 2, tzinfo=UTC))


def after_wall_days(start_us: int, days: Fraction, calendar: WorkCalendar) -> int:
    """Return the instant ``days`` days after ``start_us`` by the clocks of the calendar's zone, in whole microseconds, half up."""
    if has_steady_days(start_us, calendar):
        return start_us + int(days * DAY_US + Fraction(1, 2))
    whole, part = divmod(days, 1)
    local = _local_start(start_us, calendar.zone)
    due_us = _instant_us(local, int(whole), calendar.zone)
    if part:
        due_us += int(part * (_instant_us(local, int(whole) + 1, calendar.zone) - due_us) + Fraction(1, 2))
    return max(due_us, start_us)


def has_steady_days(start_us: int, calendar: WorkCalendar) -> bool:
    """Return whether every day from ``start_us`` on has 24 hours in the calendar's zone."""
    return start_us >= STEADY_FROM_US and not calendar.changes_clocks


def _local_start(start_us: int, zone: ZoneInfo) -> datetime:
    start = from_us(start_us, zone)
    local = start.replace(tzinfo=None, fold=0)
    if not start.fold:
        return local
    doubled = (local.replace(tzinfo=zone).utcoffset() or timedelta()) - (start.utcoffset() or timedelta())
    first_pass = from_us(start_us - int(doubled.total_seconds()) * SECOND_US, zone)
    return local + _until_change(first_pass, zone, doubled)


def _until_change(instant: datetime, zone: ZoneInfo, doubled: timedelta) -> timedelta:
    """Return how long after ``instant`` the clocks change, found by halving; they do within ``doubled``."""
    here, low, high = to_us(instant), 0, int(doubled.total_seconds()) * SECOND_US
    while high - low > 1:
        middle = (low + high) // 2
        if from_us(here + middle, zone).utcoffset() == instant.utcoffset():
            low = middle
        else:
            high = middle
    return timedelta(microseconds=high)


def _instant_us(local: datetime, days: int, zone: ZoneInfo) -> int:
    return to_us(local_instant(local + timedelta(days=days), zone))
