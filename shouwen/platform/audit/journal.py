"""The journal's statements: which bytes of an entry are digested, what may be sealed, how links are read and written in bulk.

A room between models and queries. The bytes of an entry are PostgreSQL's binary form of a row of chosen columns (``record_send``):
the number of columns, then for each its type, its length (−1 for none) and its value, texts in UTF-8, numbers and instants (in
microseconds since 2000) big-endian. The kind and the id stand first, so an entry cannot pass for another. The columns, their order
and their types must never change: new ones need a new kind of entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

import psycopg
from django.db import connection

from shouwen.platform.audit.choices import EntryKind
from shouwen.platform.audit.rules import DIGEST_BYTES, GENESIS, Link


@dataclass(frozen=True, slots=True)
class Source:
    """A table whose rows are entries of the journal."""

    kind: EntryKind
    table: str
    columns: str


SOURCES = (
    Source(
        EntryKind.FACT,
        "outbox_fact",
        "1::int2, id, kind::text, case_kind::text, case_id, actor_id, at, announced_at, payload",
    ),
    Source(EntryKind.LOOK, "audit_look", "2::int2, id, viewer_id, customer_id, fields::text, reason::text, at"),
)

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


class Entries(NamedTuple):
    """Entries of one kind in the order of their ids, with the digest of each."""

    ids: list[int]
    digests: list[bytes]


def entries(source: Source, *, after_id: int, up_to_id: int, limit: int) -> Entries:
    """Return at most ``limit`` entries with ``after_id`` < id ≤ ``up_to_id``, digested as they are now."""
    statement = (
        f"select id, record_send(row({source.columns})) from {source.table} where id > %s and id <= %s order by id limit %s"
    )
    connection.ensure_connection()
    raw: Any = connection.connection
    with psycopg.Cursor(raw) as cursor:  # whose bytes come as they are, not as hexadecimal text
        found = cursor.execute(statement, [after_id, up_to_id, limit], binary=True).fetchall()
    digest = sha256
    return Entries([row[0] for row in found], [digest(row[1]).digest() for row in found])


# Links.


def head() -> tuple[int, bytes]:
    """Return sequence and digest of the newest link, zero and ``GENESIS`` before the first."""
    found = _rows("select sequence, digest from audit_chainlink order by sequence desc limit 1")
    return (int(found[0][0]), bytes(found[0][1])) if found else (0, GENESIS)


def digest_of(sequence: int) -> bytes | None:
    """Return the digest of one link, ``GENESIS`` for number zero, None when there is no such link."""
    if sequence == 0:
        return GENESIS
    found = _rows("select digest from audit_chainlink where sequence = %s", sequence)
    return bytes(found[0][0]) if found else None


def append(*, source: Source, after_sequence: int, ids: Sequence[int], entry_digests: bytes, chain: bytes) -> None:
    """Write links in one statement. ``chain`` holds the digest before the first link, then that of each; all in one string."""
    width = DIGEST_BYTES
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audit_chainlink (sequence, entry_kind, entry_id, entry_digest, previous, digest)"
            f" select %s + place, %s, id, substr(entries, (place::int - 1) * {width} + 1, {width}),"
            f" substr(chain, (place::int - 1) * {width} + 1, {width}), substr(chain, place::int * {width} + 1, {width})"
            " from unnest(%s::bigint[]) with ordinality as entry (id, place),"
            " (select %s::bytea as entries, %s::bytea as chain) as digests",
            [after_sequence, source.kind, list(ids), entry_digests, chain],
        )


class Stretch(NamedTuple):
    """Links in order, as long strings of bytes: previous and entry digest of each, digest of each; entry digests by kind."""

    link_count: int
    first_sequence: int
    last_sequence: int
    pairs: bytes
    digests: bytes
    entry_digests: dict[int, bytes]
    last_ids: dict[int, int]


def stretch(*, from_sequence: int, limit: int) -> Stretch:
    """Return the next links in a form that is quick to check."""
    kinds = ", ".join(
        f"string_agg(entry_digest, ''::bytea) filter (where entry_kind = {source.kind:d}),"
        f" max(entry_id) filter (where entry_kind = {source.kind:d})"
        for source in SOURCES
    )
    (row,) = _rows(
        "select count(*), coalesce(min(sequence), 0), coalesce(max(sequence), 0), string_agg(previous || entry_digest, ''::bytea),"
        f" string_agg(digest, ''::bytea), {kinds} from (select * from audit_chainlink"
        " where sequence >= %s order by sequence limit %s) as link",
        from_sequence,
        limit,
    )
    count, first, last, pairs, digests, *by_kind = row
    return Stretch(
        count,
        first,
        last,
        bytes(pairs or b""),
        bytes(digests or b""),
        {source.kind: bytes(by_kind[2 * place] or b"") for place, source in enumerate(SOURCES)},
        {source.kind: by_kind[2 * place + 1] for place, source in enumerate(SOURCES) if by_kind[2 * place + 1] is not None},
    )


def last_ids_before(*, sequence: int) -> dict[int, int]:
    """Return for each kind the id of the last entry that was sealed before ``sequence``; a kind without one is left out."""
    found = _rows("select entry_kind, max(entry_id) from audit_chainlink where sequence < %s group by entry_kind", sequence)
    return {int(kind): int(entry_id) for kind, entry_id in found}


def links(*, from_sequence: int, limit: int) -> list[Link]:
    """Return the next links one by one."""
    found = _rows(
        "select sequence, entry_kind, entry_id, entry_digest, previous, digest from audit_chainlink"
        " where sequence >= %s order by sequence limit %s",
        from_sequence,
        limit,
    )
    return [Link(row[0], row[1], row[2], bytes(row[3]), bytes(row[4]), bytes(row[5])) for row in found]


def _rows(statement: str, *values: Any) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
