"""``desk.open``: one work order with all that belongs to it."""

from benchmarks.desk import DeskWorkload, open_one
from benchmarks.protocol import Figure, Target


def workload() -> DeskWorkload:
    return DeskWorkload(
        name="desk.open",
        title="one work order with its history, customer card and legal next steps",
        targets=(Target(Figure.SAVING, must=10, stretch=25),),
        act=open_one,
    )
