from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.kernel.errors import NotAllowed
from shouwen.loop.workorders import events, services
from shouwen.loop.workorders.choices import Priority, Stage, TargetState
from shouwen.loop.workorders.models import Escalation, Target, WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.services.clocks import SweepCount
from shouwen.loop.workorders.services.matter import TimeRunsBackward, WrongStage
from shouwen.loop.workorders.tests.factories import (
    LONG_AGO,
    OFFICE,
    Company,
    after,
    cap,
    finish,
    lamp_out,
    opened,
    resolved,
    since,
    small_company,
    told,
)
from shouwen.loop.workorders.tests.proofs import columns, picture, refused
from shouwen.platform.calendars.queries import calendar_in_force
from shouwen.platform.calendars.services import publish_calendar_version
from shouwen.platform.people.choices import RoleCode, UnitKind
from shouwen.platform.people.models import Staff
from shouwen.platform.people.tests.factories import PostFactory, StaffFactory, UnitFactory
from shouwen.platform.policies.choices import Unit
from shouwen.platform.policies.rules import Place
from shouwen.platform.policies.services import learn_entries
from shouwen.records.norms.choices import PauseReason

WAITING = "waiting_for_customer"


def pause(order: WorkOrder, minute: float, *, by: Staff, reason: str = WAITING) -> None:
    services.pause_work_order(work_order_id=order.pk, reason=reason, actor_id=by.pk, at=after(minute))


def resume(order: WorkOrder, minute: float, *, by: Staff) -> None:
    services.resume_work_order(work_order_id=order.pk, actor_id=by.pk, at=after(minute))


# Pausing.


def test_a_pause_stops_all_clocks_and_resuming_moves_them_by_just_as_much(company: Company) -> None:
    order = opened(company)

    pause(order, 4, by=company.li)

    assert columns(order, "paused_at", "pause_reason", "next_due_at", "moved_at") == (after(4), WAITING, None, after(4))
    assert set(order.targets.values_list("state", "next_alarm_at")) == {(TargetState.PAUSED, None)}
    about = {"work_order_id": order.pk, "actor_id": company.li.pk}
    assert since(order, 1) == [events.ClockPaused(reason=WAITING, at=after(4), **about)]
    assert verify_work_order(work_order_id=order.pk).differences == ()

    resume(order, 34, by=company.li)

    assert columns(order, "paused_at", "pause_reason", "next_due_at", "moved_at") == (None, "", after(40), after(34))
    dates = order.targets.order_by("id").values_list("kind", "state", "due_at", "warn_at", "next_alarm_at")
    assert list(dates) == [
        ("accepted", TargetState.RUNNING, after(40), after(38), after(38)),
        ("arrived", TargetState.RUNNING, after(75), after(66), after(66)),
    ]
    assert since(order, 2) == [events.ClockResumed(at=after(34), **about)]
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_a_working_clock_is_moved_by_the_working_part_of_the_pause(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    finish(order, "there", by=company.wang, at=after(40))

    pause(order, 60, by=company.wang)  # 13:00, work begins again at 14:00
    resume(order, 135, by=company.wang)  # 14:15

    assert columns(order.targets.get(kind="restored"), "due_at") == (after(21 * 60 + 15),)
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_only_the_reasons_of_the_norm_stop_a_clock(company: Company) -> None:
    order = opened(company)

    with refused(services.CannotPause) as refusal:
        pause(order, 4, by=company.li, reason="severe_weather")

    assert str(PauseReason(WAITING).label) in refusal.value.explain()


def test_a_clock_is_not_paused_twice_nor_resumed_twice(company: Company) -> None:
    order = opened(company)
    with refused(services.NotPaused):
        resume(order, 1, by=company.li)
    pause(order, 4, by=company.li)
    with refused(services.CannotPause):
        pause(order, 5, by=company.li)


def test_a_resolved_matter_has_no_clock(company: Company) -> None:
    order = resolved(company)

    with refused(WrongStage):
        pause(order, 61, by=company.wang)


def test_a_clock_does_not_resume_before_it_was_paused_nor_stop_in_a_step_that_is_over(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    with refused(TimeRunsBackward):
        pause(order, 4, by=company.wang)
    pause(order, 10, by=company.wang)
    with refused(TimeRunsBackward):
        resume(order, 9, by=company.wang)

    resume(order, 10, by=company.wang)

    assert columns(order.targets.get(kind="arrived"), "due_at") == (after(45),)
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_the_owner_lets_the_clock_run_but_only_those_at_work_stop_it(company: Company) -> None:
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))

    with refused(NotAllowed):
        pause(order, 6, by=company.li)
    pause(order, 6, by=company.wang)
    resume(order, 7, by=company.li)

    assert columns(order, "paused_at") == (None,)


# The ladder.


