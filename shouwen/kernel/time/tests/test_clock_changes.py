"""Zones whose clocks change: New York on 8 March and 1 November 2026, Lord Howe by half an hour, Shanghai long ago."""

from zoneinfo import ZoneInfo

import pytest

from shouwen.kernel.time.deadlines import counted_s, due_at, next_working, working_time
from shouwen.kernel.time.documents import read_calendar
from shouwen.kernel.time.instants import local_instant, parse_instant
from shouwen.kernel.time.tests.examples import NEW_YORK, here, limit

NIGHTS = read_calendar({"timezone": "America/New_York", "daily": [["22:00", "06:00"]]})
DAYS = read_calendar({"timezone": "America/New_York", "daily": [["09:00", "17:00"]]})
SMALL_HOURS = read_calendar({"timezone": "America/New_York", "daily": [["01:30", "02:30"]]})


@pytest.mark.parametrize(
    ("calendar", "start", "amount", "unit", "due"),
    [
        (NIGHTS, "2026-03-07T22:00", 7, "working_hour", "2026-03-08T06:00:00-04:00"),  # a night of seven hours
        (NIGHTS, "2026-03-07T22:00", 8, "working_hour", "2026-03-08T23:00:00-04:00"),
        (NIGHTS, "2026-03-07T22:00", 1, "working_day", "2026-03-08T06:00:00-04:00"),
        (NIGHTS, "2026-10-31T22:00", 9, "working_hour", "2026-11-01T06:00:00-05:00"),  # a night of nine hours
        (NIGHTS, "2026-10-31T22:00", 4, "working_hour", "2026-11-01T01:00:00-05:00"),  # in the second pass
        (NIGHTS, "2026-10-31T22:00", 1, "working_day", "2026-11-01T06:00:00-05:00"),
        (NIGHTS, "2026-10-31T22:00", 1, "half_working_day", "2026-11-01T01:30:00-05:00"),
        (DAYS, "2026-03-07T16:00", 2, "working_hour", "2026-03-08T10:00:00-04:00"),  # the office does not notice
        (DAYS, "2026-03-07T16:00", 24, "hour", "2026-03-08T17:00:00-04:00"),
        (DAYS, "2026-03-07T16:00", 1, "day", "2026-03-08T17:00:00-04:00"),  # a day is 24 hours
        (DAYS, "2026-03-07T16:00", 1, "calendar_day", "2026-03-08T16:00:00-04:00"),  # the same time of day
        (DAYS, "2026-10-31T16:00", 1, "calendar_day", "2026-11-01T16:00:00-05:00"),
        (DAYS, "2026-03-07T02:30", 1, "calendar_day", "2026-03-08T03:00:00-04:00"),  # skipped: the change itself
        (DAYS, "2026-10-31T01:30", 1, "calendar_day", "2026-11-01T01:30:00-04:00"),  # twice: the first
        (DAYS, "2026-10-31T12:00", "0.5", "calendar_day", "2026-11-01T00:30:00-04:00"),  # half of 25 hours
        (SMALL_HOURS, "2026-03-08T00:00", 30, "working_minute", "2026-03-08T03:00:00-04:00"),  # half an hour is left of it
        (SMALL_HOURS, "2026-03-08T00:00", 31, "working_minute", "2026-03-09T01:31:00-04:00"),
        (SMALL_HOURS, "2026-11-01T00:00", 2, "working_hour", "2026-11-01T02:30:00-05:00"),  # and two hours in autumn
    ],
)
def test_a_deadline_over_a_clock_change(calendar, start, amount, unit, due) -> None:
    found = due_at(start_at=here(start, NEW_YORK), limit=limit(amount, unit), calendar=calendar)

    assert found is not None
    assert found.isoformat() == due


def test_working_time_counts_the_hour_that_was_and_not_the_one_that_was_skipped() -> None:
    spring, autumn = (
        counted_s(working_time(start_at=here(start, NEW_YORK), end_at=here(end, NEW_YORK), calendar=NIGHTS))
        for start, end in (("2026-03-07T22:00", "2026-03-08T06:00"), ("2026-10-31T22:00", "2026-11-01T06:00"))
    )

    assert (spring, autumn) == (7 * 3600, 9 * 3600)


def test_the_next_opening_that_is_skipped_is_the_change() -> None:
    opening_at_half_past_two = read_calendar({"timezone": "America/New_York", "daily": [["02:30", "04:00"]]})

    found = next_working(start_at=here("2026-03-08T00:00", NEW_YORK), calendar=opening_at_half_past_two)

    assert found.isoformat() == "2026-03-08T03:00:00-04:00"


def test_a_session_wholly_inside_the_skipped_hour_does_not_take_place() -> None:
    skipped = read_calendar({"timezone": "America/New_York", "daily": [["02:10", "02:50"]]})

    found = next_working(start_at=here("2026-03-08T00:00", NEW_YORK), calendar=skipped)

    assert found.isoformat() == "2026-03-09T02:10:00-04:00"


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T03:00:00-04:00"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T01:30:00-04:00"),
        ("America/New_York", "2026-11-01T01:30:00-05:00", "2026-11-01T01:30:00-05:00"),  # an offset says which
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:30:00+11:00"),  # clocks jump by half an hour
        ("Asia/Shanghai", "1986-05-04T02:30", "1986-05-04T03:00:00+09:00"),  # summer time from 1986 to 1991
        ("Asia/Shanghai", "2026-05-06T12:00", "2026-05-06T12:00:00+08:00"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-31T00:00:00+14:00"),  # a day that never was
    ],
)
def test_a_local_time_is_the_first_of_two_and_the_change_when_skipped(zone: str, local: str, instant: str) -> None:
    assert parse_instant(local, zone=ZoneInfo(zone), field="start").isoformat() == instant


def test_a_later_local_time_is_never_an_earlier_instant() -> None:
    times = [here(f"2026-03-08T0{hour}:{minute:02}").replace(tzinfo=None) for hour in range(1, 5) for minute in range(60)]
    instants = [local_instant(local, NEW_YORK) for local in times]

    assert [one.timestamp() for one in instants] == sorted(one.timestamp() for one in instants)


def test_calendar_days_of_summer_time_in_shanghai() -> None:
    calendar = read_calendar({"daily": [["09:00", "17:00"]]})

    found = due_at(start_at=here("1986-05-03T12:00"), limit=limit(1, "calendar_day"), calendar=calendar)

    assert found is not None
    assert found.isoformat() == "1986-05-04T12:00:00+09:00"
