"""What the three workloads of deadlines share: the cases, our calendar, the floors, the check against the day-by-day oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from benchmarks import drive
from benchmarks.limits import due
from benchmarks.protocol import Done, InProcess, Side, Size, WrongAnswer
from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.documents import read_calendar
from shouwen.kernel.time.instants import SECOND_US, to_us
from shouwen.kernel.time.limits import Limit, Unit

COUNT = {Size.S: 20_000, Size.M: 200_000, Size.L: 1_000_000}
CHECKED = 500
Answers = Sequence[int] | due.Seconds
_LIMITS = {
    2 * 3600: Limit(Decimal(2), Unit.WORKING_HOUR),
    due.DAY_S // 2: Limit(Decimal(1), Unit.HALF_WORKING_DAY),
    due.DAY_S: Limit(Decimal(1), Unit.WORKING_DAY),
    3 * due.DAY_S: Limit(Decimal(3), Unit.WORKING_DAY),
    5 * due.DAY_S: Limit(Decimal(5), Unit.WORKING_DAY),
    7 * due.DAY_S: Limit(Decimal(7), Unit.WORKING_DAY),
}


class Deadlines(InProcess):
    unit = "deadline"

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        self.seconds = seconds
        self.calendar: WorkCalendar = read_calendar(due.CALENDAR)
        self.windows = due.windows()
        self.pairs = due.cases(COUNT[size])
        self.cases = [(datetime.fromtimestamp(start, UTC), _LIMITS[length]) for start, length in self.pairs]
        self.answers: dict[Side, Answers] = {}

    def repeated(self, side: Side, compute: Callable[[], Answers]) -> Done:
        def act() -> tuple[int, int]:
            self.answers[side] = compute()
            return len(self.pairs), 0

        return drive.repeat(seconds=self.seconds, act=act)

    def check(self, *, sides: Sequence[Side]) -> int:
        """Compare a sample with the oracle, and all answers of the sides with each other."""
        sample = range(0, len(self.pairs), max(len(self.pairs) // CHECKED, 1))
        for side in sides:
            wrong = [i for i in sample if int(self.answers[side][i]) != due.day_by_day(*self.pairs[i])]
            if wrong:
                raise WrongAnswer(
                    f"{self.name}, {side}: {len(wrong)} of {len(sample)} deadlines are wrong, such as {self.cases[wrong[0]]}"
                )
        if len({tuple(map(int, self.answers[side])) for side in sides}) > 1:
            raise WrongAnswer(f"{self.name}: the sides found different deadlines")
        return len(sides) * len(sample) + len(self.pairs)


def seconds_of(instant: datetime | None) -> int:
    return -1 if instant is None else to_us(instant) // SECOND_US
