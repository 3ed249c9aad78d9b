"""Plain words: a text message, a fax or a voicemail that somebody or something has written down."""

from __future__ import annotations

from shouwen.loop.contact.choices import Trouble
from shouwen.loop.contact.rules.contacts import TEXT_LIMIT, Contact, Unreadable
from shouwen.loop.contact.rules.tokens import token_in

CHARSETS = ("utf-8-sig", "gb18030")


def read_note(content: bytes) -> Contact:
    """Return the contact of a text in UTF-8 or GB 18030; a token in it proves the matter that it is about.

    :raises Unreadable: when it is in neither, empty or longer than anything that is read.
    """
    text = _decoded(content).replace("\x00", "").strip()
    if not text:
        raise Unreadable(Trouble.EMPTY)
    if len(text) > TEXT_LIMIT:
        raise Unreadable(Trouble.TOO_LONG, length=len(text), limit=TEXT_LIMIT)
    return Contact(text=text, token=token_in(text))


def _decoded(content: bytes) -> str:
    for charset in CHARSETS:
        try:
            return content.decode(charset)
        except UnicodeDecodeError:
            continue
    raise Unreadable(Trouble.ENCODING, tried=", ".join(CHARSETS))
