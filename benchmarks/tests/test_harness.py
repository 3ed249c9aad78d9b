"""The harness itself: interleaving, ratios, refusals, verdicts. No database, no clock."""

from __future__ import annotations

import pytest

from benchmarks import report, rounds
from benchmarks.protocol import Done, Figure, InProcess, NotBuilt, Side, Size, Target, WrongAnswer


class Told(InProcess):
    """A workload whose figures are told beforehand: seconds for ten operations, round by round, the warm-up first."""

    name = "told"
    targets = (Target(Figure.SPEED, must=2, stretch=4),)

    def __init__(self, ours: list[float], peer: list[float]) -> None:
        self.calls: list[str] = []
        self._seconds = {"ours": iter(ours), "peer": iter(peer)}

    def ours(self, *, number: int) -> Done:
        return self._done("ours", number)

    def peer(self, *, number: int) -> Done:
        return self._done("peer", number)

    def _done(self, side: str, number: int) -> Done:
        self.calls.append(f"{side} {number}")
        return Done(10, next(self._seconds[side]), rows_checked=1)


def run(workload: InProcess, count: int = 3) -> rounds.Run:
    return rounds.run(workload=workload, size=Size.S, rounds=count, seconds=0, sides=list(Side))


def test_sides_take_turns_and_the_warm_up_does_not_count() -> None:
    workload = Told(ours=[9, 1, 1, 1], peer=[9, 3, 3, 3])

    result = run(workload)

    assert workload.calls == ["ours -1", "peer -1", "ours 0", "peer 0", "ours 1", "peer 1", "ours 2", "peer 2"]
    assert [item.done.seconds for item in result.rounds[Side.OURS]] == [1, 1, 1]


def test_ratio_is_the_median_over_rounds() -> None:
    result = run(Told(ours=[1, 1, 1, 1], peer=[1, 2, 3, 5]))

    assert report.value_of(result, Figure.SPEED) == 3
    assert report.ratios(result)[Figure.SPEED] == [2, 3, 5]


def test_rounds_that_differ_more_than_threefold_are_not_quoted() -> None:
    result = run(Told(ours=[1, 1, 3.1, 1], peer=[1, 4, 4, 4]))

    assert any("ours: rounds differ 3.1x in operations a second" in reason for reason in result.refusals())
    assert "not judged" in report.text(result)


def test_an_absent_side_leaves_the_others_running() -> None:
    result = run(Told(ours=[1, 1, 1, 1], peer=[1, 2, 2, 2]))

    assert result.absent == {Side.LIMIT: "there is no floor"}
    assert set(result.rounds) == {Side.OURS, Side.PEER}


def test_an_error_forbids_quoting() -> None:
    class Failing(Told):
        def peer(self, *, number: int) -> Done:
            return Done(10, 2, errors=1, first_error="500")

    assert any("peer: 3 errors, the first: 500" in reason for reason in run(Failing([1] * 4, [])).refusals())


def test_a_round_without_work_is_a_wrong_answer() -> None:
    class Idle(Told):
        def ours(self, *, number: int) -> Done:
            return Done(0, 1)

    with pytest.raises(WrongAnswer):
        run(Idle([], []))


@pytest.mark.parametrize(
    ("figure", "value", "verdict"),
    [
        (Figure.SPEED, 1.9, "missed"),
        (Figure.SPEED, 2, "must"),
        (Figure.SPEED, 4, "stretch"),
    ],
)
def test_verdict_of_a_figure_that_is_better_higher(figure: Figure, value: float, verdict: str) -> None:
    assert Target(figure, must=2, stretch=4).verdict(value) == verdict


@pytest.mark.parametrize(("value", "verdict"), [(41, "missed"), (40, "must"), (10, "stretch")])
def test_verdict_of_a_figure_that_is_better_lower(value: float, verdict: str) -> None:
    assert Target(Figure.P95_MS, must=40, stretch=10).verdict(value) == verdict


def test_the_run_closes_the_workload_when_a_side_fails() -> None:
    closed = []

    class Broken(Told):
        def ours(self, *, number: int) -> Done:
            raise WrongAnswer("no")

        def close(self) -> None:
            closed.append(True)

    with pytest.raises(WrongAnswer):
        run(Broken([], []))
    assert closed == [True]


def test_a_side_may_be_absent_from_the_beginning() -> None:
    class Unready(Told):
        def prepare(self, *, side: Side, size: Size, seconds: float) -> None:
            if side is Side.OURS:
                raise NotBuilt("no door yet")

    assert run(Unready([], [1, 1, 1, 1])).absent[Side.OURS] == "no door yet"
