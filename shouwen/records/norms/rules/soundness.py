"""Proving a norm: what must be true before anybody is made to work by it (B1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shouwen.platform.people.choices import RoleCode, UnitKind
from shouwen.platform.policies.choices import CustomerClass
from shouwen.platform.policies.rules import Place, PolicyEntry
from shouwen.records.norms.choices import Channel, PauseReason, TargetKind
from shouwen.records.norms.rules.definition import Norm, Outcome, Step, Words
from shouwen.records.norms.rules.duration import ClockConflict, Excess, Register, findings, first_gap

ROLES, UNITS = frozenset(RoleCode.values), frozenset(UnitKind.values)
CHANNELS, TARGETS, REASONS = frozenset(Channel.values), frozenset(TargetKind.values), frozenset(PauseReason.values)
CLASSES = frozenset(str(code) for code in CustomerClass)

WORDS = {
    "duplicate_key": ("编码 %(key)s 用了不止一次。", "The key %(key)s is used more than once."),
    "duplicate_target": ("时限指标 %(key)s 由不止一个步骤设定。", "The target %(key)s is set by more than one step."),
    "no_role": ("没有负责岗位。", "Nobody is responsible: there is no role."),
    "no_unit": ("没有责任单位类别。", "There is no kind of unit."),
    "no_standard": ("缺少中文或英文的工作标准。", "The work standard is missing in Chinese or in English."),
    "no_limit": ("没有时限。", "There is no limit."),
    "no_target": ("没有说明时限对应的指标。", "It is not said which target the limit sets."),
    "no_outcome": ("没有任何结果，走不下去。", "There is no outcome, so that nothing can follow."),
    "no_channel": ("没有受理渠道。", "No channel opens this norm."),
    "no_escalation": ("没有升级层级。", "There is nobody to escalate to."),
    "unknown_role": ("%(key)s 不是岗位编码。", "%(key)s is no role."),
    "unknown_unit": ("%(key)s 不是单位类别编码。", "%(key)s is no kind of unit."),
    "unknown_class": ("%(key)s 不是用户类别编码。", "%(key)s is no customer class."),
    "unknown_channel": ("%(key)s 不是渠道编码。", "%(key)s is no channel."),
    "unknown_target": ("%(key)s 不是时限指标编码。", "%(key)s is no target."),
    "unknown_reason": ("%(key)s 不是挂起原因编码。", "%(key)s is no reason for a pause."),
    "dangling_next": ("下一步 %(key)s 不存在。", "It leads to %(key)s, which is neither a step nor an end."),
    "unreachable_step": ("从第一步走不到这一步。", "The step cannot be reached from the first one."),
    "unreachable_end": ("走不到这一结局。", "The end cannot be reached."),
    "no_way_to_end": ("从这一步走不到任何结局。", "No end can be reached from this step."),
    "no_success_end": ("没有成功的结局。", "No end is a success."),
    "unmarked_back": ("回到 %(key)s，却没有标明是退回。", "It leads back to %(key)s without saying so."),
    "back_goes_forward": ("标为退回，却不通向来路：%(key)s。", "It is marked as a way back but %(key)s does not lie behind it."),
    "dangling_limit": ("时限所引的规则 %(key)s 没有登记。", "The limit names the policy %(key)s, which is not registered."),
    "limit_not_duration": ("%(key)s 不是时长。", "The limit's policy %(key)s is not a length of time."),
    "limit_without_cap": (
        "%(day)s，%(key)s 没有单件上限（%(where)s）。",
        "On %(day)s the policy %(key)s states no cap for a single case (%(where)s).",
    ),
    "dangling_commitment": (
        "承诺所引的规则 %(key)s 没有登记。",
        "The commitment names the policy %(key)s, which is not registered.",
    ),
    "commitment_not_duration": ("%(key)s 不是时长。", "The commitment's policy %(key)s is not a length of time."),
    "until_missing": ("步骤 %(key)s 不存在。", "The commitment ends with %(key)s, which is not a step."),
    "above_commitment": (
        "最长路径 %(way)s 合计 %(total)s，超过 %(rule)s 的 %(promised)s（%(where)s）。",
        "The longest way %(way)s takes %(total)s, more than the %(promised)s of %(rule)s (%(where)s).",
    ),
    "clock_kinds_differ": (
        "按工作时间计时，无法保证在 %(rule)s 的自然时间之内。",
        "The limit is in working time, which cannot be held within %(rule)s on the wall clock.",
    ),
}


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong with a norm: where, which kind, and in words."""

    norm_id: str
    place: str
    code: str
    words: Words

    def __str__(self) -> str:
        return f"{self.norm_id} {self.place} {self.code}: {self.words.en}"


