from shouwen.platform.outbox.hearing import hears
from shouwen.platform.outbox.tests.hearts import HeartBeat, count_beat


@hears(HeartBeat)
def count_each(fact: HeartBeat) -> None:
    count_beat(fact.heart_id, "killed")
