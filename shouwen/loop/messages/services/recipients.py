"""The rows of a notice's recipients. Customers whose ways look alike are decided upon together and written in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from django.db import connection
from psycopg import sql

from shouwen.loop.messages.choices import MessageState, Problem
from shouwen.loop.messages.events import MessageFailed
from shouwen.loop.messages.models import Message, Notice
from shouwen.loop.messages.queries.reach import AlikeCustomers, alike_customers, company_quiet_hours
from shouwen.loop.messages.rules.texts import FieldValue, fields_as_json
from shouwen.loop.messages.rules.ways import Route, route
from shouwen.loop.messages.services.routing import errand_of, route_of
from shouwen.platform.outbox.services import announce
from shouwen.platform.search.queries import keyring

BATCH = 50_000


def add_customers(
    *,
    notice: Notice,
    customer_ids: Sequence[int],
    own_fields: Mapping[int, Mapping[str, FieldValue]],
    not_after: datetime | None,
    is_new: bool,
    at: datetime,
) -> int:
    """Add the customers that exist and are not told by this notice already; return how many were added."""
    errand, quiet = errand_of(notice, not_after=not_after), company_quiet_hours(at=at)
    added = 0
    for batch in _batches(customer_ids):
        for group in alike_customers(customer_ids=batch):
            chosen = route(errand=errand, reach=group.reach, failed=(), quiet=quiet, at=at)
            added += _insert(notice, group, chosen, own_fields, not_after, is_new, at)
    return added


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _insert(
    notice: Notice,
    group: AlikeCustomers,
    chosen: Route,
    own_fields: Mapping[int, Mapping[str, FieldValue]],
    not_after: datetime | None,
    is_new: bool,
    at: datetime,
) -> int:
    """Write the messages of customers who are reached alike, in one statement; announce those who cannot be reached."""
    way = chosen.way
    values: dict[str, Any] = {
        "notice": notice.pk,
        "customers": group.customers,
        "contacts": group.contacts,
        "place": way.contact_id + 1 if way else None,
        "own": _sealed(group.customer_ids, own_fields) if own_fields else [],
        "urgent": notice.is_urgent,
        "channel": way.channel if way else "",
        "state": MessageState.QUEUED if way else MessageState.FAILED,
        "problem": chosen.problem,
        "not_before": chosen.not_before,
        "not_after": not_after,
        "settled_at": None if way else at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_insertion(is_new=is_new, returning=way is None), values)
        if way is None:
            _announce_failed(notice, chosen.problem, cursor.fetchall(), at)
        return int(cursor.rowcount)


def _sealed(customer_ids: Sequence[int], own_fields: Mapping[int, Mapping[str, FieldValue]]) -> list[bytes]:
    """Return what is each customer's own, sealed, in their order."""
    column: Any = Message._meta.get_field("own_fields")
    seal, name = keyring().seal, column.sealed_as
    return [seal(fields_as_json(own_fields.get(customer_id, {})), column=name) for customer_id in customer_ids]


@cache
def _insertion(*, is_new: bool, returning: bool) -> sql.Composed:
    """Return the statement that writes messages; where nothing can be in the way yet, nothing is looked for."""
    statement = sql.SQL(_INSERT).format(messages=sql.Identifier(Message._meta.db_table))
    if not is_new:
        statement += sql.SQL(" on conflict (customer_id, notice_id, staff_id) do nothing")
    if returning:
        statement += sql.SQL(" returning id, customer_id")
    return statement


_INSERT = """
    insert into {messages} (
        notice_id, customer_id, contact_point_id, own_fields, is_urgent, channel, state, problem, not_before, not_after, settled_at,
        address, language, failed_contacts, round, try_count, way_try_count
    )
    select %(notice)s, told.customer_id, (%(contacts)s::bigint[])[told.number][%(place)s], coalesce(told.own_fields, ''),
           %(urgent)s, %(channel)s, %(state)s, %(problem)s, %(not_before)s, %(not_after)s, %(settled_at)s, '', '', '{{}}', 1, 0, 0
    from unnest(%(customers)s::bigint[], %(own)s::bytea[]) with ordinality told (customer_id, own_fields, number)
"""


def add_staff(*, notice: Notice, staff_ids: Sequence[int], not_after: datetime | None, at: datetime) -> int:
    """Add the members of staff who are not told by this notice already; return how many were added."""
    known = set(notice.messages.filter(staff_id__in=staff_ids).values_list("staff_id", flat=True))
    rows = [Message(staff_id=staff_id, not_after=not_after) for staff_id in staff_ids if staff_id not in known]
    return _store(notice, rows, at)


def add_address(*, notice: Notice, address: str, language: str, not_after: datetime | None, at: datetime) -> int:
    """Add the one bare address of a notice, unless it has one; return how many were added."""
    if notice.messages.filter(customer__isnull=True, staff__isnull=True).exists():
        return 0
    return _store(notice, [Message(address=address, language=language, not_after=not_after)], at)


def _store(notice: Notice, rows: list[Message], at: datetime) -> int:
    for row in rows:
        row.notice, row.is_urgent = notice, notice.is_urgent
        chosen = route_of(message=row, at=at)
        row.channel = chosen.way.channel if chosen.way else ""
        row.state = MessageState.QUEUED if chosen.way else MessageState.FAILED
        row.problem, row.not_before, row.settled_at = chosen.problem, chosen.not_before, None if chosen.way else at
    Message.objects.bulk_create(rows)
    for row in rows:
        if row.state == MessageState.FAILED:
            _announce_failed(notice, Problem(row.problem), [(row.pk, None)], at)
    return len(rows)


def _announce_failed(notice: Notice, problem: Problem, rows: Sequence[tuple[int, int | None]], at: datetime) -> None:
    if rows:
        announce(*(failed_fact(notice, message_id, customer_id, problem, at) for message_id, customer_id in rows))


def failed_fact(notice: Notice, message_id: int, customer_id: int | None, problem: Problem, at: datetime) -> MessageFailed:
    """Return the fact that no way is left to tell somebody, or no time."""
    return MessageFailed(
        message_id=message_id,
        about_kind=notice.about_kind,
        about_id=notice.about_id,
        customer_id=customer_id,
        template=notice.template_version.template.key,
        problem=problem,
        actor_id=None,
        at=at,
    )
