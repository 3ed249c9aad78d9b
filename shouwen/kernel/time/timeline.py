"""The working windows of one calendar as sorted arrays with prefix sums: adding working time is two binary searches.

All figures are microseconds. The arrays grow on demand in whole years; a grown span replaces the old one at once, so that several
threads may ask at the same time, and an answer never depends on what was asked before. Idea and proof:
``docs/algorithms/deadlines.md``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.instants import SECOND_US, from_us

if TYPE_CHECKING:
    from shouwen.kernel.time.calendars import WorkCalendar

REACH = timedelta(days=366 * 60)  # no deadline lies further away than sixty years
REACH_US = REACH.days * 86_400 * SECOND_US
YEAR = timedelta(days=366)
SPARE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Span:
    """The windows of the days from ``first`` up to ``until`` (outside).

    From ``whole_from_us`` on no window is missing: before it a night shift of the day before ``first`` might run.
    ``worked_before[i]`` is the working time before window ``i``, ``worked_after[i]`` that time and the window's own.
    ``day_starts[k]`` is the index of the first window of the k-th working day; ``even_day_us`` the length of a working day, if all
    are equally long.
    """

    first: date
    until: date
    whole_from_us: int
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
        if i < 0:
            return 0
        closes = self.closes[i]
        return self.worked_before[i] + (us if us < closes else closes) - self.opens[i]

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
        """Return the first instant by which ``work_us`` of working time has passed since ``us``; at closing time, not after it.

        :raises BadInput: when a day on the way is not known, or the way is longer than sixty years.
        """
        if work_us == 0:
            return us
        span = self.span_over(us, us)
        worked = span.worked_until(us) + work_us
        if worked > span.total:
            span = self.span_with(us, us, work_us)
            worked = span.worked_until(us) + work_us
        due_us = span.instant_after(worked)
        if due_us - us > REACH_US:
            raise _too_far()
        return due_us

    def next_open(self, us: int) -> int:
        """Return ``us`` itself if work is on, else the next opening."""
        span = self.span_over(us, us)
        i = bisect_right(span.opens, us) - 1
        return us if i >= 0 and us < span.closes[i] else self.add(us, 1) - 1

    def day_before(self, us: int) -> date:
        """Return the day to which the moment just before ``us`` belongs: the day of its session, or when closed its own."""
        span = self.span_over(us - 1, us)
        i = bisect_left(span.opens, us) - 1
        return self._day_of(span.opens[i] if i >= 0 and us <= span.closes[i] else us - 1)

    def windows(self, us: int, until_us: int) -> list[tuple[int, int]]:
        """Return the windows that overlap ``[us, until_us)``, clipped to it; windows that touch are one."""
        span = self.span_over(us, until_us)
        first, until = max(bisect_right(span.opens, us) - 1, 0), bisect_left(span.opens, until_us)
        result: list[tuple[int, int]] = []
        for opens, closes in zip(span.opens[first:until], span.closes[first:until], strict=True):
            if closes <= us:
                continue
            if result and result[-1][1] == opens:
                result[-1] = (result[-1][0], closes)
            else:
                result.append((opens, closes))
        return _clipped(result, us, until_us)

    def work_us_of_days(self, us: int, days: Fraction) -> int:
        """Return the working time that ``days`` working days take from ``us``, half up.

        A working day is used up in step with its own sessions: a day after its middle is the middle of the next, however long each is.
        """
        if days == 0:
            return 0
        span = self.span_over(us, us)
        if span.even_day_us is not None:
            work_us = _rounded(days.numerator * span.even_day_us, days.denominator)
            if span.worked_until(us) + work_us <= span.total:
                return work_us
        return self._work_us_of_uneven_days(span, us, days)

    def _work_us_of_uneven_days(self, span: Span, us: int, days: Fraction) -> int:
        whole, rest = divmod(span.place_in_days(us)[1] + days, 1)
        if rest == 0:
            whole, rest = whole - 1, Fraction(1)
        while (k := span.place_in_days(us)[0] + whole) >= len(span.day_starts):
            span = self._longer(span, us)
        before, after = span.day_bounds(max(k, 0))
        return max(before + _rounded(rest.numerator * (after - before), rest.denominator) - span.worked_until(us), 0)

    def span_over(self, us: int, until_us: int) -> Span:
        """Return a span that holds ``[us, until_us)`` with days to spare, so that night shifts at the edges are whole.

        ``until_us`` is outside: a way that ends with the last known day, or with its night shift, asks nothing of the day after.
        When nothing lies between them, the instant ``us`` itself is asked for.

        :raises BadInput: when the working of a part of it is not known to the calendar.
        """
        span = self._span
        if span is not None and span.opens and span.whole_from_us <= us and until_us < span.closes[-1]:
            return span
        known_first, known_until = self._calendar.known_days
        first_day, last_day = self._known_day_of(us), self._known_day_of(max(us, until_us - 1))
        first, until = max(first_day - SPARE, known_first), min(last_day + SPARE, known_until)
        if span is not None and span.first <= first and until <= span.until:
            return span
        return self._grow(_year_start(first), _year_start(until) + YEAR)

    def span_with(self, us: int, until_us: int, work_us: int) -> Span:
        """Return a span over both instants in which ``work_us`` of working time follow ``until_us``.

        :raises BadInput: when there is not that much within sixty years, or a day on the way is not known.
        """
        span = self.span_over(us, until_us)
        while span.total - span.worked_until(until_us) < work_us:
            span = self._longer(span, until_us)
        return span

    def _longer(self, span: Span, us: int) -> Span:
        """Return a span that begins where ``span`` does and reaches further: twice as far, not further from ``us`` than one may ask."""
        furthest = self._day_of(us) + REACH + YEAR
        if span.until >= furthest:
            raise _too_far()
        self._calendar.check_known(span.until)
        return self._grow(span.first, min(span.until + max(span.until - span.first, YEAR), furthest))

    def _grow(self, first: date, until: date) -> Span:
        """Return a span from ``first`` to ``until`` at least, as far as the days are known, and keep it for the next question."""
        old, (known_first, known_until) = self._span, self._calendar.known_days
        if old is not None:
            first, until = min(first, old.first), max(until, old.until)
        self._span = grown = _span_of(self._calendar, max(first, known_first), min(until, known_until))
        return grown

    def _known_day_of(self, us: int) -> date:
        """Return the day of an instant whose working is known: of a known day, or of the last one's night shift.

        :raises BadInput: when it is not.
        """
        day = self._day_of(us)
        if day < self._calendar.known_days[0] or us >= self._calendar.known_until_us:
            self._calendar.check_known(day)
        return day

    def _day_of(self, us: int) -> date:
        return from_us(us, self._calendar.zone).date()


def _clipped(windows: list[tuple[int, int]], us: int, until_us: int) -> list[tuple[int, int]]:
    if windows:
        windows[0] = (max(windows[0][0], us), windows[0][1])
        windows[-1] = (windows[-1][0], min(windows[-1][1], until_us))
    return windows


def _too_far() -> BadInput:
    return BadInput("calendar", "it has too little working time for this limit", "check its sessions, or shorten the limit")


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
    return Span(first, until, calendar.whole_from_us(first), opens, closes, before, after, day_starts, even)


def _rounded(numerator: int, denominator: int) -> int:
    """Return the whole number nearest to the quotient, half up."""
    return (2 * numerator + denominator) // (2 * denominator)
