"""Deadlines: when a limit is used up, and every step of how that came about.

The clock of a limit counts from the start; a pause stops it. The deadline is the first instant at which as much has been counted as
the limit allows. So a pause of (working) length d before the deadline moves it by exactly d (working) time, and a limit that is used
up exactly at closing time is due at closing time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.instants import SECOND_US, from_us, to_us
from shouwen.kernel.time.limits import Limit
from shouwen.kernel.time.periods import Period, merged

COUNTED, CLOSED, PAUSED = "counted", "closed", "paused"


class Step(NamedTuple):
    """One stretch of a deadline's way: the clock ran (``counted``), work was off (``closed``), or the matter was ``paused``.

    The instants are kept as microseconds and told in ``zone``. ``until`` is None only for a pause that has not ended and holds the
    deadline up: it is then the last step.
    """

    since_us: int
    until_us: int | None
    what: str
    counted_us: int
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        return from_us(self.since_us, self.zone)

    @property
    def until(self) -> datetime | None:
        return None if self.until_us is None else from_us(self.until_us, self.zone)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a limit is used up, None while an unfinished pause keeps the clock from running; with every step on the way.

    ``provisional``: a day was counted whose official working was still to be announced.
    """

    due_at: datetime | None
    steps: tuple[Step, ...]
    provisional: bool = False


def due_at(*, start_at: datetime, limit: Limit, calendar: WorkCalendar, pauses: Sequence[Period] = ()) -> datetime | None:
    """Return the first instant at which ``limit`` is used up, in the calendar's zone; None while a pause before it is open.

    :raises BadInput: when the calendar does not know a day on the way.
    """
    due_us = _due_us(to_us(start_at), limit, calendar, _pauses_us(pauses, start_at))
    return None if due_us is None else from_us(due_us, calendar.zone)


def deadline(*, start_at: datetime, limit: Limit, calendar: WorkCalendar, pauses: Sequence[Period] = ()) -> Deadline:
    """Return what ``due_at`` returns, with the steps that lead there: they follow one another without a gap."""
    start_us, paused = to_us(start_at), _pauses_us(pauses, start_at)
    due_us = _due_us(start_us, limit, calendar, paused)
    end_us = paused[-1][0] if due_us is None else due_us
    end_at = from_us(end_us, calendar.zone)
    steps = _steps(start_us, end_us, paused, calendar, working=limit.is_working)
    may_be_provisional = limit.is_working and bool(steps) and calendar.is_provisional_on(end_at.date())
    provisional = may_be_provisional and rests_on_provisional_days(until=end_at, calendar=calendar)
    if due_us is None:
        running_pause = Step(end_us, None, PAUSED, 0, calendar.zone)
        return Deadline(due_at=None, steps=(*steps, running_pause), provisional=provisional)
    return Deadline(due_at=end_at, steps=tuple(steps), provisional=provisional)


def working_time(
    *, start_at: datetime, end_at: datetime, calendar: WorkCalendar, pauses: Sequence[Period] = ()
) -> tuple[Step, ...]:
    """Return the steps of the working time in ``[start_at, end_at)``; the sum of their ``counted_us`` is that time.

    A pause that has not ended lasts until ``end_at``.
    """
    return tuple(_steps(to_us(start_at), to_us(end_at), _pauses_us(pauses, start_at), calendar, working=True))


def rests_on_provisional_days(*, until: datetime, calendar: WorkCalendar) -> bool:
    """Return whether the working time just before ``until`` belongs to a day that was still to be announced.

    A night shift belongs to the day on which it opens, so the last one of an announced year is certain to its end.
    """
    until_us = to_us(until)
    if not calendar.is_provisional_on(from_us(until_us, calendar.zone).date()):
        return False
    return calendar.is_provisional_on(calendar.timeline.day_before(until_us))


def next_working(*, start_at: datetime, calendar: WorkCalendar) -> datetime:
    """Return ``start_at`` itself if work is on, else the next opening."""
    return from_us(calendar.timeline.next_open(to_us(start_at)), calendar.zone)


def counted_s(steps: Iterable[Step]) -> int | float:
    """Return the counted seconds of ``steps``: a whole number unless the parts hold fractions of a second."""
    us = sum(step.counted_us for step in steps)
    return us // SECOND_US if us % SECOND_US == 0 else us / SECOND_US


Pauses = list[tuple[int, int | None]]


def _pauses_us(pauses: Sequence[Period], start_at: datetime) -> Pauses:
    """Return the pauses in order, merged, and cut to what lies after the start."""
    if not pauses:
        return []
    start_us = to_us(start_at)
    result: Pauses = []
    for pause in merged(pauses):
        until_us = None if pause.until is None else to_us(pause.until)
        if until_us is None or until_us > start_us:
            result.append((max(to_us(pause.since), start_us), until_us))
    return result


def _due_us(start_us: int, limit: Limit, calendar: WorkCalendar, pauses: Pauses) -> int | None:
    length_us = limit.length_us(start_us, calendar)
    if not limit.is_working:
        return _wall_due(start_us + length_us, pauses)
    timeline = calendar.timeline
    due_us = timeline.add(start_us, length_us)
    for since_us, until_us in pauses:
        if since_us >= due_us:
            break
        if until_us is None:
            return None
        length_us += timeline.work_between(since_us, until_us)
        due_us = timeline.add(start_us, length_us)
    return due_us


def _wall_due(due_us: int, pauses: Pauses) -> int | None:
    for since_us, until_us in pauses:
        if since_us >= due_us:
            break
        if until_us is None:
            return None
        due_us += until_us - since_us
    return due_us


def _steps(start_us: int, end_us: int, pauses: Pauses, calendar: WorkCalendar, *, working: bool) -> list[Step]:
    """Return the stretches of ``[start_us, end_us)`` between pauses, and the pauses."""
    steps: list[Step] = []
    here = start_us
    for since_us, until_us in pauses:
        if since_us >= end_us:
            break
        _add_running(steps, here, since_us, calendar, working=working)
        here = end_us if until_us is None else min(until_us, end_us)
        steps.append(Step(since_us, here, PAUSED, 0, calendar.zone))
    _add_running(steps, here, end_us, calendar, working=working)
    return steps


def _add_running(steps: list[Step], start_us: int, end_us: int, calendar: WorkCalendar, *, working: bool) -> None:
    if start_us >= end_us:
        return
    windows = calendar.timeline.windows(start_us, end_us) if working else [(start_us, end_us)]
    zone, here = calendar.zone, start_us
    for opens_us, closes_us in windows:
        if here < opens_us:
            steps.append(Step(here, opens_us, CLOSED, 0, zone))
        steps.append(Step(opens_us, closes_us, COUNTED, closes_us - opens_us, zone))
        here = closes_us
    if here < end_us:
        steps.append(Step(here, end_us, CLOSED, 0, zone))
