"""``search.customer``: find customers as people search: number, phone tail, name, name and part of the address.

In one process, without HTTP: ``python -m benchmarks.workloads.search_customer --customers 1000000`` imports a made-up city into a
database ``bench_search_…`` of its own, asks each kind of question, and prints what one agent waits.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any, LiteralString

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

    desk: ours.SearchDesk | None = None

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        self.seconds, self.count = seconds, COUNT[size]
        self.questions = _questions(self.count)
        self._turn = itertools.count()
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


KINDS: dict[str, Callable[[list[str]], str]] = {  # of a row of the file: what is asked
    "account": lambda row: row[0],
    "phone": lambda row: row[4],
    "phone, last 4": lambda row: row[4][-4:],
    "phone, last 8": lambda row: row[4][-8:],
    "identity, last 6": lambda row: row[3][-6:],
    "surname, or two of a firm": lambda row: row[1][:1] if row[2] == "居民" else row[1][:2],
    "name": lambda row: row[1],
    "road": lambda row: row[6][:3],
    "street and number": lambda row: row[5] + row[6],
    "name and road": lambda row: f"{row[1]} {row[6][:3]}",
    "name and last 4": lambda row: f"{row[1]}{row[4][-4:]}",
    "road and room": lambda row: f"{row[6]} {row[7]}",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=100, help="questions of each kind")
    parser.add_argument("--keep", action="store_true", help="leave the database for the next run")
    options = parser.parse_args()
    name = f"bench_search_{options.customers}"
    is_new = not store.exists(name)
    if is_new:
        store.create(name)
    os.environ["DATABASE_URL"] = store.database_url(name)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")
    import django

    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.csv"
        rows = _city(path, options.customers, is_new=is_new)
        _ask_each_kind(rows, options.asked)
    if not options.keep:
        from django.db import connection

        connection.close()
        store.drop(name)


def _city(path: Path, count: int, *, is_new: bool) -> list[list[str]]:
    """Write the file, import it into a new database, and return some of its rows."""
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.workloads.import_customers import run_ours, write_customers_csv

    write_customers_csv(path, customers=count)
    if is_new:
        call_command("migrate", verbosity=0)
        seconds, created = run_ours(path)
        print(f"{created} customers imported in {seconds:.0f} s")
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze")
    chosen = set(random.Random(11).sample(range(count), min(count, 2_000)))
    with path.open(encoding="utf-8") as file:
        next(file)
        return [line.rstrip("\n").split(",") for number, line in enumerate(file) if number in chosen]


def _ask_each_kind(rows: list[list[str]], asked: int) -> None:
    from django.utils import timezone

    from benchmarks.workloads.import_customers import automatic_actor
    from shouwen.platform.people.queries import get_viewer

    viewer = get_viewer(staff_id=automatic_actor(), at=timezone.now())
    print(f"{'asked by':26} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8} {'hits':>6}")
    for kind, text_of in KINDS.items():
        waits, hits = [], 0
        for number, row in enumerate(rows[: asked + 5]):
            wait, count = _search(text_of(row), row[0], viewer)
            if number >= 5:  # the first ones warm up
                waits.append(wait)
                hits += count
        cuts = quantiles(waits, n=20)
        print(f"{kind:26} {cuts[9]:8.2f} {cuts[18]:8.2f} {max(waits):8.2f} {hits / len(waits):6.1f}")


def _search(text: str, account: str, viewer: Any) -> tuple[float, int]:
    """Ask once; return milliseconds and hits. Whom the question was made from must be found, unless the page is full."""
    from django.utils import timezone

    from shouwen.records.customers.queries import search_customers

    begun = time.perf_counter()
    page = search_customers(text=text, viewer=viewer, at=timezone.now(), limit=PAGE)
    wait_ms = 1000 * (time.perf_counter() - begun)
    _must_hold([hit.account_number for hit in page.hits], account, text)
    return wait_ms, len(page.hits)


if __name__ == "__main__":
    main()
