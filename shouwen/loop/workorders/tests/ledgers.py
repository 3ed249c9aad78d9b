"""Ledgers and norms as values, for tests of rules: nothing here touches the database."""

from __future__ import annotations

from typing import Any

from shouwen.kernel.time.documents import read_calendar
from shouwen.loop.workorders import events
from shouwen.loop.workorders.tests.factories import NOON, OFFICE, after, lamp_out
from shouwen.records.norms.rules.definition import parse_norm

NORM = parse_norm(lamp_out())
CALENDAR = read_calendar(OFFICE)


def opening(minute: float = 0, **changes: Any) -> events.WorkOrderOpened:
    fields: dict[str, Any] = {
        "work_order_id": 1,
        "norm": "lamp_out",
        "norm_version": 1,
        "norm_digest": NORM.digest,
        "calendar": "office",
        "calendar_digest": "c",
        "step": "accept",
        "unit_id": 1,
        "owner_id": 1,
        "main_unit_id": 1,
        "channel": "phone",
        "priority": 4,
        "customer_id": None,
        "supply_point_id": None,
        "jurisdiction": "CN",
        "company": None,
        "area": None,
        "zone": None,
        "customer_class": None,
        "actor_id": 1,
        "at": after(minute),
    }
    return events.WorkOrderOpened(**(fields | changes))


def _about(minute: float) -> dict[str, Any]:
    return {"work_order_id": 1, "actor_id": 1, "at": after(minute)}


def finishing(step: str, next_step: str | None, minute: float, *, is_back: bool = False) -> events.StepFinished:
    return events.StepFinished(
        step=step,
        outcome="x",
        is_back=is_back,
        next_step=next_step,
        next_unit_id=1,
        end=None if next_step else "end_mended",
        **_about(minute),
    )


def pausing(minute: float) -> events.ClockPaused:
    return events.ClockPaused(reason="waiting_for_customer", **_about(minute))


def resuming(minute: float) -> events.ClockResumed:
    return events.ClockResumed(**_about(minute))


def resolving(minute: float) -> events.WorkOrderResolved:
    return events.WorkOrderResolved(
        norm="lamp_out",
        end="end_mended",
        success=True,
        customer_id=None,
        call_back_needed=True,
        survey_needed=True,
        **_about(minute),
    )


def closing(minute: float) -> events.WorkOrderClosed:
    return events.WorkOrderClosed(norm="lamp_out", unit_id=1, grade=5, **_about(minute))


def reopening(minute: float, number: int = 2) -> events.WorkOrderReopened:
    return events.WorkOrderReopened(reason="came_back", step="accept", unit_id=1, round=number, **_about(minute))


def noting(minute: float) -> events.NoteAdded:
    return events.NoteAdded(note_id=1, **_about(minute))


__all__ = [
    "CALENDAR",
    "NOON",
    "NORM",
    "closing",
    "finishing",
    "noting",
    "opening",
    "pausing",
    "reopening",
    "resolving",
    "resuming",
]
