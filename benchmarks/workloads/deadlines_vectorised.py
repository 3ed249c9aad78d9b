"""``deadlines.vectorised``: due times of a whole column at once."""

from __future__ import annotations

import numpy as np

from benchmarks.protocol import Done, Figure, Side, Size, Target
from benchmarks.workloads._deadlines import Deadlines


class Vectorised(Deadlines):
    name = "deadlines.vectorised"
    title = "due times of a whole column at once"
    targets = (Target(Figure.SHARE, must=0.33, stretch=0.8),)

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        super().prepare(side=side, size=size, seconds=seconds)
        self.starts = np.array([start for start, _ in self.pairs])
        self.lengths = np.array([length for _, length in self.pairs])

    def limit(self, *, number: int) -> Done:
        return self.repeated(Side.LIMIT, lambda: self.windows.due_many(self.starts, self.lengths))


def workload() -> Vectorised:
    return Vectorised()
