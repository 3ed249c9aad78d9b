"""A small flat of the tests' own: hearts that beat, and hearers that count into a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from shouwen.kernel.facts import Fact
from shouwen.platform.outbox import hearing
from shouwen.platform.outbox.services import announce

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class HeartBeat(Fact):
    case_kind = "heart"

    heart_id: int


@dataclass(frozen=True, kw_only=True)
class HeartMeasured(Fact):
    """A fact with every kind of value that a fact can hold."""

    case_kind = "heart"

    heart_id: int
    name: str
    is_calm: bool
    rate: Decimal
    first_at: datetime
    last_at: datetime | None
    born_on: date
    checked_on: date | None
    weight: Decimal | None
    notes: tuple[str, ...]
    rates: tuple[Decimal, ...]
    moments: tuple[datetime, ...] | None
    doctor_id: int | None


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def beat(*heart_ids: int, at: datetime = NOON) -> None:
    """Announce a beat of each heart in one transaction."""
    with transaction.atomic():
        announce(*(HeartBeat(heart_id=heart_id, at=at, actor_id=None) for heart_id in heart_ids))


def make_counting_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists heard_beat")
        cursor.execute("create table heard_beat (id bigserial primary key, heart_id bigint not null, who text not null)")


def drop_counting_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("drop table heard_beat")


def count_beat(heart_id: int, who: str = "counter") -> None:
    with connection.cursor() as cursor:
        cursor.execute("insert into heard_beat (heart_id, who) values (%s, %s)", [heart_id, who])


def heard(who: str = "counter") -> list[int]:
    """Return the hearts whose beat was heard, once for each time."""
    with connection.cursor() as cursor:
        cursor.execute("select heart_id from heard_beat where who = %s order by id", [who])
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def hearer(react: Callable[[Any], None], kind: type[Fact] = HeartBeat) -> Iterator[str]:
    """Let ``react`` hear facts for a while; gives its name."""
    hearing.hears(kind)(react)
    name = f"{react.__module__.split('.')[-2]}.{react.__name__}"
    try:
        yield name
    finally:
        hearing.forget(name)
