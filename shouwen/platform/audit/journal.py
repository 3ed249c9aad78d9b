"""The journal's statements: which bytes of an entry are digested, what may be sealed, how links are read and written in bulk.

A room between models and queries. The bytes of an entry stand one after another: numbers of 8 bytes and instants (microseconds since
2000) big-endian; the actor as one byte 1 and the number, or one byte 0 for nobody; then texts in UTF-8, the last one being the
payload or the reason, with a byte 0 between them, which PostgreSQL's texts cannot hold. So no two entries have the same bytes. The
columns and their order must never change: new ones need a new kind of entry.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection

from shouwen.platform.audit.choices import EntryKind
from shouwen.platform.audit.models import ChainLink
from shouwen.platform.audit.rules import BETWEEN, START, Entry, Head, Link


@dataclass(frozen=True, slots=True)
class Source:
    """A table whose rows are entries of the journal; ``content`` is the expression for the bytes of one row."""

    kind: EntryKind
    table: str
    content: str


_NUL = f"'\\x{BETWEEN.hex()}'::bytea"

SOURCES = (
    Source(
        EntryKind.FACT,
        "outbox_fact",
        "int8send(id) || int8send(case_id) || timestamptz_send(at) || timestamptz_send(announced_at)"
        f" || coalesce('\\x01'::bytea || int8send(actor_id), '\\x00') || textsend(kind) || {_NUL} || textsend(case_kind) || {_NUL}"
        " || jsonb_send(payload)",
    ),
    Source(
        EntryKind.LOOK,
        "audit_look",
        "int8send(id) || int8send(viewer_id) || int8send(customer_id) || timestamptz_send(at)"
        f" || textsend(fields::text) || {_NUL} || textsend(reason)",
    ),
)

LONG = 100  # links from which on a second session is worth its start

Row = tuple[Any, ...]


# Which entries may be sealed.


def given_out(source: Source) -> int:
    """Return the highest id that was ever given out for this table, also by transactions that have not ended."""
    (row,) = _rows("select coalesce(pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass), 0)", source.table)
    return int(row[0])


def writers(source: Source) -> list[str]:
    """Return the other transactions that may have been given an id of this table: they hold its lock until they end."""
    found = _rows(
        "select distinct virtualtransaction from pg_locks where mode = 'RowExclusiveLock' and granted and pid <> pg_backend_pid()"
        " and database = (select oid from pg_database where datname = current_database())"
        " and relation in (%s::regclass, pg_get_serial_sequence(%s, 'id')::regclass)",
        source.table,
        source.table,
    )
    return [str(row[0]) for row in found]


# Entries.


def entries(source: Source, *, after_id: int, up_to_id: int, limit: int | None = None) -> list[Entry]:
    """Return the entries with ``after_id`` < id ≤ ``up_to_id`` as they are now, in the order of their ids, the first ``limit`` of them."""
    statement = f"select id, {source.content} from {source.table} where id > %s and id <= %s order by id limit %s"
    with _raw_cursor() as cursor:
        return [Entry(*row) for row in cursor.execute(statement, [after_id, up_to_id, limit], binary=True)]


def first_id_between(source: Source, *, after_id: int, up_to_id: int) -> int | None:
    """Return the id of the first entry with ``after_id`` < id ≤ ``up_to_id``, None when there is none."""
    found = _rows(f"select id from {source.table} where id > %s and id <= %s order by id limit 1", after_id, up_to_id)
    return int(found[0][0]) if found else None


# Links.


def head(*, before_sequence: int | None = None) -> Head:
    """Return where the chain ends, or where it ended before the link that holds entry number ``before_sequence``."""
    below = "" if before_sequence is None else "where last_sequence < %s"
    values = [] if before_sequence is None else [before_sequence]
    found = _rows(f"select last_sequence, digest from audit_chainlink {below} order by last_sequence desc limit 1", *values)
    return Head(int(found[0][0]), bytes(found[0][1])) if found else START


def last_sealed_id(source: Source, *, up_to_sequence: int) -> int:
    """Return the id of the last entry of this kind that the links up to this one seal, zero before the first."""
    found = _rows(
        "select last_id from audit_chainlink where entry_kind = %s and last_sequence <= %s order by last_sequence desc limit 1",
        source.kind,
        up_to_sequence,
    )
    return int(found[0][0]) if found else 0


def append(links: list[Link]) -> None:
    ChainLink.objects.bulk_create([ChainLink(**{column: getattr(link, column) for column in _COLUMNS}) for link in links])


def links_with_contents(*, after_sequence: int, limit: int) -> Iterator[tuple[Link, bytes]]:
    """Give the next ``limit`` links in order, each with the bytes of its entries as they are now, ``BETWEEN`` between them.

    When there are many, every other one comes from a second session, so that two processors of the server are at it while this one
    digests; within a transaction, whose rows another session may not see, there is only one. Read it to its end before the next
    question.
    """
    is_long = bool(_rows("select 1 from audit_chainlink where last_sequence > %s offset %s limit 1", after_sequence, LONG))
    with _sessions(2 if is_long and limit > LONG else 1) as sessions:
        shares = [_share(session, place, len(sessions), after_sequence, limit) for place, session in enumerate(sessions)]
        yield from _in_turn(shares)


@contextmanager
def _sessions(count: int) -> Iterator[list[psycopg.Connection[Any]]]:
    connection.ensure_connection()
    raw: Any = connection.connection
    if count == 1 or connection.in_atomic_block:
        yield [raw]
        return
    with closing(connection.copy()) as second:
        second.ensure_connection()
        other: Any = second.connection
        yield [raw, other]


def _share(
    session: psycopg.Connection[Any], place: int, share_count: int, after_sequence: int, limit: int
) -> Iterator[tuple[Link, bytes]]:
    """Give every ``share_count``-th of these links, read while the server works on the next one."""
    by_kind = " ".join(
        f"when {source.kind:d} then (select string_agg({source.content}, {_NUL} order by id) from {source.table}"
        " where id > link.after_id and id <= link.last_id)"
        for source in SOURCES
    )
    statement = (
        f"select {', '.join(_COLUMNS)}, case entry_kind {by_kind} end from (select *, row_number() over (order by last_sequence) as place"
        " from audit_chainlink where last_sequence > %s order by last_sequence limit %s) as link"
        " where (place - 1) %% %s = %s order by last_sequence"
    )
    with psycopg.Cursor(session) as cursor:
        for *columns, content in cursor.stream(statement, [after_sequence, limit, share_count, place], binary=True):
            yield Link(*columns), content or b""


def _in_turn(shares: list[Iterator[tuple[Link, bytes]]]) -> Iterator[tuple[Link, bytes]]:
    """Give one of each share in turn until one has no more; the rest, which one session saw a moment later, is read and dropped."""
    while True:
        for share in shares:
            if (found := next(share, None)) is None:
                for other in shares:
                    deque(other, maxlen=0)
                return
            yield found


def broken_seal(*, after_sequence: int, before_sequence: int | None) -> int | None:
    """Return the number of the first seal in this stretch (to the end when None) whose link is not there as it was."""
    found = _rows(
        "select seal.last_sequence from audit_seal as seal left join audit_chainlink as link using (last_sequence)"
        " where seal.last_sequence > %s and (%s::bigint is null or seal.last_sequence < %s)"
        " and link.digest is distinct from seal.digest order by 1 limit 1",
        after_sequence,
        before_sequence,
        before_sequence,
    )
    return int(found[0][0]) if found else None


_COLUMNS = tuple(Link.__slots__)


def _raw_cursor() -> psycopg.Cursor[Any]:
    """Return a cursor whose bytes come as they are, not as hexadecimal text."""
    connection.ensure_connection()
    raw: Any = connection.connection
    return psycopg.Cursor(raw)


def _rows(statement: str, *values: Any) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
