"""A whole column of deadlines; that each equals ``due_at`` on random calendars stands in ``test_properties``."""

import numpy as np
import pytest

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.deadlines import due_at
from shouwen.kernel.time.documents import read_calendar
from shouwen.kernel.time.instants import from_us, to_us
from shouwen.kernel.time.many import due_many
from shouwen.kernel.time.tests.examples import DESK, NEW_YORK, OFFICE, PROVISIONAL, SHANGHAI, here, limit, written

STARTS = ("2026-02-13 16:30", "2026-02-14 17:00", "2026-02-15 03:00", "2025-09-30 17:29")
UNEVEN = read_calendar({"weekly": {"mon": [["08:00", "17:00"]], "tue": [["09:00", "10:30"]], "fri": [["22:00", "06:00"]]}})


def column(*texts: str) -> np.ndarray:
    return np.array([to_us(here(text)) for text in texts], dtype=np.int64)


def found(starts: np.ndarray, amount: str, unit: str, calendar=DESK) -> list[str | None]:
    due_us = due_many(starts_us=starts, limit=limit(amount, unit), calendar=calendar)
    return [written(from_us(int(us), calendar.zone)) for us in due_us]


def test_a_column_keeps_its_order() -> None:
    assert found(column(*STARTS), "2", "working_hour") == [
        "2026-02-14 09:30",
        "2026-02-24 10:00",
        "2026-02-24 10:30",
        "2025-10-09 10:29",
    ]


@pytest.mark.parametrize("unit", ["working_second", "working_day", "half_working_day", "day", "calendar_day", "minute"])
@pytest.mark.parametrize("amount", ["0", "1", "0.3333", "7", "123456.789"])
@pytest.mark.parametrize(
    "calendar", [PROVISIONAL, UNEVEN, read_calendar({"timezone": "America/New_York", "daily": [["22:00", "06:00"]]})]
)
def test_thousands_of_rows_equal_those_found_one_by_one(calendar, amount: str, unit: str) -> None:
    chance = np.random.default_rng(7)
    starts = chance.integers(to_us(here("2023-01-01 00:00")), to_us(here("2026-01-01 00:00")), size=200)
    limit_ = limit("12" if amount == "123456.789" and "day" in unit else amount, unit)

    due_us = due_many(starts_us=starts, limit=limit_, calendar=calendar)

    rows = [due_at(start_at=from_us(int(us), SHANGHAI), limit=limit_, calendar=calendar) for us in starts]
    assert [from_us(int(us), NEW_YORK) for us in due_us] == rows


def test_an_empty_column_and_a_limit_of_nothing_ask_no_calendar() -> None:
    far = column("2099-01-01 00:00")

    assert due_many(starts_us=np.array([], dtype=np.int64), limit=limit(1, "working_day"), calendar=OFFICE).size == 0
    assert due_many(starts_us=far, limit=limit(0, "working_day"), calendar=OFFICE).tolist() == far.tolist()


def test_the_column_that_came_in_is_left_as_it_was() -> None:
    starts = column(*STARTS)

    due_many(starts_us=starts, limit=limit(0, "minute"), calendar=OFFICE)[0] = 0

    assert starts.tolist() == column(*STARTS).tolist()


def test_one_row_that_needs_an_unknown_day_refuses_the_column() -> None:
    with pytest.raises(BadInput, match="2027"):
        due_many(starts_us=column("2026-05-06 09:00", "2026-12-31 17:00"), limit=limit(2, "working_hour"), calendar=OFFICE)


def test_a_way_of_more_than_sixty_years_refuses_the_column() -> None:
    with pytest.raises(BadInput, match="too little working time"):
        due_many(
            starts_us=column("2026-05-06 09:00"),
            limit=limit(60, "working_hour"),
            calendar=read_calendar({"weekly": {"mon": [["09:00", "09:01"]]}}),
        )


def test_a_column_over_summer_time_of_long_ago() -> None:
    calendar = read_calendar({"daily": [["09:00", "17:00"]]})

    assert found(column("1986-05-03 12:00", "2026-05-03 12:00"), "1", "calendar_day", calendar) == [
        "1986-05-04 12:00",
        "2026-05-04 12:00",
    ]
