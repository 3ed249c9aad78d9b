"""Matters by HTTP: what goes in, what comes out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shouwen.faces.api.tests.callers import Api, api_of, problem
from shouwen.loop.workorders.models import Note, WorkOrder
from shouwen.loop.workorders.rules.numbers import number_of
from shouwen.loop.workorders.tests.factories import Company, lamp_out, opened, settled, step, told
from shouwen.platform.people.tests.factories import LONG_AGO
from shouwen.records.norms.services import publish_norm_version


def opened_now(api: Api, **details: object) -> int:
    response = api.post("/work-orders", {"norm": "lamp_out", "channel": "phone", **details})
    assert response.status_code == 201, response.content
    return int(response.json()["id"])


def test_open_answers_with_id_number_and_address(company: Company, li: Api) -> None:
    response = li.post("/work-orders", {"norm": "lamp_out", "channel": "phone", "subject": "灯不亮", "hazards": ["fire"]})

    order = WorkOrder.objects.get()
    assert response.status_code == 201
    assert response.json() == {"id": order.pk, "number": number_of(order.pk)}
    assert response["Location"] == f"/api/v1/work-orders/{order.pk}"
    assert (order.subject, order.priority, order.owner_id, order.hazards) == ("灯不亮", 1, company.li.pk, ["fire"])


def test_get_shows_the_matter_and_what_may_be_done(company: Company, li: Api) -> None:
    order_id = opened_now(li, subject="灯不亮")

    content = li.get(f"/work-orders/{order_id}").json()

    assert (content["id"], content["number"], content["norm"], content["norm_version"]) == (
        order_id,
        number_of(order_id),
        "lamp_out",
        1,
    )
    assert [target["kind"] for target in content["targets"]] == ["accepted", "arrived"]
    assert [(step["step"], step["outcome"]) for step in content["steps"]] == [("accept", "")]
    assert content["outcomes"] == ["sent", "known"]
    assert {"take", "finish_step", "promise"} <= set(content["verbs"])
    assert content["is_overdue"] is False


def test_list_gives_pages_by_cursor_and_nothing_twice(company: Company, li: Api) -> None:
    ids = {opened_now(li) for _ in range(5)}

    first = li.get("/work-orders", mine="owner", limit=2)
    second = li.client.get(first["Link"][1 : first["Link"].index(">")], headers={"Authorization": f"Bearer {li.token}"})
    third = li.get("/work-orders", mine="owner", limit=2, after=second.json()["next"])

    seen = [item["id"] for page in (first, second, third) for item in page.json()["items"]]
    assert sorted(seen) == sorted(ids)
    assert (third.json()["next"], third.has_header("Link")) == (None, False)


def test_list_of_a_unit_needs_the_unit(company: Company, li: Api) -> None:
    order_id = opened_now(li)

    assert [item["id"] for item in li.get("/work-orders", unit_id=company.centre.pk).json()["items"]] == [order_id]
    assert li.get("/work-orders", unit_id=company.crew.pk).json()["items"] == []
    assert problem(li.get("/work-orders", unit_id=2**40)) == (404, "not_found")


def test_lists_ask_the_same_number_of_queries_for_one_and_for_three(company: Company, li: Api) -> None:
    counts = []
    for more in (1, 2):
        for _ in range(more):
            opened_now(li)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            li.get("/work-orders")
        counts.append(len(asked))

    assert counts == [1, 1]


def test_a_matter_of_others_is_not_there(company: Company) -> None:
    order = opened(company)
    stranger = api_of(company.wang)
    WorkOrder.objects.filter(pk=order.pk).update(norm_code="misconduct_report")

    assert problem(stranger.get(f"/work-orders/{order.pk}")) == (404, "not_found")
    assert problem(stranger.get(f"/work-orders/{order.pk}/timeline")) == (404, "not_found")
    assert problem(stranger.get(f"/work-orders/{order.pk}/verification")) == (404, "not_found")
    assert problem(stranger.post(f"/work-orders/{order.pk}/taking")) == (404, "not_found")
    assert stranger.get("/work-orders").json()["items"] == []


def test_a_step_is_taken_finished_and_told(company: Company, li: Api) -> None:
    order_id = opened_now(li)

    answers = [
        li.post(f"/work-orders/{order_id}/taking"),
        li.post(f"/work-orders/{order_id}/outcomes", {"outcome": "known", "result": "Known."}),
        li.post(f"/work-orders/{order_id}/result", {"channel": "phone"}),
    ]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 3
    assert told(WorkOrder.objects.get(pk=order_id))[-1] == "ResultTold"


def test_what_is_sent_twice_does_not_finish_the_next_step(company: Company, li: Api) -> None:
    steps = [
        step("accept", unit="service_centre", policy="lamp.accept", target="accepted", outcomes=[("done", "answer")]),
        step("answer", unit="service_centre", policy="lamp.mend", target="restored", outcomes=[("done", "end_known")]),
    ]
    publish_norm_version(document=lamp_out(slug="question", id="6.8", steps=steps), actor_id=None, at=LONG_AGO)
    order_id = opened_now(li, norm="question")
    finished = {"outcome": "done", "step": "accept"}

    answers = [li.post(f"/work-orders/{order_id}/outcomes", finished) for _ in range(2)]

    assert answers[0].status_code == 204
    assert problem(answers[1]) == (409, "moved_on")
    assert answers[1].json()["details"] == {"step": "answer"}
    assert li.get(f"/work-orders/{order_id}").json()["step"] == "answer"


def test_a_step_that_has_moved_on_is_not_handed_over(company: Company, li: Api) -> None:
    order_id = opened_now(li)
    wanted = {"to_unit_id": company.crew.pk, "reason": "wrong_speciality"}

    refused = li.post(f"/work-orders/{order_id}/hand-overs", wanted | {"step": "arrive"})

    assert problem(refused) == (409, "moved_on")
    assert li.post(f"/work-orders/{order_id}/hand-overs", wanted | {"step": "accept"}).status_code == 201


def test_an_outcome_that_the_step_has_not_changes_nothing(company: Company, li: Api) -> None:
    order_id = opened_now(li)
    before = told(WorkOrder.objects.get(pk=order_id))

    refused = li.post(f"/work-orders/{order_id}/outcomes", {"outcome": "mended"})

    assert problem(refused) == (409, "cannot_finish_step")
    assert refused.json()["details"] == {"outcome": "mended", "known": "sent, known"}
    assert told(WorkOrder.objects.get(pk=order_id)) == before


def test_amending_what_another_has_changed_shows_what_it_is_now(company: Company, li: Api) -> None:
    order_id = opened_now(li, subject="Lamp")
    chen = api_of(company.chen)
    assert chen.patch(f"/work-orders/{order_id}", {"changes": {"subject": {"seen": "Lamp", "wanted": "Lamps"}}}).json() == {
        "changed": ["subject"]
    }

    refused = li.patch(
        f"/work-orders/{order_id}",
        {"changes": {"subject": {"seen": "Lamp", "wanted": "The lamp"}, "priority": {"seen": 4, "wanted": 2}}},
    )

    assert problem(refused) == (409, "conflict")
    assert refused.json()["present"] == {"subject": "Lamps"}
    order = WorkOrder.objects.get(pk=order_id)
    assert (order.subject, order.priority) == ("Lamps", 4)


def test_fields_that_others_left_alone_are_merged(company: Company, li: Api) -> None:
    order_id = opened_now(li, subject="Lamp")
    api_of(company.chen).patch(f"/work-orders/{order_id}", {"changes": {"subject": {"seen": "Lamp", "wanted": "Lamps"}}})

    li.patch(f"/work-orders/{order_id}", {"changes": {"priority": {"seen": 4, "wanted": 2}}})

    order = WorkOrder.objects.get(pk=order_id)
    assert (order.subject, order.priority) == ("Lamps", 2)


def test_promises_are_made_moved_and_kept(company: Company, li: Api) -> None:
    order_id = opened_now(li)
    due_at = timezone.now() + timedelta(hours=1)

    made = li.post(f"/work-orders/{order_id}/promises", {"kind": "call", "due_at": due_at.isoformat()}).json()["id"]
    moved = li.post(f"/promises/{made}/moves", {"due_at": (due_at + timedelta(hours=1)).isoformat()}).json()["id"]
    kept = li.post(f"/promises/{moved}/keeping")

    assert kept.json() == {"in_time": True}
    states = [(promise["id"], promise["state"]) for promise in li.get(f"/work-orders/{order_id}").json()["promises"]]
    assert states == [(made, "MOVED"), (moved, "KEPT")]


def test_hand_over_is_rated_by_the_receiver(company: Company, li: Api) -> None:
    order_id = opened_now(li)

    made = li.post(f"/work-orders/{order_id}/hand-overs", {"to_unit_id": company.crew.pk, "reason": "wrong_speciality"})
    rated = api_of(company.wang).post(f"/hand-overs/{made.json()['id']}/rating", {"score": 4})

    assert (made.status_code, rated.status_code) == (201, 204)
    assert li.get(f"/work-orders/{order_id}").json()["hand_overs"][0]["score"] == 4


def test_a_public_note_reaches_the_customers_timeline_and_an_inside_one_does_not(company: Company, li: Api) -> None:
    order_id = opened_now(li)
    li.post(f"/work-orders/{order_id}/notes", {"text": "Inside."})
    li.post(f"/work-orders/{order_id}/notes", {"text": "For you.", "is_public": True})

    inside = li.get(f"/work-orders/{order_id}/timeline").json()["items"]
    outside = li.get(f"/work-orders/{order_id}/customer-timeline").json()["items"]

    assert [line["note"] for line in inside if line["note"]] == ["Inside.", "For you."]
    assert [line["note"] for line in outside if line["note"]] == ["For you."]
    assert {line["actor_id"] for line in outside} == {None}


def test_matters_are_linked_merged_split_and_taken_back(company: Company, li: Api) -> None:
    one, two = opened_now(li), opened_now(li)

    linked = li.post(f"/work-orders/{one}/links", {"to_id": two, "kind": "related"}).json()["id"]
    assert li.post(f"/links/{linked}/undoing").status_code == 204
    merged = li.post(f"/work-orders/{one}/merger", {"into_id": two}).json()["id"]
    assert li.get(f"/work-orders/{one}").json()["merged_into_id"] == two
    assert li.post(f"/links/{merged}/undoing").status_code == 204
    part = li.post(f"/work-orders/{two}/parts", {"norm": "lamp_out", "subject": "The other lamp"}).json()["id"]

    assert li.get(f"/work-orders/{part}").json()["subject"] == "The other lamp"
    assert problem(li.post(f"/links/{merged}/undoing")) == (409, "cannot_link")


def test_closing_says_what_is_missing(company: Company, li: Api) -> None:
    order_id = opened_now(li)

    refused = li.post(f"/work-orders/{order_id}/closure")

    assert problem(refused) == (409, "cannot_close")
    assert refused.json()["missing"] == ["resolution", "call_back", "grade"]


def test_a_settled_matter_is_closed_and_verifies(company: Company, li: Api) -> None:
    order = settled(company)

    assert li.post(f"/work-orders/{order.pk}/closure").status_code == 204
    assert li.get(f"/work-orders/{order.pk}").json()["stage"] == "CLOSED"
    replay = li.get(f"/work-orders/{order.pk}/verification").json()
    assert (replay["is_equal"], replay["differences"]) == (True, [])


def test_whoever_worked_on_it_cannot_grade(company: Company, li: Api) -> None:
    order_id = opened_now(li)
    li.post(f"/work-orders/{order_id}/outcomes", {"outcome": "known", "result": "Known."})

    assert problem(li.post(f"/work-orders/{order_id}/grade", {"grade": 5, "source": "link"})) == (403, "not_allowed")
    chen = api_of(company.chen)
    assert chen.post(f"/work-orders/{order_id}/call-backs", {"result": "reached"}).status_code == 204
    assert chen.post(f"/work-orders/{order_id}/satisfaction-request", {"source": "call_back"}).status_code == 204
    assert chen.post(f"/work-orders/{order_id}/grade", {"grade": 1, "source": "call_back"}).status_code == 204
    assert chen.post(f"/work-orders/{order_id}/visit-report", {"findings": "All mended."}).status_code == 204
    assert WorkOrder.objects.get(pk=order_id).grade == 1


def test_the_clock_is_paused_and_resumed(company: Company, li: Api) -> None:
    order_id = opened_now(li)

    assert problem(li.post(f"/work-orders/{order_id}/pause", {"reason": "weather"})) == (409, "cannot_pause")
    assert li.post(f"/work-orders/{order_id}/pause", {"reason": "waiting_for_customer"}).status_code == 204
    assert li.get(f"/work-orders/{order_id}").json()["pause_reason"] == "waiting_for_customer"
    assert li.post(f"/work-orders/{order_id}/resumption").status_code == 204
    assert problem(li.post(f"/work-orders/{order_id}/resumption")) == (409, "not_paused")


def test_help_is_asked_and_given(company: Company, li: Api) -> None:
    order_id = opened_now(li)

    asked = li.post(f"/work-orders/{order_id}/assists", {"unit_id": company.crew.pk, "question": "Is it ours?"}).json()["id"]

    assert problem(api_of(company.chen).post(f"/assists/{asked}/answer", {"answer": "No."}))[0] in (403, 409)
    assert api_of(company.wang).post(f"/assists/{asked}/answer", {"answer": "Yes."}).status_code == 204


def test_urging_counts_and_escalating_reaches_the_superior(company: Company, li: Api) -> None:
    order_id = opened_now(li)

    assert li.post(f"/work-orders/{order_id}/urgings").json() == {"urge_count": 1}
    assert problem(li.post(f"/work-orders/{order_id}/urgings")) == (409, "cannot_urge")
    assert li.post(f"/work-orders/{order_id}/escalations", {"reason": "refusal", "words": "They will not."}).status_code == 201


def test_the_owner_is_changed_by_a_leader_only(company: Company, li: Api) -> None:
    order_id = opened_now(li)
    wanted = {"to_staff_id": company.chen.pk, "reason": "Li is ill."}

    assert problem(li.post(f"/work-orders/{order_id}/owner", wanted)) == (403, "not_allowed")
    assert Note.objects.count() == 0
    assert api_of(company.zhao).post(f"/work-orders/{order_id}/owner", wanted).status_code == 204
    assert WorkOrder.objects.get(pk=order_id).owner_id == company.chen.pk


def test_a_deadline_explains_itself(company: Company, li: Api) -> None:
    order_id = opened_now(li)
    target = li.get(f"/work-orders/{order_id}").json()["targets"][0]

    reason = li.get(f"/targets/{target['id']}/reason").json()

    assert (reason["kind"], reason["limit"]) == ("accepted", {"amount": "10", "unit": "minute"})
    assert reason["binding"]["key"] == "lamp.accept"
    assert sum(step["counted_s"] for step in reason["steps"]) == pytest.approx(600)
