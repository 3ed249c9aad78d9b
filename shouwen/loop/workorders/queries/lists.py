"""Queues and lists: what a viewer may see, the most urgent first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from shouwen.kernel.errors import BadInput
from shouwen.loop.workorders import permissions, sheets
from shouwen.loop.workorders.choices import Stage
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.rules.numbers import number_of
from shouwen.platform.people.rules import Viewer

FAR = datetime(9999, 1, 1, tzinfo=UTC)
PAGE_LIMIT = 200
CARD_COLUMNS = (
    "id",
    "norm_code",
    "stage",
    "step",
    "unit_id",
    "owner_id",
    "handler_id",
    "customer_id",
    "channel",
    "subject",
    "priority",
    "urge_count",
    "opened_at",
    "paused_at",
    "next_due_at",
)


@dataclass(frozen=True, slots=True)
class WorkOrderCard:
    """One line of a list."""

    id: int
    norm: str
    stage: str
    step: str
    unit_id: int
    owner_id: int
    handler_id: int | None
    customer_id: int | None
    channel: str
    subject: str
    priority: int
    urge_count: int
    opened_at: datetime
    paused_at: datetime | None
    next_due_at: datetime | None

    @property
    def number(self) -> str:
        return number_of(self.id)

    def is_overdue(self, at: datetime) -> bool:
        return self.next_due_at is not None and at > self.next_due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderFilters:
    """What to list; None leaves a question open."""

    stage: str | None = None
    unit_path: str | None = None
    owner_id: int | None = None
    handler_id: int | None = None
    customer_id: int | None = None
    norm: str | None = None
    due_before: datetime | None = None

    def condition(self) -> Q:
        wanted = {
            "stage": self.stage,
            "unit__path__startswith": self.unit_path,
            "owner_id": self.owner_id,
            "handler_id": self.handler_id,
            "customer_id": self.customer_id,
            "norm_code": self.norm,
            "next_due_at__lt": self.due_before,
        }
        return Q(**{name: value for name, value in wanted.items() if value is not None})


@dataclass(frozen=True, slots=True)
class WorkOrderPage:
    """A page; ``next_after`` asks for the next one, None at the end."""

    cards: tuple[WorkOrderCard, ...]
    next_after: str | None


def list_work_orders(*, filters: WorkOrderFilters, viewer: Viewer, after: str | None = None, limit: int = 50) -> WorkOrderPage:
    """Return matters that ``viewer`` may see: most urgent first, then the earliest deadline, then the oldest.

    :raises BadInput: when ``after`` is not a cursor of this list, or ``limit`` is out of range.
    """
    if not 1 <= limit <= PAGE_LIMIT:
        raise BadInput("limit", f"{limit} is out of range", f"ask for 1 to {PAGE_LIMIT}")
    rows = visible(viewer).filter(filters.condition()).annotate(due=Coalesce("next_due_at", FAR))
    if after is not None:
        rows = rows.filter(_behind(after))
    found = sheets.rows_of(rows.order_by("priority", "due", "id").values_list(*CARD_COLUMNS)[: limit + 1])
    cards = tuple(WorkOrderCard(*row) for row in found[:limit])
    return WorkOrderPage(cards, _cursor(cards[-1]) if len(found) > limit else None)


def visible(viewer: Viewer) -> QuerySet[WorkOrder]:
    """Return the matters that a viewer may see, each once, as rows to narrow down."""
    return WorkOrder.objects.filter(permissions.visible_to(viewer))


def _cursor(card: WorkOrderCard) -> str:
    return f"{card.priority}~{(card.next_due_at or FAR).astimezone(UTC).isoformat()}~{card.id}"


def _behind(cursor: str) -> Q:
    try:
        priority, due, pk = cursor.split("~")
        priority_no, due_at, last_id = int(priority), datetime.fromisoformat(due), int(pk)
        if due_at.tzinfo is None:
            raise ValueError("an instant has a zone")
    except ValueError as error:
        raise BadInput("after", "this is not a cursor of this list", "take next_after of the page before") from error
    return (
        Q(priority__gt=priority_no)
        | Q(priority=priority_no, due__gt=due_at)
        | Q(priority=priority_no, due=due_at, id__gt=last_id)
    )


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """How many matters are open, and how many of them are overdue."""

    open: int
    overdue: int
    resolved: int


def count_open(*, viewer: Viewer, at: datetime) -> OpenCounts:
    """Return how many unclosed matters ``viewer`` may see."""
    counts = visible(viewer).aggregate(
        open=Count("id", filter=Q(stage=Stage.OPEN)),
        overdue=Count("id", filter=Q(stage=Stage.OPEN, next_due_at__lt=at)),
        resolved=Count("id", filter=Q(stage=Stage.RESOLVED)),
    )
    return OpenCounts(**counts)


def recent_at_supply_point(*, supply_point_id: int, since: datetime, viewer: Viewer, limit: int = 10) -> list[WorkOrderCard]:
    """Return matters opened at one supply point since a moment, the newest first: the duplicates that an agent is shown."""
    rows = visible(viewer).filter(supply_point_id=supply_point_id, opened_at__gte=since).order_by("-id")
    return [WorkOrderCard(*row) for row in rows.values_list(*CARD_COLUMNS)[:limit]]
