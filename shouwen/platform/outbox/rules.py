"""How often and after which pauses a failed delivery is tried again."""

from datetime import timedelta

ATTEMPT_LIMIT = 8
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=1)


def pause_after(*, attempt_count: int) -> timedelta | None:
    """Return the pause before the next attempt (2 s, 8 s, 32 s … at most an hour), None when it is time to give up."""
    if attempt_count >= ATTEMPT_LIMIT:
        return None
    return min(FIRST_PAUSE * int(4 ** (attempt_count - 1)), LONGEST_PAUSE)
