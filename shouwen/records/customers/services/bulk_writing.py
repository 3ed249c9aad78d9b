"""Writing one prepared batch: what is new by COPY, what is known compared, every row accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from psycopg import sql

from shouwen.records.customers.choices import ImportOutcome
from shouwen.records.customers.models import ImportRun
from shouwen.records.customers.rules.columns import Problem
from shouwen.records.customers.rules.mapping import ImportedCustomer
from shouwen.records.customers.services.bulk_correcting import KnownAccount, Restatement, add_contacts, lock_customers, restate
from shouwen.records.customers.services.bulk_rows import COPY_COLUMNS, NULL, PreparedRow, RowPreparer, problems_json
from shouwen.records.customers.services.indexing import index_customers
from shouwen.records.network.queries import transformer_ids_by_code

_FRESH_IDS = "select nextval(pg_get_serial_sequence(%s, 'id')) as id from generate_series(1, %s)"
_FRESH_BOUNDS = f"select min(id), max(id) from ({_FRESH_IDS}) as fresh"  # noqa: S608 - no input in it


@dataclass(frozen=True, slots=True)
class BatchCount:
    """What became of the rows of one batch. ``flawed`` are the rows among the taken ones of which something was left out."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    transferred: int
    flawed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row."""

    row: PreparedRow
    outcome: ImportOutcome
    customer_id: int | None = None
    problems: tuple[Problem, ...] = ()


class SortedRows(NamedTuple):
    """The rows of a batch by what is to be done: accounts that are new, that are known and stated otherwise, nothing."""

    fresh: list[PreparedRow]
    restated: list[Restatement]
    settled: list[Outcome]


class NamedCustomers(NamedTuple):
    """The customers that are named by rows: their ids by number, and for the new ones the row that they are made from."""

    ids: dict[str, int]
    added: dict[str, PreparedRow]

    @property
    def known_ids(self) -> list[int]:
        """Return the ids of those who are there before the batch."""
        return [customer_id for number, customer_id in self.ids.items() if number not in self.added]


def write_batch(*, run: ImportRun, batch: Sequence[PreparedRow], actor_id: int, at: datetime) -> BatchCount:
    """Write the rows of a batch, within the transaction of the caller, and return how many came to what."""
    found = _sorted_out(run, batch)
    transformers = _transformers_of(batch)
    customers = _named_customers([*found.fresh, *(one.row for one in found.restated if one.is_transfer)])
    lock_customers([*customers.known_ids, *(one.account.customer_id for one in found.restated)])
    _add_customers(customers)
    _add_accounts(run, found.fresh, customers, transformers)
    restate(restated=found.restated, customer_ids=customers.ids, transformers=transformers, actor_id=actor_id, at=at)
    _join_to_their_customers(found.fresh, customers)
    _mark_known(run, found)
    outcomes = [*found.settled, *_created(found.fresh, customers), *_restated(found.restated, customers)]
    return _account_for(run, outcomes, transformers, at)


def _account_for(run: ImportRun, outcomes: list[Outcome], transformers: dict[str, int], at: datetime) -> BatchCount:
    """Write what became of each row, in the order of the file, and count it."""
    told = [_with_unknown_transformer(outcome, transformers) for outcome in sorted(outcomes, key=lambda one: one.row.row_no)]
    _copy("customers_importrow", _row_texts(run, told, at))
    counts = Counter(one.outcome for one in told)
    flawed = sum(bool(one.problems) and one.outcome is not ImportOutcome.REJECTED for one in told)
    return BatchCount(**{kind.value: counts[kind] for kind in ImportOutcome}, flawed=flawed)


def _sorted_out(run: ImportRun, batch: Sequence[PreparedRow]) -> SortedRows:
    known = _known_accounts([row.record.account_number for row in batch if row.record])
    seen: dict[str, int] = {}
    found = SortedRows([], [], [])
    for row in batch:
        if row.record is None:
            found.settled.append(Outcome(row, ImportOutcome.REJECTED, None, row.problems))
            continue
        account = known.get(row.record.account_number)
        earlier_no = seen.setdefault(row.record.account_number, _row_of_run(run, account) or row.row_no)
        if earlier_no != row.row_no:
            found.settled.append(_duplicate(row, earlier_no))
        elif account is None:
            found.fresh.append(row)
        elif (is_transfer := _names_another(row.record, account)) or account.digest != row.digest:
            found.restated.append(Restatement(row, row.record, account, is_transfer))
        else:
            found.settled.append(Outcome(row, ImportOutcome.UNCHANGED, account.customer_id, row.problems))
    return found


def _known_accounts(numbers: list[str]) -> dict[str, KnownAccount]:
    """Return the accounts that are there, locked, by number. Thousands of numbers go as one array, not as as many parameters."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select account.number, account.id, account.customer_id, customer.number, imported_digest, imported_run_id,"
            " imported_row_no from customers_account account join customers_customer customer on customer.id = account.customer_id"
            " where account.number = any(%s) order by account.id for no key update of account",
            [numbers],
        )
        return {number: KnownAccount(*columns) for number, *columns in cursor.fetchall()}


def _row_of_run(run: ImportRun, account: KnownAccount | None) -> int | None:
    """Return the row of this run, in a batch before, in which the account stands."""
    return account.row_no if account is not None and account.run_id == run.pk else None


def _names_another(record: ImportedCustomer, account: KnownAccount) -> bool:
    """Return whether the row says that the account belongs to another customer; a row that names none does not."""
    return record.names_customer and record.customer_number != account.customer_number


