"""The other subjects by HTTP: contacts, customers, the handbook, people, messages, operations."""

from __future__ import annotations

import base64
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.faces.api.tests.callers import Api, api_of, problem
from shouwen.faces.api.tests.world import World, build
from shouwen.loop.contact.models import Envelope, Interaction
from shouwen.loop.workorders.models import WorkOrder
from shouwen.loop.workorders.tests.factories import NOON, Company, opened
from shouwen.platform.audit.models import Look
from shouwen.platform.outbox.models import Delivery
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.tests.factories import PostFactory, administrator
from shouwen.records.customers.models import Customer
from shouwen.records.customers.services import register_customer

LAMP = {"norm": "lamp_out", "subject": "灯不亮", "text": "幸福路的路灯不亮。"}


@pytest.fixture
def gateway(company: Company) -> Api:
    return api_of(company.gateway)


@pytest.fixture
def world(company: Company) -> World:
    return build(company)


def sent(gateway: Api, *envelopes: dict[str, Any], key: str | None = None) -> list[dict[str, Any]]:
    answer = gateway.post("/envelopes", {"source": "partner", "channel": "web", "envelopes": list(envelopes)}, key=key)
    assert answer.status_code == 201, answer.content
    return answer.json()["items"]


def test_contacts_become_matters_in_their_order_and_what_is_not_understood_is_kept(company: Company, gateway: Api) -> None:
    items = sent(gateway, {"key": "1", "content": LAMP}, {"key": "2", "content": {}}, {"key": "3", "content": LAMP})

    assert [(item["is_new"], item["state"], item["trouble"]) for item in items] == [
        (True, "PARSED", ""),
        (True, "BURIED", "empty"),
        (True, "PARSED", ""),
    ]
    assert [item["work_order_id"] for item in items if item["work_order_id"]] == sorted(
        WorkOrder.objects.values_list("id", flat=True)
    )
    assert WorkOrder.objects.first().owner_id == company.li.pk


def test_the_same_contact_again_is_the_same_matter(company: Company, gateway: Api) -> None:
    [first], [again] = (sent(gateway, {"key": "1", "content": LAMP}) for _ in range(2))

    assert (first["is_new"], again["is_new"], again["is_same"]) == (True, False, True)
    assert again["work_order_id"] == first["work_order_id"]
    assert WorkOrder.objects.count() == 1


def test_another_body_under_a_known_key_is_kept_and_answered_with_a_problem(company: Company, gateway: Api, li: Api) -> None:
    [first] = sent(gateway, {"key": "1", "content": LAMP})
    other = {"source": "partner", "channel": "web", "envelopes": [{"key": "1", "content": LAMP | {"text": "又灭了。"}}]}

    answers = [gateway.post("/envelopes", other) for _ in range(2)]

    apart = Envelope.objects.exclude(pk=first["id"]).get()
    assert [problem(answer) for answer in answers] == [(409, "key_taken")] * 2
    assert [answer.json()["details"] for answer in answers] == [{"id": apart.pk, "earlier_id": first["id"]}] * 2
    assert "又灭了" in apart.content.decode()
    [line] = li.get("/envelopes/buried").json()["items"]
    assert (line["id"], line["trouble"], line["details"]) == (apart.pk, "duplicated_id", {"earlier_id": first["id"]})
    assert WorkOrder.objects.count() == 1


def test_the_problem_of_a_taken_key_is_repeated_like_any_answer(company: Company, gateway: Api) -> None:
    sent(gateway, {"key": "1", "content": LAMP})
    other = {"source": "partner", "channel": "web", "envelopes": [{"key": "1", "content": LAMP | {"text": "又灭了。"}}]}

    answers = [gateway.post("/envelopes", other, key="k-1") for _ in range(2)]

    assert [problem(answer) for answer in answers] == [(409, "key_taken")] * 2
    assert answers[0].content == answers[1].content
    assert [answer.get("Idempotency-Replayed") for answer in answers] == [None, "true"]
    assert Envelope.objects.count() == 2


def test_among_many_another_body_under_a_known_key_is_told_by_its_item(company: Company, gateway: Api) -> None:
    [first] = sent(gateway, {"key": "1", "content": LAMP})

    unlike, new = sent(gateway, {"key": "1", "content": LAMP | {"text": "又灭了。"}}, {"key": "2", "content": LAMP})

    apart = Envelope.objects.get(trouble="duplicated_id")
    assert unlike == {
        "id": apart.pk,
        "is_new": False,
        "is_same": False,
        "state": "BURIED",
        "trouble": "duplicated_id",
        "work_order_id": None,
    }
    assert (apart.pk == first["id"], new["is_new"], new["state"]) == (False, True, "PARSED")


