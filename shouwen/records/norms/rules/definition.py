"""What a norm is: the handbook's YAML as frozen values. Plain Python; the format is in ``handbook/README.md``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from shouwen.records.norms.rules.reading import NormInvalid, Record

Since = Literal["step", "opened"]


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages of the house."""

    zh: str
    en: str

    def text(self, language: str) -> str:
        """Return the Chinese text for ``zh`` and all its variants, the English one for everything else."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class LimitRef:
    """The policy that sets a limit, and whether it counts from the step's beginning or from the opening of the matter."""

    policy: str
    since: Since


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way out of a step: ``next`` is a step or an end; ``back`` marks a way back."""

    key: str
    name: Words
    next: str
    back: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step: who (``role`` in a ``unit``), how (``standard``), by when (``limit``, which sets ``target``), and what may follow."""

    key: str
    name: Words
    role: str
    unit: str
    standard: Words
    limit: LimitRef
    target: str
    assist: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    def outcome(self, key: str) -> Outcome:
        """Return the outcome ``key``.

        :raises KeyError: when the step has no such outcome.
        """
        for outcome in self.outcomes:
            if outcome.key == key:
                return outcome
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class End:
    """One way in which a matter ends."""

    key: str
    name: Words
    success: bool


@dataclass(frozen=True, slots=True)
class Commitment:
    """A public commitment that must be kept by the end of step ``until``; None: by the end of the norm."""

    policy: str
    until: str | None


@dataclass(frozen=True, slots=True)
class PauseRule:
    """A reason for which the clock may stand, and when it applies."""

    reason: str
    when: Words


@dataclass(frozen=True, slots=True)
class CallBack:
    """Whether somebody other than the handler calls the customer back before closing, and why."""

    needed: bool
    why: Words


@dataclass(frozen=True, slots=True)
class Norm:
    """One version of one norm, for ``customer_classes`` only where it names some.

    ``digest`` is the SHA-256 of its canonical JSON: the same text, the same digest.
    """

    id: str
    slug: str
    version: int
    effective_from: date
    name: Words
    purpose: Words
    channels: tuple[str, ...]
    opens_when: Words
    promise: Words
    commitments: tuple[Commitment, ...]
    pauses: tuple[PauseRule, ...]
    escalation: tuple[str, ...]
    call_back: CallBack
    survey: bool
    steps: tuple[Step, ...]
    ends: tuple[End, ...]
    customer_classes: tuple[str, ...] = ()
    digest: str = field(init=False)
    _steps: Mapping[str, Step] = field(init=False, repr=False, compare=False)
    _ends: Mapping[str, End] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_steps", {step.key: step for step in reversed(self.steps)})
        object.__setattr__(self, "_ends", {end.key: end for end in reversed(self.ends)})
        object.__setattr__(self, "digest", _digest(self.as_document()))

    @property
    def category(self) -> int:
        """Return the category, 1 to 9: the part of the id before the point."""
        return int(self.id.partition(".")[0])

    @property
    def first(self) -> Step:
        """Return the step where the norm begins."""
        return self.steps[0]

    def step(self, key: str) -> Step:
        """Return the step ``key``.

        :raises KeyError: when there is no such step.
        """
        return self._steps[key]

    def end(self, key: str) -> End:
        """Return the end ``key``.

        :raises KeyError: when there is no such end.
        """
        return self._ends[key]

    def is_end(self, key: str) -> bool:
        return key in self._ends

    def is_step(self, key: str) -> bool:
        return key in self._steps

    def as_document(self) -> dict[str, Any]:
        """Return the norm as the handbook's YAML would hold it, with every default written out; ``parse_norm`` reads it back."""
        return {
            "id": self.id,
            "slug": self.slug,
            "version": self.version,
            "effective_from": self.effective_from.isoformat(),
            "name": _words(self.name),
            "purpose": _words(self.purpose),
            **({"customer_classes": list(self.customer_classes)} if self.customer_classes else {}),
            "opens": {"channels": list(self.channels), "when": _words(self.opens_when)},
            "promise": _words(self.promise),
            "commitments": [{"policy": one.policy, "until": one.until} for one in self.commitments],
            "pauses": [{"reason": one.reason, "when": _words(one.when)} for one in self.pauses],
            "escalation": list(self.escalation),
            "call_back": {"needed": self.call_back.needed, "why": _words(self.call_back.why)},
            "survey": self.survey,
            "steps": [_step_document(step) for step in self.steps],
            "ends": [{"key": end.key, "name": _words(end.name), "success": end.success} for end in self.ends],
        }


