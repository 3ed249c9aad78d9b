"""Calendars, limits and pauses as they are written, and the field that a refusal names."""

from datetime import date
from decimal import Decimal

import pytest

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.calendars import Session
from shouwen.kernel.time.documents import read_calendar, read_day, read_limit, read_pauses, read_sessions
from shouwen.kernel.time.limits import Limit, Unit
from shouwen.kernel.time.tests.examples import NEW_YORK, SHANGHAI, pause

DAILY = [["09:00", "17:00"]]


def test_a_week_is_read_day_by_day() -> None:
    calendar = read_calendar(
        {
            "timezone": "America/New_York",
            "weekly": {"mon": [["09:00", "12:00"], ["13:00", "18:00"]], "sat": [["09:00", "12:00"]]},
            "holidays": ["2026-05-04"],
            "workdays": ["2026-05-05"],
        }
    )

    morning, afternoon = Session(32_400, 43_200), Session(46_800, 64_800)
    assert calendar.weekly == ((morning, afternoon), (), (), (), (), (morning,), ())
    assert (calendar.zone, calendar.base) == (NEW_YORK, None)
    assert (calendar.holidays, calendar.workdays) == ({date(2026, 5, 4)}, {date(2026, 5, 5)})


def test_a_daily_calendar_is_in_shanghai_unless_it_says_otherwise() -> None:
    calendar = read_calendar({"daily": DAILY})

    assert (calendar.zone, calendar.weekly) == (SHANGHAI, ((Session(32_400, 61_200),),) * 7)


@pytest.mark.parametrize(
    ("written", "sessions"),
    [
        ([["22:00", "06:00"]], [(79_200, 108_000)]),
        ([["20:00", "24:00"]], [(72_000, 86_400)]),
        ([["20:00", "00:00"]], [(72_000, 86_400)]),
        ([["00:00", "24:00"]], [(0, 86_400)]),
        ([["8:30", "9:00:30"]], [(30_600, 32_430)]),
        ([["09:00", "12:00"], ["12:00", "15:00"]], [(32_400, 54_000)]),
        ([["09:00", "15:00"], ["10:00", "11:00"]], [(32_400, 54_000)]),
        ([["13:00", "15:00"], ["09:00", "12:00"]], [(32_400, 43_200), (46_800, 54_000)]),
        ([], []),
    ],
)
def test_sessions_are_put_in_order_and_joined(written: list[list[str]], sessions: list[tuple[int, int]]) -> None:
    assert read_sessions(written, field="x") == tuple(Session(*pair) for pair in sessions)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (None, "calendar"),
        ([], "calendar"),
        ("cn", "calendar"),
        ({}, "calendar.weekly"),
        ({"base": "cn"}, "calendar.weekly"),
        ({"base": "us", "daily": DAILY}, "calendar.base"),
        ({"base": ["cn"], "daily": DAILY}, "calendar.base"),
        ({"daily": DAILY, "weekly": {}}, "calendar.daily"),
        ({"daily": DAILY, "colour": 1}, "calendar.colour"),
        ({"daily": DAILY, "timezone": "Mars/Olympus"}, "calendar.timezone"),
        ({"daily": DAILY, "timezone": "../etc/passwd"}, "calendar.timezone"),
        ({"daily": DAILY, "timezone": ""}, "calendar.timezone"),
        ({"daily": DAILY, "timezone": "a\0b"}, "calendar.timezone"),
        ({"daily": DAILY, "timezone": 8}, "calendar.timezone"),
        ({"daily": DAILY, "provisional": "yes"}, "calendar.provisional"),
        ({"daily": "09:00-17:00"}, "calendar.daily"),
        ({"daily": {"mon": DAILY}}, "calendar.daily"),
        ({"daily": [["09:00"]]}, "calendar.daily[0]"),
        ({"daily": ["09"]}, "calendar.daily[0]"),
        ({"daily": [["09:00", "17:00"], ["9", "10"]]}, "calendar.daily[1]"),
        ({"daily": [["09:00", "24:01"]]}, "calendar.daily[0]"),
        ({"daily": [["09:00", "25:00"]]}, "calendar.daily[0]"),
        ({"daily": [["09:60", "17:00"]]}, "calendar.daily[0]"),
        ({"daily": [["09:00", "09:00"]]}, "calendar.daily[0]"),
        ({"daily": [["24:00", "06:00"]]}, "calendar.daily[0]"),
        ({"daily": [["-1:00", "06:00"]]}, "calendar.daily[0]"),
        ({"daily": [[9, 17]]}, "calendar.daily[0]"),
        ({"weekly": {"monday": DAILY}}, "calendar.weekly.monday"),
        ({"weekly": [DAILY]}, "calendar.weekly"),
        ({"weekly": {"mon": None}}, "calendar.weekly.mon"),
        ({"weekly": {"tue": [["09:00", None]]}}, "calendar.weekly.tue[0]"),
        ({"daily": DAILY, "holidays": "2026-05-01"}, "calendar.holidays"),
        ({"daily": DAILY, "holidays": ["2026-05-01", "2026-02-29"]}, "calendar.holidays[1]"),
        ({"daily": DAILY, "workdays": [20260501]}, "calendar.workdays[0]"),
        ({"daily": DAILY, "workdays": ["2026-05-01"], "holidays": ["2026-05-01"]}, "calendar.workdays"),
    ],
)
def test_a_wrong_calendar_is_refused_by_field(document: object, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_calendar(document)

    assert refusal.value.field == field
    assert refusal.value.problem
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("amount", "read"),
    [
        (45, "45"),
        (0, "0"),
        (1.5, "1.5"),
        (0.1, "0.1"),  # as written, not as stored in binary
        ("0.1", "0.1"),
        ("2", "2"),
        (1e3, "1000"),
        (1e-7, "0.0000001"),
        (Decimal("3.25"), "3.25"),
    ],
)
def test_an_amount_is_any_number_that_is_not_negative(amount: object, read: str) -> None:
    assert read_limit({"amount": amount, "unit": "working_hour"}) == Limit(Decimal(read), Unit.WORKING_HOUR)


