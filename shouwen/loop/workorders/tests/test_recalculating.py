"""The bulk path of re-dating against the exact one: the same rows to the last column."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import TargetState
from shouwen.loop.workorders.models import Redating, Target, WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.services import recalculating
from shouwen.loop.workorders.services.recalculating import recalculate_in_bulk
from shouwen.loop.workorders.tests.factories import (
    LONG_AGO,
    NOON,
    OFFICE,
    Company,
    after,
    finish,
    opened,
    resolved,
    small_company,
)
from shouwen.loop.workorders.tests.proofs import picture
from shouwen.platform.calendars.queries import calendar_in_force
from shouwen.platform.calendars.services import publish_calendar_version
from shouwen.platform.outbox.models import Fact
from shouwen.platform.outbox.services import deliver_due

SHORT = OFFICE | {"daily": [["08:30", "12:00"]]}
UNEVEN = {
    "weekly": {"mon": [["08:00", "17:00"]], "wed": [["22:00", "06:00"]], "thu": [["09:00", "12:00"]], "sat": [["10:00", "11:30"]]}
}
NEXT_MONTH = OFFICE | {"holidays": ["2026-06-15"]}


def publish(document: dict[str, object], minute: float) -> str:
    publish_calendar_version(name="office", document=document, known_from=after(minute), actor_id=None, at=after(minute))
    return calendar_in_force(name="office", at=after(minute)).digest


def mending(company: Company, *, at: datetime = NOON) -> WorkOrder:
    order = opened(company, at=at)
    finish(order, "sent", by=company.li, at=at + timedelta(minutes=5))
    finish(order, "there", by=company.wang, at=at + timedelta(minutes=40))
    return order


def a_day_of_work(company: Company) -> None:
    """Leave matters in every state: settled, running, overdue and told of, paused, paused before, without a ladder's end."""
    resolved(company)
    for minute in (0, 200, 1500):
        mending(company, at=after(minute))
    paused, resumed = mending(company), mending(company)
    for order in (paused, resumed):
        services.pause_work_order(work_order_id=order.pk, reason="waiting_for_customer", actor_id=company.wang.pk, at=after(50))
    services.resume_work_order(work_order_id=resumed.pk, actor_id=company.wang.pk, at=after(170))
    overdue = mending(company, at=after(-6000))
    for days in range(1, 6):
        services.sweep_targets(actor_id=company.gateway.pk, at=after(days * 1000))
    assert overdue.targets.filter(rung__gte=1).exists()


def by_rows(batch_size: int, at: datetime) -> None:
    after_id: int | None = 0
    while after_id is not None:
        after_id = services.recalculate_targets(calendar="office", after_id=after_id, batch_size=batch_size, at=at)


def in_bulk(batch_size: int, at: datetime) -> int:
    after_id: int | None = 0
    batches = 0
    while after_id is not None:
        after_id = recalculate_in_bulk(calendar="office", after_id=after_id, batch_size=batch_size, at=at)
        batches += 1
    return batches


@pytest.mark.parametrize("document", [SHORT, UNEVEN, NEXT_MONTH])
@pytest.mark.parametrize("batch_size", [2, 3, 1000])
def test_the_bulk_path_leaves_the_rows_that_the_exact_path_leaves(
    company: Company, document: dict[str, object], batch_size: int
) -> None:
    a_day_of_work(company)
    digest = publish(document, 6000)
    before = picture()
    with transaction.atomic():
        by_rows(1000, after(6000))
        exact = picture()
        transaction.set_rollback(True)
    assert picture() == before

    in_bulk(batch_size, after(6000))

    assert picture() == exact
    assert set(Target.objects.live().values_list("calendar_digest", flat=True)) == {digest}
    for order in WorkOrder.objects.all():
        assert verify_work_order(work_order_id=order.pk).differences == ()


def test_verdicts_and_facts_are_untouched(company: Company) -> None:
    a_day_of_work(company)
    verdicts = list(Target.objects.exclude(state__in=TargetState.values[:2]).order_by("id").values())
    facts = Fact.objects.count()
    publish(SHORT, 6000)

    in_bulk(1000, after(6000))

    assert len(verdicts) > 5
    assert list(Target.objects.filter(pk__in=[row["id"] for row in verdicts]).order_by("id").values()) == verdicts
    assert Fact.objects.count() == facts + 1  # that the calendar was published


def test_it_goes_on_where_it_stopped_and_a_second_run_finds_nothing(company: Company) -> None:
    for _ in range(3):
        mending(company)
    publish(SHORT, 100)

    first = recalculate_in_bulk(calendar="office", batch_size=2, at=after(100))
    second = recalculate_in_bulk(calendar="office", after_id=first, batch_size=2, at=after(100))
    done = picture()

    assert (first, second) == (Target.objects.live().order_by("id").values_list("id", flat=True)[1], None)
    assert recalculate_in_bulk(calendar="office", batch_size=2, at=after(200)) is None
    assert picture() == done


