"""The values that the register is made of: a place, an entry with its values, a reference to a setting."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import combinations
from zoneinfo import ZoneInfo

from shouwen.platform.policies.choices import DURATION_UNITS, Area, CustomerClass, Force, Mark, Sense, Statistic, Unit, Zone

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day_of(at: datetime) -> date:
    """Return the day in Asia/Shanghai on which the instant ``at`` falls."""
    return at.astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class Place:
    """Where, and for what kind of customer, a case happens. ``None`` means unknown: a value for one class does not apply then."""

    jurisdiction: str = "CN"
    company: str | None = None
    area: str | None = None
    zone: str | None = None
    customer_class: str | None = None


EVERYWHERE = Place()


@dataclass(frozen=True, slots=True)
class Value:
    """One figure of an entry, for the classes named; ``None`` means all of them."""

    amount: Decimal
    area: Area | None = None
    zone: Zone | None = None
    customer_class: CustomerClass | None = None

    @property
    def specificity(self) -> int:
        """Return how many classes it names."""
        return (self.area is not None) + (self.zone is not None) + (self.customer_class is not None)

    def as_row(self) -> dict[str, str]:
        """Return it as the handbook writes it: the figure as text, classes only where they are named."""
        classes = {"area": self.area, "zone": self.zone, "customer_class": self.customer_class}
        return {"value": str(self.amount)} | {name: str(code) for name, code in classes.items() if code is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEntry:
    """One statement of one rule about one key: valid from one day until another, known from one instant until another.

    Both times are half-open. ``digest`` (SHA-256 of the canonical content) names the statement itself; when it was known is no
    part of it, so that closing the known time of an entry leaves the digest of every verdict that used it as it was.
    """

    key: str
    rule: str
    name_zh: str
    name_en: str
    force: Force
    statistic: Statistic
    unit: Unit
    values: tuple[Value, ...]
    valid_from: date
    known_from: datetime
    mark: Mark
    source: str
    percentile: int | None = None
    sense: Sense = Sense.AT_MOST
    jurisdiction: str = "CN"
    company: str | None = None
    requirement: str | None = None
    valid_until: date | None = None
    known_until: datetime | None = None
    note_zh: str = ""
    note_en: str = ""
    digest: str = field(init=False, default="")
    # Worked out once, since matching and binding ask for them all the time.
    by_specificity: tuple[Value, ...] = field(init=False, default=(), repr=False, compare=False)
    is_duration: bool = field(init=False, default=False, repr=False, compare=False)
    standing: tuple[int, str] = field(init=False, default=(0, ""), repr=False, compare=False)  # the lower, the stronger

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_specificity", tuple(sorted(self.values, key=lambda value: -value.specificity)))
        object.__setattr__(self, "is_duration", self.unit in DURATION_UNITS)
        object.__setattr__(self, "standing", (self.force.rank, self.rule))
        object.__setattr__(self, "digest", hashlib.sha256(_canonical(self).encode()).hexdigest())

    def __hash__(self) -> int:
        return hash(self.digest)

    def value_for(self, place: Place) -> Decimal | None:
        """Return the most specific value that fits ``place``, None when there is none."""
        area, zone, customer_class = place.area, place.zone, place.customer_class
        for value in self.by_specificity:
            if (
                (value.area is None or value.area == area)
                and (value.zone is None or value.zone == zone)
                and (value.customer_class is None or value.customer_class == customer_class)
            ):
                return value.amount
        return None

    def is_known_at(self, known_at: datetime) -> bool:
        return self.known_from <= known_at and (self.known_until is None or known_at < self.known_until)

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


def _canonical(entry: PolicyEntry) -> str:
    """Return the content as JSON with sorted names; equal figures (5, 5.0) are written equally."""
    content = {
        "key": entry.key,
        "rule": entry.rule,
        "name": [entry.name_zh, entry.name_en],
        "force": entry.force,
        "statistic": entry.statistic,
        "percentile": entry.percentile,
        "sense": entry.sense,
        "jurisdiction": entry.jurisdiction,
        "company": entry.company,
        "requirement": entry.requirement,
        "valid": [str(entry.valid_from), str(entry.valid_until)],
        "mark": entry.mark,
        "source": entry.source,
        "note": [entry.note_zh, entry.note_en],
        "unit": entry.unit,
        "values": sorted([_row(value) for value in entry.values]),
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _row(value: Value) -> list[str]:
    return [value.area or "", value.zone or "", value.customer_class or "", f"{value.amount.normalize():f}"]


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """A setting that code reads: its key, what holds when the register says nothing, in which unit, for which requirement."""

    key: str
    default: Decimal
    unit: Unit
    requirement: str


def contradictions(*, entries: Iterable[PolicyEntry]) -> tuple[tuple[PolicyEntry, PolicyEntry], ...]:
    """Return the pairs that state the same rule about the same key and overlap in both times."""
    groups: dict[tuple[str, str], list[PolicyEntry]] = defaultdict(list)
    for entry in entries:
        groups[entry.rule, entry.key].append(entry)
    return tuple(pair for group in groups.values() for pair in combinations(group, 2) if _overlap(*pair))


def _overlap(one: PolicyEntry, other: PolicyEntry) -> bool:
    return (
        (one.valid_until is None or other.valid_from < one.valid_until)
        and (other.valid_until is None or one.valid_from < other.valid_until)
        and (one.known_until is None or other.known_from < one.known_until)
        and (other.known_until is None or one.known_from < other.known_until)
    )
