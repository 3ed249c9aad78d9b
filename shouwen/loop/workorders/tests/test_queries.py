from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.kernel.errors import BadInput, NotFound
from shouwen.kernel.time.limits import Limit, Unit
from shouwen.loop.workorders import events, queries, services
from shouwen.loop.workorders.choices import HandOverReason, PromiseKind, Verb
from shouwen.loop.workorders.models import Target, WorkOrder
from shouwen.loop.workorders.queries import (
    Difference,
    HandOverCard,
    OpenCounts,
    PromiseCard,
    StepCard,
    TargetCard,
    TimelineLine,
    WorkOrderCard,
    WorkOrderFilters,
)
from shouwen.loop.workorders.rules.numbers import number_of
from shouwen.loop.workorders.tests.factories import (
    LIMITS,
    LONG_AGO,
    NOON,
    Company,
    after,
    cap,
    finish,
    opened,
    resolved,
    settled,
    told,
)
from shouwen.platform.people.models import Staff
from shouwen.platform.people.queries import get_viewer
from shouwen.platform.people.rules import Viewer
from shouwen.platform.policies.choices import Force, Reason, Statistic
from shouwen.platform.policies.choices import Unit as PolicyUnit
from shouwen.platform.policies.services import learn_entries


def viewer_of(staff: Staff) -> Viewer:
    return get_viewer(staff_id=staff.pk, at=NOON)


# One matter.


