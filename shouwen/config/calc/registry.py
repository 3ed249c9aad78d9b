"""The names of all calculations, and where each is; its module is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from shouwen.kernel.errors import BadInput

Document = dict[str, Any]
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Calculation:
    """A pure function from a JSON object to a JSON object, with the schemas of both.

    :raises BadInput: from ``run``, naming the field that cannot be used.
    """

    run: Callable[[Document], Document]
    takes: Schema
    gives: Schema


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list: where the calculation is, and what it tells."""

    module: str
    says: str


ENTRIES = {
    "due": Entry("working", "When a limit that starts at an instant is used up, and every step on the way"),
    "working-time": Entry("working", "How much working time lies between two instants, and where"),
    "next-working": Entry("working", "The instant itself if work is on, else the next opening"),
    "working-day": Entry("working", "The n-th working day strictly after a day"),
    "working-days": Entry("working", "Which days from one to another, both inside, are worked, and how many"),
    "verdict": Entry("verdict", "How each target of a work order's ledger stands at a moment, which policy binds it and why"),
}


def calculation(name: str) -> Calculation:
    """Return the calculation.

    :raises BadInput: when none has that name.
    """
    entry = ENTRIES.get(name)
    if entry is None:
        raise BadInput("name", f"there is no calculation {name!r}", f"use one of {', '.join(ENTRIES)}")
    found: Calculation = import_module(f"shouwen.config.calc.{entry.module}").CALCULATIONS[name]
    return found
