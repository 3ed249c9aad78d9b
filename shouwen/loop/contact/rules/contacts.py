"""What every reader makes of an envelope: a contact, or the trouble with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shouwen.loop.contact.choices import Trouble

SUBJECT_LIMIT = 120
TEXT_LIMIT = 100_000
CORRECTABLE = frozenset({"norm", "channel", "subject", "text", "phone", "account_number", "token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One contact as it was understood.

    ``unit_code``, ``jurisdiction`` and ``calendar`` are named by mappings of places that are not our own.
    """

    subject: str = ""
    text: str = ""
    norm: str = ""
    is_norm_mapped: bool = False
    channel: str = ""
    phone: str = ""
    email: str = ""
    account_number: str = ""
    reference: str = ""  # the sender's own name for this message
    answers: tuple[str, ...] = ()  # the messages that it answers
    token: str = ""
    hazards: tuple[str, ...] = ()
    unit_code: str = ""
    jurisdiction: str = ""
    calendar: str = ""
    is_automatic: bool = False

    @property
    def sender(self) -> str:
        return self.email or self.phone


class Unreadable(Exception):
    """An envelope that cannot be understood. ``details`` say where and how many, never what somebody wrote."""

    def __init__(self, trouble: Trouble, **details: str | int) -> None:
        super().__init__(f"{trouble.value}: {details}" if details else trouble.value)
        self.trouble = trouble
        self.details = details


def corrected(contact: Contact, corrections: Mapping[str, str]) -> Contact:
    """Return the contact as an agent has put it right.

    :raises Unreadable: when a field cannot be corrected.
    """
    if unknown := sorted(set(corrections) - CORRECTABLE):
        raise Unreadable(Trouble.WRONG_SHAPE, field=unknown[0])
    values: dict[str, Any] = {name: value.strip() for name, value in corrections.items()}
    return replace(contact, **values)


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
