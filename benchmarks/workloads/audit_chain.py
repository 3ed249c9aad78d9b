"""``audit.chain``: verify a hash-chained journal of events.

Ours reads every sealed fact back from the database, digests it and holds it against the chain. The limit is a bare chain: events of
200 bytes that lie in memory already (at most 100,000, again and again), one SHA-256 each; it reads no database, so a share of 1 cannot
be reached by one processor. From a hundred thousand entries on, ours reads in two sessions; the processor time of the second one, which
ends with the check, is not in the figures of the database, so there only operations a second say the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from benchmarks import drive, inside, store
from benchmarks.inside import DATABASE
from benchmarks.protocol import Done, Figure, InProcess, Metered, Side, Size, Target, WrongAnswer

COUNT = {Size.S: 20_000, Size.M: 1_000_000, Size.L: 10_000_000}
FILL = """insert into outbox_fact (kind, case_kind, case_id, actor_id, at, payload)
    select 'StepFinished', 'work_order', n, n %% 97, now() - n * interval '1 second',
        jsonb_build_object('work_order_id', n, 'step', 'receive', 'outcome', 'done', 'is_back', false, 'next_unit_id', n %% 31)
    from generate_series(1, %s) as n"""
EVENT_BYTES = 200  # with the 32 bytes of the link before it: 232


class AuditChain(InProcess):
    name = "audit.chain"
    title = "verify the chain of the audit journal, each entry against the one before"
    unit = "entry"
    targets = (Target(Figure.SHARE, must=0.5, stretch=0.8, note="of a bare SHA-256 chain in memory, which reads no database"),)

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        self.seconds, self.count = seconds, COUNT[size]
        if side is Side.OURS:
            self.database = inside.enter()
            _fill_journal(self.database, self.count)
        if side is Side.LIMIT:
            self._events = [f"{number:09d}".ljust(EVENT_BYTES, "x").encode() for number in range(min(self.count, 100_000))]
            self._links = list(_chain(self._events))

    def ours(self, *, number: int) -> Done:
        return drive.repeat(seconds=self.seconds, act=lambda: (_verified(), 0))

    def limit(self, *, number: int) -> Done:
        def act() -> tuple[int, int]:
            if _chain(self._events) != self._links:
                raise WrongAnswer("the bare chain does not verify")
            return len(self._events), len(self._events)

        return drive.repeat(seconds=self.seconds, act=act)

    def metered(self, *, side: Side) -> Metered:
        return Metered(database=self.database if side is Side.OURS else None)

    def check(self, *, sides: Sequence[Side]) -> int:
        """Prove that the verification covered everything and sees a changed entry."""
        if Side.OURS not in sides:
            return 0
        if (verified := _verified()) < self.count:
            raise WrongAnswer(f"audit.chain: {verified} of {self.count} entries were verified")
        with store.connect(DATABASE) as connection:
            connection.execute("set session_replication_role = replica")  # the triggers would refuse it
            connection.execute("update outbox_fact set case_id = case_id + 1 where id = %s", [self.count // 2])
        if _broken_at() is None:
            raise WrongAnswer("audit.chain: a changed entry went unnoticed")
        return verified


def _fill_journal(database: str, count: int) -> None:
    from django.utils import timezone

    from shouwen.platform.audit.services import seal_journal

    with store.connect(database) as connection:
        connection.execute(FILL, [count])
    while not seal_journal(at=timezone.now()).is_complete:
        continue


def _verified() -> int:
    """Verify the whole chain and return the number of entries; a break is a wrong answer."""
    from shouwen.platform.audit.queries import verify_journal

    sequence: int | None = 1
    checked = 0
    while sequence is not None:
        report = verify_journal(from_sequence=sequence)
        if report.broken:
            raise WrongAnswer(f"audit.chain: the untouched chain is broken: {report.broken}")
        checked, sequence = checked + report.checked, report.next_sequence
    return checked


def _broken_at() -> object:
    from shouwen.platform.audit.queries import verify_journal

    return verify_journal(limit=COUNT[Size.L]).broken


def _chain(events: list[bytes]) -> list[bytes]:
    links, link, sha256 = [], b"\0" * 32, hashlib.sha256
    for event in events:
        link = sha256(link + event).digest()
        links.append(link)
    return links


def workload() -> AuditChain:
    return AuditChain()
