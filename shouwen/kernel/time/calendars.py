"""Working calendars: on which days and in which sessions work is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.chinese_days import LAST_PROVISIONAL_YEAR_AFTER, ChineseDays
from shouwen.kernel.time.instants import FIRST_YEAR, LAST_YEAR, SECOND_US, local_instant, to_us, zone_named

if TYPE_CHECKING:
    from shouwen.kernel.time.timeline import Timeline

DAY_S = 86_400
NIGHT = timedelta(days=1)  # a session ends at the latest with the day after the one on which it opens
STEADY_YEARS = range(2000, 2040)  # in which a zone without clock changes is reckoned with by one subtraction


@dataclass(frozen=True, slots=True, order=True)
class Session:
    """One unbroken time of work, in seconds after the local midnight of its day; ``closes_s`` may lie in the next day."""

    opens_s: int
    closes_s: int

    @property
    def length_s(self) -> int:
        return self.closes_s - self.opens_s


Sessions = tuple[Session, ...]


@dataclass(frozen=True)
class WorkCalendar:
    """When work is done.

    ``weekly`` holds the sessions of Monday … Sunday. ``holidays`` have none; ``workdays`` are worked although their weekday may have
    none, and then keep the sessions of the first weekday that has any. ``base`` (the official Chinese days) decides which other days
    are worked. A session belongs to the day on which it opens, so a night shift before a holiday ends as usual.
    """

    timezone: str
    weekly: tuple[Sessions, Sessions, Sessions, Sessions, Sessions, Sessions, Sessions]
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    base: ChineseDays | None = None
    accept_provisional: bool = False
    version: str = field(default="", compare=False)

    @cached_property
    def zone(self) -> ZoneInfo:
        return zone_named(self.timezone)

    @cached_property
    def timeline(self) -> Timeline:
        """Return the working windows of this calendar, computed as far as they were asked for."""
        from shouwen.kernel.time.timeline import Timeline

        return Timeline(self)

    @cached_property
    def makeup_sessions(self) -> Sessions:
        """Return the sessions of a worked day whose weekday has none."""
        return next((sessions for sessions in self.weekly if sessions), ())

    @cached_property
    def known_days(self) -> tuple[date, date]:
        """Return the first day whose working is known, and the first after the last."""
        if self.base is None:
            return date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 1, 1)
        last_year = self.base.last_confirmed_year + (LAST_PROVISIONAL_YEAR_AFTER if self.accept_provisional else 0)
        return date(self.base.first_year, 1, 1), date(last_year + 1, 1, 1)

    @cached_property
    def known_until_us(self) -> int:
        """Return the instant before which all working is known: the end of the last known day, or of its night shift."""
        until = self.known_days[1]
        closings = [closes_us for _, closes_us in self.windows_on(until - NIGHT)]
        return max([self._instant_us(until, 0), *closings])

    def is_working_day(self, day: date) -> bool:
        return bool(self.sessions_on(day))

    def sessions_on(self, day: date) -> Sessions:
        """Return the sessions that open on ``day``, in order.

        :raises BadInput: when the official days of that year are not known.
        """
        if day in self.workdays:
            return self.weekly[day.weekday()] or self.makeup_sessions
        if day in self.holidays:
            return ()
        if self.base is None:
            self.check_known(day)
            return self.weekly[day.weekday()]
        if not self.base.is_workday(day, accept_provisional=self.accept_provisional):
            return ()
        return self.weekly[day.weekday()] or self.makeup_sessions

    def check_known(self, day: date) -> None:
        """Refuse a day outside ``known_days``, even one that ``holidays`` or ``workdays`` names: its neighbours are not known.

        :raises BadInput: saying which year is not known, and what to do.
        """
        first, until = self.known_days
        if first <= day < until:
            return
        if self.base is not None:
            raise self.base.not_announced(day)
        raise BadInput("calendar", f"it does not reach the year {day.year}", f"stay between {first.year} and {until.year - 1}")

    def is_provisional_on(self, day: date) -> bool:
        """Return whether the official days of that year were still to be announced."""
        return self.base is not None and day.year > self.base.last_confirmed_year

    def windows_on(self, day: date) -> list[tuple[int, int]]:
        """Return the sessions of ``day`` as instants in microseconds, in the calendar's zone with its clock changes."""
        return [
            (self._instant_us(day, session.opens_s), self._instant_us(day, session.closes_s)) for session in self.sessions_on(day)
        ]

    def whole_from_us(self, first: date) -> int:
        """Return the instant from which the windows of ``first`` and the days after it are all there are: no earlier shift runs."""
        if first == self.known_days[0]:
            return self._instant_us(first, 0)
        return self._instant_us(first + NIGHT, 0)

    def _instant_us(self, day: date, seconds: int) -> int:
        local = datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)  # noqa: DTZ001 - local on purpose
        if local.year in STEADY_YEARS and not self.changes_clocks:
            return _utc_us(local) - self._fixed_offset_us
        return to_us(local_instant(local, self.zone))

    @cached_property
    def changes_clocks(self) -> bool:
        """Return whether the zone's offset differs within the years most calendars are used for; Asia/Shanghai's does not."""
        offsets = {datetime(year, month, 1, tzinfo=self.zone).utcoffset() for year in STEADY_YEARS for month in range(1, 13)}
        return len(offsets) > 1

    @cached_property
    def _fixed_offset_us(self) -> int:
        offset = datetime(2020, 1, 1, tzinfo=self.zone).utcoffset() or timedelta()
        return int(offset.total_seconds()) * SECOND_US


_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - subtracted from local times only


def _utc_us(local: datetime) -> int:
    return (local - _LOCAL_EPOCH) // timedelta(microseconds=1)


def always_open(timezone: str = "Asia/Shanghai") -> WorkCalendar:
    """Return the calendar of a desk that never closes."""
    whole_day = (Session(0, DAY_S),)
    return WorkCalendar(timezone, (whole_day,) * 7)
