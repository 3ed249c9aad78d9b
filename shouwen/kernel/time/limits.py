"""Limits: how much time, on which clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.instants import SECOND_US
from shouwen.kernel.time.wall_days import after_wall_days


class Unit(StrEnum):
    """The units of a limit. The first five run day and night; the others run while the calendar's sessions are open.

    A ``day`` is 24 hours; a ``calendar_day`` ends at the same time of day by the wall clock, which differs where clocks change.
    """

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    CALENDAR_DAY = "calendar_day"
    WORKING_SECOND = "working_second"
    WORKING_MINUTE = "working_minute"
    WORKING_HOUR = "working_hour"
    HALF_WORKING_DAY = "half_working_day"
    WORKING_DAY = "working_day"

    @property
    def is_working(self) -> bool:
        return self in _WORKING


DAY_US = 86_400 * SECOND_US
LONGEST_US = 366_000 * DAY_US
_UNIT_US = {
    Unit.SECOND: SECOND_US,
    Unit.MINUTE: 60 * SECOND_US,
    Unit.HOUR: 3_600 * SECOND_US,
    Unit.DAY: DAY_US,
    Unit.WORKING_SECOND: SECOND_US,
    Unit.WORKING_MINUTE: 60 * SECOND_US,
    Unit.WORKING_HOUR: 3_600 * SECOND_US,
}
_SHARES_OF_DAY = {Unit.CALENDAR_DAY: Fraction(1), Unit.HALF_WORKING_DAY: Fraction(1, 2), Unit.WORKING_DAY: Fraction(1)}
SMALLEST_EXPONENT, LARGEST_EXPONENT = -400, 15  # of ten, for an amount
_WORKING = frozenset(unit for unit in Unit if "working" in unit)


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of time on a clock: 45 minutes, 2 working hours, half a working day.

    ``days``: how many calendar or working days it is, None when it is a fixed length.
    """

    amount: Decimal
    unit: Unit
    is_working: bool = field(init=False, repr=False, compare=False)
    days: Fraction | None = field(init=False, repr=False, compare=False)
    _fixed_us: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._check()
        share_of_day = _SHARES_OF_DAY.get(self.unit)
        fixed = (self.amount * _UNIT_US.get(self.unit, 0)).to_integral_value(rounding=ROUND_HALF_UP)
        object.__setattr__(self, "is_working", self.unit.is_working)
        object.__setattr__(self, "days", None if share_of_day is None else Fraction(self.amount) * share_of_day)
        object.__setattr__(self, "_fixed_us", int(fixed))

    def _check(self) -> None:
        if not self.amount.is_finite() or self.amount < 0:
            raise BadInput("limit.amount", f"{self.amount} is not a length of time", "write a number that is zero or more")
        if self.amount and not SMALLEST_EXPONENT <= self.amount.adjusted() < LARGEST_EXPONENT:
            raise BadInput("limit.amount", f"{self.amount} is out of reach", "write a believable length of time")
        if self.amount * _UNIT_US.get(self.unit, DAY_US) > LONGEST_US:
            raise BadInput("limit.amount", f"{self} is longer than any calendar", "give a shorter limit")

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.unit.replace('_', ' ')}"

    def length_us(self, start_us: int, calendar: WorkCalendar) -> int:
        """Return the limit in microseconds of its own clock, half up.

        A calendar day ends at the same time of day, also over a clock change; a working day is as long as the calendar's days from
        the start.
        """
        if self.days is None:
            return self._fixed_us
        if self.is_working:
            return calendar.timeline.work_us_of_days(start_us, self.days)
        return after_wall_days(start_us, self.days, calendar) - start_us
