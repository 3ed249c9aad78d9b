"""One key, one deed: however often a request is sent, and by how many at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from shouwen.faces.api.models import KeptAnswer
from shouwen.faces.api.services.answers import Reply, answer_once, forget_answers
from shouwen.faces.api.tests.callers import Api, api_of, problem
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.tests.factories import NOON, Company, opened, small_company, told

LAMP = {"norm": "lamp_out", "channel": "phone", "subject": "灯不亮"}


def test_the_same_key_gives_the_same_answer_and_does_nothing_again(company: Company, li: Api) -> None:
    first, second = (li.post("/work-orders", LAMP, key="k-1") for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert (second.content, second["Location"]) == (first.content, first["Location"])
    assert (first.has_header("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (False, "true")
    assert WorkOrder.objects.count() == 1


def test_an_answer_without_a_body_is_kept_too(company: Company, li: Api) -> None:
    order = opened(company)
    path = f"/work-orders/{order.pk}/outcomes"

    answers = [li.post(path, {"outcome": "sent"}, key="k-1") for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b""), (204, b"")]
    assert told(order).count("StepFinished") == 1


def test_the_same_key_for_another_body_or_address_is_refused(company: Company, li: Api) -> None:
    li.post("/work-orders", LAMP, key="k-1")

    assert problem(li.post("/work-orders", LAMP | {"subject": "Another"}, key="k-1")) == (422, "key_used_otherwise")
    assert problem(li.post("/work-orders/1/taking", key="k-1")) == (422, "key_used_otherwise")
    assert WorkOrder.objects.count() == 1


def test_two_clients_may_use_the_same_key(company: Company, li: Api) -> None:
    other = api_of(company.li, name="other")

    made = {one.post("/work-orders", LAMP, key="k-1").json()["id"] for one in (li, other)}

    assert len(made) == 2


def test_a_refusal_is_not_kept(company: Company, li: Api) -> None:
    order = opened(company)
    path = f"/work-orders/{order.pk}/resumption"
    assert problem(li.post(path, key="k-1")) == (409, "not_paused")

    li.post(f"/work-orders/{order.pk}/pause", {"reason": "waiting_for_customer"})

    assert li.post(path, key="k-1").status_code == 204


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "钥匙", "a\tb"])
def test_what_is_no_key_is_refused(company: Company, key: str) -> None:
    with pytest.raises(Exception, match="Idempotency-Key"):
        answer_once(client="c", key=key, asked=b"", make=lambda: Reply(204, b""), at=NOON)
    assert KeptAnswer.objects.count() == 0


def test_what_is_kept_cannot_be_read_in_the_table(company: Company, li: Api) -> None:
    made = li.post("/work-orders", LAMP, key="k-1").json()

    row = KeptAnswer.objects.get()

    assert made["number"].encode() not in bytes(row.body)


def test_answers_are_kept_for_two_days(company: Company, li: Api) -> None:
    li.post("/work-orders", LAMP, key="k-1")

    assert forget_answers(at=timezone.now() + timedelta(hours=47)) == 0
    assert forget_answers(at=timezone.now() + timedelta(hours=49)) == 1
    assert KeptAnswer.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_done_and_none_answered_otherwise() -> None:
    company = small_company()
    token = api_of(company.li).token
    answers, start = [], threading.Barrier(6)

    def send() -> None:
        start.wait()
        answers.append(Api(token).post("/work-orders", LAMP, key="k-1"))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert WorkOrder.objects.count() == 1
    done = {answer.content for answer in answers if answer.status_code == 201}
    assert len(done) == 1
    assert {problem(answer) for answer in answers if answer.status_code != 201} <= {(409, "still_running")}
    assert Api(token).post("/work-orders", LAMP, key="k-1").content in done


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_running_the_second_is_told_so() -> None:
    inside, finish, answers = threading.Event(), threading.Event(), []

    def slow() -> Reply:
        inside.set()
        finish.wait(timeout=10)
        return Reply(204, b"")

    def first() -> None:
        answers.append(answer_once(client="c", key="k", asked=b"x", make=slow, at=NOON))
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(timeout=10)
    with pytest.raises(Exception, match="still running"):
        answer_once(client="c", key="k", asked=b"x", make=slow, at=NOON)
    finish.set()
    thread.join()

    assert answer_once(client="c", key="k", asked=b"x", make=slow, at=NOON).is_repeated


@pytest.mark.django_db(transaction=True)
def test_the_deed_and_the_kept_answer_stand_or_fall_together() -> None:
    def done_and_broken() -> Reply:
        KeptAnswer.objects.create(name=b"other", digest=b"", status=200, body=b"", answered_at=NOON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer_once(client="c", key="k", asked=b"x", make=done_and_broken, at=NOON)

    assert KeptAnswer.objects.count() == 0
    assert not transaction.get_connection().in_atomic_block
