"""How long a norm may take, held against what the company has promised in public.

Everything is in seconds. Time on the wall clock and working time are compared by a working day of eight hours: ``working_day`` is
8 hours, ``half_working_day`` 4. Within a commitment in working time a limit on the wall clock counts in full, second for second:
the cautious side, since some of it passes outside working hours. The other way round nothing can be said: one working day may last
a week of holidays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import product
from operator import itemgetter

from shouwen.platform.policies.choices import Area, CustomerClass, Force, Sense, Statistic, Unit
from shouwen.platform.policies.rules import Match, Place, PolicyEntry, matching_on
from shouwen.records.norms.rules.definition import Commitment, Norm, Step

WORKING_DAY_H = 8
WALL_SECONDS = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600, Unit.DAY: 86400, Unit.CALENDAR_DAY: 86400}
WORKING_SECONDS = {
    Unit.WORKING_SECOND: 1,
    Unit.WORKING_MINUTE: 60,
    Unit.WORKING_HOUR: 3600,
    Unit.HALF_WORKING_DAY: WORKING_DAY_H * 1800,
    Unit.WORKING_DAY: WORKING_DAY_H * 3600,
}
SECONDS = WALL_SECONDS | WORKING_SECONDS
LATEST_KNOWLEDGE = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Register:
    """The policies by key, asked as known at last; answers are remembered."""

    by_key: Mapping[str, tuple[PolicyEntry, ...]]
    _matches: dict[tuple[str, Place, date], tuple[Match, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, policies: Iterable[PolicyEntry]) -> Register:
        by_key: dict[str, list[PolicyEntry]] = defaultdict(list)
        for entry in policies:
            if entry.known_until is None:
                by_key[entry.key].append(entry)
        return cls({key: tuple(entries) for key, entries in by_key.items()})

    def entries(self, key: str) -> tuple[PolicyEntry, ...]:
        return self.by_key.get(key, ())

    def holding(self, key: str, place: Place, day: date) -> Iterator[Match]:
        """Yield the statements about ``key`` that hold at ``place`` on ``day`` and set a time that may not be exceeded."""
        return (match for match in self.stated(key, place, day) if sets_a_time(match.entry))

    def stated(self, key: str, place: Place, day: date) -> Iterator[Match]:
        """Yield every length of time that is stated about ``key`` at ``place`` on ``day``, notice periods too."""
        asked = (key, place, day)
        if asked not in self._matches:
            self._matches[asked] = matching_on(
                entries=self.entries(key), key=key, place=place, day=day, known_at=LATEST_KNOWLEDGE
            )
        for match in self._matches[asked]:
            if match.reason is None and match.amount is not None and match.entry.is_duration:
                yield match

    def limit_s(self, key: str, place: Place, day: date, *, units: Mapping[Unit, int]) -> Decimal | None:
        """Return the shortest cap of ``key`` in one of ``units``; None when there is none there."""
        caps = (match for match in self.holding(key, place, day) if is_cap(match.entry) and match.entry.unit in units)
        return min((seconds(match) for match in caps), default=None)

    def promised(self, key: str, place: Place, day: date) -> Iterator[Match]:
        """Yield the public statements about ``key``, or the company's own where nothing public holds at ``place``.

        A mean counts like a cap, since a norm above it cannot keep it.
        """
        return (match for match in self.promised_or_notice(key, place, day) if sets_a_time(match.entry))

    def promised_or_notice(self, key: str, place: Place, day: date) -> Iterator[Match]:
        """Yield what ``promised`` does, and the notice periods that may not fall short."""
        matches = list(self.stated(key, place, day))
        has_public = any(match.entry.force is not Force.INTERNAL for match in matches)
        return (match for match in matches if match.entry.force is not Force.INTERNAL or not has_public)


def sets_a_time(entry: PolicyEntry) -> bool:
    return entry.is_duration and entry.sense is Sense.AT_MOST


def is_cap(entry: PolicyEntry) -> bool:
    return entry.statistic is Statistic.CAP


def seconds(match: Match) -> Decimal:
    return (match.amount or Decimal(0)) * SECONDS[match.entry.unit]


@dataclass(frozen=True, slots=True)
class Gap:
    """A case for which a step has no cap: the class of area and customer, and the first day."""

    place: Place
    day: date


def first_gap(*, norm: Norm, step: Step, register: Register) -> Gap | None:
    """Return the earliest case that may come to ``step`` and for which its limit has no cap; None when there is none.

    The country itself must have one, for any company, on every day from the norm's first one on, and for each area and customer
    class if the policy tells them apart: what holds there holds in every jurisdiction and zone too.
    """
    key = step.limit.policy
    entries = register.entries(key)
    for day, place in product(_turning_days(norm, entries), _classes_told_apart(norm, entries)):
        if register.limit_s(key, place, day, units=SECONDS) is None:
            return Gap(place, day)
    return None


def _turning_days(norm: Norm, entries: Iterable[PolicyEntry]) -> list[date]:
    """Return the norm's first day and each later one on which a statement begins to hold or holds no longer."""
    turns = {day for entry in entries for day in (entry.valid_from, entry.valid_until) if day is not None}
    return [norm.effective_from, *sorted(day for day in turns if day > norm.effective_from)]


def _classes_told_apart(norm: Norm, entries: Iterable[PolicyEntry]) -> Iterator[Place]:
    values = [value for entry in entries for value in entry.values]
    areas = list(Area) if any(value.area for value in values) else [None]
    kinds = _customer_classes(norm) if any(value.customer_class for value in values) else [None]
    for area, kind in product(areas, kinds):
        yield Place(area=area, customer_class=kind)


