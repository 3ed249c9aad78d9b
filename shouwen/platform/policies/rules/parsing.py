"""Reading policies from the handbook's form. All faults of a document are found in one go, named by file, entry and field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from shouwen.kernel.errors import Refusal
from shouwen.kernel.plain_yaml import plain_loader
from shouwen.platform.policies.choices import (
    DURATION_UNITS,
    Area,
    Company,
    CustomerClass,
    Force,
    Mark,
    Sense,
    Statistic,
    Unit,
    Zone,
)
from shouwen.platform.policies.rules.entries import SHANGHAI, PolicyEntry, Value

if TYPE_CHECKING:
    import yaml

E = TypeVar("E", bound=StrEnum)

REQUIRED = (
    *("key", "rule", "name", "force", "statistic", "jurisdiction", "company", "requirement"),
    *("valid", "known", "mark", "source", "unit"),
)
OPTIONAL = ("percentile", "sense", "note", "values")
KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
RULE = re.compile(r"[A-Z]+-[A-Za-z0-9.\-_]+")
JURISDICTION = re.compile(r"CN(-[A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of one entry of one file."""

    where: str
    entry: str
    field: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.entry}: {self.field}: {self.problem}"


class PolicyInvalid(Refusal):
    """A document of policies cannot be read. ``problems`` names each fault."""

    message = "The policies cannot be read:\n%(problems)s"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(problems="\n".join(map(str, problems)))


class _Wrong(Exception):
    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem


@cache
def _decimal_loader() -> type[yaml.SafeLoader]:
    """Return the reader of YAML in which a figure with a point is a ``Decimal``, exactly as written."""
    loader: Any = type("DecimalLoader", (plain_loader(),), {})
    loader.add_constructor("tag:yaml.org,2002:float", _as_written)
    return cast("type[yaml.SafeLoader]", loader)


def _as_written(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)).replace("_", ""))


def parse_text(*, text: str, where: str) -> tuple[PolicyEntry, ...]:
    """Return the entries of one YAML file; ``where`` is its name for messages.

    :raises PolicyInvalid: when the text is no YAML or an entry is wrong.
    """
    import yaml  # not for a process that reads no files

    try:
        document = yaml.load(text, Loader=_decimal_loader())  # noqa: S506  # a safe loader with exact figures
    except (yaml.YAMLError, InvalidOperation, ValueError) as error:
        raise PolicyInvalid((Problem(where, "the file", "-", f"is not YAML: {error}"),)) from error
    return parse_policies(document, where=where)


def parse_policies(document: object, *, where: str) -> tuple[PolicyEntry, ...]:
    """Return the entries of a document, which is a list of mappings as ``handbook/README.md`` describes them.

    :raises PolicyInvalid: names file, entry and field of each fault.
    """
    if not isinstance(document, list):
        raise PolicyInvalid((Problem(where, "the file", "-", "must be a list of policies"),))
    entries, problems = [], []
    for position, row in enumerate(document, start=1):
        try:
            entries.append(_entry(row))
        except _Wrong as wrong:
            problems.append(Problem(where, _title(position, row), wrong.field, wrong.problem))
    if problems:
        raise PolicyInvalid(tuple(problems))
    return tuple(entries)


def _title(position: int, row: object) -> str:
    named = f" ({row.get('rule')} {row.get('key')})" if isinstance(row, Mapping) else ""
    return f"entry {position}{named}"


def _entry(row: object) -> PolicyEntry:
    if not isinstance(row, Mapping):
        raise _Wrong("-", "an entry must be a mapping")
    _check_fields(row)
    unit = _choice(row, "unit", Unit)
    name_zh, name_en = _two_languages(row["name"], "name")
    note_zh, note_en = _two_languages(row["note"], "note") if row.get("note") is not None else ("", "")
    valid_from, valid_until = _period(row["valid"], "valid", _day)
    known_from, known_until = _period(row["known"], "known", _instant)
    statistic = _choice(row, "statistic", Statistic)
    return PolicyEntry(
        key=_patterned(row, "key", KEY, "subject.what in small letters"),
        rule=_patterned(row, "rule", RULE, "letters, a dash and a number or name"),
        name_zh=name_zh,
        name_en=name_en,
        force=_choice(row, "force", Force),
        statistic=statistic,
        percentile=_percentile(row.get("percentile"), statistic),
        sense=_choice(row, "sense", Sense) if "sense" in row else Sense.AT_MOST,
        jurisdiction=_patterned(row, "jurisdiction", JURISDICTION, "CN, CN-31 or CN-41-zhoukou"),
        company=_choice(row, "company", Company) if row["company"] is not None else None,
        requirement=_optional_text(row, "requirement"),
        valid_from=valid_from,
        valid_until=valid_until,
        known_from=known_from,
        known_until=known_until,
        mark=_choice(row, "mark", Mark),
        source=_text(row["source"], "source"),
        note_zh=note_zh,
        note_en=note_en,
        unit=unit,
        values=_values(row.get("values"), unit),
    )


