import pytest

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.loop.workorders import events, services
from shouwen.loop.workorders.choices import HandOverReason, Stage, TargetState
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.services.matter import TimeRunsBackward, WrongStage
from shouwen.loop.workorders.tests.factories import NOON, Company, after, finish, ledger, opened, resolved, since, told
from shouwen.loop.workorders.tests.proofs import columns, refused
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import PostFactory, StaffFactory

# Taking.


def test_taking_makes_the_step_the_actors_own(company: Company) -> None:
    order = opened(company)

    services.take_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(1))

    assert columns(order, "handler_id", "owner_id", "step", "moved_at") == (company.li.pk, company.li.pk, "accept", NOON)
    assert columns(order.step_runs.get(), "staff_id", "taken_at", "finished_at") == (company.li.pk, after(1), None)
    assert since(order, 1) == [
        events.StepTaken(work_order_id=order.pk, step="accept", staff_id=company.li.pk, actor_id=company.li.pk, at=after(1))
    ]


def test_taking_ones_own_again_changes_nothing(company: Company) -> None:
    order = opened(company)
    services.take_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(1))

    services.take_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(2))

    assert told(order) == ["WorkOrderOpened", "StepTaken"]
    assert columns(order.step_runs.get(), "taken_at") == (after(1),)


def test_what_somebody_has_taken_cannot_be_taken_again(company: Company) -> None:
    order = opened(company)
    services.take_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(1))

    with refused(services.AlreadyTaken) as refusal:
        services.take_work_order(work_order_id=order.pk, actor_id=company.zhao.pk, at=after(2))

    assert refusal.value.explain() == "Li has already taken this step."


def test_a_resolved_matter_has_no_step_to_take(company: Company) -> None:
    order = resolved(company)

    with refused(services.CannotTake):
        services.take_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(61))


def test_nobody_takes_the_work_of_another_unit(company: Company) -> None:
    order = opened(company, by=company.wang)

    with refused(NotAllowed):
        services.take_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(1))


def test_what_does_not_exist_cannot_be_taken(company: Company) -> None:
    with refused(NotFound):
        services.take_work_order(work_order_id=10**9, actor_id=company.li.pk, at=NOON)


def test_nothing_happens_before_the_opening(company: Company) -> None:
    order = opened(company)

    with refused(TimeRunsBackward):
        services.take_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(-1))


# Finishing a step.


def test_a_step_finished_in_time_hands_the_work_to_the_next_unit(company: Company) -> None:
    order = opened(company)

    finish(order, "sent", by=company.li, at=after(5))

    about = {"work_order_id": order.pk, "actor_id": company.li.pk, "at": after(5)}
    assert columns(order, "stage", "step", "unit_id", "owner_id", "handler_id", "moved_at", "next_due_at") == (
        Stage.OPEN,
        "arrive",
        company.crew.pk,
        company.li.pk,
        None,
        after(5),
        after(45),
    )
    runs = order.step_runs.order_by("id").values_list("step", "unit_id", "staff_id", "taken_at", "finished_at", "outcome")
    assert list(runs) == [
        ("accept", company.centre.pk, company.li.pk, after(5), after(5), "sent"),
        ("arrive", company.crew.pk, None, None, None, ""),
    ]
    hand_over = order.hand_overs.get()
    assert columns(hand_over, "step", "from_unit_id", "to_unit_id", "by_staff_id", "reason", "at", "score") == (
        "arrive",
        company.centre.pk,
        company.crew.pk,
        company.li.pk,
        HandOverReason.NEXT_STEP,
        after(5),
        None,
    )
    target = order.targets.get(kind="accepted")
    assert columns(target, "state", "met_at", "verdict_at", "next_alarm_at") == (TargetState.KEPT, after(5), after(5), None)
    assert since(order, 1) == [
        events.StepFinished(
            step="accept",
            outcome="sent",
            is_back=False,
            next_step="arrive",
            next_unit_id=company.crew.pk,
            end=None,
            **about,
        ),
        events.VerdictGiven(
            target="accepted",
            state="KEPT",
            due_at=after(10),
            met_at=after(5),
            policy_digest=target.policy_digest,
            calendar_digest=target.calendar_digest,
            digest=target.verdict_digest,
            **about,
        ),
        events.HandedOver(
            hand_over_id=hand_over.pk,
            step="arrive",
            from_unit_id=company.centre.pk,
            to_unit_id=company.crew.pk,
            reason="next_step",
            **about,
        ),
    ]


def test_a_step_finished_too_late_is_broken(company: Company) -> None:
    order = opened(company)

    finish(order, "sent", by=company.li, at=after(11))

    assert columns(order.targets.get(kind="accepted"), "state", "due_at", "met_at") == (
        TargetState.BROKEN,
        after(10),
        after(11),
    )


