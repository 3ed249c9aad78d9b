"""Running a workload: sides in turn, A B A B, in short rounds, each counted; the first round warms up and is thrown away."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.meters import Spent, counting
from benchmarks.protocol import Done, NotBuilt, Side, Size, Workload, WrongAnswer

LARGEST_SPREAD = 3.0  # a run whose rounds differ by more is repeated, not quoted (performance.md, 4.1 rule 2)


@dataclass(frozen=True)
class Round:
    done: Done
    spent: Spent

    @property
    def rate(self) -> float:
        """Return operations a second."""
        return self.done.operations / self.done.seconds

    def total(self, record: str) -> float:
        """Return the figure of record: ``instructions``, ``CPU-ms`` or ``seconds``."""
        return {"instructions": self.spent.instructions or 0, "CPU-ms": self.spent.cpu_ms, "seconds": self.done.seconds}[record]

    def per_operation(self, total: float | None) -> float | None:
        return None if total is None else total / self.done.operations


@dataclass
class Run:
    """A whole run: rounds by side, sides that could not take part, and rows checked at the end."""

    workload: Workload
    size: Size
    rounds: dict[Side, list[Round]] = field(default_factory=dict)
    absent: dict[Side, str] = field(default_factory=dict)
    rows_checked: int = 0

    @property
    def record(self) -> str:
        """Return the figure of record: instructions where counted on every side, else CPU-ms, else seconds."""
        rounds = [item for side in self.rounds.values() for item in side]
        if all(item.spent.instructions for item in rounds):
            return "instructions"
        return "CPU-ms" if all(item.spent.cpu_ms > 0 for item in rounds) else "seconds"

    def costs(self, side: Side) -> list[float]:
        """Return the figure of record per operation, round by round."""
        return [item.total(self.record) / item.done.operations for item in self.rounds.get(side, [])]

    def rates(self, side: Side) -> list[float]:
        return [item.rate for item in self.rounds.get(side, [])]

    def latencies_ms(self, side: Side) -> list[float]:
        return [value for item in self.rounds.get(side, []) for value in item.done.latencies_ms]

    def refusals(self) -> list[str]:
        """Return why this run must not be quoted; nothing when it may be."""
        reasons = [reason for side in self.rounds for reason in self._spread_reasons(side)]
        for side, rounds in self.rounds.items():
            if errors := sum(item.done.errors for item in rounds):
                first = next(item.done.first_error for item in rounds if item.done.errors)
                reasons.append(f"{side}: {errors} errors, the first: {first}")
        if (ours := self.costs(Side.OURS)) and (peer := self.costs(Side.PEER)):
            saving = statistics.median(peer) / statistics.median(ours)
            speed = statistics.median(self.rates(Side.OURS)) / statistics.median(self.rates(Side.PEER))
            if (saving > 1) != (speed > 1):
                reasons.append(f"cost and speed disagree: {saving:.2f} times cheaper, {speed:.2f} times the rate")
        return reasons

    def _spread_reasons(self, side: Side) -> list[str]:
        figures = {self.record: self.costs(side), "operations a second": self.rates(side)}
        spreads = {name: max(values) / min(values) for name, values in figures.items() if values and min(values) > 0}
        return [f"{side}: rounds differ {spread:.1f}x in {name}" for name, spread in spreads.items() if spread > LARGEST_SPREAD]


def run(*, workload: Workload, size: Size, rounds: int, seconds: float, sides: Sequence[Side]) -> Run:
    """Prepare, run interleaved, check and close.

    :raises WrongAnswer: when a side answered wrongly, or did nothing in a round.
    """
    result = Run(workload, size)
    try:
        for side in sides:
            _prepare(result, side, seconds)
        for number in range(-1, rounds):
            for side in [side for side in sides if side not in result.absent]:
                _one(result, side, number)
        result.rows_checked = workload.check(sides=list(result.rounds)) if result.rounds else 0
    finally:
        workload.close()
    return result


def _prepare(result: Run, side: Side, seconds: float) -> None:
    try:
        result.workload.prepare(side=side, size=result.size, seconds=seconds)
    except NotBuilt as missing:
        result.absent[side] = str(missing)


def _one(result: Run, side: Side, number: int) -> None:
    workload = result.workload
    act = {Side.OURS: workload.ours, Side.PEER: workload.peer, Side.LIMIT: workload.limit}[side]
    try:
        with counting(workload.metered(side=side)) as spent:
            done = act(number=number)
    except NotBuilt as missing:
        result.absent[side] = str(missing)
        return
    if not done.operations:
        raise WrongAnswer(f"{workload.name}, {side}: nothing was done in round {number}: {done.first_error}")
    if number >= 0:
        result.rounds.setdefault(side, []).append(Round(done, spent))