def heads(company: Company) -> tuple[Staff, Staff]:
    """Return the heads of the centre and of the company."""
    head, manager = StaffFactory(home_unit=company.centre), StaffFactory(home_unit=company.centre.parent)
    PostFactory(staff=head, role=RoleCode.UNIT_HEAD)
    PostFactory(staff=manager, role=RoleCode.COMPANY_MANAGER)
    return head, manager


def sweep(company: Company, minute: float) -> SweepCount:
    return services.sweep_targets(actor_id=company.gateway.pk, at=after(minute))


def test_the_ladder_is_told_rung_by_rung_and_each_once(company: Company) -> None:
    head, _manager = heads(company)
    order = opened(company)

    counts = [sweep(company, minute) for minute in (7, 8, 9, 10, 10, 39, 40, 41, 9000)]

    about = {"work_order_id": order.pk, "actor_id": company.gateway.pk}
    rungs = order.escalations.filter(target__kind="accepted").order_by("id")
    assert list(rungs.values_list("rung", "reason", "to_staff_id", "by_staff_id", "at")) == [
        (0, "warning", company.li.pk, None, after(8)),
        (1, "breach", company.zhao.pk, None, after(10)),
        (2, "breach", head.pk, None, after(40)),
    ]
    assert counts[:4] == [SweepCount(), SweepCount(warned=1), SweepCount(), SweepCount(broken=1)]
    assert counts[4] == SweepCount()
    facts = [fact for fact in since(order, 1) if fact.at <= after(10)]
    assert facts == [
        events.Escalated(
            escalation_id=rungs[0].pk,
            reason="warning",
            rung=0,
            to_staff_id=company.li.pk,
            target="accepted",
            at=after(8),
            **about,
        ),
        events.TargetBroken(target="accepted", due_at=after(10), at=after(10), **about),
        events.Escalated(
            escalation_id=rungs[1].pk,
            reason="breach",
            rung=1,
            to_staff_id=company.zhao.pk,
            target="accepted",
            at=after(10),
            **about,
        ),
        events.PriorityRaised(priority=Priority.HIGH, at=after(10), **about),
    ]
    target = order.targets.get(kind="accepted")
    assert columns(target, "rung", "broken_seen_at", "next_alarm_at", "state") == (2, after(10), None, TargetState.RUNNING)
    assert columns(order, "priority", "stage") == (Priority.HIGH, Stage.OPEN)
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_a_sweep_tells_no_more_than_it_is_asked_to(company: Company) -> None:
    for _ in range(3):
        opened(company)

    first = services.sweep_targets(actor_id=company.gateway.pk, at=after(8), limit=2)
    second = services.sweep_targets(actor_id=company.gateway.pk, at=after(8), limit=2)

    assert (first, second) == (SweepCount(warned=2), SweepCount(warned=1))


def test_a_paused_matter_alarms_nobody_and_goes_on_where_it_was(company: Company) -> None:
    order = opened(company)
    sweep(company, 8)
    pause(order, 9, by=company.li)

    assert sweep(company, 500) == SweepCount()
    resume(order, 509, by=company.li)

    assert columns(order.targets.get(kind="accepted"), "due_at", "next_alarm_at", "rung") == (after(510), after(510), 0)
    assert sweep(company, 510) == SweepCount(broken=1)


def test_a_norm_without_a_ladder_tells_nobody_also_after_a_pause(db: None) -> None:
    company = small_company(norm=lamp_out(escalation=[]))
    order = opened(company)
    pause(order, 1, by=company.li)
    resume(order, 2, by=company.li)

    assert sweep(company, 9000) == SweepCount()
    assert set(order.targets.values_list("next_alarm_at", flat=True)) == {None}


def test_a_settled_target_alarms_nobody(company: Company) -> None:
    resolved(company)

    assert sweep(company, 9000) == SweepCount()


def test_without_a_superior_the_owner_hears_all_of_it(company: Company) -> None:
    Staff.objects.filter(pk=company.li.pk).update(superior=None)
    company.zhao.posts.all().delete()
    order = opened(company)

    for minute in (8, 10, 40):
        sweep(company, minute)

    assert set(Escalation.objects.filter(work_order=order).values_list("to_staff_id", flat=True)) == {company.li.pk}


def test_of_a_secret_report_only_discipline_officers_hear(company: Company) -> None:
    learn_entries(entries=[cap("x.accept", 10)], actor_id=None, at=LONG_AGO)
    office = UnitFactory(code="D", kind=UnitKind.DISCIPLINE_OFFICE, parent=company.centre.parent)
    officer = StaffFactory(home_unit=office, name="Bao")
    PostFactory(staff=officer, role=RoleCode.DISCIPLINE_OFFICER)
    heads(company)
    order = opened(company)
    WorkOrder.objects.filter(pk=order.pk).update(norm_code="misconduct_report")

    for minute in (8, 10, 40):
        sweep(company, minute)

    rungs = order.escalations.filter(target__kind="accepted").order_by("rung")
    assert list(rungs.values_list("rung", "to_staff_id")) == [(0, company.li.pk), (1, officer.pk), (2, officer.pk)]