def _check_fields(row: Mapping[str, Any]) -> None:
    for name in REQUIRED:
        if name not in row:
            raise _Wrong(name, "is missing")
    for name in row:
        if name not in REQUIRED and name not in OPTIONAL:
            raise _Wrong(str(name), "is not a field of a policy")


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(field, "must be a text")
    return value.strip()


def _optional_text(row: Mapping[str, Any], field: str) -> str | None:
    return None if row[field] is None else _text(row[field], field)


def _patterned(row: Mapping[str, Any], field: str, pattern: re.Pattern[str], form: str) -> str:
    text = _text(row[field], field)
    if not pattern.fullmatch(text):
        raise _Wrong(field, f"{text!r} must be {form}")
    return text


def _choice(row: Mapping[str, Any], field: str, kind: type[E]) -> E:
    try:
        return kind(row[field])
    except ValueError:
        raise _Wrong(field, f"{row[field]!r} must be one of {', '.join(kind)}") from None


def _two_languages(value: object, field: str) -> tuple[str, str]:
    if not isinstance(value, Mapping) or set(value) != {"zh", "en"}:
        raise _Wrong(field, "must have zh and en")
    return _text(value["zh"], f"{field}.zh"), _text(value["en"], f"{field}.en")


P = TypeVar("P", date, datetime)


def _period(value: object, field: str, read: Callable[[object, str], P]) -> tuple[P, P | None]:
    if not isinstance(value, Mapping) or set(value) != {"from", "until"}:
        raise _Wrong(field, "must have from and until")
    start = read(value["from"], f"{field}.from")
    end = None if value["until"] is None else read(value["until"], f"{field}.until")
    if end is not None and end <= start:
        raise _Wrong(f"{field}.until", "must be after from")
    return start, end


def _day(value: object, field: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise _Wrong(field, f"{value!r} must be a day such as 2022-01-01") from None


def _instant(value: object, field: str) -> datetime:
    """Return an instant in UTC: a day begins at its midnight in Asia/Shanghai, and so is a time without offset read there."""
    try:
        read = value if isinstance(value, date) else datetime.fromisoformat(str(value))
        instant = read if isinstance(read, datetime) else datetime(read.year, read.month, read.day, tzinfo=SHANGHAI)
        return (instant if instant.tzinfo else instant.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except ValueError:
        raise _Wrong(field, f"{value!r} must be a day or an instant") from None
    except OverflowError:  # an offset leads out of the years that there are
        raise _Wrong(field, f"{value!r} is out of reach") from None


def _percentile(value: object, statistic: Statistic) -> int | None:
    if statistic is not Statistic.PERCENTILE:
        if value is not None:
            raise _Wrong("percentile", "only goes with statistic: percentile")
        return None
    if type(value) is not int or not 0 < value < 100:
        raise _Wrong("percentile", "must be a whole number between 1 and 99")
    return value


def _values(rows: object, unit: Unit) -> tuple[Value, ...]:
    if unit is Unit.DUTY:
        if rows:
            raise _Wrong("values", "a duty has no values")
        return ()
    if not isinstance(rows, list) or not rows:
        raise _Wrong("values", "must be a list of at least one value")
    values = tuple(_value(row, f"values[{position}]", unit) for position, row in enumerate(rows, start=1))
    _check_unambiguous(values)
    return values


def _value(row: object, field: str, unit: Unit) -> Value:
    if not isinstance(row, Mapping) or "value" not in row:
        raise _Wrong(field, "must have a value")
    if unknown := sorted(set(row) - {"value", "area", "zone", "customer_class"}):
        raise _Wrong(field, f"{unknown[0]!r} is not a class")
    return Value(
        amount=_amount(row["value"], field, unit),
        area=_choice(row, "area", Area) if "area" in row else None,
        zone=_choice(row, "zone", Zone) if "zone" in row else None,
        customer_class=_choice(row, "customer_class", CustomerClass) if "customer_class" in row else None,
    )


def _amount(value: object, field: str, unit: Unit) -> Decimal:
    try:
        amount = Decimal(str(value)) if isinstance(value, int | Decimal | str) and not isinstance(value, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite():
        raise _Wrong(field, f"{value!r} must be an exact figure")
    if amount < 0:
        raise _Wrong(field, "must not be negative")
    if unit is Unit.PCT and amount > 100:
        raise _Wrong(field, "must not exceed 100 pct")
    if unit in DURATION_UNITS and amount > 100_000:
        raise _Wrong(field, f"is no believable number of {unit}")
    return amount


def _check_unambiguous(values: tuple[Value, ...]) -> None:
    """Refuse two values that fit one case with equal right: the same classes twice, or different ones of equal number."""
    for position, value in enumerate(values):
        for other in values[:position]:
            if value.specificity == other.specificity and _meet(value, other):
                raise _Wrong(f"values[{position + 1}]", "fits the same case as an earlier value with equal right")


def _meet(one: Value, other: Value) -> bool:
    pairs = ((one.area, other.area), (one.zone, other.zone), (one.customer_class, other.customer_class))
    return all(left is None or right is None or left == right for left, right in pairs)
