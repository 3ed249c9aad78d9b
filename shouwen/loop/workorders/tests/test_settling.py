import pytest
from django.db import IntegrityError, transaction

from shouwen.kernel.errors import NotAllowed
from shouwen.loop.workorders import events, services
from shouwen.loop.workorders.choices import CallBackResult, GradeSource, Missing, PromiseKind, ReopenReason, Stage, TargetState
from shouwen.loop.workorders.models import StepRun, WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.services.matter import TimeRunsBackward, WrongStage
from shouwen.loop.workorders.tests.factories import (
    Company,
    after,
    finish,
    lamp_out,
    opened,
    resolved,
    settled,
    since,
    small_company,
    told,
    words,
)
from shouwen.loop.workorders.tests.proofs import columns, refused
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import PostFactory
from shouwen.records.customers.tests.factories import CustomerFactory


def test_the_whole_loop_from_taken_to_closed(company: Company) -> None:
    order = settled(company)

    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))

    order.refresh_from_db()
    assert (order.stage, order.owner_id, order.grade, order.closed_at) == (Stage.CLOSED, company.li.pk, 5, after(90))
    assert told(order) == [
        "WorkOrderOpened",
        "StepFinished",
        "VerdictGiven",
        "HandedOver",
        "StepFinished",
        "VerdictGiven",
        "StepFinished",
        "VerdictGiven",
        "WorkOrderResolved",
        "ResultTold",
        "CalledBack",
        "SatisfactionGraded",
        "WorkOrderClosed",
    ]
    assert [(row.kind, row.state) for row in order.targets.order_by("id")] == [
        ("accepted", TargetState.KEPT),
        ("arrived", TargetState.KEPT),
        ("restored", TargetState.KEPT),
    ]
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_close_names_everything_that_is_missing(company: Company) -> None:
    order = resolved(company)
    services.make_promise(work_order_id=order.pk, kind=PromiseKind.CALL, due_at=after(200), actor_id=company.li.pk, at=after(61))

    with refused(services.CannotClose) as refusal:
        services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))

    assert refusal.value.missing == (Missing.CALL_BACK, Missing.GRADE, Missing.PROMISE)


def test_an_open_matter_cannot_be_closed(company: Company) -> None:
    order = opened(company)

    with refused(services.CannotClose) as refusal:
        services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(1))

    assert refusal.value.missing == (Missing.RESOLUTION, Missing.CALL_BACK, Missing.GRADE)


def test_whoever_worked_on_it_does_not_call_back(company: Company) -> None:
    order = resolved(company)

    with refused(services.CannotCallBack):
        services.record_call_back(work_order_id=order.pk, result=CallBackResult.REACHED, actor_id=company.li.pk, at=after(80))


def test_the_owner_cannot_record_the_grade(company: Company) -> None:
    order = resolved(company)

    with refused(NotAllowed):
        services.record_grade(work_order_id=order.pk, grade=5, source=GradeSource.CALL_BACK, actor_id=company.li.pk, at=after(80))


def test_staff_cannot_pretend_that_the_customer_used_the_link(company: Company) -> None:
    order = resolved(company)

    with refused(services.CannotGrade):
        services.record_grade(work_order_id=order.pk, grade=5, source=GradeSource.LINK, actor_id=company.chen.pk, at=after(80))


def test_a_second_grade_is_refused(company: Company) -> None:
    order = settled(company, grade=4)

    with refused(services.CannotGrade):
        services.record_grade(
            work_order_id=order.pk, grade=5, source=GradeSource.CALL_BACK, actor_id=company.chen.pk, at=after(82)
        )


def test_the_worst_grade_opens_a_visit_and_waits_for_it(company: Company) -> None:
    order = settled(company, grade=1)

    with refused(services.CannotClose) as refusal:
        services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))
    services.settle_visit(
        work_order_id=order.pk, findings="Apologised, mended the socket too.", actor_id=company.zhao.pk, at=after(200)
    )
    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(210))

    order.refresh_from_db()
    assert refusal.value.missing == (Missing.GRADE, Missing.VISIT)
    assert (order.stage, order.grade) == (Stage.CLOSED, 1)


