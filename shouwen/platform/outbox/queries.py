"""Questions to the outbox: a case's history, what is behind, what has failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson
from django.db import connection
from django.db.models import Count, Exists, Min, OuterRef, Q

from shouwen.kernel.errors import NotFound
from shouwen.kernel.facts import Fact as FactValue
from shouwen.kernel.facts import Json
from shouwen.platform.outbox import hearing
from shouwen.platform.outbox.models import Delivery, Fact


@dataclass(frozen=True, slots=True)
class FactCard:
    """One line of a case's history."""

    id: int
    kind: str
    at: datetime
    actor_id: int | None
    payload: dict[str, Json]

    def as_fact(self) -> FactValue:
        """Return the fact with its types.

        :raises KeyError: when this version no longer declares the kind.
        """
        return hearing.fact_from_row(kind=hearing.kind_named(self.kind), at=self.at, actor_id=self.actor_id, payload=self.payload)


def list_facts(*, case_kind: str, case_id: int, kinds: Collection[str] = ()) -> list[FactCard]:
    """Return the history of one case in the order in which it was told: the whole of it, or facts of ``kinds`` only."""
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, {"case_kind": case_kind, "case_id": case_id, "kinds": list(kinds) or None})
        rows = cursor.fetchall()
    return [FactCard(fact_id, kind, at, actor_id, orjson.loads(payload)) for fact_id, kind, at, actor_id, payload in rows]


# Asked with every matter that is opened or moved: written out, it costs half of what the same question composed anew would.
_HISTORY = """
select id, kind, at, actor_id, payload::text from outbox_fact
where case_kind = %(case_kind)s and case_id = %(case_id)s and (%(kinds)s::text[] is null or kind = any(%(kinds)s)) order by id
"""


def facts_of_cases(*, case_kind: str, case_ids: Collection[int], kinds: Collection[str]) -> dict[int, list[FactCard]]:
    """Return the facts of ``kinds`` of several cases by case, each in the order in which it was told; a case without is not there."""
    rows = Fact.objects.filter(case_kind=case_kind, case_id__in=case_ids, kind__in=kinds).told_in_order()
    told: dict[int, list[FactCard]] = defaultdict(list)
    for case_id, *columns in rows.values_list("case_id", "id", "kind", "at", "actor_id", "payload"):
        told[case_id].append(FactCard(*columns))
    return dict(told)


def facts_after(*, fact_id: int, kinds: tuple[str, ...], limit: int) -> Iterator[FactCard]:
    """Yield facts of these kinds told after ``fact_id``, oldest first."""
    rows = Fact.objects.filter(id__gt=fact_id, kind__in=kinds).told_in_order()[:limit]
    return (FactCard(*row) for row in rows.values_list("id", "kind", "at", "actor_id", "payload"))


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A fact that a hearer could not take, for the operator's page."""

    id: int
    fact_id: int
    kind: str
    case_kind: str
    case_id: int
    hearer: str
    attempt_count: int
    problem: str
    happened_at: datetime


def list_failed(*, after_id: int = 0, limit: int = 50) -> list[FailedDelivery]:
    """Return a page of what keeps failing, oldest first; continue with the last id as ``after_id``."""
    rows = Delivery.objects.failed().filter(id__gt=after_id).select_related("fact").order_by("id")[:limit]
    return [
        FailedDelivery(
            id=row.pk,
            fact_id=row.fact_id,
            kind=row.fact.kind,
            case_kind=row.fact.case_kind,
            case_id=row.fact.case_id,
            hearer=row.hearer,
            attempt_count=row.attempt_count,
            problem=row.problem,
            happened_at=row.fact.at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far the hearers are behind."""

    pending: int
    oldest_at: datetime | None
    failed: int


def backlog() -> Backlog:
    pending = Delivery.objects.filter(state="PENDING").aggregate(count=Count("id"), oldest=Min("fact__announced_at"))
    return Backlog(pending=pending["count"], oldest_at=pending["oldest"], failed=Delivery.objects.failed().count())


def first_fact(*, case_kind: str, case_id: int) -> FactCard:
    """Return the fact with which a case began.

    :raises NotFound: when nothing was ever told of it.
    """
    rows = Fact.objects.of_case(case_kind=case_kind, case_id=case_id).told_in_order()
    row = rows.values_list("id", "kind", "at", "actor_id", "payload").first()
    if row is None:
        raise NotFound
    return FactCard(*row)


def is_told_of_by(*, case_kind: str, case: str, kinds: Collection[str], staff_id: int, or_named_as: str) -> Exists:
    """Return, as a condition on rows whose column ``case`` holds a case's id, whether somebody has told a fact of ``kinds`` of it.

    Facts whose field ``or_named_as`` names them count too.
    """
    theirs = Q(actor_id=staff_id) | Q(**{f"payload__{or_named_as}": staff_id})
    return Exists(Fact.objects.filter(theirs, case_kind=case_kind, case_id=OuterRef(case), kind__in=list(kinds)))


def count_facts(*, case_kind: str, case_ids: Collection[int]) -> int:
    """Return how many facts were told of these cases."""
    return Fact.objects.filter(case_kind=case_kind, case_id__in=case_ids).count()


def last_fact_id() -> int:
    """Return the highest id that was ever given out, also to transactions that have not ended."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox_fact', 'id')::regclass), 0)")
        return int(cursor.fetchone()[0])


def writers() -> frozenset[str]:
    """Return the other transactions that may have been given ids of facts: they hold its lock until they end.

    Once those that were there when an id was the last one have ended, no fact with that id or a lower one is still to come.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct virtualtransaction from pg_locks where mode = 'RowExclusiveLock' and granted"
            " and pid <> pg_backend_pid() and database = (select oid from pg_database where datname = current_database())"
            " and relation in ('outbox_fact'::regclass, pg_get_serial_sequence('outbox_fact', 'id')::regclass)"
        )
        return frozenset(str(row[0]) for row in cursor.fetchall())


def id_before(*, since: datetime, kinds: Collection[str]) -> int:
    """Return the id after which every fact of ``kinds`` that happened at ``since`` or later was told."""
    first = Fact.objects.filter(kind__in=kinds, at__gte=since).aggregate(first=Min("id"))["first"]
    return last_fact_id() if first is None else int(first) - 1
