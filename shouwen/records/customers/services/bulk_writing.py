"""Writing one prepared batch: new customers by COPY, known accounts compared by digest, every row accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg import sql

from shouwen.records.customers.choices import ImportOutcome
from shouwen.records.customers.models import Account, ImportRun
from shouwen.records.customers.rules.mapping import Problem
from shouwen.records.customers.services.bulk_correcting import add_contacts, correct_from_row
from shouwen.records.customers.services.bulk_rows import COPY_COLUMNS, NULL, PreparedRow, RowPreparer, problems_json
from shouwen.records.customers.services.indexing import index_customers
from shouwen.records.network.queries import transformer_ids_by_code

_FRESH_IDS = "select nextval(pg_get_serial_sequence(%s, 'id')) as id from generate_series(1, %s)"
_FRESH_BOUNDS = f"select min(id), max(id) from ({_FRESH_IDS}) as fresh"  # noqa: S608 - no input in it


@dataclass(frozen=True, slots=True)
class BatchCount:
    """What became of the rows of one batch."""

    created: int
    updated: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that is there before the batch."""

    id: int
    customer_id: int
    digest: int | None
    run_id: int | None
    row_no: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row."""

    row: PreparedRow
    outcome: ImportOutcome
    customer_id: int | None = None
    problems: tuple[Problem, ...] = ()


def write_batch(*, run: ImportRun, batch: Sequence[PreparedRow], actor_id: int, at: datetime) -> BatchCount:
    """Write the rows of a batch, within the transaction of the caller, and return how many came to what."""
    fresh, outcomes = _sorted_out(run, batch, actor_id, at)
    outcomes += _create(run, fresh)
    outcomes.sort(key=lambda outcome: outcome.row.row_no)
    _copy("customers_importrow", _row_texts(run, outcomes, at))
    counts = [sum(outcome.outcome is kind for outcome in outcomes) for kind in ImportOutcome]
    return BatchCount(*counts)


def _sorted_out(
    run: ImportRun, batch: Sequence[PreparedRow], actor_id: int, at: datetime
) -> tuple[list[PreparedRow], list[Outcome]]:
    """Return the rows of new accounts, and what became of the others."""
    known = _known_accounts([row.record.account_number for row in batch if row.record])
    fresh: dict[str, PreparedRow] = {}
    outcomes: list[Outcome] = []
    for row in batch:
        if row.record is None:
            outcomes.append(Outcome(row, ImportOutcome.REJECTED, None, row.problems))
        elif earlier := fresh.get(row.record.account_number):
            outcomes.append(_duplicate(row, earlier.row_no))
        elif account := known.get(row.record.account_number):
            outcomes.append(_compared(run, row, account, actor_id, at))
        else:
            fresh[row.record.account_number] = row
    return list(fresh.values()), outcomes


def _known_accounts(numbers: list[str]) -> dict[str, KnownAccount]:
    """Return the accounts that are there, by number. Thousands of numbers go as one array, not as as many parameters."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select number, id, customer_id, imported_digest, imported_run_id, imported_row_no from customers_account"
            " where number = any(%s)",
            [numbers],
        )
        return {number: KnownAccount(*columns) for number, *columns in cursor.fetchall()}


def _duplicate(row: PreparedRow, earlier_no: int) -> Outcome:
    problem = Problem("account_number", "The account number stands in row %(row)s already.", {"row": earlier_no})
    return Outcome(row, ImportOutcome.REJECTED, None, (problem,))


def _compared(run: ImportRun, row: PreparedRow, account: KnownAccount, actor_id: int, at: datetime) -> Outcome:
    if account.run_id == run.pk and account.row_no is not None:
        return _duplicate(row, account.row_no)
    if account.digest == row.digest:
        Account.objects.filter(pk=account.id).update(imported_run_id=run.pk, imported_row_no=row.row_no)
        return Outcome(row, ImportOutcome.UNCHANGED, account.customer_id, row.problems)
    assert row.record is not None  # refused rows were sorted out before
    correct_from_row(account_id=account.id, record=row.record, actor_id=actor_id, at=at)
    Account.objects.filter(pk=account.id).update(imported_digest=row.digest, imported_run_id=run.pk, imported_row_no=row.row_no)
    return Outcome(row, ImportOutcome.UPDATED, account.customer_id, row.problems)


def _create(run: ImportRun, fresh: list[PreparedRow]) -> list[Outcome]:
    """Write new accounts with their places, their customers where these are new too, and their contact points."""
    if not fresh:
        return []
    known, added = _customers_of(fresh)
    customer_ids = [known[row.record.customer_number] for row in fresh if row.record]
    account_ids, place_ids = _ids("customers_account", len(fresh)), _ids("customers_supplypoint", len(fresh))
    transformers, outcomes = _transformers_of(fresh), []
    new_rows = list(zip(fresh, customer_ids, account_ids, place_ids, strict=True))
    _copy("customers_customer", (f"{known[number]}\t{row.customer}\n" for number, row in added.items()))
    _copy("customers_account", (_account_text(run, row, customer, account) for row, customer, account, _ in new_rows))
    _copy("customers_supplypoint", (_place_text(row, account, place, transformers) for row, _, account, place in new_rows))
    _copy("customers_contactpoint", _contact_texts(added, known))
    _copy("customers_searchentry", (f"{customer}\t{place}\t{{{row.terms}}}\n" for row, customer, _, place in new_rows))
    _join_to_their_customers(fresh, added, known)
    for row, customer_id, _, _ in new_rows:
        problems = row.problems + _unknown_transformer(row, transformers)
        outcomes.append(Outcome(row, ImportOutcome.CREATED, customer_id, problems))
    return outcomes


