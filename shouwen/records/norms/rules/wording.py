"""Limits and commitments in plain words: what the policies in force say for one place, by area and class where they differ.

Nothing is copied into a norm: the words are made from the register on the day they are printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product

from shouwen.platform.policies.choices import Area, CustomerClass, Force, Sense, Statistic, Unit, Zone
from shouwen.platform.policies.rules import Match, Place, PolicyEntry
from shouwen.records.norms.rules.definition import Words
from shouwen.records.norms.rules.duration import WALL_SECONDS, WORKING_SECONDS, Register, is_cap, seconds

UNITS: Mapping[Unit, tuple[str, str, str]] = {  # Chinese, English for one, English for several
    Unit.SECOND: ("秒", "second", "seconds"),
    Unit.MINUTE: ("分钟", "minute", "minutes"),
    Unit.HOUR: ("小时", "hour", "hours"),
    Unit.DAY: ("天", "day", "days"),
    Unit.CALENDAR_DAY: ("个自然日", "calendar day", "calendar days"),
    Unit.WORKING_SECOND: ("秒（工作时间）", "working second", "working seconds"),
    Unit.WORKING_MINUTE: ("分钟（工作时间）", "working minute", "working minutes"),
    Unit.WORKING_HOUR: ("小时（工作时间）", "working hour", "working hours"),
    Unit.HALF_WORKING_DAY: ("个工作半日", "half working day", "half working days"),
    Unit.WORKING_DAY: ("个工作日", "working day", "working days"),
}
CLASSES: Mapping[str, tuple[str, str]] = {
    Area.URBAN: ("城区", "town"),
    Area.RURAL: ("农村", "country"),
    Area.REMOTE: ("偏远地区", "remote area"),
    Zone.INSIDE_OUTER_RING: ("外环以内", "inside the outer ring"),
    Zone.OUTSIDE_OUTER_RING: ("外环以外", "outside the outer ring"),
    CustomerClass.RESIDENTIAL: ("居民", "residential"),
    CustomerClass.LOW_VOLTAGE: ("低压非居民", "low voltage"),
    CustomerClass.HIGH_VOLTAGE_SINGLE: ("高压单电源", "high voltage, one source"),
    CustomerClass.HIGH_VOLTAGE_DUAL: ("高压双电源", "high voltage, two sources"),
}
FORCES: Mapping[Force, tuple[str, str]] = {
    Force.STATUTE: ("法规", "statute"),
    Force.STANDARD: ("标准", "standard"),
    Force.COMMITMENT: ("公开承诺", "public commitment"),
    Force.INTERNAL: ("内部规定", "internal rule"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure in words for some classes (None: for all), with the rules that state it."""

    classes: Words | None
    words: Words
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What one rule has promised: its name, its force, and its figures."""

    name: Words
    force: Words
    rule: str
    figures: tuple[Figure, ...]


def amount_words(*, amount: Decimal, unit: Unit) -> Words:
    """Return a length of time: "45 minutes", "半个工作日"."""
    zh, one, several = UNITS[unit]
    if unit is Unit.HALF_WORKING_DAY and amount == 1:
        return Words(zh="半个工作日", en="half a working day")
    figure = f"{amount.normalize():f}"
    return Words(zh=f"{figure} {zh}", en=f"{figure} {one if amount == 1 else several}")


@dataclass(frozen=True, slots=True)
class Asked:
    """For what the words are made: the register, a jurisdiction and company, a day, and the customer classes (empty: all)."""

    register: Register
    place: Place
    day: date
    customer_classes: tuple[str, ...] = ()


def limit_figures(*, key: str, asked: Asked) -> tuple[Figure, ...]:
    """Return the caps of ``key`` that bind, by area and class where they differ.

    On the wall clock the shortest binds; a cap in working time cannot be compared with it and stands beside it. A class without a
    cap is left out.
    """
    circumstances = _circumstances(asked.register.entries(key), asked)
    found = [(classes, _binding(asked.register, key, place, asked.day)) for classes, place in circumstances]
    return _figures([(classes, caps) for classes, caps in found if caps])


def statements(*, key: str, asked: Asked) -> tuple[Statement, ...]:
    """Return what is publicly stated about ``key``, or by the company itself where nothing public is."""
    return tuple(
        Statement(
            name=Words(zh=entry.name_zh, en=entry.name_en),
            force=Words(*FORCES[entry.force]),
            rule=entry.rule,
            figures=figures,
        )
        for entry in dict.fromkeys(asked.register.entries(key))
        if (figures := _figures_of(entry, asked))
    )


def _figures_of(entry: PolicyEntry, asked: Asked) -> tuple[Figure, ...]:
    found = []
    for classes, place in _circumstances((entry,), asked):
        stated = asked.register.promised_or_notice(entry.key, place, asked.day)
        matches = [match for match in stated if match.entry is entry]
        if matches:
            found.append((classes, matches))
    return _figures(found)


def _binding(register: Register, key: str, place: Place, day: date) -> list[Match]:
    """Return the shortest cap on the wall clock and the shortest in working time, as far as there are any."""
    caps = [match for match in register.holding(key, place, day) if is_cap(match.entry)]
    kinds = ([match for match in caps if match.entry.unit in units] for units in (WALL_SECONDS, WORKING_SECONDS))
    return [min(kind, key=lambda match: (seconds(match), match.entry.standing)) for kind in kinds if kind]


def _circumstances(entries: tuple[PolicyEntry, ...], asked: Asked) -> Iterator[tuple[tuple[str, ...], Place]]:
    """Yield the classes that ``entries`` distinguish, each with the place they belong to; one without names if they do not."""
    values = [value for entry in entries if _may_hold(entry, asked.place) for value in entry.values]
    areas = list(Area) if any(value.area for value in values) else [None]
    zones = list(Zone) if any(value.zone for value in values) else [None]
    kinds = _customer_classes(asked) if any(value.customer_class for value in values) else [None]
    for area, zone, kind in product(areas, zones, kinds):
        named = tuple(code for code in (area, zone, kind) if code)
        yield named, Place(asked.place.jurisdiction, asked.place.company, area, zone, kind)


def _customer_classes(asked: Asked) -> list[CustomerClass | None]:
    return [CustomerClass(code) for code in asked.customer_classes] or list(CustomerClass)


def _may_hold(entry: PolicyEntry, place: Place) -> bool:
    inside = f"{place.jurisdiction}-".startswith(f"{entry.jurisdiction}-")
    return inside and entry.company in (None, place.company)


def _figures(found: list[tuple[tuple[str, ...], list[Match]]]) -> tuple[Figure, ...]:
    """Return one figure for all classes of which the same is said, without naming them where it is said of all."""
    grouped: dict[Words, list[tuple[tuple[str, ...], list[Match]]]] = {}
    for classes, matches in found:
        grouped.setdefault(_together([_figure_words(match) for match in matches]), []).append((classes, matches))
    return tuple(
        Figure(
            classes=None if len(grouped) == 1 else _class_words([classes for classes, _ in group]),
            words=words,
            rules=tuple(dict.fromkeys(match.entry.rule for _, matches in group for match in matches)),
        )
        for words, group in grouped.items()
    )


def _figure_words(match: Match) -> Words:
    words = amount_words(amount=match.amount or Decimal(0), unit=match.entry.unit)
    if match.entry.sense is Sense.AT_LEAST:
        words = Words(zh=f"至少 {words.zh}", en=f"at least {words.en}")
    match match.entry.statistic:
        case Statistic.MEAN:
            return Words(zh=f"平均 {words.zh}", en=f"{words.en} on average")
        case Statistic.PERCENTILE:
            return Words(zh=f"{match.entry.percentile}% 在 {words.zh}内", en=f"{match.entry.percentile}% within {words.en}")
    return words


def _together(words: list[Words]) -> Words:
    return Words(zh="且 ".join(one.zh for one in words), en=" and ".join(one.en for one in words))


def _class_words(groups: list[tuple[str, ...]]) -> Words:
    named = [Words(zh="".join(CLASSES[code][0] for code in one), en=" ".join(CLASSES[code][1] for code in one)) for one in groups]
    return Words(zh="、".join(one.zh for one in named), en=", ".join(one.en for one in named))
