"""Deadlines by exact tables; the sessions and official days of each are in ``examples``."""

import pytest

from shouwen.kernel.errors import BadInput
from shouwen.kernel.time.calendars import always_open
from shouwen.kernel.time.deadlines import counted_s, deadline, due_at, next_working, working_time
from shouwen.kernel.time.documents import read_calendar
from shouwen.kernel.time.tests.examples import DESK, NIGHT, OFFICE, PROVISIONAL, here, limit, pause, weekdays, written

NINE_TO_SIX = weekdays(["09:00", "12:00"], ["13:00", "18:00"])
SHORT_FRIDAY = read_calendar(
    {
        "weekly": {
            "mon": [["08:00", "12:00"], ["13:00", "17:00"]],
            "tue": [["08:00", "12:00"], ["13:00", "17:00"]],
            "wed": [["08:00", "12:00"], ["13:00", "17:00"]],
            "thu": [["08:00", "12:00"], ["13:00", "17:00"]],
            "fri": [["08:00", "12:00"]],
        }
    }
)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("2026-02-13 16:30", 8, "working_hour", "2026-02-14 17:00"),  # a Saturday worked for the Spring Festival
        ("2026-02-14 17:00", 2, "working_hour", "2026-02-24 10:00"),  # over nine days of holiday
        ("2026-02-13 16:30", 0, "working_hour", "2026-02-13 16:30"),
        ("2026-02-15 03:00", 0, "working_hour", "2026-02-15 03:00"),  # nothing is used up at once, open or not
        ("2026-02-12 08:30", 1, "working_day", "2026-02-12 17:30"),
        ("2026-02-12 08:30", 1, "half_working_day", "2026-02-12 13:45"),
        ("2026-02-12 12:30", 3, "working_minute", "2026-02-12 13:33"),
        ("2026-02-12 08:30", "3.5", "working_hour", "2026-02-12 12:00"),  # at closing time, not at the next opening
        ("2026-02-12 08:30", "7.5", "working_hour", "2026-02-12 17:30"),
        ("2026-02-12 08:30", 27001, "working_second", "2026-02-13 08:30:01+08:00"),
        ("2026-02-12 20:00", 1, "working_day", "2026-02-13 17:30"),
        ("2026-02-12 08:00", 45, "minute", "2026-02-12 08:45"),  # day and night
        ("2026-02-14 22:00", 24, "hour", "2026-02-15 22:00"),
        ("2026-02-14 22:00", "1.5", "day", "2026-02-16 10:00"),
        ("2026-02-14 22:00", 90, "second", "2026-02-14 22:01:30+08:00"),
    ],
)
def test_a_deadline_on_the_official_days(start: str, amount: str | int, unit: str, due: str) -> None:
    assert written(due_at(start_at=here(start), limit=limit(amount, unit), calendar=DESK)) == due


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("2023-04-06 08:30", 1, "working_day", "2023-04-06 17:30"),  # Thursday after Qingming
        ("2023-04-21 08:30", 2, "working_day", "2023-04-23 17:30"),  # Friday, then a worked Sunday
        ("2024-02-08 14:00", 1, "working_day", "2024-02-09 12:00"),  # New Year's Eve of 2024 was a working day
        ("2024-02-29 08:30", 1, "working_day", "2024-02-29 17:30"),  # leap day
        ("2024-02-29 17:00", 1, "working_hour", "2024-03-01 09:00"),
        ("2025-01-24 08:30", 3, "working_day", "2025-01-27 17:30"),  # Friday, a worked Sunday, Monday
        ("2025-09-30 17:00", 1, "working_hour", "2025-10-09 09:00"),
        ("2026-10-09 17:00", 1, "working_hour", "2026-10-10 09:00"),  # a worked Saturday
        ("2026-12-31 08:30", 1, "working_day", "2026-12-31 17:30"),  # the last day that has been announced
    ],
)
def test_each_announced_year_has_its_holidays_and_worked_weekends(start: str, amount: int, unit: str, due: str) -> None:
    assert written(due_at(start_at=here(start), limit=limit(amount, unit), calendar=OFFICE)) == due