@dataclass(frozen=True, slots=True)
class _Fault:
    place: str
    code: str
    details: tuple[tuple[str, str], ...] = ()


def _fault(place: str, code: str, **details: str) -> _Fault:
    return _Fault(place, code, tuple(details.items()))


def check(*, norm: Norm, policies: Iterable[PolicyEntry]) -> tuple[Defect, ...]:
    """Return everything that is wrong with ``norm``, given the policies as known at last; empty: it is sound.

    Times are only added up once the ways are in order: in a circle there is no longest way.
    """
    return check_against(norm=norm, register=Register.of(policies))


def check_against(*, norm: Norm, register: Register) -> tuple[Defect, ...]:
    """Return what ``check`` does, for a register that is used for many norms."""
    faults = [*_codes(norm), *_duplicates(norm), *_ways(norm), *_policies(norm, register)]
    if not faults:
        faults += _times(norm, register)
    return tuple(_defect(norm, fault) for fault in faults)


def _defect(norm: Norm, fault: _Fault) -> Defect:
    zh, en = WORDS[fault.code]
    details = dict(fault.details)
    return Defect(norm.id, fault.place, fault.code, Words(zh=zh % details, en=en % details))


def _codes(norm: Norm) -> Iterator[_Fault]:
    """What is missing or unknown."""
    yield from _each_known(norm.channels, CHANNELS, "opens.channels", "unknown_channel", empty="no_channel")
    yield from _each_known(norm.customer_classes, CLASSES, "customer_classes", "unknown_class")
    yield from _each_known(norm.escalation, ROLES, "escalation", "unknown_role", empty="no_escalation")
    yield from _each_known([pause.reason for pause in norm.pauses], REASONS, "pauses", "unknown_reason")
    for step in norm.steps:
        yield from _step_codes(step, f"steps.{step.key}")


def _each_known(codes: Iterable[str], known: frozenset[str], place: str, code: str, *, empty: str = "") -> Iterator[_Fault]:
    listed = list(codes)
    if not listed and empty:
        yield _fault(place, empty)
    for one in listed:
        if one not in known:
            yield _fault(place, code, key=one)


def _step_codes(step: Step, place: str) -> Iterator[_Fault]:
    yield from _known(step.role, ROLES, f"{place}.role", "role")
    yield from _known(step.unit, UNITS, f"{place}.unit", "unit")
    yield from _known(step.target, TARGETS, f"{place}.target", "target")
    yield from _each_known(step.assist, UNITS, f"{place}.assist", "unknown_unit")
    if not (step.standard.zh and step.standard.en):
        yield _fault(f"{place}.standard", "no_standard")
    if not step.outcomes:
        yield _fault(f"{place}.outcomes", "no_outcome")


def _known(code: str, known: frozenset[str], place: str, kind: str) -> Iterator[_Fault]:
    if not code:
        yield _fault(place, f"no_{kind}")
    elif code not in known:
        yield _fault(place, f"unknown_{kind}", key=code)


def _duplicates(norm: Norm) -> Iterator[_Fault]:
    keys = [step.key for step in norm.steps] + [end.key for end in norm.ends]
    for key in _repeated(keys):
        yield _fault(f"steps.{key}" if norm.is_step(key) else f"ends.{key}", "duplicate_key", key=key)
    for step in norm.steps:
        for key in _repeated(outcome.key for outcome in step.outcomes):
            yield _fault(f"steps.{step.key}.outcomes.{key}", "duplicate_key", key=key)
    for target in _repeated(step.target for step in norm.steps if step.target):
        second = [step for step in norm.steps if step.target == target][1]
        yield _fault(f"steps.{second.key}.target", "duplicate_target", key=target)
    for reason in _repeated(pause.reason for pause in norm.pauses):
        yield _fault("pauses", "duplicate_key", key=reason)


def _repeated(keys: Iterable[str]) -> list[str]:
    return [key for key, count in Counter(keys).items() if count > 1]


def _ways(norm: Norm) -> Iterator[_Fault]:
    """What is wrong with the ways between the steps."""
    for step, outcome in _outcomes(norm):
        if not (norm.is_step(outcome.next) or norm.is_end(outcome.next)):
            yield _fault(_outcome_place(step, outcome), "dangling_next", key=outcome.next)
    yield from _reach(norm)
    yield from _marks(norm)


