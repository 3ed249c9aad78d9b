"""Files in which an account belongs to another customer than before (过户)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.models import Staff
from shouwen.records.customers import queries, services
from shouwen.records.customers.models import Account, Customer, SearchEntry, SupplyPoint
from shouwen.records.customers.rules import Problem
from shouwen.records.customers.tests.factories import NOON, seen_by, steward
from shouwen.records.customers.tests.files import DOCUMENT, LATER, counts, imported, mapping, rows_of, written

pytestmark = pytest.mark.django_db

FIRST = "1001,C1,张三丰,P,,,13812345678,,文三路90号,urban,residential,,,,2020-02-03"
SECOND = "1002,C1,张三丰,P,,,13812345678,,文一路1号,urban,residential,,,,2020-02-03"
PASSED = "1001,C2,李四海,P,,,13987654321,,文三路90号,urban,residential,,,,2026-05-01"


@pytest.fixture
def actor() -> Staff:
    return steward()


def owners() -> list[tuple[str, str]]:
    return list(Account.objects.order_by("number").values_list("number", "customer__number"))


def phones(number: str) -> list[tuple[str, bool]]:
    points = Customer.objects.get(number=number).contact_points.order_by("pk")
    return list(points.values_list("value", "is_preferred"))


def found(text: str, actor: Staff) -> list[tuple[str, str]]:
    hits = queries.search_customers(text=text, viewer=seen_by(actor, at=LATER), at=LATER).hits
    return [(hit.customer_number, hit.account_number) for hit in hits]


def test_an_account_that_names_another_customer_is_transferred_and_the_old_one_stays(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, FIRST, SECOND), actor)

    summary = imported(written(tmp_path, PASSED, name="later.csv"), actor, at=LATER)

    assert (counts(summary), summary.transferred_count) == ((0, 0, 0, 0), 1)
    old, new = Customer.objects.get(number="C1"), Customer.objects.get(number="C2")
    assert (old.name, new.name, new.registered_at) == ("张三丰", "李四海", LATER)
    assert owners() == [("1001", "C2"), ("1002", "C1")]
    assert phones("C1") == [("+8613812345678", True)]
    assert phones("C2") == [("+8613987654321", True)]
    assert [(row.outcome, row.customer_id) for row in rows_of(summary, actor)] == [("transferred", new.pk)]
    fact = Fact.objects.get(kind="AccountTransferred")
    account = Account.objects.get(number="1001")
    assert (fact.case_kind, fact.case_id, fact.actor_id, fact.at) == ("account", account.pk, actor.pk, LATER)
    assert fact.payload == {"account_id": account.pk, "from_customer_id": old.pk, "to_customer_id": new.pk}
    assert not Fact.objects.filter(kind="CustomerCorrected", case_id=old.pk).exists()


def test_after_a_transfer_both_are_found_where_they_are(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, FIRST), actor)

    imported(written(tmp_path, PASSED, name="later.csv"), actor, at=LATER)

    assert found("李四海 文三路", actor) == [("C2", "1001")]
    assert found("13987654321", actor) == [("C2", "1001")]
    assert found("张三丰 文三路", actor) == []
    assert [number for number, _ in found("张三丰", actor)] == ["C1"]
    place = SupplyPoint.objects.get()
    entries = SearchEntry.objects.order_by("customer__number").values_list("customer__number", "place_id")
    assert list(entries) == [("C1", 0), ("C2", place.pk)]


def test_a_transfer_states_place_and_day_and_corrects_a_customer_who_is_there(tmp_path: Path, actor: Staff) -> None:
    other = "2001,C2,李四,P,,,13700000001,,文二路2号,urban,residential,,,,2020-02-03"
    imported(written(tmp_path, FIRST, other), actor)

    moved = PASSED.replace("文三路90号", "文三路90号3幢501室")
    summary = imported(written(tmp_path, moved, name="later.csv"), actor, at=LATER)

    account = Account.objects.get(number="1001")
    assert (summary.transferred_count, owners()) == (1, [("1001", "C2"), ("2001", "C2")])
    assert (account.opened_on.isoformat(), account.supply_points.get().room) == ("2026-05-01", "3幢501室")  # type: ignore[union-attr]
    assert Customer.objects.get(number="C2").name == "李四海"
    assert phones("C2") == [("+8613700000001", True), ("+8613987654321", False)]
    fact = Fact.objects.get(kind="CustomerCorrected")
    assert fact.payload["fields"] == ["name", "room", "contact_points", "opened_on"]
    assert found("李四海", actor) == [("C2", "1001"), ("C2", "2001")]


def test_several_accounts_pass_to_one_new_customer_who_opens_another_in_the_same_file(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, FIRST, SECOND), actor)
    rows = (
        "3001,C2,李四海,P,,,13600000003,,文三路1号,urban,residential,,,,",
        PASSED,
        PASSED.replace("1001", "1002").replace("13987654321", "13987654322"),
    )

    summary = imported(written(tmp_path, *rows, name="later.csv"), actor, at=LATER)

    assert (counts(summary), summary.transferred_count) == ((1, 0, 0, 0), 2)
    assert owners() == [("1001", "C2"), ("1002", "C2"), ("3001", "C2")]
    assert sorted(value for value, _ in phones("C2")) == ["+8613600000003", "+8613987654321", "+8613987654322"]
    assert [is_preferred for _, is_preferred in phones("C2")].count(True) == 1
    assert [account for _, account in found("李四海 13987654322", actor)] == ["1001", "1002", "3001"]


def test_the_rows_of_a_transfer_again_change_nothing_and_the_old_rows_transfer_back(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, FIRST, SECOND), actor)
    imported(written(tmp_path, PASSED, SECOND, name="later.csv"), actor, at=LATER)

    again = imported(written(tmp_path, SECOND, PASSED, name="again.csv"), actor, at=LATER)
    back = imported(written(tmp_path, FIRST, name="back.csv"), actor, at=LATER)

    assert (counts(again), again.transferred_count) == ((0, 0, 2, 0), 0)
    assert (counts(back), back.transferred_count, owners()) == ((0, 0, 0, 0), 1, [("1001", "C1"), ("1002", "C1")])


def test_a_row_that_names_no_customer_corrects_the_one_who_is_there(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, FIRST, SECOND), actor)
    columns = {name: column for name, column in DOCUMENT["columns"].items() if name != "customer_number"}

    unmapped = imported(
        written(tmp_path, PASSED, name="unmapped.csv"), actor, at=LATER, mapping=mapping(columns=columns, name="unmapped")
    )
    empty = imported(written(tmp_path, SECOND.replace("C1,", ",").replace("张三丰", "张三"), name="empty.csv"), actor, at=LATER)
    wrong = imported(written(tmp_path, SECOND.replace("C1", "C/1"), name="wrong.csv"), actor, at=LATER)

    assert [counts(summary) for summary in (unmapped, empty, wrong)] == [(0, 1, 0, 0)] * 3
    assert (owners(), Customer.objects.get().name) == ([("1001", "C1"), ("1002", "C1")], "张三丰")


def test_a_known_account_stands_once_in_a_batch(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, FIRST), actor)

    summary = imported(written(tmp_path, PASSED, PASSED.replace("C2", "C3"), name="later.csv"), actor, at=LATER)

    assert (summary.transferred_count, summary.rejected_count, owners()) == (1, 1, [("1001", "C2")])
    assert rows_of(summary, actor)[1].problems == (
        Problem("account_number", "The account number stands in row %(row)s already.", {"row": 1}),
    )


def test_a_row_that_was_taken_with_a_problem_is_counted_apart(tmp_path: Path, actor: Staff) -> None:
    flawed = FIRST.replace("13812345678", "12345")
    path = written(tmp_path, flawed, SECOND, "5,short")

    summary = imported(path, actor)
    viewer = seen_by(actor)

    assert (counts(summary), summary.flawed_count) == ((2, 0, 0, 1), 1)
    assert queries.import_progress(run_id=summary.run_id, viewer=viewer).flawed_count == 1
    rows = services.reveal_import_rows(run_id=summary.run_id, actor_id=actor.pk, at=NOON)
    assert [(row.outcome, len(row.problems), row.raw) for row in rows] == [
        ("created", 1, ""),
        ("created", 0, ""),
        ("rejected", 1, "5,short"),
    ]


def test_an_unknown_transformer_is_named_at_an_updated_row_too(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, FIRST), actor)
    changed = FIRST.replace("residential,,,,", "residential,,,T9,")

    summary = imported(written(tmp_path, changed, name="later.csv"), actor, at=LATER)

    assert [(row.outcome, row.problems) for row in rows_of(summary, actor)] == [
        ("updated", (Problem("transformer_code", "There is no transformer %(code)s.", {"code": "T9"}),))
    ]


def test_transfers_of_many_accounts_move_them_in_one_statement(tmp_path: Path, actor: Staff) -> None:
    rows = [FIRST.replace("1001", str(number)) for number in range(1001, 1021)]
    imported(written(tmp_path, *rows), actor)
    moved = [row.replace("C1", f"D{place}") for place, row in enumerate(rows)]

    with CaptureQueriesContext(
        connection,
    ) as asked:
        summary = imported(written(tmp_path, *moved, name="later.csv"), actor, at=LATER)

    statements = [query["sql"] for query in asked.captured_queries if "set customer_id = passed" in query["sql"]]
    assert (summary.transferred_count, len(statements)) == (20, 1)
    assert Fact.objects.filter(kind="AccountTransferred").count() == 20
