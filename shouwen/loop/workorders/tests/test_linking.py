import pytest

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.loop.workorders import events, services
from shouwen.loop.workorders.choices import CallBackResult, GradeSource, LinkKind, PromiseKind, ReopenReason, Stage, TargetState
from shouwen.loop.workorders.models import Link, WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.services.matter import TimeRunsBackward
from shouwen.loop.workorders.tests.factories import (
    Company,
    after,
    finish,
    ledger,
    opened,
    resolved,
    settled,
    since,
    told,
)
from shouwen.loop.workorders.tests.proofs import columns, refused
from shouwen.records.customers.tests.factories import CustomerFactory


def link(company: Company, one: WorkOrder, other: WorkOrder, kind: LinkKind = LinkKind.RELATED) -> int:
    return services.link_work_orders(from_id=one.pk, to_id=other.pk, kind=kind, actor_id=company.li.pk, at=after(9))


def merge(company: Company, one: WorkOrder, other: WorkOrder, minute: float = 9) -> int:
    return services.merge_work_order(work_order_id=one.pk, into_id=other.pk, actor_id=company.li.pk, at=after(minute))


def undo(company: Company, link_id: int, minute: float) -> None:
    services.undo_link(link_id=link_id, actor_id=company.li.pk, at=after(minute))


# Linking.


def test_two_matters_are_linked_and_neither_moves(company: Company) -> None:
    one, other = opened(company), opened(company)
    before = list(WorkOrder.objects.order_by("id").values())

    link_id = link(company, one, other, LinkKind.DUPLICATE)

    row = Link.objects.get(pk=link_id)
    assert columns(row, "kind", "from_order_id", "to_order_id", "made_by_id", "made_at", "undone_at") == (
        LinkKind.DUPLICATE,
        one.pk,
        other.pk,
        company.li.pk,
        after(9),
        None,
    )
    assert list(WorkOrder.objects.order_by("id").values()) == before
    assert since(one, 1) == [
        events.Linked(
            work_order_id=one.pk,
            link_id=link_id,
            link="duplicate",
            other_id=other.pk,
            actor_id=company.li.pk,
            at=after(9),
        )
    ]
    assert told(other) == ["WorkOrderOpened"]


def test_a_link_is_taken_back_and_can_be_made_again(company: Company) -> None:
    one, other = opened(company), opened(company)
    link_id = link(company, one, other)

    undo(company, link_id, 10)

    assert columns(Link.objects.get(pk=link_id), "undone_by_id", "undone_at") == (company.li.pk, after(10))
    assert since(one, 2) == [
        events.Unlinked(work_order_id=one.pk, link_id=link_id, other_id=other.pk, actor_id=company.li.pk, at=after(10))
    ]
    with refused(services.CannotLink):
        undo(company, link_id, 11)
    assert link(company, one, other) != link_id


def test_what_is_linked_already_or_to_itself_is_refused(company: Company) -> None:
    one, other = opened(company), opened(company)
    link(company, one, other)

    with refused(services.CannotLink):
        link(company, one, other)
    with refused(services.CannotLink):
        link(company, one, one)


@pytest.mark.parametrize("kind", [LinkKind.MERGED, LinkKind.SPLIT])
def test_a_link_alone_neither_merges_nor_splits(company: Company, kind: LinkKind) -> None:
    one, other = opened(company), opened(company)

    with refused(services.CannotLink):
        link(company, one, other, kind)


def test_both_ends_must_be_known_to_whoever_links_them(company: Company) -> None:
    one, other = opened(company), opened(company)
    finish(one, "sent", by=company.li, at=after(5))
    services.take_work_order(work_order_id=one.pk, actor_id=company.wang.pk, at=after(6))

    for missing in (other.pk, 10**9):
        with refused(NotFound):
            services.link_work_orders(from_id=one.pk, to_id=missing, kind=LinkKind.RELATED, actor_id=company.wang.pk, at=after(9))


def test_a_link_that_is_not_there_or_not_known_is_not_found(company: Company) -> None:
    link_id = link(company, opened(company), opened(company))

    for wanted in (link_id, 10**9):
        with refused(NotFound):
            services.undo_link(link_id=wanted, actor_id=company.wang.pk, at=after(10))


# Merging.


