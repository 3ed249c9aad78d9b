"""Taking customers from a CSV file: by mapping, in batches, each row accounted for, resumable after a kill."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from pathlib import Path
from queue import Queue
from typing import Any

from django.db import connection, transaction

from shouwen.kernel.errors import Refusal
from shouwen.platform.outbox.services import announce
from shouwen.platform.people.queries import get_viewer
from shouwen.records.customers.choices import ImportState
from shouwen.records.customers.events import CustomersImported
from shouwen.records.customers.models import ImportRun
from shouwen.records.customers.permissions import must_import
from shouwen.records.customers.rules import CsvRecord, Mapping, RowRefused
from shouwen.records.customers.rules.mapping import RowReader
from shouwen.records.customers.services.bulk_rows import PreparedRow, RowPreparer
from shouwen.records.customers.services.bulk_writing import BatchCount, write_batch
from shouwen.records.customers.services.indexing import prepare_for_questions
from shouwen.records.customers.services.reading import Reading, cells_of, heading_of, open_reading, rows_of

BATCH_ROWS = 5_000
COUNTS = tuple(field.name for field in fields(BatchCount))


class ImportBusy(Refusal):
    """The same file is being imported at this moment."""

    message = "This file is being imported by somebody else at this moment."


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """How far a run has come. ``flawed_count`` are the rows among the taken ones of which something was left out."""

    run_id: int
    is_finished: bool
    row_count: int
    created_count: int
    updated_count: int
    unchanged_count: int
    rejected_count: int
    transferred_count: int
    flawed_count: int


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """What a person who waits is shown after each batch of ``batch_rows``. Bytes are of the file."""

    batch_rows: int
    rows_done: int
    rejected_count: int
    bytes_done: int
    bytes_total: int


Tell = Callable[[ImportProgress], None]


def run_import(
    *,
    path: Path,
    mapping: Mapping,
    actor_id: int,
    at: datetime,
    batch_rows: int = BATCH_ROWS,
    tell: Tell | None = None,
) -> ImportSummary:
    """Import the file and return what became of its rows; ``list_import_rows`` says it row by row.

    The same file by the same mapping is one run: a finished one is only reported, an unfinished one goes on after its last whole batch.
    An account that is there already is left alone when its row has not changed, else corrected; when the row names another customer than
    it belongs to, it is transferred to that one. Registered are customers as of ``at``.

    :raises NotAllowed: unless the actor may import.
    :raises CannotImport: when the file is missing, empty or unreadable.
    :raises MappingInvalid: when the file lacks a column of the mapping.
    :raises ImportBusy: when it is being imported by another process.
    """
    must_import(get_viewer(staff_id=actor_id, at=at))
    reading = open_reading(path=path, mapping=mapping)
    run = _run_of(reading, actor_id, at)
    _lock(run.pk)
    try:
        run.refresh_from_db()
        if run.state != ImportState.FINISHED:
            _import_rest(run, reading, batch_rows, actor_id, at, tell)
    finally:
        _unlock(run.pk)
    return summary_of(run)


def summary_of(run: ImportRun) -> ImportSummary:
    """Return how far ``run`` has come."""
    return ImportSummary(
        run_id=run.pk,
        is_finished=run.state == ImportState.FINISHED,
        row_count=run.rows_done,
        created_count=run.created_count,
        updated_count=run.updated_count,
        unchanged_count=run.unchanged_count,
        rejected_count=run.rejected_count,
        transferred_count=run.transferred_count,
        flawed_count=run.flawed_count,
    )


@transaction.atomic
def _run_of(reading: Reading[Mapping], actor_id: int, at: datetime) -> ImportRun:
    mapping_digest = hashlib.sha256(repr(reading.mapping).encode()).hexdigest()
    run, _ = ImportRun.objects.get_or_create(
        file_digest=_file_digest(reading.path),
        mapping_digest=mapping_digest,
        defaults={
            "file_name": reading.path.name[:200],
            "mapping_name": reading.mapping.name[:80],
            "encoding": reading.encoding,
            "bytes_total": reading.path.stat().st_size,
            "started_by_id": actor_id,
            "started_at": at,
        },
    )
    return run


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lock(run_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext('customers.import'), %s)", [run_id])
        if not cursor.fetchone()[0]:
            raise ImportBusy


def _unlock(run_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_unlock(hashtext('customers.import'), %s)", [run_id])


def _import_rest(
    run: ImportRun, reading: Reading[Mapping], batch_rows: int, actor_id: int, at: datetime, tell: Tell | None
) -> None:
    for batch in _prepared_ahead(reading, run.rows_done, batch_rows, run.started_at):
        _take_batch(run, batch, actor_id, at)
        if tell is not None:
            tell(ImportProgress(len(batch), run.rows_done, run.rejected_count, run.bytes_done, run.bytes_total))
    _finish(run, at)


def _prepared_ahead(
    reading: Reading[Mapping], skip: int, batch_rows: int, registered_at: datetime
) -> Iterator[list[PreparedRow]]:
    """Yield prepared batches; the next one is made by a thread of its own while the database writes the present one."""
    ready: Queue[Any] = Queue(maxsize=2)
    stop = threading.Event()
    maker = threading.Thread(target=_make_batches, args=(reading, skip, batch_rows, registered_at, ready, stop), daemon=True)
    maker.start()
    try:
        while (made := ready.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            yield made
    finally:
        stop.set()
        while maker.is_alive():
            _drain(ready)
            maker.join(timeout=0.05)


def _drain(ready: Queue[Any]) -> None:
    while not ready.empty():
        ready.get_nowait()


def _make_batches(
    reading: Reading[Mapping], skip: int, batch_rows: int, registered_at: datetime, ready: Queue[Any], stop: threading.Event
) -> None:
    try:
        for batch in prepared_batches(reading, skip, batch_rows, registered_at):
            if stop.is_set():
                return
            ready.put(batch)
        ready.put(None)
    except BaseException as error:  # handed to the thread that waits, which raises it
        ready.put(error)


def prepared_batches(
    reading: Reading[Mapping], skip: int, batch_rows: int, registered_at: datetime
) -> Iterator[list[PreparedRow]]:
    """Yield the rows after row ``skip``, read, sealed and indexed, ``batch_rows`` at a time."""
    numbered = rows_of(reading=reading)
    reader = reading.mapping.bind(heading=heading_of(reading=reading, record=next(numbered, (0, None))[1]))
    preparer = RowPreparer(registered_at=registered_at)
    rows = islice(numbered, skip, None)
    while batch := [_prepared(preparer, reader, row_no, record, reading) for row_no, record in islice(rows, batch_rows)]:
        yield batch


def _prepared(preparer: RowPreparer, reader: RowReader, row_no: int, record: CsvRecord, reading: Reading[Mapping]) -> PreparedRow:
    try:
        customer = reader.read(cells_of(record=record, delimiter=reading.mapping.delimiter))
    except RowRefused as refusal:
        return PreparedRow(row_no, record.line_no, record.text, refusal.problems)
    return preparer.prepare(row_no, record.line_no, record.text, customer)


@transaction.atomic
def _take_batch(run: ImportRun, batch: list[PreparedRow], actor_id: int, at: datetime) -> None:
    count = write_batch(run=run, batch=batch, actor_id=actor_id, at=at)
    _advance(run, batch, count)
    announce(
        CustomersImported(
            import_run_id=run.pk,
            first_row=batch[0].row_no,
            last_row=batch[-1].row_no,
            created_count=count.created,
            updated_count=count.updated,
            actor_id=actor_id,
            at=at,
        )
    )


def _advance(run: ImportRun, batch: list[PreparedRow], count: BatchCount) -> None:
    run.rows_done = batch[-1].row_no
    run.bytes_done += sum(len(row.raw.encode(errors="surrogateescape")) + 1 for row in batch)
    for name in COUNTS:
        setattr(run, f"{name}_count", getattr(run, f"{name}_count") + getattr(count, name))
    run.save(update_fields=["rows_done", "bytes_done", *(f"{name}_count" for name in COUNTS)])


@transaction.atomic
def _finish(run: ImportRun, at: datetime) -> None:
    run.state, run.finished_at, run.bytes_done = ImportState.FINISHED, at, run.bytes_total
    run.save(update_fields=["state", "finished_at", "bytes_done"])
    prepare_for_questions()
