"""How far imports have come, and what became of each row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from shouwen.kernel.errors import NotFound
from shouwen.platform.people.rules import Viewer
from shouwen.records.customers.choices import ImportState
from shouwen.records.customers.models import ImportRow, ImportRun
from shouwen.records.customers.permissions import must_import
from shouwen.records.customers.rules import Problem


@dataclass(frozen=True, slots=True)
class ImportCard:
    """One import of one file by one mapping."""

    run_id: int
    file_name: str
    mapping_name: str
    encoding: str
    is_finished: bool
    row_count: int
    created_count: int
    updated_count: int
    unchanged_count: int
    rejected_count: int
    transferred_count: int
    flawed_count: int
    bytes_done: int
    bytes_total: int
    started_by_id: int | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportRowCard:
    """What became of one row. ``row_no`` counts rows after the heading from 1, ``line_no`` lines of the file from 1."""

    row_no: int
    line_no: int
    outcome: str
    customer_id: int | None
    problems: tuple[Problem, ...]


def import_progress(*, run_id: int, viewer: Viewer) -> ImportCard:
    """Return how far one import has come.

    :raises NotAllowed: unless the viewer may import.
    :raises NotFound: when there is no such import.
    """
    must_import(viewer)
    run = ImportRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound
    return _card(run)


def list_imports(*, viewer: Viewer, before_id: int | None = None, limit: int = 50) -> list[ImportCard]:
    """Return a page of imports, the newest first; continue with the last id as ``before_id``.

    :raises NotAllowed: unless the viewer may import.
    """
    must_import(viewer)
    rows = ImportRun.objects.order_by("-pk")
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [_card(run) for run in rows[:limit]]


def list_import_rows(
    *, run_id: int, viewer: Viewer, outcomes: Collection[str] = (), after_row: int = 0, limit: int = 100
) -> list[ImportRowCard]:
    """Return a page of what became of the rows of an import, in the order of the file; of certain ``outcomes`` only, if named.

    What the rows held is not in it: ``services.reveal_import_rows`` shows that.

    :raises NotAllowed: unless the viewer may import.
    """
    must_import(viewer)
    rows = ImportRow.objects.filter(run_id=run_id, row_no__gt=after_row)
    if outcomes:
        rows = rows.filter(outcome__in=outcomes)
    columns = ("row_no", "line_no", "outcome", "customer_id", "problems")
    found = rows.order_by("row_no").values_list(*columns)[:limit]
    return [
        ImportRowCard(row_no, line_no, outcome, customer_id, problems_of(problems))
        for row_no, line_no, outcome, customer_id, problems in found
    ]


def problems_of(kept: list[dict[str, object]] | None) -> tuple[Problem, ...]:
    """Return kept problems as values."""
    return tuple(Problem(**problem) for problem in kept or ())  # type: ignore[arg-type]  # written from Problem


def _card(run: ImportRun) -> ImportCard:
    return ImportCard(
        run_id=run.pk,
        file_name=run.file_name,
        mapping_name=run.mapping_name,
        encoding=run.encoding,
        is_finished=run.state == ImportState.FINISHED,
        row_count=run.rows_done,
        created_count=run.created_count,
        updated_count=run.updated_count,
        unchanged_count=run.unchanged_count,
        rejected_count=run.rejected_count,
        transferred_count=run.transferred_count,
        flawed_count=run.flawed_count,
        bytes_done=run.bytes_done,
        bytes_total=run.bytes_total,
        started_by_id=run.started_by_id,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )
