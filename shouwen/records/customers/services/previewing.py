"""Showing how a file would be read, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from shouwen.platform.people.queries import get_viewer
from shouwen.records.customers.permissions import must_import
from shouwen.records.customers.rules import CsvRecord, ImportedCustomer, Mapping, Problem, RowRefused
from shouwen.records.customers.rules.mapping import RowReader
from shouwen.records.customers.services.reading import cells_of, heading_of, open_reading, rows_of


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """How one row would be read: as ``record`` with small problems, or refused (None) for its problems."""

    row_no: int
    line_no: int
    record: ImportedCustomer | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """How the beginning of a file would be read."""

    encoding: str
    rows: tuple[PreviewRow, ...]


def preview_import(*, path: Path, mapping: Mapping, limit: int = 10, actor_id: int, at: datetime) -> Preview:
    """Return how the first ``limit`` rows of the file would be read; nothing is written.

    It shows in clear what the file holds, as whoever has the file sees it anyway: these are no records of ours yet. Whether an account is
    there already is not looked up.

    :raises NotAllowed: unless the actor may import.
    :raises CannotImport: when the file is missing, empty or without a heading.
    :raises MappingInvalid: when the file lacks a column of the mapping.
    """
    must_import(get_viewer(staff_id=actor_id, at=at))
    reading = open_reading(path=path, mapping=mapping)
    numbered = rows_of(reading=reading)
    reader = mapping.bind(heading=heading_of(reading=reading, record=next(numbered, (0, None))[1]))
    rows = tuple(_row(reader, row_no, record, mapping.delimiter) for row_no, record in islice(numbered, limit))
    return Preview(encoding=reading.encoding, rows=rows)


def _row(reader: RowReader, row_no: int, record: CsvRecord, delimiter: str) -> PreviewRow:
    try:
        read = reader.read(cells_of(record=record, delimiter=delimiter))
    except RowRefused as refusal:
        return PreviewRow(row_no, record.line_no, None, refusal.problems)
    return PreviewRow(row_no, record.line_no, read, read.problems)
