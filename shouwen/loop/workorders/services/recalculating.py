"""Dating live targets again by the column, for millions of them: what ``recalculate_targets`` does row by row, with the same answers.

A batch is one transaction: its targets come out by binary COPY, are dated by numpy, go back by binary COPY into a temporary table and
from there into their rows by one UPDATE. The few whose matter was ever paused are dated one at a time, by the exact path.

Whether a matter's ladder has an end is told by the row itself: a running target has a next alarm or none, and that does not change with
a calendar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import psycopg
from django.db import connection, transaction

from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.instants import to_us
from shouwen.kernel.time.limits import Limit, Unit
from shouwen.kernel.time.many import due_many
from shouwen.loop.workorders.choices import TargetState
from shouwen.loop.workorders.models import Target
from shouwen.loop.workorders.rules import escalation
from shouwen.loop.workorders.services import target_rows
from shouwen.platform.calendars.queries import CalendarCard, calendar_in_force, list_calendars
from shouwen.platform.outbox.queries import facts_of_cases
from shouwen.records.norms.queries import norm_version

Column = npt.NDArray[np.int64]

BATCH_SIZE = 100_000
LONGEST_WAIT = "10s"  # for verbs under way; others wait behind us meanwhile
UNITS = tuple(Unit)
LIVE = (TargetState.RUNNING.value, TargetState.PAUSED.value)
TIMES_FROM_US = to_us(datetime(2000, 1, 1, tzinfo=UTC))  # PostgreSQL's own beginning of time
SHORTEST_PATIENCE_US = 30 * 60 * 1_000_000
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_NO_RUNG, _NO_ALARM = -1, -(1 << 63)
_PAUSE_BEGINS = "ClockPaused"

_OUT = """
copy (
    select id, work_order_id, start_at, due_at, warn_at,
        (limit_amount * 10000)::bigint, array_position({units}::text[], limit_unit)::bigint, (warn_at_pct * 100)::bigint,
        coalesce(rung, {no_rung})::bigint, (state = 'RUNNING')::int::bigint, coalesce(next_alarm_at, '-infinity')
    from workorders_target
    where id > {after_id} and state = any({live}) and calendar_digest = any({stale})
    order by id limit {limit}
) to stdout (format binary)
"""
_OUT_COLUMNS = ("id", "order_id", "start", "due", "warn", "amount", "unit", "pct", "rung", "running", "alarm")
_BACK = "copy redated (id, due_at, warn_at, next_alarm_at) from stdin (format binary)"
_WRITE = """
update workorders_target as target
set calendar_digest = %(digest)s, due_at = redated.due_at, warn_at = redated.warn_at,
    next_alarm_at = nullif(redated.next_alarm_at, '-infinity')
