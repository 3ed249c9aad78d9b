"""Bare deadlines: prefix sums over working windows, by ``bisect`` for one and by numpy for many; and a day-by-day oracle.

The windows are counted anew from ``chinesecalendar``, not taken from the product, so that the same answer means something.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np
import numpy.typing as npt

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFSET_S = 8 * 3600
SESSIONS_S = ((8 * 3600 + 1800, 12 * 3600), (14 * 3600, 17 * 3600 + 1800))
CALENDAR = {"base": "cn", "daily": [["08:30", "12:00"], ["14:00", "17:30"]]}
DAY_S = 7 * 3600
FIRST, LAST = date(2023, 1, 1), date(2026, 12, 31)
LENGTHS_S = (2 * 3600, DAY_S // 2, DAY_S, 3 * DAY_S, 5 * DAY_S, 7 * DAY_S)

Seconds = npt.NDArray[np.int64]


def is_worked(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day))


@dataclass(frozen=True)
class Windows:
    """The working windows of four years, in seconds since 1970, with the working time before and after each."""

    opens: Sequence[int]
    closes: Sequence[int]

    @cached_property
    def after(self) -> Sequence[int]:
        total, sums = 0, []
        for opens, closes in zip(self.opens, self.closes, strict=True):
            total += closes - opens
            sums.append(total)
        return sums

    @cached_property
    def arrays(self) -> tuple[Seconds, Seconds, Seconds]:
        return np.array(self.opens), np.array(self.closes), np.array(self.after)

    def due(self, start: int, length: int) -> int:
        """Return when ``length`` seconds of work have passed since ``start``."""
        i = bisect_right(self.opens, start) - 1
        worked = (self.after[i] - max(self.closes[i] - start, 0) if i >= 0 else 0) + length
        k = bisect_left(self.after, worked)
        return self.closes[k] - (self.after[k] - worked)

    def due_many(self, starts: Seconds, lengths: Seconds) -> Seconds:
        """Return the same for arrays."""
        opens, closes, after = self.arrays
        i = np.searchsorted(opens, starts, side="right") - 1
        worked = np.where(i >= 0, after[i] - np.maximum(closes[i] - starts, 0), 0) + lengths
        k = np.searchsorted(after, worked)
        return closes[k] - (after[k] - worked)


def windows() -> Windows:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    bounds = [(_epoch(day) + opens, _epoch(day) + closes) for day in days if is_worked(day) for opens, closes in SESSIONS_S]
    return Windows([opens for opens, _ in bounds], [closes for _, closes in bounds])


def day_by_day(start: int, length: int) -> int:
    """Return the same as ``Windows.due`` by walking along the calendar: slow, and plain to see."""
    day = datetime.fromtimestamp(start, UTC).astimezone(SHANGHAI).date()
    while True:
        for opens_s, closes_s in SESSIONS_S if is_worked(day) else ():
            opens, closes = max(_epoch(day) + opens_s, start), _epoch(day) + closes_s
            if closes - opens >= length:
                return opens + length
            length -= max(closes - opens, 0)
        day += timedelta(days=1)


def cases(count: int, *, seed: int = 1) -> list[tuple[int, int]]:
    """Return (start, length) pairs in seconds, at any time of 2024 and 2025, with the limits that norms use."""
    chance = random.Random(seed)
    first, until = _epoch(date(2024, 1, 1)), _epoch(date(2026, 1, 1))
    return [(chance.randrange(first, until), chance.choice(LENGTHS_S)) for _ in range(count)]


def _epoch(day: date) -> int:
    """Return the local midnight of ``day`` in seconds since 1970."""
    return (day - date(1970, 1, 1)).days * 86_400 - OFFSET_S
