"""``desk.loop``: the whole closed loop, eight agents at once."""

from benchmarks.desk import AGENTS, DeskWorkload, loop
from benchmarks.protocol import Figure, Target


def workload() -> DeskWorkload:
    made = DeskWorkload(
        name="desk.loop",
        title="create, list 50, open, update, close: eight agents",
        targets=(
            Target(Figure.SPEED, must=12, stretch=30),
            Target(Figure.SAVING, must=16, stretch=30),
            Target(Figure.RATE, must=35, stretch=65, note="loops a second on two idle cores"),
        ),
        act=loop,
    )
    made.agents, made.unit = AGENTS, "loop"
    return made
