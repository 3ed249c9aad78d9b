from datetime import timedelta

from shouwen.platform.outbox.rules import ATTEMPT_LIMIT, LONGEST_PAUSE, pause_after


def test_pauses_grow_fourfold_up_to_an_hour_and_then_it_is_given_up() -> None:
    pauses = [pause_after(attempt_count=count) for count in range(1, ATTEMPT_LIMIT + 1)]

    assert pauses == [
        timedelta(seconds=2),
        timedelta(seconds=8),
        timedelta(seconds=32),
        timedelta(seconds=128),
        timedelta(seconds=512),
        timedelta(seconds=2048),
        LONGEST_PAUSE,
        None,
    ]