def _reach(norm: Norm) -> Iterator[_Fault]:
    """Everything can be reached from the first step, and from everywhere an end; one end at least is a success."""
    reached = _reached(norm, norm.first.key, ways_back=False)
    for step in norm.steps:
        if step.key not in reached:
            yield _fault(f"steps.{step.key}", "unreachable_step")
        if step.outcomes and not any(norm.is_end(key) for key in _reached(norm, step.key, ways_back=True)):
            yield _fault(f"steps.{step.key}", "no_way_to_end")
    for end in norm.ends:
        if end.key not in reached:
            yield _fault(f"ends.{end.key}", "unreachable_end")
    if not any(end.success for end in norm.ends):
        yield _fault("ends", "no_success_end")


def _marks(norm: Norm) -> Iterator[_Fault]:
    """A way that closes a circle says that it goes back, and a way that says so does."""
    for step, outcome in _closing_ways(norm):
        yield _fault(_outcome_place(step, outcome), "unmarked_back", key=outcome.next)
    for step, outcome in _outcomes(norm):
        if outcome.back and step.key not in _reached(norm, outcome.next, ways_back=True):
            yield _fault(_outcome_place(step, outcome), "back_goes_forward", key=outcome.next)


def _outcomes(norm: Norm) -> Iterator[tuple[Step, Outcome]]:
    for step in norm.steps:
        for outcome in step.outcomes:
            yield step, outcome


def _outcome_place(step: Step, outcome: Outcome) -> str:
    return f"steps.{step.key}.outcomes.{outcome.key}"


def _reached(norm: Norm, start: str, *, ways_back: bool) -> set[str]:
    """Return the steps and ends that can be reached from ``start``, itself included."""
    reached, waiting = set[str](), [start]
    while waiting:
        key = waiting.pop()
        if key in reached:
            continue
        reached.add(key)
        if norm.is_step(key):
            waiting += [outcome.next for outcome in norm.step(key).outcomes if ways_back or not outcome.back]
    return reached


def _closing_ways(norm: Norm) -> list[tuple[Step, Outcome]]:
    """Return the unmarked ways that lead to a step one is still on the way from: a walk from the first step finds them."""
    found: list[tuple[Step, Outcome]] = []
    done = set[str]()

    def walk(key: str, behind: frozenset[str]) -> None:
        step = norm.step(key)
        for outcome in step.outcomes:
            if outcome.back or not norm.is_step(outcome.next):
                continue
            if outcome.next in behind | {key}:
                found.append((step, outcome))
            elif outcome.next not in done:
                walk(outcome.next, behind | {key})
        done.add(key)

    for step in norm.steps:
        if step.key not in done:
            walk(step.key, frozenset())
    return found


def _policies(norm: Norm, register: Register) -> Iterator[_Fault]:
    """What is wrong with the policies that the norm names."""
    for step in norm.steps:
        yield from _limit(norm, step, register)
    for index, commitment in enumerate(norm.commitments):
        place, entries = f"commitments[{index}]", register.entries(commitment.policy)
        if not entries:
            yield _fault(place, "dangling_commitment", key=commitment.policy)
        elif not any(entry.is_duration for entry in entries):
            yield _fault(place, "commitment_not_duration", key=commitment.policy)
        if commitment.until is not None and not norm.is_step(commitment.until):
            yield _fault(f"{place}.until", "until_missing", key=commitment.until)


def _limit(norm: Norm, step: Step, register: Register) -> Iterator[_Fault]:
    place, key = f"steps.{step.key}.limit", step.limit.policy
    entries = register.entries(key)
    if not key:
        yield _fault(place, "no_limit")
    elif not entries:
        yield _fault(place, "dangling_limit", key=key)
    elif not any(entry.is_duration for entry in entries):
        yield _fault(place, "limit_not_duration", key=key)
    elif gap := first_gap(norm=norm, step=step, register=register):
        yield _fault(place, "limit_without_cap", key=key, day=gap.day.isoformat(), where=_where(gap.place))


def _times(norm: Norm, register: Register) -> Iterator[_Fault]:
    for finding in findings(norm=norm, register=register):
        match finding:
            case ClockConflict(entry=entry, step=step):
                yield _fault(f"steps.{step.key}.limit", "clock_kinds_differ", rule=entry.rule)
            case Excess():
                yield _excess(norm, finding)


def _excess(norm: Norm, excess: Excess) -> _Fault:
    return _fault(
        f"commitments[{norm.commitments.index(excess.commitment)}]",
        "above_commitment",
        way=" → ".join(excess.way),
        total=f"{excess.total_s / 60:g} min",
        promised=f"{excess.promised_s / 60:g} min",
        rule=excess.entry.rule,
        where=_where(excess.place),
    )


def _where(place: Place) -> str:
    parts = (place.jurisdiction, place.company, place.area, place.zone, place.customer_class)
    return " ".join(part for part in parts if part)
