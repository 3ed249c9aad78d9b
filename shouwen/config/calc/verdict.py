"""``verdict``: every target of a work order's ledger, judged at a moment by the same function that the product uses."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from shouwen.config.calc.ledger import KINDS, read_ledger
from shouwen.config.calc.reading import calendar_of, check_fields, iso
from shouwen.config.calc.registry import Calculation, Document, Schema
from shouwen.config.calc.shapes import ANSWERED_INSTANT, CALENDAR, INSTANT, STEPS, record
from shouwen.config.calc.working import steps_document
from shouwen.kernel.errors import BadInput
from shouwen.kernel.facts import Fact
from shouwen.kernel.time.calendars import WorkCalendar
from shouwen.kernel.time.documents import calendar_digest
from shouwen.kernel.time.instants import parse_instant
from shouwen.loop.workorders.rules.course import Course, course_of
from shouwen.loop.workorders.rules.targets import TargetVerdict, judge_ledger, place_of
from shouwen.platform.policies.rules import Binding, Match, PolicyEntry, PolicyInvalid, explain, matching, parse_policies
from shouwen.records.norms.rules.definition import Norm, NormInvalid, parse_norm

FIELDS = frozenset({"facts", "policies", "norm", "calendar", "at"})


def verdict(case: Document) -> Document:
    check_fields(case, required=FIELDS)
    calendar, norm, entries = calendar_of(case["calendar"]), _norm(case["norm"]), _policies(case["policies"])
    at = parse_instant(case["at"], zone=calendar.zone, field="at")
    digest = calendar_digest(case["calendar"])
    ledger = read_ledger(document=case["facts"], norm=norm, calendar_digest=digest, zone=calendar.zone)
    course = _course([fact for fact in ledger if fact.at <= at])
    targets = judge_ledger(
        course=course,
        norm=norm,
        matching=lambda key: _matching(key, entries, course),
        calendar=calendar,
        calendar_digest=course.opened.calendar_digest,
        at=at,
    )
    return {"targets": [_target(one, calendar) for one in targets]}


def _norm(document: object) -> Norm:
    try:
        return parse_norm(document)
    except NormInvalid as error:
        raise BadInput(f"norm.{error.field}".rstrip("."), error.problem, "write it as handbook/README.md describes") from error


def _policies(document: object) -> tuple[PolicyEntry, ...]:
    try:
        return parse_policies(_exact(document), where="policies")
    except PolicyInvalid as error:
        first = error.problems[0]
        raise BadInput(
            "policies", f"{first.entry}: {first.field}: {first.problem}", "write it as handbook/README.md describes"
        ) from error


def _exact(document: object) -> Any:
    """Return JSON with its fractions as the decimals that were written."""
    match document:
        case float():
            return Decimal(repr(document))
        case list():
            return [_exact(part) for part in document]
        case dict():
            return {name: _exact(part) for name, part in document.items()}
    return document


def _course(facts: list[Fact]) -> Course:
    if not facts:
        raise BadInput("at", "nothing had happened by then", "give a moment after the opening")
    return course_of(facts)


def _matching(key: str, entries: tuple[PolicyEntry, ...], course: Course) -> tuple[Match, ...]:
    """A matter runs under the policies in force, and known, when it was opened."""
    opened_at: datetime = course.opened.at
    return matching(entries=entries, key=key, place=place_of(course), at=opened_at, known_at=opened_at)


def _target(one: TargetVerdict, calendar: WorkCalendar) -> Document:
    case, judgement = one.bound.case, one.judgement
    due_at = judgement.due_at if judgement else None
    return {
        "kind": case.kind,
        "step": case.step,
        "round": case.round,
        "due": iso(due_at.astimezone(calendar.zone)) if due_at else None,
        "state": judgement.state.value.lower() if judgement else None,
        "binding": _binding(one.bound.binding),
        "others": [{"rule": line.rule, "why": line.en} for line in explain(binding=one.bound.binding) if line.code != "binds"],
        "steps": steps_document(one.deadline.steps) if one.deadline else [],
        "digest": one.digest or None,
    }


def _binding(binding: Binding) -> Document | None:
    bound = binding.bound
    if bound is None or bound.amount is None:
        return None
    entry = bound.entry
    return {
        "rule": entry.rule,
        "key": entry.key,
        "value": int(bound.amount) if bound.amount == bound.amount.to_integral_value() else float(bound.amount),
        "unit": entry.unit.value,
        "force": entry.force.value,
        "source": entry.source,
        "mark": entry.mark.value,
    }


TEXT: Schema = {"type": "string"}
FACT: Schema = {
    "type": "object",
    "description": (
        "What happened: its kind, when, and what it says. The opening needs no more than `at`; its fields jurisdiction (default CN), "
        "company, area, zone and customer_class say which policies apply, its step is the norm's first unless given. StepFinished needs "
        "`outcome`; its step is the present one unless given, and next_step, end and is_back follow from the norm. An end that is "
        "reached resolves the matter at that moment unless a WorkOrderResolved follows. ClockPaused and ClockResumed stop and start "
        "all clocks. WorkOrderReopened begins the next round. Ids that do not matter may be left out."
    ),
    "properties": {"kind": {"enum": list(KINDS)}, "at": INSTANT, "actor_id": {"type": ["integer", "null"]}},
    "required": ["kind", "at"],
}
BINDING: Schema = record(
    "the policy that binds",
    {"rule": TEXT, "key": TEXT, "value": {"type": "number"}, "unit": TEXT, "force": TEXT, "source": TEXT, "mark": TEXT},
)
TARGET: Schema = record(
    "a target",
    {
        "kind": TEXT,
        "step": TEXT,
        "round": {"type": "integer", "minimum": 1},
        "due": ANSWERED_INSTANT
        | {"type": ["string", "null"], "description": "Null while a pause has not ended, or without a limit"},
        "state": {
            "enum": ["running", "paused", "kept", "broken", "void", None],
            "description": "Void: its round ended without needing it. Null: no policy sets a limit here",
        },
        "binding": {"anyOf": [BINDING, {"type": "null"}]},
        "others": {"type": "array", "items": record("another policy of the key", {"rule": TEXT, "why": TEXT})},
        "steps": STEPS,
        "digest": {"type": ["string", "null"], "description": "SHA-256 of everything that the verdict rests on"},
    },
)

CALCULATIONS = {
    "verdict": Calculation(
        run=verdict,
        takes=record(
            "verdict: in",
            {
                "facts": {
                    "type": "array",
                    "items": FACT,
                    "minItems": 1,
                    "description": (
                        "The ledger, oldest first; later than `at` is not known yet. An order in which nothing can happen is an error"
                    ),
                },
                "policies": {"type": "array", "items": {"type": "object"}, "description": "As in handbook/policies, as JSON"},
                "norm": {"type": "object", "description": "As in handbook/norms, as JSON"},
                "calendar": CALENDAR,
                "at": INSTANT,
            },
        ),
        gives=record("verdict: out", {"targets": {"type": "array", "items": TARGET}}),
    )
}
