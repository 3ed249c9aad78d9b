"""``shouwen calc verdict``: what a ledger leads to is what the services came to, to the digest."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shouwen.config.calc.ledger import ledger_document
from shouwen.config.calc.registry import calculation
from shouwen.config.calc.verdict import verdict
from shouwen.kernel.errors import BadInput
from shouwen.loop.workorders import services
from shouwen.loop.workorders.choices import ReopenReason
from shouwen.loop.workorders.models import Target, WorkOrder
from shouwen.loop.workorders.queries import verify_work_order
from shouwen.loop.workorders.tests.factories import LIMITS, OFFICE, after, finish, lamp_out, opened, settled, small_company
from shouwen.platform.outbox.queries import list_facts
from shouwen.platform.policies.rules import PolicyEntry

pytestmark = pytest.mark.django_db

Document = dict[str, Any]


def entry_document(entry: PolicyEntry) -> Document:
    return {
        "key": entry.key,
        "rule": entry.rule,
        "name": {"zh": entry.name_zh, "en": entry.name_en},
        "force": entry.force,
        "statistic": entry.statistic,
        "jurisdiction": entry.jurisdiction,
        "company": entry.company,
        "requirement": entry.requirement,
        "valid": {"from": str(entry.valid_from), "until": None},
        "known": {"from": entry.known_from.isoformat(), "until": None},
        "mark": entry.mark,
        "source": entry.source,
        "unit": entry.unit,
        "values": [{"value": int(value.amount)} for value in entry.values],
    }


def asked_about(order: WorkOrder, *, at: datetime) -> Document:
    """Return the question that anyone can ask who has the ledger, the norm, the policies and the calendar."""
    facts = [card.as_fact() for card in list_facts(case_kind="work_order", case_id=order.pk)]
    question = {
        "facts": ledger_document([fact for fact in facts if fact.kind() not in ("VerdictGiven", "TargetBroken")]),
        "policies": [entry_document(entry) for entry in LIMITS],
        "norm": lamp_out(),
        "calendar": OFFICE,
        "at": at.isoformat(),
    }
    read: Document = json.loads(json.dumps(question, default=str))
    return read


def answered(order: WorkOrder, *, at: datetime) -> list[tuple[object, ...]]:
    return [
        (one["round"], one["kind"], one["state"], datetime.fromisoformat(one["due"]) if one["due"] else None, one["digest"])
        for one in verdict(asked_about(order, at=at))["targets"]
    ]


def stored(order: WorkOrder) -> list[tuple[object, ...]]:
    rows = Target.objects.filter(work_order=order).order_by("id")
    return [(row.round, row.kind, row.state.lower(), row.due_at, row.verdict_digest) for row in rows]


def test_a_settled_matter_has_the_verdicts_that_its_ledger_leads_to() -> None:
    order = settled(small_company())

    assert verify_work_order(work_order_id=order.pk).is_equal
    assert answered(order, at=after(100)) == stored(order)
    assert [state for _, _, state, _, _ in stored(order)] == ["kept", "kept", "kept"]


def test_a_matter_that_was_paused_late_reopened_and_never_needed_a_step() -> None:
    company = small_company()
    order = opened(company)
    services.pause_work_order(work_order_id=order.pk, reason="waiting_for_customer", actor_id=company.li.pk, at=after(4))
    services.resume_work_order(work_order_id=order.pk, actor_id=company.li.pk, at=after(34))
    finish(order, "sent", by=company.li, at=after(41))
    finish(order, "there", by=company.wang, at=after(75))
    finish(order, "mended", by=company.wang, at=after(90))
    services.reopen_work_order(work_order_id=order.pk, reason=ReopenReason.choices[0][0], actor_id=company.li.pk, at=after(100))
    finish(order, "known", by=company.li, at=after(105))

    assert answered(order, at=after(200)) == stored(order)
    assert [(number, kind, state) for number, kind, state, _, _ in stored(order)] == [
        (1, "accepted", "broken"),
        (1, "arrived", "kept"),
        (1, "restored", "kept"),
        (2, "accepted", "kept"),
        (2, "arrived", "void"),
    ]


def test_a_running_a_paused_and_an_overdue_matter() -> None:
    company = small_company()
    order = opened(company)
    finish(order, "sent", by=company.li, at=after(5))
    running = answered(order, at=after(20))
    services.pause_work_order(work_order_id=order.pk, reason="waiting_for_customer", actor_id=company.wang.pk, at=after(25))

    assert [row[1:4] for row in running] == [row[1:4] for row in stored(order)[:1]] + [("arrived", "running", after(45))]
    assert [row[1:4] for row in answered(order, at=after(30))] == [
        ("accepted", "kept", after(10)),
        ("arrived", "paused", None),
    ]
    services.resume_work_order(work_order_id=order.pk, actor_id=company.wang.pk, at=after(30))
    assert [row[1:4] for row in answered(order, at=after(51))][1] == ("arrived", "broken", after(50))


def test_a_verdict_tells_which_policy_binds_and_why() -> None:
    order = settled(small_company())
    found = verdict(asked_about(order, at=after(100)))
    gives = calculation("verdict").gives

    assert list(Draft202012Validator(gives).iter_errors(found)) == []
    assert found["targets"][1]["binding"] == {
        "rule": "T-lamp.arrive",
        "key": "lamp.arrive",
        "value": 45,
        "unit": "minute",
        "force": "internal",
        "source": "a test",
        "mark": "K",
    }


def test_what_came_later_is_not_known_yet() -> None:
    order = settled(small_company())

    assert [row[1:3] for row in answered(order, at=after(39))] == [("accepted", "kept"), ("arrived", "running")]


def test_a_changed_ledger_has_another_digest() -> None:
    order = settled(small_company())
    question = asked_about(order, at=after(100))
    digests = [one["digest"] for one in verdict(question)["targets"]]
    next(fact for fact in question["facts"] if fact["kind"] == "StepFinished")["at"] = after(4).isoformat()

    changed = [one["digest"] for one in verdict(question)["targets"]]

    assert [one == other for one, other in zip(digests, changed, strict=True)] == [False, True, True]


def test_a_ledger_without_the_digest_of_its_calendar_has_that_of_the_calendar_given() -> None:
    order = settled(small_company())
    question = asked_about(order, at=after(100))
    del question["facts"][0]["calendar_digest"]

    assert [one["digest"] for one in verdict(question)["targets"]] == [row[-1] for row in stored(order)]


def test_a_policy_known_since_the_first_year_is_a_wrong_input() -> None:
    question = asked_about(settled(small_company()), at=after(100))
    question["policies"][0]["known"]["from"] = "0001-01-01"

    with pytest.raises(BadInput) as refusal:
        verdict(question)

    assert (refusal.value.field, "known.from" in refusal.value.problem) == ("policies", True)


# Ledgers that cannot be.

OPENED = {"kind": "WorkOrderOpened", "at": "2026-05-06T09:00"}
PAUSED = {"kind": "ClockPaused", "reason": "waiting_for_customer"}
RESUMED = {"kind": "ClockResumed"}
SENT = {"kind": "StepFinished", "step": "accept", "outcome": "sent"}
KNOWN = {"kind": "StepFinished", "step": "accept", "outcome": "known"}
RESOLVED = {"kind": "WorkOrderResolved"}
CLOSED = {"kind": "WorkOrderClosed"}
REOPENED = {"kind": "WorkOrderReopened", "reason": "not_solved"}


def at(fact: Document, minute: int) -> Document:
    return fact | {"at": f"2026-05-06T09:{minute:02}"}


def judged(*facts: Document) -> Document:
    return verdict(
        {
            "facts": list(facts),
            "policies": [entry_document(entry) for entry in LIMITS],
            "norm": json.loads(json.dumps(lamp_out(), default=str)),
            "calendar": OFFICE,
            "at": "2026-05-06T12:00",
        }
    )


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ([at(SENT, 1)], "facts[0]"),
        ([at(PAUSED, 1), OPENED], "facts[0]"),
        ([OPENED, at(OPENED, 0)], "facts[1]"),
        ([OPENED, at(SENT, 10), at(OPENED, 20)], "facts[2]"),
        ([at(OPENED, 5), at(SENT, 4)], "facts[1].at"),
        ([OPENED, at(PAUSED, 10), at(RESUMED, 9)], "facts[2].at"),
        ([at(OPENED, 5), at({"kind": "NoteAdded"}, 4)], "facts[1].at"),
        ([OPENED, at(KNOWN, 10), at(RESOLVED, 9)], "facts[2].at"),
        ([OPENED, at(KNOWN, 10), at(SENT, 11)], "facts[2]"),
        ([OPENED, at(KNOWN, 10), at({"kind": "StepTaken"}, 11)], "facts[2]"),
        ([OPENED, at(KNOWN, 10), at(PAUSED, 11)], "facts[2]"),
        ([OPENED, at(KNOWN, 10), at(RESOLVED, 10), at(RESOLVED, 11)], "facts[3]"),
        ([OPENED, at(RESOLVED, 10), at(CLOSED, 11), at(CLOSED, 12)], "facts[3]"),
        ([OPENED, at(RESOLVED, 10), at(CLOSED, 11), at(RESOLVED, 12)], "facts[3]"),
        ([OPENED, at(CLOSED, 11), at(SENT, 12)], "facts[2]"),
        ([OPENED, at(REOPENED, 10)], "facts[1]"),
        ([OPENED, at(PAUSED, 10), at(PAUSED, 11)], "facts[2]"),
        ([OPENED, at(RESUMED, 10)], "facts[1]"),
    ],
)
def test_a_ledger_in_which_nothing_can_happen_so_is_refused_by_its_fact(facts: list[Document], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        judged(*facts)

    assert refusal.value.field == field


@pytest.mark.parametrize(
    "facts",
    [
        [OPENED, at(SENT, 0), at(PAUSED, 0), at(RESUMED, 0)],
        [OPENED, at(SENT, 10), at({"kind": "NoteAdded"}, 5)],
        [OPENED, at(KNOWN, 10), at(RESOLVED, 12), at({"kind": "CalledBack"}, 13), at(CLOSED, 14), at({"kind": "NoteAdded"}, 15)],
        [OPENED, at(KNOWN, 10), at(REOPENED, 20), at(SENT, 20)],
        [OPENED, at(RESOLVED, 10), at(CLOSED, 10), at(REOPENED, 20), at(KNOWN, 21), at(RESOLVED, 21)],
        [OPENED, at(PAUSED, 5), at(RESOLVED, 10), at(CLOSED, 10), at(RESUMED, 15)],
    ],
)
def test_a_ledger_that_the_services_could_have_written_is_judged(facts: list[Document]) -> None:
    assert judged(*facts)["targets"]


def test_a_fact_told_after_the_moment_asked_for_must_fit_too() -> None:
    with pytest.raises(BadInput) as refusal:
        judged(OPENED, {"kind": "ClockResumed", "at": "2026-05-07T09:00"})

    assert refusal.value.field == "facts[1]"
