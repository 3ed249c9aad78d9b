"""Half-open periods."""

from datetime import timedelta

import pytest

from shouwen.kernel.time.periods import Period, merged
from shouwen.kernel.time.tests.examples import here, pause


def test_a_period_holds_its_beginning_and_not_its_end() -> None:
    period = pause("2026-05-06 10:00", "2026-05-06 11:00")

    assert [here(f"2026-05-06 {time}") in period for time in ("09:59", "10:00", "10:59", "11:00")] == [False, True, True, False]
    assert (period.length, period.is_open) == (timedelta(hours=1), False)


def test_an_open_period_has_no_length_yet() -> None:
    period = pause("2026-05-06 10:00", None)

    assert (period.is_open, here("2126-05-06 10:00") in period) == (True, True)
    with pytest.raises(ValueError):
        period.length  # noqa: B018


def test_a_period_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError):
        Period(here("2026-05-06 10:00"), here("2026-05-06 09:59"))


def test_merged_periods_neither_overlap_nor_touch() -> None:
    periods = [
        pause("2026-05-06 12:00", "2026-05-06 13:00"),
        pause("2026-05-06 10:00", "2026-05-06 11:00"),
        pause("2026-05-06 10:30", "2026-05-06 10:45"),
        pause("2026-05-06 11:00", "2026-05-06 11:30"),
        pause("2026-05-06 14:00", "2026-05-06 14:00"),
        pause("2026-05-06 15:00", None),
        pause("2026-05-06 16:00", "2026-05-06 17:00"),
    ]

    assert merged(periods) == [
        pause("2026-05-06 10:00", "2026-05-06 11:30"),
        pause("2026-05-06 12:00", "2026-05-06 13:00"),
        pause("2026-05-06 15:00", None),
    ]
    assert merged([]) == []
