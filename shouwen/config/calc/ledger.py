"""Reading a ledger written by hand or taken from the outbox: each fact's kind and moment, and what else is said of it.

What a ledger leaves out is filled in: ids and codes that no deadline depends on with nothing, a step with the present one, what
follows a step from its norm. A round whose last step reached an end is resolved at that moment, unless the ledger says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

from shouwen.config.calc.reading import whole_number
from shouwen.config.calc.registry import Document
from shouwen.kernel.errors import BadInput
from shouwen.kernel.facts import Fact
from shouwen.kernel.time.documents import read_day
from shouwen.kernel.time.instants import parse_instant
from shouwen.loop.workorders import events
from shouwen.records.norms.rules.definition import Norm, Outcome

KINDS: dict[str, type[Fact]] = {
    name: kind
    for name, kind in vars(events).items()
    if isinstance(kind, type) and issubclass(kind, events.WorkOrderFact) and kind is not events.WorkOrderFact
}
MOVES = (
    events.WorkOrderOpened,
    events.StepFinished,
    events.HandedOver,
    events.ClockPaused,
    events.ClockResumed,
    events.WorkOrderResolved,
    events.WorkOrderReopened,
    events.WorkOrderClosed,
)
OPENED_WITH = {"channel": "phone", "priority": 4, "jurisdiction": "CN"}


def read_ledger(*, document: object, norm: Norm, calendar_digest: str, zone: ZoneInfo) -> list[Fact]:
    """Return the facts in the order given, completed.

    :raises BadInput: naming the fact that cannot have happened there, or its field that cannot be used.
    """
    if not isinstance(document, list) or not document:
        raise BadInput("facts", "the ledger is missing", 'write [{"kind": "WorkOrderOpened", "at": "2026-05-06T09:00"}, …]')
    completing, stage = _Completing(norm, calendar_digest), _Stage()
    facts: list[Fact] = []
    for i, row in enumerate(document):
        fact = _fact(row, f"facts[{i}]", zone, completing)
        stage.follow(fact, f"facts[{i}]")
        facts.append(fact)
    return _resolved(facts)


def _fact(row: object, field: str, zone: ZoneInfo, completing: _Completing) -> Fact:
    kind = _kind(row, field)
    assert isinstance(row, Mapping)
    values = _values(row, kind, field, zone)
    if "at" not in values:
        raise BadInput(f"{field}.at", "it is missing", "say when it happened, such as 2026-05-06T09:00")
    return kind(**(_nothing(kind) | completing.defaults(kind, values, field) | values))


def _kind(row: object, field: str) -> type[Fact]:
    name = row.get("kind") if isinstance(row, Mapping) else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise BadInput(f"{field}.kind", f"there is no fact {name!r}", f"use one of {', '.join(KINDS)}")
    return kind


def _values(row: Mapping[str, Any], kind: type[Fact], field: str, zone: ZoneInfo) -> dict[str, Any]:
    hints = HINTS[kind]
    if unknown := [name for name in row if name not in hints and name != "kind"]:
        raise BadInput(f"{field}.{unknown[0]}", f"{kind.__name__} has no such field", f"use only {', '.join(hints)}")
    return {name: _value(value, hints[name], f"{field}.{name}", zone) for name, value in row.items() if name != "kind"}


def _hints_of(kind: type[Fact]) -> dict[str, str]:
    """Return each field of the kind with its type as text, such as ``int | None``."""
    hints = get_type_hints(kind)
    return {one.name: getattr(hints[one.name], "__name__", str(hints[one.name])) for one in fields(kind)}


HINTS = {kind: _hints_of(kind) for kind in KINDS.values()}


def _value(value: object, hint: str, field: str, zone: ZoneInfo) -> object:
    if value is None and "None" in hint:
        return None
    for word, read in _READERS.items():
        if word in hint:
            return read(value, field, zone)
    raise AssertionError(f"no reader for {hint}")


def _of_type(kind: type, words: str) -> Callable[[object, str, ZoneInfo], object]:
    def read(value: object, field: str, zone: ZoneInfo) -> object:
        if isinstance(value, kind) and isinstance(value, bool) is (kind is bool):
            return value
        raise BadInput(field, f"{value!r} is not {words}", f"write {words}")

    return read


def _read_tuple(value: object, field: str, zone: ZoneInfo) -> tuple[object, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(value)
    raise BadInput(field, f"{value!r} is not a list", "write a list")


_READERS: dict[str, Callable[[Any, str, ZoneInfo], object]] = {
    "datetime": lambda value, field, zone: parse_instant(value, zone=zone, field=field),
    "date": lambda value, field, zone: read_day(value, field=field),
    "Decimal": lambda value, field, zone: Decimal(str(value)),
    "tuple": _read_tuple,
    "bool": _of_type(bool, "true or false"),
    "int": lambda value, field, zone: whole_number(value, field=field),
    "str": _of_type(str, "a text"),
}
_NOTHING = {"datetime": None, "date": date(1970, 1, 1), "Decimal": Decimal(0), "tuple": (), "bool": False, "int": 1, "str": ""}


def _nothing(kind: type[Fact]) -> dict[str, Any]:
    """Return a value for each field that says nothing: none where there may be none, else the dullest of its type."""
    return {
        name: None if "None" in hint else next(value for word, value in _NOTHING.items() if word in hint)
        for name, hint in HINTS[kind].items()
        if name != "at"
    }


class _Stage:
    """How far a matter has come, and so what can happen to it next: what the services refuse cannot stand in a ledger.

    What moves a matter (``MOVES``) follows in time what moved it before, at the same instant or later; all else may be told late, but
    nothing happened before the opening. A round ends with a step that reaches an end or with its resolution, and goes on only when
    the matter is reopened; a clock that was paused may be resumed also then.
    """

    def __init__(self) -> None:
        self._opened_at: datetime | None = None
        self._moved_at: datetime | None = None
        self._is_paused = self._is_ended = self._is_resolved = self._is_closed = False

    def follow(self, fact: Fact, field: str) -> None:
        """Take ``fact`` as the next to happen.

        :raises BadInput: naming it, or its moment, when it cannot.
        """
        if problem := self._problem_of(fact):
            raise BadInput(field, problem, "give the facts in the order in which they happened, the opening first")
        earliest_at = self._moved_at if isinstance(fact, MOVES) else self._opened_at
        if earliest_at is not None and fact.at < earliest_at:
            raise BadInput(
                f"{field}.at",
                f"{fact.kind()} cannot have happened before {earliest_at.isoformat()}, up to which the matter has come",
                "give the facts in the order in which they happened",
            )
        self._go_on(fact)

    def _problem_of(self, fact: Fact) -> str | None:
        if isinstance(fact, events.WorkOrderOpened) is not (self._opened_at is None):
            return f"{fact.kind()} stands before the opening" if self._opened_at is None else "the matter is opened a second time"
        match fact:
            case events.StepTaken() | events.StepFinished() | events.HandedOver() | events.ClockPaused() if self._is_ended:
                return f"{fact.kind()} stands after the end of the round"
            case events.WorkOrderResolved() if self._is_resolved or self._is_closed:
                return "the matter is resolved a second time"
            case events.WorkOrderClosed() if self._is_closed:
                return "the matter is closed a second time"
            case events.WorkOrderReopened() if not self._is_ended:
                return "the matter is reopened while it is open"
        return self._clock_problem(fact)

    def _clock_problem(self, fact: Fact) -> str | None:
        if isinstance(fact, events.ClockPaused) and self._is_paused:
            return "the clock is paused a second time"
        if isinstance(fact, events.ClockResumed) and not self._is_paused:
            return "the clock is resumed and was not paused"
        return None

    def _go_on(self, fact: Fact) -> None:
        if isinstance(fact, MOVES):
            self._moved_at = fact.at
        match fact:
            case events.WorkOrderOpened():
                self._opened_at = fact.at
            case events.StepFinished():
                self._is_ended = fact.end is not None
            case events.ClockPaused() | events.ClockResumed():
                self._is_paused = isinstance(fact, events.ClockPaused)
            case events.WorkOrderResolved():
                self._is_ended = self._is_resolved = True
            case events.WorkOrderClosed():
                self._is_ended = self._is_closed = True
            case events.WorkOrderReopened():
                self._is_ended = self._is_resolved = self._is_closed = False


class _Completing:
    """What can be told of a fact from the norm and from the facts before it."""

    def __init__(self, norm: Norm, calendar_digest: str) -> None:
        self._norm, self._calendar_digest = norm, calendar_digest
        self._step, self._round = norm.first.key, 1

    def defaults(self, kind: type[Fact], values: Mapping[str, Any], field: str) -> dict[str, object]:
        """Return the fields of the next fact that follow from what is known, and remember what it changes."""
        moments = {name: values.get("at") for name, hint in HINTS[kind].items() if hint == "datetime" and name != "at"}
        if kind is events.WorkOrderOpened:
            return moments | self._opening(values, field)
        if kind is events.StepFinished:
            return moments | self._finishing(values, field)
        if kind is events.WorkOrderReopened:
            return moments | self._reopening(values, field)
        return moments | ({"step": self._step} if "step" in HINTS[kind] else {})

    def _opening(self, values: Mapping[str, Any], field: str) -> dict[str, object]:
        self._step = self._known_step(values.get("step", self._norm.first.key), field)
        return OPENED_WITH | {
            "norm": self._norm.id,
            "norm_version": self._norm.version,
            "norm_digest": self._norm.digest,
            "calendar_digest": self._calendar_digest,
            "step": self._step,
        }

    def _finishing(self, values: Mapping[str, Any], field: str) -> dict[str, object]:
        step = self._known_step(values.get("step", self._step), field)
        outcome = self._outcome(step, values.get("outcome"), field)
        is_end = self._norm.is_end(outcome.next)
        next_step = values.get("next_step", None if is_end else outcome.next)
        self._step = step if next_step is None else self._known_step(next_step, field)
        return {"step": step, "is_back": outcome.back, "next_step": next_step, "end": outcome.next if is_end else None}

    def _reopening(self, values: Mapping[str, Any], field: str) -> dict[str, object]:
        self._step = self._known_step(values.get("step", self._norm.first.key), field)
        self._round = values.get("round", self._round + 1)
        return {"step": self._step, "round": self._round}

    def _known_step(self, key: str, field: str) -> str:
        if self._norm.is_step(key):
            return key
        steps = ", ".join(step.key for step in self._norm.steps)
        raise BadInput(f"{field}.step", f"the norm has no step {key!r}", f"use one of {steps}")

    def _outcome(self, step: str, key: str | None, field: str) -> Outcome:
        outcomes = {outcome.key: outcome for outcome in self._norm.step(step).outcomes}
        if key in outcomes:
            return outcomes[key]
        raise BadInput(f"{field}.outcome", f"step {step} has no outcome {key!r}", f"use one of {', '.join(outcomes)}")


def _resolved(facts: list[Fact]) -> list[Fact]:
    """Return the ledger with the resolution of each round whose end it tells but whose resolution it leaves out."""
    result: list[Fact] = []
    for i, fact in enumerate(facts):
        result.append(fact)
        if isinstance(fact, events.StepFinished) and fact.end is not None and not _is_resolved(facts[i + 1 :]):
            told = {"work_order_id": fact.work_order_id, "at": fact.at, "actor_id": fact.actor_id, "end": fact.end}
            result.append(events.WorkOrderResolved(**(_nothing(events.WorkOrderResolved) | told)))
    return result


def _is_resolved(later: Sequence[Fact]) -> bool:
    for fact in later:
        if isinstance(fact, events.WorkOrderResolved):
            return True
        if isinstance(fact, events.WorkOrderReopened):
            return False
    return False


def ledger_document(facts: Sequence[Fact]) -> list[Document]:
    """Return facts as ``read_ledger`` reads them."""
    return [{"kind": fact.kind(), "at": fact.at.isoformat(), "actor_id": fact.actor_id} | fact.payload() for fact in facts]