def test_without_a_key_the_content_is_the_key(company: Company, gateway: Api) -> None:
    [one], [two] = sent(gateway, {"content": LAMP}), sent(gateway, {"content": LAMP})

    assert (one["id"], two["is_new"]) == (two["id"], False)


def test_bytes_come_in_base64_and_a_mail_is_read_as_one(company: Company, gateway: Api) -> None:
    mail = b"From: a@example.com\r\nTo: s@localhost\r\nSubject: Lamp\r\nMessage-ID: <1@x>\r\n\r\nThe lamp is out."

    [item] = sent(gateway, {"raw": base64.b64encode(mail).decode(), "media_type": "message/rfc822"})

    assert Envelope.objects.get(pk=item["id"]).content == mail


def test_an_envelope_is_content_or_raw(company: Company, gateway: Api) -> None:
    for envelope in ({"key": "1"}, {"content": LAMP, "raw": ""}):
        refused = gateway.post("/envelopes", {"source": "s", "channel": "web", "envelopes": [envelope]})
        assert problem(refused) == (422, "bad_input")
    assert Envelope.objects.count() == 0


def test_at_most_a_hundred_come_at_once(company: Company, gateway: Api) -> None:
    many = {"source": "s", "channel": "web", "envelopes": [{"key": str(n), "content": LAMP} for n in range(101)]}

    assert problem(gateway.post("/envelopes", many)) == (422, "bad_values")
    assert Envelope.objects.count() == 0


def test_a_hundred_ask_few_more_queries_than_one(company: Company, gateway: Api) -> None:
    counts = []
    for count in (1, 50):
        with CaptureQueriesContext(connection) as asked:
            sent(gateway, *({"key": f"{count}-{n}", "content": LAMP} for n in range(count)))
        counts.append(len(asked))

    assert counts[1] <= counts[0] + 4


def test_what_was_buried_is_listed_repaired_and_discarded(company: Company, gateway: Api, li: Api) -> None:
    one, two = sent(gateway, {"key": "1", "content": {"text": "Hm."}}, {"key": "2", "content": {"text": "Hm!"}})

    assert [line["id"] for line in li.get("/envelopes/buried").json()["items"]] == [one["id"], two["id"]]
    seen = li.get(f"/envelopes/{one['id']}").json()
    assert base64.b64decode(seen["content"]) == b'{"text":"Hm."}'
    assert li.post(f"/envelopes/{one['id']}/repair", {"corrections": {"norm": "lamp_out"}}).json() == {"state": "PARSED"}
    assert li.post(f"/envelopes/{two['id']}/discard", {"reason": "Nothing to do."}).status_code == 204
    assert li.get("/envelopes/buried").json() == {"items": [], "next": None}


def test_a_conversation_is_written_down_and_read_by_pages(company: Company, li: Api) -> None:
    order = opened(company)
    spoken = {"channel": "phone", "direction": "in", "happened_at": "2026-05-06T13:00:00+08:00", "work_order_id": order.pk}
    for number in range(3):
        assert li.post("/interactions", spoken | {"text": f"Call {number}."}).status_code == 201

    first = li.get("/interactions", work_order_id=order.pk, limit=2).json()
    second = li.get("/interactions", work_order_id=order.pk, limit=2, after=first["next"]).json()

    assert [line["text"] for line in first["items"] + second["items"]] == ["Call 2.", "Call 1.", "Call 0."]
    assert second["next"] is None
    assert Interaction.objects.count() == 3


@pytest.fixture
def customer(company: Company) -> Customer:
    PostFactory(staff=company.li, role=RoleCode.DATA_STEWARD)
    who = {"kind": "person", "name": "张小明", "identity_kind": "passport", "identity_number": "E12345678"}
    return Customer.objects.get(pk=register_customer(**who, actor_id=company.li.pk, at=NOON))


def test_a_customer_is_found_and_shown_masked_and_the_look_is_recorded(customer: Customer, li: Api) -> None:
    found = li.post("/customers/searches", {"text": "张小明"}).json()["items"]
    shown = li.get(f"/customers/{customer.pk}")

    assert [hit["customer_id"] for hit in found] == [customer.pk]
    assert "小明" not in str(found) + shown.content.decode()
    assert "E12345678" not in shown.content.decode()
    assert Look.objects.filter(customer_id=customer.pk).count() == 2


