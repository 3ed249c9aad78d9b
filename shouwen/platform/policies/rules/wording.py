"""Saying in words what binds a case and why nothing else does, in Chinese and English, without a catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.platform.policies.choices import Force, Reason, Sense, Statistic, Unit
from shouwen.platform.policies.rules.binding import Binding
from shouwen.platform.policies.rules.entries import SHANGHAI, PolicyEntry
from shouwen.platform.policies.rules.matches import Match

FORCE_WORDS = {
    Force.STATUTE: ("法规", "statute"),
    Force.STANDARD: ("标准", "standard"),
    Force.COMMITMENT: ("公开承诺", "public commitment"),
    Force.INTERNAL: ("内部规定", "internal rule"),
}
UNIT_WORDS = {
    Unit.SECOND: ("秒", "s"),
    Unit.MINUTE: ("分钟", "min"),
    Unit.HOUR: ("小时", "h"),
    Unit.DAY: ("天", "days"),
    Unit.CALENDAR_DAY: ("个日历天", "calendar days"),
    Unit.WORKING_SECOND: ("工作秒", "working seconds"),
    Unit.WORKING_MINUTE: ("工作分钟", "working minutes"),
    Unit.WORKING_HOUR: ("工作小时", "working hours"),
    Unit.HALF_WORKING_DAY: ("个半工作日", "half working days"),
    Unit.WORKING_DAY: ("个工作日", "working days"),
    Unit.MONTH: ("个月", "months"),
    Unit.HOUR_OF_DAY: ("点", "o'clock"),
    Unit.PCT: ("%", "%"),
    Unit.PER_MILLE: ("‰", "per mille"),
    Unit.YUAN: ("元", "yuan"),
    Unit.RATIO: ("倍", "times"),
    Unit.COUNT: ("", ""),
    Unit.RINGS: ("声铃响", "rings"),
    Unit.VOLT: ("伏", "V"),
    Unit.HERTZ: ("赫兹", "Hz"),
    Unit.DUTY: ("", ""),
}
STATISTIC_WORDS = {Statistic.CAP: ("", ""), Statistic.MEAN: ("平均", "on average "), Statistic.PERCENTILE: ("", "")}
SENSE_WORDS = {Sense.AT_MOST: ("不超过", "at most "), Sense.AT_LEAST: ("不少于", "at least ")}

BINDS = ("以此为准：%(figure)s，截止%(due_at)s。", "This binds: %(figure)s, due %(due_at)s.")
REASON_WORDS = {
    Reason.NOT_YET_VALID: ("自%(valid_from)s起才施行。", "In force only from %(valid_from)s."),
    Reason.EXPIRED: ("自%(valid_until)s起不再施行。", "No longer in force since %(valid_until)s."),
    Reason.NOT_KNOWN_YET: ("当时尚未获知，%(known_from)s才登记。", "Not known then: entered only on %(known_from)s."),
    Reason.SUPERSEDED: ("当时已更正，此说法止于%(known_until)s。", "Corrected before then: held true until %(known_until)s."),
    Reason.OTHER_JURISDICTION: ("只适用于%(jurisdiction)s。", "Applies in %(jurisdiction)s only."),
    Reason.OTHER_COMPANY: ("只适用于%(company)s。", "Applies to %(company)s only."),
    Reason.NO_VALUE_FOR_CLASS: ("对这类地区或用户没有规定数值。", "States no value for this class of area or customer."),
    Reason.NOT_A_DURATION: ("不是时限。", "Is not a limit of time."),
    Reason.MEAN_NOT_CAP: ("%(figure)s，是平均值，不约束单件事项。", "%(figure)s: a mean, which binds no single case."),
    Reason.PERCENTILE_NOT_CAP: ("%(figure)s，是分位值，不约束单件事项。", "%(figure)s: a percentile, binding no single case."),
    Reason.OTHER_FORCE: ("属于%(force)s，不在这一口径内。", "Is a %(force)s, which this reading leaves aside."),
    Reason.LATER_DUE: ("%(figure)s，截止%(due_at)s，比为准的一条晚。", "%(figure)s, due %(due_at)s: later than what binds."),
    Reason.EARLIER_DUE: ("%(figure)s，到%(due_at)s，比为准的一条早。", "%(figure)s, until %(due_at)s: earlier than what binds."),
    Reason.WEAKER_FORCE: ("截止时间相同，但%(force)s效力较弱。", "The same deadline, but a %(force)s is weaker."),
    Reason.SAME_DUE: ("截止时间相同，另一条已说明。", "The same deadline, already stated by another rule."),
}


@dataclass(frozen=True, slots=True)
class Because:
    """One line of an explanation: which rule, the machine's code (``binds`` or a reason), what fills the words, and the words."""

    rule: str
    key: str
    code: str
    details: tuple[tuple[str, str], ...]
    zh: str
    en: str


def explain(*, binding: Binding) -> tuple[Because, ...]:
    """Return a line for the entry that binds, then one for each other entry of the key. Instants are shown in Asia/Shanghai."""
    lines = [_because(match, match.reason, REASON_WORDS[match.reason]) for match in binding.others if match.reason is not None]
    if binding.bound is not None:
        lines.insert(0, _because(binding.bound, None, BINDS))
    return tuple(lines)


def _because(match: Match, reason: Reason | None, words: tuple[str, str]) -> Because:
    entry = match.entry
    details = [_details(match, language) for language in (0, 1)]
    zh, en = (template % details[language] for language, template in enumerate(words))
    return Because(
        rule=entry.rule,
        key=entry.key,
        code=reason or "binds",
        details=tuple((name, str(text)) for name, text in details[1].items() if f"%({name})s" in words[1]),
        zh=f"{entry.name_zh}（{entry.rule}，{FORCE_WORDS[entry.force][0]}）：{zh}",
        en=f"{entry.name_en} ({entry.rule}, {FORCE_WORDS[entry.force][1]}): {en}",
    )


def _details(match: Match, language: int) -> dict[str, str]:
    entry = match.entry
    return {
        "figure": figure_words(entry=entry, match=match, language=language),
        "due_at": _instant(match.due_at),
        "force": FORCE_WORDS[entry.force][language],
        "jurisdiction": entry.jurisdiction,
        "company": entry.company or "",
        "valid_from": str(entry.valid_from),
        "valid_until": str(entry.valid_until),
        "known_from": _instant(entry.known_from),
        "known_until": _instant(entry.known_until),
    }


def figure_words(*, entry: PolicyEntry, match: Match, language: int) -> str:
    """Return the figure with its sense and unit: "at most 45 min", "on average at most 3 h"."""
    if match.amount is None:
        return ""
    space = " " if language == 1 and entry.unit != Unit.PCT else ""
    amount = f"{match.amount.normalize():f}{space}{UNIT_WORDS[entry.unit][language]}".rstrip()
    return f"{STATISTIC_WORDS[entry.statistic][language]}{SENSE_WORDS[entry.sense][language]}{amount}"


def _instant(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
