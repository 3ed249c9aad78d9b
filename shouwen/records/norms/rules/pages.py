"""What stands on the pages of the printed handbook: plain values for the template, in one language, without any layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Any

from shouwen.platform.policies.rules import Place
from shouwen.records.norms.rules.definition import Commitment, Norm, Outcome, Step, Words
from shouwen.records.norms.rules.drawing import Picture, draw
from shouwen.records.norms.rules.duration import Register
from shouwen.records.norms.rules.labels import Labels
from shouwen.records.norms.rules.wording import CLASSES, Asked, Figure, Statement, limit_figures, statements

Values = dict[str, Any]

CATEGORIES = {
    1: Words("系统使用", "Using the system"),
    2: Words("咨询", "Advice"),
    3: Words("查询", "Enquiry"),
    4: Words("通知与回访", "Notice and call-back"),
    5: Words("业务受理", "Acceptance"),
    6: Words("故障与投诉", "Faults and complaints"),
    7: Words("内部信息", "Internal information"),
    8: Words("全员质量", "Everyone's quality"),
    9: Words("其他", "Other"),
}
PLACES = {"CN": Words("全国", "China"), "SGCC": Words("国家电网", "State Grid"), "CSG": Words("南方电网", "China Southern Grid")}
TEXTS = {
    "title": Words("服务规范手册", "Service handbook"),
    "subtitle": Words("工作规范 %s 项", "%s work norms"),
    "contents": Words("目录", "Contents"),
    "in_force": Words("按下列日期有效的规范与规则编印", "Norms and policies as in force on"),
    "place": Words("适用地区与公司", "Place and company"),
    "digest_note": Words(
        "时限数字取自规则登记，规范正文不另写数字；以系统中现行版本为准。",
        "Figures are taken from the policy register and stand nowhere in the norms themselves; the version in the system counts.",
    ),
    "norm": Words("规范", "Norm"),
    "category": Words("类", "Category"),
    "version": Words("版本", "Version"),
    "effective": Words("起施行", "in force from"),
    "opens": Words("何时启用", "Opens"),
    "channels": Words("受理渠道", "Channels"),
    "customers": Words("适用客户", "Customers"),
    "promise": Words("对外承诺", "Promise"),
    "commitments": Words("时限承诺", "Commitments"),
    "pauses": Words("可以挂起", "May pause"),
    "never": Words("任何情况下都不挂起。", "Never."),
    "escalation": Words("升级督办", "Escalates to"),
    "call_back": Words("办结回访", "Call-back"),
    "needed": Words("需要。", "Yes. "),
    "not_needed": Words("不需要。", "No. "),
    "survey": Words("满意度", "Survey"),
    "asked": Words("请客户在五个等级中评价。", "The customer is asked for one of five grades."),
    "not_asked": Words("不向客户调查。", "The customer is not asked."),
    "step": Words("步骤与责任岗位", "Step and who is responsible"),
    "standard": Words("工作标准", "Work standard"),
    "limit": Words("时限", "Limit"),
    "outcomes": Words("结果与去向", "Outcomes and what follows"),
    "assist": Words("协助：", "Assisting: "),
    "since_opened": Words("自受理起", "since the opening"),
    "until": Words("以“%s”完成为准", 'measured at the end of "%s"'),
    "until_end": Words("以本规范办结为准", "measured at the end of the norm"),
    "diagram": Words("流程图", "Diagram"),
    "forward": Words("去向", "what follows"),
    "back": Words("退回", "way back"),
    "success": Words("办成", "successful end"),
    "other_end": Words("其他结局", "other end"),
}

# Papers by the room they leave for a diagram, in points: name, whether lying, width, height. The smallest that is legible is taken.
PAPERS = (
    ("a4", False, 523, 700),
    ("a4", True, 770, 455),
    ("a3", False, 770, 1050),
    ("a3", True, 1118, 700),
)
LEGIBLE = 0.8  # the scale below which a larger paper is taken; the smallest text of a diagram is 6 points high
LARGEST = 1.15


@dataclass(frozen=True, slots=True)
class Edition:
    """For whom a handbook is printed: language, names of codes, the register, place and day of its figures, and the font."""

    labels: Labels
    register: Register
    place: Place
    day: date
    font: str
    channels: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def say(self, words: Words) -> str:
        return words.text(self.labels.language)

    def text(self, key: str) -> str:
        return self.say(TEXTS[key])

    def listed(self, texts: Iterable[str]) -> str:
        return self.labels.text("、", ", ").join(texts)

    def asked(self, norm: Norm) -> Asked:
        return Asked(self.register, self.place, self.day, norm.customer_classes)


def handbook(*, norms: Sequence[Norm], edition: Edition) -> Values:
    """Return the whole book for the template: the words around, and each category with its norms in the order given."""
    return {
        "language": edition.labels.text("zh", "en"),
        "font": edition.font,
        "day": edition.day.isoformat(),
        "place": " · ".join(_place_names(edition)),
        "subtitle": _title(norms[0], edition) if len(norms) == 1 else edition.text("subtitle") % len(norms),
        "words": {key: edition.say(words) for key, words in TEXTS.items()},
        "categories": [
            {"number": number, "name": edition.say(CATEGORIES[number]), "norms": [_norm(norm, edition) for norm in members]}
            for number, members in groupby(norms, key=lambda norm: norm.category)
        ],
    }


def _place_names(edition: Edition) -> list[str]:
    codes = (edition.place.jurisdiction, edition.place.company)
    return [edition.say(PLACES[code]) if code in PLACES else code for code in codes if code]


def _title(norm: Norm, edition: Edition) -> str:
    return f"{norm.id} {edition.say(norm.name)}"


def _norm(norm: Norm, edition: Edition) -> Values:
    steps = [_step(number, norm, edition) for number in range(len(norm.steps))]
    limits = {
        step.key: short_limit(step=step, asked=edition.asked(norm), language=edition.labels.language) for step in norm.steps
    }
    picture = draw(norm=norm, labels=replace(edition.labels, limits=limits), font=edition.font)
    return {
        "id": norm.id,
        "name": edition.say(norm.name),
        "version": norm.version,
        "effective_from": norm.effective_from.isoformat(),
        "purpose": edition.say(norm.purpose),
        "facts": [fact for fact in _facts(norm, edition) if fact["lines"]],
        "steps": steps,
        "picture": picture.svg,
        "sheet": sheet_for(picture),
    }


def sheet_for(picture: Picture) -> Values:
    """Return the smallest paper on which the picture can be read, and how wide it stands on it, in points."""
    sheets: list[Values] = []
    for paper, lying, width, height in PAPERS:
        scale = min(width / picture.width, height / picture.height, LARGEST)
        sheets.append({"paper": paper, "lying": lying, "scale": scale, "width": round(picture.width * scale, 1)})
    legible = [sheet for sheet in sheets if sheet["scale"] >= LEGIBLE]
    return legible[0] if legible else max(sheets, key=lambda sheet: sheet["scale"])


def _facts(norm: Norm, edition: Edition) -> list[Values]:
    say, text = edition.say, edition.text
    pauses = [
        f"{edition.reasons.get(one.reason, one.reason)}{edition.labels.text('：', ': ')}{say(one.when)}" for one in norm.pauses
    ]
    called = f"{text('needed' if norm.call_back.needed else 'not_needed')}{say(norm.call_back.why)}"
    return [
        _fact(text("opens"), [say(norm.opens_when)]),
        _fact(text("channels"), [edition.listed(edition.channels.get(code, code) for code in norm.channels)]),
        _fact(text("customers"), [edition.listed(say(Words(*CLASSES[code])) for code in norm.customer_classes)]),
        _fact(text("promise"), [say(norm.promise)]),
        _fact(text("commitments"), [line for one in norm.commitments for line in _commitment(one, norm, edition)]),
        _fact(text("pauses"), pauses or [text("never")]),
        _fact(text("escalation"), [" → ".join(edition.labels.role(code) for code in norm.escalation)]),
        _fact(text("call_back"), [called]),
        _fact(text("survey"), [text("asked" if norm.survey else "not_asked")]),
    ]


def _fact(label: str, lines: list[str]) -> Values:
    return {"label": label, "lines": [line for line in lines if line]}


def _commitment(commitment: Commitment, norm: Norm, edition: Edition) -> list[str]:
    """Return a line for each figure that is promised, with every rule that states just it."""
    until = edition.text("until_end")
    if commitment.until:
        until = edition.text("until") % edition.say(norm.step(commitment.until).name)
    stated = statements(key=commitment.policy, asked=edition.asked(norm))
    by_figures: dict[str, list[Statement]] = {}
    for statement in stated:
        by_figures.setdefault(_figures(statement.figures, edition), []).append(statement)
    zh = edition.labels.language.startswith("zh")
    pattern = "{name}：{figures}，{until}（{sources}）" if zh else "{name}: {figures}, {until} ({sources})"
    return [
        pattern.format(
            name=edition.say(group[0].name),
            figures=figures,
            until=until,
            sources=edition.listed(f"{edition.say(one.force)} {one.rule}" for one in group),
        )
        for figures, group in by_figures.items()
    ]


def _figures(figures: Iterable[Figure], edition: Edition) -> str:
    return edition.labels.text("；", "; ").join(
        f"{edition.say(one.classes)} {edition.say(one.words)}" if one.classes else edition.say(one.words) for one in figures
    )


def _step(number: int, norm: Norm, edition: Edition) -> Values:
    step, labels = norm.steps[number], edition.labels
    return {
        "number": number + 1,
        "name": edition.say(step.name),
        "role": labels.role(step.role),
        "unit": labels.unit(step.unit),
        "assist": edition.listed(labels.unit(code) for code in step.assist),
        "standard": edition.say(step.standard),
        "target": edition.targets.get(step.target, step.target),
        "limit": _limit(step, norm, edition),
        "since_opened": step.limit.since == "opened",
        "outcomes": [_outcome(outcome, norm, edition) for outcome in step.outcomes],
    }


def _limit(step: Step, norm: Norm, edition: Edition) -> list[Values]:
    return [
        {"classes": edition.say(one.classes) if one.classes else "", "words": edition.say(one.words), "rules": list(one.rules)}
        for one in limit_figures(key=step.limit.policy, asked=edition.asked(norm))
    ]


def _outcome(outcome: Outcome, norm: Norm, edition: Edition) -> Values:
    to_step = norm.is_step(outcome.next)
    return {
        "name": edition.say(outcome.name),
        "back": outcome.back,
        "step": [step.key for step in norm.steps].index(outcome.next) + 1 if to_step else None,
        "end": "" if to_step else edition.say(norm.end(outcome.next).name),
        "success": False if to_step else norm.end(outcome.next).success,
    }


def short_limit(*, step: Step, asked: Asked, language: str) -> str:
    """Return a step's limit in a few characters: only the figures, in the order of the classes."""
    figures = limit_figures(key=step.limit.policy, asked=asked)
    return " / ".join(dict.fromkeys(one.words.text(language) for one in figures))
