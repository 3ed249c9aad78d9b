from datetime import timedelta

import pytest
from django.db import connection

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.loop.messages.models import Message, Notice
from shouwen.loop.messages.queries import message_text
from shouwen.loop.satisfaction import queries, services
from shouwen.loop.satisfaction.models import Survey
from shouwen.loop.satisfaction.tests.factories import (
    asked,
    by_link,
    fresh,
    heard,
    only_survey,
    ready,
    scene,
    texts_at,
    token_in,
)
from shouwen.loop.workorders import services as workorders
from shouwen.loop.workorders.choices import Grade, GradeSource, ReopenReason, Stage
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.tests.factories import after, told
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.queries import get_viewer

pytestmark = pytest.mark.django_db
DAYS = 24 * 60


def survey_facts() -> list[str]:
    return list(Fact.objects.filter(case_kind="survey").order_by("id").values_list("kind", flat=True))


def state(order: WorkOrder) -> tuple[object, ...]:
    return fresh(order).grade, list(Survey.objects.values_list("answered_at", "grade", "settled_at")), told(order)


# Asking.


def test_the_link_is_sent_once_in_a_round_and_the_matter_knows_that_it_was_asked() -> None:
    stage = by_link()
    order = ready(stage)

    first = services.ask_by_link(work_order_id=order.pk, actor_id=stage.asker.pk, at=after(61))
    second = services.ask_by_link(work_order_id=order.pk, actor_id=stage.asker.pk, at=after(62))

    row = only_survey()
    assert (first, second) == (row.pk, row.pk)
    assert (row.round, row.asked_at, row.expires_at) == (1, after(61), after(61) + timedelta(days=7))
    assert (fresh(order).satisfaction_asked_at, told(order)[-1], survey_facts()) == (
        after(61),
        "SatisfactionAsked",
        ["SurveySent"],
    )
    assert Notice.objects.filter(idempotency_key=f"closing_survey:{order.pk}:1").count() == Message.objects.count() == 1


def test_of_the_token_only_the_digest_is_kept_and_nobody_here_reads_the_link() -> None:
    stage = by_link()
    order = ready(stage)
    token = asked(stage, order, at=after(61))
    agent = get_viewer(staff_id=stage.company.li.pk, at=after(61))

    with connection.cursor() as cursor:
        cursor.execute("select string_agg(t::text, '') from (select s::text t from satisfaction_survey s "
                       "union all select n::text from loop_messages_notice n union all select f::text from outbox_fact f) x")  # fmt: skip
        stored = cursor.fetchone()[0]
    shown = message_text(message_id=Message.objects.filter(notice__idempotency_key__startswith="closing").get().pk, viewer=agent)

    assert len(token) == 24
    assert token not in stored
    assert token.encode().hex() not in stored
    assert token not in shown.body
    assert "••••" in shown.body


def test_an_open_or_graded_matter_is_not_asked_about() -> None:
    stage = by_link()
    order = ready(stage)
    workorders.record_grade(work_order_id=order.pk, grade=4, source=GradeSource.LINK, actor_id=stage.asker.pk, at=after(61))
    before = told(order)

    result = services.ask_by_link(work_order_id=order.pk, actor_id=stage.asker.pk, at=after(62))

    assert (result, Survey.objects.count(), Message.objects.count(), told(order)) == (None, 0, 0, before)


def test_who_may_not_have_a_customer_asked_is_refused_and_nothing_is_sent() -> None:
    stage = by_link()
    order = ready(stage)

    with pytest.raises(NotAllowed):
        services.ask_by_link(work_order_id=order.pk, actor_id=stage.company.wang.pk, at=after(61))

    assert (Survey.objects.count(), Message.objects.count(), "SatisfactionAsked" in told(order)) == (0, 0, False)


# Answering.


def test_one_tap_settles_the_grade() -> None:
    stage = by_link()
    order = ready(stage)
    token = asked(stage, order, at=after(61))

    services.answer_survey(token=token, grade=5, words=" 谢谢！ ", at=after(90))

    row = only_survey()
    assert (row.answered_at, row.grade, row.words) == (after(90), 5, "谢谢！")
    assert (fresh(order).grade, fresh(order).grade_source, fresh(order).grade_settled_at) == (5, GradeSource.LINK, after(90))
    assert survey_facts() == ["SurveySent", "SurveyAnswered"]
    assert Fact.objects.get(kind="SurveyAnswered").payload == {
        "survey_id": row.pk,
        "work_order_id": order.pk,
        "grade": 5,
        "has_words": True,
    }


def test_what_the_customer_wrote_is_sealed() -> None:
    stage = by_link()
    token = asked(stage, ready(stage), at=after(61))

    services.answer_survey(token=token, grade=2, words="Wang was rude", at=after(90))

    with connection.cursor() as cursor:
        cursor.execute("select words from satisfaction_survey")
        stored = bytes(cursor.fetchone()[0])
    assert len(stored) > 20
    assert b"rude" not in stored


def test_the_worst_grade_opens_a_visit_and_waits_for_it() -> None:
    stage = by_link()
    order = ready(stage)
    token = asked(stage, order, at=after(61))

    services.answer_survey(token=token, grade=Grade.MOST_DISSATISFIED, at=after(90))

    assert fresh(order).grade_settled_at is None
    assert told(order)[-2:] == ["SatisfactionGraded", "VisitOpened"]


