"""Where sealed values stand, and under which keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from psycopg import sql

from shouwen.platform.search.fields import EncryptedText

Place = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table with sealed columns; ``keys`` are the columns of its primary key."""

    name: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]

    def sealed_as(self, column: str) -> str:
        """Return the name that is bound to every value of a column."""
        return f"{self.name}.{column}"

    @property
    def name_in_sql(self) -> sql.Identifier:
        return sql.Identifier(self.name)

    @property
    def key_names(self) -> list[sql.Identifier]:
        return [sql.Identifier(key) for key in self.keys]

    @property
    def column_names(self) -> list[sql.Identifier]:
        return [sql.Identifier(column) for column in self.columns]

    @property
    def key_list(self) -> sql.Composed:
        return sql.SQL(", ").join(self.key_names)

    @property
    def column_list(self) -> sql.Composed:
        return sql.SQL(", ").join(self.column_names)

    @property
    def keys_descending(self) -> sql.Composed:
        return sql.SQL(", ").join(sql.SQL("{} desc").format(name) for name in self.key_names)

    def after(self, place: Place | None) -> sql.Composable:
        """Return the condition of the rows after ``place`` in the order of the primary key."""
        if place is None:
            return sql.SQL("true")
        return sql.SQL("({}) > ({})").format(self.key_list, sql.SQL(", ").join(map(sql.Literal, place)))

    def is_old(self, current_key_id: int) -> sql.Composed:
        """Return the condition of the rows with a value that another key than the current one has sealed; only its first byte is read."""
        fresh = sql.Literal([b"", bytes([current_key_id])])
        return sql.SQL(" or ").join(
            sql.SQL("substring({} from 1 for 1) <> all({}::bytea[])").format(name, fresh) for name in self.column_names
        )


def sealed_tables() -> list[SealedTable]:
    """Return every table with columns of ``EncryptedText``, in the order of their names."""
    return sorted(_tables(), key=lambda table: table.name)


def _tables() -> Iterator[SealedTable]:
    for model in apps.get_models(include_auto_created=True):
        columns = [str(field.column) for field in model._meta.local_concrete_fields if isinstance(field, EncryptedText)]
        if columns and model._meta.managed and not model._meta.proxy:
            keys = [str(field.column) for field in model._meta.pk_fields]
            yield SealedTable(model._meta.db_table, tuple(keys), tuple(columns))


def count_by_key(*, table: SealedTable) -> Counter[int]:
    """Count the sealed values of a table by the number of their key."""
    counted: Counter[int] = Counter()
    for column in table.column_names:
        statement = sql.SQL(
            "select get_byte(substring({column} from 1 for 1), 0), count(*) from {table} where octet_length({column}) > 0 group by 1"
        ).format(column=column, table=table.name_in_sql)
        with connection.cursor() as cursor:
            cursor.execute(statement)
            counted.update(dict(cursor.fetchall()))
    return counted
