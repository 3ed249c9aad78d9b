"""The official Chinese days: which years are confirmed, and every day of them against an independent list."""

import json
from dataclasses import replace
from datetime import date, timedelta

import holidays
import pytest

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.chinese_days import chinese_days_of, official_chinese_days
from shouwen.kernel.time.days import Day, days_between, nth_working_day
from shouwen.kernel.time.documents import calendar_digest, read_calendar
from shouwen.kernel.time.tests.examples import OFFICE, PROVISIONAL, weekdays

WORKING_DAYS = {2023: 249, 2024: 251, 2025: 248, 2026: 248}  # as the State Council's notices lead to
WORKED_WEEKENDS = {
    2023: "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    2024: "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}


def days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


@pytest.mark.parametrize("year", WORKING_DAYS)
def test_the_announced_years_have_their_working_days(year: int) -> None:
    worked = [day for day in days_of(year) if OFFICE.is_working_day(day)]

    assert len(worked) == WORKING_DAYS[year]
    assert " ".join(f"{day:%m-%d}" for day in worked if day.weekday() >= 5) == WORKED_WEEKENDS[year]


@pytest.mark.parametrize("year", WORKING_DAYS)
def test_a_second_maintained_list_agrees_day_by_day(year: int) -> None:
    other = holidays.country_holidays("CN", years=year)

    assert [day for day in days_of(year) if OFFICE.is_working_day(day) != other.is_working_day(day)] == []


def test_the_confirmed_range_is_told() -> None:
    days = official_chinese_days()

    assert days.first_year <= 2023
    assert days.last_confirmed_year >= 2026
    assert days.source.startswith("chinesecalendar ")


def test_the_days_are_written_whole_and_read_back() -> None:
    days = official_chinese_days()

    assert chinese_days_of(json.loads(json.dumps(days.as_document())), source=days.source) == days


def test_the_digest_of_a_calendar_changes_with_the_days_and_not_with_the_package() -> None:
    document = {"base": "cn", "daily": [["09:00", "17:00"]]}
    days = official_chinese_days()
    known, renamed, longer = (
        calendar_digest(document, official=one)
        for one in (days, replace(days, source="another"), replace(days, last_confirmed_year=days.last_confirmed_year + 1))
    )

    assert known == renamed == calendar_digest(document)
    assert known != longer
    assert calendar_digest({"daily": []}, official=days) == calendar_digest({"daily": []}, official=replace(days, first_year=1))


def test_a_calendar_can_be_read_with_the_days_as_they_were_known() -> None:
    days = replace(official_chinese_days(), last_confirmed_year=2025, provisional_holidays=frozenset({date(2026, 5, 1)}))
    document = {"base": "cn", "provisional": True, "daily": [["09:00", "17:00"]]}

    then, now = read_calendar(document, official=days), read_calendar(document)

    assert [one.is_working_day(date(2026, 5, 4)) for one in (then, now)] == [True, False]
    assert [one.is_provisional_on(date(2026, 5, 4)) for one in (then, now)] == [True, False]


def test_a_year_not_announced_is_refused_and_never_guessed() -> None:
    year = official_chinese_days().last_confirmed_year + 1

    with pytest.raises(BadInput) as refusal:
        OFFICE.is_working_day(date(year, 3, 3))

    assert (refusal.value.field, str(year) in refusal.value.problem) == ("calendar", True)


def test_accepted_provisional_days_are_the_statutory_holidays_without_exchanged_weekends() -> None:
    year = official_chinese_days().last_confirmed_year + 1
    worked = [day for day in days_of(year) if PROVISIONAL.is_working_day(day)]

    assert not [day for day in worked if day.weekday() >= 5]
    assert {day for day in days_of(year) if day.weekday() < 5} - set(worked) == {
        day for day in official_chinese_days().provisional_holidays if day.weekday() < 5
    }
    assert not PROVISIONAL.is_working_day(date(year, 10, 1))


