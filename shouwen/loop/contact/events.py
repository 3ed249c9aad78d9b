"""Facts of contacts: ids and codes only, never what somebody wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class EnvelopeFact(Fact):
    """Something that happened to one envelope."""

    case_kind: ClassVar[str] = "envelope"

    envelope_id: int


@dataclass(frozen=True, kw_only=True)
class ContactReceived(EnvelopeFact):
    """It has arrived and is kept; nobody has looked into it yet."""

    source: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class ContactParsed(EnvelopeFact):
    """It was understood. ``is_attached``: it belongs to a matter that was there before."""

    interaction_id: int
    work_order_id: int
    customer_id: int | None
    norm: str
    is_attached: bool


@dataclass(frozen=True, kw_only=True)
class EnvelopeBuried(EnvelopeFact):
    """It was not understood, and waits for an agent."""

    source: str
    trouble: str


@dataclass(frozen=True, kw_only=True)
class EnvelopeRepaired(EnvelopeFact):
    """An agent said what could not be read; ``fields`` names what, not how."""

    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EnvelopeDiscarded(EnvelopeFact):
    """An agent decided that there is nothing to do; why stands in the envelope."""


@dataclass(frozen=True, kw_only=True)
class InteractionRecorded(Fact):
    """Somebody here wrote down a contact that came by voice, or that we began."""

    case_kind: ClassVar[str] = "interaction"

    interaction_id: int
    work_order_id: int | None
    customer_id: int | None
    channel: str
    direction: str
