"""Calendars and moments that the tests of time share."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.documents import read_calendar
from shouwen.kernel.time.limits import Limit, Unit
from shouwen.kernel.time.periods import Period

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")

DESK = read_calendar({"base": "cn", "daily": [["08:30", "12:00"], ["13:30", "17:30"]]})  # seven and a half hours
OFFICE = read_calendar({"base": "cn", "daily": [["08:30", "12:00"], ["14:00", "17:30"]]})  # seven hours
PROVISIONAL = read_calendar({"base": "cn", "provisional": True, "daily": [["08:30", "12:00"], ["14:00", "17:30"]]})
NIGHT = read_calendar({"daily": [["22:00", "06:00"]]})


def weekdays(*sessions: list[str], timezone: str = "Asia/Shanghai", **more: object) -> WorkCalendar:
    """Return a calendar with the same sessions from Monday to Friday."""
    return read_calendar(
        {"timezone": timezone, "weekly": {day: list(sessions) for day in ("mon", "tue", "wed", "thu", "fri")}, **more}
    )


def here(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """Return the instant written as local time; an offset in ``text`` wins."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


def limit(amount: str | int, unit: str) -> Limit:
    return Limit(Decimal(amount), Unit(unit))


def pause(since: str, until: str | None, zone: ZoneInfo = SHANGHAI) -> Period:
    return Period(here(since, zone), None if until is None else here(until, zone))


def written(instant: datetime | None) -> str | None:
    """Return the instant to the minute, or more exactly where it is not whole."""
    if instant is None:
        return None
    return instant.strftime("%Y-%m-%d %H:%M") if instant.second == instant.microsecond == 0 else str(instant)[:26]
