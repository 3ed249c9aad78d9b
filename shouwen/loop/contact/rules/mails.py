"""E-mails as they come over the wire (RFC 822): who wrote what, in answer to what."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import default as modern
from html.parser import HTMLParser

from shouwen.loop.contact.choices import Trouble
from shouwen.loop.contact.rules.contacts import TEXT_LIMIT, Contact, Unreadable, shortened
from shouwen.loop.contact.rules.tokens import token_in

CHARSETS = ("utf-8", "gb18030")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_MACHINE_PRECEDENCE = frozenset({"bulk", "junk", "auto_reply"})


def read_mail(content: bytes) -> Contact:
    """Return the contact of a mail.

    A matter is found by the token in its headers or in the address it was sent to, or by the messages that it answers; a subject
    alone never proves that two mails belong together. Mails of machines (out of office, undeliverable) say so.

    :raises Unreadable: when it has no sender and no words.
    """
    message = message_from_bytes(content, policy=modern)
    assert isinstance(message, EmailMessage), "the modern policy makes nothing else"
    sender, text, subject = _sender(message), _text(message), _header(message, "Subject")
    if not sender and not _header(message, "Message-ID"):
        raise Unreadable(Trouble.NOT_MAIL)
    if not text and not subject:
        raise Unreadable(Trouble.EMPTY)
    answered = f"{_header(message, 'In-Reply-To')} {_header(message, 'References')}"
    return Contact(
        subject=subject,
        text=shortened(text, TEXT_LIMIT),
        email=sender,
        reference=_first_id(_header(message, "Message-ID")),
        answers=tuple(dict.fromkeys(_MESSAGE_ID.findall(answered)))[-20:],
        token=token_in(f"{answered} {_header(message, 'To')} {_header(message, 'Delivered-To')}"),
        is_automatic=_is_automatic(message),
    )


def _header(message: EmailMessage, name: str) -> str:
    """Return a header as text, also where its encoding is broken."""
    try:
        value = str(message.get(name, ""))
    except (ValueError, LookupError, IndexError, AttributeError):  # what the library does with malformed headers
        value = next((str(raw) for known, raw in message.raw_items() if known.lower() == name.lower()), "")
    return re.sub(r"[\x00-\x1f\ud800-\udfff]+", " ", value).strip()


def _sender(message: EmailMessage) -> str:
    for name in ("Reply-To", "From"):
        try:
            header = message.get(name)
        except (ValueError, LookupError, IndexError, AttributeError):
            continue
        if isinstance(header, AddressHeader) and header.addresses:
            return header.addresses[0].addr_spec.lower()
    return ""


def _first_id(header: str) -> str:
    found = _MESSAGE_ID.search(header)
    return found.group() if found else ""


def _is_automatic(message: EmailMessage) -> bool:
    submitted = _header(message, "Auto-Submitted").lower()
    precedence = _header(message, "Precedence").lower()
    is_report = message.get_content_type() == "multipart/report"
    return (submitted not in ("", "no")) or precedence in _MACHINE_PRECEDENCE or is_report


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None or part.get_content_maintype() != "text":
        return ""
    payload = part.get_payload(decode=True)
    words = _decoded(payload if isinstance(payload, bytes) else b"", part.get_content_charset())
    return (_without_marks(words) if part.get_content_subtype() == "html" else words).replace("\x00", "").strip()


def _decoded(payload: bytes, charset: str | None) -> str:
    """Return the text by the charset that it names, else by the usual ones; what fits none keeps its readable letters."""
    for name in (charset, *CHARSETS):
        try:
            return payload.decode(name) if name else payload.decode("ascii")
        except (UnicodeDecodeError, LookupError):
            continue
    return payload.decode("utf-8", errors="replace")


class _Words(HTMLParser):
    """Collects the words of a page, without its style and its scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("style", "script", "head")
        if tag in ("br", "p", "div", "tr", "li"):
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "script", "head") and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def _without_marks(page: str) -> str:
    reader = _Words()
    reader.feed(page)
    lines = (" ".join(line.split()) for line in "".join(reader.words).splitlines())
    return "\n".join(line for line in lines if line)
