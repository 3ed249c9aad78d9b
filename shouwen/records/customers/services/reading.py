"""Opening a file of records: its mapping, its encoding, its heading, its rows cut into cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from shouwen.kernel.errors import Refusal
from shouwen.records.customers.rules import ColumnMapping, CsvRecord, Mapping, Problem, RowRefused, csv_records, parse_mapping

SomeMapping = TypeVar("SomeMapping", bound=ColumnMapping)
DETECT_BYTES = 4 << 20
FAULTS = {
    "too_long": "The row is longer than any row of customers can be.",
    "unclosed_quote": "A quotation mark is opened and never closed.",
    "unreadable": "The row is not readable as comma-separated values.",
}


class CannotImport(Refusal):
    """The file or its mapping cannot be used."""


class Reading(NamedTuple, Generic[SomeMapping]):
    """A file with its mapping, opened."""

    path: Path
    mapping: SomeMapping
    encoding: str


def load_mapping(*, path: Path) -> Mapping:
    """Return the mapping of customers in a YAML file.

    :raises MappingInvalid: when it is wrong.
    :raises CannotImport: when it cannot be read.
    """
    return parse_mapping(load_document(path=path))


def load_document(*, path: Path) -> Any:
    """Return what a YAML file of a mapping says.

    :raises CannotImport: when it cannot be read.
    """
    import yaml  # not for a process that imports nothing

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as broken:
        raise CannotImport("The mapping %(name)s cannot be read.", name=path.name) from broken


def open_reading(*, path: Path, mapping: SomeMapping) -> Reading[SomeMapping]:
    """Return the file with its encoding found.

    :raises CannotImport: when the file is missing or empty.
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise CannotImport("The file %(name)s is missing or empty.", name=path.name)
    if mapping.encoding == "detect":
        return Reading(path, mapping, _detected(path))
    return Reading(path, mapping, "utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding)


def _detected(path: Path) -> str:
    """Return utf-8-sig unless the beginning of the file is better read as GB18030: by which fewer bytes are unreadable."""
    with path.open("rb") as file:
        sample = file.read(DETECT_BYTES)
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    spoilt = {name: sample.decode(name, errors="replace").count("\ufffd") for name in ("utf-8-sig", "gb18030")}
    return min(spoilt, key=lambda name: spoilt[name])


def rows_of(*, reading: Reading[Any]) -> Iterator[tuple[int, CsvRecord]]:
    """Yield each record of the file with its number; the heading is 0."""
    with reading.path.open(encoding=reading.encoding, errors="surrogateescape", newline="\n") as file:
        yield from enumerate(csv_records(file))


def cells_of(*, record: CsvRecord, delimiter: str) -> list[str]:
    """Return the cells of a record.

    :raises RowRefused: when they cannot be told apart.
    """
    if record.fault:
        raise RowRefused([Problem("", FAULTS[record.fault], {})])
    try:
        return next(csv.reader([record.text], delimiter=delimiter), [])
    except csv.Error as broken:
        raise RowRefused([Problem("", FAULTS["unreadable"], {})]) from broken


def heading_of(*, reading: Reading[Any], record: CsvRecord | None) -> list[str]:
    """Return the names of the columns; ``record`` is the first of the file.

    :raises CannotImport: when the file has no readable heading.
    """
    if record is None or record.fault:
        raise CannotImport("The file %(name)s has no heading.", name=reading.path.name)
    cells = next(csv.reader([record.text], delimiter=reading.mapping.delimiter), [])
    return [cell.strip() for cell in cells]
