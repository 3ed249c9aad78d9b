"""How far many matters have come: plain columns for flats and jobs that follow them, asked for by id. Not for showing to people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from shouwen.loop.workorders.choices import TargetState
from shouwen.loop.workorders.models import Link, Target, WorkOrder


@dataclass(frozen=True, slots=True)
class Progress:
    """One matter: where it is and since when."""

    id: int
    norm: str
    stage: str
    step: str
    owner_id: int
    customer_id: int | None
    merged_into_id: int | None
    opened_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class TargetStanding:
    """One deadline of one matter as it is written now."""

    work_order_id: int
    state: str
    due_at: datetime
    met_at: datetime | None


_COLUMNS = ("id", "norm_code", "stage", "step", "owner_id", "customer_id", "merged_into_id")
_TIMES = ("opened_at", "resolved_at", "closed_at")


def list_progress(*, work_order_ids: Collection[int]) -> dict[int, Progress]:
    """Return how far each of these matters has come; those that do not exist are left out."""
    rows = WorkOrder.objects.filter(pk__in=work_order_ids).values_list(*_COLUMNS, *_TIMES)
    return {row[0]: Progress(*row) for row in rows}


def list_target_standings(*, work_order_ids: Collection[int], kind: str) -> dict[int, TargetStanding]:
    """Return the deadline of one kind of each of these matters, in its first round; matters without one are left out."""
    rows = Target.objects.filter(work_order__in=work_order_ids, kind=kind, round=1)
    return {row[0]: TargetStanding(*row) for row in rows.values_list("work_order_id", "state", "due_at", "met_at")}


def next_alarm_at() -> datetime | None:
    """Return when the ladder is next to hear of a running target, None when it has heard of all: no sweep before finds anything."""
    running = Target.objects.filter(state=TargetState.RUNNING, next_alarm_at__isnull=False)
    return running.order_by("next_alarm_at").values_list("next_alarm_at", flat=True).first()


def list_linked(*, from_ids: Collection[int], kind: str) -> dict[int, int]:
    """Return to which matter each of these is linked by a standing link of ``kind``; the latest if to several."""
    rows = Link.objects.filter(from_order__in=from_ids, kind=kind, undone_at=None).order_by("id")
    return dict(rows.values_list("from_order_id", "to_order_id"))


def count_unclosed_by_owner(*, owner_ids: Collection[int]) -> dict[int, int]:
    """Return how many matters each of these people owns that are not closed; nought is said too."""
    counts = WorkOrder.objects.unclosed().filter(owner__in=owner_ids).values_list("owner_id").annotate(count=Count("id"))
    return dict.fromkeys(owner_ids, 0) | dict(counts)
