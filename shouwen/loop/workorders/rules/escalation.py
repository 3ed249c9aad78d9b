"""The ladder (升级阶梯, B5): a warning before the limit, the direct superior at the breach, then upward."""

from __future__ import annotations

from datetime import datetime, timedelta

WARNING_RUNG = 0
BREACH_RUNG = 1


def next_alarm_at(
    *, rung_told: int | None, start_at: datetime, warn_at: datetime, due_at: datetime, ladder_length: int
) -> datetime | None:
    """Return when the next rung is told, None when the ladder's end is reached or there is no ladder.

    Rung 0 at the warning, rung 1 at the breach; each further rung after as much time again as the limit gave, at least half an hour.
    """
    if ladder_length == 0:
        return None
    if rung_told is None:
        return warn_at
    if rung_told == WARNING_RUNG:
        return due_at
    if rung_told >= ladder_length:
        return None
    patience = max(due_at - start_at, timedelta(minutes=30))
    return due_at + rung_told * patience
