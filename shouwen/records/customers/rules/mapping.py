"""How a foreign file becomes customers: a mapping says which column is which field, and a row comes out as values or as problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from datetime import date, datetime
from typing import Any, NamedTuple

from shouwen.kernel.errors import Refusal
from shouwen.kernel.text.folding import fold, fold_name
from shouwen.kernel.text.phones import Phone, PhoneInvalid, parse_phone, split_phones
from shouwen.records.customers.choices import AreaClass, CustomerClass, CustomerKind, IdentityKind, Tier, VoltageClass
from shouwen.records.customers.rules.wellformed import CONTROL, TEXT_LIMITS, comparable_identity, is_email, is_number

CELL_LIMITS = TEXT_LIMITS | {"address": 300, "phones": 200, "opened_on": 30}
CLOSED_LISTS: dict[str, frozenset[str]] = {
    "kind": frozenset(CustomerKind.values),
    "identity_kind": frozenset(IdentityKind.values),
    "area_class": frozenset(AreaClass.values),
    "customer_class": frozenset(CustomerClass.values),
    "voltage_class": frozenset(VoltageClass.values),
    "tier": frozenset(Tier.values),
}
FIELDS = frozenset(CELL_LIMITS) | frozenset(CLOSED_LISTS)
REQUIRED = ("account_number", "name", "area_class", "customer_class")
FALLBACKS = {"kind": "person", "tier": "ordinary", "jurisdiction": "CN"}
ENCODINGS = ("detect", "utf-8", "gb18030")
_BREAKS = re.compile(r"[\t\r\n]+")
_UNREADABLE = re.compile("[\ud800-\udfff\ufffd]")
_HOUSE = re.compile(r"^(.*?[0-9０-９]+(?:[-－][0-9０-９]+)?\s*[号號](?:院|大院)?)(.*)$")


class MappingInvalid(Refusal):
    """The mapping itself is wrong; says where."""

    message = "The mapping is wrong: %(problem)s."


class Problem(NamedTuple):
    """What is wrong with one field of a row. ``message`` is a catalogue key, ``details`` fill it; never the cell's own text."""

    field: str
    message: str
    details: dict[str, str | int]


