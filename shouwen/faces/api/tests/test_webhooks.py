"""Webhooks against a real server: signed, in order, side by side, retried, given up, replayed."""

from __future__ import annotations

import hmac
import json
import threading
import time
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from shouwen.faces.api import rules, tasks
from shouwen.faces.api.models import WebhookDelivery, WebhookSubscription
from shouwen.faces.api.services import delivering
from shouwen.faces.api.tasks import WebhookCount, deliver_webhooks
from shouwen.faces.api.tests.callers import Api, api_of, problem
from shouwen.faces.api.tests.receiver import Receiver, receiving
from shouwen.loop.workorders.tests.factories import Company, after, finish, opened, small_company
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.tests.factories import administrator


@pytest.fixture
def manager(company: Company) -> Api:
    return api_of(administrator(home_unit=company.centre))


def subscribed(manager: Api, receiver: Receiver, *kinds: str) -> dict[str, Any]:
    made = manager.post("/webhooks", {"name": "crm", "url": receiver.url, "kinds": list(kinds)})
    assert made.status_code == 201, made.content
    return made.json()


def later(minutes: float = 0) -> Any:
    return timezone.now() + timedelta(minutes=minutes)


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in receiver.requests]


def test_a_fact_is_sent_signed_as_ids_and_codes(company: Company, manager: Api, receiver: Receiver) -> None:
    made = subscribed(manager, receiver, "WorkOrderOpened")
    order = opened(company, subject="张先生的灯")

    assert deliver_webhooks(at=later()) == WebhookCount(sent=1)

    [(headers, body)] = receiver.requests
    fact, delivery = Fact.objects.get(kind="WorkOrderOpened"), WebhookDelivery.objects.get()
    proof = hmac.new(made["secret"].encode(), f"{headers['Shouwen-Timestamp']}.".encode() + body, sha256).hexdigest()
    assert headers["Shouwen-Signature"] == f"v1={proof}"
    assert (headers["Shouwen-Delivery"], headers["Shouwen-Fact"]) == (str(delivery.pk), "WorkOrderOpened")
    assert json.loads(body) == {
        "delivery_id": delivery.pk,
        "fact_id": fact.pk,
        "kind": "WorkOrderOpened",
        "at": "2026-05-06T04:00:00+00:00",
        "actor_id": company.li.pk,
        "case_kind": "work_order",
        "case_id": order.pk,
        "fields": fact.payload,
    }
    assert "张" not in body.decode()


def test_what_was_told_before_is_not_sent_and_other_kinds_are_not(company: Company, manager: Api, receiver: Receiver) -> None:
    order = opened(company)
    subscribed(manager, receiver, "StepFinished")
    finish(order, "sent", by=company.li, at=after(5))

    deliver_webhooks(at=later())

    assert [body["kind"] for body in bodies(receiver)] == ["StepFinished"]


def test_without_kinds_everything_is_sent_in_the_order_in_which_it_was_told(
    company: Company, manager: Api, receiver: Receiver
) -> None:
    subscribed(manager, receiver)
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))

    deliver_webhooks(at=later())

    sent = [body["fact_id"] for body in bodies(receiver)]
    told = list(Fact.objects.filter(case_kind="work_order").order_by("id").values_list("id", flat=True))
    assert sent == told
    assert len(told) > 3


def test_one_that_fails_is_tried_again_after_a_pause_and_the_next_wait(
    company: Company, manager: Api, receiver: Receiver
) -> None:
    subscribed(manager, receiver, "WorkOrderOpened")
    one, two = opened(company), opened(company)
    receiver.answers = [500, 302]

    assert deliver_webhooks(at=later()) == WebhookCount(put_off=1)
    assert deliver_webhooks(at=later()) == WebhookCount()
    assert deliver_webhooks(at=later(1)) == WebhookCount(put_off=1)
    assert deliver_webhooks(at=later(2)) == WebhookCount(sent=2)

    assert [body["case_id"] for body in bodies(receiver)] == [one.pk, one.pk, one.pk, two.pk]
    assert len({headers["Shouwen-Delivery"] for headers, _ in receiver.requests[:3]}) == 1
    assert len({body for _, body in receiver.requests[:3]}) == 1
    row = WebhookDelivery.objects.order_by("fact_id").first()
    assert (row.state, row.attempt_count, row.problem) == ("SENT", 3, "")


def test_what_keeps_failing_is_given_up_and_shown_and_the_next_has_its_turn(
    company: Company, manager: Api, receiver: Receiver
) -> None:
    made = subscribed(manager, receiver, "WorkOrderOpened")
    opened(company), opened(company)
    receiver.answers = [503] * rules.ATTEMPT_LIMIT

    counts = [deliver_webhooks(at=later(300 * n)) for n in range(rules.ATTEMPT_LIMIT)]

    assert counts[:-1] == [WebhookCount(put_off=1)] * (rules.ATTEMPT_LIMIT - 1)
    assert counts[-1] == WebhookCount(sent=1, given_up=1)
    dead = manager.get(f"/webhooks/{made['id']}/deliveries", state="DEAD").json()["items"]
    assert [(one["attempt_count"], one["problem"]) for one in dead] == [(rules.ATTEMPT_LIMIT, "it answered 503")]


