"""``shouwen import``: customers from a file by a mapping; each row is accounted for, and a stopped import goes on where it stopped."""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shouwen.config.command.start import say, start_django

if TYPE_CHECKING:
    from shouwen.records.customers.rules import Mapping
    from shouwen.records.customers.services import ImportProgress, ImportSummary, PreviewRow

SOME_REJECTED = 1
JOBS = "jobs"
PAGE = 1_000
TELL_AFTER_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["customers"], help="which records the file holds")
    parser.add_argument("file", type=Path, help="a CSV file in UTF-8 or GB18030, with a heading")
    parser.add_argument("--mapping", type=Path, required=True, help="which column is what (handbook/mappings/)")
    parser.add_argument("--preview", type=int, metavar="N", help="show how the first N rows would be read; write nothing")
    parser.add_argument("--results", type=Path, metavar="CSV", help="where to write the rejected rows, each with what is wrong")
    parser.add_argument("--actor", metavar="STAFF_NO", default=JOBS, help="in whose name (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Import or preview; 1 when rows were rejected, or would be."""
    start_django()
    from django.utils import timezone

    from shouwen.platform.people.queries import staff_with_number
    from shouwen.records.customers.services import load_mapping

    at = timezone.now()
    mapping = load_mapping(path=arguments.mapping)
    actor_id = staff_with_number(staff_no=arguments.actor).id
    if arguments.preview is not None:
        return _preview(arguments.file, mapping, arguments.preview, actor_id, at)
    return _import(arguments.file, mapping, arguments.results, actor_id, at)


def _preview(file: Path, mapping: Mapping, limit: int, actor_id: int, at: datetime) -> int:
    from shouwen.records.customers.services import preview_import

    preview = preview_import(path=file, mapping=mapping, limit=limit, actor_id=actor_id, at=at)
    say(f"{file.name} is read as {preview.encoding}. Nothing was written.")
    for row in preview.rows:
        _show(row)
    return SOME_REJECTED if any(row.record is None for row in preview.rows) else 0


def _show(row: PreviewRow) -> None:
    print(f"row {row.row_no} (line {row.line_no}): {'rejected' if row.record is None else 'taken'}")
    if row.record is not None:
        for name, value in row.record._asdict().items():
            if name != "problems" and value not in ("", None, ()):
                shown = ", ".join(phone.with_extension for phone in value) if name == "phones" else value
                print(f"  {name:18} {shown}")
    for problem in row.problems:
        print(f"  ! {problem.field or 'row'}: {problem.message % problem.details}")


def _import(file: Path, mapping: Mapping, results: Path | None, actor_id: int, at: datetime) -> int:
    from shouwen.records.customers.services import run_import

    begun = time.perf_counter()
    summary = run_import(path=file, mapping=mapping, actor_id=actor_id, at=at, tell=_teller(begun))
    say(_in_words(summary))
    if results is not None:
        count = _write_rejected(summary.run_id, results, actor_id, at)
        say(f"{count} rejected rows are in {results}. It holds personal data in clear: mend it, import it, delete it.")
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


def _in_words(summary: ImportSummary) -> str:
    return (
        f"{summary.row_count:,} rows: {summary.created_count:,} created, {summary.updated_count:,} updated, "
        f"{summary.unchanged_count:,} unchanged, {summary.rejected_count:,} rejected (import {summary.run_id})."
    )


def _write_rejected(run_id: int, path: Path, actor_id: int, at: datetime) -> int:
    """Write the rejected rows with their problems in words and the row as it stood; readable by the owner only."""
    from shouwen.records.customers.services import reveal_rejected_rows

    count, after = 0, 0
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "line", "problems", "original"])
        while page := reveal_rejected_rows(run_id=run_id, after_row=after, limit=PAGE, actor_id=actor_id, at=at):
            for row in page:
                problems = " ".join(f"{one.field or 'row'}: {one.message % one.details}" for one in row.problems)
                writer.writerow([row.row_no, row.line_no, problems, row.raw])
            count, after = count + len(page), page[-1].row_no
    return count
