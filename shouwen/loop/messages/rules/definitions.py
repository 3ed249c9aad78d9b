"""Reading message templates as the handbook writes them, and finding what is wrong with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shouwen.loop.messages.choices import Channel, TemplateKind
from shouwen.loop.messages.rules.texts import LANGUAGES, PLACEHOLDER, Text

KNOWN_ENTRIES = frozenset({"key", "kind", "norm_hint", "purpose", "urgent", "channels", "fields", "max_sms_parts"})
KNOWN_CHANNELS = frozenset({"sms", "email", "phone_script"})
FILLED_BY_US = frozenset({"company", "customer", "hotline"})


class TemplateBroken(ValueError):
    """A template of the handbook cannot be used; says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDefinition:
    """One template. ``texts`` holds a text for each channel (``phone_script`` too) and language."""

    key: str
    kind: TemplateKind
    is_urgent: bool
    purpose: Mapping[str, str]
    norm_hints: tuple[str, ...]
    texts: Mapping[str, Mapping[str, Text]]
    fields: frozenset[str]
    max_sms_parts: int

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the whole content: equal content, equal version."""
        return hashlib.sha256(json.dumps(self.content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    @property
    def content(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": str(self.kind),
            "urgent": self.is_urgent,
            "purpose": dict(self.purpose),
            "norm_hints": list(self.norm_hints),
            "texts": texts_as_json(self.texts),
            "fields": sorted(self.fields),
            "max_sms_parts": self.max_sms_parts,
        }


def texts_as_json(texts: Mapping[str, Mapping[str, Text]]) -> dict[str, dict[str, dict[str, str]]]:
    return {
        channel: {language: {"subject": text.subject, "body": text.body} for language, text in by_language.items()}
        for channel, by_language in texts.items()
    }


def read_definition(entry: object) -> TemplateDefinition:
    """Return one template from an entry of the handbook.

    :raises TemplateBroken: when something is missing, unknown, empty, or a text and ``fields`` do not agree.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
        raise TemplateBroken("an entry has no key")
    key = entry["key"]
    _refuse(key, unknown=set(entry) - KNOWN_ENTRIES)
    definition = TemplateDefinition(
        key=key,
        kind=_kind(key, entry),
        is_urgent=entry.get("urgent") is True,
        purpose=_both_languages(key, "purpose", entry.get("purpose")),
        norm_hints=tuple(map(str, entry.get("norm_hint") or ())),
        texts=_texts(key, entry.get("channels")),
        fields=frozenset(entry.get("fields") or ()),
        max_sms_parts=_whole_number(key, entry.get("max_sms_parts", 3)),
    )
    _refuse_disagreement(definition)
    return definition


def _refuse(key: str, *, unknown: set[str]) -> None:
    if unknown:
        raise TemplateBroken(f"{key}: {', '.join(sorted(unknown))} is not known here")


def _kind(key: str, entry: dict[str, Any]) -> TemplateKind:
    try:
        return TemplateKind(entry.get("kind", TemplateKind.SERVICE))
    except ValueError as error:
        raise TemplateBroken(f"{key}: the kind is service or marketing") from error


def _whole_number(key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 20:
        raise TemplateBroken(f"{key}: max_sms_parts is a whole number from 1 to 20")
    return value


def _texts(key: str, channels: object) -> dict[str, dict[str, Text]]:
    if not isinstance(channels, dict) or not set(channels) & set(Channel.values):
        raise TemplateBroken(f"{key}: there is neither a text message nor a mail")
    _refuse(key, unknown=set(channels) - KNOWN_CHANNELS)
    return {name: _mail(key, part) if name == Channel.EMAIL else _plain(key, name, part) for name, part in channels.items()}


def _plain(key: str, name: str, part: object) -> dict[str, Text]:
    return {language: Text("", body) for language, body in _both_languages(key, name, part).items()}


def _mail(key: str, part: object) -> dict[str, Text]:
    if not isinstance(part, dict):
        raise TemplateBroken(f"{key}: the mail has no subject and body")
    subjects = _both_languages(key, "subject", part.get("subject"))
    bodies = _both_languages(key, "body", part.get("body"))
    return {language: Text(subjects[language], bodies[language]) for language in LANGUAGES}


def _both_languages(key: str, name: str, part: object) -> dict[str, str]:
    words = part if isinstance(part, dict) else {}
    if any(not isinstance(words.get(language), str) or not words[language].strip() for language in LANGUAGES):
        raise TemplateBroken(f"{key}: {name} must be written in zh and en")
    return {language: words[language] for language in LANGUAGES}


def _refuse_disagreement(definition: TemplateDefinition) -> None:
    used = {
        name
        for by_language in definition.texts.values()
        for text in by_language.values()
        for name in PLACEHOLDER.findall(text.subject + text.body)
    }
    if used != definition.fields:
        odd = ", ".join(sorted(used ^ definition.fields))
        raise TemplateBroken(f"{definition.key}: texts and fields do not agree about {odd}")
