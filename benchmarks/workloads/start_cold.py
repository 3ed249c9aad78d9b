"""``start.cold``: from nothing running to the first answer, and what the processes hold then."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks import ours
from benchmarks.limits import lean
from benchmarks.meters import resident_mb
from benchmarks.peers.helpdesk import desk as helpdesk
from benchmarks.protocol import Done, Figure, InProcess, Metered, Side, Size, Target
from benchmarks.servers import Server


class StartCold(InProcess):
    name = "start.cold"
    title = "start of the web server to its first answer; resident memory of its processes"
    unit = "start"
    targets = (
        Target(Figure.SECONDS, must=1.2, stretch=0.9),
        Target(Figure.RESIDENT_MB, must=110, stretch=85, note="server and worker"),
    )

    def __init__(self) -> None:
        self._starts: dict[Side, Callable[[], Server]] = {}
        self._running: dict[Side, Server] = {}

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        makers = {Side.OURS: ours.starter, Side.PEER: helpdesk.starter, Side.LIMIT: lean.starter}
        self._starts[side] = makers[side](size)

    def ours(self, *, number: int) -> Done:
        return self._one(Side.OURS)

    def peer(self, *, number: int) -> Done:
        return self._one(Side.PEER)

    def limit(self, *, number: int) -> Done:
        return self._one(Side.LIMIT)

    def _one(self, side: Side) -> Done:
        self._stop(side)
        server = self._running[side] = self._starts[side]()
        seconds = server.started_in_s
        return Done(1, seconds, latencies_ms=[seconds * 1000], rows_checked=1, resident_mb=resident_mb([server.pid]))

    def metered(self, *, side: Side) -> Metered:
        """Count the processes that run when the round ends: those that the round has started."""
        return Metered(roots=lambda: [self._running[side].pid] if side in self._running else [])

    def check(self, *, sides: Sequence[Side]) -> int:
        return len(sides)

    def close(self) -> None:
        for side in list(self._running):
            self._stop(side)

    def _stop(self, side: Side) -> None:
        if server := self._running.pop(side, None):
            server.stop()


def workload() -> StartCold:
    return StartCold()
