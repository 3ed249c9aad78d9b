"""``search.customer``: find customers as people search: number, phone tail, name, name and part of the address."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from typing import LiteralString

from benchmarks import drive, ours, store
from benchmarks.population import Person, people
from benchmarks.protocol import Done, Figure, InProcess, Metered, Side, Size, Target, WrongAnswer

COUNT = {Size.S: 50_000, Size.M: 1_000_000, Size.L: 5_000_000}
FLOOR = "bench_population"
ASKED = 400
PAGE = 20
LIKE: LiteralString = """select account from person where account ilike %(any)s or phone ilike %(any)s or name ilike %(any)s
    or address ilike %(any)s order by account limit 20"""
DIRECT: dict[str, LiteralString] = {
    "account": "select account from person where account = %(text)s limit 20",
    "phone": "select account from person where reversed_phone like %(reversed)s order by account limit 20",
    "name": "select account from person where name = %(text)s order by account limit 20",
    "address": "select account from person where address like %(any)s order by account limit 20",
}


class SearchCustomer(InProcess):
    name = "search.customer"
    title = "find customers by account, phone tail, name, part of the address: over HTTP, eight agents (ours)"
    unit = "search"
    targets = (
        Target(Figure.P95_MS, must=40, stretch=10, note="over HTTP", size=Size.L),
        Target(Figure.SPEED, must=100, stretch=300, note="peer = LIKE over all columns, in one session", size=Size.L),
    )

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        self.seconds, self.count = seconds, COUNT[size]
        self.questions = _questions(self.count)
        self._turn = itertools.count()
        self.desk: ours.SearchDesk | None = None
        if side is Side.OURS:
            self.desk = ours.search_desk(size)
        else:
            self._prepare_floor()

    def ours(self, *, number: int) -> Done:
        assert self.desk is not None
        return drive.agents(count=8, seconds=self.seconds, act=self._ask_ours)

    def peer(self, *, number: int) -> Done:
        return self._asked(lambda kind: LIKE)

    def limit(self, *, number: int) -> Done:
        return self._asked(lambda kind: DIRECT[kind])

    def metered(self, *, side: Side) -> Metered:
        if side is Side.OURS and self.desk is not None:
            desk = self.desk
            return Metered(roots=lambda: [desk.pid], database=desk.database)
        return Metered(database=FLOOR)

    def check(self, *, sides: Sequence[Side]) -> int:
        return 0  # every answer is checked as it comes

    def close(self) -> None:
        if connection := getattr(self, "_connection", None):
            connection.close()
        if self.desk is not None:
            self.desk.stop()

    def _ask_ours(self, agent: int) -> int:
        _kind, text, account = self.questions[next(self._turn) % ASKED]
        assert self.desk is not None
        found = self.desk.search(agent, text)
        _must_hold(found, account, text)
        return len(found)

    def _asked(self, statement: Callable[[str], LiteralString]) -> Done:
        def act() -> tuple[int, int]:
            kind, text, account = self.questions[next(self._turn) % ASKED]
            given = {"text": text, "any": f"%{text}%", "reversed": f"{text[::-1]}%"}
            found = [row[0] for row in self._connection.execute(statement(kind), given)]
            _must_hold(found, account, text)
            return 1, len(found)

        return drive.repeat(seconds=self.seconds, act=act)

    def _prepare_floor(self) -> None:
        if not hasattr(self, "_connection"):
            name = f"{FLOOR}_{self.count}"
            if not store.exists(name):
                _fill(name, self.count)
            store.create(FLOOR, template=name)
            self._connection = store.connect(FLOOR)


def _questions(count: int) -> list[tuple[str, str, str]]:
    """Return (kind, text, account that must be found) in a fixed order; texts that too many share are left out."""
    chance = random.Random(7)
    chosen = set(chance.sample(range(count), ASKED * 3))
    asked = [_question(person, chance) for number, person in enumerate(people(count)) if number in chosen]
    return asked[:ASKED]


def _question(person: Person, chance: random.Random) -> tuple[str, str, str]:
    kind = chance.choice(("account", "phone", "address"))
    text = {"account": person.account, "phone": person.phone[-8:], "address": person.address[person.address.index("区") + 1 :]}[
        kind
    ]
    return kind, text, person.account


def _must_hold(found: Sequence[str], account: str, text: str) -> None:
    if account not in found and len(found) < PAGE:
        raise WrongAnswer(f"search.customer: {account} is not among the {len(found)} found for {text!r}")


def _fill(name: str, count: int) -> None:
    store.create(name)
    with store.connect(name) as connection:
        connection.execute("create extension pg_trgm")
        connection.execute("create table person (account text, name text, phone text, reversed_phone text, address text)")
        with connection.cursor().copy("copy person from stdin") as copy:
            for one in people(count):
                copy.write_row((one.account, one.name, one.phone, one.phone[::-1], one.address))
        connection.execute("create unique index on person (account)")
        connection.execute("create index on person (reversed_phone text_pattern_ops)")
        connection.execute("create index on person (name, account)")
        connection.execute("create index on person using gin (address gin_trgm_ops)")
        connection.execute("analyze person")


def workload() -> SearchCustomer:
    return SearchCustomer()