def test_one_delivery_is_replayed_under_its_own_id(company: Company, manager: Api, receiver: Receiver) -> None:
    subscribed(manager, receiver, "WorkOrderOpened")
    opened(company)
    deliver_webhooks(at=later())
    delivery = WebhookDelivery.objects.get()

    assert manager.post(f"/webhook-deliveries/{delivery.pk}/replay").status_code == 204
    assert problem(manager.post(f"/webhook-deliveries/{delivery.pk}/replay")) == (409, "cannot_replay")
    deliver_webhooks(at=later(1))

    (first, one), (second, two) = receiver.requests
    assert (first["Shouwen-Delivery"], first["Shouwen-Replay"], one) == (second["Shouwen-Delivery"], "0", two)
    assert second["Shouwen-Replay"] == "1"


def test_everything_since_an_instant_is_replayed_in_order_also_what_was_told_before_the_subscription(
    company: Company, manager: Api, receiver: Receiver
) -> None:
    early, noon = opened(company, at=after(-10)), opened(company)
    made = subscribed(manager, receiver, "WorkOrderOpened")
    late = opened(company, at=after(10))
    deliver_webhooks(at=later())

    replayed = manager.post(f"/webhooks/{made['id']}/replays", {"since": after(0).isoformat()})
    deliver_webhooks(at=later(1))

    assert replayed.status_code == 200
    assert [body["case_id"] for body in bodies(receiver)] == [late.pk, noon.pk, late.pk]
    assert early.pk not in {body["case_id"] for body in bodies(receiver)}


def test_a_cancelled_subscription_gets_nothing_more(company: Company, manager: Api, receiver: Receiver) -> None:
    made = subscribed(manager, receiver)
    opened(company)

    assert manager.post(f"/webhooks/{made['id']}/cancellation").status_code == 204
    assert deliver_webhooks(at=later()) == WebhookCount()
    assert receiver.requests == []
    assert problem(manager.post(f"/webhooks/{made['id']}/replays", {"since": after(0).isoformat()})) == (409, "cannot_replay")


def test_the_secret_is_shown_once_and_kept_sealed(company: Company, manager: Api, receiver: Receiver) -> None:
    made = subscribed(manager, receiver)

    with connection.cursor() as cursor:
        cursor.execute("select secret from api_webhooksubscription")
        kept = bytes(cursor.fetchone()[0])

    assert made["secret"].encode() not in kept
    assert made["secret"] not in manager.get("/webhooks").content.decode()
    assert WebhookSubscription.objects.get().secret == made["secret"]


def test_a_subscription_is_for_those_who_run_the_system(company: Company, li: Api) -> None:
    assert problem(li.post("/webhooks", {"name": "mine", "url": "https://example.com/"})) == (403, "not_allowed")
    assert WebhookSubscription.objects.count() == 0


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://", "ftp://example.com/", "https://u:p@example.com/", "https://example.com/#x",
            "https://example.com:99999/", "https://[abc", "https://[::1", "https://a]/", "https://exämple.com/",
            "https://example.com/ x", "//example.com/"]
)  # fmt: skip
def test_an_address_to_which_nothing_is_sent_is_refused(company: Company, manager: Api, url: str) -> None:
    assert problem(manager.post("/webhooks", {"name": "crm", "url": url})) == (422, "cannot_subscribe")


def test_a_kind_that_is_none_is_refused(company: Company, manager: Api) -> None:
    refused = manager.post("/webhooks", {"name": "crm", "url": "https://example.com/", "kinds": ["Nothing"]})

    assert problem(refused) == (422, "cannot_subscribe")


def test_a_slow_subscriber_holds_up_nobody_else_and_each_try_is_signed_with_its_own_time(
    company: Company, manager: Api, receiver: Receiver
) -> None:
    others_served, waits = threading.Event(), []
    with receiving() as slow:
        slow.looks = lambda: waits.append(others_served.wait(timeout=4))
        receiver.looks = lambda: others_served.set() if len(receiver.requests) == 2 else time.sleep(1.1)
        for one in (slow, receiver):
            subscribed(manager, one, "WorkOrderOpened")
        first, second = opened(company), opened(company)
        began = timezone.now()

        count = deliver_webhooks(at=began)

    assert waits == [True, True]
    assert count == WebhookCount(sent=4)
    assert [body["case_id"] for body in bodies(receiver)] == [first.pk, second.pk]
    assert [json.loads(body)["case_id"] for _, body in slow.requests] == [first.pk, second.pk]
    stamps = [int(headers["Shouwen-Timestamp"]) for headers, _ in receiver.requests]
    assert int(began.timestamp()) <= stamps[0] < stamps[1]


