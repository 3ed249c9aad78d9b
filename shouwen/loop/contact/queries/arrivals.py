"""What came from a source, what became of it, and which source has fallen silent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from shouwen.loop.contact.models import Envelope
from shouwen.loop.contact.rules import tokens
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.queries import value
from shouwen.platform.policies.rules import PolicyRef
from shouwen.platform.search.queries import keyring

SILENCE = PolicyRef(key="contact.silence.hours", default=Decimal(24), unit=Unit.HOUR, requirement="A1")
FORGOTTEN_AFTER = timedelta(days=30)  # a source that has sent nothing for so long is no longer expected to

_LAST_OF_EACH = """
with recursive source as (
    (select source as name from contact_envelope order by source limit 1)
    union all
    select (select e.source from contact_envelope e where e.source > source.name order by e.source limit 1)
    from source where source.name is not null
)
select last.source, last.channel, last.received_at
from source, lateral (
    select e.source, e.channel, e.received_at from contact_envelope e
    where e.source = source.name and e.received_at <= %(at)s order by e.received_at desc limit 1
) as last
where source.name is not null order by last.source
"""


@dataclass(frozen=True, slots=True)
class ArrivalCard:
    """One envelope of a source, without its content."""

    id: int
    key: str
    digest: str
    line_no: int | None
    state: str
    trouble: str
    details: dict[str, Any]
    work_order_id: int | None


@dataclass(frozen=True, slots=True)
class SilentChannel:
    """A source from which something should have come by now."""

    source: str
    channel: str
    last_at: datetime
    silent_for: timedelta


@dataclass(frozen=True, slots=True)
class WaitingCounts:
    """How many envelopes nobody has looked into, and how many could not be understood."""

    received: int
    buried: int


def count_waiting() -> WaitingCounts:
    return WaitingCounts(received=Envelope.objects.waiting().count(), buried=Envelope.objects.buried().count())


def list_arrivals(*, source: str, keys: Collection[str]) -> dict[str, ArrivalCard]:
    """Return what became of the arrivals of one source, by their keys; for whoever brought them."""
    columns = ("id", "key", "digest", "line_no", "state", "trouble", "trouble_details", "interaction__work_order_id")
    rows = Envelope.objects.filter(source=source, key__in=keys).values_list(*columns)
    return {row[1]: ArrivalCard(*row) for row in rows}


def silent_channels(*, at: datetime) -> list[SilentChannel]:
    """Return the sources that have been silent for longer than policy ``contact.silence.hours`` allows, for the operator."""
    patience = timedelta(hours=float(value(policy=SILENCE, at=at)))
    with connection.cursor() as cursor:
        cursor.execute(_LAST_OF_EACH, {"at": at})
        rows = cursor.fetchall()
    cards = [SilentChannel(source, channel, last_at, at - last_at) for source, channel, last_at in rows]
    return [card for card in cards if patience < card.silent_for <= FORGOTTEN_AFTER]


def matter_token(*, work_order_id: int) -> str:
    """Return the token of a matter for links, headers and reply addresses of what is sent to its customer."""
    return tokens.token_of(work_order_id=work_order_id, seal=lambda text: keyring().blind(text, purpose=tokens.PURPOSE))
