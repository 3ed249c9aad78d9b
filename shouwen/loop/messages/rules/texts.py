"""Filling a text with its fields, in the reader's language; how long a text message is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from shouwen.records.customers.choices import Language

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
ZH, EN = "zh", "en"
LANGUAGES = (ZH, EN)
HIDDEN = "••••"
BASIC_LETTERS = re.compile(r"[\n\r A-Za-z0-9@$!\"#%&'()*+,\-./:;<=>?_]*")


@dataclass(frozen=True, slots=True)
class Words:
    """A value that reads differently in each language."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that only the recipient may see: it is filled in when the message goes out and hidden from whoever looks at it here."""

    text: str


FieldValue = str | datetime | date | Words | Secret


@dataclass(frozen=True, slots=True)
class Text:
    """What is sent; a text message has no subject."""

    subject: str
    body: str


class TextUnfilled(ValueError):
    """A placeholder has no value."""


def language_of(preference: str) -> str:
    """Return the language of the texts for a customer's preferred one. Traditional Chinese is served by the simplified text."""
    return EN if preference == Language.EN else ZH


def fill(*, text: Text, fields: Mapping[str, FieldValue], language: str, reveal_secrets: bool) -> Text:
    """Return ``text`` with every placeholder filled; line breaks cannot get into a subject.

    :raises TextUnfilled: naming the placeholder that has no value.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] not in fields:
            raise TextUnfilled(found[1])
        return in_words(fields[found[1]], language, reveal_secrets=reveal_secrets)

    return Text(" ".join(PLACEHOLDER.sub(value, text.subject).split()), PLACEHOLDER.sub(value, text.body))


def in_words(value: FieldValue, language: str, *, reveal_secrets: bool = True) -> str:
    """Return a value as people read it: instants in Asia/Shanghai to the minute."""
    match value:
        case str():
            return value
        case Words():
            return value.zh if language == ZH else value.en
        case Secret():
            return value.text if reveal_secrets else HIDDEN
        case datetime():
            local = value.astimezone(SHANGHAI)
            return f"{_day(local, language)}{'' if language == ZH else ' '}{local:%H:%M}"
        case date():
            return _day(value, language)


def _day(day: date, language: str) -> str:
    return f"{day.month}月{day.day}日" if language == ZH else f"{day.day} {day:%b}"


def fields_as_json(fields: Mapping[str, FieldValue]) -> str:
    """Return fields as text that ``fields_from_json`` reads back; the empty text for none."""
    return json.dumps({name: _as_json(value) for name, value in fields.items()}, ensure_ascii=False) if fields else ""


def _as_json(value: FieldValue) -> object:
    match value:
        case Words():
            return {"zh": value.zh, "en": value.en}
        case Secret():
            return {"secret": value.text}
        case datetime():
            return {"at": value.isoformat()}
        case date():
            return {"on": value.isoformat()}
    return value


def fields_from_json(text: str) -> dict[str, FieldValue]:
    return {name: _from_json(value) for name, value in json.loads(text).items()} if text else {}


def _from_json(value: object) -> FieldValue:
    match value:
        case {"zh": str(zh), "en": str(en)}:
            return Words(zh, en)
        case {"secret": str(text)}:
            return Secret(text)
        case {"at": str(text)}:
            return datetime.fromisoformat(text)
        case {"on": str(text)}:
            return date.fromisoformat(text)
        case str():
            return value
    raise ValueError("This is no field of a notice.")


def sms_parts(text: str) -> int:
    """Return of how many parts a text message consists: 160 basic letters or 70 others in one, 153 or 67 in each of several.

    Letters of the basic set are counted as one, others as UTF-16 units, as carriers do.
    """
    whole, part = (160, 153) if BASIC_LETTERS.fullmatch(text) else (70, 67)
    length = len(text.encode("utf-16-le")) // 2
    return 1 if length <= whole else -(-length // part)
