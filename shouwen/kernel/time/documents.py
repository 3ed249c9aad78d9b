"""Calendars, limits and periods as people and programs write them (JSON or YAML), read with errors that name the field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.calendars import DAY_S, Session, Sessions, WorkCalendar
from shouwen.kernel.time.chinese_days import ChineseDays, official_chinese_days
from shouwen.kernel.time.instants import parse_instant, zone_named
from shouwen.kernel.time.limits import Limit, Unit
from shouwen.kernel.time.periods import Period

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CALENDAR_FIELDS = frozenset({"timezone", "weekly", "daily", "holidays", "workdays", "base", "provisional", "name", "version"})
LIMIT_FIELDS = ("amount", "unit")
UNITS = {unit.value: unit for unit in Unit}
DEFAULT_ZONE = "Asia/Shanghai"


def read_calendar(document: object, *, field: str = "calendar", official: ChineseDays | None = None) -> WorkCalendar:
    """Return the calendar that ``document`` describes: its own week, or the official Chinese days with daily sessions.

    ``official`` are those days as they were known when the calendar was published; without them, as they are known here.

    :raises BadInput: naming the field that cannot be used.
    """
    if not isinstance(document, Mapping):
        raise BadInput(field, "a calendar is missing", 'give an object such as {"base": "cn", "daily": [["08:30", "17:30"]]}')
    if unknown := sorted(set(map(str, document)) - CALENDAR_FIELDS):
        raise BadInput(f"{field}.{unknown[0]}", "no calendar has this field", f"use one of {', '.join(sorted(CALENDAR_FIELDS))}")
    base = document.get("base")
    if base not in (None, "cn"):
        raise BadInput(f"{field}.base", f"there is no base {base!r}", 'use "cn", or give weekly sessions')
    calendar = WorkCalendar(
        timezone=_zone_name(document, field),
        weekly=_week(document, field),
        holidays=_days(document.get("holidays", ()), f"{field}.holidays"),
        workdays=_days(document.get("workdays", ()), f"{field}.workdays"),
        base=(official or official_chinese_days()) if base else None,
        accept_provisional=_flag(document.get("provisional", False), f"{field}.provisional"),
        version=str(document.get("version", "")),
    )
    if both := sorted(calendar.holidays & calendar.workdays):
        raise BadInput(f"{field}.workdays", f"{both[0]} is a holiday and a workday", "name each day once")
    return calendar


def calendar_digest(document: Mapping[str, object], *, official: ChineseDays | None = None) -> str:
    """Return the SHA-256 of all that a calendar rests on: its document and, on the official Chinese days, those days themselves.

    So it changes when another year is announced, and not when a package is renewed that says the same.
    """
    days = (official or official_chinese_days()).as_document() if document.get("base") == "cn" else None
    content = json.dumps([document, days], sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _flag(value: object, field: str) -> bool:
    if isinstance(value, bool):
        return value
    raise BadInput(field, f"{value!r} is neither yes nor no", "write true or false")


def _zone_name(document: Mapping[str, object], field: str) -> str:
    name = document.get("timezone", DEFAULT_ZONE)
    if not isinstance(name, str):
        raise BadInput(f"{field}.timezone", f"{name!r} is not a time zone", "use an IANA name such as Asia/Shanghai")
    try:
        zone_named(name)
    except BadInput as error:
        raise BadInput(f"{field}.timezone", error.problem, error.hint) from error
    return name


Week = tuple[Sessions, Sessions, Sessions, Sessions, Sessions, Sessions, Sessions]


def _week(document: Mapping[str, object], field: str) -> Week:
    if "daily" in document and "weekly" in document:
        raise BadInput(f"{field}.daily", "the sessions are given twice", 'give "weekly" or "daily", not both')
    if "daily" in document:
        return _seven([read_sessions(document["daily"], field=f"{field}.daily")] * 7)
    weekly = document.get("weekly")
    if not isinstance(weekly, Mapping):
        raise BadInput(f"{field}.weekly", "the sessions are missing", 'give "weekly" (by mon … sun) or "daily" sessions')
    if unknown := sorted(set(map(str, weekly)) - set(WEEKDAYS)):
        raise BadInput(f"{field}.weekly.{unknown[0]}", "there is no such weekday", f"use {', '.join(WEEKDAYS)}")
    return _seven([read_sessions(weekly.get(day, ()), field=f"{field}.weekly.{day}") for day in WEEKDAYS])


def _seven(week: list[Sessions]) -> Week:
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = week
    return monday, tuesday, wednesday, thursday, friday, saturday, sunday


def read_sessions(document: object, *, field: str) -> Sessions:
    """Return the sessions of one day in order, those that overlap or touch as one."""
    if not isinstance(document, Sequence) or isinstance(document, str):
        raise BadInput(field, "sessions are a list of pairs", 'write [["09:00", "12:00"], ["13:00", "18:00"]]')
    joined: list[Session] = []
    for session in sorted(_session(pair, f"{field}[{i}]") for i, pair in enumerate(document)):
        if joined and session.opens_s <= joined[-1].closes_s:
            joined[-1] = Session(joined[-1].opens_s, max(joined[-1].closes_s, session.closes_s))
        else:
            joined.append(session)
    return tuple(joined)


def _session(pair: object, field: str) -> Session:
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
        raise BadInput(field, "a session is a pair of times", 'write ["09:00", "12:00"]')
    opens_s, closes_s = (_seconds_of_day(text, field) for text in pair)
    if opens_s in (closes_s, DAY_S):
        raise BadInput(field, "the session has no length", 'write ["00:00", "24:00"] for a whole day')
    return Session(opens_s, closes_s if closes_s > opens_s else closes_s + DAY_S)


def _seconds_of_day(text: object, field: str) -> int:
    hint = "write a time between 00:00 and 24:00"
    parts = str(text).split(":")
    if not isinstance(text, str) or len(parts) not in (2, 3) or not all(part.isdecimal() and len(part) <= 2 for part in parts):
        raise BadInput(field, f"{text!r} is not a time of day", hint)
    hours, minutes, seconds = (*map(int, parts), 0)[:3]
    total = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or total > DAY_S:
        raise BadInput(field, f"{text!r} is not a time of day", hint)
    return total


def _days(document: object, field: str) -> frozenset[date]:
    if not isinstance(document, Sequence) or isinstance(document, str):
        raise BadInput(field, "days are a list", 'write ["2026-05-01"]')
    return frozenset(read_day(day, field=f"{field}[{i}]") for i, day in enumerate(document))


def read_day(document: object, *, field: str) -> date:
    """Return the day written as ``2026-05-01``."""
    if type(document) is date:
        return document
    try:
        if isinstance(document, str) and len(document) == 10:
            return date.fromisoformat(document)
    except ValueError:
        pass
    raise BadInput(field, f"{document!r} is not a day", "write a day such as 2026-05-01")


def read_limit(document: object, *, field: str = "limit") -> Limit:
    """Return the limit written as ``{"amount": 45, "unit": "minute"}``; the amount may be any number that is zero or more."""
    if not isinstance(document, Mapping):
        raise BadInput(field, "a limit is missing", 'give an object such as {"amount": 45, "unit": "minute"}')
    if unknown := [name for name in document if name not in LIMIT_FIELDS]:
        raise BadInput(f"{field}.{unknown[0]}", "no limit has this field", f"use {' and '.join(LIMIT_FIELDS)}")
    named = document.get("unit")
    unit = UNITS.get(named) if isinstance(named, str) else None
    if unit is None:
        raise BadInput(f"{field}.unit", f"there is no unit {named!r}", f"use one of {', '.join(Unit)}")
    return _limit(_amount(document.get("amount"), f"{field}.amount"), unit)


@lru_cache(maxsize=4096)
def _limit(amount: Decimal, unit: Unit) -> Limit:
    """Return the limit; the same few recur in case after case."""
    return Limit(amount, unit)


def _amount(value: object, field: str) -> Decimal:
    if isinstance(value, int | float | str | Decimal) and not isinstance(value, bool):
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            pass
        else:
            if amount.is_finite() and amount >= 0:
                return amount
    raise BadInput(field, f"{value!r} is not a length of time", "write a number that is zero or more")


def read_pauses(document: object, *, zone: ZoneInfo, field: str = "pauses") -> tuple[Period, ...]:
    """Return the pauses written as ``[[from, until], …]``; ``until`` null means that it has not ended."""
    if document is None:
        return ()
    if not isinstance(document, Sequence) or isinstance(document, str):
        raise BadInput(field, "pauses are a list of pairs", 'write [["2026-05-06T10:00", "2026-05-06T11:00"]]')
    return tuple(_pause(pair, zone, f"{field}[{i}]") for i, pair in enumerate(document))


def _pause(pair: object, zone: ZoneInfo, field: str) -> Period:
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
        raise BadInput(field, "a pause is a pair of instants", 'write ["2026-05-06T10:00", "2026-05-06T11:00"]')
    since = parse_instant(pair[0], zone=zone, field=f"{field}[0]")
    until = None if pair[1] is None else parse_instant(pair[1], zone=zone, field=f"{field}[1]")
    if until is not None and until < since:
        raise BadInput(field, "it ends before it begins", "give the earlier instant first")
    return Period(since, until)
