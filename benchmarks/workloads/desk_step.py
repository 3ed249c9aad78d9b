"""``desk.step``: one update of a work order."""

from benchmarks.desk import DeskWorkload, step
from benchmarks.protocol import Figure, Target


def workload() -> DeskWorkload:
    return DeskWorkload(
        name="desk.step",
        title="one step of an open work order by HTTP",
        targets=(Target(Figure.SAVING, must=6, stretch=15),),
        act=step,
    )
