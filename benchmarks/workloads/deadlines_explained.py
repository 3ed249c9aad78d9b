"""``deadlines.explained``: due times with every step of the way."""

from __future__ import annotations

from benchmarks.protocol import Done, Figure, Side, Target, WrongAnswer
from benchmarks.workloads._deadlines import Deadlines, seconds_of
from shouwen.kernel.time.deadlines import Deadline, counted_s, deadline

STEPS_CHECKED = 1000


class Explained(Deadlines):
    name = "deadlines.explained"
    title = "due times with their explanation, one at a time in one process"
    targets = (Target(Figure.RATE, must=20_000, stretch=100_000),)

    def ours(self, *, number: int) -> Done:
        """Explain one after the other and keep when each is due, and the whole of the first ones for the check."""
        dues: list[int] = []
        whole: list[Deadline] = []

        def compute() -> list[int]:
            dues.clear()
            whole.clear()
            for start, limit in self.cases:
                one = deadline(start_at=start, limit=limit, calendar=self.calendar)
                dues.append(seconds_of(one.due_at))
                if len(whole) < STEPS_CHECKED:
                    whole.append(one)
            return dues

        done = self.repeated(Side.OURS, compute)
        self._check_steps(whole)
        return done

    def limit(self, *, number: int) -> Done:
        find, pairs = self.windows.due, self.pairs
        return self.repeated(Side.LIMIT, lambda: [find(start, length) for start, length in pairs])

    def _check_steps(self, found: list[Deadline]) -> None:
        for one, (start, length) in zip(found, self.pairs, strict=False):
            whole = seconds_of(one.steps[0].since) == start and one.steps[-1].until == one.due_at
            if not whole or counted_s(one.steps) != length:
                raise WrongAnswer(f"the steps of a deadline do not add up: {one}")


def workload() -> Explained:
    return Explained()
