"""Closing the loop of a matter: called back, graded by the customer, visited if need be, closed."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from shouwen.faces.api.choices import Scope
from shouwen.faces.api.door.callers import ApiRequest
from shouwen.faces.api.door.endpoints import does, hears
from shouwen.faces.api.door.replies import act, done
from shouwen.faces.api.door.shapes import Body, PathId
from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import CallBackResult, GradeSource

WRITE = Scope.ORDERS_WRITE

router = Router(tags=["work orders"])


class CallBackIn(Body):
    result: CallBackResult


@router.post("/work-orders/{work_order_id}/call-backs", **does(WRITE))
def record_call_back(request: ApiRequest, work_order_id: PathId, body: CallBackIn) -> HttpResponse:
    """Record one attempt to call the customer back, by somebody who had no part in the work."""
    return act(request, services.record_call_back, done, work_order_id=work_order_id, **body.values())


class AskingIn(Body):
    source: GradeSource


@router.post("/work-orders/{work_order_id}/satisfaction-request", **does(WRITE))
def ask_satisfaction(request: ApiRequest, work_order_id: PathId, body: AskingIn) -> HttpResponse:
    """Record that the customer was asked for a grade."""
    return act(request, services.ask_satisfaction, done, work_order_id=work_order_id, **body.values())


class GradeIn(Body):
    grade: Annotated[int, Field(strict=True, ge=1, le=5)]
    source: GradeSource


@router.post("/work-orders/{work_order_id}/grade", **hears(WRITE))
def record_grade(request: ApiRequest, work_order_id: PathId, body: GradeIn) -> HttpResponse:
    """Record the customer's grade, 5 (very satisfied) to 1; never by whoever owns or handled the matter."""
    return act(request, services.record_grade, done, work_order_id=work_order_id, **body.values())


class VisitIn(Body):
    findings: Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\u0000]*$")]


@router.post("/work-orders/{work_order_id}/visit-report", **does(WRITE))
def settle_visit(request: ApiRequest, work_order_id: PathId, body: VisitIn) -> HttpResponse:
    """Record what a visit after the worst grade has found."""
    return act(request, services.settle_visit, done, work_order_id=work_order_id, **body.values())


@router.post("/work-orders/{work_order_id}/closure", **does(WRITE))
def close_work_order(request: ApiRequest, work_order_id: PathId) -> HttpResponse:
    """Close the loop; a refusal says in `missing` what is left to do."""
    return act(request, services.close_work_order, done, work_order_id=work_order_id)