def _duplicate(row: PreparedRow, earlier_no: int) -> Outcome:
    problem = Problem("account_number", "The account number stands in row %(row)s already.", {"row": earlier_no})
    return Outcome(row, ImportOutcome.REJECTED, None, (problem,))


def _named_customers(rows: list[PreparedRow]) -> NamedCustomers:
    """Return the customers of these rows; a new one is made from the first row that names it."""
    first: dict[str, PreparedRow] = {}
    for row in rows:
        assert row.record is not None  # refused rows were sorted out before
        first.setdefault(row.record.customer_number, row)
    if not first:
        return NamedCustomers({}, {})
    with connection.cursor() as cursor:
        cursor.execute("select number, id from customers_customer where number = any(%s)", [list(first)])
        ids: dict[str, int] = dict(cursor.fetchall())
    added = {number: row for number, row in first.items() if number not in ids}
    ids.update(zip(added, _ids("customers_customer", len(added)), strict=True))
    return NamedCustomers(ids, added)


def _add_customers(customers: NamedCustomers) -> None:
    """Write the customers that are new, with their contact points."""
    _copy("customers_customer", (f"{customers.ids[number]}\t{row.customer}\n" for number, row in customers.added.items()))
    _copy("customers_contactpoint", _contact_texts(customers))


def _add_accounts(run: ImportRun, fresh: list[PreparedRow], customers: NamedCustomers, transformers: dict[str, int]) -> None:
    """Write new accounts with their places, and an entry for each."""
    customer_ids = [customers.ids[row.record.customer_number] for row in fresh if row.record]
    account_ids, place_ids = _ids("customers_account", len(fresh)), _ids("customers_supplypoint", len(fresh))
    new_rows = list(zip(fresh, customer_ids, account_ids, place_ids, strict=True))
    _copy("customers_account", (_account_text(run, row, customer, account) for row, customer, account, _ in new_rows))
    _copy("customers_supplypoint", (_place_text(row, account, place, transformers) for row, _, account, place in new_rows))
    _copy("customers_searchentry", (f"{customer}\t{place}\t{{{row.terms}}}\n" for row, customer, _, place in new_rows))


def _join_to_their_customers(fresh: list[PreparedRow], customers: NamedCustomers) -> None:
    """Give customers what their further rows say: more telephones, and entries that hold all that is known of them."""
    further = [row.record for row in fresh if row.record and customers.added.get(row.record.customer_number) is not row]
    for record in further:
        add_contacts(customers.ids[record.customer_number], record)
    index_customers({customers.ids[record.customer_number] for record in further})


def _mark_known(run: ImportRun, found: SortedRows) -> None:
    """Note at known accounts from which row of which run they were imported last, all in one statement."""
    unchanged = [one.row for one in found.settled if one.outcome is ImportOutcome.UNCHANGED]
    rows = [*unchanged, *(one.row for one in found.restated)]
    if not rows:
        return
    numbers = [row.record.account_number for row in rows if row.record]
    with connection.cursor() as cursor:
        cursor.execute(
            "update customers_account account set imported_digest = stated.digest, imported_run_id = %s, imported_row_no = stated.row_no"
            " from unnest(%s::text[], %s::bigint[], %s::bigint[]) as stated (number, digest, row_no)"
            " where account.number = stated.number",
            [run.pk, numbers, [row.digest for row in rows], [row.row_no for row in rows]],
        )


def _created(fresh: list[PreparedRow], customers: NamedCustomers) -> Iterator[Outcome]:
    for row in fresh:
        if row.record:
            yield Outcome(row, ImportOutcome.CREATED, customers.ids[row.record.customer_number], row.problems)


def _restated(restated: list[Restatement], customers: NamedCustomers) -> Iterator[Outcome]:
    for one in restated:
        outcome = ImportOutcome.TRANSFERRED if one.is_transfer else ImportOutcome.UPDATED
        yield Outcome(one.row, outcome, one.customer_id(customers.ids), one.row.problems)


def _transformers_of(batch: Sequence[PreparedRow]) -> dict[str, int]:
    codes = {row.record.transformer_code for row in batch if row.record and row.record.transformer_code}
    return transformer_ids_by_code(codes=codes) if codes else {}


def _with_unknown_transformer(outcome: Outcome, transformers: dict[str, int]) -> Outcome:
    """Return the outcome with the problem that the transformer of a row that was taken is not there."""
    code = outcome.row.record.transformer_code if outcome.row.record else ""
    if not code or code in transformers or outcome.outcome is ImportOutcome.REJECTED:
        return outcome
    problem = Problem("transformer_code", "There is no transformer %(code)s.", {"code": code})
    return Outcome(outcome.row, outcome.outcome, outcome.customer_id, (*outcome.problems, problem))


def _account_text(run: ImportRun, row: PreparedRow, customer_id: int, account_id: int) -> str:
    assert row.record is not None
    opened_on = row.record.opened_on or NULL
    return f"{account_id}\t{customer_id}\t{row.record.account_number}\t{opened_on}\t{row.digest}\t{run.pk}\t{row.row_no}\n"


def _place_text(row: PreparedRow, account_id: int, place_id: int, transformers: dict[str, int]) -> str:
    code = row.record.transformer_code if row.record else ""
    return f"{place_id}\t{account_id}\t{transformers.get(code, NULL)}\t{row.supply_point}\n"


def _contact_texts(customers: NamedCustomers) -> list[str]:
    texts = [
        (customers.ids[number], place, text) for number, row in customers.added.items() for place, text in enumerate(row.contacts)
    ]
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
