"""One matter read in one statement: the row alone, the row locked, or the row with everything that hangs on it.

A room between models and queries. These statements are asked for with every act of an agent, so they are written once as text, and what
hangs on the matter comes as JSON with it: composing them anew each time, and asking for each part by itself, would cost several times
the work of the database. The columns are taken from the models, and a test holds each part against the same question asked of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import orjson
import psycopg
from django.db import connection, models

from shouwen.loop.workorders.choices import PromiseState, TargetState
from shouwen.loop.workorders.models import Assist, HandOver, Note, Promise, StepRun, Target, Visit, WorkOrder

Row = tuple[Any, ...]
Part = list[list[Any]]

TARGET = ("id", "round", "kind", "step", "state", "start_at", "due_at", "warn_at", "met_at", "policy_key")
STEP = ("step", "round", "unit_id", "staff_id", "entered_at", "taken_at", "finished_at", "outcome")
PROMISE = ("id", "kind", "due_at", "state", "made_by_id", "made_at")
HAND_OVER = ("id", "from_unit_id", "to_unit_id", "reason", "at", "score")
PARTS: tuple[tuple[type[models.Model], tuple[str, ...]], ...] = (
    (Target, TARGET),
    (StepRun, STEP),
    (Promise, PROMISE),
    (HandOver, HAND_OVER),
    (Assist, ("unit_id",)),
    (Note, ("id", "text")),
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A matter with its parts as rows, each in the order in which they came; instants of the parts are ISO 8601 texts."""

    order: WorkOrder
    targets: Part
    steps: Part
    promises: Part
    hand_overs: Part
    assists: Part
    notes: Part


def read(work_order_id: int) -> WorkOrder | None:
    """Return the row of a matter, None when there is none."""
    found = _one(_row_statement(), work_order_id)
    return None if found is None else _order(found)


def locked(work_order_id: int) -> WorkOrder | None:
    """Return the row of a matter, locked until the transaction ends, as it is once nobody else has the lock."""
    found = _one(_row_statement() + " for update", work_order_id)
    return None if found is None else _order(found)


def sheet(work_order_id: int) -> Sheet | None:
    """Return a matter with everything that hangs on it, None when there is none."""
    found = _one(_sheet_statement(), work_order_id)
    if found is None:
        return None
    parts = [[] if part is None else orjson.loads(part) for part in found[-len(PARTS) :]]
    return Sheet(_order(found[: -len(PARTS)]), *parts)


def rows_of(question: models.QuerySet[Any, Any]) -> list[Row]:
    """Return the rows of a list as plain values, instants in UTC: read in PostgreSQL's binary form, a quarter of the work of its texts."""
    statement, values = question.query.sql_with_params()
    connection.ensure_connection()
    raw: Any = connection.connection
    binary: Any = psycopg.Cursor(raw)
    binary.format = psycopg.pq.Format.BINARY
    cursor: Any = connection.make_debug_cursor(binary) if connection.queries_logged else connection.make_cursor(binary)
    with cursor:
        cursor.execute(statement, values)
        return cast(list[Row], cursor.fetchall())


def open_run(work_order_id: int) -> StepRun:
    """Return the run of the present step of an open matter.

    :raises DoesNotExist: when no step is being worked on.
    """
    found = _one(_of_matter(StepRun, "one.finished_at is null"), work_order_id)
    if found is None:
        raise StepRun.DoesNotExist
    return StepRun.from_db(connection.alias, _names(StepRun), found)


def live_targets(work_order_id: int) -> list[Target]:
    """Return the targets of a matter that are not judged yet, in the order in which they began."""
    with connection.cursor() as cursor:
        cursor.execute(_of_matter(Target, f"one.state in ({LIVE_STATES}) order by one.id"), [work_order_id])
        return [Target.from_db(connection.alias, _names(Target), row) for row in cursor.fetchall()]


def loose_ends(work_order_id: int) -> tuple[bool, int]:
    """Return whether a visit is still to be made, and how many promises are open."""
    found = _one(_LOOSE_ENDS, work_order_id)
    assert found is not None, "the question always has an answer"
    return bool(found[0]), int(found[1])


LIVE_STATES = f"'{TargetState.RUNNING.value}', '{TargetState.PAUSED.value}'"
_LOOSE_ENDS = f"""
select exists (select from {Visit._meta.db_table} where work_order_id = one.id and settled_at is null),
    (select count(*) from {Promise._meta.db_table} where work_order_id = one.id and state = '{PromiseState.OPEN.value}')
from (select %s::bigint as id) one
"""


def _one(statement: str, work_order_id: int) -> Row | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [work_order_id])
        found: Row | None = cursor.fetchone()
    return found


@cache
def _of_matter(model: type[models.Model], condition: str) -> str:
    return f"select {', '.join(_columns(model))} from {model._meta.db_table} one where one.work_order_id = %s and {condition}"


@cache
def _row_statement() -> str:
    return f"select {', '.join(_columns(WorkOrder))} from {WorkOrder._meta.db_table} one where one.id = %s"


@cache
def _sheet_statement() -> str:
    parts = [_part(model, names) for model, names in PARTS]
    return f"select {', '.join([*_columns(WorkOrder), *parts])} from {WorkOrder._meta.db_table} one where one.id = %s"


def _columns(model: type[models.Model]) -> list[str]:
    return [f'one."{field.column}"' for field in model._meta.concrete_fields]


def _part(model: type[models.Model], names: tuple[str, ...]) -> str:
    columns = ", ".join(f'part."{name}"' for name in names)
    table = model._meta.db_table
    return f"(select json_agg(json_build_array({columns}) order by part.id)::text from {table} part where part.work_order_id = one.id)"


def _order(row: Row) -> WorkOrder:
    values = [value if load is None else load(value) for value, load in zip(row, _loaders(), strict=True)]
    return WorkOrder.from_db(connection.alias, _names(WorkOrder), values)


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _loaders() -> list[Callable[[str], Any] | None]:
    return [json.loads if isinstance(field, models.JSONField) else None for field in WorkOrder._meta.concrete_fields]
