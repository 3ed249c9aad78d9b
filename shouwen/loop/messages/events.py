"""What messages tell the house: ids and codes only, never a text, a name or a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class TemplateApproved(Fact):
    """A new version of a text to customers was approved; ``digest`` names its content."""

    case_kind: ClassVar[str] = "template"

    template_id: int
    key: str
    number: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class NoticeFact(Fact):
    """Something about one notice; ``about`` is the case that it belongs to."""

    case_kind: ClassVar[str] = "notice"

    notice_id: int
    about_kind: str
    about_id: int
    message_count: int


@dataclass(frozen=True, kw_only=True)
class NoticeQueued(NoticeFact):
    """``message_count`` more recipients are to be told."""

    template: str


@dataclass(frozen=True, kw_only=True)
class NoticeCancelled(NoticeFact):
    """``message_count`` recipients who had not been told will not be."""


@dataclass(frozen=True, kw_only=True)
class MessageFact(Fact):
    """Something about one message."""

    case_kind: ClassVar[str] = "message"

    message_id: int
    about_kind: str
    about_id: int
    customer_id: int | None


@dataclass(frozen=True, kw_only=True)
class MessageFailed(MessageFact):
    """No way is left, or no time (problem ``expired``): whoever must be told has to be told by a person."""

    template: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class MessageResent(MessageFact):
    """Somebody asked for it to be sent once more."""
