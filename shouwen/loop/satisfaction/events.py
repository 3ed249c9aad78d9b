"""What satisfaction tells the house: ids and codes only, never a word of the customer's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from shouwen.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class SurveyFact(Fact):
    """Something about one asking for one round of a matter."""

    case_kind: ClassVar[str] = "survey"

    survey_id: int
    work_order_id: int


@dataclass(frozen=True, kw_only=True)
class SurveySent(SurveyFact):
    """The customer was sent a link by which they can answer until ``expires_at``."""

    round: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class SurveyAnswered(SurveyFact):
    """The customer used their link; whether they also wrote something."""

    grade: int
    has_words: bool


@dataclass(frozen=True, kw_only=True)
class SurveyExpired(SurveyFact):
    """The customer was asked, by a link or by voice, and did not answer in time."""


@dataclass(frozen=True, kw_only=True)
class CallBackPlanned(Fact):
    """Somebody who had no part in the matter has to call the customer by ``due_at``; ``policy`` set the limit."""

    case_kind: ClassVar[str] = "call_back"

    call_back_id: int
    work_order_id: int
    policy: str
    due_at: datetime