def test_a_matter_is_shown_whole(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    promise_id = services.make_promise(
        work_order_id=order.pk, kind=PromiseKind.ARRIVE, due_at=after(50), actor_id=company.li.pk, at=after(6)
    )

    detail = queries.get_work_order(work_order_id=order.pk, viewer=viewer_of(company.wang))

    accepted, arrived = order.targets.order_by("id")
    hand_over = order.hand_overs.get()
    assert (detail.order, detail.norm.slug) == (order, "lamp_out")
    assert detail.targets == (
        TargetCard(accepted.pk, 1, "accepted", "accept", "KEPT", NOON, after(10), after(8), after(5), policy_key="lamp.accept"),
        TargetCard(arrived.pk, 1, "arrived", "arrive", "RUNNING", NOON, after(45), after(36), None, policy_key="lamp.arrive"),
    )
    assert detail.steps == (
        StepCard("accept", 1, company.centre.pk, company.li.pk, NOON, after(5), after(5), "sent"),
        StepCard("arrive", 1, company.crew.pk, None, after(5), None, None, ""),
    )
    assert detail.promises == (PromiseCard(promise_id, "arrive", after(50), "OPEN", company.li.pk, after(6)),)
    assert detail.hand_overs == (HandOverCard(hand_over.pk, company.centre.pk, company.crew.pk, "next_step", after(5), None),)
    assert {Verb.TAKE, Verb.FINISH_STEP, Verb.PAUSE} <= detail.verbs
    assert detail.outcomes == ("there", "wrong_place")


def test_outcomes_are_offered_to_whoever_may_finish_the_step_of_an_open_matter(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    done = resolved(company)

    owner_sees = queries.get_work_order(work_order_id=order.pk, viewer=viewer_of(company.li))
    crew_sees = queries.get_work_order(work_order_id=done.pk, viewer=viewer_of(company.wang))

    assert (owner_sees.outcomes, crew_sees.outcomes) == ((), ())


def test_a_matter_that_is_not_there_is_not_found(company: Company) -> None:
    with pytest.raises(NotFound):
        queries.get_work_order(work_order_id=10**9, viewer=viewer_of(company.li))
    assert not queries.may_do(work_order_id=10**9, verb=Verb.SEE, viewer=viewer_of(company.li))


# Lists.


def listed(viewer: Viewer, **filters: object) -> list[int]:
    page = queries.list_work_orders(filters=WorkOrderFilters(**filters), viewer=viewer)
    return [card.id for card in page.cards]


def test_a_line_of_a_list(company: Company) -> None:
    order = opened(company, subject="Lamp out", priority=3)

    [card] = queries.list_work_orders(filters=WorkOrderFilters(), viewer=viewer_of(company.li)).cards

    assert card == WorkOrderCard(
        id=order.pk,
        norm="lamp_out",
        stage="OPEN",
        step="accept",
        unit_id=company.centre.pk,
        owner_id=company.li.pk,
        handler_id=None,
        customer_id=None,
        channel="phone",
        subject="Lamp out",
        priority=3,
        urge_count=0,
        opened_at=NOON,
        paused_at=None,
        next_due_at=after(10),
    )
    assert card.number == number_of(order.pk)
    assert [card.is_overdue(after(minute)) for minute in (10, 11)] == [False, True]


def test_the_most_urgent_come_first_then_the_earliest_deadline_then_the_oldest(company: Company) -> None:
    late, early, same = opened(company, at=after(5)), opened(company), opened(company)
    danger, done = opened(company, at=after(9), hazards=("fire",)), resolved(company)

    assert listed(viewer_of(company.li)) == [danger.pk, early.pk, same.pk, late.pk, done.pk]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_follow_one_another_without_gap_or_double(company: Company, limit: int) -> None:
    for number in range(11):
        order = opened(company, at=after(number % 3), priority=3 + number % 2)
        if number % 4 == 0:
            services.pause_work_order(work_order_id=order.pk, reason="waiting_for_customer", actor_id=company.li.pk, at=after(4))
    viewer, seen, after_cursor = viewer_of(company.li), [], None

    while True:
        page = queries.list_work_orders(filters=WorkOrderFilters(), viewer=viewer, after=after_cursor, limit=limit)
        seen += [card.id for card in page.cards]
        assert len(page.cards) == limit or page.next_after is None
        if page.next_after is None:
            break
        after_cursor = page.next_after

    assert seen == listed(viewer)
    assert len(set(seen)) == 11


def test_a_row_that_changes_between_two_pages_does_not_repeat_the_others(company: Company) -> None:
    orders = [opened(company, at=after(number)) for number in range(4)]
    viewer = viewer_of(company.li)
    first = queries.list_work_orders(filters=WorkOrderFilters(), viewer=viewer, limit=2)

    finish(orders[0], "known", by=company.li, at=after(9))
    second = queries.list_work_orders(filters=WorkOrderFilters(), viewer=viewer, after=first.next_after, limit=2)

    assert [card.id for card in first.cards + second.cards] == [order.pk for order in orders]


def test_filters_narrow_the_list(company: Company) -> None:
    mine, theirs = opened(company, at=after(1)), opened(company, by=company.zhao)
    finish(theirs, "sent", by=company.zhao, at=after(5))
    services.take_work_order(work_order_id=theirs.pk, actor_id=company.wang.pk, at=after(6))
    viewer = viewer_of(company.li)

    assert listed(viewer, owner_id=company.zhao.pk) == [theirs.pk]
    assert listed(viewer, handler_id=company.wang.pk) == [theirs.pk]
    assert listed(viewer, unit_path=company.crew.path) == [theirs.pk]
    assert listed(viewer, unit_path=company.centre.parent.path) == [mine.pk, theirs.pk]
    assert listed(viewer, stage="CLOSED") == []
    assert listed(viewer, norm="lamp_out", stage="OPEN") == [mine.pk, theirs.pk]
    assert listed(viewer, norm="other") == []
    assert listed(viewer, due_before=after(11)) == []
    assert listed(viewer, due_before=after(12)) == [mine.pk]
    assert listed(viewer, customer_id=1) == []


def test_a_matter_that_one_meets_in_several_ways_is_listed_once(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    finish(order, "there", by=company.wang, at=after(30))
    for _ in range(2):
        services.ask_assist(work_order_id=order.pk, unit_id=company.crew.pk, question="?", actor_id=company.wang.pk, at=after(31))

    assert listed(viewer_of(company.wang)) == [order.pk]
    assert queries.count_open(viewer=viewer_of(company.wang), at=after(31)).open == 1


@pytest.mark.parametrize("limit", [0, 201])
def test_a_page_has_between_one_and_two_hundred_lines(company: Company, limit: int) -> None:
    with pytest.raises(BadInput):
        queries.list_work_orders(filters=WorkOrderFilters(), viewer=viewer_of(company.li), limit=limit)


@pytest.mark.parametrize("cursor", ["", "x", "1~2", "4~2026-05-06~x", "x~2026-05-06T04:00:00+00:00~1", "4~2026-05-06~1"])
def test_what_is_no_cursor_is_refused(company: Company, cursor: str) -> None:
    with pytest.raises(BadInput):
        queries.list_work_orders(filters=WorkOrderFilters(), viewer=viewer_of(company.li), after=cursor)


def test_one_matter_and_three_take_the_same_number_of_queries(company: Company) -> None:
    def counts() -> list[int]:
        numbers = []
        for staff in (company.li, company.wang, company.zhao, company.gateway):
            viewer = viewer_of(staff)
            with CaptureQueriesContext(connection) as captured:
                queries.list_work_orders(filters=WorkOrderFilters(), viewer=viewer)
                queries.count_open(viewer=viewer, at=after(20))
            numbers.append(len(captured))
        return numbers

    finish(opened(company), "sent", by=company.li, at=after(5))
    with_one = counts()
    for _ in range(2):
        finish(opened(company), "sent", by=company.li, at=after(5))

    assert with_one == counts() == [2, 2, 2, 2]


def test_a_matter_with_a_long_way_takes_the_same_number_of_queries(company: Company) -> None:
    def count(order: WorkOrder) -> int:
        viewer = viewer_of(company.li)
        with CaptureQueriesContext(connection) as captured:
            queries.get_work_order(work_order_id=order.pk, viewer=viewer)
        return len(captured)

    short, long = opened(company), settled(company)
    services.reopen_work_order(work_order_id=long.pk, reason="came_back", actor_id=company.zhao.pk, at=after(99))

    assert count(short) == count(long) == 1


def test_open_matters_are_counted(company: Company) -> None:
    opened(company)
    opened(company, at=after(30))
    resolved(company)
    closed = settled(company)
    services.close_work_order(work_order_id=closed.pk, actor_id=company.li.pk, at=after(90))

    assert queries.count_open(viewer=viewer_of(company.li), at=after(31)) == OpenCounts(open=2, overdue=1, resolved=1)
    assert queries.count_open(viewer=viewer_of(company.wang), at=after(31)) == OpenCounts(open=0, overdue=0, resolved=1)


# Why a deadline is when it is.


def test_a_deadline_names_the_policy_that_binds_and_why_the_others_do_not(company: Company) -> None:
    statute = cap("lamp.arrive", 2, PolicyUnit.HOUR, rule="T-statute", force=Force.STATUTE)
    mean = cap("lamp.arrive", 30, rule="T-mean", statistic=Statistic.MEAN)
    shanghai = cap("lamp.arrive", 20, rule="T-shanghai", jurisdiction="CN-31")
    learn_entries(entries=[*LIMITS, statute, mean, shanghai], actor_id=None, at=LONG_AGO)
    order = opened(company)
    services.pause_work_order(work_order_id=order.pk, reason="waiting_for_customer", actor_id=company.li.pk, at=after(10))
    services.resume_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(15))
    target = order.targets.get(kind="arrived")

    reason = queries.explain_target(target_id=target.pk, viewer=viewer_of(company.li), at=after(20))

    assert (reason.kind, reason.limit, reason.binding) == ("arrived", Limit(Decimal(45), Unit.MINUTE), LIMITS[1])
    assert {other.entry.rule: (other.reason, other.due_at) for other in reason.others} == {
        "T-statute": (str(Reason.LATER_DUE), after(120)),
        "T-mean": (str(Reason.MEAN_NOT_CAP), None),
        "T-shanghai": (str(Reason.OTHER_JURISDICTION), None),
    }
    assert reason.deadline.due_at == after(50) == target.due_at
    assert [(step.what, step.since, step.until) for step in reason.deadline.steps] == [
        ("counted", NOON, after(10)),
        ("paused", after(10), after(15)),
        ("counted", after(15), after(50)),
    ]


def test_during_a_pause_the_explanation_ends_with_it(company: Company) -> None:
    order = opened(company)
    services.pause_work_order(work_order_id=order.pk, reason="waiting_for_customer", actor_id=company.li.pk, at=after(4))

    reason = queries.explain_target(target_id=order.targets.get(kind="accepted").pk, viewer=viewer_of(company.li), at=after(99))

    assert reason.deadline.due_at is None
    assert [(step.what, step.until) for step in reason.deadline.steps] == [("counted", after(4)), ("paused", None)]


def test_a_deadline_that_is_not_there_is_not_found(company: Company) -> None:
    with pytest.raises(NotFound):
        queries.explain_target(target_id=10**9, viewer=viewer_of(company.li), at=NOON)


# Timelines.


def whole_story(company: Company) -> WorkOrder:
    """Return a matter in which everything happens that can happen."""
    order = opened(company)
    li, wang, gateway = company.li.pk, company.wang.pk, company.gateway.pk
    services.add_note(work_order_id=order.pk, text="Beware of the dog.", actor_id=li, at=after(1))
    services.add_note(work_order_id=order.pk, text="We come at two.", is_public=True, actor_id=li, at=after(2))
    finish(order, "sent", by=company.li, at=after(5))
    services.rate_hand_over(hand_over_id=order.hand_overs.get().pk, score=1, actor_id=wang, at=after(6))
    services.hand_over_work_order(
        work_order_id=order.pk,
        to_unit_id=company.other_crew.pk,
        reason=HandOverReason.CAPACITY,
        words="We are too few.",
        actor_id=wang,
        at=after(7),
    )
    assist_id = services.ask_assist(work_order_id=order.pk, unit_id=company.crew.pk, question="Keys?", actor_id=li, at=after(8))
    services.give_assist(assist_id=assist_id, answer="No.", actor_id=wang, at=after(9))
    promise_id = services.make_promise(
        work_order_id=order.pk, kind=PromiseKind.ARRIVE, due_at=after(30), actor_id=li, at=after(10)
    )
    services.move_promise(promise_id=promise_id, due_at=after(40), actor_id=li, at=after(11))
    services.urge_work_order(work_order_id=order.pk, actor_id=li, at=after(12))
    services.pause_work_order(work_order_id=order.pk, reason="waiting_for_customer", actor_id=gateway, at=after(13))
    services.resume_work_order(work_order_id=order.pk, actor_id=li, at=after(14))
    services.escalate_work_order(work_order_id=order.pk, reason="refusal", words="Lazy.", actor_id=li, at=after(15))
    services.change_owner(work_order_id=order.pk, to_staff_id=company.chen.pk, reason="Ill.", actor_id=gateway, at=after(16))
    services.sweep_targets(actor_id=gateway, at=after(46))
    services.sweep_promises(actor_id=gateway, at=after(46))
    other = opened(company)
    services.link_work_orders(from_id=order.pk, to_id=other.pk, kind="related", actor_id=li, at=after(46))
    finish(order, "there", by=company.gateway, at=after(50))
    finish(order, "mended", by=company.gateway, at=after(60))
    services.tell_result(work_order_id=order.pk, channel="sms", result="It burns.", actor_id=gateway, at=after(61))
    services.ask_satisfaction(work_order_id=order.pk, source="link", actor_id=gateway, at=after(62))
    services.record_call_back(work_order_id=order.pk, result="reached", actor_id=gateway, at=after(63))
    services.record_grade(work_order_id=order.pk, grade=1, source="link", actor_id=gateway, at=after(64))
    services.settle_visit(work_order_id=order.pk, findings="Sorry.", actor_id=gateway, at=after(65))
    services.close_work_order(work_order_id=order.pk, actor_id=gateway, at=after(66))
    services.reopen_work_order(work_order_id=order.pk, reason="came_back", actor_id=gateway, at=after(67))
    order.refresh_from_db()
    return order


def test_the_inside_sees_everything_in_order_with_whoever_did_it(company: Company) -> None:
    order = whole_story(company)

    lines = queries.inside_timeline(work_order_id=order.pk, viewer=viewer_of(company.li))

    assert [line.kind for line in lines] == told(order)
    assert all(line.actor_id for line in lines)
    assert [line.note for line in lines if line.note] == ["Beware of the dog.", "We come at two.", "Ill."]
    assert lines[1] == TimelineLine(
        after(1), "NoteAdded", company.li.pk, {"work_order_id": order.pk, "note_id": order.notes.first().pk}, "Beware of the dog."
    )


def test_the_customer_sees_what_concerns_them_and_nothing_else(company: Company) -> None:
    order = whole_story(company)

    lines = queries.outside_timeline(work_order_id=order.pk)

    def utc(minute: float) -> str:
        return after(minute).astimezone(UTC).isoformat()

    assert lines == [
        TimelineLine(NOON, "WorkOrderOpened", None, {"norm": "lamp_out", "channel": "phone"}),
        TimelineLine(after(2), "NoteAdded", None, {}, "We come at two."),
        TimelineLine(after(10), "PromiseMade", None, {"promise": "arrive", "due_at": utc(30)}),
        TimelineLine(after(11), "PromiseMoved", None, {"due_at": utc(30), "new_due_at": utc(40)}),
        TimelineLine(after(12), "Urged", None, {"urge_count": 1}),
        TimelineLine(after(13), "ClockPaused", None, {"reason": "waiting_for_customer"}),
        TimelineLine(after(14), "ClockResumed", None, {}),
        TimelineLine(after(46), "PromiseBroken", None, {}),
        TimelineLine(after(60), "WorkOrderResolved", None, {"end": "end_mended", "success": True}),
        TimelineLine(after(61), "ResultTold", None, {"channel": "sms"}),
        TimelineLine(after(63), "CalledBack", None, {"result": "reached"}),
        TimelineLine(after(64), "SatisfactionGraded", None, {"grade": 1}),
        TimelineLine(after(64), "VisitOpened", None, {}),
        TimelineLine(after(65), "VisitSettled", None, {}),
        TimelineLine(after(66), "WorkOrderClosed", None, {}),
        TimelineLine(after(67), "WorkOrderReopened", None, {"reason": "came_back"}),
    ]


def test_every_kind_of_fact_is_decided_to_be_inside_or_outside(company: Company) -> None:
    """Whoever adds a fact adds it here: what the customer may see is never decided by forgetting."""
    inside = {
        "AssistAsked",
        "AssistGiven",
        "Amended",
        "Escalated",
        "HandOverRated",
        "HandedOver",
        "HeardAgain",
        "Linked",
        "NoteAdded",
        "OwnerChanged",
        "PriorityRaised",
        "SatisfactionAsked",
        "SatisfactionUnanswered",
        "StepFinished",
        "StepTaken",
        "TargetBroken",
        "Unlinked",
        "VerdictGiven",
    }
    from shouwen.loop.workorders.queries.timeline import OUTSIDE_FIELDS

    declared = {kind.kind() for kind in events.WorkOrderFact.__subclasses__()}

    assert declared == inside | OUTSIDE_FIELDS.keys()
    assert not inside & OUTSIDE_FIELDS.keys()
    told_kinds = set(told(whole_story(company)))
    assert {"HandedOver", "HandOverRated", "AssistAsked", "Escalated", "OwnerChanged", "VerdictGiven"} <= told_kinds


def test_nothing_outside_holds_the_id_of_a_person_or_a_unit(company: Company) -> None:
    order = whole_story(company)

    for line in queries.outside_timeline(work_order_id=order.pk):
        assert line.actor_id is None
        assert not [name for name in line.fields if name.endswith("_id")]


# Replaying.


def test_a_replay_counts_what_it_compared(company: Company) -> None:
    order = settled(company)

    found = queries.verify_work_order(work_order_id=order.pk)

    assert found == queries.Verification(order.pk, fact_count=12, target_count=3, verdict_count=3, differences=())
    assert found.is_equal


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("due_at", after(46)),
        ("start_at", after(1)),
        ("met_at", after(41)),
        ("state", "BROKEN"),
        ("policy_digest", "f" * 64),
        ("verdict_digest", "f" * 64),
    ],
)
def test_a_replay_finds_every_row_that_was_tampered_with(company: Company, column: str, value: object) -> None:
    order = resolved(company)
    Target.objects.filter(work_order=order, kind="arrived").update(**{column: value})

    found = queries.verify_work_order(work_order_id=order.pk)

    assert f"target arrived {column}" in {difference.where for difference in found.differences}


