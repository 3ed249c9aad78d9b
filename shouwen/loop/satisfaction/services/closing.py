"""Closing what is settled: the loop closes by itself once nothing is missing any more."""

from __future__ import annotations

from datetime import datetime

from shouwen.kernel.errors import Refusal
from shouwen.loop.satisfaction.queries import satisfaction_staff_id
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.queries import list_complete


def close_settled(*, at: datetime, limit: int = 1000) -> int:
    """Close every matter of which nothing is missing; return how many. To be called every minute or so; any number of workers may."""
    ready = list_complete(at=at, limit=limit)
    actor_id = satisfaction_staff_id() if ready else 0
    return sum(_close(work_order_id, actor_id, at) for work_order_id in ready)


def _close(work_order_id: int, actor_id: int, at: datetime) -> bool:
    try:
        workorders.close_work_order(work_order_id=work_order_id, actor_id=actor_id, at=at)
    except Refusal:  # closed, reopened or promised something in this very moment: the next sweep sees
        return False
    return True
