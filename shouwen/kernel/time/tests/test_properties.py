"""What holds for every deadline, whatever the calendar: checked on random calendars against a second-by-second clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.deadlines import Deadline, counted_s, deadline, due_at, next_working, working_time
from shouwen.kernel.time.documents import read_calendar
from shouwen.kernel.time.instants import SECOND_US, from_us, to_us
from shouwen.kernel.time.limits import Limit, Unit
from shouwen.kernel.time.many import due_many
from shouwen.kernel.time.periods import Period
from shouwen.kernel.time.tests.oracle import WEEKDAYS, SlowClock

often = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

# Weeks with a clock change in New York (1 November) and in Lord Howe (4 October), and with holidays and a worked Saturday in China.
WEEKS = {
    "Asia/Shanghai": date(2026, 10, 1),
    "America/New_York": date(2026, 10, 24),
    "Australia/Lord_Howe": date(2026, 9, 28),
    "Asia/Kathmandu": date(2024, 2, 24),
}
DAYS, START_DAYS = 21, 9

Document = dict[str, Any]


def text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def sessions(draw: st.DrawFn) -> list[list[str]]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        opens = draw(st.one_of(st.integers(0, 1439), st.sampled_from([0, 60, 90, 150, 480, 540, 1320])))
        closes = opens + draw(st.one_of(st.integers(1, 720), st.sampled_from([60, 480, 720])))
        found.append([text(opens), "24:00" if closes == 1440 else text(closes % 1440)])
    return found


@st.composite
def documents(draw: st.DrawFn) -> Document:
    zone = draw(st.sampled_from(sorted(WEEKS)))
    first = WEEKS[zone]
    some_days = st.lists(st.integers(0, DAYS - 1).map(lambda n: (first + timedelta(days=n)).isoformat()), max_size=4, unique=True)
    weekly = draw(st.fixed_dictionaries({day: sessions() for day in WEEKDAYS}).filter(lambda week: any(week.values())))
    holidays = draw(some_days)
    document: Document = {"timezone": zone, "weekly": weekly, "holidays": holidays}
    document["workdays"] = [day for day in draw(some_days) if day not in holidays]
    if zone == "Asia/Shanghai" and draw(st.booleans()):
        document["base"] = "cn"
    return document


@dataclass(frozen=True)
class Case:
    """A start, a limit and pauses, in whole seconds, such that the deadline lies within the weeks of the slow clock."""

    document: Document
    clock: SlowClock
    start_s: int
    length_s: int
    pauses_s: tuple[tuple[int, int], ...]

    @property
    def calendar(self) -> WorkCalendar:
        return read_calendar(self.document)

    @property
    def start_at(self) -> datetime:
        return instant(self.start_s)

    @property
    def pauses(self) -> list[Period]:
        return [Period(instant(since), instant(until)) for since, until in self.pauses_s]

    def due(self, *, length_s: int | None = None, pauses: list[Period] | None = None) -> datetime:
        found = due_at(
            start_at=self.start_at,
            limit=working(self.length_s if length_s is None else length_s),
            calendar=self.calendar,
            pauses=self.pauses if pauses is None else pauses,
        )
        assert found is not None
        return found


def instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def second(moment: datetime) -> int:
    assert to_us(moment) % SECOND_US == 0
    return to_us(moment) // SECOND_US


def working(length_s: int) -> Limit:
    return Limit(Decimal(length_s), Unit.WORKING_SECOND)


@st.composite
def cases(draw: st.DrawFn, *, pause_count: int = 3) -> Case:
    document = draw(documents())
    clock = SlowClock(document, first=WEEKS[document["timezone"]], days=DAYS)
    start_s = clock.first_s + draw(st.integers(0, START_DAYS * 86_400))
    pauses = []
    for _ in range(draw(st.integers(0, pause_count))):
        since_s = start_s + draw(st.integers(-3_600, 5 * 86_400))
        pauses.append((since_s, since_s + draw(st.one_of(st.integers(0, 86_400), st.integers(0, 600)))))
    for since_s, until_s in pauses:
        clock.pause(since_s, until_s)
    left_s = clock.left_after(start_s)
    assume(left_s > 0)
    return Case(document, clock, start_s, draw(st.integers(0, min(left_s, 80 * 3600))), tuple(pauses))


@often
@given(cases())
def test_a_deadline_is_what_a_second_by_second_clock_finds(case: Case) -> None:
    assert second(case.due()) == case.clock.due(case.start_s, case.length_s)


@often
@given(cases(), st.integers(0, 10 * 86_400))
def test_working_time_is_what_a_second_by_second_clock_counts(case: Case, length_s: int) -> None:
    end_s = case.start_s + length_s
    steps = working_time(start_at=case.start_at, end_at=instant(end_s), calendar=case.calendar, pauses=case.pauses)

    assert counted_s(steps) == case.clock.counted(case.start_s, end_s)


@often
@given(cases(pause_count=0))
def test_the_next_opening_is_the_first_second_that_is_on(case: Case) -> None:
    opening = next_working(start_at=case.start_at, calendar=case.calendar)

    assert second(opening) == case.clock.due(case.start_s, 1) - 1


@often
@given(cases())
def test_the_working_time_up_to_a_deadline_is_its_limit(case: Case) -> None:
    steps = working_time(start_at=case.start_at, end_at=case.due(), calendar=case.calendar, pauses=case.pauses)

    assert counted_s(steps) == case.length_s


def explained(case: Case) -> Deadline:
    return deadline(start_at=case.start_at, limit=working(case.length_s), calendar=case.calendar, pauses=case.pauses)


@often
@given(cases())
def test_the_steps_follow_one_another_and_add_up_to_the_limit(case: Case) -> None:
    found = explained(case)

    assert found.due_at == case.due()
    assert counted_s(found.steps) == case.length_s
    edges = [case.start_at] + [step.until for step in found.steps]
    assert [step.since for step in found.steps] == edges[:-1]
    assert edges[-1] == found.due_at
    assert all(step.until > step.since for step in found.steps if step.what != "paused")
    kinds = [step.what for step in found.steps]
    assert all(one != other for one, other in pairwise(kinds))  # no stretch is cut needlessly
    assert not kinds or kinds[-1] == "counted"  # due as soon as the last second is counted, at closing time and not after it


@often
@given(cases(pause_count=2), st.integers(0, 4 * 86_400), st.integers(1, 2 * 86_400))
def test_a_pause_of_working_length_d_moves_a_deadline_by_exactly_d(case: Case, after_s: int, length_s: int) -> None:
    pause = Period(instant(case.start_s + after_s), instant(case.start_s + after_s + length_s))
    before = case.due()
    assume(pause.since < before)
    stood_s = case.clock.counted(case.start_s + after_s, case.start_s + after_s + length_s)

    moved = case.due(pauses=[*case.pauses, pause])

    way = working_time(start_at=before, end_at=moved, calendar=case.calendar, pauses=case.pauses)
    assert (counted_s(way), moved) == (stood_s, case.due(length_s=case.length_s + stood_s))


@often
@given(cases(pause_count=0), st.integers(0, 400_000), st.integers(0, 400_000), st.integers(0, 86_400))
def test_a_pause_moves_a_wall_clock_deadline_by_exactly_its_length(case: Case, length_s: int, after_s: int, pause_s: int) -> None:
    limit = Limit(Decimal(length_s), Unit.SECOND)
    pause = Period(instant(case.start_s + after_s), instant(case.start_s + after_s + pause_s))

    found = due_at(start_at=case.start_at, limit=limit, calendar=case.calendar, pauses=[pause])

    assert second(found) == case.start_s + length_s + (pause_s if after_s < length_s else 0)


UNITS = st.sampled_from(
    [Unit.WORKING_SECOND, Unit.WORKING_HOUR, Unit.WORKING_DAY, Unit.HALF_WORKING_DAY, Unit.DAY, Unit.CALENDAR_DAY, Unit.MINUTE]
)
AMOUNTS = st.decimals(0, 6, places=3)


@often
@given(cases(), UNITS, AMOUNTS, st.integers(0, 3 * 86_400))
def test_a_later_start_never_has_an_earlier_deadline(case: Case, unit: Unit, amount: Decimal, later_s: int) -> None:
    first, second_ = (
        due_at(start_at=instant(start_s), limit=Limit(amount, unit), calendar=wide(case), pauses=case.pauses)
        for start_s in (case.start_s, case.start_s + later_s)
    )

    assert first <= second_


@often
@given(cases(), UNITS, AMOUNTS, AMOUNTS)
def test_a_longer_limit_never_has_an_earlier_deadline(case: Case, unit: Unit, amount: Decimal, more: Decimal) -> None:
    short, long = (
        due_at(start_at=case.start_at, limit=Limit(one, unit), calendar=wide(case), pauses=case.pauses)
        for one in (amount, amount + more)
    )

    assert case.start_at <= short <= long


def wide(case: Case) -> WorkCalendar:
    """Return the case's calendar; on the official days with the year that is not announced, which a long limit may reach."""
    return read_calendar(case.document | ({"provisional": True} if "base" in case.document else {}))