def _words(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}


def _step_document(step: Step) -> dict[str, Any]:
    return {
        "key": step.key,
        "name": _words(step.name),
        "role": step.role,
        "unit": step.unit,
        "standard": _words(step.standard),
        "limit": {"policy": step.limit.policy, "since": step.limit.since},
        "target": step.target,
        "assist": list(step.assist),
        "outcomes": [{"key": one.key, "name": _words(one.name), "next": one.next, "back": one.back} for one in step.outcomes],
    }


def _digest(document: dict[str, Any]) -> str:
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def parse_norm(document: object) -> Norm:
    """Return the norm that ``document`` (read from YAML or JSON) describes.

    What a step lacks of role, unit, standard, limit or target is read as empty: naming that is the business of ``soundness.check``.

    :raises NormInvalid: when something is missing, of the wrong kind, or unknown; it names the field and the problem.
    """
    record = Record.of(document)
    opens, call_back = record.record("opens"), record.record("call_back")
    norm = Norm(
        id=record.matching("id", r"[1-9]\.[1-9]\d*"),
        slug=record.matching("slug", r"[a-z][a-z0-9_]*"),
        version=record.positive("version"),
        effective_from=record.day("effective_from"),
        name=read_words(record, "name"),
        purpose=read_words(record, "purpose"),
        customer_classes=record.texts("customer_classes", default=()),
        channels=opens.texts("channels"),
        opens_when=read_words(opens, "when"),
        promise=read_words(record, "promise"),
        commitments=tuple(_read_commitment(one) for one in record.records("commitments")),
        pauses=tuple(_read_pause(one) for one in record.records("pauses")),
        escalation=record.texts("escalation"),
        call_back=CallBack(needed=call_back.flag("needed"), why=read_words(call_back, "why")),
        survey=record.flag("survey"),
        steps=tuple(_read_step(one) for one in record.records("steps")),
        ends=tuple(_read_end(one) for one in record.records("ends")),
    )
    for part in (opens, call_back, record):
        part.close()
    return _with_steps(norm)


def _with_steps(norm: Norm) -> Norm:
    if not norm.steps:
        raise NormInvalid("steps", "there must be at least one")
    return norm


def read_words(record: Record, name: str) -> Words:
    """Return the text in both languages at the field ``name``.

    :raises NormInvalid: when one of them is missing, or there is more.
    """
    part = record.record(name)
    words = Words(zh=part.text("zh"), en=part.text("en"))
    part.close()
    return words


def _read_standard(record: Record) -> Words:
    if not record.has("standard"):
        return Words("", "")
    part = record.record("standard")
    words = Words(zh=part.text("zh", default=""), en=part.text("en", default=""))
    part.close()
    return words


def _read_commitment(record: Record) -> Commitment:
    commitment = Commitment(policy=record.text("policy"), until=record.text("until", default="") or None)
    record.close()
    return commitment


def _read_pause(record: Record) -> PauseRule:
    pause = PauseRule(reason=record.text("reason"), when=read_words(record, "when"))
    record.close()
    return pause


def _read_limit(record: Record) -> LimitRef:
    if not record.has("limit"):
        return LimitRef(policy="", since="step")
    part = record.record("limit")
    since = part.text("since", default="step")
    if since not in ("step", "opened"):
        raise NormInvalid(part.place("since"), "must be step or opened")
    limit = LimitRef(policy=part.text("policy", default=""), since="opened" if since == "opened" else "step")
    part.close()
    return limit


def _read_step(record: Record) -> Step:
    step = Step(
        key=record.key("key"),
        name=read_words(record, "name"),
        role=record.text("role", default=""),
        unit=record.text("unit", default=""),
        standard=_read_standard(record),
        limit=_read_limit(record),
        target=record.text("target", default=""),
        assist=record.texts("assist", default=()),
        outcomes=tuple(_read_outcome(one) for one in record.records("outcomes")),
    )
    record.close()
    return step


def _read_outcome(record: Record) -> Outcome:
    outcome = Outcome(
        key=record.key("key"),
        name=read_words(record, "name"),
        next=record.key("next"),
        back=record.flag("back", default=False),
    )
    record.close()
    return outcome


def _read_end(record: Record) -> End:
    end = End(key=record.key("key"), name=read_words(record, "name"), success=record.flag("success"))
    record.close()
    return end


__all__ = [
    "CallBack",
    "Commitment",
    "End",
    "LimitRef",
    "Norm",
    "NormInvalid",
    "Outcome",
    "PauseRule",
    "Step",
    "Words",
    "parse_norm",
    "read_words",
]
