"""``clock.sweep``: find every deadline that is due among many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from benchmarks import drive, inside, store
from benchmarks.protocol import Done, Figure, InProcess, Metered, Side, Size, Target, WrongAnswer

COUNT = {Size.S: 100_000, Size.M: 1_000_000, Size.L: 10_000_000}
FILL = """insert into workorders_target (work_order_id, round, kind, step, since, policy_key, policy_digest, calendar_digest,
        limit_amount, limit_unit, start_at, due_at, warn_at_pct, warn_at, next_alarm_at, state, verdict_digest)
    select n, 1, 'contacted', 'receive', 'opened', 'contact', repeat('a', 64), repeat('b', 64),
        2, 'working_hour', %(now)s, %(now)s + n * interval '2 seconds', 80, alarm, alarm, 'RUNNING', ''
    from generate_series(1, %(count)s) as n,
        lateral (select %(now)s + case (n - 1) %% %(one_in)s when 0 then -1 else n end * interval '1 second' as alarm) as rung"""
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
DUE_ONE_IN = 1000  # deadlines that have passed and were not yet told of


class ClockSweep(InProcess):
    name = "clock.sweep"
    title = "find the due and overdue among many running deadlines"
    unit = "sweep"
    targets = (Target(Figure.SHARE, must=1 / 3, stretch=1 / 1.2, note="at most 3 times, 1.2 times the numpy sweep", size=Size.L),)

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        self.seconds, self.count = seconds, COUNT[size]
        self.expected = len(range(0, self.count, DUE_ONE_IN))
        self.found: dict[Side, int] = {}
        if side is Side.OURS:
            self.database = inside.enter()
            with store.connect(self.database) as connection:
                connection.execute("set session_replication_role = replica")  # no work orders are needed for this
                connection.execute(FILL, {"count": self.count, "one_in": DUE_ONE_IN, "now": NOW})
                connection.execute("vacuum analyze workorders_target")
        if side is Side.LIMIT:
            ahead_s = np.arange(1, self.count + 1)
            ahead_s[::DUE_ONE_IN] = -1
            self.dues = int(NOW.timestamp()) + ahead_s

    def ours(self, *, number: int) -> Done:
        return self._swept(Side.OURS, _alarming)

    def limit(self, *, number: int) -> Done:
        now = int(NOW.timestamp())
        return self._swept(Side.LIMIT, lambda: len(np.flatnonzero(self.dues <= now)))

    def _swept(self, side: Side, sweep: Callable[[], int]) -> Done:
        def act() -> tuple[int, int]:
            self.found[side] = sweep()
            return 1, self.found[side]

        return drive.repeat(seconds=self.seconds, act=act)

    def metered(self, *, side: Side) -> Metered:
        return Metered(database=self.database if side is Side.OURS else None)

    def check(self, *, sides: Sequence[Side]) -> int:
        if wrong := {side: found for side, found in self.found.items() if found != self.expected}:
            raise WrongAnswer(f"clock.sweep: {self.expected} deadlines are due, found: {wrong}")
        return self.expected * len(sides)


def _alarming() -> int:
    """Ask what the sweep of the product asks."""
    from shouwen.loop.workorders.models import Target as Clock

    return len(Clock.objects.alarming(NOW).order_by("next_alarm_at", "id").values_list("id", flat=True))


def workload() -> ClockSweep:
    return ClockSweep()
