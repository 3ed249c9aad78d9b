import pytest

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.loop.workorders import events, services
from shouwen.loop.workorders.choices import HandOverReason, Stage
from shouwen.loop.workorders.models import Assist, HandOver, Note
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.services.matter import TimeRunsBackward, WrongStage
from shouwen.loop.workorders.tests.factories import Company, after, finish, opened, resolved, since, told
from shouwen.loop.workorders.tests.proofs import columns, refused
from shouwen.platform.people.models import Staff, Unit
from shouwen.platform.people.services.employment import end_employment
from shouwen.platform.people.tests.factories import PostFactory, StaffFactory, UnitFactory, administrator

# Hand-over.


def hand_over(company: Company, order_id: int, to: Unit, *, by: Staff | None = None, minute: float = 6) -> int:
    return services.hand_over_work_order(
        work_order_id=order_id,
        to_unit_id=to.pk,
        reason=HandOverReason.WRONG_DISTRICT,
        words="East of the river.",
        actor_id=(by or company.wang).pk,
        at=after(minute),
    )


def test_work_moves_and_the_owner_and_the_clocks_stay(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    services.take_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(6))
    targets, count = list(order.targets.order_by("id").values()), len(told(order))

    hand_over_id = hand_over(company, order.pk, company.other_crew, minute=7)

    assert columns(order, "owner_id", "unit_id", "main_unit_id", "step", "handler_id", "moved_at", "next_due_at") == (
        company.li.pk,
        company.other_crew.pk,
        company.centre.pk,
        "arrive",
        None,
        after(7),
        after(45),
    )
    runs = order.step_runs.order_by("id").values_list("step", "unit_id", "staff_id", "finished_at", "outcome")
    assert list(runs)[1:] == [
        ("arrive", company.crew.pk, company.wang.pk, after(7), "handed_over"),
        ("arrive", company.other_crew.pk, None, None, ""),
    ]
    row = HandOver.objects.get(pk=hand_over_id)
    assert columns(row, "from_unit_id", "to_unit_id", "by_staff_id", "reason", "words") == (
        company.crew.pk,
        company.other_crew.pk,
        company.wang.pk,
        HandOverReason.WRONG_DISTRICT,
        "East of the river.",
    )
    assert list(order.targets.order_by("id").values()) == targets
    assert since(order, count) == [
        events.HandedOver(
            work_order_id=order.pk,
            hand_over_id=hand_over_id,
            step="arrive",
            from_unit_id=company.crew.pk,
            to_unit_id=company.other_crew.pk,
            reason="wrong_district",
            actor_id=company.wang.pk,
            at=after(7),
        )
    ]
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_a_hand_over_during_a_pause_leaves_the_clocks_standing(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    services.pause_work_order(work_order_id=order.pk, reason="waiting_for_customer", actor_id=company.wang.pk, at=after(6))

    hand_over(company, order.pk, company.other_crew, minute=7)

    assert columns(order, "next_due_at", "paused_at") == (None, after(6))
    assert set(order.targets.filter(kind="arrived").values_list("state", "next_alarm_at")) == {("PAUSED", None)}


def test_work_is_not_handed_to_where_it_is_to_nowhere_or_to_a_closed_unit(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    gone = UnitFactory(closed_at=after(-60))

    for to in (company.crew, Unit(pk=10**9), gone):
        with refused(services.CannotHandOver):
            hand_over(company, order.pk, to)


def test_a_resolved_matter_is_not_handed_over(company: Company) -> None:
    order = resolved(company)

    with refused(WrongStage):
        hand_over(company, order.pk, company.other_crew, minute=61)


def test_work_is_not_handed_over_before_it_came(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))

    with refused(TimeRunsBackward):
        hand_over(company, order.pk, company.other_crew, minute=4)


def test_a_unit_that_passed_the_work_on_does_not_move_it_any_more(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    hand_over(company, order.pk, company.other_crew)

    with refused(NotAllowed):
        hand_over(company, order.pk, company.crew, minute=8)


# Rating.


def handed(company: Company) -> tuple[int, int]:
    """Return a matter sent to the crew, and its hand-over."""
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    return order.pk, order.hand_overs.get().pk


def rate(hand_over_id: int, score: int, by: Staff, minute: float = 10) -> None:
    services.rate_hand_over(hand_over_id=hand_over_id, score=score, actor_id=by.pk, at=after(minute))


def test_the_receiver_rates_a_hand_over_once(company: Company) -> None:
    order_id, hand_over_id = handed(company)

    rate(hand_over_id, 4, company.wang)

    row = HandOver.objects.get(pk=hand_over_id)
    assert (row.score, row.rated_by_id, row.rated_at) == (4, company.wang.pk, after(10))
    assert since(row.work_order, 4) == [
        events.HandOverRated(work_order_id=order_id, hand_over_id=hand_over_id, score=4, actor_id=company.wang.pk, at=after(10))
    ]
    with refused(services.AlreadyRated):
        rate(hand_over_id, 5, company.wang)


def test_the_receiver_rates_also_after_passing_the_work_on(company: Company) -> None:
    order_id, hand_over_id = handed(company)
    onward_id = hand_over(company, order_id, company.other_crew)

    rate(hand_over_id, 2, company.wang)

    assert HandOver.objects.get(pk=hand_over_id).score == 2
    with refused(services.CannotHandOver):
        rate(onward_id, 5, company.wang)


@pytest.mark.parametrize("score", [0, 6])
def test_a_score_is_between_one_and_five(company: Company, score: int) -> None:
    _, hand_over_id = handed(company)

    with refused(services.CannotHandOver):
        rate(hand_over_id, score, company.wang)


def test_the_sender_does_not_rate_its_own_hand_over(company: Company) -> None:
    _, hand_over_id = handed(company)

    with refused(services.CannotHandOver):
        rate(hand_over_id, 5, company.zhao)


def test_a_hand_over_that_does_not_exist_is_not_found(company: Company) -> None:
    with refused(NotFound):
        rate(10**9, 5, company.wang)


# Help.


def ask(order_id: int, unit: Unit, by: Staff) -> int:
    return services.ask_assist(
        work_order_id=order_id, unit_id=unit.pk, question="Is the ladder with you?", actor_id=by.pk, at=after(6)
    )


def test_help_is_asked_and_given_while_the_work_stays(company: Company) -> None:
    order = opened(company)
    assist_id = ask(order.pk, company.crew, company.li)

    services.give_assist(assist_id=assist_id, answer="Yes.", actor_id=company.wang.pk, at=after(9))

    assert columns(order, "unit_id", "step") == (company.centre.pk, "accept")
    assert Assist.objects.filter(pk=assist_id).values().get() == {
        "id": assist_id,
        "work_order_id": order.pk,
        "unit_id": company.crew.pk,
        "asked_by_id": company.li.pk,
        "asked_at": after(6),
        "question": "Is the ladder with you?",
        "given_by_id": company.wang.pk,
        "given_at": after(9),
        "answer": "Yes.",
    }
    assert since(order, 1) == [
        events.AssistAsked(
            work_order_id=order.pk, assist_id=assist_id, unit_id=company.crew.pk, actor_id=company.li.pk, at=after(6)
        ),
        events.AssistGiven(work_order_id=order.pk, assist_id=assist_id, actor_id=company.wang.pk, at=after(9)),
    ]


def test_help_is_given_once_and_by_the_unit_that_was_asked(company: Company) -> None:
    order = opened(company)
    assist_id, other_id = ask(order.pk, company.crew, company.li), ask(order.pk, company.other_crew, company.li)
    services.give_assist(assist_id=assist_id, answer="Yes.", actor_id=company.wang.pk, at=after(9))

    with refused(services.NotAsked):
        services.give_assist(assist_id=assist_id, answer="No.", actor_id=company.wang.pk, at=after(10))
    with refused(services.NotAsked):
        services.give_assist(assist_id=other_id, answer="No.", actor_id=company.wang.pk, at=after(10))


def test_a_call_for_help_that_one_may_not_know_looks_like_one_that_is_not_there(company: Company) -> None:
    order = opened(company)
    assist_id = ask(order.pk, company.crew, company.li)
    outsider = StaffFactory(home_unit=company.other_crew)

    for wanted in (assist_id, 10**9):
        with refused(NotFound):
            services.give_assist(assist_id=wanted, answer="Yes.", actor_id=outsider.pk, at=after(9))


def test_a_closed_unit_is_not_asked(company: Company) -> None:
    order = opened(company)

    with refused(NotFound):
        ask(order.pk, UnitFactory(closed_at=after(-1)), company.li)


# Another owner.


def change_owner(order_id: int, to: Staff, by: Staff, reason: str = "On leave from tomorrow.") -> None:
    services.change_owner(work_order_id=order_id, to_staff_id=to.pk, reason=reason, actor_id=by.pk, at=after(9))


def test_a_supervisor_gives_a_matter_another_owner_and_says_why_in_a_note(company: Company) -> None:
    order = opened(company)

    change_owner(order.pk, company.chen, company.zhao)

    note = Note.objects.get(work_order=order)
    assert columns(order, "owner_id") == (company.chen.pk,)
    assert (note.text, note.is_public, note.author_id, note.at) == (
        "On leave from tomorrow.",
        False,
        company.zhao.pk,
        after(9),
    )
    assert since(order, 1) == [
        events.OwnerChanged(
            work_order_id=order.pk,
            from_staff_id=company.li.pk,
            to_staff_id=company.chen.pk,
            note_id=note.pk,
            actor_id=company.zhao.pk,
            at=after(9),
        )
    ]


def test_the_owner_cannot_give_the_matter_away(company: Company) -> None:
    order = opened(company)

    with refused(NotAllowed):
        change_owner(order.pk, company.chen, company.li)


def test_a_new_owner_is_another_person_who_works_here_and_there_is_a_reason(company: Company) -> None:
    order = opened(company)
    gone = StaffFactory(home_unit=company.centre)
    end_employment(staff_id=gone.pk, actor_id=administrator().pk, at=after(1))

    for to, reason in (
        (company.chen, " "),
        (company.li, "x"),
        (gone, "x"),
        (company.gateway, "x"),
        (Staff(pk=10**9), "x"),
    ):
        with refused(services.CannotHandOver):
            change_owner(order.pk, to, company.zhao, reason)


def test_the_leader_of_another_unit_changes_no_owner(company: Company) -> None:
    order = opened(company)
    head = StaffFactory(home_unit=company.other_crew)
    PostFactory(staff=head, role="unit_head")

    with refused(NotFound):
        change_owner(order.pk, company.chen, head)


def test_the_stage_does_not_matter_for_the_owner(company: Company) -> None:
    order = resolved(company)

    services.change_owner(work_order_id=order.pk, to_staff_id=company.chen.pk, reason="x", actor_id=company.zhao.pk, at=after(61))

    assert columns(order, "owner_id", "stage") == (company.chen.pk, Stage.RESOLVED)


def test_what_somebody_works_on_is_handed_over_by_them_their_leader_or_the_owner(company: Company) -> None:
    colleague = StaffFactory(home_unit=company.crew, name="Sun")
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    services.take_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(6))

    with refused(services.CannotHandOver):
        hand_over(company, order.pk, company.other_crew, by=colleague, minute=7)
