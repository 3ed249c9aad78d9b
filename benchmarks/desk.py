"""The work of a service desk by HTTP, said once for every side, and the workloads ``desk.*`` made of it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from benchmarks import drive
from benchmarks.protocol import Done, Metered, Side, Size, Target, WrongAnswer

AGENTS = 8
OPEN_PER_AGENT = 500
TICKETS = {Size.S: 10_000, Size.M: 100_000, Size.L: 1_000_000}
TITLE = "电表箱冒烟，请尽快处理 {number}"
BODY = "客户来电：幸福路 {number} 号楼下电表箱有焦味并冒烟，家中有老人，请尽快派人到现场并回电。"
COMMENT = "已电话联系客户，抢修人员正在路上，预计四十分钟内到达。第 {number} 次跟进。"


class Desk(Protocol):
    """One side's desk, with ``AGENTS`` people logged in. Each act checks its answer and raises ``WrongAnswer``."""

    database: str
    pid: int
    port: int

    def create(self, agent: int, number: int) -> int:
        """Open a matter for the agent and return its id."""

    def queue50(self, agent: int) -> int:
        """Fetch the agent's open matters, oldest first, as people see them; return the rows seen (50)."""

    def open(self, agent: int, matter: int) -> None: ...
    def update(self, agent: int, matter: int, number: int) -> None: ...
    def finish(self, agent: int, matter: int) -> None: ...

    def created_since_start(self) -> int:
        """Return how many matters the database holds beyond the seeded ones."""

    def finished_since_start(self) -> int: ...

    def seeded(self, agent: int) -> Sequence[int]:
        """Return the ids of the agent's seeded open matters."""

    def stop(self) -> None: ...


class DeskWorkload:
    """One act, or the loop of all five, on each side's desk."""

    unit = "request"

    def __init__(
        self, *, name: str, title: str, targets: tuple[Target, ...], act: Callable[[DeskWorkload, Side, int], int]
    ) -> None:
        self.name, self.title, self.targets, self._act = name, title, targets, act
        self.agents, self._seconds = 1, 2.0
        self.desks: dict[Side, Desk] = {}
        self.counts: Counter[tuple[Side, str]] = Counter()
        self._numbers = itertools.count(1)

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        self._seconds = seconds
        self.desks[side] = _starter(side)(size)

    def ours(self, *, number: int) -> Done:
        return self._drive(Side.OURS)

    def peer(self, *, number: int) -> Done:
        return self._drive(Side.PEER)

    def limit(self, *, number: int) -> Done:
        return self._drive(Side.LIMIT)

    def check(self, *, sides: Sequence[Side]) -> int:
        """Compare what the clients were told with what the databases hold."""
        for side in sides:
            desk = self.desks[side]
            told = (self.counts[side, "create"], self.counts[side, "finish"])
            held = (desk.created_since_start(), desk.finished_since_start())
            if told != held:
                raise WrongAnswer(f"{self.name}, {side}: {told} created and finished, but the database holds {held}")
        return sum(self.counts.values())

    def metered(self, *, side: Side) -> Metered:
        desk = self.desks[side]
        return Metered(roots=lambda: [desk.pid], database=desk.database)

    def close(self) -> None:
        for desk in self.desks.values():
            desk.stop()

    def next_number(self) -> int:
        return next(self._numbers)

    def count(self, side: Side, verb: str) -> None:
        self.counts[side, verb] += 1

    def _drive(self, side: Side) -> Done:
        return drive.agents(count=self.agents, seconds=self._seconds, act=lambda agent: self._act(self, side, agent))


def create(workload: DeskWorkload, side: Side, agent: int) -> int:
    workload.desks[side].create(agent, workload.next_number())
    workload.count(side, "create")
    return 1


def queue50(workload: DeskWorkload, side: Side, agent: int) -> int:
    return workload.desks[side].queue50(agent)


def open_one(workload: DeskWorkload, side: Side, agent: int) -> int:
    desk = workload.desks[side]
    matters = desk.seeded(agent)
    desk.open(agent, matters[workload.next_number() % len(matters)])
    return 1


def step(workload: DeskWorkload, side: Side, agent: int) -> int:
    desk, number = workload.desks[side], workload.next_number()
    matters = desk.seeded(agent)
    desk.update(agent, matters[number % len(matters)], number)
    return 1


def loop(workload: DeskWorkload, side: Side, agent: int) -> int:
    """Create, list, open, update and finish: one closed matter."""
    desk, number = workload.desks[side], workload.next_number()
    matter = desk.create(agent, number)
    workload.count(side, "create")
    rows = desk.queue50(agent)
    desk.open(agent, matter)
    desk.update(agent, matter, number)
    desk.finish(agent, matter)
    workload.count(side, "finish")
    return rows + 4


def _starter(side: Side) -> Callable[[Size], Desk]:
    from benchmarks import ours
    from benchmarks.limits import lean
    from benchmarks.peers.helpdesk import desk as helpdesk

    return {Side.OURS: ours.start, Side.PEER: helpdesk.start, Side.LIMIT: lean.start}[side]