def test_clear_text_needs_a_reason_and_every_look_is_recorded(customer: Customer, li: Api) -> None:
    path = f"/customers/{customer.pk}/reveals"

    assert problem(li.post(path, {"fields": ["name"], "reason": " "})) == (422, "look_needs_reason")
    answers = [li.post(path, {"fields": ["name"], "reason": "He calls."}, key="k-1") for _ in range(2)]

    assert [(answer.status_code, answer.json()["name"], answer.json()["phones"]) for answer in answers] == [
        (200, "张小明", None),
        (200, "张小明", None),
    ]
    assert Look.objects.filter(customer_id=customer.pk, reason="He calls.").count() == 2


def test_norms_are_read_with_their_pictures(company: Company, li: Api) -> None:
    [line] = li.get("/norms").json()["items"]
    version = line["version_id"]

    assert (line["slug"], line["name"]["en"]) == ("lamp_out", "Lamp out")
    assert li.get("/norms/lamp_out").json() == li.get(f"/norm-versions/{version}").json()
    assert li.get("/norms/lamp_out").json()["document"]["steps"][0]["key"] == "accept"
    drawn, exported = li.get(f"/norm-versions/{version}/diagram.svg"), li.get(f"/norm-versions/{version}/process.bpmn")
    assert drawn["Content-Type"] == "image/svg+xml"
    assert ElementTree.fromstring(drawn.content).tag.endswith("svg")
    assert ElementTree.fromstring(exported.content).tag.endswith("definitions")
    assert problem(li.get("/norms/nothing")) == (404, "not_found")


def test_policies_are_listed_by_pages_with_their_sources(company: Company, li: Api) -> None:
    first = li.get("/policies", limit=2).json()
    second = li.get("/policies", limit=2, after=first["next"]).json()

    assert [one["key"] for one in first["items"] + second["items"]] == ["lamp.accept", "lamp.arrive", "lamp.mend"]
    one = first["items"][0]
    assert (one["values"], one["unit"], one["source"], one["known_until"]) == ([{"value": "10"}], "minute", "a test", None)
    assert li.get(f"/policies/{one['id']}").json() == one


def test_units_and_staff_are_read(company: Company, li: Api) -> None:
    crews = li.get("/units", kind="repair_team").json()["items"]

    assert [unit["id"] for unit in crews] == [company.crew.pk, company.other_crew.pk]
    assert li.get(f"/units/{company.crew.pk}").json() == crews[0]
    assert li.get(f"/staff/{company.wang.pk}").json()["name"] == "Wang"
    assert li.get("/me").json()["roles"] == ["agent"]


def test_lists_ask_as_many_queries_for_three_as_for_one(company: Company, gateway: Api, li: Api) -> None:
    order = opened(company)
    spoken = {"channel": "phone", "direction": "in", "happened_at": "2026-05-06T13:00:00+08:00", "work_order_id": order.pk}
    manager, counts = api_of(administrator(home_unit=company.centre)), []
    for number in range(3):
        li.post("/interactions", spoken | {"text": "Hm."})
        sent(gateway, {"key": f"b{number}", "content": {"text": "Hm."}})
        manager.post("/webhooks", {"name": "crm", "url": "https://example.com/"})
        counts.append(
            [_asked(li, "/interactions", work_order_id=order.pk), _asked(li, "/envelopes/buried"), _asked(manager, "/webhooks")]
        )

    assert counts[0] == counts[2]


def _asked(api: Api, path: str, **query: object) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert api.get(path, **query).status_code == 200
    return len(asked)


def test_what_failed_is_listed_and_tried_again_by_operators(world: World, company: Company) -> None:
    operator = api_of(administrator(home_unit=company.centre))
    [failed] = operator.get("/deliveries/failed").json()["items"]

    assert operator.post("/deliveries/retries", {"delivery_ids": [failed["id"]]}).json() == {"retried": 1}
    assert Delivery.objects.get(pk=failed["id"]).state == "PENDING"
    assert problem(operator.post("/deliveries/retries", {"delivery_ids": [failed["id"]]})) == (409, "not_failed")


def test_messages_of_a_matter_are_for_those_who_may_see_it(company: Company, li: Api) -> None:
    order = opened(company)

    assert li.get(f"/work-orders/{order.pk}/messages").json() == {"items": [], "next": None}
