"""Limits: how much time, on which clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.instants import SECOND_US


class Unit(StrEnum):
    """The units of a limit. The first four run day and night; the others run while the calendar's sessions are open."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WORKING_SECOND = "working_second"
    WORKING_MINUTE = "working_minute"
    WORKING_HOUR = "working_hour"
    HALF_WORKING_DAY = "half_working_day"
    WORKING_DAY = "working_day"

    @property
    def is_working(self) -> bool:
        return self in _WORKING


_UNIT_US = {
    Unit.SECOND: SECOND_US,
    Unit.MINUTE: 60 * SECOND_US,
    Unit.HOUR: 3_600 * SECOND_US,
    Unit.DAY: 86_400 * SECOND_US,
    Unit.WORKING_SECOND: SECOND_US,
    Unit.WORKING_MINUTE: 60 * SECOND_US,
    Unit.WORKING_HOUR: 3_600 * SECOND_US,
}
_DAYS = {Unit.HALF_WORKING_DAY: Fraction(1, 2), Unit.WORKING_DAY: Fraction(1)}
_WORKING = frozenset(unit for unit in Unit if "working" in unit)


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of time on a clock: 45 minutes, 2 working hours, half a working day."""

    amount: Decimal
    unit: Unit
    _fixed_us: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount < 0:
            raise BadInput("limit.amount", f"{self.amount} is not a length of time", "write a number that is zero or more")
        unit_us = _UNIT_US.get(self.unit)
        fixed = None if unit_us is None else int((self.amount * unit_us).to_integral_value(rounding="ROUND_HALF_UP"))
        object.__setattr__(self, "_fixed_us", fixed)

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.unit.replace('_', ' ')}"

    @property
    def is_working(self) -> bool:
        return self.unit.is_working

    def length_us(self, start_us: int, calendar: WorkCalendar) -> int:
        """Return the limit in microseconds of its own clock, half up; a working day is as long as the calendar's days from the start."""
        if self._fixed_us is not None:
            return self._fixed_us
        return calendar.timeline.work_us_of_days(start_us, Fraction(self.amount) * _DAYS[self.unit])