@pytest.mark.parametrize(
    ("calendar", "start", "amount", "unit", "due"),
    [
        (NIGHT, "2026-05-06 23:00", 7, "working_hour", "2026-05-07 06:00"),
        (NIGHT, "2026-05-06 23:00", 8, "working_hour", "2026-05-07 23:00"),
        (NIGHT, "2026-05-06 05:00", 2, "working_hour", "2026-05-06 23:00"),  # yesterday's shift still runs
        (NIGHT, "2026-05-06 12:00", "0.5", "working_day", "2026-05-07 02:00"),
        (
            weekdays(["22:00", "06:00"]),
            "2026-05-08 23:00",
            7,
            "working_hour",
            "2026-05-09 06:00",
        ),  # Friday's shift ends on Saturday
        (weekdays(["22:00", "06:00"]), "2026-05-11 05:00", 1, "working_hour", "2026-05-11 23:00"),  # Sunday had none
        (weekdays(["22:00", "06:00"], holidays=["2026-05-07"]), "2026-05-06 22:00", 9, "working_hour", "2026-05-08 23:00"),
        (weekdays(["20:00", "24:00"]), "2026-05-06 23:00", 1, "working_hour", "2026-05-07 00:00"),
        (weekdays(["20:00", "24:00"]), "2026-05-06 23:00", 2, "working_hour", "2026-05-07 21:00"),
        (weekdays(["20:00", "00:00"]), "2026-05-06 23:00", 2, "working_hour", "2026-05-07 21:00"),  # midnight ends it too
        (read_calendar({"daily": [["00:00", "24:00"]]}), "2026-05-06 23:00", 48, "working_hour", "2026-05-08 23:00"),
        (always_open(), "2026-05-06 23:00", 1, "working_day", "2026-05-07 23:00"),
        (NINE_TO_SIX, "2026-05-08 17:00", 2, "working_hour", "2026-05-11 10:00"),
        (weekdays(["09:00", "18:00"], workdays=["2026-05-09"]), "2026-05-08 17:00", 2, "working_hour", "2026-05-09 10:00"),
        (weekdays(["09:00", "18:00"], holidays=["2026-05-11"]), "2026-05-08 17:00", 2, "working_hour", "2026-05-12 10:00"),
        (weekdays(["08:30:30", "12:00"]), "2026-05-06 08:00", 1, "working_minute", "2026-05-06 08:31:30+08:00"),
        (
            weekdays(["13:00", "18:00"], ["08:00", "12:00"]),
            "2026-05-06 11:00",
            2,
            "working_hour",
            "2026-05-06 14:00",
        ),  # any order
        (
            weekdays(["08:00", "13:00"], ["12:00", "18:00"]),
            "2026-05-06 11:00",
            3,
            "working_hour",
            "2026-05-06 14:00",
        ),  # overlapping
    ],
)
def test_a_deadline_on_a_calendar_of_its_own(calendar, start, amount, unit, due) -> None:
    assert written(due_at(start_at=here(start), limit=limit(amount, unit), calendar=calendar)) == due


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        ("2026-05-06 08:00", "1", "2026-05-06 17:00"),
        ("2026-05-06 10:00", "1", "2026-05-07 10:00"),
        ("2026-05-07 10:00", "1", "2026-05-08 09:00"),  # a quarter of Thursday is over: a quarter of the short Friday
        ("2026-05-08 10:00", "1", "2026-05-11 12:00"),  # half of Friday is over: half of Monday
        ("2026-05-08 10:00", "0.5", "2026-05-08 12:00"),
        ("2026-05-08 13:00", "1", "2026-05-11 17:00"),
        ("2026-05-09 10:00", "5", "2026-05-15 12:00"),
    ],
)
def test_a_working_day_is_used_up_in_step_with_days_of_different_length(start: str, amount: str, due: str) -> None:
    assert written(due_at(start_at=here(start), limit=limit(amount, "working_day"), calendar=SHORT_FRIDAY)) == due


