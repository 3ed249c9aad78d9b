"""JSON Schema of what several calculations take or give."""

from __future__ import annotations

from shouwen.config.calc.registry import Schema
from shouwen.kernel.time.limits import Unit

DRAFT = "https://json-schema.org/draft/2020-12/schema"

INSTANT: Schema = {
    "type": "string",
    "description": "ISO 8601 with offset, or without one and then in the calendar's zone",
    "examples": ["2026-05-01T08:30:00+08:00", "2026-05-01T08:30"],
}
ANSWERED_INSTANT: Schema = {
    "type": "string",
    "format": "date-time",
    "description": "ISO 8601 with the offset of the calendar's zone",
}
DAY: Schema = {"type": "string", "format": "date"}
TIME: Schema = {"type": "string", "pattern": r"^\d{1,2}:\d{2}(:\d{2})?$"}
SESSIONS: Schema = {
    "type": "array",
    "description": "Sessions of one day; one may end at 24:00 or run past midnight",
    "items": {"type": "array", "prefixItems": [TIME, TIME], "items": False, "minItems": 2},
}
CALENDAR: Schema = {
    "type": "object",
    "description": "Its own week, or the official Chinese days (base cn) with daily or weekly sessions",
    "properties": {
        "timezone": {"type": "string", "default": "Asia/Shanghai"},
        "weekly": {
            "type": "object",
            "properties": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), SESSIONS),
            "additionalProperties": False,
        },
        "daily": SESSIONS | {"description": "The same sessions on every day; with base cn on every official working day"},
        "holidays": {"type": "array", "items": DAY, "description": "Days without work"},
        "workdays": {"type": "array", "items": DAY, "description": "Days with work, whatever weekday or base say"},
        "base": {"enum": ["cn", None], "description": "The official working days of China, years not announced are refused"},
        "provisional": {
            "type": "boolean",
            "default": False,
            "description": "Take the statutory holidays for the year not announced yet",
        },
        "name": {"type": "string"},
        "version": {"type": ["string", "integer"]},
    },
    "oneOf": [{"required": ["weekly"]}, {"required": ["daily"]}],
    "additionalProperties": False,
}
LIMIT: Schema = {
    "type": "object",
    "properties": {
        "amount": {"type": ["number", "string"], "description": "Zero or more; a string is read as an exact decimal"},
        "unit": {"enum": [unit.value for unit in Unit]},
    },
    "required": ["amount", "unit"],
    "additionalProperties": False,
}
PAUSES: Schema = {
    "type": ["array", "null"],
    "description": "Pairs of from and until; until null is a pause that has not ended",
    "items": {"type": "array", "prefixItems": [INSTANT, INSTANT | {"type": ["string", "null"]}], "items": False, "minItems": 2},
}
STEPS: Schema = {
    "type": "array",
    "description": "They follow one another without a gap",
    "items": {
        "type": "object",
        "properties": {
            "from": ANSWERED_INSTANT,
            "until": ANSWERED_INSTANT
            | {"type": ["string", "null"], "description": "Null: a pause that has not ended keeps the clock from running"},
            "what": {"enum": ["counted", "closed", "paused"]},
            "counted_seconds": {"type": "number", "minimum": 0},
        },
        "required": ["from", "until", "what", "counted_seconds"],
        "additionalProperties": False,
    },
}


def record(title: str, required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """Return the schema of an object with exactly these fields."""
    return {
        "$schema": DRAFT,
        "title": title,
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }
