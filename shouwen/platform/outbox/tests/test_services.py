from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from time import monotonic

import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.models import F

from shouwen.platform.outbox import queries, rules, services
from shouwen.platform.outbox.choices import DeliveryState
from shouwen.platform.outbox.models import Delivery, Fact
from shouwen.platform.outbox.services import DeliveryCount, announce, deliver_due, retry_deliveries
from shouwen.platform.outbox.tests.hearts import (
    NOON,
    HeartBeat,
    beat,
    count_beat,
    drop_counting_table,
    heard,
    hearer,
    later,
    make_counting_table,
)


@pytest.fixture
def counting(db: None) -> Iterator[None]:
    """A table in which hearers count."""
    make_counting_table()
    yield
    drop_counting_table()


def count(fact: HeartBeat) -> None:
    count_beat(fact.heart_id)


def fail(fact: HeartBeat) -> None:
    count_beat(fact.heart_id, "failing")
    raise ValueError(f"heart {fact.heart_id} stumbles")


# Announcing.


def test_a_fact_becomes_a_row_and_a_delivery_for_each_hearer(counting: None) -> None:
    def listen(fact: HeartBeat) -> None: ...

    with hearer(count), hearer(listen):
        announce(HeartBeat(heart_id=7, at=NOON, actor_id=3))

    [fact] = Fact.objects.filter(kind="HeartBeat").values("case_kind", "case_id", "actor_id", "at", "payload")
    assert fact == {"case_kind": "heart", "case_id": 7, "actor_id": 3, "at": NOON, "payload": {"heart_id": 7}}
    columns = ("hearer", "state", "attempt_count", "next_try_at", "heard_at", "problem")
    assert list(Delivery.objects.order_by("id").values_list(*columns)) == [
        ("tests.count", "PENDING", 0, NOON, None, ""),
        ("tests.listen", "PENDING", 0, NOON, None, ""),
    ]


def test_a_fact_that_nobody_hears_is_told_all_the_same(db: None) -> None:
    beat(1, 2)

    cards = queries.list_facts(case_kind="heart", case_id=2)

    assert [card.as_fact() for card in cards] == [HeartBeat(heart_id=2, at=NOON, actor_id=None)]
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_fact_is_not_told_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="in the transaction of the verb"):
        announce(HeartBeat(heart_id=1, at=NOON, actor_id=None))

    assert not Fact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_after_a_rollback_the_fact_was_never_told() -> None:
    with hearer(count), transaction.atomic():
        announce(HeartBeat(heart_id=1, at=NOON, actor_id=None))
        assert Fact.objects.count() == 1
        transaction.set_rollback(True)

    assert (Fact.objects.count(), Delivery.objects.count()) == (0, 0)


def test_the_database_refuses_to_change_or_delete_a_fact(db: None) -> None:
    beat(1)

    for change in (
        lambda: Fact.objects.update(at=later(1)),
        lambda: Fact.objects.update(payload=F("payload")),
        lambda: Fact.objects.all().delete(),
        lambda: Fact.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(ProgrammingError, match="never changed or deleted"), transaction.atomic():
            change()

    assert Fact.objects.filter(at=NOON).count() == 1


def test_the_database_refuses_to_empty_the_table_of_facts(db: None) -> None:
    beat(1)

    with connection.cursor() as cursor:
        cursor.execute("alter table outbox_fact enable trigger fact_is_kept")  # test databases switch it off
        with pytest.raises(ProgrammingError, match="never changed or deleted"), transaction.atomic():
            cursor.execute("truncate outbox_fact cascade")

    assert Fact.objects.count() == 1


# Delivering.


def test_each_fact_is_heard_once_the_oldest_first(counting: None) -> None:
    with hearer(count):
        beat(3, at=later(2))
        beat(1, 2)

        counts = [deliver_due(at=later(1)), deliver_due(at=later(2)), deliver_due(at=later(3))]

    assert counts == [DeliveryCount(heard=2), DeliveryCount(heard=1), DeliveryCount()]
    assert heard() == [1, 2, 3]
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.HEARD}
    assert list(Delivery.objects.order_by("fact__case_id").values_list("heard_at", flat=True)) == [
        later(1),
        later(1),
        later(2),
    ]


def test_no_more_is_delivered_than_asked_for(counting: None) -> None:
    with hearer(count):
        beat(*range(120))

        assert [deliver_due(at=NOON, limit=70).heard for _ in range(3)] == [70, 50, 0]

    assert heard() == list(range(120))


def test_what_a_hearer_announces_is_heard_too(counting: None) -> None:
    def answer(fact: HeartBeat) -> None:
        count_beat(fact.heart_id)
        if fact.heart_id < 3:
            announce(HeartBeat(heart_id=fact.heart_id + 1, at=fact.at, actor_id=None))

    with hearer(answer):
        beat(1)

        assert deliver_due(at=NOON) == DeliveryCount(heard=3)

    assert heard() == [1, 2, 3]