def test_two_half_working_days_are_one_working_day() -> None:
    for start in ("2026-05-06 08:00", "2026-05-07 16:59", "2026-05-08 11:00", "2026-05-09 11:00"):
        halves, whole = (
            due_at(start_at=here(start), limit=limit(amount, unit), calendar=SHORT_FRIDAY)
            for amount, unit in ((2, "half_working_day"), (1, "working_day"))
        )
        assert halves == whole


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([], "2026-05-06 16:30"),
        ([pause("2026-05-06 10:00", "2026-05-06 11:00")], "2026-05-06 17:30"),
        ([pause("2026-05-06 10:00", "2026-05-06 11:01")], "2026-05-07 08:31"),
        ([pause("2026-05-06 12:00", "2026-05-06 14:00")], "2026-05-06 16:30"),  # nobody works then anyway
        ([pause("2026-05-06 16:30", "2026-05-06 17:00")], "2026-05-06 16:30"),  # begins when it is due
        ([pause("2026-05-06 16:29", None)], None),
        ([pause("2026-05-06 16:30", None)], "2026-05-06 16:30"),
        ([pause("2026-05-05 10:00", "2026-05-06 09:30")], "2026-05-06 17:00"),  # begun before the start
        ([pause("2026-05-01 10:00", "2026-05-06 08:00")], "2026-05-06 16:30"),  # over before the start
        ([pause("2026-05-06 10:00", "2026-05-06 10:00")], "2026-05-06 16:30"),  # without length
        ([pause("2026-05-06 10:30", "2026-05-06 11:00"), pause("2026-05-06 10:00", "2026-05-06 10:45")], "2026-05-06 17:30"),
        ([pause("2026-05-06 10:00", "2026-05-06 11:00"), pause("2026-05-06 17:00", "2026-05-06 17:30")], "2026-05-07 09:00"),
        ([pause("2026-05-06 10:00", None), pause("2026-05-06 10:30", "2026-05-06 11:00")], None),
    ],
)
def test_a_pause_moves_a_working_deadline_by_its_own_working_time(pauses, due) -> None:
    found = due_at(start_at=here("2026-05-06 09:00"), limit=limit("5.5", "working_hour"), calendar=OFFICE, pauses=pauses)
    assert written(found) == due


def test_a_pause_moves_a_wall_clock_deadline_by_its_whole_length() -> None:
    pauses = [pause("2026-05-06 20:00", "2026-05-07 06:00"), pause("2026-05-07 07:00", "2026-05-07 08:00")]

    found = due_at(start_at=here("2026-05-06 19:00"), limit=limit(2, "hour"), calendar=OFFICE, pauses=pauses)

    assert written(found) == "2026-05-07 07:00"


def steps_of(found) -> list[tuple[str | None, str | None, str, float]]:
    return [(written(step.since), written(step.until), step.what, step.counted_us / 1e6) for step in found]


def test_the_steps_tell_the_whole_way() -> None:
    found = deadline(
        start_at=here("2026-02-13 16:30"),
        limit=limit(8, "working_hour"),
        calendar=DESK,
        pauses=[pause("2026-02-14 08:00", "2026-02-14 09:00")],
    )

    assert written(found.due_at) == "2026-02-14 17:30"
    assert not found.provisional
    assert steps_of(found.steps) == [
        ("2026-02-13 16:30", "2026-02-13 17:30", "counted", 3600),
        ("2026-02-13 17:30", "2026-02-14 08:00", "closed", 0),
        ("2026-02-14 08:00", "2026-02-14 09:00", "paused", 0),
        ("2026-02-14 09:00", "2026-02-14 12:00", "counted", 10_800),
        ("2026-02-14 12:00", "2026-02-14 13:30", "closed", 0),
        ("2026-02-14 13:30", "2026-02-14 17:30", "counted", 14_400),
    ]


def test_an_open_pause_is_the_last_step_and_leaves_no_deadline() -> None:
    found = deadline(
        start_at=here("2026-05-06 09:00"),
        limit=limit(2, "hour"),
        calendar=OFFICE,
        pauses=[pause("2026-05-06 09:30", None)],
    )

    assert found.due_at is None
    assert steps_of(found.steps) == [
        ("2026-05-06 09:00", "2026-05-06 09:30", "counted", 1800),
        ("2026-05-06 09:30", None, "paused", 0),
    ]


def test_a_limit_of_nothing_has_no_steps() -> None:
    found = deadline(start_at=here("2026-05-03 03:00"), limit=limit(0, "working_day"), calendar=OFFICE)

    assert (written(found.due_at), found.steps) == ("2026-05-03 03:00", ())


def test_round_the_clock_is_one_step_over_many_days() -> None:
    found = deadline(start_at=here("2026-05-06 23:00"), limit=limit(50, "working_hour"), calendar=always_open())

    assert steps_of(found.steps) == [("2026-05-06 23:00", "2026-05-09 01:00", "counted", 180_000)]


# Years that have not been announced.


def test_a_way_into_a_year_not_announced_is_refused() -> None:
    with pytest.raises(BadInput) as refusal:
        due_at(start_at=here("2026-12-31 08:30"), limit=limit(8, "working_hour"), calendar=OFFICE)

    assert refusal.value.field == "calendar"
    assert refusal.value.problem == "the official working days of 2027 are not confirmed (known: 2004–2026)"
    assert refusal.value.hint == 'add "provisional": true to count with the statutory holidays alone'