def test_the_warning_comes_where_the_policy_of_the_place_says_also_after_a_pause(company: Company) -> None:
    warn = cap("escalation.warn_at_pct", 50, Unit.PCT, jurisdiction="CN-31")
    learn_entries(entries=[warn], actor_id=None, at=LONG_AGO)
    order = opened(company, place=Place("CN-31"))
    target = order.targets.get(kind="accepted")
    assert columns(target, "warn_at_pct", "warn_at") == (Decimal(50), after(5))

    pause(order, 1, by=company.li)
    resume(order, 4, by=company.li)

    assert columns(target, "warn_at", "due_at") == (after(8), after(13))


# Another calendar.

SHORT = OFFICE | {"daily": [["08:30", "12:00"]]}


def publish(document: dict[str, object], minute: float) -> str:
    publish_calendar_version(name="office", document=document, known_from=after(minute), actor_id=None, at=after(minute))
    return calendar_in_force(name="office", at=after(minute)).digest


def mending(company: Company) -> WorkOrder:
    """Return a matter whose working clock began at 12:40."""
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    finish(order, "there", by=company.wang, at=after(40))
    return order


def test_a_new_calendar_dates_live_targets_again_and_leaves_verdicts_alone(company: Company) -> None:
    done, live = resolved(company), mending(company)
    paused = mending(company)
    pause(paused, 50, by=company.wang)
    verdicts = list(done.targets.order_by("id").values())
    digest = publish(SHORT, 100)

    assert services.recalculate_targets(calendar="office", at=after(100)) is None

    assert list(done.targets.order_by("id").values()) == verdicts
    assert columns(live.targets.get(kind="restored"), "due_at", "calendar_digest") == (after(44 * 60 + 60), digest)
    assert columns(live, "next_due_at") == (after(44 * 60 + 60),)
    assert columns(paused.targets.get(kind="restored"), "state", "next_alarm_at") == (TargetState.PAUSED, None)
    assert columns(paused, "next_due_at") == (None,)
    for order in (done, live, paused):
        assert verify_work_order(work_order_id=order.pk).differences == ()


def test_a_pause_of_the_past_counts_by_the_new_calendar(company: Company) -> None:
    order = mending(company)
    pause(order, 120, by=company.wang)
    resume(order, 180, by=company.wang)
    publish(SHORT, 200)

    services.recalculate_targets(calendar="office", at=after(200))

    assert columns(order.targets.get(kind="restored"), "due_at") == (after(45 * 60),)
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_recalculating_goes_on_where_it_stopped(company: Company) -> None:
    orders = [mending(company) for _ in range(3)]
    digest = publish(SHORT, 100)
    stops, after_id = [], 0

    while after_id is not None:
        stops.append(after_id)
        after_id = services.recalculate_targets(calendar="office", after_id=after_id, batch_size=2, at=after(100))

    assert len(stops) == 2
    live = Target.objects.live().filter(work_order__in=orders)
    assert set(live.values_list("calendar_digest", "due_at")) == {(digest, after(45 * 60))}


def test_nothing_is_dated_again_by_the_calendar_it_already_has_or_by_another(company: Company) -> None:
    mending(company)
    publish_calendar_version(name="night", document=SHORT, known_from=LONG_AGO, actor_id=None, at=LONG_AGO)
    before = picture()

    services.recalculate_targets(calendar="office", at=after(100))
    services.recalculate_targets(calendar="night", at=after(100))

    assert picture() == before


def test_recalculating_asks_as_often_for_one_matter_as_for_three(company: Company) -> None:
    def statements(count: int, minute: float, document: dict[str, object]) -> int:
        for _ in range(count):
            order = mending(company)
            pause(order, 50, by=company.wang)
            resume(order, 51, by=company.wang)
        publish(document, minute)
        with CaptureQueriesContext(connection) as queries:
            services.recalculate_targets(calendar="office", at=after(minute))
        return len(queries)

    assert statements(1, 100, SHORT) == statements(2, 200, OFFICE)


def test_what_comes_after_the_recalculation_is_judged_by_the_new_calendar(company: Company) -> None:
    order = mending(company)
    publish(SHORT, 100)
    services.recalculate_targets(calendar="office", at=after(100))

    finish(order, "mended", by=company.wang, at=after(22 * 60))

    assert columns(order.targets.get(kind="restored"), "state", "due_at") == (TargetState.KEPT, after(45 * 60))
    assert told(order)[-1] == "WorkOrderResolved"
    assert verify_work_order(work_order_id=order.pk).differences == ()