def _join_to_their_customers(fresh: list[PreparedRow], added: dict[str, PreparedRow], known: dict[str, int]) -> None:
    """Give customers what their further rows say: more telephones, and entries that hold all that is known of them."""
    further = [row.record for row in fresh if row.record and added.get(row.record.customer_number) is not row]
    for record in further:
        add_contacts(known[record.customer_number], record)
    index_customers({known[record.customer_number] for record in further})


def _customers_of(fresh: list[PreparedRow]) -> tuple[dict[str, int], dict[str, PreparedRow]]:
    """Return the customer id by number, and for the new ones the row that they are made from (the first)."""
    first: dict[str, PreparedRow] = {}
    for row in fresh:
        assert row.record is not None
        first.setdefault(row.record.customer_number, row)
    with connection.cursor() as cursor:
        cursor.execute("select number, id from customers_customer where number = any(%s)", [list(first)])
        known: dict[str, int] = dict(cursor.fetchall())
    added = {number: row for number, row in first.items() if number not in known}
    known.update(zip(added, _ids("customers_customer", len(added)), strict=True))
    return known, added


def _transformers_of(fresh: list[PreparedRow]) -> dict[str, int]:
    codes = {row.record.transformer_code for row in fresh if row.record and row.record.transformer_code}
    return transformer_ids_by_code(codes=codes) if codes else {}


def _unknown_transformer(row: PreparedRow, transformers: dict[str, int]) -> tuple[Problem, ...]:
    code = row.record.transformer_code if row.record else ""
    if not code or code in transformers:
        return ()
    return (Problem("transformer_code", "There is no transformer %(code)s.", {"code": code}),)


def _account_text(run: ImportRun, row: PreparedRow, customer_id: int, account_id: int) -> str:
    assert row.record is not None
    opened_on = row.record.opened_on or NULL
    return f"{account_id}\t{customer_id}\t{row.record.account_number}\t{opened_on}\t{row.digest}\t{run.pk}\t{row.row_no}\n"


def _place_text(row: PreparedRow, account_id: int, place_id: int, transformers: dict[str, int]) -> str:
    code = row.record.transformer_code if row.record else ""
    return f"{place_id}\t{account_id}\t{transformers.get(code, NULL)}\t{row.supply_point}\n"


def _contact_texts(added: dict[str, PreparedRow], known: dict[str, int]) -> list[str]:
    texts = [(known[number], place, text) for number, row in added.items() for place, text in enumerate(row.contacts)]
    ids = _ids("customers_contactpoint", len(texts))
    return [
        f"{contact_id}\t{customer_id}\t{'f' if place else 't'}\t{text}\n"
        for contact_id, (customer_id, place, text) in zip(ids, texts, strict=True)
    ]


def _row_texts(run: ImportRun, outcomes: list[Outcome], at: datetime) -> Iterator[str]:
    preparer = RowPreparer(registered_at=at)
    for outcome in outcomes:
        row = outcome.row
        customer_id = NULL if outcome.customer_id is None else outcome.customer_id
        raw = preparer.sealed_raw(_storable(row.raw)) if outcome.problems else ""
        problems = problems_json(outcome.problems)
        yield f"{run.pk}\t{row.row_no}\t{row.line_no}\t{outcome.outcome.value}\t{customer_id}\t{problems}\t{raw}\n"


def _storable(raw: str) -> str:
    """Return the row with bytes that could not be read written as \\xNN: nothing is lost."""
    return raw if raw.isascii() else raw.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")


def _ids(table: str, count: int) -> list[int]:
    """Return ``count`` fresh ids of ``table``: they are one run, unless somebody else took some in between."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FRESH_BOUNDS, [table, count])
        first, last = cursor.fetchone()
        if last - first + 1 == count:
            return list(range(first, last + 1))
        cursor.execute(_FRESH_IDS, [table, count])
        return [row[0] for row in cursor.fetchall()]


def _copy(table: str, texts: Iterable[str]) -> None:
    """Write rows by COPY. They are made before it begins: whoever asks the database during a COPY waits for ever."""
    rows = "".join(texts).encode()
    if not rows:
        return
    columns = sql.SQL(", ").join(map(sql.Identifier, COPY_COLUMNS[table]))
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), columns)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        raw: Any = cursor
        with raw.copy(statement) as copy:
            copy.write(rows)