def test_two_years_ahead_are_refused_even_provisionally() -> None:
    year = official_chinese_days().last_confirmed_year + 2

    with pytest.raises(BadInput):
        PROVISIONAL.is_working_day(date(year, 3, 3))


def test_years_before_the_list_are_refused() -> None:
    with pytest.raises(BadInput) as refusal:
        OFFICE.is_working_day(date(official_chinese_days().first_year - 1, 3, 3))

    assert refusal.value.hint == "give the calendar its own weekly sessions, holidays and workdays"


def test_own_holidays_and_workdays_beat_the_official_ones() -> None:
    calendar = read_calendar(
        {"base": "cn", "daily": [["09:00", "17:00"]], "holidays": ["2026-05-06"], "workdays": ["2026-05-01", "2026-05-17"]}
    )

    assert [calendar.is_working_day(date(2026, 5, day)) for day in (1, 2, 6, 7, 9, 17)] == [True, False, False, True, True, True]


def test_an_official_workday_whose_weekday_has_no_sessions_keeps_those_of_the_first_weekday_that_has() -> None:
    calendar = read_calendar({"base": "cn", "weekly": {"tue": [["09:00", "12:00"]], "wed": [["13:00", "17:00"]]}})

    (session,) = calendar.sessions_on(date(2026, 2, 14))  # Saturday

    assert (session.opens_s, session.closes_s) == (9 * 3600, 12 * 3600)


def test_a_holiday_on_the_first_weekday_lends_its_sessions_all_the_same() -> None:
    calendar = weekdays(["09:00", "12:00"], holidays=["2026-05-04"], workdays=["2026-05-09"])

    assert calendar.sessions_on(date(2026, 5, 4)) == ()
    assert calendar.sessions_on(date(2026, 5, 9)) == calendar.weekly[0]


# Whole days.


@pytest.mark.parametrize(
    ("start", "n", "day"),
    [
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-02-15", 1, "2026-02-24"),  # the start is a holiday
        ("2026-02-12", 3, "2026-02-24"),
        ("2024-02-28", 1, "2024-02-29"),
        ("2025-12-31", 1, "2026-01-04"),  # a worked Sunday
        ("2026-01-01", 247, "2026-12-30"),
        ("2026-01-01", 248, "2026-12-31"),
    ],
)
def test_the_nth_working_day_after_a_day(start: str, n: int, day: str) -> None:
    found = nth_working_day(start_on=date.fromisoformat(start), n=n, calendar=OFFICE)

    assert found == date.fromisoformat(day)


@pytest.mark.parametrize("n", [0, -1])
def test_there_is_no_zeroth_working_day(n: int) -> None:
    with pytest.raises(BadInput) as refusal:
        nth_working_day(start_on=date(2026, 5, 6), n=n, calendar=OFFICE)

    assert refusal.value.field == "n"


def test_a_working_day_beyond_the_announced_years_is_refused() -> None:
    with pytest.raises(BadInput, match="2027"):
        nth_working_day(start_on=date(2026, 1, 1), n=249, calendar=OFFICE)


def test_too_many_working_days_are_refused() -> None:
    with pytest.raises(BadInput, match="too few working days"):
        nth_working_day(start_on=date(2026, 1, 1), n=1, calendar=read_calendar({"weekly": {}}))


def test_a_night_shift_makes_its_opening_day_a_working_day_only() -> None:
    calendar = weekdays(["22:00", "06:00"])

    found = days_between(first_on=date(2026, 5, 8), last_on=date(2026, 5, 11), calendar=calendar)

    assert found == (
        Day(date(2026, 5, 8), True),
        Day(date(2026, 5, 9), False),
        Day(date(2026, 5, 10), False),
        Day(date(2026, 5, 11), True),
    )


def test_days_between_hold_both_ends_and_refuse_the_wrong_order() -> None:
    day = date(2026, 5, 6)

    assert days_between(first_on=day, last_on=day, calendar=OFFICE) == (Day(day, True),)
    with pytest.raises(BadInput) as refusal:
        days_between(first_on=day, last_on=date(2026, 5, 5), calendar=OFFICE)
    assert refusal.value.field == "to"
