"""When a matter may be closed (闭环条件, B8): nothing owed to the customer is left open."""

from __future__ import annotations

from dataclasses import dataclass

from shouwen.loop.workorders.choices import Missing


@dataclass(frozen=True, slots=True)
class LoopState:
    """What the closing rule looks at."""

    is_resolved: bool
    is_result_told: bool
    call_back_needed: bool
    call_back_reached: bool
    call_back_attempt_count: int
    survey_needed: bool
    is_grade_settled: bool
    has_open_visit: bool
    open_promise_count: int


def missing_for_closing(*, loop: LoopState, call_back_attempt_limit: int) -> tuple[Missing, ...]:
    """Return what is missing, in the order in which it is done; empty: the matter may be closed.

    A call-back counts as made when the customer was reached, or after ``call_back_attempt_limit`` attempts in vain (policy
    ``call_back.attempts``).
    """
    called_back = loop.call_back_reached or loop.call_back_attempt_count >= call_back_attempt_limit
    wanted = {
        Missing.RESOLUTION: loop.is_resolved,
        Missing.RESULT_TOLD: loop.is_result_told,
        Missing.CALL_BACK: called_back or not loop.call_back_needed,
        Missing.GRADE: loop.is_grade_settled or not loop.survey_needed,
        Missing.VISIT: not loop.has_open_visit,
        Missing.PROMISE: loop.open_promise_count == 0,
    }
    return tuple(missing for missing, is_done in wanted.items() if not is_done)