def test_only_targets_of_this_calendar_are_dated_again(company: Company) -> None:
    mending(company)
    publish_calendar_version(name="night", document=SHORT, known_from=LONG_AGO, actor_id=None, at=LONG_AGO)
    before = picture()

    for calendar in ("office", "night"):
        assert recalculate_in_bulk(calendar=calendar, at=after(100)) is None

    assert picture() == before


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 40_000),
            st.sampled_from(["0", "0.5", "4", "45", "2.2500"]),
            st.sampled_from(["minute", "day", "working_hour", "half_working_day", "working_day"]),
            st.sampled_from(["80", "0", "66.67", "100"]),
            st.sampled_from([None, 0, 1]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_limit_warning_and_rung_is_dated_as_by_the_exact_path(
    company: Company, rows: list[tuple[int, str, str, str, int | None]]
) -> None:
    with transaction.atomic():
        for minute, amount, unit, pct, rung in rows:
            changed = mending(company).targets.filter(kind="restored")
            changed.update(
                start_at=after(minute), limit_amount=Decimal(amount), limit_unit=unit, warn_at_pct=Decimal(pct), rung=rung
            )
        publish(UNEVEN, 50_000)
        with transaction.atomic():
            by_rows(1000, after(50_000))
            exact = picture()
            transaction.set_rollback(True)

        in_bulk(1000, after(50_000))

        assert picture() == exact
        transaction.set_rollback(True)
    from shouwen.platform.calendars import queries

    queries.forget()


@pytest.mark.django_db(transaction=True)
def test_no_verb_judges_while_a_batch_is_written_and_it_waits_for_one_under_way() -> None:
    company = small_company()
    order = mending(company)
    publish(SHORT, 100)
    finished: list[str] = []

    def finish_meanwhile() -> None:
        finish(order, "mended", by=company.wang, at=after(60))
        finished.append("finished")
        connection.close()

    verb = threading.Thread(target=finish_meanwhile)
    with transaction.atomic():
        recalculate_in_bulk(calendar="office", at=after(100))
        verb.start()
        verb.join(timeout=0.5)
        waited = not finished
    verb.join()

    assert (waited, finished) == (True, ["finished"])
    assert order.targets.get(kind="restored").due_at == after(45 * 60)  # judged by the new calendar
    assert verify_work_order(work_order_id=order.pk).differences == ()


@pytest.mark.django_db(transaction=True)
def test_a_verb_that_does_not_end_stops_the_batch_and_not_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    company = small_company()
    order = mending(company)
    publish(SHORT, 100)
    before = picture()
    monkeypatch.setattr(recalculating, "LONGEST_WAIT", "50ms")
    failures: list[type[Exception]] = []

    def recalculate() -> None:
        try:
            recalculate_in_bulk(calendar="office", at=after(100))
        except OperationalError as failure:
            failures.append(type(failure))
        connection.close()

    with transaction.atomic():
        WorkOrder.objects.select_for_update().get(pk=order.pk)
        batch = threading.Thread(target=recalculate)
        batch.start()
        batch.join()

    assert failures == [OperationalError]
    assert picture() == before


def test_a_published_calendar_dates_what_runs_again_by_itself(company: Company) -> None:
    order = opened(company)
    before = order.targets.get(kind="accepted").calendar_digest
    publish_calendar_version(
        name="office", document=OFFICE | {"holidays": ["2026-05-07"]}, known_from=after(50), actor_id=None, at=after(50)
    )

    deliver_due(at=after(51))
    batches = services.continue_redatings(at=after(60))

    target = order.targets.get(kind="accepted")
    assert (batches, target.calendar_digest != before) == (1, True)
    assert services.continue_redatings(at=after(61)) == 0
    assert verify_work_order(work_order_id=order.pk).differences == ()


def test_a_redating_goes_on_where_it_stopped_and_gives_way_to_a_newer_one(company: Company) -> None:
    opened(company)

    first = services.begin_redating(calendar="office", digest="a" * 64, known_from=NOON, at=after(1))
    again = services.begin_redating(calendar="office", digest="a" * 64, known_from=NOON, at=after(1))
    newer = services.begin_redating(calendar="office", digest="b" * 64, known_from=NOON, at=after(3))

    assert (first, again, newer) == (True, False, True)
    assert list(Redating.objects.order_by("id").values_list("digest", "done_at")) == [("a" * 64, after(3)), ("b" * 64, None)]


def test_a_calendar_that_holds_later_dates_what_runs_again_when_it_does(company: Company) -> None:
    order = opened(company)
    before = order.targets.get(kind="accepted").calendar_digest
    document = OFFICE | {"holidays": ["2026-05-07"]}
    publish_calendar_version(name="office", document=document, known_from=after(90), actor_id=None, at=after(50))

    deliver_due(at=after(51))

    assert services.continue_redatings(at=after(60)) == 0
    assert order.targets.get(kind="accepted").calendar_digest == before
    assert services.continue_redatings(at=after(90)) == 1
    assert order.targets.get(kind="accepted").calendar_digest != before


def test_a_calendar_that_is_taken_back_dates_what_runs_as_before(company: Company) -> None:
    order = opened(company)
    before = order.targets.get(kind="accepted").calendar_digest
    for minute, document in (
        (50, OFFICE | {"holidays": ["2026-05-07"]}),
        (60, OFFICE),
        (70, OFFICE | {"holidays": ["2026-05-07"]}),
    ):
        publish_calendar_version(name="office", document=document, known_from=after(minute), actor_id=None, at=after(minute))
        deliver_due(at=after(minute + 1))
        services.continue_redatings(at=after(minute + 2))
        assert (order.targets.get(kind="accepted").calendar_digest == before) == (document == OFFICE)
