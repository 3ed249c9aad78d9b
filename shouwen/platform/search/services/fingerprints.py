"""The keys of this installation held against those under which the database was founded."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from psycopg import sql

from shouwen.kernel.errors import Refusal
from shouwen.platform.search.keys import fingerprints, keyring, name_of_number, variable_of
from shouwen.platform.search.models import KeyFingerprint
from shouwen.platform.search.queries import SealedTable, foreign_keys, sealed_tables
from shouwen.platform.search.rules import SealBroken


class KeysDiffer(Refusal):
    """What is sealed could not be opened, and what is sealed from now on could not be opened elsewhere."""

    message = "These keys are missing or are not those of this database: %(names)s. Give this machine the keys of the others."

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(names=", ".join(variable_of(name) for name in names))


@transaction.atomic
def keep_fingerprints(*, at: datetime) -> int:
    """Keep the fingerprints of keys that this database does not know yet; return how many these were.

    A database that knows none is asked to open the last row of every sealed table before it takes the keys for its own.

    :raises KeysDiffer: when a key is not the one that is known, or is absent while values may be sealed under it.
    """
    _must_be_ours()
    known = set(KeyFingerprint.objects.values_list("name", flat=True))
    added = [KeyFingerprint(name=name, mark=mark, kept_at=at) for name, mark in fingerprints().items() if name not in known]
    if not known:
        _must_open(sealed_tables())
    if added:
        KeyFingerprint.objects.bulk_create(added, ignore_conflicts=True)
        _must_be_ours()  # another machine may just have kept another key under the same name
    return len(added)


def _must_be_ours() -> None:
    if foreign := foreign_keys():
        raise KeysDiffer(foreign)


def _must_open(tables: Collection[SealedTable]) -> None:
    for table in tables:
        statement = sql.SQL("select {columns} from {table} order by {keys} limit 1").format(
            columns=table.column_list, table=table.name_in_sql, keys=table.keys_descending
        )
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone() or ()
        for column, sealed in zip(table.columns, row, strict=False):
            _must_be_opened(bytes(sealed or b""), table.sealed_as(column))


def _must_be_opened(sealed: bytes, column: str) -> None:
    try:
        keyring().unseal(sealed, column=column)
    except SealBroken as broken:
        raise KeysDiffer([name_of_number(sealed[0])]) from broken


@transaction.atomic
def retire_keys(*, still_used: Collection[int], at: datetime) -> list[int]:
    """Let the older keys go under which nothing is sealed any more, and return their numbers: they may be absent from now on.

    ``still_used`` are the numbers of the keys under which something was found; one that was let go before is needed again.
    """
    older = {name_of_number(number): number for number in range(1, keyring().current_key_id)}
    needed = [name for name, number in older.items() if number in still_used]
    KeyFingerprint.objects.filter(name__in=needed).update(retired_at=None)
    free = KeyFingerprint.objects.filter(name__in=older).exclude(name__in=needed)
    free.filter(retired_at=None).update(retired_at=at)
    return sorted(older[name] for name in free.values_list("name", flat=True))
