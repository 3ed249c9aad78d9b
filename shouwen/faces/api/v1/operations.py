"""What keeps failing, for operators: facts that one of our own hearers could not take."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.endpoints import asks, tells
from shouwen.faces.api.door.replies import act, page, told
from shouwen.faces.api.door.shapes import AfterId, Body, Id, Limit, Shape
from shouwen.faces.api.permissions import must_operate
from shouwen.faces.api.services.operating import retry_failed
from shouwen.platform.outbox.queries import list_failed

router = Router(tags=["operations"])


class FailedLine(Shape):
    """A fact that a hearer could not take, after how many tries, and why."""

    id: int
    fact_id: int
    kind: str
    case_kind: str
    case_id: int
    hearer: str
    attempt_count: int
    problem: str
    happened_at: datetime


class FailedLines(Shape):
    items: list[FailedLine]
    next: str | None


@router.get("/deliveries/failed", **asks(Scope.OPERATIONS_READ, gives=FailedLines))
def list_failed_deliveries(request: ApiRequest, after: AfterId = 0, limit: Limit = 50) -> HttpResponse:
    """List facts that a hearer could not take, the oldest first."""
    must_operate(request.auth.viewer)
    rows = list_failed(after_id=after, limit=limit + 1)
    return page(request, rows[:limit], next_after=rows[limit - 1].id if len(rows) > limit else None)


class RetryIn(Body):
    delivery_ids: Annotated[list[Id], Field(min_length=1, max_length=500)]


class Retried(Shape):
    retried: int


@router.post("/deliveries/retries", **tells(Scope.OPERATIONS_WRITE, gives=Retried))
def retry_failed_deliveries(request: ApiRequest, body: RetryIn) -> HttpResponse:
    """Put failed deliveries back in line; all or none."""
    return act(request, retry_failed, told("retried"), **body.values())