def test_the_next_step_in_the_same_unit_is_no_hand_over_and_begins_its_own_clock(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    services.take_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(20))

    finish(order, "there", by=company.wang, at=after(40))

    assert told(order)[-2:] == ["StepFinished", "VerdictGiven"]
    assert columns(order, "step", "unit_id", "handler_id") == ("mend", company.crew.pk, None)
    assert columns(order.step_runs.get(step="arrive"), "staff_id", "taken_at", "finished_at") == (
        company.wang.pk,
        after(20),
        after(40),
    )
    assert columns(order.targets.get(kind="restored"), "start_at", "state") == (after(40), TargetState.RUNNING)


def test_a_way_back_reaches_nothing_and_the_clock_runs_on(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))

    finish(order, "wrong_place", by=company.wang, at=after(15))

    assert columns(order, "step", "unit_id") == ("accept", company.centre.pk)
    assert columns(order.targets.get(kind="arrived"), "state", "due_at") == (TargetState.RUNNING, after(45))
    assert columns(order.targets.get(kind="accepted"), "state", "met_at") == (TargetState.KEPT, after(5))
    assert told(order)[-2:] == ["StepFinished", "HandedOver"]

    finish(order, "sent", by=company.li, at=after(20))
    finish(order, "there", by=company.wang, at=after(44))

    assert [(row.kind, row.state) for row in order.targets.order_by("id")] == [
        ("accepted", TargetState.KEPT),
        ("arrived", TargetState.KEPT),
        ("restored", TargetState.RUNNING),
    ]
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_the_last_step_resolves_the_matter(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    finish(order, "there", by=company.wang, at=after(40))
    count = len(told(order))

    services.finish_step(work_order_id=order.pk, outcome="mended", result="New bulb.", actor_id=company.wang.pk, at=after(60))

    about = {"work_order_id": order.pk, "actor_id": company.wang.pk, "at": after(60)}
    names = ("stage", "step", "end", "resolved_at", "result", "handler_id", "next_due_at", "owner_id", "unit_id")
    assert columns(order, *names) == (
        Stage.RESOLVED,
        "",
        "end_mended",
        after(60),
        "New bulb.",
        None,
        None,
        company.li.pk,
        company.crew.pk,
    )
    assert not order.step_runs.filter(finished_at=None).exists()
    finished, verdict, resolution = since(order, count)
    assert finished == events.StepFinished(
        step="mend", outcome="mended", is_back=False, next_step=None, next_unit_id=None, end="end_mended", **about
    )
    assert (verdict.target, verdict.state, verdict.met_at) == ("restored", "KEPT", after(60))
    assert resolution == events.WorkOrderResolved(
        norm="lamp_out",
        end="end_mended",
        success=True,
        customer_id=None,
        call_back_needed=True,
        survey_needed=True,
        **about,
    )


def test_an_early_end_judges_what_still_runs(company: Company) -> None:
    order = opened(company)

    finish(order, "known", by=company.li, at=after(50))

    assert [(row.kind, row.state, row.met_at) for row in order.targets.order_by("id")] == [
        ("accepted", TargetState.BROKEN, after(50)),
        ("arrived", TargetState.BROKEN, None),
    ]
    assert told(order)[1:] == ["StepFinished", "VerdictGiven", "VerdictGiven", "WorkOrderResolved"]
    assert ledger(order)[-1].success is False
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_an_unknown_outcome_is_refused_with_those_that_there_are(company: Company) -> None:
    order = opened(company)

    with refused(services.CannotFinishStep) as refusal:
        finish(order, "mended", by=company.li, at=after(1))

    assert "sent, known" in refusal.value.explain()


def test_what_another_has_taken_only_their_leader_finishes(company: Company) -> None:
    order = opened(company)
    sun = StaffFactory(home_unit=company.centre, name="Sun")
    PostFactory(staff=sun, role=RoleCode.AGENT)
    services.take_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(1))

    with refused(services.CannotFinishStep):
        finish(order, "sent", by=sun, at=after(2))
    finish(order, "sent", by=company.zhao, at=after(3))

    assert columns(order, "step") == ("arrive",)
    assert columns(order.step_runs.get(step="accept"), "staff_id") == (company.li.pk,)


def test_nothing_is_finished_while_the_clock_stands(company: Company) -> None:
    order = opened(company)
    services.pause_work_order(work_order_id=order.pk, reason="waiting_for_customer", actor_id=company.li.pk, at=after(1))

    with refused(services.CannotFinishStep):
        finish(order, "sent", by=company.li, at=after(2))


def test_a_resolved_matter_has_no_step_to_finish(company: Company) -> None:
    order = resolved(company)

    with refused(WrongStage):
        finish(order, "mended", by=company.wang, at=after(61))


def test_the_owner_does_not_finish_the_step_of_another_unit(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    outsider = StaffFactory(home_unit=company.other_crew)

    with refused(NotAllowed):
        finish(order, "there", by=company.li, at=after(6))
    with refused(NotFound):
        finish(order, "there", by=outsider, at=after(6))


@pytest.mark.parametrize("minute", [4, 4.999])
def test_a_step_does_not_end_before_it_began(company: Company, minute: float) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))

    with refused(TimeRunsBackward):
        finish(order, "there", by=company.wang, at=after(minute))

    finish(order, "there", by=company.wang, at=after(5))
    assert columns(order, "step", "moved_at") == ("mend", after(5))
