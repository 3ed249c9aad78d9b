"""Questions to the outbox: a case's history, what is behind, what has failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

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
        kind = hearing.all_kinds()[self.kind]
        return hearing.fact_from_row(kind=kind, at=self.at, actor_id=self.actor_id, payload=self.payload)


def list_facts(*, case_kind: str, case_id: int) -> list[FactCard]:
    """Return the whole history of one case, in the order in which it was told."""
    rows = Fact.objects.of_case(case_kind=case_kind, case_id=case_id).told_in_order()
    return [FactCard(*row) for row in rows.values_list("id", "kind", "at", "actor_id", "payload")]


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
