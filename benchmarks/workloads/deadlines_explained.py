"""``deadlines.explained``: due times with every step of the way."""

from __future__ import annotations

from benchmarks.protocol import Done, Figure, Side, Target, WrongAnswer
from benchmarks.workloads._deadlines import Deadlines, seconds_of
from shouwen.kernel.time.deadlines import Deadline, counted_s, deadline


class Explained(Deadlines):
    name = "deadlines.explained"
    title = "due times with their explanation, one at a time in one process"
    targets = (Target(Figure.RATE, must=20_000, stretch=100_000),)

    def ours(self, *, number: int) -> Done:
        calendar, cases = self.calendar, self.cases
        found: list[Deadline] = []

        def compute() -> list[int]:
            found[:] = [deadline(start_at=start, limit=limit, calendar=calendar) for start, limit in cases]
            return []

        done = self.repeated(Side.OURS, compute)
        self.answers[Side.OURS] = [seconds_of(one.due_at) for one in found]
        self._check_steps(found)
        return done

    def limit(self, *, number: int) -> Done:
        find, pairs = self.windows.due, self.pairs
        return self.repeated(Side.LIMIT, lambda: [find(start, length) for start, length in pairs])

    def _check_steps(self, found: list[Deadline]) -> None:
        for one, (start, length) in zip(found[:1000], self.pairs, strict=False):
            whole = seconds_of(one.steps[0].since) == start and one.steps[-1].until == one.due_at
            if not whole or counted_s(one.steps) != length:
                raise WrongAnswer(f"the steps of a deadline do not add up: {one}")


def workload() -> Explained:
    return Explained()
