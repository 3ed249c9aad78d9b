"""The official Chinese working days: holidays and the weekends worked in exchange (调休), as announced year by year.

The announced years come from the maintained package ``chinesecalendar``. A year that has not been announced there is not guessed:
asking for one of its days is refused, unless the asker accepts provisional days. Then the statutory holidays come from the package
``holidays`` and no weekend is worked, and every answer that touched such a day says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from shouwen.kernel.errors import BadInput

LAST_PROVISIONAL_YEAR_AFTER = 1


@dataclass(frozen=True, slots=True)
class ChineseDays:
    """The days that differ from the plain week, for the announced years."""

    first_year: int
    last_confirmed_year: int
    holidays: frozenset[date]
    workdays: frozenset[date]

    @property
    def version(self) -> str:
        """Return both sources with their versions."""
        from importlib.metadata import version

        return f"chinesecalendar {version('chinesecalendar')}, holidays {version('holidays')}"

    def is_workday(self, day: date, *, accept_provisional: bool) -> bool:
        """Return whether offices work on ``day``.

        :raises BadInput: when the year has not been announced and provisional days are not accepted, or is out of reach.
        """
        if self.first_year <= day.year <= self.last_confirmed_year:
            return day in self.workdays or (day.weekday() < 5 and day not in self.holidays)
        if accept_provisional and day.year == self.last_confirmed_year + LAST_PROVISIONAL_YEAR_AFTER:
            return day.weekday() < 5 and day not in provisional_holidays(day.year)
        raise self.not_announced(day)

    def not_announced(self, day: date) -> BadInput:
        """Return the refusal to answer for ``day``."""
        problem = (
            f"the official working days of {day.year} are not confirmed (known: {self.first_year}–{self.last_confirmed_year})"
        )
        if day.year == self.last_confirmed_year + LAST_PROVISIONAL_YEAR_AFTER:
            return BadInput("calendar", problem, 'add "provisional": true to count with the statutory holidays alone')
        return BadInput("calendar", problem, "give the calendar its own weekly sessions, holidays and workdays")


@cache
def official_chinese_days() -> ChineseDays:
    """Return the days as this installation knows them."""
    import chinese_calendar.constants as announced

    last = max(day.year for day in announced.holidays)
    return ChineseDays(
        first_year=min(day.year for day in announced.holidays),
        last_confirmed_year=last,
        holidays=frozenset(announced.holidays),
        workdays=frozenset(announced.workdays),
    )


@cache
def provisional_holidays(year: int) -> frozenset[date]:
    """Return the statutory holidays of a year whose exchanged weekends have not been announced."""
    import holidays

    return frozenset(holidays.country_holidays("CN", years=year))
