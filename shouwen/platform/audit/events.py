"""What is told of the audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class JournalFoundBroken(Fact):
    """The journal was checked and does not hold: somebody has changed what was done or seen. ``problem`` says where and how."""

    case_kind: ClassVar[str] = "inspection"

    inspection_id: int
    sequence: int | None
    entry_kind: int
    entry_id: int
    problem: str
