"""The working windows of one calendar as sorted arrays with prefix sums: adding working time is two binary searches.

All figures are microseconds. The arrays grow on demand in whole years; a grown span replaces the old one at once, so that several
threads may ask at the same time. Idea and proof: ``docs/algorithms/deadlines.md``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.instants import from_us

if TYPE_CHECKING:
    from shouwen.kernel.time.calendars import WorkCalendar

REACH_DAYS = 366 * 60  # no deadline lies further away than sixty years
SPARE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Span:
    """The windows of the days from ``first`` up to ``until`` (outside).

    ``worked_before[i]`` is the working time before window ``i``, ``worked_after[i]`` that time and the window's own.
    ``day_starts[k]`` is the index of the first window of the k-th working day; ``even_day_us`` the length of a working day, if all
    are equally long.
    """

    first: date
    until: date
    opens: Sequence[int]
    closes: Sequence[int]
    worked_before: Sequence[int]
    worked_after: Sequence[int]
    day_starts: Sequence[int]
    even_day_us: int | None

    @property
    def total(self) -> int:
        return self.worked_after[-1] if self.worked_after else 0

    def worked_until(self, us: int) -> int:
        """Return the working time between the span's beginning and ``us``."""
        i = bisect_right(self.opens, us) - 1
        return 0 if i < 0 else self.worked_before[i] + min(us, self.closes[i]) - self.opens[i]

    def instant_after(self, worked: int) -> int:
        """Return the first instant by which ``worked`` (more than nothing, at most ``total``) has passed since the beginning."""
        i = bisect_left(self.worked_after, worked)
        return self.opens[i] + worked - self.worked_before[i]

    def day_bounds(self, k: int) -> tuple[int, int]:
        """Return the working time before the k-th working day and after it."""
        last = self.day_starts[k + 1] - 1 if k + 1 < len(self.day_starts) else len(self.opens) - 1
        return self.worked_before[self.day_starts[k]], self.worked_after[last]

    def place_in_days(self, us: int) -> tuple[int, Fraction]:
        """Return the working day in which ``us`` lies, or else the next one, and which share of it is over."""
        k = bisect_right(self.day_starts, bisect_right(self.opens, us) - 1) - 1
        if k < 0:
            return 0, Fraction(0)
        before, after = self.day_bounds(k)
        worked = self.worked_until(us)
        return (k + 1, Fraction(0)) if worked >= after else (k, Fraction(worked - before, after - before))


class Timeline:
    """Questions about the working time of one calendar."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self._calendar = calendar
        self._span: Span | None = None

    def work_between(self, us: int, until_us: int) -> int:
        """Return the working time in ``[us, until_us)``."""
        span = self.span_over(us, until_us)
        return span.worked_until(until_us) - span.worked_until(us)

    def add(self, us: int, work_us: int) -> int:
        """Return the first instant by which ``work_us`` of working time has passed since ``us``; at closing time, not after it."""
        if work_us == 0:
            return us
        span = self.span_over(us, us)
        worked = span.worked_until(us) + work_us
        while worked > span.total:
            span = self._longer(span, us)
            worked = span.worked_until(us) + work_us
        return span.instant_after(worked)

    def next_open(self, us: int) -> int:
        """Return ``us`` itself if work is on, else the next opening."""
        span = self.span_over(us, us)
        i = bisect_right(span.opens, us) - 1
        return us if i >= 0 and us < span.closes[i] else self.add(us, 1) - 1

    def windows(self, us: int, until_us: int) -> list[tuple[int, int]]:
        """Return the windows that overlap ``[us, until_us)``, clipped to it; windows that touch are one."""
        span = self.span_over(us, until_us)
        result: list[tuple[int, int]] = []
        for i in range(max(bisect_right(span.opens, us) - 1, 0), bisect_left(span.opens, until_us)):
            opens, closes = max(span.opens[i], us), min(span.closes[i], until_us)
            if opens >= closes:
                continue
            if result and result[-1][1] == opens:
                result[-1] = (result[-1][0], closes)
            else:
                result.append((opens, closes))
        return result

    def work_us_of_days(self, us: int, days: Fraction) -> int:
        """Return the working time that ``days`` working days take from ``us``.

        A working day is used up in step with its own sessions: a day after its middle is the middle of the next, however long each is.
        """
        span = self.span_over(us, us)
        if span.even_day_us is not None:
            return _rounded(days * span.even_day_us)
        k, share = span.place_in_days(us)
        whole, rest = divmod(share + days, 1)
        if rest == 0:
            whole, rest = whole - 1, Fraction(1)
        k += int(whole)
        while k + 1 >= len(span.day_starts):
            span = self._longer(span, us)
        before, after = span.day_bounds(max(k, 0))
        return max(before + _rounded(rest * (after - before)) - span.worked_until(us), 0)

    def span_over(self, us: int, until_us: int) -> Span:
        """Return a span that holds both instants with days to spare, so that night shifts at the edges are whole.

        :raises BadInput: when a day of it is not known to the calendar.
        """
        span = self._span
        if span is not None and span.opens and span.opens[0] <= us and until_us < span.closes[-1]:
            return span
        known_first, known_until = self._calendar.known_days
        first_day, last_day = (from_us(instant, self._calendar.zone).date() for instant in (us, until_us))
        for day in (first_day, last_day):
            if not known_first <= day < known_until:
                self._calendar.sessions_on(day)
        first, until = max(first_day - SPARE, known_first), min(last_day + SPARE, known_until)
        if span is not None and span.first <= first and until <= span.until:
            return span
        return self._grow(_year_start(first), _year_start(until) + timedelta(days=366), first_day)

    def _longer(self, span: Span, us: int) -> Span:
        """Return a span that begins where ``span`` does and reaches further."""
        known_until = self._calendar.known_days[1]
        if span.until >= known_until:
            self._calendar.sessions_on(known_until)
        return self._grow(span.first, span.until + timedelta(days=366), from_us(us, self._calendar.zone).date())

    def _grow(self, first: date, until: date, asked: date) -> Span:
        if (until - asked).days > REACH_DAYS:
            raise BadInput("calendar", "it has too little working time for this limit", "check its sessions, or shorten the limit")
        old, (known_first, known_until) = self._span, self._calendar.known_days
        if old is not None and (old.first > first or old.until < until):
            first, until = min(first, old.first), max(until, old.until)
        self._span = _span_of(self._calendar, max(first, known_first), min(until, known_until))
        return self._span


def _year_start(day: date) -> date:
    return date(day.year, 1, 1)


def _span_of(calendar: WorkCalendar, first: date, until: date) -> Span:
    opens: list[int] = []
    closes: list[int] = []
    before: list[int] = []
    after: list[int] = []
    day_starts: list[int] = []
    day_lengths: set[int] = set()
    worked = 0
    for n in range((until - first).days):
        day_first, day_before = len(opens), worked
        for window_opens, window_closes in calendar.windows_on(first + timedelta(days=n)):
            window_opens = max(window_opens, closes[-1]) if closes else window_opens
            if window_opens >= window_closes:
                continue
            opens.append(window_opens)
            closes.append(window_closes)
            before.append(worked)
            worked += window_closes - window_opens
            after.append(worked)
        if len(opens) > day_first:
            day_starts.append(day_first)
            day_lengths.add(worked - day_before)
    even = day_lengths.pop() if len(day_lengths) == 1 else None
    return Span(first, until, opens, closes, before, after, day_starts, even)


def _rounded(us: Fraction) -> int:
    """Return whole microseconds, half up."""
    return int((us + Fraction(1, 2)) // 1)
