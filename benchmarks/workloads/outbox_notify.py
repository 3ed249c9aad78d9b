"""``outbox.notify``: tell very many customers that the power is back: choose, render, enqueue, each once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks import drive, inside, ours, store
from benchmarks.population import Person, people
from benchmarks.protocol import Done, Figure, InProcess, Metered, Side, Size, Target, WrongAnswer

COUNT = {Size.S: 5_000, Size.M: 100_000, Size.L: 1_000_000}
FLOOR, BATCH = "bench_floor", 1000
TEXT = "【供电服务】{name}您好，{address}已于{time}恢复供电。如仍无电请致电95598。"
BACK_AT = datetime(2026, 6, 1, 4, tzinfo=UTC)
TABLE = """create table notice (
    number bigserial primary key, customer bigint, phone text, text text, due_at timestamptz, unique (customer, due_at)
)"""


class OutboxNotify(InProcess):
    name = "outbox.notify"
    title = "enqueue restoration notices: choose, render, store once"
    unit = "notice"
    targets = (Target(Figure.SPEED, must=1, stretch=5, note="peer = executemany in a pipeline, limit = COPY"),)

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        self.seconds, self.count = seconds, COUNT[size]
        if side is Side.OURS:
            self.database = inside.enter()
            ours.fill_customers(count=self.count)
            return
        if not hasattr(self, "_connection"):
            store.create(FLOOR)
            self._connection = store.connect(FLOOR, autocommit=False)
            self._people = list(people(self.count))

    def ours(self, *, number: int) -> Done:
        return drive.repeat(seconds=self.seconds, act=lambda: (ours.notify_everybody(), 0))

    def peer(self, *, number: int) -> Done:
        """Insert row by row in a pipeline, a thousand rows a commit."""
        return drive.repeat(seconds=self.seconds, act=self._inserted)

    def limit(self, *, number: int) -> Done:
        return drive.repeat(seconds=self.seconds, act=self._copied)

    def metered(self, *, side: Side) -> Metered:
        return Metered(database=self.database if side is Side.OURS else FLOOR)

    def check(self, *, sides: Sequence[Side]) -> int:
        return ours.check_notices(count=self.count) if Side.OURS in sides else 0

    def close(self) -> None:
        if connection := getattr(self, "_connection", None):
            connection.close()

    def _inserted(self) -> tuple[int, int]:
        self._empty_table()
        statement = "insert into notice (customer, phone, text, due_at) values (%s, %s, %s, %s) on conflict do nothing"
        for first in range(0, self.count, BATCH):
            rows = [_row(first + i, person) for i, person in enumerate(self._people[first : first + BATCH])]
            with self._connection.cursor() as cursor:
                cursor.executemany(statement, rows)  # psycopg sends this as a pipeline
            self._connection.commit()
        return self._held()

    def _copied(self) -> tuple[int, int]:
        self._empty_table()
        with self._connection.cursor().copy("copy notice (customer, phone, text, due_at) from stdin") as copy:
            for number, person in enumerate(self._people):
                copy.write_row(_row(number, person))
        self._connection.commit()
        return self._held()

    def _empty_table(self) -> None:
        self._connection.execute("drop table if exists notice")
        self._connection.execute(TABLE)
        self._connection.commit()

    def _held(self) -> tuple[int, int]:
        row = self._connection.execute("select count(*) from notice where text like '%恢复供电%'").fetchone()
        if row != (self.count,):
            raise WrongAnswer(f"outbox.notify: {row} notices instead of {self.count}")
        return self.count, self.count


def _row(number: int, person: Person) -> tuple[int, str, str, datetime]:
    text = TEXT.format(name=person.name, address=person.address, time="12:00")
    return number, person.phone, text, BACK_AT


def workload() -> OutboxNotify:
    return OutboxNotify()