def test_a_customer_who_says_it_is_not_solved_reopens_it_with_fresh_clocks(company: Company) -> None:
    order = resolved(company)

    services.record_call_back(work_order_id=order.pk, result=CallBackResult.UNSOLVED, actor_id=company.chen.pk, at=after(80))

    order.refresh_from_db()
    assert (order.stage, order.round, order.step, order.owner_id) == (Stage.OPEN, 2, "accept", company.li.pk)
    assert [(row.round, row.kind, row.state) for row in order.targets.order_by("id")] == [
        (1, "accepted", TargetState.KEPT),
        (1, "arrived", TargetState.KEPT),
        (1, "restored", TargetState.KEPT),
        (2, "accepted", TargetState.RUNNING),
        (2, "arrived", TargetState.RUNNING),
    ]
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_call_back_counts_as_made_after_three_attempts_in_vain(company: Company) -> None:
    order = resolved(company)
    for attempt in range(3):
        services.record_call_back(
            work_order_id=order.pk, result=CallBackResult.NO_ANSWER, actor_id=company.chen.pk, at=after(80 + 120 * attempt)
        )
    services.ask_satisfaction(work_order_id=order.pk, source=GradeSource.LINK, actor_id=company.gateway.pk, at=after(330))
    services.settle_unanswered(work_order_id=order.pk, actor_id=company.gateway.pk, at=after(20_000))

    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(20_001))

    order.refresh_from_db()
    assert (order.stage, order.grade) == (Stage.CLOSED, None)


def test_reopening_is_possible_within_the_window_only(company: Company) -> None:
    order = settled(company)
    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))
    day = 24 * 60

    with refused(services.CannotReopen):
        services.reopen_work_order(
            work_order_id=order.pk, reason=ReopenReason.CAME_BACK, actor_id=company.li.pk, at=after(90 + 7 * day + 1)
        )
    services.reopen_work_order(
        work_order_id=order.pk, reason=ReopenReason.CAME_BACK, actor_id=company.li.pk, at=after(90 + 7 * day)
    )

    order.refresh_from_db()
    assert (order.stage, order.round, order.grade, order.closed_at) == (Stage.OPEN, 2, None, None)


def test_a_matter_that_ended_early_leaves_the_other_targets_void(company: Company) -> None:
    order = opened(company)

    finish(order, "known", by=company.li, at=after(3))

    assert [(row.kind, row.state) for row in order.targets.order_by("id")] == [
        ("accepted", TargetState.KEPT),
        ("arrived", TargetState.VOID),
    ]
    assert verify_work_order(work_order_id=order.pk).differences == ()


# The facts and rows of each verb.


def test_the_result_is_told_in_words_that_are_kept(company: Company) -> None:
    order = resolved(company)
    count = len(told(order))

    services.tell_result(work_order_id=order.pk, channel="sms", result="New bulb.", actor_id=company.li.pk, at=after(70))

    assert columns(order, "result", "result_told_at", "stage") == ("New bulb.", after(70), Stage.RESOLVED)
    assert since(order, count) == [events.ResultTold(work_order_id=order.pk, channel="sms", actor_id=company.li.pk, at=after(70))]
    services.tell_result(work_order_id=order.pk, channel="phone", actor_id=company.li.pk, at=after(71))
    assert columns(order, "result", "result_told_at") == ("New bulb.", after(71))


def test_nobody_tells_a_result_that_was_not_written(company: Company) -> None:
    order = resolved(company)

    with refused(services.CannotTellResult):
        services.tell_result(work_order_id=order.pk, channel="sms", actor_id=company.li.pk, at=after(70))


