"""How customers can be reached, for one and for a million: customers whose ways look alike are decided upon together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection
from psycopg import sql

from shouwen.loop.messages.models import Message
from shouwen.loop.messages.rules.ways import CHANNEL_OF_CONTACT, QuietHours, Reach, Way
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.queries import value
from shouwen.platform.policies.rules import PolicyRef
from shouwen.records.customers.choices import Language, PreferredChannel

QUIET_FROM = PolicyRef(key="message.quiet_hours_from", default=Decimal(21), unit=Unit.HOUR_OF_DAY, requirement="A7")
QUIET_UNTIL = PolicyRef(key="message.quiet_hours_until", default=Decimal(8), unit=Unit.HOUR_OF_DAY, requirement="A7")


@dataclass(frozen=True, slots=True)
class AlikeCustomers:
    """Customers whose ways differ only by which contact points they are, as the database writes arrays: what is not looked at here
    goes back to it as it came.

    ``reach`` names ways by their place: the way 1 of the third customer is the contact point ``contacts[2][1]``.
    """

    reach: Reach
    customers: str
    contacts: str

    @property
    def customer_ids(self) -> list[int]:
        return _read_array(self.customers)

    def each(self) -> Iterator[tuple[int, Reach]]:
        """Return each customer with their own ways."""
        for customer_id, contacts in zip(self.customer_ids, _read_array(self.contacts), strict=True):
            ways = tuple(replace(way, contact_id=contacts[way.contact_id]) for way in self.reach.ways)
            yield customer_id, replace(self.reach, ways=ways)


def _read_array(text: str) -> list[Any]:
    return list(json.loads(text.translate(_AS_JSON).replace("NULL", "null")))


_AS_JSON = str.maketrans("{}", "[]")


def company_quiet_hours(*, at: datetime) -> QuietHours:
    """Return the quiet hours of customers who have stated none (policies ``message.quiet_hours_from`` and ``_until``)."""
    return QuietHours(_clock(value(policy=QUIET_FROM, at=at)), _clock(value(policy=QUIET_UNTIL, at=at)))


def _clock(hour: Decimal) -> time:
    minutes = int(hour * 60) % (24 * 60)
    return time(minutes // 60, minutes % 60)


def reach_of(*, customer_ids: Sequence[int]) -> dict[int, Reach]:
    """Return how each customer can be reached; who does not exist is left out."""
    return {customer_id: reach for group in alike_customers(customer_ids=customer_ids) for customer_id, reach in group.each()}


def can_be_reached(*, customer_id: int) -> bool:
    """Return whether there is any contact point to which a message could go."""
    reach = reach_of(customer_ids=[customer_id]).get(customer_id)
    return reach is not None and bool(reach.ways)


def alike_customers(*, customer_ids: Sequence[int]) -> list[AlikeCustomers]:
    """Return the customers among ``customer_ids`` that exist, grouped by the look of their ways: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_groups(), [list(CHANNEL_OF_CONTACT), array_text(customer_ids)])
        return [
            AlikeCustomers(_reach(channel, language, ways), customers, contacts)
            for channel, language, ways, customers, contacts in cursor.fetchall()
        ]


def array_text(ids: Sequence[int]) -> str:
    """Return ids as the database writes an array: a million of them are not worth a look at each."""
    return "{" + ",".join(map(str, ids)) + "}"


@cache
def _groups() -> sql.Composed:
    """Return the one statement of this flat that reads the tables of customers: a set of a million is not asked for one by one."""
    customer: Any = Message._meta.get_field("customer").related_model
    contact: Any = Message._meta.get_field("contact_point").related_model
    return sql.SQL(_GROUPS).format(
        customers=_table(customer),
        contacts=_table(contact),
        preferences=_table(customer._meta.get_field("preference").related_model),
    )


def _table(model: Any) -> sql.Identifier:
    return sql.Identifier(model._meta.db_table)


_GROUPS = """
    select preference.channel, preference.language, told.ways, array_agg(told.id order by told.id)::text,
           array_agg(told.contacts order by told.id)::text
    from (
        select customer.id, array_agg(contact.id order by contact.id) as contacts,
               string_agg(concat_ws('/', contact.kind, contact.consent, contact.is_preferred::int, contact.quiet_from,
                                    contact.quiet_until), ',' order by contact.id) as ways
        from {customers} customer
        left join {contacts} contact
            on contact.customer_id = customer.id and contact.removed_at is null and contact.kind = any(%s)
        where customer.id = any(%s::bigint[])
        group by customer.id
    ) told
    left join {preferences} preference on preference.customer_id = told.id
    group by preference.channel, preference.language, told.ways
"""


def _reach(channel: str | None, language: str | None, ways: str | None) -> Reach:
    looks = ways.split(",") if ways else []
    return Reach(
        ways=tuple(_way(place, look) for place, look in enumerate(looks)),
        preferred=channel or PreferredChannel.SMS,
        language=language or Language.ZH_HANS,
    )


def _way(place: int, look: str) -> Way:
    kind, consent, is_preferred, *quiet = look.split("/")
    hours = QuietHours(*(time.fromisoformat(end) for end in quiet)) if quiet else None
    return Way(place, CHANNEL_OF_CONTACT[kind], consent, is_preferred == "1", hours)
