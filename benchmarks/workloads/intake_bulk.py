"""``intake.bulk``: a hundred contacts a request from a partner, beside a hundred single requests."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from benchmarks import drive, ours
from benchmarks.protocol import Done, Figure, InProcess, Metered, Side, Size, Target, WrongAnswer

BULK = 100


class IntakeBulk(InProcess):
    name = "intake.bulk"
    title = "contacts from a partner's channel, 100 a request (peer: our own door, one a request)"
    unit = "contact"
    targets = (Target(Figure.SAVING, must=6, stretch=15),)

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._desk: ours.IntakeDesk | None = None
        self._sent = 0

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        self.seconds = seconds
        if side is not Side.LIMIT and self._desk is None:
            self._desk = ours.intake_desk(size)

    def ours(self, *, number: int) -> Done:
        return drive.repeat(seconds=self.seconds, act=lambda: self._send(BULK))

    def peer(self, *, number: int) -> Done:
        return drive.repeat(seconds=self.seconds, act=lambda: self._send(1))

    def metered(self, *, side: Side) -> Metered:
        desk = self._desk
        return Metered() if desk is None else Metered(roots=lambda: [desk.pid], database=desk.database)

    def check(self, *, sides: Sequence[Side]) -> int:
        """Compare the contacts sent with those that the database holds."""
        held = self._desk.received() if self._desk else 0
        if held != self._sent:
            raise WrongAnswer(f"intake.bulk: {self._sent} contacts were sent, the database holds {held}")
        return held

    def close(self) -> None:
        if self._desk:
            self._desk.stop()

    def _send(self, count: int) -> tuple[int, int]:
        assert self._desk is not None
        taken = self._desk.take([next(self._numbers) for _ in range(count)])
        if taken != count:
            raise WrongAnswer(f"intake.bulk: {taken} of {count} contacts were taken")
        self._sent += taken
        return taken, taken


def workload() -> IntakeBulk:
    return IntakeBulk()