@pytest.mark.parametrize("case", ["unknown", "used", "expired", "overtaken", "reopened", "graded a moment ago", "empty"])
def test_a_link_that_does_not_hold_is_refused_alike_and_changes_nothing(case: str) -> None:
    stage = by_link()
    order = ready(stage)
    token, at = asked(stage, order, at=after(61)), after(90)
    if case == "used":
        services.answer_survey(token=token, grade=4, at=after(70))
    elif case == "expired":
        at = after(61) + timedelta(days=7)
    elif case == "overtaken":
        workorders.record_grade(
            work_order_id=order.pk, grade=3, source=GradeSource.CALL_BACK, actor_id=stage.company.chen.pk, at=after(70)
        )
        heard(after(71))
    elif case == "graded a moment ago":
        workorders.record_grade(
            work_order_id=order.pk, grade=3, source=GradeSource.CALL_BACK, actor_id=stage.company.chen.pk, at=after(70)
        )
    elif case == "reopened":
        workorders.reopen_work_order(
            work_order_id=order.pk, reason=ReopenReason.CAME_BACK, actor_id=stage.company.li.pk, at=after(70)
        )
    wrong = {"unknown": "x" * 24, "empty": ""}
    before = state(order)

    with pytest.raises(services.CannotAnswer) as refusal:
        services.answer_survey(token=wrong.get(case, token), grade=1, at=at)

    assert str(refusal.value) == "This link is not valid, or no longer."
    assert state(order) == before


@pytest.mark.parametrize("grade", [0, 6, -1])
def test_what_is_no_grade_is_refused_and_the_link_holds_on(grade: int) -> None:
    stage = by_link()
    order = ready(stage)
    token = asked(stage, order, at=after(61))
    before = state(order)

    with pytest.raises(services.NotAGrade):
        services.answer_survey(token=token, grade=grade, at=after(90))

    assert state(order) == before
    services.answer_survey(token=token, grade=3, at=after(91))


def test_the_page_behind_a_link_shows_the_number_and_nothing_of_the_matter() -> None:
    stage = by_link()
    order = ready(stage)
    token = asked(stage, order, at=after(61))

    card = queries.link_card(token=token, at=after(90))

    assert (card.number, card.norm.zh, card.expires_at) == (order.number, "Lamp out", after(61) + timedelta(days=7))
    with pytest.raises(NotFound):
        queries.link_card(token="x" * 24, at=after(90))
    with pytest.raises(NotFound):
        queries.link_card(token=token, at=card.expires_at)


# No answer.


def test_asked_and_not_answered_in_time_is_settled_without_a_grade_once() -> None:
    stage = by_link()
    order = ready(stage)
    asked(stage, order, at=after(61))
    end = after(61) + timedelta(days=7)

    counts = [services.settle_expired(at=at) for at in (end - timedelta(seconds=1), end, end)]

    assert counts == [0, 1, 0]
    assert (fresh(order).grade, fresh(order).grade_settled_at, only_survey().settled_at) == (None, end, end)
    assert (told(order)[-1], survey_facts()) == ("SatisfactionUnanswered", ["SurveySent", "SurveyExpired"])


def test_what_was_asked_by_voice_is_awaited_as_long() -> None:
    stage = scene()
    order = ready(stage)
    workorders.ask_satisfaction(
        work_order_id=order.pk, source=GradeSource.CALL_BACK, actor_id=stage.company.chen.pk, at=after(70)
    )
    heard(after(71))

    settled = services.settle_expired(at=after(70) + timedelta(days=7))

    assert (only_survey().token_digest, settled, fresh(order).grade_settled_at) == (None, 1, after(70) + timedelta(days=7))


def test_a_survey_of_an_earlier_round_settles_nothing() -> None:
    stage = by_link()
    order = ready(stage)
    asked(stage, order, at=after(61))
    workorders.reopen_work_order(
        work_order_id=order.pk, reason=ReopenReason.CAME_BACK, actor_id=stage.company.li.pk, at=after(70)
    )

    assert services.settle_expired(at=after(61) + timedelta(days=7)) == 0
    assert (fresh(order).stage, fresh(order).grade_settled_at) == (Stage.OPEN, None)


def test_a_reopened_matter_is_asked_about_afresh() -> None:
    stage = by_link()
    order = ready(stage)
    old = asked(stage, order, at=after(61))
    workorders.reopen_work_order(
        work_order_id=order.pk, reason=ReopenReason.CAME_BACK, actor_id=stage.company.li.pk, at=after(70)
    )
    for outcome, by in (("sent", stage.company.li), ("there", stage.company.wang), ("mended", stage.company.wang)):
        workorders.finish_step(work_order_id=order.pk, outcome=outcome, actor_id=by.pk, at=after(80))

    (text,) = [text for text in texts_at(after(81)) if "survey/" in text]

    assert list(Survey.objects.order_by("round").values_list("round", "settled_at")) == [(1, after(70)), (2, None)]
    services.answer_survey(token=token_in(text), grade=4, at=after(90))
    with pytest.raises(services.CannotAnswer):
        services.answer_survey(token=old, grade=1, at=after(91))