@pytest.mark.parametrize(
    ("result", "called_back_min"),
    [(CallBackResult.REACHED, 80), (CallBackResult.REFUSED, 80), (CallBackResult.NO_ANSWER, None)],
)
def test_an_attempt_to_call_back_is_counted(company: Company, result: CallBackResult, called_back_min: float | None) -> None:
    order = resolved(company)
    count = len(told(order))

    services.record_call_back(work_order_id=order.pk, result=result, actor_id=company.chen.pk, at=after(80))

    called_back_at = None if called_back_min is None else after(called_back_min)
    assert columns(order, "call_back_attempt_count", "called_back_at", "stage") == (1, called_back_at, Stage.RESOLVED)
    assert since(order, count) == [
        events.CalledBack(work_order_id=order.pk, result=result, attempt=1, actor_id=company.chen.pk, at=after(80))
    ]


def test_asking_for_a_grade_and_no_answer_settle_it(company: Company) -> None:
    order = resolved(company)
    count = len(told(order))
    about = {"work_order_id": order.pk, "actor_id": company.gateway.pk}

    services.ask_satisfaction(source=GradeSource.LINK, at=after(80), **about)
    services.settle_unanswered(at=after(5000), **about)

    assert columns(order, "satisfaction_asked_at", "grade_settled_at", "grade") == (after(80), after(5000), None)
    assert since(order, count) == [
        events.SatisfactionAsked(source="link", at=after(80), **about),
        events.SatisfactionUnanswered(at=after(5000), **about),
    ]
    with refused(services.CannotGrade):
        services.settle_unanswered(at=after(5001), **about)


def test_nobody_is_unanswered_who_was_not_asked_or_has_answered(company: Company) -> None:
    silent, graded = resolved(company), settled(company)

    for order in (silent, graded):
        with refused(services.CannotGrade):
            services.settle_unanswered(work_order_id=order.pk, actor_id=company.gateway.pk, at=after(5000))


def test_only_a_job_says_that_the_customer_did_not_answer(company: Company) -> None:
    order = resolved(company)
    services.ask_satisfaction(work_order_id=order.pk, source=GradeSource.LINK, actor_id=company.chen.pk, at=after(80))

    with refused(services.CannotGrade):
        services.settle_unanswered(work_order_id=order.pk, actor_id=company.chen.pk, at=after(81))


def test_a_late_grade_still_counts_until_the_matter_is_closed(company: Company) -> None:
    order = resolved(company)
    about = {"work_order_id": order.pk, "actor_id": company.gateway.pk}
    services.ask_satisfaction(source=GradeSource.LINK, at=after(80), **about)
    services.settle_unanswered(at=after(5000), **about)

    services.record_grade(grade=2, source=GradeSource.LINK, at=after(5001), **about)

    assert columns(order, "grade", "grade_settled_at") == (2, after(5001))


@pytest.mark.parametrize("grade", [5, 4, 3, 2])
def test_a_grade_settles_the_matter(company: Company, grade: int) -> None:
    order = resolved(company)
    count = len(told(order))

    services.record_grade(work_order_id=order.pk, grade=grade, source=GradeSource.KEY, actor_id=company.gateway.pk, at=after(80))

    names = ("grade", "grade_source", "satisfaction_asked_at", "grade_settled_at", "stage")
    assert columns(order, *names) == (grade, GradeSource.KEY, after(80), after(80), Stage.RESOLVED)
    assert since(order, count) == [
        events.SatisfactionGraded(work_order_id=order.pk, grade=grade, source="key", actor_id=company.gateway.pk, at=after(80))
    ]


@pytest.mark.parametrize("grade", [0, 6])
def test_there_are_five_grades(company: Company, grade: int) -> None:
    order = resolved(company)

    with refused(services.CannotGrade):
        services.record_grade(
            work_order_id=order.pk, grade=grade, source=GradeSource.LINK, actor_id=company.gateway.pk, at=after(80)
        )


