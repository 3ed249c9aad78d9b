"""``deadlines``: due times on the official calendar, one at a time."""

from __future__ import annotations

from datetime import datetime

from benchmarks.protocol import Done, Figure, Side, Target
from benchmarks.workloads._deadlines import Deadlines, seconds_of
from shouwen.kernel.time.deadlines import due_at


class Plain(Deadlines):
    name = "deadlines"
    title = "due times on the official Chinese calendar, one at a time in one process"
    targets = (Target(Figure.RATE, must=200_000, stretch=500_000),)

    def ours(self, *, number: int) -> Done:
        calendar, cases = self.calendar, self.cases
        found: list[datetime | None] = []

        def compute() -> list[int]:
            found[:] = [due_at(start_at=start, limit=limit, calendar=calendar) for start, limit in cases]
            return []

        done = self.repeated(Side.OURS, compute)
        self.answers[Side.OURS] = [seconds_of(instant) for instant in found]
        return done

    def limit(self, *, number: int) -> Done:
        find, pairs = self.windows.due, self.pairs
        return self.repeated(Side.LIMIT, lambda: [find(start, length) for start, length in pairs])


def workload() -> Plain:
    return Plain()