def test_a_hearer_that_fails_is_undone_and_tried_again_after_growing_pauses(counting: None) -> None:
    with hearer(fail):
        beat(1)
        at, tries = NOON, []
        for _ in range(rules.ATTEMPT_LIMIT):
            assert deliver_due(at=at - timedelta(microseconds=1)) == DeliveryCount()
            tries.append(deliver_due(at=at))
            row = Delivery.objects.get()
            pause, at = row.next_try_at - at, row.next_try_at
            assert pause == (rules.pause_after(attempt_count=row.attempt_count) or timedelta(0))

    assert tries == [DeliveryCount(put_off=1)] * 7 + [DeliveryCount(failed=1)]
    assert heard("failing") == []
    assert (row.state, row.attempt_count, row.problem, row.heard_at) == (
        DeliveryState.FAILED,
        8,
        "ValueError: heart 1 stumbles",
        None,
    )


def test_one_that_fails_does_not_take_the_others_with_it(counting: None) -> None:
    def stumble(fact: HeartBeat) -> None:
        count_beat(fact.heart_id, "half")
        if fact.heart_id % 2:
            raise ValueError

    with hearer(count), hearer(stumble):
        beat(*range(10))

        assert deliver_due(at=NOON) == DeliveryCount(heard=15, put_off=5)

    assert (heard(), heard("half")) == (list(range(10)), [0, 2, 4, 6, 8])


def test_a_hearer_that_breaks_a_constraint_only_at_the_end_fails_by_itself(counting: None) -> None:
    """Foreign keys are checked at the end of a transaction; a batch must not fail there for one of its hearers."""

    def dangle(fact: HeartBeat) -> None:
        Delivery.objects.create(fact_id=10**9, hearer="nobody", next_try_at=NOON)

    with hearer(count), hearer(dangle):
        beat(1)

        assert deliver_due(at=NOON) == DeliveryCount(heard=1, put_off=1)

    assert heard() == [1]
    assert "foreign key" in Delivery.objects.get(hearer="tests.dangle").problem
    assert not Delivery.objects.filter(hearer="nobody").exists()


def test_a_hearer_that_this_version_does_not_have_fails_and_says_so(counting: None) -> None:
    with hearer(count):
        beat(1)

    assert deliver_due(at=NOON) == DeliveryCount(put_off=1)

    assert Delivery.objects.get().problem == "No hearer is called tests.count in this version."


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (ValueError("bad \x00 text"), "ValueError: bad \\x00 text"),
        (ValueError("half \ud83d of it"), "ValueError: half \\ud83d of it"),
        (Unspeakable(), "Unspeakable: its words cannot be read (RuntimeError)"),
    ],
)
def test_an_error_of_whatever_words_is_put_off_and_the_others_are_heard(counting: None, error: Exception, problem: str) -> None:
    def stumble(fact: HeartBeat) -> None:
        if fact.heart_id == 1:
            raise error

    with hearer(stumble), hearer(count):
        beat(1, 2)

        assert deliver_due(at=NOON) == DeliveryCount(heard=3, put_off=1)

    assert Delivery.objects.get(state=DeliveryState.PENDING).problem == problem
    assert heard() == [1, 2]


def test_of_endless_words_the_first_are_kept(counting: None) -> None:
    def stumble(fact: HeartBeat) -> None:
        raise ValueError("x" * 1_000_000)

    with hearer(stumble):
        beat(1)
        deliver_due(at=NOON)

    problem = Delivery.objects.get().problem
    assert (len(problem), problem[:14], problem[-1]) == (rules.LONGEST_PROBLEM, "ValueError: xx", "…")