def _customer_classes(norm: Norm) -> list[CustomerClass]:
    return [CustomerClass(code) for code in norm.customer_classes] or list(CustomerClass)


@dataclass(frozen=True, slots=True)
class Excess:
    """The longest way is longer than a commitment: by which steps, how long, in which place, against which statement."""

    commitment: Commitment
    entry: PolicyEntry
    place: Place
    way: tuple[str, ...]
    total_s: Decimal
    promised_s: Decimal


@dataclass(frozen=True, slots=True)
class ClockConflict:
    """A step is limited in working time, but must stay within a commitment on the wall clock."""

    commitment: Commitment
    entry: PolicyEntry
    step: Step


Finding = Excess | ClockConflict


def findings(*, norm: Norm, register: Register) -> tuple[Finding, ...]:
    """Return for each commitment of a norm its worst excess, and every step whose clock cannot be compared.

    The norm is without circles, and none of its steps has a gap.
    """
    found: list[Finding] = []
    for commitment in norm.commitments:
        found += _findings_of(norm, commitment, register)
    return tuple(found)


def _findings_of(norm: Norm, commitment: Commitment, register: Register) -> list[Finding]:
    excesses: list[Excess] = []
    conflicts: dict[str, ClockConflict] = {}
    for place, day in _circumstances(norm, commitment, register):
        for match in register.promised(commitment.policy, place, day):
            checked = _Check(norm, commitment, register, place, day, match)
            conflicting = checked.conflicting_steps()
            conflicts |= {step.key: ClockConflict(commitment, match.entry, step) for step in conflicting}
            if not conflicting and (excess := checked.excess()):
                excesses.append(excess)
    worst = sorted(excesses, key=lambda excess: excess.promised_s - excess.total_s)[:1]
    return [*conflicts.values(), *worst]


def _circumstances(norm: Norm, commitment: Commitment, register: Register) -> Iterator[tuple[Place, date]]:
    """Yield every place, and every day from the norm's first one on, at which the statements concerned may differ."""
    keys = {commitment.policy, *(step.limit.policy for step in norm.steps)}
    entries = [entry for key in keys for entry in register.entries(key)]
    jurisdictions = sorted({"CN"} | {entry.jurisdiction for entry in entries})
    companies = [None, *sorted({entry.company for entry in entries if entry.company})]
    zones = [None, *sorted({value.zone for entry in entries for value in entry.values if value.zone})]
    classes, days = _customer_classes(norm), _turning_days(norm, entries)
    for jurisdiction, company, zone, area, kind, day in product(jurisdictions, companies, zones, Area, classes, days):
        yield Place(jurisdiction, company, area, zone, kind), day


@dataclass(frozen=True, slots=True)
class _Check:
    """One statement of a commitment at one place on one day."""

    norm: Norm
    commitment: Commitment
    register: Register
    place: Place
    day: date
    promised: Match

    def conflicting_steps(self) -> list[Step]:
        """Return the steps on the way that are limited in working time alone, when the statement is on the wall clock."""
        if self.promised.entry.unit in WORKING_SECONDS:
            return []
        return [step for step in self._steps_on_the_way() if self._limit_s(step, WALL_SECONDS) is None]

    def excess(self) -> Excess | None:
        units = SECONDS if self.promised.entry.unit in WORKING_SECONDS else WALL_SECONDS
        found = {step.key: self._limit_s(step, units) for step in self._steps_on_the_way()}
        limits = {key: limit for key, limit in found.items() if limit is not None}
        total_s, way = longest_way(norm=self.norm, limits=limits, until=self.commitment.until)
        promised_s = seconds(self.promised)
        if total_s <= promised_s:
            return None
        return Excess(self.commitment, self.promised.entry, self.place, way, total_s, promised_s)

    def _steps_on_the_way(self) -> list[Step]:
        wanted = steps_until(norm=self.norm, until=self.commitment.until)
        return [step for step in self.norm.steps if step.key in wanted]

    def _limit_s(self, step: Step, units: Mapping[Unit, int]) -> Decimal | None:
        return self.register.limit_s(step.limit.policy, self.place, self.day, units=units)


def steps_until(*, norm: Norm, until: str | None) -> frozenset[str]:
    """Return the steps that lie on a way from the beginning to the end of ``until``; None: to any end."""
    if until is None:
        return frozenset(step.key for step in norm.steps)
    wanted, before = {until}, {until}
    while before:
        before = {
            step.key
            for step in norm.steps
            if step.key not in wanted and any(one.next in before and not one.back for one in step.outcomes)
        }
        wanted |= before
    return frozenset(wanted)


def longest_way(*, norm: Norm, limits: Mapping[str, Decimal], until: str | None) -> tuple[Decimal, tuple[str, ...]]:
    """Return the longest time in seconds until ``until`` is done (None: until the end), and the steps it goes by.

    A limit that counts since the step adds to what has passed; one that counts since the opening is reached at its own time, unless
    more has passed already. Ways back are not counted: what is repeated has its own pause or its own breach.
    """

    before: dict[str, list[str]] = defaultdict(list)
    for step in norm.steps:
        for outcome in step.outcomes:
            if not outcome.back and step.key not in before[outcome.next]:
                before[outcome.next].append(step.key)

    @cache
    def longest_to(key: str) -> tuple[Decimal, tuple[str, ...]]:
        passed, way = max((longest_to(one) for one in before[key]), key=itemgetter(0), default=(Decimal(0), ()))
        done = max(passed, limits[key]) if norm.step(key).limit.since == "opened" else passed + limits[key]
        return done, (*way, key)

    return max((longest_to(key) for key in ([until] if until else limits)), key=itemgetter(0))