@often
@given(cases(), st.data())
def test_splitting_a_session_into_two_adjacent_ones_changes_nothing(case: Case, data: st.DataObject) -> None:
    weekly = {day: [part for one in of_day for part in split(data, one)] for day, of_day in case.document["weekly"].items()}

    for unit, amount in ((Unit.WORKING_SECOND, Decimal(case.length_s)), (Unit.WORKING_DAY, Decimal("0.7"))):
        whole, parts = (
            deadline(start_at=case.start_at, limit=Limit(amount, unit), calendar=one, pauses=case.pauses)
            for one in (wide(case), read_calendar(case.document | {"weekly": weekly} | provisional(case)))
        )
        assert whole == parts


def provisional(case: Case) -> Document:
    return {"provisional": True} if "base" in case.document else {}


def split(data: st.DataObject, session: list[str]) -> list[list[str]]:
    opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in session)
    if closes - opens < 2:  # a session past midnight has no second part on the same day
        return [session]
    middle = data.draw(st.integers(opens + 1, closes - 1))
    return [[session[0], text(middle)], [text(middle), session[1]]]


@often
@given(cases(pause_count=0), st.integers(720, 1439), st.integers(1, 719))
def test_cutting_a_night_shift_at_midnight_changes_nothing(case: Case, opens: int, closes: int) -> None:
    zone = {"timezone": case.document["timezone"]}
    whole = read_calendar(zone | {"daily": [[text(opens), text(closes)]]})
    cut = read_calendar(zone | {"daily": [[text(opens), "24:00"], ["00:00", text(closes)]]})

    found = [deadline(start_at=case.start_at, limit=working(case.length_s), calendar=one) for one in (whole, cut)]

    assert found[0] == found[1]


