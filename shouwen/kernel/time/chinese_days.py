"""The official Chinese working days: holidays and the weekends worked in exchange (调休), as announced year by year.

The announced years come from the maintained package ``chinesecalendar``; ``last_confirmed_year`` says how far it goes. A year that has
not been announced there is not guessed: asking for one of its days is refused, unless the asker accepts provisional days. Then the
statutory holidays of the one year that follows come from the package ``holidays`` and no weekend is worked, and every answer that
touched such a day says so.

The days can be written down whole and read back, so that what is computed today can be computed again when the packages know more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from shouwen.kernel.errors import BadInput

LAST_PROVISIONAL_YEAR_AFTER = 1


@dataclass(frozen=True, slots=True)
class ChineseDays:
    """The days that differ from the plain week, for the announced years; and the statutory holidays of the year after them.

    ``source`` names the packages and their versions. It is no part of what the days are.
    """

    first_year: int
    last_confirmed_year: int
    holidays: frozenset[date]
    workdays: frozenset[date]
    provisional_holidays: frozenset[date] = frozenset()
    source: str = field(default="", compare=False)

    @property
    def provisional_year(self) -> int:
        """Return the year after the last announced one."""
        return self.last_confirmed_year + LAST_PROVISIONAL_YEAR_AFTER

    def is_workday(self, day: date, *, accept_provisional: bool) -> bool:
        """Return whether offices work on ``day``.

        :raises BadInput: when the year has not been announced and provisional days are not accepted, or is out of reach.
        """
        if self.first_year <= day.year <= self.last_confirmed_year:
            return day in self.workdays or (day.weekday() < 5 and day not in self.holidays)
        if accept_provisional and day.year == self.provisional_year:
            return day.weekday() < 5 and day not in self.provisional_holidays
        raise self.not_announced(day)

    def not_announced(self, day: date) -> BadInput:
        """Return the refusal to answer for ``day``."""
        problem = (
            f"the official working days of {day.year} are not confirmed (known: {self.first_year}–{self.last_confirmed_year})"
        )
        if day.year == self.provisional_year:
            return BadInput("calendar", problem, 'add "provisional": true to count with the statutory holidays alone')
        return BadInput("calendar", problem, "give the calendar its own weekly sessions, holidays and workdays")

    def as_document(self) -> dict[str, Any]:
        """Return the days as JSON; the same days are the same JSON, whichever package told them."""
        return {
            "first_year": self.first_year,
            "last_confirmed_year": self.last_confirmed_year,
            "holidays": _written(self.holidays),
            "workdays": _written(self.workdays),
            "provisional_holidays": _written(self.provisional_holidays),
        }


def chinese_days_of(document: Mapping[str, Any], *, source: str = "") -> ChineseDays:
    """Return the days that ``as_document`` has written."""
    return ChineseDays(
        first_year=document["first_year"],
        last_confirmed_year=document["last_confirmed_year"],
        holidays=_read(document["holidays"]),
        workdays=_read(document["workdays"]),
        provisional_holidays=_read(document["provisional_holidays"]),
        source=source,
    )


@cache
def official_chinese_days() -> ChineseDays:
    """Return the days as the packages installed here know them."""
    from importlib.metadata import version

    import chinese_calendar.constants as announced

    last = max(day.year for day in announced.holidays)
    return ChineseDays(
        first_year=min(day.year for day in announced.holidays),
        last_confirmed_year=last,
        holidays=frozenset(announced.holidays),
        workdays=frozenset(announced.workdays),
        provisional_holidays=_statutory_holidays(last + LAST_PROVISIONAL_YEAR_AFTER),
        source=f"chinesecalendar {version('chinesecalendar')}, holidays {version('holidays')}",
    )


def _statutory_holidays(year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays("CN", years=year))


def _written(days: frozenset[date]) -> list[str]:
    return [day.isoformat() for day in sorted(days)]


def _read(days: list[str]) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, days))