def test_a_long_batch_leaves_the_rest_for_later(counting: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LONGEST_BATCH_S", -1.0)
    seen: list[int] = []

    def watch(fact: HeartBeat) -> None:
        seen.append(Delivery.objects.filter(state=DeliveryState.HEARD).count())

    with hearer(watch):
        beat(*range(4))

        assert deliver_due(at=NOON) == DeliveryCount(heard=4)

    assert seen == [0, 1, 2, 3]


# What failed.


@pytest.fixture
def failed(counting: None) -> Iterator[Delivery]:
    """A delivery that was given up."""
    with hearer(fail):
        beat(5)
        for day in range(rules.ATTEMPT_LIMIT):
            deliver_due(at=NOON + timedelta(days=day))
        yield Delivery.objects.get()


def test_what_keeps_failing_is_shown_to_the_operator(failed: Delivery) -> None:
    assert queries.list_failed() == [
        queries.FailedDelivery(
            id=failed.pk,
            fact_id=failed.fact_id,
            kind="HeartBeat",
            case_kind="heart",
            case_id=5,
            hearer="tests.fail",
            attempt_count=8,
            problem="ValueError: heart 5 stumbles",
            happened_at=NOON,
        )
    ]
    assert queries.list_failed(after_id=failed.pk) == []
    assert queries.backlog() == queries.Backlog(pending=0, oldest_at=None, failed=1)


def test_the_page_of_failures_asks_as_often_for_one_as_for_three(failed: Delivery, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):
        queries.list_failed()
    for heart_id in (6, 7):
        beat(heart_id)
    Delivery.objects.filter(state=DeliveryState.PENDING).update(state=DeliveryState.FAILED)
    with django_assert_num_queries(1):
        assert len(queries.list_failed()) == 3
    assert [row.case_id for row in queries.list_failed(after_id=failed.pk, limit=1)] == [6]


def test_the_operator_lets_a_failed_delivery_be_tried_again(failed: Delivery) -> None:
    at = NOON + timedelta(days=30)

    assert retry_deliveries(delivery_ids=[failed.pk], at=at) == 1

    failed.refresh_from_db()
    assert (failed.state, failed.attempt_count, failed.next_try_at) == (DeliveryState.PENDING, 0, at)
    assert deliver_due(at=at) == DeliveryCount(put_off=1)


def test_only_what_has_failed_is_tried_again_and_all_or_none(failed: Delivery) -> None:
    beat(6)
    pending = Delivery.objects.get(state=DeliveryState.PENDING)
    before = list(Delivery.objects.order_by("id").values())

    with pytest.raises(services.NotFailed) as refusal:
        retry_deliveries(delivery_ids=[failed.pk, pending.pk], at=NOON)

    assert str(pending.pk) in refusal.value.explain()
    assert list(Delivery.objects.order_by("id").values()) == before


def test_the_backlog_says_how_far_the_hearers_are_behind(counting: None) -> None:
    with hearer(count):
        beat(1, 2)

        backlog = queries.backlog()

    assert (backlog.pending, backlog.failed) == (2, 0)
    assert isinstance(backlog.oldest_at, datetime)


# Histories.


def test_a_history_is_in_the_order_of_telling_and_can_be_narrowed(db: None) -> None:
    beat(1, at=later(5))
    beat(2)
    beat(1)

    history = queries.list_facts(case_kind="heart", case_id=1)

    assert [card.at for card in history] == [later(5), NOON]
    assert queries.first_fact(case_kind="heart", case_id=1) == history[0]
    assert queries.list_facts(case_kind="heart", case_id=1, kinds=("HeartMeasured",)) == []
    assert [card.at for card in queries.facts_after(fact_id=history[0].id, kinds=("HeartBeat",), limit=9)] == [NOON, NOON]
    by_case = queries.facts_of_cases(case_kind="heart", case_ids=[1, 2, 3], kinds=["HeartBeat"])
    assert {case: [card.at for card in cards] for case, cards in by_case.items()} == {1: [later(5), NOON], 2: [NOON]}


# Several workers.


def _in_threads(number: int, work: object) -> None:
    start = threading.Barrier(number)
    problems: list[BaseException] = []

    def run() -> None:
        start.wait(20)
        try:
            work()
        except BaseException as problem:  # told to the test
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert problems == []


@pytest.mark.django_db(transaction=True)
def test_three_workers_hear_each_fact_once() -> None:
    make_counting_table()
    totals: list[int] = []

    def work() -> None:
        while heard_now := deliver_due(at=NOON, limit=60).heard:
            totals.append(heard_now)

    try:
        with hearer(count):
            beat(*range(400))
            _in_threads(3, work)
            deliver_due(at=NOON)  # what one left locked while another looked

        assert Counter(heard()) == Counter(range(400))
        assert sum(totals) <= 400
        assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.HEARD}
    finally:
        drop_counting_table()


@pytest.mark.django_db(transaction=True)
def test_a_worker_with_nothing_to_do_is_woken_by_a_fact() -> None:
    woken = threading.Event()

    def wait() -> None:
        services.wait_for_facts(timeout=timedelta(seconds=20))
        woken.set()

    with hearer(count):
        waiting = threading.Thread(target=lambda: (wait(), connection.close()), daemon=True)
        waiting.start()
        for _ in range(400):
            beat(1)
            if woken.wait(0.05):
                break
        waiting.join(20)

    assert woken.is_set()


def _beat_elsewhere(*heart_ids: int) -> None:
    def announce_and_leave() -> None:
        for heart_id in heart_ids:
            beat(heart_id)
        connection.close()

    thread = threading.Thread(target=announce_and_leave)
    thread.start()
    thread.join(20)


@pytest.mark.django_db(transaction=True)
def test_a_fact_announced_between_the_look_and_the_waiting_wakes_the_worker() -> None:
    with hearer(count):
        services.listen_for_facts()
        assert deliver_due(at=NOON).total == 0
        _beat_elsewhere(1, 2, 3)
        assert Delivery.objects.count() == 3  # the connection is used, and told of the facts, before it waits
        began_s = monotonic()

        services.wait_for_facts(timeout=timedelta(seconds=20))
        waited_s = monotonic() - began_s
        services.wait_for_facts(timeout=timedelta(milliseconds=50))

    assert waited_s < 10
    assert monotonic() - began_s - waited_s >= 0.05, "three facts wake it once"
    connection.close()