def test_accepted_provisional_days_count_and_are_told() -> None:
    inside = deadline(start_at=here("2026-12-31 08:30"), limit=limit(7, "working_hour"), calendar=PROVISIONAL)
    beyond = deadline(start_at=here("2026-12-31 08:30"), limit=limit(8, "working_hour"), calendar=PROVISIONAL)

    assert (written(inside.due_at), inside.provisional) == ("2026-12-31 17:30", False)
    assert (written(beyond.due_at), beyond.provisional) == ("2027-01-04 09:30", True)  # Friday 1 January is a holiday


def test_the_year_after_the_provisional_one_is_refused() -> None:
    with pytest.raises(BadInput, match="2028"):
        due_at(start_at=here("2027-12-31 08:30"), limit=limit(8, "working_hour"), calendar=PROVISIONAL)


def test_the_last_night_of_the_last_announced_year_ends_as_usual_and_is_confirmed() -> None:
    nights = read_calendar({"base": "cn", "daily": [["22:00", "06:00"]]})

    found = deadline(start_at=here("2026-12-31 23:00"), limit=limit(5, "working_hour"), calendar=nights)

    assert (written(found.due_at), found.provisional) == ("2027-01-01 04:00", False)


def test_a_wall_clock_limit_needs_no_announcement() -> None:
    found = deadline(start_at=here("2026-12-31 23:50"), limit=limit(45, "minute"), calendar=OFFICE)

    assert (written(found.due_at), found.provisional) == ("2027-01-01 00:35", False)


def test_a_calendar_without_sessions_has_no_deadline() -> None:
    never = read_calendar({"weekly": {}})

    with pytest.raises(BadInput, match="too little working time"):
        due_at(start_at=here("2026-05-06 09:00"), limit=limit(1, "working_second"), calendar=never)


def test_a_way_of_more_than_sixty_years_is_refused() -> None:
    one_minute_a_week = read_calendar({"weekly": {"mon": [["09:00", "09:01"]]}})

    with pytest.raises(BadInput, match="too little working time"):
        due_at(start_at=here("2026-05-06 09:00"), limit=limit(60, "working_hour"), calendar=one_minute_a_week)


# Working time and the next opening.


def test_working_time_leaves_out_what_is_closed_and_paused() -> None:
    steps = working_time(
        start_at=here("2026-02-13 16:30"),
        end_at=here("2026-02-24 10:00"),
        calendar=DESK,
        pauses=[pause("2026-02-14 09:00", "2026-02-14 10:00"), pause("2026-02-24 09:30", None)],
    )

    assert counted_s(steps) == 3600 + int(6.5 * 3600) + 3600
    assert [step.what for step in steps] == [
        "counted", "closed", "counted", "paused", "counted", "closed", "counted", "closed", "counted", "paused",
    ]  # fmt: skip


def test_no_working_time_lies_between_an_instant_and_itself() -> None:
    assert working_time(start_at=here("2026-05-06 09:00"), end_at=here("2026-05-06 09:00"), calendar=DESK) == ()


def test_fractions_of_a_second_are_counted() -> None:
    steps = working_time(start_at=here("2026-05-06 08:29"), end_at=here("2026-05-06 08:30:00.250000"), calendar=DESK)

    assert counted_s(steps) == 0.25


@pytest.mark.parametrize(
    ("calendar", "start", "opening"),
    [
        (DESK, "2026-02-14 10:00", "2026-02-14 10:00"),
        (DESK, "2026-02-14 08:30", "2026-02-14 08:30"),
        (DESK, "2026-02-14 12:00", "2026-02-14 13:30"),  # closing time itself is outside
        (DESK, "2026-02-14 17:30", "2026-02-24 08:30"),
        (NIGHT, "2026-05-06 05:59", "2026-05-06 05:59"),
        (NIGHT, "2026-05-06 06:00", "2026-05-06 22:00"),
        (weekdays(["20:00", "24:00"]), "2026-05-09 00:00", "2026-05-11 20:00"),
        (read_calendar({"daily": [["00:00", "24:00"]]}), "2026-05-09 00:00", "2026-05-09 00:00"),
    ],
)
def test_the_next_opening(calendar, start: str, opening: str) -> None:
    assert written(next_working(start_at=here(start), calendar=calendar)) == opening


def test_results_are_told_in_the_zone_of_the_calendar() -> None:
    found = due_at(start_at=here("2026-05-06T01:00:00+00:00"), limit=limit(1, "working_hour"), calendar=OFFICE)

    assert found is not None
    assert found.isoformat() == "2026-05-06T10:00:00+08:00"
