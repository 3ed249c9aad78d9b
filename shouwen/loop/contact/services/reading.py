"""From an envelope to a contact: the reader of its kind of content, then what an agent has corrected."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

from shouwen.loop.contact.choices import Trouble
from shouwen.loop.contact.models import Envelope, RowMapping
from shouwen.loop.contact.rules.contacts import Contact, Unreadable, corrected
from shouwen.loop.contact.rules.forms import read_form
from shouwen.loop.contact.rules.mails import read_mail
from shouwen.loop.contact.rules.notes import read_note
from shouwen.loop.contact.rules.rows import RequestMapping, parse_mapping, read_row

READERS: dict[str, Callable[[bytes], Contact]] = {
    "application/json": read_form,
    "message/rfc822": read_mail,
    "text/plain": read_note,
}
ROWS = "text/csv"


def read_envelope(envelope: Envelope) -> Contact:
    """Return what an envelope says, with the corrections of the agents.

    An agent who says what it is about makes a contact even of content that cannot be read.

    :raises Unreadable: with the trouble.
    """
    corrections: dict[str, str] = json.loads(envelope.corrections or "{}")
    try:
        contact = _read(envelope)
    except Unreadable:
        if not (corrections.get("subject") or corrections.get("text")):
            raise
        contact = Contact()
    return corrected(contact, corrections)


def corrected_fields(envelope: Envelope) -> frozenset[str]:
    """Return the names of what agents have corrected so far."""
    return frozenset(json.loads(envelope.corrections or "{}"))


def _read(envelope: Envelope) -> Contact:
    if envelope.fault:
        raise Unreadable(Trouble(envelope.fault))
    if not envelope.raw:
        raise Unreadable(Trouble.EMPTY)
    kind = envelope.media_type.partition(";")[0].strip().lower()
    if kind == ROWS and envelope.mapping_id is not None:
        contact, _ = read_row(content=envelope.content, mapping=mapping_with_id(envelope.mapping_id))
        return contact
    reader = READERS.get(kind)
    if reader is None:
        raise Unreadable(Trouble.UNKNOWN_MEDIA)
    return reader(envelope.content)


@lru_cache(maxsize=64)
def mapping_with_id(mapping_id: int) -> RequestMapping:
    """Return a version of a mapping for ever: none is ever changed."""
    return parse_mapping(RowMapping.objects.values_list("document", flat=True).get(pk=mapping_id))
