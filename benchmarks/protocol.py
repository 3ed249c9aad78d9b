"""What a workload is: the words that every module in ``workloads`` and the harness share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Side(StrEnum):
    """Who does the work: we, a public program, or a bare floor of about thirty lines."""

    OURS = "ours"
    PEER = "peer"
    LIMIT = "limit"


class Size(StrEnum):
    S = "S"
    M = "M"
    L = "L"


class NotBuilt(RuntimeError):
    """A side cannot take part here; the message says what is missing. The other sides still run."""


class WrongAnswer(AssertionError):
    """A side answered fast and wrongly: the workload fails."""


@dataclass(frozen=True)
class Done:
    """What one side did in one round, in ``seconds`` of wall-clock time.

    ``latencies_ms`` is empty where one call does many operations.
    """

    operations: int
    seconds: float
    latencies_ms: Sequence[float] = ()
    errors: int = 0
    first_error: str = ""
    rows_checked: int = 0
    resident_mb: float | None = None


@dataclass(frozen=True)
class Metered:
    """Whose work is counted: processes (with all their children) and the sessions of one database."""

    roots: Callable[[], list[int]] = field(default=lambda: [os.getpid()])
    database: str | None = None


class Figure(StrEnum):
    """What a target is about; the last three are better when lower."""

    SAVING = "peer / ours, figure of record per operation"
    SPEED = "ours / peer, operations a second"
    SHARE = "ours / limit, operations a second"
    RATE = "ours, operations a second"
    P95_MS = "ours, p95 in ms"
    SECONDS = "ours, seconds an operation"
    RESIDENT_MB = "ours, resident MB of all processes"

    @property
    def is_better_lower(self) -> bool:
        return self in (Figure.P95_MS, Figure.SECONDS, Figure.RESIDENT_MB)


@dataclass(frozen=True)
class Target:
    figure: Figure
    must: float
    stretch: float
    note: str = ""
    size: Size | None = None  # judged at this size only

    def verdict(self, value: float) -> str:
        """Return ``stretch``, ``must`` or ``missed``."""
        sign = -1 if self.figure.is_better_lower else 1
        if sign * value >= sign * self.stretch:
            return "stretch"
        return "must" if sign * value >= sign * self.must else "missed"


class Workload(Protocol):
    """One workload. ``prepare`` comes once, then the sides in turn, round after round, then ``check``, and ``close`` always.

    A side that cannot take part raises ``NotBuilt``, in ``prepare_side`` or at its first call.
    """

    name: str
    title: str
    unit: str
    targets: tuple[Target, ...]

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None: ...
    def ours(self, *, number: int) -> Done: ...
    def peer(self, *, number: int) -> Done: ...
    def limit(self, *, number: int) -> Done: ...
    def check(self, *, sides: Sequence[Side]) -> int: ...
    def metered(self, *, side: Side) -> Metered: ...
    def close(self) -> None: ...


class InProcess:
    """Defaults for a workload that runs inside this process and has nothing to prepare or to close."""

    name = title = ""
    unit = "operation"
    targets: tuple[Target, ...] = ()
    database: str | None = None

    def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
        return None

    def ours(self, *, number: int) -> Done:
        raise NotBuilt("there is nothing of ours to measure yet")

    def peer(self, *, number: int) -> Done:
        raise NotBuilt("there is no public peer")

    def limit(self, *, number: int) -> Done:
        raise NotBuilt("there is no floor")

    def check(self, *, sides: Sequence[Side]) -> int:
        return 0

    def metered(self, *, side: Side) -> Metered:
        return Metered(database=self.database)

    def close(self) -> None:
        return None
