"""``deadlines.vectorised``: due times of a whole column at once."""

from __future__ import annotations

import numpy as np

from benchmarks.limits.due import Seconds
from benchmarks.protocol import Done, Figure, Side, Size, Target
from benchmarks.workloads._deadlines import Deadlines
from shouwen.kernel.time.instants import SECOND_US
from shouwen.kernel.time.limits import Limit
from shouwen.kernel.time.many import due_many


class Vectorised(Deadlines):
    name = "deadlines.vectorised"
    title = "due times of a whole column at once"
    targets = (Target(Figure.SHARE, must=0.33, stretch=0.8),)

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        super().prepare(side=side, size=size, seconds=seconds)
        self.starts = np.array([start for start, _ in self.pairs])
        self.lengths = np.array([length for _, length in self.pairs])

        found: dict[Limit, list[int]] = {}
        for place, (_, limit) in enumerate(self.cases):
            found.setdefault(limit, []).append(place)
        self.places = {limit: np.array(places) for limit, places in found.items()}

    def ours(self, *, number: int) -> Done:
        """Take the cases of each limit together, as a recalculation does, and put the answers back in their order."""
        return self.repeated(Side.OURS, self._by_limit)

    def _by_limit(self) -> Seconds:
        starts_us = self.starts * SECOND_US
        dues_us = np.empty_like(starts_us)
        for limit, places in self.places.items():
            dues_us[places] = due_many(starts_us=starts_us[places], limit=limit, calendar=self.calendar)
        return dues_us // SECOND_US

    def limit(self, *, number: int) -> Done:
        return self.repeated(Side.LIMIT, lambda: self.windows.due_many(self.starts, self.lengths))


def workload() -> Vectorised:
    return Vectorised()