def test_the_worst_grade_is_settled_by_what_the_visit_found(company: Company) -> None:
    order = settled(company, grade=1)
    visit, count = order.visits.get(), len(told(order))
    assert since(order, count - 1) == [
        events.VisitOpened(work_order_id=order.pk, visit_id=visit.pk, actor_id=company.chen.pk, at=after(81))
    ]
    assert columns(order, "grade_settled_at") == (None,)

    services.settle_visit(work_order_id=order.pk, findings="Apologised.", actor_id=company.chen.pk, at=after(200))

    assert columns(visit, "visited_by_id", "settled_at", "findings") == (company.chen.pk, after(200), "Apologised.")
    assert columns(order, "grade", "grade_settled_at") == (1, after(200))
    assert since(order, count) == [
        events.VisitSettled(work_order_id=order.pk, visit_id=visit.pk, actor_id=company.chen.pk, at=after(200))
    ]
    with refused(services.NoVisit):
        services.settle_visit(work_order_id=order.pk, findings="Again.", actor_id=company.chen.pk, at=after(201))


def test_a_visit_needs_findings_and_somebody_who_had_no_part(company: Company) -> None:
    order = settled(company, grade=1)
    PostFactory(staff=company.wang, role=RoleCode.UNIT_HEAD)

    with refused(services.CannotGrade):
        services.settle_visit(work_order_id=order.pk, findings=" ", actor_id=company.zhao.pk, at=after(200))
    with refused(services.CannotGrade):
        services.settle_visit(work_order_id=order.pk, findings="All well.", actor_id=company.wang.pk, at=after(200))


def test_a_visit_outlives_a_reopening_and_settles_no_later_grade(company: Company) -> None:
    order = settled(company, grade=1)
    services.record_call_back(work_order_id=order.pk, result=CallBackResult.UNSOLVED, actor_id=company.chen.pk, at=after(90))
    assert columns(order, "round", "grade") == (2, None)

    services.settle_visit(work_order_id=order.pk, findings="Apologised.", actor_id=company.zhao.pk, at=after(100))

    assert columns(order, "grade_settled_at") == (None,)
    finish(order, "known", by=company.li, at=after(110))
    with refused(services.CannotClose) as refusal:
        services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(120))
    assert refusal.value.missing == (Missing.CALL_BACK, Missing.GRADE)


def test_the_worst_grade_a_second_time_waits_for_the_visit_that_is_open(company: Company) -> None:
    order = settled(company, grade=1)
    services.record_call_back(work_order_id=order.pk, result=CallBackResult.UNSOLVED, actor_id=company.chen.pk, at=after(90))
    finish(order, "known", by=company.li, at=after(110))

    services.record_grade(work_order_id=order.pk, grade=1, source=GradeSource.LINK, actor_id=company.gateway.pk, at=after(120))

    assert order.visits.count() == 1
    services.settle_visit(work_order_id=order.pk, findings="Apologised.", actor_id=company.zhao.pk, at=after(130))
    assert columns(order, "grade", "grade_settled_at") == (1, after(130))


def test_closing_says_what_the_customer_thought(company: Company) -> None:
    order = settled(company, grade=4)
    count = len(told(order))

    services.close_work_order(work_order_id=order.pk, actor_id=company.zhao.pk, at=after(90))

    assert columns(order, "stage", "closed_at", "moved_at") == (Stage.CLOSED, after(90), after(90))
    assert since(order, count) == [
        events.WorkOrderClosed(
            work_order_id=order.pk,
            norm="lamp_out",
            unit_id=company.crew.pk,
            grade=4,
            actor_id=company.zhao.pk,
            at=after(90),
        )
    ]


