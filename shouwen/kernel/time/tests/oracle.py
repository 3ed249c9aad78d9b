"""A slow clock that is plain to see: one flag for each second of some weeks, on while the clock of a limit runs.

It reads calendar documents itself and shares no line with ``kernel.time``; only ``zoneinfo`` and ``chinese_calendar`` are believed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SlowClock:
    """The seconds from the local midnight of ``first`` for ``days`` days, each on or off."""

    def __init__(self, document: dict[str, Any], *, first: date, days: int) -> None:
        self.zone = ZoneInfo(document.get("timezone", "Asia/Shanghai"))
        self.first_s = _second_of(self.zone, first, 0)
        self.open = np.zeros(days * 86_400, dtype=bool)
        for n in range(-1, days):
            day = first + timedelta(days=n)
            for opens, closes in _sessions(document, day):
                self._switch(opens_s=_second_of(self.zone, day, opens), closes_s=_second_of(self.zone, day, closes), on=True)

    def pause(self, since_s: int, until_s: int) -> None:
        self._switch(opens_s=since_s, closes_s=until_s, on=False)

    def _switch(self, *, opens_s: int, closes_s: int, on: bool) -> None:
        self.open[max(opens_s - self.first_s, 0) : max(closes_s - self.first_s, 0)] = on

    def counted(self, start_s: int, end_s: int) -> int:
        return int(self.open[start_s - self.first_s : end_s - self.first_s].sum())

    def left_after(self, start_s: int) -> int:
        """Return how many seconds the clock runs from ``start_s`` to the end of these weeks."""
        return int(self.open[start_s - self.first_s :].sum())

    def due(self, start_s: int, length_s: int) -> int:
        """Return the second at whose beginning ``length_s`` seconds have been counted."""
        if length_s == 0:
            return start_s
        running = np.flatnonzero(self.open[start_s - self.first_s :])
        return start_s + int(running[length_s - 1]) + 1


def _sessions(document: dict[str, Any], day: date) -> list[tuple[int, int]]:
    weekly = document.get("weekly") or dict.fromkeys(WEEKDAYS, document.get("daily"))
    of_day = weekly.get(WEEKDAYS[day.weekday()], [])
    of_first = next(weekly[name] for name in WEEKDAYS if weekly.get(name))
    if day.isoformat() in document.get("workdays", []):
        return [_seconds(*session) for session in of_day or of_first]
    if day.isoformat() in document.get("holidays", []):
        return []
    if document.get("base") == "cn":
        return [_seconds(*session) for session in of_day or of_first] if chinese_calendar.is_workday(day) else []
    return [_seconds(*session) for session in of_day]


def _seconds(opens: str, closes: str) -> tuple[int, int]:
    opens_s, closes_s = (int(text[:2]) * 3600 + int(text[3:]) * 60 for text in (opens, closes))
    return opens_s, closes_s if closes_s > opens_s else closes_s + 86_400


def _second_of(zone: ZoneInfo, day: date, seconds: int) -> int:
    """Return the second at which clocks show so much after midnight of ``day``: the first if twice, the change itself if never."""
    local = datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    while instant.astimezone(zone).replace(tzinfo=None) > local:  # skipped: back to the change
        earlier = instant - timedelta(minutes=1)
        if earlier.astimezone(zone).replace(tzinfo=None) < local:
            break
        instant = earlier
    return int((instant - EPOCH).total_seconds())
