"""Sealing values anew with the newest key, a batch in a transaction; whoever calls goes on where the last batch ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from shouwen.platform.search.keys import keyring
from shouwen.platform.search.queries import Place, SealedTable
from shouwen.platform.search.rules import SealBroken

BATCH_ROWS = 1_000
BATCH_BYTES = 8_000_000  # and one row more: a whole mail is one value

_PAGE = """
select {keys} from (
    select {keys}, sum(size) over (order by {keys} rows between unbounded preceding and 1 preceding) as before from (
        select {keys}, {size} as size from {table} where {after} and ({is_old}) order by {keys} limit {rows}
    ) as page
) as line where coalesce(before, 0) < {bytes} order by {keys}
"""
_ROWS = "select {keys}, {columns} from {table} where {after} and ({keys}) <= ({last}) and ({is_old}) order by {keys} for update"


@dataclass(frozen=True, slots=True)
class ResealedBatch:
    """What one batch did. ``last`` is the place to go on after, None when nothing was left; ``unreadable`` values stay as they were."""

    resealed: int
    unreadable: int
    last: Place | None


@transaction.atomic
def reseal_batch(*, table: SealedTable, after: Place | None = None, limit: int = BATCH_ROWS) -> ResealedBatch:
    """Seal the next values of a table anew that an older key has sealed: those of up to ``limit`` rows, and of a few megabytes.

    It can be stopped at any time and begun again: what is done is passed over. Rows that a running process writes meanwhile are
    sealed with its newest key.
    """
    last = _end_of_page(table, after, limit)
    if last is None:
        return ResealedBatch(0, 0, None)
    rows = _rows(table, after, last)
    changed, unreadable = [], 0
    for row in rows:
        place, sealed = row[: len(table.keys)], row[len(table.keys) :]
        anew = [_anew(value, table.sealed_as(column)) for column, value in zip(table.columns, sealed, strict=True)]
        unreadable += anew.count(None)
        changed.append([*(old if new is None else new for old, new in zip(sealed, anew, strict=True)), *place])
    _write(table, changed)
    return ResealedBatch(len(rows), unreadable, last)


def _anew(sealed: Any, column: str) -> bytes | None:
    """Return a value sealed with the newest key; None when it cannot be opened."""
    value = bytes(sealed or b"")
    if not value or value[0] == keyring().current_key_id:
        return value
    try:
        return keyring().seal(keyring().unseal(value, column=column), column=column)
    except SealBroken:
        return None


def _end_of_page(table: SealedTable, after: Place | None, limit: int) -> Place | None:
    statement = sql.SQL(_PAGE).format(
        keys=table.key_list,
        table=table.name_in_sql,
        size=sql.SQL(" + ").join(sql.SQL("coalesce(octet_length({}), 0)").format(name) for name in table.column_names),
        after=table.after(after),
        is_old=table.is_old(keyring().current_key_id),
        rows=sql.Literal(limit),
        bytes=sql.Literal(BATCH_BYTES),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        places = cursor.fetchall()
    return places[-1] if places else None


def _rows(table: SealedTable, after: Place | None, last: Place) -> list[tuple[Any, ...]]:
    statement = sql.SQL(_ROWS).format(
        keys=table.key_list,
        columns=table.column_list,
        table=table.name_in_sql,
        after=table.after(after),
        last=sql.SQL(", ").join(map(sql.Literal, last)),
        is_old=table.is_old(keyring().current_key_id),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _write(table: SealedTable, rows: list[list[Any]]) -> None:
    placeholder = sql.SQL("{} = %s")
    statement = sql.SQL("update {table} set {values} where {place}").format(
        table=table.name_in_sql,
        values=sql.SQL(", ").join(placeholder.format(name) for name in table.column_names),
        place=sql.SQL(" and ").join(placeholder.format(name) for name in table.key_names),
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
