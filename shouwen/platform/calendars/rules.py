"""How far calendars are certain, and when that has to worry somebody."""

from __future__ import annotations

from datetime import date

from shouwen.kernel.time.chinese_days import ChineseDays

ALARM_MONTH = 11  # the official days of a year are announced in the November before it


def confirmed_until(official: ChineseDays | None) -> date | None:
    """Return the last day whose working is certain; None when every day is, because the calendar stands on no announcement."""
    return None if official is None else date(official.last_confirmed_year, 12, 31)


def is_alarming(*, confirmed_until: date | None, today: date) -> bool:
    """Return whether the next year should be known by now and is not: from November of the last confirmed year on."""
    return confirmed_until is not None and today >= date(confirmed_until.year, ALARM_MONTH, 1)
