"""Holding the register against the norms: what binds the company in public must be named by a norm, or it never binds a matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from shouwen.platform.policies.choices import Force
from shouwen.records.norms.rules.definition import Norm, Words, read_words
from shouwen.records.norms.rules.duration import Register
from shouwen.records.norms.rules.reading import Record

WORDS = {
    "unnamed_policy": (
        "没有规范引用它，%(rules)s 因此约束不到任何事项；也没有说明在何处遵守。",
        "No norm names it, so that no matter is held to %(rules)s, nor is it said where it is kept instead.",
    ),
    "needless_exemption": (
        "无须说明在何处遵守：已有规范引用，或没有公开规则限定时间。",
        "It need not be kept elsewhere: a norm names it, or no public rule limits a time under this key.",
    ),
}


@dataclass(frozen=True, slots=True)
class Exemption:
    """A policy that no norm names, and why."""

    policy: str
    reason: Words


@dataclass(frozen=True, slots=True)
class Oversight:
    """A policy that norms and register do not agree on: which kind, and in words."""

    policy: str
    code: str
    words: Words

    def __str__(self) -> str:
        return f"{self.policy} {self.code}: {self.words.en}"


def parse_exemptions(document: object) -> tuple[Exemption, ...]:
    """Return the exemptions that ``document`` (read from YAML) lists under ``kept_elsewhere``.

    :raises NormInvalid: when something is missing, of the wrong kind, or unknown; it names the field and the problem.
    """
    record = Record.of(document)
    exemptions = tuple(_read_exemption(one) for one in record.records("kept_elsewhere"))
    record.close()
    return exemptions


def _read_exemption(record: Record) -> Exemption:
    exemption = Exemption(policy=record.text("policy"), reason=read_words(record, "reason"))
    record.close()
    return exemption


def oversights(*, norms: Iterable[Norm], register: Register, exemptions: Iterable[Exemption]) -> tuple[Oversight, ...]:
    """Return each policy that limits a time by commitment or stronger and is neither named nor exempt, and each needless exemption.

    Named is what sets a step's limit or is a commitment in the newest version of a norm.
    """
    named, exempt = _named(norms), {exemption.policy for exemption in exemptions}
    public = {key: rules for key, rules in _public_rules(register).items() if key not in named}
    unnamed = [_oversight(key, "unnamed_policy", public[key]) for key in sorted(public.keys() - exempt)]
    needless = [_oversight(key, "needless_exemption", ()) for key in sorted(exempt - public.keys())]
    return (*unnamed, *needless)


def _named(norms: Iterable[Norm]) -> set[str]:
    newest = {norm.id: norm for norm in sorted(norms, key=lambda norm: norm.version)}
    return {key for norm in newest.values() for key in _names(norm)}


def _names(norm: Norm) -> Iterator[str]:
    yield from (step.limit.policy for step in norm.steps)
    yield from (commitment.policy for commitment in norm.commitments)


def _public_rules(register: Register) -> Mapping[str, list[str]]:
    """Return the rules that limit a time by commitment or stronger, by key."""
    public = (entry for entries in register.by_key.values() for entry in entries if entry.force is not Force.INTERNAL)
    found: dict[str, list[str]] = defaultdict(list)
    for entry in public:
        if entry.is_duration and entry.rule not in found[entry.key]:
            found[entry.key].append(entry.rule)
    return found


def _oversight(key: str, code: str, rules: Iterable[str]) -> Oversight:
    zh, en = WORDS[code]
    details = {"rules": ", ".join(rules)}
    return Oversight(key, code, Words(zh=zh % details, en=en % details))
