"""Planning to date live targets again after a calendar has changed, and doing it batch by batch."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.loop.workorders.models import Redating


@transaction.atomic
def begin_redating(*, calendar: str, digest: str, known_from: datetime, at: datetime) -> bool:
    """Plan the dating again of all live targets by a new version of a calendar; return False when it was planned before.

    It begins when the version is known. An unfinished one of the same calendar that would not begin later is given up: the newer
    version is the one that counts.
    """
    due_from = max(at, known_from)
    Redating.objects.filter(calendar=calendar, done_at=None, begun_at__lt=at, due_from__lte=due_from).update(done_at=at)
    _, is_new = Redating.objects.get_or_create(calendar=calendar, digest=digest, begun_at=at, defaults={"due_from": due_from})
    return is_new


def continue_redatings(*, at: datetime, batch_count: int = 10) -> int:
    """Do up to ``batch_count`` batches of what is planned, each in a transaction of its own; return how many were done.

    It goes on where it stopped, however it stopped.
    """
    done = 0
    while done < batch_count and _next_batch(at):
        done += 1
    return done


@transaction.atomic
def _next_batch(at: datetime) -> bool:
    planned = (
        Redating.objects.select_for_update(skip_locked=True)
        .filter(done_at=None, due_from__lte=at)
        .order_by("begun_at", "id")
        .first()
    )
    if planned is None:
        return False
    from shouwen.loop.workorders.services.recalculating import recalculate_in_bulk  # brings numpy: not for a web process

    last_id = recalculate_in_bulk(calendar=planned.calendar, after_id=planned.after_id, at=at)
    planned.after_id, planned.done_at = last_id or planned.after_id, at if last_id is None else None
    planned.save(update_fields=["after_id", "done_at"])
    return True