class RowRefused(Exception):
    """A row that cannot be taken, with every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class ImportedCustomer(NamedTuple):
    """One row in our terms. ``phones`` are E.164 numbers; ``problems`` are those for which the row is taken without the field."""

    account_number: str
    customer_number: str
    kind: str
    name: str
    identity_kind: str
    identity_number: str
    tier: str
    phones: tuple[Phone, ...]
    email: str
    street: str
    room: str
    area_class: str
    zone: str
    jurisdiction: str
    customer_class: str
    voltage_class: str
    ownership_boundary: str
    transformer_code: str
    opened_on: date | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """Where one field comes from."""

    field: str
    columns: tuple[str, ...]
    values: dict[str, str] = made_by(default_factory=dict)
    default: str = ""
    joined_by: str = ""


@dataclass(frozen=True)
class Mapping:
    """A checked mapping. ``bind`` fits it to the heading of a file and gives the function that reads rows."""

    name: str
    encoding: str
    delimiter: str
    default_area: str
    date_formats: tuple[str, ...]
    rules: tuple[ColumnRule, ...]

    def bind(self, *, heading: Sequence[str]) -> RowReader:
        """Return the reader of rows under this heading.

        :raises MappingInvalid: when a column of the mapping is not in the heading.
        """
        places = {fold(name): place for place, name in reversed(list(enumerate(heading)))}
        missing = [name for rule in self.rules for name in rule.columns if fold(name) not in places]
        if missing:
            raise MappingInvalid(problem="the file has no column " + ", ".join(dict.fromkeys(missing)))
        return RowReader(self, [(rule, tuple(places[fold(name)] for name in rule.columns)) for rule in self.rules], len(heading))


class RowReader:
    """Reads the cells of a row. Remembers what it has made of the cells of closed lists: they repeat."""

    def __init__(self, mapping: Mapping, placed: list[tuple[ColumnRule, tuple[int, ...]]], width: int) -> None:
        self._mapping = mapping
        self._width = width
        self._texts = [(rule, places) for rule, places in placed if rule.field not in CLOSED_LISTS]
        self._lists = [(rule, places[0] if places else None) for rule, places in placed if rule.field in CLOSED_LISTS]
        self._known: dict[tuple[str, str], str | Problem] = {}

    def read(self, cells: Sequence[str]) -> ImportedCustomer:
        """Return the row in our terms.

        :raises RowRefused: when a needed field is missing or wrong, a cell is unreadable or too long, or the row is too short.
        """
        if len(cells) != self._width:
            details: dict[str, str | int] = {"found": len(cells), "expected": self._width}
            raise RowRefused([Problem("", "The row has %(found)s cells instead of %(expected)s.", details)])
        problems: list[Problem] = []
        values = dict(FALLBACKS)
        for rule, places in self._texts:
            self._take_text(rule, [cells[place] for place in places], values, problems)
        for rule, place in self._lists:
            self._take_choice(rule, "" if place is None else cells[place], values, problems)
        return _assembled(values, problems, self._mapping)

    def _take_text(self, rule: ColumnRule, cells: list[str], values: dict[str, str], problems: list[Problem]) -> None:
        text = (cells[0] if len(cells) == 1 else rule.joined_by.join([cell for cell in cells if cell.strip()])).strip()
        if not text:
            text = rule.default
        elif not text.isascii() or not text.isprintable():
            if _UNREADABLE.search(text):
                problems.append(Problem(rule.field, "The cell is not readable in the file's encoding.", {}))
                text = ""
            elif CONTROL.search(text):
                problems.append(Problem(rule.field, "The cell holds control characters.", {}))
                text = ""
            elif not text.isprintable():
                text = _BREAKS.sub(" ", text)
        if len(text) > CELL_LIMITS[rule.field]:
            details: dict[str, str | int] = {"length": len(text), "limit": CELL_LIMITS[rule.field]}
            problems.append(Problem(rule.field, "The cell is too long: %(length)s characters, %(limit)s are allowed.", details))
            text = ""
        if text:
            values[rule.field] = text

    def _take_choice(self, rule: ColumnRule, cell: str, values: dict[str, str], problems: list[Problem]) -> None:
        known = self._known.get((rule.field, cell))
        if known is None:
            known = self._known[rule.field, cell] = _choice(rule, cell)
        if isinstance(known, str):
            if known:
                values[rule.field] = known
        else:
            problems.append(known)


def _choice(rule: ColumnRule, cell: str) -> str | Problem:
    text = cell.strip()
    found = rule.values.get(fold(text), fold(text)) if text else rule.default
    if not found or found in CLOSED_LISTS[rule.field]:
        return found
    return Problem(rule.field, "The value is in no list of the mapping.", {})


def _assembled(values: dict[str, str], problems: list[Problem], mapping: Mapping) -> ImportedCustomer:
    get = values.get
    number = get("account_number", "")
    street, room = get("street", ""), get("room", "")
    if address := get("address", ""):
        street, room = split_address(address)
    refusals = [problem for problem in problems if problem.field in REQUIRED or problem.field in ("street", "address")]
    if not is_number(number) or not street or not get("name") or refusals or not _has_classes(values):
        raise RowRefused(_all_refusals(values, street, refusals))
    return ImportedCustomer(
        number,
        _customer_number(values, problems),
        values["kind"],
        values["name"],
        get("identity_kind", "") or ("resident_card" if get("identity_number") else ""),
        comparable_identity(get("identity_number", "")),
        values["tier"],
        _phones(get("phones", ""), mapping.default_area, problems),
        _email(get("email", ""), problems),
        street,
        room,
        values["area_class"],
        get("zone", ""),
        values["jurisdiction"],
        values["customer_class"],
        get("voltage_class", ""),
        get("ownership_boundary", ""),
        get("transformer_code", ""),
        _day(get("opened_on", ""), mapping.date_formats, problems),
        tuple(problems),
    )


def _has_classes(values: dict[str, str]) -> bool:
    return "area_class" in values and "customer_class" in values


def _all_refusals(values: dict[str, str], street: str, found: list[Problem]) -> list[Problem]:
    refusals = list(found)
    named = {problem.field for problem in found}
    for name in REQUIRED:
        if name not in named and not values.get(name):
            refusals.append(Problem(name, "A needed value is missing.", {}))
    if not street and not named & {"street", "address"}:
        refusals.append(Problem("street", "A needed value is missing.", {}))
    if (number := values.get("account_number")) and not is_number(number):
        refusals.append(
            Problem("account_number", "The account number holds something other than letters, digits and dashes.", {})
        )
    return refusals


def _customer_number(values: dict[str, str], problems: list[Problem]) -> str:
    number = values.get("customer_number", "")
    if number and not is_number(number):
        problems.append(
            Problem("customer_number", "The customer number holds something other than letters, digits and dashes.", {})
        )
        number = ""
    return number or values["account_number"]


def _phones(cell: str, default_area: str, problems: list[Problem]) -> tuple[Phone, ...]:
    if not cell:
        return ()
    phones: dict[str, Phone] = {}
    for text in [cell] if cell.isdigit() else split_phones(cell) or [cell]:
        try:
            phone = parse_phone(text, default_area=default_area)
        except PhoneInvalid as refusal:
            problems.append(Problem("phones", str(refusal), {}))
        else:
            phones[phone.e164] = phone
    return tuple(phones.values())


def _email(cell: str, problems: list[Problem]) -> str:
    if cell and not is_email(cell):
        problems.append(Problem("email", "This is not an e-mail address.", {}))
        return ""
    return cell.lower()


def _day(cell: str, formats: tuple[str, ...], problems: list[Problem]) -> date | None:
    if not cell:
        return None
    for wanted in formats:
        try:
            return datetime.strptime(cell, wanted).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    problems.append(Problem("opened_on", "This is not a day in a form that the mapping knows.", {}))
    return None


def split_address(address: str) -> tuple[str, str]:
    """Return street with house number, and the room: ``文三路90号3幢501室`` gives ``文三路90号`` and ``3幢501室``."""
    found = _HOUSE.match(address)
    return (found.group(1), found.group(2).strip(" ,，、")) if found else (address, "")


def parse_mapping(document: Any) -> Mapping:
    """Return the mapping that a YAML document states.

    :raises MappingInvalid: with the first thing that is wrong.
    """
    if not isinstance(document, dict) or not isinstance(document.get("columns"), dict):
        raise MappingInvalid(problem="it needs a list named columns")
    _check_names(document)
    rules = [_column_rule(name, stated) for name, stated in document["columns"].items()]
    rules += [ColumnRule(name, (), {}, str(value)) for name, value in (document.get("defaults") or {}).items()]
    mapped = {rule.field for rule in rules}
    for needed in REQUIRED:
        if needed not in mapped:
            raise MappingInvalid(problem=f"no column and no default is given for {needed}")
    if not mapped & {"street", "address"}:
        raise MappingInvalid(problem="no column is given for street or address")
    return Mapping(
        name=str(document.get("name", "")),
        encoding=str(document.get("encoding", "detect")),
        delimiter=str(document.get("delimiter", ",")),
        default_area=str(document.get("default_area", "")),
        date_formats=tuple(document.get("date_formats") or ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")),
        rules=tuple(_defaults_merged(rules)),
    )


def _check_names(document: dict[str, Any]) -> None:
    if not document.get("name"):
        raise MappingInvalid(problem="it has no name")
    if document.get("encoding", "detect") not in ENCODINGS:
        raise MappingInvalid(problem="encoding is one of " + ", ".join(ENCODINGS))
    if len(str(document.get("delimiter", ","))) != 1:
        raise MappingInvalid(problem="delimiter is one character")
    unknown = [name for name in [*document["columns"], *(document.get("defaults") or {})] if name not in FIELDS]
    if unknown:
        raise MappingInvalid(problem="unknown field " + ", ".join(unknown))


def _column_rule(name: str, stated: Any) -> ColumnRule:
    if isinstance(stated, str):
        return ColumnRule(name, (stated,))
    if not isinstance(stated, dict) or not (stated.get("column") or stated.get("columns")):
        raise MappingInvalid(problem=f"{name} names no column")
    columns = tuple(map(str, stated.get("columns") or [stated["column"]]))
    values = {fold(str(theirs)): str(ours) for theirs, ours in (stated.get("values") or {}).items()}
    wrong = set(values.values()) - CLOSED_LISTS.get(name, set(values.values()))
    if wrong:
        raise MappingInvalid(problem=f"{name} has no value {', '.join(sorted(wrong))}")
    joined_by = str(stated.get("joined_by", "、" if name == "phones" else ""))
    return ColumnRule(name, columns, values, str(stated.get("default", "")), joined_by)


def _defaults_merged(rules: list[ColumnRule]) -> list[ColumnRule]:
    """Return one rule a field: a default given apart fills the column's rule."""
    merged: dict[str, ColumnRule] = {}
    for rule in rules:
        earlier = merged.get(rule.field)
        merged[rule.field] = (
            rule if earlier is None else ColumnRule(rule.field, earlier.columns, earlier.values, rule.default, earlier.joined_by)
        )
    return list(merged.values())


Progress = Callable[[int, int], None]


def canonical(row: ImportedCustomer) -> str:
    """Return the row's content as one text, for its digest; problems are no part of it."""
    return "\x1f".join(map(str, row[:-1]))


def same_name(one: str, other: str) -> bool:
    """Return whether two names are the same but for the way of writing."""
    return fold_name(one) == fold_name(other)
