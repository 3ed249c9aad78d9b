"""Whole working days of a calendar, as dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.timeline import REACH

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A day, and whether any session opens on it."""

    on: date
    is_working: bool


def nth_working_day(*, start_on: date, n: int, calendar: WorkCalendar) -> date:
    """Return the ``n``-th working day strictly after ``start_on``; whether ``start_on`` itself is worked does not matter.

    :raises BadInput: when ``n`` is below 1, a day on the way is not known, or there are not so many within sixty years.
    """
    if n < 1:
        raise BadInput("n", f"there is no working day number {n}", "write a whole number from 1")
    calendar.check_known(start_on)
    day, last = start_on, start_on + REACH
    while n and day < last:
        day += ONE_DAY
        calendar.check_known(day)
        n -= calendar.is_working_day(day)
    if n:
        raise BadInput("calendar", "it has too few working days", "check its sessions, or ask for a smaller number")
    return day


def days_between(*, first_on: date, last_on: date, calendar: WorkCalendar) -> tuple[Day, ...]:
    """Return the days from ``first_on`` to ``last_on``, both inside, each with whether it is worked.

    :raises BadInput: when the last lies before the first, or a day is not known.
    """
    if last_on < first_on:
        raise BadInput("to", f"{last_on} lies before {first_on}", "give the earlier day as from")
    calendar.check_known(first_on)
    calendar.check_known(last_on)
    days = (first_on + timedelta(days=n) for n in range((last_on - first_on).days + 1))
    return tuple(Day(day, calendar.is_working_day(day)) for day in days)