@often
@given(cases(pause_count=0), UNITS, AMOUNTS, st.lists(st.integers(0, START_DAYS * 86_400 * SECOND_US), min_size=1, max_size=8))
def test_a_whole_column_has_the_deadlines_of_its_rows(case: Case, unit: Unit, amount: Decimal, offsets: list[int]) -> None:
    limit, calendar = Limit(amount, unit), wide(case)
    starts_us = np.array([case.clock.first_s * SECOND_US + offset for offset in offsets], dtype=np.int64)

    found = due_many(starts_us=starts_us, limit=limit, calendar=calendar)

    rows = [due_at(start_at=from_us(int(us), calendar.zone), limit=limit, calendar=calendar) for us in starts_us]
    assert [from_us(int(us), calendar.zone) for us in found] == rows


@often
@given(cases(), st.lists(st.integers(-4000, 4000), max_size=3))
def test_an_answer_does_not_depend_on_what_was_asked_before(case: Case, other_days: list[int]) -> None:
    calendar = wide(case)
    fresh = due_at(start_at=case.start_at, limit=Limit(Decimal(2), Unit.WORKING_DAY), calendar=calendar, pauses=case.pauses)
    asked = wide(case)
    for days in other_days:
        moment = min(
            max(case.start_at + timedelta(days=days), datetime(2005, 1, 1, tzinfo=UTC)), datetime(2027, 6, 1, tzinfo=UTC)
        )
        next_working(start_at=moment, calendar=asked)

    again = due_at(start_at=case.start_at, limit=Limit(Decimal(2), Unit.WORKING_DAY), calendar=asked, pauses=case.pauses)

    assert again == fresh


@often
@given(cases(), st.sampled_from(list(Unit)))
def test_a_limit_of_nothing_is_due_at_its_start(case: Case, unit: Unit) -> None:
    found = due_at(start_at=case.start_at, limit=Limit(Decimal(0), unit), calendar=case.calendar, pauses=case.pauses)

    assert found == case.start_at
