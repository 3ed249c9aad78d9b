"""What every verb begins with: the actor known and allowed, the customer locked, the values well formed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from django.db import connection

from shouwen.kernel.errors import BadInput, NotFound
from shouwen.platform.people.queries import get_viewer
from shouwen.records.customers.models import Customer
from shouwen.records.customers.permissions import must_edit
from shouwen.records.customers.rules.wellformed import TEXT_LIMITS, is_storable

NOTE_LIMIT = 2_000


class Choices(Protocol):
    """A closed list."""

    values: list[Any]


def lock_customer(*, customer_id: int, actor_id: int, at: datetime) -> Customer:
    """Return the customer for changing, within the transaction of the caller: two verbs about one customer wait for each other.

    :raises NotAllowed: unless the actor may change customer records.
    :raises NotFound: when there is no such customer.
    """
    must_edit(get_viewer(staff_id=actor_id, at=at))
    return locked(customer_id)


def locked(customer_id: int) -> Customer:
    """Return the customer for changing.

    :raises NotFound: when there is none.
    """
    customer = Customer.objects.select_for_update().filter(pk=customer_id).first()
    if customer is None:
        raise NotFound
    return customer


def must_be_one_of(choices: type[Choices] | Any, *, field: str, value: str) -> None:
    """:raises BadInput: when ``value`` is not in the closed list."""
    if value not in choices.values:
        raise BadInput(field, "there is no such value", "write one of " + ", ".join(choices.values))


def line(*, field: str, value: str, needed: bool = False) -> str:
    """Return a text of one line without space around it.

    :raises BadInput: when it is too long, holds control characters, or is needed and empty. The text itself is not repeated.
    """
    text, limit = value.strip(), TEXT_LIMITS[field]
    if needed and not text:
        raise BadInput(field, "nothing is written", "write it")
    if len(text) > limit:
        raise BadInput(field, f"it has {len(text)} characters", f"write at most {limit}")
    if not is_storable(text):
        raise BadInput(field, "it holds characters that cannot be read", "write one line of plain text")
    return text


def note_text(value: str) -> str:
    """Return a note without space around it.

    :raises BadInput: when it is too long.
    """
    text = value.strip().replace("\x00", "")
    if len(text) > NOTE_LIMIT:
        raise BadInput("note", f"it has {len(text)} characters", f"write at most {NOTE_LIMIT}")
    return text


def fresh_id(table: str) -> int:
    """Return the next id of ``table``, for a row whose number is made from it."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        return int(cursor.fetchone()[0])
