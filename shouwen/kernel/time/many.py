"""Deadlines of a whole column at once, for recalculations of millions: the same answers as ``due_at``, by numpy.

The two binary searches of ``timeline`` run on arrays. Pauses are not known here: a paused matter's deadline is found one at a time.
"""

from __future__ import annotations

from fractions import Fraction
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.limits import Limit
from shouwen.kernel.time.timeline import REACH_US, Span, Timeline
from shouwen.kernel.time.wall_days import after_wall_days, has_steady_days

Microseconds = npt.NDArray[np.int64]

CHUNK_BITS = 13
CHUNKS = 3  # a working day has less than 2 ** 39 microseconds
LARGEST_DIVISOR = 1 << 49  # so that a product with a chunk and the carried rest fit together into 63 bits


def due_many(*, starts_us: Microseconds, limit: Limit, calendar: WorkCalendar) -> Microseconds:
    """Return for each start (microseconds since 1970) the first instant at which ``limit`` is used up.

    :raises BadInput: when the calendar does not know a day on the way of any of them, or a way is longer than sixty years.
    """
    starts_us = np.asarray(starts_us, dtype=np.int64)
    if starts_us.size == 0 or limit.amount == 0:
        return starts_us.copy()
    if not limit.is_working:
        return _wall(starts_us, limit, calendar)
    first_us, last_us = int(starts_us.min()), int(starts_us.max())
    furthest_us = calendar.timeline.add(last_us, limit.length_us(last_us, calendar))
    span = calendar.timeline.span_over(first_us, furthest_us)
    due_us = _added(_columns(calendar.timeline, span), starts_us, _lengths(span, starts_us, limit, calendar))
    if int((due_us - starts_us).max()) > REACH_US:
        raise BadInput("calendar", "it has too little working time for this limit", "check its sessions, or shorten the limit")
    return due_us


class _Columns:
    """The arrays of a span."""

    def __init__(self, span: Span) -> None:
        self.opens, self.closes = np.array(span.opens, dtype=np.int64), np.array(span.closes, dtype=np.int64)
        self.before, self.after = np.array(span.worked_before, dtype=np.int64), np.array(span.worked_after, dtype=np.int64)
        self.day_starts = np.array(span.day_starts, dtype=np.int64)

    def worked_until(self, us: Microseconds) -> Microseconds:
        i = np.searchsorted(self.opens, us, side="right") - 1
        worked = self.before[i] + np.minimum(us, self.closes[i]) - self.opens[i]
        return np.where(i >= 0, worked, 0)


_kept: WeakKeyDictionary[Timeline, tuple[Span, _Columns]] = WeakKeyDictionary()


def _columns(timeline: Timeline, span: Span) -> _Columns:
    """Return the arrays of a span; those of each calendar's latest span are kept."""
    kept = _kept.get(timeline)
    if kept is not None and kept[0] is span:
        return kept[1]
    columns = _Columns(span)
    _kept[timeline] = span, columns
    return columns


def _wall(starts_us: Microseconds, limit: Limit, calendar: WorkCalendar) -> Microseconds:
    if limit.days is None or has_steady_days(int(starts_us.min()), calendar):
        return starts_us + limit.length_us(int(starts_us[0]), calendar)
    return np.array([after_wall_days(int(us), limit.days, calendar) for us in starts_us], dtype=np.int64)


def _added(columns: _Columns, starts_us: Microseconds, lengths_us: Microseconds | int) -> Microseconds:
    worked = columns.worked_until(starts_us) + lengths_us
    i = np.searchsorted(columns.after, worked, side="left")
    return np.where(np.equal(lengths_us, 0), starts_us, columns.opens[i] + worked - columns.before[i])


def _lengths(span: Span, starts_us: Microseconds, limit: Limit, calendar: WorkCalendar) -> Microseconds | int:
    """Return the limit in working microseconds: one figure for all, or where working days are uneven one for each start."""
    if limit.days is None or span.even_day_us is not None:
        return limit.length_us(int(starts_us[0]), calendar)
    longest_day = max(span.day_bounds(k)[1] - span.day_bounds(k)[0] for k in range(len(span.day_starts)))
    if limit.days.denominator * longest_day >= LARGEST_DIVISOR or limit.days.numerator * longest_day >= 1 << 62:
        return np.array([limit.length_us(int(us), calendar) for us in starts_us], dtype=np.int64)
    return _uneven(_columns(calendar.timeline, span), starts_us, limit.days)


def _uneven(columns: _Columns, starts_us: Microseconds, days: Fraction) -> Microseconds:
    """Return ``Timeline.work_us_of_days`` of each start, in whole numbers throughout."""
    day_before = columns.before[columns.day_starts]
    day_after = np.append(day_before[1:], columns.after[-1])
    day_length = day_after - day_before
    worked = columns.worked_until(starts_us)
    k = np.searchsorted(day_after, worked, side="right")
    over = worked - day_before[k]
    divisor = day_length[k] * days.denominator
    whole, rest = np.divmod(over * days.denominator + day_length[k] * days.numerator, divisor)
    even = rest == 0
    whole, rest = whole - even, np.where(even, divisor, rest)
    target = k + whole
    lengths: Microseconds = day_before[target] + _share(rest, day_length[target], divisor) - worked
    return lengths


def _share(part: Microseconds, length: Microseconds, divisor: Microseconds) -> Microseconds:
    """Return ``part * length / divisor``, half up, without leaving 63 bits: ``length`` is taken in chunks, as in long division."""
    quotient, rest = np.zeros_like(part), np.zeros_like(part)
    for chunk in reversed(range(CHUNKS)):
        digits = (length >> (chunk * CHUNK_BITS)) & ((1 << CHUNK_BITS) - 1)
        more, rest = np.divmod((rest << CHUNK_BITS) + part * digits, divisor)
        quotient = (quotient << CHUNK_BITS) + more
    return quotient + np.greater_equal(2 * rest, divisor).astype(np.int64)


__all__ = ["Microseconds", "due_many"]
