"""``desk.queue50``: an agent's open queue, 50 rows."""

from benchmarks.desk import DeskWorkload, queue50
from benchmarks.protocol import Figure, Target


def workload() -> DeskWorkload:
    return DeskWorkload(
        name="desk.queue50",
        title="an agent's open queue, 50 rows, as people see it (the peer: its page and the data the page fetches)",
        targets=(Target(Figure.SAVING, must=20, stretch=60),),
        act=queue50,
    )
