"""``desk.create``: one work order by HTTP."""

from benchmarks.desk import DeskWorkload, create
from benchmarks.protocol import Figure, Target


def workload() -> DeskWorkload:
    return DeskWorkload(
        name="desk.create",
        title="open a work order by HTTP: norm, first-asked owner, clocks, audit, outbox",
        targets=(Target(Figure.SAVING, must=5, stretch=10), Target(Figure.SPEED, must=4, stretch=10)),
        act=create,
    )
