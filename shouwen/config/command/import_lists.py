"""Lists of some thousand records from a file: each row is a transaction of its own, and importing the same list again changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from django.utils.translation import gettext

from shouwen.config.command.import_results import SOME_REJECTED, TELL_AFTER_S, Job, ResultRow, in_words, show, write_results
from shouwen.config.command.start import say
from shouwen.kernel.errors import NotAllowed, Refusal
from shouwen.kernel.text.folding import fold
from shouwen.records.customers.choices import ImportOutcome
from shouwen.records.customers.rules import (
    CellReader,
    ColumnMapping,
    ColumnRule,
    CsvRecord,
    Layout,
    MappingInvalid,
    Problem,
    RowRefused,
    unstated,
)
from shouwen.records.customers.services import cells_of, heading_of, load_document, open_reading, rows_of

Entry = TypeVar("Entry")
PLAIN = {"name": "plain", "columns": {}}
TOLD = (ImportOutcome.CREATED, ImportOutcome.UPDATED, ImportOutcome.UNCHANGED, ImportOutcome.REJECTED)


class Stated(NamedTuple):
    """What the cells of a row say, and by which mapping they were read."""

    values: dict[str, str]
    mapping: ColumnMapping


class ListRow(NamedTuple, Generic[Entry]):
    """One row of the file: refused for its problems (``entry`` is None), or read."""

    row_no: int
    line_no: int
    raw: str
    values: dict[str, str]
    entry: Entry | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Records(Generic[Entry]):
    """What is particular to one kind of list.

    ``read`` makes an entry of a row, or raises ``RowRefused``; ``key`` is what stands once in a file, under the name of its field;
    ``in_order`` puts entries so that each comes after those it needs; ``take`` writes one, or raises ``RowRefused`` or a ``Refusal``.
    """

    layout: Layout
    read: Callable[[Stated], Entry]
    key: Callable[[Entry], tuple[str, object]]
    in_order: Callable[[Sequence[Entry]], Sequence[Entry]]
    take: Callable[[Entry, int, datetime], ImportOutcome]


def run(job: Job, records: Records[Entry], *, preview: int | None) -> int:
    """Import, or show the first ``preview`` rows; 1 when rows were rejected, or would be."""
    rows, encoding = _open(job, records)
    if preview is not None:
        return _preview(job, list(islice(rows, preview)), encoding)
    results = _take_all(job, records, list(rows))
    counts = [f"{sum(row.outcome == outcome for row in results):,} {outcome.value}" for outcome in TOLD]
    say(f"{len(results):,} rows: {', '.join(counts)}.")
    if job.results is not None:
        say(write_results(job.results, results))
    return SOME_REJECTED if any(row.outcome == ImportOutcome.REJECTED for row in results) else 0


def _preview(job: Job, rows: list[ListRow[Entry]], encoding: str) -> int:
    say(f"{job.file.name} is read as {encoding}. Nothing was written.")
    for row in rows:
        show(row.row_no, row.line_no, None if row.entry is None else row.values, row.problems)
    return SOME_REJECTED if any(row.entry is None for row in rows) else 0


def _open(job: Job, records: Records[Entry]) -> tuple[Iterator[ListRow[Entry]], str]:
    """Return the rows of the file, to be read one by one, and its encoding."""
    layout = records.layout
    plain = ColumnMapping.parse(PLAIN, replace(layout, needed=()))
    mapping = plain if job.mapping is None else ColumnMapping.parse(load_document(path=job.mapping), layout)
    reading = open_reading(path=job.file, mapping=mapping)
    numbered = rows_of(reading=reading)
    heading = heading_of(reading=reading, record=next(numbered, (0, None))[1])
    if job.mapping is None:
        mapping = _by_names(plain, layout, heading)
    reader = CellReader(layout, mapping, heading)
    return (_row(records, reader, mapping, row_no, record) for row_no, record in numbered), reading.encoding


def _by_names(plain: ColumnMapping, layout: Layout, heading: list[str]) -> ColumnMapping:
    """Return the mapping by which each column is called as its field; columns called otherwise are passed over, and that is said.

    :raises MappingInvalid: when a needed field has no column.
    """
    named = {fold(name) for name in heading}
    if strange := [name for name in heading if fold(name) not in layout.fields]:
        say(f"Passed over, as no field is called so: {', '.join(strange)}.")
    missing = [field for field in layout.needed if field not in named]
    if missing:
        raise MappingInvalid(problem="the file has no column " + ", ".join(missing))
    return replace(plain, rules=tuple(ColumnRule(field, (field,)) for field in layout.fields if field in named))


def _row(
    records: Records[Entry],
    reader: CellReader,
    mapping: ColumnMapping,
    row_no: int,
    record: CsvRecord,
) -> ListRow[Entry]:
    raw = record.text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")
    try:
        values, problems = reader.values(cells_of(record=record, delimiter=mapping.delimiter))
        problems += unstated(records.layout.needed, values, problems)
        if problems:
            raise RowRefused(problems)
        return ListRow(row_no, record.line_no, raw, values, records.read(Stated(values, mapping)), ())
    except RowRefused as refusal:
        return ListRow(row_no, record.line_no, raw, {}, None, refusal.problems)


def _take_all(job: Job, records: Records[Entry], rows: list[ListRow[Entry]]) -> list[ResultRow]:
    """Take every row in the order in which they need one another; return what became of each in the order of the file."""
    first: dict[object, ListRow[Entry]] = {}
    results: dict[int, ResultRow] = {}
    for row in rows:
        if row.entry is None:
            results[row.row_no] = _rejected(row, in_words(row.problems))
            continue
        field, key = records.key(row.entry)
        if (earlier := first.setdefault(key, row)) is not row:
            twice = Problem(field, "This stands in row %(row)s already.", {"row": earlier.row_no})
            results[row.row_no] = _rejected(row, in_words([twice]))
    results |= {row.row_no: result for row, result in _taken(job, records, first)}
    return [results[row_no] for row_no in sorted(results)]


def _taken(job: Job, records: Records[Entry], rows: dict[object, ListRow[Entry]]) -> Iterator[tuple[ListRow[Entry], ResultRow]]:
    told_at = time.perf_counter()
    entries = records.in_order([row.entry for row in rows.values() if row.entry is not None])
    for done, entry in enumerate(entries):
        row = rows[records.key(entry)[1]]
        yield row, _take(job, records, row, entry)
        if time.perf_counter() - told_at > TELL_AFTER_S:
            told_at = time.perf_counter()
            say(f"{done + 1:,} of {len(entries):,} rows")


def _take(job: Job, records: Records[Entry], row: ListRow[Entry], entry: Entry) -> ResultRow:
    """Write one entry; what refuses it is a problem of its row, unless the actor may import none.

    :raises NotAllowed: when the actor may not.
    """
    try:
        outcome = records.take(entry, job.actor_id, job.at)
    except NotAllowed:
        raise
    except RowRefused as refusal:
        return _rejected(row, in_words(refusal.problems))
    except Refusal as refusal:
        return _rejected(row, f"row: {refusal.explain(gettext)}")
    return ResultRow(row.row_no, row.line_no, outcome.value, "", "")


def _rejected(row: ListRow[Entry], problems: str) -> ResultRow:
    return ResultRow(row.row_no, row.line_no, ImportOutcome.REJECTED.value, problems, row.raw)
