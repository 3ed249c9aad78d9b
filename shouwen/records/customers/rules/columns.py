"""Which column of a file is which field: what a mapping says for any kind of record, and how the cells of a row are read by it."""

from __future__ import annotations

import re
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from datetime import date, datetime
from typing import Any, NamedTuple, Self

from shouwen.kernel.errors import Refusal
from shouwen.kernel.text.folding import fold
from shouwen.records.customers.rules.wellformed import CONTROL

ENCODINGS = ("detect", "utf-8", "gb18030")
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")
_BREAKS = re.compile(r"[\t\r\n]+")
_UNREADABLE = re.compile("[\ud800-\udfff\ufffd]")


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


@dataclass(frozen=True)
class Layout:
    """What a row of one kind of record may hold.

    ``limits`` are the longest texts of free fields, ``lists`` the values of closed ones; ``joined_by`` stands between several columns of
    a field unless the mapping says otherwise.
    """

    limits: Table[str, int]
    lists: Table[str, frozenset[str]]
    needed: tuple[str, ...]
    fallbacks: Table[str, str] = made_by(default_factory=dict)
    joined_by: Table[str, str] = made_by(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.limits, *self.lists)


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """Where one field comes from."""

    field: str
    columns: tuple[str, ...]
    values: dict[str, str] = made_by(default_factory=dict)
    default: str = ""
    joined_by: str = ""


@dataclass(frozen=True)
class ColumnMapping:
    """A checked mapping: how a file is written, and a rule for each field."""

    name: str
    encoding: str
    delimiter: str
    default_area: str
    date_formats: tuple[str, ...]
    rules: tuple[ColumnRule, ...]

    @classmethod
    def parse(cls, document: Any, layout: Layout) -> Self:
        """Return the mapping that a YAML document states.

        :raises MappingInvalid: with the first thing that is wrong.
        """
        if not isinstance(document, dict) or not isinstance(document.get("columns"), dict):
            raise MappingInvalid(problem="it needs a list named columns")
        _check_names(document, layout)
        rules = [_column_rule(name, stated, layout) for name, stated in document["columns"].items()]
        rules += [ColumnRule(name, (), {}, str(value)) for name, value in (document.get("defaults") or {}).items()]
        mapped = {rule.field for rule in rules}
        for needed in layout.needed:
            if needed not in mapped:
                raise MappingInvalid(problem=f"no column and no default is given for {needed}")
        return cls(
            name=str(document.get("name", "")),
            encoding=str(document.get("encoding", "detect")),
            delimiter=str(document.get("delimiter", ",")),
            default_area=str(document.get("default_area", "")),
            date_formats=tuple(document.get("date_formats") or DATE_FORMATS),
            rules=tuple(_defaults_merged(rules)),
        )

    def placed(self, heading: Sequence[str]) -> list[tuple[ColumnRule, tuple[int, ...]]]:
        """Return each rule with the places of its columns under this heading.

        :raises MappingInvalid: when a column of the mapping is not in the heading.
        """
        places = {fold(name): place for place, name in reversed(list(enumerate(heading)))}
        missing = [name for rule in self.rules for name in rule.columns if fold(name) not in places]
        if missing:
            raise MappingInvalid(problem="the file has no column " + ", ".join(dict.fromkeys(missing)))
        return [(rule, tuple(places[fold(name)] for name in rule.columns)) for rule in self.rules]


class CellReader:
    """Reads the cells of a row. Remembers what it has made of the cells of closed lists: they repeat."""

    def __init__(self, layout: Layout, mapping: ColumnMapping, heading: Sequence[str]) -> None:
        placed = mapping.placed(heading)
        self._limits, self._closed, self._fallbacks = layout.limits, layout.lists, layout.fallbacks
        self._width = len(heading)
        self._texts = [(rule, places) for rule, places in placed if rule.field not in layout.lists]
        self._lists = [(rule, places[0] if places else None) for rule, places in placed if rule.field in layout.lists]
        self._known: dict[tuple[str, str], str | Problem] = {}

    def values(self, cells: Sequence[str]) -> tuple[dict[str, str], list[Problem]]:
        """Return what is stated for each field, and what is wrong; a field that is empty or wrong is left out.

        :raises RowRefused: when the row is too short or too long.
        """
        if len(cells) != self._width:
            details: dict[str, str | int] = {"found": len(cells), "expected": self._width}
            raise RowRefused([Problem("", "The row has %(found)s cells instead of %(expected)s.", details)])
        problems: list[Problem] = []
        values = dict(self._fallbacks)
        for rule, places in self._texts:
            self._take_text(rule, [cells[place] for place in places], values, problems)
        for rule, place in self._lists:
            self._take_choice(rule, "" if place is None else cells[place], values, problems)
        return values, problems

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
        if len(text) > self._limits[rule.field]:
            details: dict[str, str | int] = {"length": len(text), "limit": self._limits[rule.field]}
            problems.append(Problem(rule.field, "The cell is too long: %(length)s characters, %(limit)s are allowed.", details))
            text = ""
        if text:
            values[rule.field] = text

    def _take_choice(self, rule: ColumnRule, cell: str, values: dict[str, str], problems: list[Problem]) -> None:
        known = self._known.get((rule.field, cell))
        if known is None:
            known = self._known[rule.field, cell] = self._choice(rule, cell)
        if isinstance(known, str):
            if known:
                values[rule.field] = known
        else:
            problems.append(known)

    def _choice(self, rule: ColumnRule, cell: str) -> str | Problem:
        text = cell.strip()
        found = rule.values.get(fold(text), fold(text)) if text else rule.default
        if not found or found in self._closed[rule.field]:
            return found
        return Problem(rule.field, "The value is in no list of the mapping.", {})


def unstated(needed: Sequence[str], values: Table[str, str], problems: Sequence[Problem]) -> list[Problem]:
    """Return a problem for each needed field that is neither stated nor named as wrong already."""
    named = {problem.field for problem in problems}
    return [Problem(name, "A needed value is missing.", {}) for name in needed if name not in named and not values.get(name)]


def read_day(text: str, formats: Sequence[str]) -> date | None:
    """Return the day that ``text`` states in the first of ``formats`` that fits, None when none does."""
    for wanted in formats:
        try:
            return datetime.strptime(text, wanted).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _check_names(document: dict[str, Any], layout: Layout) -> None:
    if not document.get("name"):
        raise MappingInvalid(problem="it has no name")
    if document.get("encoding", "detect") not in ENCODINGS:
        raise MappingInvalid(problem="encoding is one of " + ", ".join(ENCODINGS))
    if len(str(document.get("delimiter", ","))) != 1:
        raise MappingInvalid(problem="delimiter is one character")
    unknown = [name for name in [*document["columns"], *(document.get("defaults") or {})] if name not in layout.fields]
    if unknown:
        raise MappingInvalid(problem="unknown field " + ", ".join(unknown))


def _column_rule(name: str, stated: Any, layout: Layout) -> ColumnRule:
    if isinstance(stated, str):
        return ColumnRule(name, (stated,))
    if not isinstance(stated, dict) or not (stated.get("column") or stated.get("columns")):
        raise MappingInvalid(problem=f"{name} names no column")
    columns = tuple(map(str, stated.get("columns") or [stated["column"]]))
    values = {fold(str(theirs)): str(ours) for theirs, ours in (stated.get("values") or {}).items()}
    wrong = set(values.values()) - layout.lists.get(name, set(values.values()))
    if wrong:
        raise MappingInvalid(problem=f"{name} has no value {', '.join(sorted(wrong))}")
    joined_by = str(stated.get("joined_by", layout.joined_by.get(name, "")))
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
