"""``clock.recalc``: the calendar has changed; give all open deadlines their new date, and touch no verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks import drive, inside, ours, store
from benchmarks.limits import due
from benchmarks.protocol import Done, Figure, InProcess, Metered, Side, Size, Target, WrongAnswer

COUNT = {Size.S: 50_000, Size.M: 500_000, Size.L: 5_000_000}
FLOOR = "bench_floor"


class ClockRecalc(InProcess):
    name = "clock.recalc"
    title = "re-date the open deadlines after a change of the calendar (peer: UPDATE in place; limit: COPY into a new table)"
    unit = "deadline"
    targets = (Target(Figure.RATE, must=1_000_000, stretch=2_500_000, note="5 million in 5 s, in 2 s", size=Size.L),)

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        self.seconds, self.count = seconds, COUNT[size]
        if side is Side.OURS:
            self.database = inside.enter()
            ours.fill_deadlines(database=self.database, count=self.count)
        if side is not Side.OURS and not hasattr(self, "_connection"):
            self._prepare_floor()

    def ours(self, *, number: int) -> Done:
        """Change the calendar there and back, so that every round has to write every row."""
        return drive.repeat(seconds=self.seconds, act=lambda: (ours.change_calendar_and_redate(), 0))

    def peer(self, *, number: int) -> Done:
        """Update all rows of an indexed table in place, by one statement: what the obvious way costs."""
        return drive.repeat(seconds=self.seconds, act=self._updated_in_place)

    def limit(self, *, number: int) -> Done:
        return drive.repeat(seconds=self.seconds, act=self._computed_and_copied)

    def metered(self, *, side: Side) -> Metered:
        return Metered(database=self.database if side is Side.OURS else FLOOR)

    def check(self, *, sides: Sequence[Side]) -> int:
        rows = ours.check_redated() if Side.OURS in sides else 0
        return rows + (self._check_floor() if len(sides) > (Side.OURS in sides) else 0)

    def close(self) -> None:
        if connection := getattr(self, "_connection", None):
            connection.close()

    def _prepare_floor(self) -> None:
        store.create(FLOOR)
        self._connection = store.connect(FLOOR)
        self._windows = due.windows()
        pairs = due.cases(10_000) * (self.count // 10_000)
        self._pairs = pairs
        self._starts, self._lengths = (np.array(column) for column in zip(*pairs, strict=True))

        self._connection.execute("create table held (id int primary key, start_s bigint, due_s bigint)")
        self._connection.execute("insert into held select n, 0, n from generate_series(0, %s) n", [self.count - 1])
        self._connection.execute("create index on held (due_s)")
        self._connection.execute("analyze held")

    def _updated_in_place(self) -> tuple[int, int]:
        self._computed_and_copied()
        self._connection.execute("update held set due_s = due.due_s from due where due.id = held.id")
        return self.count, 0

    def _computed_and_copied(self) -> tuple[int, int]:
        dues = self._windows.due_many(self._starts, self._lengths)
        self._connection.execute("drop table if exists due")
        self._connection.execute("create table due (id int, due_s bigint)")
        cursor = self._connection.cursor()
        with cursor.copy("copy due from stdin") as copy:
            for first in range(0, len(dues), 50_000):
                part = dues[first : first + 50_000].tolist()
                copy.write("".join([f"{first + i}\t{value}\n" for i, value in enumerate(part)]))
        return len(dues), 0

    def _check_floor(self) -> int:
        rows = self._connection.execute("select id, due_s from due where id % 499 = 0").fetchall()
        wrong = [i for i, value in rows if due.day_by_day(*self._pairs[i]) != value]
        held = self._connection.execute("select count(*) from due").fetchone()
        if wrong or held != (self.count,):
            raise WrongAnswer(f"clock.recalc, limit: {len(wrong)} wrong of {len(rows)}, {held} rows")
        return len(rows)


def workload() -> ClockRecalc:
    return ClockRecalc()