def test_a_try_is_signed_when_it_is_sent_and_not_when_its_round_began(company: Company, manager: Api, receiver: Receiver) -> None:
    """Eleven subscribers, the first of which is slow: with one sender the last is sent to after a second."""
    for _ in range(11):
        subscribed(manager, receiver, "WorkOrderOpened")
    opened(company)
    receiver.looks = lambda: time.sleep(1.1) if len(receiver.requests) == 1 else None
    began = timezone.now()

    assert deliver_webhooks(at=began, senders=1) == WebhookCount(sent=11)

    assert {headers["Shouwen-Subscription"] for headers, _ in receiver.requests} == {
        str(pk) for pk in WebhookSubscription.objects.values_list("pk", flat=True)
    }
    assert int(receiver.requests[-1][0]["Shouwen-Timestamp"]) >= int(began.timestamp()) + 1
    assert WebhookDelivery.objects.order_by("sent_at").last().sent_at >= began + timedelta(seconds=1)


def test_a_round_has_one_time_for_all_and_whoever_waited_is_first_in_the_next(
    company: Company, manager: Api, receiver: Receiver
) -> None:
    ids = [subscribed(manager, receiver, "WorkOrderOpened")["id"] for _ in range(3)]
    opened(company)
    receiver.looks = lambda: time.sleep(0.2)

    counts = [deliver_webhooks(at=later(), senders=1, round_s=0.1) for _ in ids]

    assert counts == [WebhookCount(sent=1)] * 3
    assert [int(headers["Shouwen-Subscription"]) for headers, _ in receiver.requests] == ids
    assert set(WebhookSubscription.objects.values_list("claimed_until", flat=True)) == {None}


@pytest.mark.django_db(transaction=True)
def test_who_is_due_while_a_slow_one_is_waited_for_is_served_in_the_same_round(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "LOOK_FOR_MORE_S", 0.05)
    company = small_company()
    manager = api_of(administrator(home_unit=company.centre))
    told_meanwhile_arrived, waits = threading.Event(), []
    with receiving() as slow:
        for one in (slow, receiver):
            subscribed(manager, one, "WorkOrderOpened")
        opened(company)
        receiver.looks = lambda: told_meanwhile_arrived.set() if len(receiver.requests) == 2 else None
        slow.looks = lambda: waits.append(_open_and_wait(company, told_meanwhile_arrived)) if len(slow.requests) == 1 else None

        deliver_webhooks(at=timezone.now())

    assert waits == [True]


def _open_and_wait(company: Company, arrived: threading.Event) -> bool:
    opened(company)
    connection.close()
    return arrived.wait(timeout=4)


def test_pauses_grow_and_end() -> None:
    pauses = [rules.pause_after(attempt_count=count) for count in range(1, rules.ATTEMPT_LIMIT + 1)]

    assert pauses[:3] == [timedelta(seconds=10), timedelta(seconds=20), timedelta(seconds=40)]
    assert max(pause for pause in pauses if pause) == timedelta(hours=2)
    assert pauses[-1] is None


def test_one_worker_at_a_time_has_a_subscription_and_another_after_a_while(
    company: Company, manager: Api, receiver: Receiver
) -> None:
    made, at = subscribed(manager, receiver), later()

    claims = [delivering.claim(subscription_id=made["id"], at=moment) for moment in (at, at, later(4), later(6))]

    assert claims == [True, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_in_a_transaction_and_no_fact_is_overtaken(receiver: Receiver) -> None:
    """A fact told early and committed late has a lower id than one that was sent already: the position waits for it."""
    company = small_company()
    subscribed(api_of(administrator(home_unit=company.centre)), receiver, "WorkOrderOpened")
    told_early, commit = threading.Event(), threading.Event()
    open_transactions: list[int] = []
    receiver.looks = lambda: open_transactions.append(_in_transaction())
    slow = threading.Thread(target=_open_slowly, args=(company, told_early, commit))
    slow.start()
    told_early.wait(timeout=10)
    opened(company)

    count_before = deliver_webhooks(at=later())
    commit.set()
    slow.join()
    count_after = deliver_webhooks(at=later())

    assert (count_before, count_after) == (WebhookCount(), WebhookCount(sent=2))
    sent = [body["fact_id"] for body in bodies(receiver)]
    assert sent == sorted(sent)
    assert open_transactions == [0, 0]


def _open_slowly(company: Company, told_early: threading.Event, commit: threading.Event) -> None:
    from django.db import transaction

    with transaction.atomic():
        opened(company)
        told_early.set()
        commit.wait(timeout=10)
    connection.close()


def _in_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and state = 'idle in transaction'"
        )
        count = int(cursor.fetchone()[0])
    connection.close()
    return count
