"""Imports that stop, go on, are refused, and are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import ProgrammingError, connection

from shouwen.kernel.errors import NotAllowed, NotFound
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.choices import RoleCode
from shouwen.platform.people.models import Staff
from shouwen.platform.people.tests.factories import StaffFactory, staff_with_role
from shouwen.records.customers import queries, services
from shouwen.records.customers.choices import ImportOutcome
from shouwen.records.customers.models import (
    Account,
    Customer,
    ImportRow,
    ImportRun,
    SearchEntry,
)
from shouwen.records.customers.rules import MappingInvalid, Problem
from shouwen.records.customers.tests.factories import NOON, seen_by, steward
from shouwen.records.customers.tests.files import (
    LATER,
    LI,
    LI_AGAIN,
    MILL,
    ZHANG,
    counts,
    imported,
    mapping,
    rows_of,
    written,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Staff:
    return steward()


# Stopped and resumed.


class Stopped(Exception):
    pass


def test_an_import_that_was_stopped_goes_on_after_its_last_whole_batch(tmp_path: Path, actor: Staff) -> None:
    path = written(tmp_path, *(f"{number},,王{number},P,,,,,文一路{number}号,urban,residential,,,," for number in range(1, 8)))

    def stop(progress: services.ImportProgress) -> None:
        if progress.rows_done == 4:
            raise Stopped

    with pytest.raises(Stopped):
        imported(path, actor, batch_rows=2, tell=stop)
    halfway = queries.import_progress(run_id=ImportRun.objects.get().pk, viewer=seen_by(actor))
    told_after: list[int] = []
    summary = imported(path, actor, at=LATER, batch_rows=2, tell=lambda progress: told_after.append(progress.rows_done))

    assert (halfway.is_finished, halfway.row_count, halfway.created_count, halfway.finished_at) == (False, 4, 4, None)
    assert (told_after, counts(summary), ImportRow.objects.count()) == ([6, 7], (7, 0, 0, 0), 7)
    assert set(Customer.objects.values_list("registered_at", flat=True)) == {NOON}
    finished = queries.import_progress(run_id=summary.run_id, viewer=seen_by(actor))
    assert (finished.is_finished, finished.finished_at, finished.bytes_done) == (True, LATER, path.stat().st_size)


def test_a_failure_in_the_middle_of_a_batch_undoes_that_batch_only(tmp_path: Path, actor: Staff) -> None:
    path = written(tmp_path, ZHANG, LI, MILL, LI_AGAIN)

    with _account_3_fails(), pytest.raises(ProgrammingError):
        imported(path, actor, batch_rows=2)

    assert list(Account.objects.order_by("number").values_list("number", flat=True)) == ["1", "2"]
    assert (ImportRun.objects.get().rows_done, ImportRow.objects.count(), SearchEntry.objects.count()) == (2, 2, 2)
    assert counts(imported(path, actor, batch_rows=2)) == (4, 0, 0, 0)
    assert Fact.objects.filter(kind="CustomersImported").count() == 2


@contextmanager
def _account_3_fails() -> Iterator[None]:
    """Let the database refuse one row, as a full disk would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "create function fail() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;"
            "create trigger fail before insert on customers_supplypoint for each row"
            " when (new.area_class = 'remote') execute function fail()"
        )
        yield
        cursor.execute("drop trigger fail on customers_supplypoint; drop function fail()")


def test_a_duplicate_is_seen_across_batches(tmp_path: Path, actor: Staff) -> None:
    summary = imported(written(tmp_path, LI, MILL, LI), actor, batch_rows=1)

    assert counts(summary) == (2, 0, 0, 1)
    assert rows_of(summary, actor)[2].problems == (
        Problem("account_number", "The account number stands in row %(row)s already.", {"row": 1}),
    )


@pytest.mark.django_db(transaction=True)
def test_the_same_file_is_imported_by_one_at_a_time(tmp_path: Path) -> None:
    actor, path = steward(), written(tmp_path, LI)
    run_id = imported(path, actor).run_id

    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None, "context": None}) as other:
        other.execute("select pg_advisory_lock(hashtext('customers.import'), %s)", [run_id])
        with pytest.raises(services.ImportBusy):
            imported(path, actor)

    assert imported(path, actor).is_finished


# What cannot be imported at all.


def test_a_file_that_is_missing_empty_or_without_its_columns_is_refused(tmp_path: Path, actor: Staff) -> None:
    empty, other = tmp_path / "empty.csv", tmp_path / "other.csv"
    empty.touch()
    other.write_text("a,b\n1,2\n", encoding="utf-8")

    for path, refusal in (
        (tmp_path / "missing.csv", services.CannotImport),
        (empty, services.CannotImport),
        (other, MappingInvalid),
    ):
        with pytest.raises(refusal):
            imported(path, actor)

    assert not Customer.objects.exists()


def test_a_mapping_that_is_missing_or_no_yaml_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("columns: [", encoding="utf-8")

    for path in (tmp_path / "missing.yaml", broken):
        with pytest.raises(services.CannotImport):
            services.load_mapping(path=path)


# Looking before and after.


def test_a_preview_shows_the_first_rows_as_they_would_be_read_and_writes_nothing(tmp_path: Path, actor: Staff) -> None:
    path = written(tmp_path, ZHANG, "5,short", LI)

    preview = services.preview_import(path=path, mapping=mapping(), limit=2, actor_id=actor.pk, at=NOON)

    taken, refused = preview.rows
    assert (preview.encoding, taken.row_no, taken.line_no, taken.problems) == ("utf-8-sig", 1, 2, ())
    assert taken.record is not None
    assert (taken.record.name, taken.record.street, taken.record.room) == ("张伟", "西湖区文三路90号", "3幢501室")
    assert [phone.with_extension for phone in taken.record.phones] == ["+8613812345678", "+8657187654321;ext=8001"]
    assert (refused.row_no, refused.record, len(refused.problems)) == (2, None, 1)
    assert not ImportRun.objects.exists()


def test_rows_are_listed_by_page_and_by_outcome(tmp_path: Path, actor: Staff) -> None:
    summary = imported(written(tmp_path, LI, "5,short", MILL, "6,short"), actor)
    viewer = seen_by(actor)

    rejected = queries.list_import_rows(run_id=summary.run_id, viewer=viewer, outcomes=[ImportOutcome.REJECTED])
    page = queries.list_import_rows(run_id=summary.run_id, viewer=viewer, after_row=1, limit=2)

    assert [row.row_no for row in rejected] == [2, 4]
    assert [(row.row_no, row.outcome) for row in page] == [(2, "rejected"), (3, "created")]


def test_imports_are_listed_the_newest_first_to_those_who_may_import(tmp_path: Path, actor: Staff) -> None:
    first = imported(written(tmp_path, LI), actor)
    second = imported(written(tmp_path, MILL, name="second.csv"), actor, at=LATER)
    operator = staff_with_role(RoleCode.SYSTEM_OPERATOR)

    cards = queries.list_imports(viewer=seen_by(operator))
    older = queries.list_imports(viewer=seen_by(operator), before_id=second.run_id)

    assert [card.run_id for card in cards] == [second.run_id, first.run_id]
    assert [(card.file_name, card.started_at, card.started_by_id) for card in older] == [("customers.csv", NOON, actor.pk)]
    with pytest.raises(NotAllowed):
        queries.list_imports(viewer=seen_by(StaffFactory()))
    with pytest.raises(NotFound):
        queries.import_progress(run_id=second.run_id + 1, viewer=seen_by(operator))
