"""How a customer is asked, what follows a call-back, whether a link still holds, by when a call-back is due. From values alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.deadlines import due_at
from shouwen.kernel.time.limits import Limit, Unit
from shouwen.loop.workorders.choices import CallBackResult, Grade
from shouwen.platform.policies.rules import Match, bind
from shouwen.records.norms.choices import TargetKind
from shouwen.records.norms.rules.definition import Norm

CALL_BACK_POLICY = "order.call_back_other"
UNLESS_STATED = Limit(Decimal(1), Unit.WORKING_DAY)


class Asking(StrEnum):
    """How a customer is asked once their matter is resolved."""

    LINK = "link"
    CALL_BACK = "call_back"
    NOTHING = "nothing"


def way_of_asking(*, call_back_needed: bool, is_called_back: bool, survey_needed: bool, can_be_reached: bool) -> Asking:
    """Return how a customer is asked.

    A norm with a call-back gets one, unless it was made as a step of the norm. A grade is asked for by a link; where no message can
    reach the customer, a person calls.
    """
    if call_back_needed and not is_called_back:
        return Asking.CALL_BACK
    if not survey_needed:
        return Asking.NOTHING
    return Asking.LINK if can_be_reached else Asking.CALL_BACK


class AfterCall(StrEnum):
    """What follows one attempt to call a customer back."""

    AGAIN = "again"  # somebody tries once more, later
    LINK = "link"  # the link goes out now
    LINK_LATER = "link_later"  # the link goes out if the caller records no grade
    OVER = "over"


def after_call(*, result: CallBackResult, attempt: int, attempt_limit: int, survey_needed: bool) -> AfterCall:
    """Return what follows the ``attempt``-th call (policy ``call_back.attempts``): not reached is never written down as satisfied."""
    if result == CallBackResult.UNSOLVED:
        return AfterCall.OVER
    if result == CallBackResult.NO_ANSWER and attempt < attempt_limit:
        return AfterCall.AGAIN
    if not survey_needed:
        return AfterCall.OVER
    return AfterCall.LINK_LATER if result == CallBackResult.REACHED else AfterCall.LINK


@dataclass(frozen=True, slots=True)
class LinkState:
    """What decides whether a link still holds."""

    expires_at: datetime
    is_answered: bool
    is_settled: bool


def holds(*, link: LinkState | None, at: datetime) -> bool:
    """Return whether a customer may answer by a link: unknown, used, overtaken and expired ones all fail alike."""
    return link is not None and not link.is_answered and not link.is_settled and at < link.expires_at


def is_grade(grade: int) -> bool:
    return grade in Grade.values


def token_digest(token: str) -> str:
    """Return what is kept of a link's token. It is random and long, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


def survey_expires_at(*, asked_at: datetime, days: Decimal) -> datetime:
    """Return until when an answer is awaited: calendar days of 24 hours (policy ``survey.answer_days``)."""
    return asked_at + timedelta(days=float(days))


def call_back_policy(norm: Norm) -> str:
    """Return the policy that limits a norm's call-back: that of its own call-back step, else the one for all other business."""
    steps = [step for step in norm.steps if step.target == TargetKind.CALLED_BACK]
    return steps[0].limit.policy if steps else CALL_BACK_POLICY


def call_back_due_at(*, since: datetime, matches: tuple[Match, ...], calendar: WorkCalendar) -> datetime:
    """Return by when a customer is to be called, counted from ``since``: the cap with the earliest deadline, else one working day."""

    def due_of(amount: Decimal, unit: str) -> datetime:
        return _due(since, Limit(amount, Unit(unit)), calendar)

    return bind(matches=matches, due_of=due_of).due_at or _due(since, UNLESS_STATED, calendar)


def _due(since: datetime, limit: Limit, calendar: WorkCalendar) -> datetime:
    due = due_at(start_at=since, limit=limit, calendar=calendar)
    assert due is not None, "without a pause there is always a deadline"
    return due
