"""What is told of calendars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class CalendarPublished(Fact):
    """A new version of a calendar is known; running deadlines that follow it are to be dated again."""

    case_kind: ClassVar[str] = "calendar"

    calendar_id: int
    name: str
    digest: str
    known_from: datetime
