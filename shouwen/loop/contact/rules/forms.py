"""The shape of our own web form, app and partners: one JSON object."""

from __future__ import annotations

import json
from typing import Any

from shouwen.loop.contact.choices import Trouble
from shouwen.loop.contact.rules.contacts import TEXT_LIMIT, Contact, Unreadable

TEXTS = ("subject", "text", "norm", "phone", "email", "account_number", "reference", "token")


def read_form(content: bytes) -> Contact:
    """Return the contact of a JSON object with any of ``subject``, ``text``, ``norm``, ``phone``, ``email``, ``account_number``,
    ``reference``, ``token`` (texts) and ``hazards`` (a list of codes). A contact without a word is none.

    :raises Unreadable: when it is something else; names the field.
    """
    document = _document(content)
    texts: dict[str, Any] = {name: _text(document, name) for name in TEXTS}
    if not texts["subject"] and not texts["text"]:
        raise Unreadable(Trouble.EMPTY)
    return Contact(hazards=_hazards(document), **texts)


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable(Trouble.ENCODING, byte=error.start) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise Unreadable(Trouble.NOT_JSON) from error
    if not isinstance(document, dict):
        raise Unreadable(Trouble.WRONG_SHAPE, field="-")
    return document


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(Trouble.WRONG_SHAPE, field=name)
    if len(value) > TEXT_LIMIT:
        raise Unreadable(Trouble.TOO_LONG, field=name, length=len(value), limit=TEXT_LIMIT)
    return value.replace("\x00", "").strip()


def _hazards(document: dict[str, Any]) -> tuple[str, ...]:
    codes = document.get("hazards") or []
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise Unreadable(Trouble.WRONG_SHAPE, field="hazards")
    return tuple(codes)
