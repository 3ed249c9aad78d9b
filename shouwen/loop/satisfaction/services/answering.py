"""The customer answers: one tap on one of five grades, and a few words if they like."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shouwen.kernel.errors import Refusal
from shouwen.loop.satisfaction import rules
from shouwen.loop.satisfaction.events import SurveyAnswered
from shouwen.loop.satisfaction.models import Survey
from shouwen.loop.satisfaction.queries import satisfaction_staff_id
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.choices import GradeSource
from shouwen.platform.outbox.services import announce

LONGEST_WORDS = 1000


class CannotAnswer(Refusal):
    """The link does not hold, whatever the reason: nobody learns by trying which links there are."""

    message = "This link is not valid, or no longer."


class NotAGrade(Refusal):
    message = "Choose one of the five grades, 1 to 5."


@transaction.atomic
def answer_survey(*, token: str, grade: int, words: str = "", at: datetime) -> None:
    """Record the grade that a customer gives by their link, which needs no signing in. The worst one opens a visit (B8).

    Words beyond a thousand letters are cut off.

    :raises CannotAnswer: when the link is unknown, used, overtaken or expired: all look the same.
    :raises NotAGrade: for anything but 1 to 5; the link holds on.
    """
    row = Survey.objects.select_for_update().filter(token_digest=rules.token_digest(token)).first()
    if row is None or not rules.holds(link=row.link_state, at=at):
        raise CannotAnswer
    if not rules.is_grade(grade):
        raise NotAGrade
    actor_id = satisfaction_staff_id()
    row.answered_at, row.grade, row.words = at, grade, words.strip()[:LONGEST_WORDS]
    row.save(update_fields=["answered_at", "grade", "words"])
    try:
        workorders.record_grade(work_order_id=row.work_order_id, grade=grade, source=GradeSource.LINK, actor_id=actor_id, at=at)
    except Refusal as refusal:  # graded, reopened or closed a moment ago, before this flat has heard of it
        raise CannotAnswer from refusal
    announce(
        SurveyAnswered(
            survey_id=row.pk,
            work_order_id=row.work_order_id,
            grade=grade,
            has_words=bool(row.words),
            actor_id=actor_id,
            at=at,
        )
    )