from redated
where target.id = redated.id and target.state = any(%(live)s) and target.id between %(first_id)s and %(last_id)s
"""
_WRITE_DIGEST = "update workorders_target set calendar_digest = %s where id = any(%s) and state = any(%s)"
_WRITE_NEXT_DUE = """
update workorders_workorder as work_order set next_due_at = earliest.due_at
from (
    select work_order_id, min(due_at) filter (where state = 'RUNNING') as due_at
    from workorders_target where work_order_id = any(%s) group by work_order_id
) as earliest
where work_order.id = earliest.work_order_id and work_order.next_due_at is distinct from earliest.due_at
"""


@transaction.atomic
def recalculate_in_bulk(*, calendar: str, after_id: int = 0, batch_size: int = BATCH_SIZE, at: datetime) -> int | None:
    """Date up to ``batch_size`` live targets again by the version of ``calendar`` in force; return the last id, None at the end.

    Run it batch by batch after a calendar has changed: it can be stopped and goes on from the id returned. Verdicts already given are
    not touched. For the time of a batch no verb can lock a matter, so that nobody judges by a calendar that is being replaced; people
    can read, and between two batches they work.

    :raises django.db.OperationalError: when verbs under way do not end within ten seconds; nothing has changed then.
    """
    card = calendar_in_force(name=calendar, at=at)
    _let_nobody_lock_a_matter()
    rows = _read(_stale_digests(card), after_id, batch_size)
    if rows.size == 0:
        return None
    dates = _dated(rows, card)
    moved = (dates.due != rows["due"]) | (dates.warn != rows["warn"]) | (dates.alarm != rows["alarm"])
    _write(rows, dates, moved, card.digest)
    return int(rows["id"][-1]) if rows.size == batch_size else None


def _let_nobody_lock_a_matter() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"set local lock_timeout = '{LONGEST_WAIT}'")
        cursor.execute("lock table workorders_workorder in exclusive mode")
        cursor.execute("set local lock_timeout = 0")


def _stale_digests(card: CalendarCard) -> list[str]:
    return [version.digest for version in list_calendars() if version.name == card.name and version.digest != card.digest]


# Reading.


def _read(stale: list[str], after_id: int, limit: int) -> npt.NDArray[Any]:
    """Return the rows as one array with a named column for each field, times as microseconds since 1970."""
    composed = psycopg.sql.SQL(_OUT).format(
        units=psycopg.sql.Literal([unit.value for unit in UNITS]),
        no_rung=psycopg.sql.Literal(_NO_RUNG),
        after_id=psycopg.sql.Literal(after_id),
        live=psycopg.sql.Literal(list(LIVE)),
        stale=psycopg.sql.Literal(stale),
        limit=psycopg.sql.Literal(limit),
    )
    with connection.cursor() as cursor, cast("Any", cursor).copy(composed) as copy:
        packed = b"".join(copy)
    fields = [("count", ">i2")] + [pair for name in _OUT_COLUMNS for pair in ((f"{name}_bytes", ">i4"), (name, ">i8"))]
    size = np.dtype(fields).itemsize
    raw = np.frombuffer(packed, dtype=fields, offset=len(_HEADER), count=(len(packed) - len(_HEADER) - 2) // size)
    rows = np.empty(raw.size, dtype=[(name, np.int64) for name in _OUT_COLUMNS])
    for name in _OUT_COLUMNS:
        rows[name] = raw[name]
    for name in ("start", "due", "warn", "alarm"):
        rows[name] = np.where(rows[name] == _NO_ALARM, _NO_ALARM, rows[name] + TIMES_FROM_US)
    return rows


# Dating.


@dataclass(slots=True)
class _Dates:
    """The new dates, in microseconds; ``alarm`` is ``_NO_ALARM`` where nobody is told."""

    due: Column
    warn: Column
    alarm: Column


def _dated(rows: npt.NDArray[Any], card: CalendarCard) -> _Dates:
    due, warn = np.empty(rows.size, dtype=np.int64), np.empty(rows.size, dtype=np.int64)
    for places, limit, warning in _by_limit(rows):
        starts = rows["start"][places]
        due[places] = due_many(starts_us=starts, limit=limit, calendar=card.calendar)
        warn[places] = due_many(starts_us=starts, limit=warning, calendar=card.calendar)
    dates = _Dates(due, warn, _alarms(rows, due, warn))
    _date_paused(rows, dates, card.calendar)
    return dates


def _by_limit(rows: npt.NDArray[Any]) -> Iterator[tuple[npt.NDArray[np.intp], Limit, Limit]]:
    """Yield the places of the rows that have the same limit and warning, with both."""
    keys, groups = np.unique((rows["amount"] << 24) | (rows["unit"] << 16) | rows["pct"], return_inverse=True)
    for number, key in enumerate(keys.tolist()):
        limit = Limit(Decimal(key >> 24) / 10_000, UNITS[(key >> 16 & 0xFF) - 1])
        warning = Limit(limit.amount * (Decimal(key & 0xFFFF) / 100) / 100, limit.unit)
        yield np.flatnonzero(groups == number), limit, warning


def _alarms(rows: npt.NDArray[Any], due: Column, warn: Column) -> Column:
    """Return ``escalation.next_alarm_at`` of each row."""
    rung = rows["rung"]
    later = due + rung * np.maximum(due - rows["start"], SHORTEST_PATIENCE_US)
    alarm = np.where(rung == _NO_RUNG, warn, np.where(rung == escalation.WARNING_RUNG, due, later))
    return np.where((rows["running"] == 1) & (rows["alarm"] != _NO_ALARM), alarm, _NO_ALARM)


def _date_paused(rows: npt.NDArray[Any], dates: _Dates, calendar: WorkCalendar) -> None:
    """Date the targets of matters that were ever paused again, one at a time."""
    paused = _ever_paused(first_id=int(rows["id"][0]), last_id=int(rows["id"][-1]))
    if not paused:
        return
    places = np.flatnonzero(np.isin(rows["order_id"], paused))
    targets = Target.objects.select_related("work_order").in_bulk(rows["id"][places].tolist())
    pauses = target_rows.pauses_of_many(paused)
    for place in places.tolist():
        target = targets[int(rows["id"][place])]
        ladder_length = len(norm_version(version_id=target.work_order.norm_version_id).escalation)
        target_rows.redate(target, calendar, pauses.get(target.work_order_id, []), ladder_length)
        dates.due[place], dates.warn[place] = to_us(target.due_at), to_us(target.warn_at)
        dates.alarm[place] = _NO_ALARM if target.next_alarm_at is None else to_us(target.next_alarm_at)


def _ever_paused(*, first_id: int, last_id: int) -> list[int]:
    """Return the matters of these targets that were ever paused; which targets they are is told to the database as a question."""
    matters: Any = Target.objects.filter(id__gte=first_id, id__lte=last_id).values("work_order_id")
    return sorted(facts_of_cases(case_kind="work_order", case_ids=matters, kinds=[_PAUSE_BEGINS]))


# Writing.


def _write(rows: npt.NDArray[Any], dates: _Dates, moved: npt.NDArray[np.bool_], digest: str) -> None:
    """Write the new dates where they differ, and the new calendar everywhere; then what the matters say of their next deadline."""
    with connection.cursor() as cursor:
        if not moved.all():
            cursor.execute(_WRITE_DIGEST, [digest, rows["id"][~moved].tolist(), list(LIVE)])
        if moved.any():
            cursor.execute(
                "create temporary table redated (id bigint, due_at timestamptz, warn_at timestamptz, next_alarm_at timestamptz)"
                " on commit drop"
            )
            with cast("Any", cursor).copy(_BACK) as copy:
                copy.write(_packed(rows["id"][moved], dates.due[moved], dates.warn[moved], dates.alarm[moved]))
            # The ends of the batch are said, so that only this stretch of the table is read.
            ends: dict[str, Any] = {"first_id": int(rows["id"][0]), "last_id": int(rows["id"][-1])}
            cursor.execute(_WRITE, {"digest": digest, "live": list(LIVE)} | ends)
            cursor.execute("drop table redated")
            cursor.execute(_WRITE_NEXT_DUE, [np.unique(rows["order_id"][moved]).tolist()])


def _packed(ids: Column, due: Column, warn: Column, alarm: Column) -> bytes:
    """Return the rows in PostgreSQL's binary form; no alarm is the least of all times."""
    names = ("id", "due", "warn", "alarm")
    fields = [("count", ">i2")] + [pair for name in names for pair in ((f"{name}_bytes", ">i4"), (name, ">i8"))]
    raw = np.empty(ids.size, dtype=fields)
    raw["count"] = len(names)
    for name, column in zip(names, (ids, due, warn, alarm), strict=True):
        raw[f"{name}_bytes"] = 8
        raw[name] = column if name == "id" else np.where(column == _NO_ALARM, _NO_ALARM, column - TIMES_FROM_US)
    return _HEADER + raw.tobytes() + b"\xff\xff"
