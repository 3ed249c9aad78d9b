"""Filling a database fast: one matter is opened through the services, then its rows are copied by SQL many thousand times."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql


def rows(
    connection: psycopg.Connection[Any], *, table: str, row_id: int, count: int, changes: dict[str, str], keep_id: bool = False
) -> None:
    """Insert ``count`` copies of one row; ``changes`` gives columns as SQL over ``n`` (1 … count) and the row itself, ``one``.

    Foreign keys and triggers are not asked: whoever clones sees to it that the rows fit together.
    """
    columns = [name for name in _columns(connection, table) if keep_id or name != "id" or "id" in changes]
    values = [sql.SQL(changes[name]) if name in changes else sql.Identifier("one", name) for name in columns]  # type: ignore[arg-type]
    statement = sql.SQL(
        "insert into {table} ({columns}) select {values} from {table} as one, generate_series(1, {count}) as n where id = {id}"
    )
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    connection.execute("set session_replication_role = replica")
    connection.execute(
        statement.format(table=sql.Identifier(table), columns=names, values=sql.SQL(", ").join(values), count=count, id=row_id)
    )
    connection.execute("reset session_replication_role")
    if "id" in changes:
        _move_sequence(connection, table)


def ids(connection: psycopg.Connection[Any], *, table: str, where: str) -> list[int]:
    return [row[0] for row in connection.execute(f"select id from {table} where {where} order by id")]  # type: ignore[arg-type]


def _columns(connection: psycopg.Connection[Any], table: str) -> list[str]:
    query = """select column_name from information_schema.columns
        where table_schema = 'public' and table_name = %s and is_generated = 'NEVER' order by ordinal_position"""
    return [name for (name,) in connection.execute(query, [table])]


def _move_sequence(connection: psycopg.Connection[Any], table: str) -> None:
    statement = "select setval(pg_get_serial_sequence({name}, 'id'), (select max(id) from {table}))"
    connection.execute(sql.SQL(statement).format(name=sql.Literal(table), table=sql.Identifier(table)))
