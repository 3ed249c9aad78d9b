"""Customers from a file by a mapping; a stopped import goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from shouwen.config.command.import_results import SOME_REJECTED, TELL_AFTER_S, Job, ResultRow, in_words, show, write_results
from shouwen.config.command.start import say
from shouwen.records.customers.rules import ImportedCustomer, Mapping
from shouwen.records.customers.services import (
    ImportProgress,
    ImportSummary,
    load_mapping,
    preview_import,
    reveal_import_rows,
    run_import,
)

PAGE = 1_000


def run(job: Job, *, preview: int | None) -> int:
    """Import, or show the first ``preview`` rows; 1 when rows were rejected, or would be."""
    mapping = load_mapping(path=job.mapping or Path())
    return _import(job, mapping) if preview is None else _preview(job, mapping, preview)


def _preview(job: Job, mapping: Mapping, limit: int) -> int:
    preview = preview_import(path=job.file, mapping=mapping, limit=limit, actor_id=job.actor_id, at=job.at)
    say(f"{job.file.name} is read as {preview.encoding}. Nothing was written.")
    for row in preview.rows:
        show(row.row_no, row.line_no, None if row.record is None else _stated(row.record), row.problems)
    return SOME_REJECTED if any(row.record is None for row in preview.rows) else 0


def _stated(record: ImportedCustomer) -> dict[str, object]:
    """Return what a row states, without what it leaves empty and what is said of it beside."""
    values = record._asdict() | {"phones": ", ".join(phone.with_extension for phone in record.phones)}
    return {
        name: value for name, value in values.items() if name not in ("problems", "names_customer") and value not in ("", None)
    }


def _import(job: Job, mapping: Mapping) -> int:
    begun = time.perf_counter()
    summary = run_import(path=job.file, mapping=mapping, actor_id=job.actor_id, at=job.at, tell=_teller(begun))
    say(_told(summary))
    if job.results is not None:
        say(write_results(job.results, _results(summary.run_id, job)))
    return SOME_REJECTED if summary.rejected_count else 0


def _teller(begun: float) -> Callable[[ImportProgress], None]:
    """Return what is called after each batch and tells every other second how far the import is and how quick on the whole."""
    told_at = begun
    rows_before: int | None = None

    def tell(progress: ImportProgress) -> None:
        nonlocal told_at, rows_before
        now = time.perf_counter()
        if rows_before is None:
            rows_before = progress.rows_done - progress.batch_rows
        if now - told_at < TELL_AFTER_S:
            return
        told_at = now
        done_pct = 100 * progress.bytes_done // max(progress.bytes_total, 1)
        speed = (progress.rows_done - rows_before) / (now - begun)
        say(f"{progress.rows_done:,} rows ({done_pct} %), {progress.rejected_count:,} rejected, {speed:,.0f} rows/s")

    return tell


def _told(summary: ImportSummary) -> str:
    return (
        f"{summary.row_count:,} rows: {summary.created_count:,} created, {summary.updated_count:,} updated, "
        f"{summary.unchanged_count:,} unchanged, {summary.rejected_count:,} rejected, "
        f"{summary.transferred_count:,} transferred to another customer; "
        f"{summary.flawed_count:,} taken with problems (import {summary.run_id})."
    )


def _results(run_id: int, job: Job) -> Iterator[ResultRow]:
    """Yield what became of each row, a page at a time: a file may have millions."""
    after = 0
    while page := reveal_import_rows(run_id=run_id, after_row=after, limit=PAGE, actor_id=job.actor_id, at=job.at):
        for row in page:
            yield ResultRow(row.row_no, row.line_no, row.outcome, in_words(row.problems), row.raw)
        after = page[-1].row_no
