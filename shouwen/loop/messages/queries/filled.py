"""The text of a message, made from its template's version and its sealed fields whenever it is needed, and never kept."""

from __future__ import annotations

from shouwen.loop.messages.models import Message, TemplateVersion
from shouwen.loop.messages.queries.sender import Sender, sender
from shouwen.loop.messages.rules import texts
from shouwen.loop.messages.rules.texts import FieldValue, Text


def filled_text(*, message: Message, language: str, reveal_secrets: bool, us: Sender | None = None) -> Text:
    """Return what ``message`` says by its channel.

    :raises TextUnfilled: when a field is missing; queueing has made sure that none is.
    """
    notice = message.notice
    fields: dict[str, FieldValue] = (us or sender()).fields | {"customer": _name_of(message)}
    fields |= texts.fields_from_json(notice.fields) | texts.fields_from_json(message.own_fields)
    text = text_of(version=notice.template_version, channel=message.channel, language=language)
    return texts.fill(text=text, fields=fields, language=language, reveal_secrets=reveal_secrets)


def language_for(message: Message) -> str:
    """Return the language of the recipient; staff read Chinese."""
    if message.customer is None:
        return message.language or texts.ZH
    preference = getattr(message.customer, "preference", None)
    return texts.language_of(preference.language) if preference else texts.ZH


def _name_of(message: Message) -> str:
    if message.customer is not None:
        return message.customer.name
    return message.staff.name if message.staff is not None else ""


def text_of(*, version: TemplateVersion, channel: str, language: str) -> Text:
    return Text(**version.texts[channel][language])
