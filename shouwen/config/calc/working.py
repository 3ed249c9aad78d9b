"""Working time: due, working-time, next-working, working-day, working-days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from shouwen.config.calc.reading import calendar_of, check_fields, iso, iso_us, seconds, whole_number
from shouwen.config.calc.registry import Calculation, Document
from shouwen.config.calc.shapes import ANSWERED_INSTANT, CALENDAR, DAY, INSTANT, LIMIT, PAUSES, STEPS, record
from shouwen.kernel.errors import BadInput
from shouwen.kernel.time import days, deadlines
from shouwen.kernel.time.documents import read_day, read_limit, read_pauses
from shouwen.kernel.time.instants import FIRST_YEAR, LAST_YEAR, parse_instant

PAUSES_FIELD = frozenset({"pauses"})


def due(case: Document) -> Document:
    check_fields(case, required=DUE_FIELDS, optional=PAUSES_FIELD)
    calendar = calendar_of(case["calendar"])
    answer = deadlines.deadline(
        start_at=parse_instant(case["start"], zone=calendar.zone, field="start"),
        limit=read_limit(case["limit"]),
        calendar=calendar,
        pauses=read_pauses(case.get("pauses"), zone=calendar.zone),
    )
    return _told({"due": iso(answer.due_at), "steps": steps_document(answer.steps)}, is_provisional=answer.provisional)


def working_time(case: Document) -> Document:
    check_fields(case, required=WORKING_TIME_FIELDS, optional=PAUSES_FIELD)
    calendar = calendar_of(case["calendar"])
    start_at = parse_instant(case["start"], zone=calendar.zone, field="start")
    end_at = parse_instant(case["end"], zone=calendar.zone, field="end")
    if end_at < start_at:
        raise BadInput("end", "it lies before the start", "give the earlier instant as start")
    pauses = read_pauses(case.get("pauses"), zone=calendar.zone)
    steps = deadlines.working_time(start_at=start_at, end_at=end_at, calendar=calendar, pauses=pauses)
    told = {"seconds": deadlines.counted_s(steps), "steps": steps_document(steps)}
    return _told(told, is_provisional=deadlines.rests_on_provisional_days(until=end_at, calendar=calendar))


def next_working(case: Document) -> Document:
    check_fields(case, required=NEXT_WORKING_FIELDS)
    calendar = calendar_of(case["calendar"])
    start_at = parse_instant(case["start"], zone=calendar.zone, field="start")
    opening = deadlines.next_working(start_at=start_at, calendar=calendar)
    just_after = opening + timedelta(microseconds=1)
    return _told(
        {"instant": iso(opening)}, is_provisional=deadlines.rests_on_provisional_days(until=just_after, calendar=calendar)
    )


def working_day(case: Document) -> Document:
    check_fields(case, required=WORKING_DAY_FIELDS)
    calendar = calendar_of(case["calendar"])
    start_on, n = _day(case["start"], field="start"), whole_number(case["n"], field="n")
    found = days.nth_working_day(start_on=start_on, n=n, calendar=calendar)
    return _told({"date": found.isoformat()}, is_provisional=calendar.is_provisional_on(found))


def working_days(case: Document) -> Document:
    check_fields(case, required=WORKING_DAYS_FIELDS)
    calendar = calendar_of(case["calendar"])
    first_on, last_on = _day(case["from"], field="from"), _day(case["to"], field="to")
    found = days.days_between(first_on=first_on, last_on=last_on, calendar=calendar)
    listed = [{"date": day.on.isoformat(), "working": day.is_working} for day in found]
    told = {"count": sum(day.is_working for day in found), "days": listed}
    return _told(told, is_provisional=calendar.is_provisional_on(last_on))


def _day(document: object, *, field: str) -> date:
    day = read_day(document, field=field)
    if FIRST_YEAR <= day.year < LAST_YEAR:
        return day
    raise BadInput(field, f"the year {day.year} is out of reach", f"write a day between {FIRST_YEAR} and {LAST_YEAR}")


def _told(answer: Document, *, is_provisional: bool) -> Document:
    return answer | {"provisional": True} if is_provisional else answer


def steps_document(steps: Iterable[deadlines.Step]) -> list[Document]:
    return [
        {
            "from": iso_us(step.since_us, step.zone),
            "until": None if step.until_us is None else iso_us(step.until_us, step.zone),
            "what": step.what,
            "counted_seconds": seconds(step.counted_us),
        }
        for step in steps
    ]


DUE_FIELDS = frozenset({"start", "limit", "calendar"})
WORKING_TIME_FIELDS = frozenset({"start", "end", "calendar"})
NEXT_WORKING_FIELDS = frozenset({"start", "calendar"})
WORKING_DAY_FIELDS = frozenset({"start", "n", "calendar"})
WORKING_DAYS_FIELDS = frozenset({"from", "to", "calendar"})

LISTED_DAY = record("a day", {"date": DAY, "working": {"type": "boolean"}})
MAYBE_PROVISIONAL = {
    "provisional": {"const": True, "description": "A day was counted whose official working was still to be announced"}
}

CALCULATIONS = {
    "due": Calculation(
        run=due,
        takes=record("due: in", {"start": INSTANT, "limit": LIMIT, "calendar": CALENDAR}, {"pauses": PAUSES}),
        gives=record(
            "due: out",
            {
                "due": ANSWERED_INSTANT | {"type": ["string", "null"], "description": "Null while a pause has not ended"},
                "steps": STEPS,
            },
            MAYBE_PROVISIONAL,
        ),
    ),
    "working-time": Calculation(
        run=working_time,
        takes=record("working-time: in", {"start": INSTANT, "end": INSTANT, "calendar": CALENDAR}, {"pauses": PAUSES}),
        gives=record("working-time: out", {"seconds": {"type": "number", "minimum": 0}, "steps": STEPS}, MAYBE_PROVISIONAL),
    ),
    "next-working": Calculation(
        run=next_working,
        takes=record("next-working: in", {"start": INSTANT, "calendar": CALENDAR}),
        gives=record("next-working: out", {"instant": ANSWERED_INSTANT}, MAYBE_PROVISIONAL),
    ),
    "working-day": Calculation(
        run=working_day,
        takes=record("working-day: in", {"start": DAY, "n": {"type": "integer", "minimum": 1}, "calendar": CALENDAR}),
        gives=record("working-day: out", {"date": DAY}, MAYBE_PROVISIONAL),
    ),
    "working-days": Calculation(
        run=working_days,
        takes=record("working-days: in", {"from": DAY, "to": DAY, "calendar": CALENDAR}),
        gives=record(
            "working-days: out",
            {"count": {"type": "integer", "minimum": 0}, "days": {"type": "array", "items": LISTED_DAY}},
            MAYBE_PROVISIONAL,
        ),
    ),
}