def test_a_closed_matter_is_not_closed_again_and_nothing_more_is_recorded(company: Company) -> None:
    order = settled(company)
    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(90))
    later = {"work_order_id": order.pk, "at": after(91)}

    with refused(WrongStage):
        services.close_work_order(actor_id=company.li.pk, **later)
    with refused(WrongStage):
        services.tell_result(channel="sms", result="x", actor_id=company.li.pk, **later)
    with refused(WrongStage):
        services.record_call_back(result=CallBackResult.REACHED, actor_id=company.chen.pk, **later)
    with refused(WrongStage):
        services.record_grade(grade=5, source=GradeSource.LINK, actor_id=company.gateway.pk, **later)
    with refused(WrongStage):
        services.ask_satisfaction(source=GradeSource.LINK, actor_id=company.gateway.pk, **later)
    with refused(WrongStage):
        services.settle_unanswered(actor_id=company.gateway.pk, **later)


def test_the_crew_does_not_close(company: Company) -> None:
    order = settled(company)

    with refused(NotAllowed):
        services.close_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(90))


def test_nothing_is_closed_or_reopened_before_it_was_resolved(company: Company) -> None:
    order = settled(company)

    with refused(TimeRunsBackward):
        services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(59))
    with refused(TimeRunsBackward):
        services.reopen_work_order(work_order_id=order.pk, reason=ReopenReason.NOT_SOLVED, actor_id=company.zhao.pk, at=after(59))


def test_a_reopened_matter_begins_anew_with_its_owner_and_keeps_its_verdicts(company: Company) -> None:
    order = settled(company)
    services.make_promise(work_order_id=order.pk, kind=PromiseKind.CALL, due_at=after(999), actor_id=company.li.pk, at=after(82))
    verdicts, count = list(order.targets.order_by("id").values()), len(told(order))

    services.reopen_work_order(work_order_id=order.pk, reason=ReopenReason.NOT_SOLVED, actor_id=company.zhao.pk, at=after(90))

    names = ("stage", "round", "step", "end", "owner_id", "unit_id", "handler_id", "resolved_at", "result_told_at")
    assert columns(order, *names) == (
        Stage.OPEN,
        2,
        "accept",
        "",
        company.li.pk,
        company.centre.pk,
        None,
        None,
        None,
    )
    names = ("called_back_at", "call_back_attempt_count", "grade", "grade_source", "grade_settled_at", "next_due_at")
    assert columns(order, *names) == (None, 0, None, "", None, after(100))
    assert list(order.targets.filter(round=1).order_by("id").values()) == verdicts
    assert order.step_runs.filter(finished_at=None).count() == 1
    assert order.promises.get().state == "OPEN"
    assert since(order, count) == [
        events.WorkOrderReopened(
            work_order_id=order.pk,
            reason="not_solved",
            step="accept",
            unit_id=company.centre.pk,
            round=2,
            actor_id=company.zhao.pk,
            at=after(90),
        )
    ]


def test_an_open_matter_is_not_reopened(company: Company) -> None:
    order = opened(company)

    with refused(services.CannotReopen):
        services.reopen_work_order(work_order_id=order.pk, reason=ReopenReason.NOT_SOLVED, actor_id=company.li.pk, at=after(1))


def test_a_norm_without_call_back_and_survey_closes_when_it_is_told(db: None) -> None:
    company = small_company(norm=lamp_out(survey=False, call_back={"needed": False, "why": words("No.")}))
    order = resolved(company)

    services.close_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(70))

    assert columns(order, "stage", "grade_settled_at") == (Stage.CLOSED, None)


def test_the_database_itself_refuses_a_closed_matter_without_a_settled_grade(company: Company) -> None:
    order = resolved(company)

    with pytest.raises(IntegrityError, match="work_order_closed_has_settled_grade"), transaction.atomic():
        WorkOrder.objects.filter(pk=order.pk).update(stage=Stage.CLOSED, closed_at=after(70))


