"""Reading the input of calculations: exact fields, calendars parsed once, errors that name the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.documents import read_calendar
from shouwen.kernel.time.instants import SECOND_US, from_us

CALENDARS_KEPT = 256

_calendars: dict[bytes, WorkCalendar] = {}


def check_fields(
    document: Mapping[str, Any], *, required: frozenset[str], optional: frozenset[str] = frozenset(), field: str = ""
) -> None:
    """Refuse a document that lacks a field or has one that nobody asked for; ``field`` is its own place, with a point.

    :raises BadInput: naming the first such field.
    """
    names = document.keys()
    if missing := required - names:
        raise BadInput(f"{field}{min(missing)}", "it is missing", f"give {', '.join(sorted(required))}")
    if unknown := names - required - optional:
        name = min(unknown)
        raise BadInput(f"{field}{name}", "there is no such field", f"use only {', '.join(sorted(required | optional))}")


def calendar_of(document: object) -> WorkCalendar:
    """Return the calendar, from memory when the same text was read before.

    :raises BadInput: naming the field that cannot be used.
    """
    text = canonical(document)
    calendar = _calendars.get(text)
    if calendar is None:
        if len(_calendars) >= CALENDARS_KEPT:
            _calendars.clear()
        calendar = _calendars[text] = read_calendar(document)
    return calendar


def canonical(document: object) -> bytes:
    """Return JSON in which equal documents are equal texts."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def whole_number(value: object, *, field: str) -> int:
    """Return a whole number as JSON knows it: ``3.0`` is one too.

    :raises BadInput: for anything else.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise BadInput(field, f"{value!r} is not a whole number", "write a whole number such as 3")


def iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


@lru_cache(maxsize=100_000)
def iso_us(us: int, zone: ZoneInfo) -> str:
    """Return the instant as text; the openings and closings of a calendar recur in case after case."""
    return from_us(us, zone).isoformat()


def seconds(us: int) -> int | float:
    """Return microseconds as seconds: a whole number unless there is a fraction."""
    return us // SECOND_US if us % SECOND_US == 0 else us / SECOND_US