@pytest.mark.parametrize("unit", list(Unit))
def test_every_unit_can_be_written(unit: Unit) -> None:
    assert read_limit({"amount": 1, "unit": unit.value}).unit is unit


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (None, "limit"),
        (45, "limit"),
        ({}, "limit.unit"),
        ({"amount": 1}, "limit.unit"),
        ({"amount": 1, "unit": "week"}, "limit.unit"),
        ({"amount": 1, "unit": None}, "limit.unit"),
        ({"amount": 1, "unit": ["minute"]}, "limit.unit"),
        ({"unit": "minute"}, "limit.amount"),
        ({"amount": None, "unit": "minute"}, "limit.amount"),
        ({"amount": True, "unit": "minute"}, "limit.amount"),
        ({"amount": -1, "unit": "minute"}, "limit.amount"),
        ({"amount": "-0.001", "unit": "minute"}, "limit.amount"),
        ({"amount": "soon", "unit": "minute"}, "limit.amount"),
        ({"amount": "", "unit": "minute"}, "limit.amount"),
        ({"amount": "NaN", "unit": "minute"}, "limit.amount"),
        ({"amount": "sNaN", "unit": "minute"}, "limit.amount"),
        ({"amount": float("nan"), "unit": "minute"}, "limit.amount"),
        ({"amount": float("inf"), "unit": "minute"}, "limit.amount"),
        ({"amount": "1e999999", "unit": "working_day"}, "limit.amount"),
        ({"amount": 1e300, "unit": "second"}, "limit.amount"),
        ({"amount": 400_000, "unit": "working_day"}, "limit.amount"),
        ({"amount": [1], "unit": "minute"}, "limit.amount"),
        ({"amount": 1, "unit": "minute", "note": ""}, "limit.note"),
    ],
)
def test_a_wrong_limit_is_refused_by_field(document: object, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_limit(document)

    assert refusal.value.field == field


def test_a_limit_is_told_as_it_would_be_said() -> None:
    assert str(Limit(Decimal("2.50"), Unit.HALF_WORKING_DAY)) == "2.5 half working day"


def test_pauses_are_read_in_the_zone_given_and_may_be_open() -> None:
    found = read_pauses([["2026-05-06T10:00", "2026-05-06T11:00"], ["2026-05-06T04:00:00Z", None]], zone=SHANGHAI)

    assert found == (pause("2026-05-06 10:00", "2026-05-06 11:00"), pause("2026-05-06 12:00", None))


@pytest.mark.parametrize("document", [None, [], ()])
def test_no_pauses_are_no_pauses(document: object) -> None:
    assert read_pauses(document, zone=SHANGHAI) == ()


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ("2026-05-06T10:00", "pauses"),
        ({"from": "2026-05-06T10:00"}, "pauses"),
        ([["2026-05-06T10:00"]], "pauses[0]"),
        (["ab"], "pauses[0]"),
        ([["2026-05-06T10:00", "2026-05-06T09:00"]], "pauses[0]"),
        ([["2026-05-06T10:00", None], [None, "2026-05-06T10:00"]], "pauses[1][0]"),
        ([["2026-05-06T10:00", "later"]], "pauses[0][1]"),
        ([["2026-05-06T10:00", 0]], "pauses[0][1]"),
    ],
)
def test_a_wrong_pause_is_refused_by_field(document: object, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_pauses(document, zone=SHANGHAI)

    assert refusal.value.field == field


@pytest.mark.parametrize(
    "document", ["2026-5-6", "2026-05-06T00:00", "20260506", "2026-13-01", "", None, 20260506, ["2026-05-06"]]
)
def test_a_wrong_day_is_refused(document: object) -> None:
    with pytest.raises(BadInput) as refusal:
        read_day(document, field="start")

    assert refusal.value.field == "start"


def test_a_day_is_read() -> None:
    assert read_day("2024-02-29", field="start") == read_day(date(2024, 2, 29), field="start") == date(2024, 2, 29)
