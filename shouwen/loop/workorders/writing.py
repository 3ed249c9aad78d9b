"""Writing rows in one plain statement: the new ones, or the same columns of some that are there.

A room between models and services. The database guarantees what must hold, as always; what is left out is composing the statement anew
with every act, which costs several times what the database needs for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from psycopg import sql


def insert(rows: Sequence[models.Model]) -> None:
    """Write new rows of one table in one statement; each gets its id, in their order."""
    if not rows:
        return
    model = type(rows[0])
    fields = _new_fields(model)
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_insertion(model, len(rows)), values)
        for row, (row_id,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk, row._state.adding, row._state.db = row_id, False, connection.alias


@cache
def _new_fields(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@cache
def _insertion(model: type[models.Model], count: int) -> str:
    fields = _new_fields(model)
    row = sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(fields)))
    statement = sql.SQL("insert into {} ({}) values {} returning id").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join(sql.Identifier(field.column) for field in fields),
        sql.SQL(", ").join([row] * count),
    )
    return statement.as_string()


def update(row: models.Model, names: Iterable[str]) -> None:
    """Write these fields of one row and no others."""
    model = type(row)
    fields = tuple(dict.fromkeys(_field(model, name) for name in names))
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_change(model, fields), [*values, row.pk])


@cache
def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


@cache
def _change(model: type[models.Model], fields: tuple[Any, ...]) -> str:
    statement = sql.SQL("update {} set {} where id = {}").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(field.column), sql.Placeholder()) for field in fields),
        sql.Placeholder(),
    )
    return statement.as_string()


def update_all(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the same fields of many rows of one table in one statement, a tenth of the work of ``bulk_update``."""
    if len(rows) < 2:
        for row in rows:
            update(row, names)
        return
    model = type(rows[0])
    fields = [model._meta.pk, *(_field(model, name) for name in names)]
    values = [[field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows] for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_changes(model, tuple(fields)), values)


@cache
def _changes(model: type[models.Model], fields: tuple[Any, ...]) -> str:
    names = [sql.Identifier(field.column) for field in fields]
    arrays = [sql.SQL("{}::{}[]").format(sql.Placeholder(), sql.SQL(field.db_type(connection))) for field in fields]
    statement = sql.SQL("update {} as t set {} from unnest({}) as new({}) where t.{} = new.{}").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join(sql.SQL("{} = new.{}").format(name, name) for name in names[1:]),
        sql.SQL(", ").join(arrays),
        sql.SQL(", ").join(names),
        names[0],
        names[0],
    )
    return statement.as_string()