def test_a_merged_matter_is_closed_and_its_clocks_are_judged(company: Company) -> None:
    one, other = opened(company), opened(company)

    link_id = merge(company, one, other)

    assert columns(one, "stage", "merged_into_id", "end", "closed_at", "resolved_at", "step", "next_due_at") == (
        Stage.CLOSED,
        other.pk,
        "merged",
        after(9),
        after(9),
        "",
        None,
    )
    assert columns(one, "owner_id", "grade", "grade_settled_at") == (company.li.pk, None, None)
    assert list(one.step_runs.values_list("step", "finished_at", "outcome")) == [("accept", after(9), "merged")]
    assert set(one.targets.values_list("state", flat=True)) == {TargetState.VOID}
    assert columns(other, "stage", "step", "moved_at") == (Stage.OPEN, "accept", after(0))
    about = {"work_order_id": one.pk, "actor_id": company.li.pk, "at": after(9)}
    linked, first, second, resolution, closure = since(one, 1)
    assert linked == events.Linked(link_id=link_id, link="merged", other_id=other.pk, **about)
    assert [(fact.target, fact.state) for fact in (first, second)] == [("accepted", "VOID"), ("arrived", "VOID")]
    assert resolution == events.WorkOrderResolved(
        norm="lamp_out",
        end="merged",
        success=False,
        customer_id=None,
        call_back_needed=False,
        survey_needed=False,
        **about,
    )
    assert closure == events.WorkOrderClosed(norm="lamp_out", unit_id=company.centre.pk, grade=None, **about)
    assert verify_work_order(work_order_id=one.pk).differences == ()


def test_a_paused_matter_is_merged_and_replays(company: Company) -> None:
    one, other = opened(company), opened(company)
    services.pause_work_order(work_order_id=one.pk, reason="waiting_for_customer", actor_id=company.li.pk, at=after(4))

    merge(company, one, other, 30)

    assert columns(one, "paused_at", "pause_reason", "stage") == (None, "", Stage.CLOSED)
    assert told(one)[3] == "ClockResumed"
    assert list(one.targets.order_by("id").values_list("state", "due_at")) == [
        (TargetState.VOID, after(36)),
        (TargetState.VOID, after(71)),
    ]
    assert verify_work_order(work_order_id=one.pk).differences == ()


def test_what_was_overdue_when_it_was_merged_stays_broken(company: Company) -> None:
    one, other = opened(company), opened(company)

    merge(company, one, other, 20)

    assert list(one.targets.order_by("id").values_list("state", flat=True)) == [TargetState.BROKEN, TargetState.VOID]


def test_what_is_resolved_is_closed_by_itself_and_not_merged(company: Company) -> None:
    one, other = resolved(company), opened(company)

    with refused(services.CannotLink):
        merge(company, one, other, 61)
    with refused(services.CannotLink):
        merge(company, other, one, 61)


def test_each_customer_keeps_a_matter_of_their_own(company: Company) -> None:
    first, second = CustomerFactory.create_batch(2)
    one, other, third = (opened(company, customer_id=customer.pk) for customer in (first, second, first))

    with refused(services.CannotLink):
        merge(company, one, other)
    merge(company, one, third)

    assert columns(one, "merged_into_id") == (third.pk,)


def test_what_is_still_owed_to_the_customer_is_not_merged_away(company: Company) -> None:
    one, other = opened(company), opened(company)
    promise_id = services.make_promise(
        work_order_id=one.pk, kind=PromiseKind.CALL, due_at=after(30), actor_id=company.li.pk, at=after(1)
    )

    with refused(services.CannotLink):
        merge(company, one, other)
    services.keep_promise(promise_id=promise_id, actor_id=company.li.pk, at=after(8))
    merge(company, one, other)

    graded = settled(company, grade=1)
    services.reopen_work_order(work_order_id=graded.pk, reason=ReopenReason.NOT_SOLVED, actor_id=company.zhao.pk, at=after(90))
    with refused(services.CannotLink):
        merge(company, graded, other, 91)


def test_merging_undone_the_matter_goes_on_where_it_was_and_its_clocks_have_run_on(company: Company) -> None:
    one, other = opened(company), opened(company)
    finish(one, "sent", by=company.li, at=after(5))
    link_id = merge(company, one, other, 44)

    undo(company, link_id, 50)

    assert columns(one, "stage", "round", "step", "unit_id", "merged_into_id", "closed_at", "end", "next_due_at") == (
        Stage.OPEN,
        2,
        "arrive",
        company.crew.pk,
        None,
        None,
        "",
        after(45),
    )
    assert [(row.round, row.kind, row.state, row.start_at, row.due_at) for row in one.targets.order_by("id")] == [
        (1, "accepted", TargetState.KEPT, after(0), after(10)),
        (1, "arrived", TargetState.VOID, after(0), after(45)),
        (2, "arrived", TargetState.RUNNING, after(0), after(45)),
    ]
    assert told(one)[-2:] == ["Unlinked", "WorkOrderReopened"]
    assert verify_work_order(work_order_id=one.pk).differences == ()

    finish(one, "wrong_place", by=company.wang, at=after(51))
    finish(one, "sent", by=company.li, at=after(52))
    finish(one, "there", by=company.wang, at=after(53))
    assert [(row.round, row.kind, row.state) for row in one.targets.order_by("id")] == [
        (1, "accepted", TargetState.KEPT),
        (1, "arrived", TargetState.VOID),
        (2, "arrived", TargetState.BROKEN),
        (2, "restored", TargetState.RUNNING),
    ]
    assert verify_work_order(work_order_id=one.pk).differences == ()


