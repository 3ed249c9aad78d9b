"""The end of what a calendar knows: a way that ends with the last known day asks nothing of the day after."""

from __future__ import annotations

import numpy as np
import pytest

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.deadlines import counted_s, deadline, due_at, next_working, working_time
from shouwen.kernel.time.documents import read_calendar
from shouwen.kernel.time.instants import from_us, to_us
from shouwen.kernel.time.many import due_many
from shouwen.kernel.time.tests.examples import here, limit, pause, written


def official(*sessions: list[str], **more: object) -> WorkCalendar:
    """Return a calendar on the official days, which are known to the end of 2026."""
    return read_calendar({"base": "cn", "daily": list(sessions), **more})


LATE, ROUND_THE_CLOCK, NIGHTS = ["14:00", "24:00"], ["00:00", "24:00"], ["22:00", "06:00"]
DAYS = official(["08:00", "16:00"])


@pytest.mark.parametrize(
    ("session", "start", "amount", "unit", "due"),
    [
        (LATE, "2026-12-31 14:00", 10, "working_hour", "2027-01-01 00:00"),
        (LATE, "2026-12-30 14:00", 2, "working_day", "2027-01-01 00:00"),
        (ROUND_THE_CLOCK, "2026-12-31 00:00", 1, "working_day", "2027-01-01 00:00"),
        (NIGHTS, "2026-12-31 22:00", 8, "working_hour", "2027-01-01 06:00"),
        (NIGHTS, "2026-12-31 22:00", 1, "working_day", "2027-01-01 06:00"),
        (NIGHTS, "2027-01-01 02:00", 4, "working_hour", "2027-01-01 06:00"),
    ],
)
def test_a_limit_used_up_at_the_last_known_closing_is_due_then(
    session: list[str], start: str, amount: int, unit: str, due: str
) -> None:
    calendar = official(session)

    found = deadline(start_at=here(start), limit=limit(amount, unit), calendar=calendar)

    assert (written(found.due_at), found.provisional) == (due, False)
    assert counted_s(found.steps) == limit(amount, unit).length_us(to_us(here(start)), calendar) / 1_000_000
    assert written(due_at(start_at=here(start), limit=limit(amount, unit), calendar=calendar)) == due


@pytest.mark.parametrize(
    ("session", "start", "amount"),
    [
        (LATE, "2026-12-31 14:00", "10.000001"),
        (LATE, "2027-01-01 00:00", "1"),
        (NIGHTS, "2027-01-01 02:00", "4.000001"),
        (NIGHTS, "2027-01-01 06:00", "1"),
    ],
)
def test_a_moment_of_work_more_is_refused(session: list[str], start: str, amount: str) -> None:
    with pytest.raises(BadInput, match="2027"):
        deadline(start_at=here(start), limit=limit(amount, "working_hour"), calendar=official(session))


def test_an_accepted_year_ends_likewise() -> None:
    found = deadline(
        start_at=here("2027-12-31 14:00"), limit=limit(10, "working_hour"), calendar=official(LATE, provisional=True)
    )

    assert (written(found.due_at), found.provisional) == ("2028-01-01 00:00", True)


def test_a_month_is_counted_to_its_last_midnight() -> None:
    steps = working_time(start_at=here("2026-12-01 00:00"), end_at=here("2027-01-01 00:00"), calendar=DAYS)

    assert counted_s(steps) == 23 * 8 * 3600
    with pytest.raises(BadInput, match="2027"):
        working_time(start_at=here("2026-12-01 00:00"), end_at=here("2027-01-01 00:00:01"), calendar=DAYS)


def test_a_pause_may_end_with_the_last_known_day() -> None:
    waiting = pause("2026-12-31 10:00", "2027-01-01 00:00")

    steps = working_time(start_at=here("2026-12-31 00:00"), end_at=here("2027-01-01 00:00"), calendar=DAYS, pauses=[waiting])
    round_the_clock = official(ROUND_THE_CLOCK)
    found = deadline(
        start_at=here("2026-12-31 00:00"), limit=limit(10, "working_hour"), calendar=round_the_clock, pauses=[waiting]
    )

    assert (counted_s(steps), written(found.due_at)) == (2 * 3600, "2026-12-31 10:00")


def test_work_that_is_on_at_night_is_on_after_the_last_midnight() -> None:
    assert written(next_working(start_at=here("2027-01-01 05:00"), calendar=official(NIGHTS))) == "2027-01-01 05:00"
    with pytest.raises(BadInput, match="2027"):
        next_working(start_at=here("2027-01-01 06:00"), calendar=official(NIGHTS))


@pytest.mark.parametrize(("amount", "unit"), [(10, "working_hour"), (1, "working_day")])
def test_a_column_of_deadlines_ends_likewise(amount: int, unit: str) -> None:
    calendar = official(LATE)
    starts = np.array([to_us(here("2026-12-30 14:00")), to_us(here("2026-12-31 14:00"))])

    found = due_many(starts_us=starts, limit=limit(amount, unit), calendar=calendar)

    assert [written(from_us(int(us), calendar.zone)) for us in found] == ["2026-12-31 00:00", "2027-01-01 00:00"]
