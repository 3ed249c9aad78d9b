"""What is handed to a carrier, and what the carrier says to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.loop.messages.choices import Outcome, Problem
from shouwen.loop.messages.rules.texts import Text


@dataclass(frozen=True, slots=True)
class Claim:
    """One message in the hands of one worker: its ``number``-th try, by one way. ``contact_id`` is None for staff and bare addresses."""

    message_id: int
    number: int
    channel: str
    contact_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One filled message with its address, in clear: it exists only on its way out.

    ``reference`` is our own name of it, the same at every try by this way; ``thread`` names the case that it is about; ``part_count``
    is how many parts a text message takes.
    """

    claim: Claim
    address: str
    text: Text
    reference: str
    thread: str
    host: str
    sender_name: str
    part_count: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of handing one message to a carrier.

    ``reference`` is the carrier's name for it, by which receipts come; ``detail`` a code of the carrier, never an address or a text.
    """

    outcome: Outcome
    gateway: str
    reference: str = ""
    problem: Problem = Problem.NONE
    detail: str = ""
    part_count: int = 1
