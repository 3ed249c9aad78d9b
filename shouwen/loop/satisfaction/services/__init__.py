"""Everything that asking and telling customers consists of: each verb is one function and one transaction."""

from shouwen.loop.satisfaction.services.answering import CannotAnswer, NotAGrade, answer_survey
from shouwen.loop.satisfaction.services.asking import ask_by_link, end_round, overtake_survey, remember_asking, settle_expired
from shouwen.loop.satisfaction.services.calling import begin_settling, call_instead, follow_call, plan_call_back
from shouwen.loop.satisfaction.services.closing import close_settled
from shouwen.loop.satisfaction.services.telling import (
    have_promise_told,
    take_back_given,
    take_back_promise,
    tell_closed,
    tell_opened,
    tell_promise,
    tell_promise_moved,
    tell_reopened,
    tell_result,
)

__all__ = [
    "CannotAnswer",
    "NotAGrade",
    "answer_survey",
    "ask_by_link",
    "begin_settling",
    "call_instead",
    "close_settled",
    "end_round",
    "follow_call",
    "have_promise_told",
    "overtake_survey",
    "plan_call_back",
    "remember_asking",
    "settle_expired",
    "take_back_given",
    "take_back_promise",
    "tell_closed",
    "tell_opened",
    "tell_promise",
    "tell_promise_moved",
    "tell_reopened",
    "tell_result",
]