def test_a_replay_finds_targets_that_are_missing_or_too_many(company: Company) -> None:
    order = opened(company)
    row = order.targets.get(kind="arrived")
    row.pk, row.kind = None, "visited"
    row.save()
    order.targets.filter(kind="accepted").delete()

    found = queries.verify_work_order(work_order_id=order.pk)

    assert found.differences == (
        Difference("target accepted", "none", "running"),
        Difference("target visited", "RUNNING", "none"),
    )


def test_a_replay_finds_a_live_deadline_that_was_moved_by_hand(company: Company) -> None:
    order = opened(company)
    Target.objects.filter(kind="accepted").update(due_at=after(10) + timedelta(microseconds=1))

    assert not queries.verify_work_order(work_order_id=order.pk).is_equal


def test_a_matter_that_is_not_there_cannot_be_replayed(company: Company) -> None:
    with pytest.raises(NotFound):
        queries.verify_work_order(work_order_id=10**9)


# Duplicates at one supply point, and going through the whole house.


def test_recent_matters_of_no_supply_point_are_none(company: Company) -> None:
    opened(company)

    assert queries.recent_at_supply_point(supply_point_id=1, since=LONG_AGO, viewer=viewer_of(company.li)) == []


def test_all_ids_are_read_in_batches(company: Company) -> None:
    ids = [opened(company).pk for _ in range(5)]

    assert list(queries.list_ids(batch_size=2)) == ids
    assert list(queries.list_ids(after_id=ids[2], batch_size=2)) == ids[3:]


def test_instants_come_back_in_utc(company: Company) -> None:
    card = queries.get_work_order(work_order_id=opened(company).pk, viewer=viewer_of(company.li)).targets[0]

    assert card.start_at == datetime(2026, 5, 6, 4, tzinfo=UTC)