def test_pauses_before_a_merging_count_after_it_was_undone(company: Company) -> None:
    one, other = opened(company), opened(company)
    services.pause_work_order(work_order_id=one.pk, reason="waiting_for_customer", actor_id=company.li.pk, at=after(4))
    link_id = merge(company, one, other, 30)

    undo(company, link_id, 31)

    assert list(one.targets.filter(round=2).order_by("id").values_list("kind", "due_at")) == [
        ("accepted", after(36)),
        ("arrived", after(71)),
    ]
    assert verify_work_order(work_order_id=one.pk).differences == ()


def test_merging_goes_one_step_deep(company: Company) -> None:
    one, other, third = opened(company), opened(company), opened(company)
    merge(company, one, other)

    with refused(services.CannotLink):
        merge(company, other, third)  # others were merged into it
    with refused(services.CannotLink):
        merge(company, third, one)  # is merged itself
    with refused(services.CannotLink):
        merge(company, one, third)
    with refused(services.CannotLink):
        merge(company, other, other)


def test_a_grade_is_never_merged_away(company: Company) -> None:
    one, other = settled(company, grade=1), opened(company)

    with refused(services.CannotLink):
        merge(company, one, other, 100)


def test_a_merged_matter_is_not_reopened_by_itself(company: Company) -> None:
    one, other = opened(company), opened(company)
    merge(company, one, other)

    with refused(services.CannotReopen):
        services.reopen_work_order(work_order_id=one.pk, reason=ReopenReason.CAME_BACK, actor_id=company.li.pk, at=after(20))


def test_nothing_is_merged_before_its_last_step(company: Company) -> None:
    one, other = opened(company), opened(company)
    finish(one, "sent", by=company.li, at=after(10))

    with refused(TimeRunsBackward):
        merge(company, one, other, 9)


def test_the_crew_does_not_merge(company: Company) -> None:
    one, other = opened(company), opened(company)
    for order in (one, other):
        finish(order, "sent", by=company.li, at=after(5))

    with refused(NotAllowed):
        services.merge_work_order(work_order_id=one.pk, into_id=other.pk, actor_id=company.wang.pk, at=after(6))


# Splitting.


def test_another_part_of_the_request_becomes_a_matter_of_its_own(company: Company) -> None:
    order = opened(company, subject="Lamp and bill")

    part_id = services.split_work_order(
        work_order_id=order.pk, norm="lamp_out", subject="Bill", description="Too high.", actor_id=company.li.pk, at=after(9)
    )

    part = WorkOrder.objects.get(pk=part_id)
    names = ("owner_id", "channel", "subject", "description", "opened_at", "stage")
    assert columns(part, *names) == (company.li.pk, "phone", "Bill", "Too high.", after(9), Stage.OPEN)
    assert list(Link.objects.values_list("kind", "from_order_id", "to_order_id")) == [(LinkKind.SPLIT, part_id, order.pk)]
    assert told(part) == ["WorkOrderOpened", "Linked"]
    assert told(order) == ["WorkOrderOpened"]
    for name in ("jurisdiction", "company", "area", "zone", "customer_class", "calendar"):
        assert getattr(ledger(part)[0], name) == getattr(ledger(order)[0], name)


def test_a_crew_that_handles_the_matter_splits_it_for_its_owner(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    services.take_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(6))

    part_id = services.split_work_order(
        work_order_id=order.pk, norm="lamp_out", subject="Another lamp", actor_id=company.wang.pk, at=after(9)
    )

    assert columns(WorkOrder.objects.get(pk=part_id), "owner_id", "unit_id") == (company.li.pk, company.centre.pk)


def test_a_part_under_an_unknown_norm_is_refused(company: Company) -> None:
    order = opened(company)

    with refused(services.CannotOpen):
        services.split_work_order(work_order_id=order.pk, norm="no_such_norm", subject="x", actor_id=company.li.pk, at=after(9))


def test_undoing_a_split_leaves_both_matters_as_they_are(company: Company) -> None:
    order = opened(company)
    services.split_work_order(work_order_id=order.pk, norm="lamp_out", subject="x", actor_id=company.li.pk, at=after(9))
    rows = list(WorkOrder.objects.order_by("id").values())

    undo(company, Link.objects.get().pk, 20)

    assert list(WorkOrder.objects.order_by("id").values()) == rows


def test_a_duplicate_that_was_called_back_and_graded_is_closed_by_itself(company: Company) -> None:
    one, other = resolved(company), opened(company)
    services.record_call_back(work_order_id=one.pk, result=CallBackResult.REACHED, actor_id=company.chen.pk, at=after(70))
    services.record_grade(work_order_id=one.pk, grade=4, source=GradeSource.CALL_BACK, actor_id=company.chen.pk, at=after(71))

    with refused(services.CannotLink):
        merge(company, one, other, 72)
