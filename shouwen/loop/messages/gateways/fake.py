"""A carrier for tests: it keeps what it was given and reports what it was told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from shouwen.loop.messages.choices import Outcome, Problem
from shouwen.loop.messages.rules.parcels import Parcel, Report

NAME = "fake"


def sent(parcel: Parcel) -> Report:
    """Take the message."""
    return Report(outcome=Outcome.SENT, gateway=NAME, reference=parcel.reference, part_count=parcel.part_count)


def busy(parcel: Parcel) -> Report:
    """Ask to come again."""
    return Report(outcome=Outcome.BUSY, gateway=NAME, detail="450")


def refused(parcel: Parcel) -> Report:
    """Refuse the address for good."""
    return Report(outcome=Outcome.REFUSED, gateway=NAME, problem=Problem.REFUSED, detail="550")


def unreachable(parcel: Parcel) -> Report:
    """Be away."""
    return Report(outcome=Outcome.BUSY, gateway=NAME, problem=Problem.UNREACHABLE)


@dataclass
class FakeCarrier:
    """Answers each message with ``answer``."""

    answer: Callable[[Parcel], Report] = sent
    name: str = NAME
    description: str = "Nothing goes out."
    parcels: list[Parcel] = field(default_factory=list)
    is_closed: bool = False

    def send(self, parcel: Parcel) -> Report:
        self.parcels.append(parcel)
        return replace(self.answer(parcel), gateway=self.name)

    def close(self) -> None:
        self.is_closed = True