def test_the_database_itself_refuses_a_matter_without_an_owner_or_with_two_open_steps(company: Company) -> None:
    order = opened(company)

    with pytest.raises(IntegrityError, match="owner_id"), transaction.atomic():
        WorkOrder.objects.filter(pk=order.pk).update(owner=None)
    with pytest.raises(IntegrityError, match="step_run_one_open_for_each_matter"), transaction.atomic():
        StepRun.objects.create(work_order=order, step="arrive", unit=company.crew, entered_at=after(1))


# Who had a part in the work.


def test_whoever_had_a_part_neither_calls_back_nor_grades_nor_visits(company: Company) -> None:
    """Zhao finished the step that Wang had taken; Li opened the matter, which Zhao owns now; Chen promised to call."""
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    services.take_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(6))
    finish(order, "there", by=company.gateway, at=after(40))
    finish(order, "mended", by=company.wang, at=after(60))
    services.change_owner(
        work_order_id=order.pk, to_staff_id=company.zhao.pk, reason="On leave.", actor_id=company.zhao.pk, at=after(61)
    )
    promised_at = after(63)
    services.make_promise(work_order_id=order.pk, kind=PromiseKind.CALL, due_at=promised_at, actor_id=company.li.pk, at=after(62))
    for person in (company.li, company.wang, company.zhao):
        PostFactory(staff=person, role=RoleCode.CALL_BACK_AGENT, unit=company.centre)

    for person in (company.li, company.wang, company.zhao):
        with refused(services.CannotCallBack, NotAllowed):
            services.record_call_back(work_order_id=order.pk, result=CallBackResult.REACHED, actor_id=person.pk, at=after(70))
        with refused(services.CannotGrade, NotAllowed):
            services.record_grade(work_order_id=order.pk, grade=5, source=GradeSource.CALL_BACK, actor_id=person.pk, at=after(70))
        with refused(services.CannotGrade, NotAllowed):
            services.ask_satisfaction(work_order_id=order.pk, source=GradeSource.CALL_BACK, actor_id=person.pk, at=after(70))
    services.record_call_back(work_order_id=order.pk, result=CallBackResult.REACHED, actor_id=company.chen.pk, at=after(70))


def test_attempts_in_vain_count_with_time_between_them(company: Company) -> None:
    order = resolved(company)

    def call(minute: float, result: CallBackResult = CallBackResult.NO_ANSWER) -> None:
        services.record_call_back(work_order_id=order.pk, result=result, actor_id=company.chen.pk, at=after(minute))

    call(80)
    with refused(services.CannotCallBack):
        call(199)
    call(200)
    call(201, CallBackResult.REACHED)

    assert columns(order, "call_back_attempt_count", "called_back_at") == (3, after(201))


def test_the_customers_grade_is_not_reopened_away_by_whoever_worked_on_it(company: Company) -> None:
    order = settled(company, grade=2)

    for person in (company.li, company.wang):
        with refused(services.CannotReopen, NotAllowed):
            services.reopen_work_order(
                work_order_id=order.pk, reason=ReopenReason.WRONGLY_CLOSED, actor_id=person.pk, at=after(90)
            )
    services.reopen_work_order(work_order_id=order.pk, reason=ReopenReason.NOT_SOLVED, actor_id=company.zhao.pk, at=after(90))

    assert columns(order, "stage") == (Stage.OPEN,)


def test_what_was_told_before_the_result_was_there_does_not_count(company: Company) -> None:
    order = opened(company, customer_id=CustomerFactory().pk)
    services.tell_result(work_order_id=order.pk, channel="phone", result="We look into it.", actor_id=company.li.pk, at=after(1))
    finish(order, "sent", by=company.li, at=after(5))
    finish(order, "there", by=company.wang, at=after(40))

    services.finish_step(work_order_id=order.pk, outcome="mended", result="A new wire.", actor_id=company.wang.pk, at=after(60))

    assert columns(order, "result", "result_told_at") == ("A new wire.", None)
