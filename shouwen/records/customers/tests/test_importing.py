"""Importing customers from a file: mapped, each row accounted for, the same as registering them one by one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shouwen.kernel.errors import NotAllowed
from shouwen.platform.outbox.models import Fact
from shouwen.platform.people.models import Staff
from shouwen.records.customers import queries, services
from shouwen.records.customers.choices import ImportOutcome
from shouwen.records.customers.models import (
    Account,
    ContactPoint,
    Customer,
    ImportRun,
    SearchEntry,
    SupplyPoint,
)
from shouwen.records.customers.queries import ImportRowCard
from shouwen.records.customers.rules import Problem
from shouwen.records.customers.tests.factories import NOON, agent, seen_by, steward, told, told_of
from shouwen.records.customers.tests.files import (
    HEADING,
    LATER,
    LI,
    LI_AGAIN,
    MILL,
    ZHANG,
    counts,
    imported,
    rows_of,
    written,
)
from shouwen.records.network.tests.factories import TransformerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Staff:
    return steward()


def content() -> dict[str, Any]:
    """Return everything that is known of all customers, by numbers instead of ids."""
    return {
        "customers": list(
            Customer.objects.order_by("number").values_list(
                "number", "kind", "name", "identity_kind", "identity_number", "identity_blind", "identity_tail_blind", "tier",
                "registered_at",
            )
        ),
        "accounts": list(Account.objects.order_by("number").values_list("number", "customer__number", "opened_on")),
        "places": list(
            SupplyPoint.objects.order_by("account__number").values_list(
                "account__number", "street", "room", "area_class", "zone", "jurisdiction", "customer_class", "voltage_class",
                "ownership_boundary", "transformer__code",
            )
        ),
        "contacts": list(
            ContactPoint.objects.order_by("customer__number", "pk").values_list(
                "customer__number", "kind", "value", "whole_blind", "tail_blind", "holder", "consent", "is_preferred",
            )
        ),
        "terms": sorted(
            (SupplyPoint.objects.get(pk=entry.place_id).account.number, sorted(set(entry.terms)))
            for entry in SearchEntry.objects.all()
        ),
    }  # fmt: skip


# What comes of a file.


def test_a_row_becomes_a_customer_with_account_place_and_contact_points(tmp_path: Path, actor: Staff) -> None:
    transformer = TransformerFactory(code="T1")

    summary = imported(written(tmp_path, ZHANG), actor)

    assert (summary.is_finished, summary.row_count, counts(summary)) == (True, 1, (1, 0, 0, 0))
    customer = Customer.objects.get()
    assert (customer.number, customer.kind, customer.name, customer.tier) == ("C1", "person", "张伟", "vip")
    assert (customer.identity_kind, customer.identity_number) == ("resident_card", "33010119900101123X")
    place = SupplyPoint.objects.select_related("account").get()
    assert (place.account.number, place.account.opened_on) == ("1", date(2020, 2, 3))
    assert (place.street, place.room, place.transformer_id) == ("西湖区文三路90号", "3幢501室", transformer.pk)
    points = ContactPoint.objects.order_by("pk").values_list("kind", "value", "is_preferred")
    assert list(points) == [
        ("mobile", "+8613812345678", True),
        ("landline", "+8657187654321;ext=8001", False),
        ("email", "z@example.com", False),
    ]
    assert rows_of(summary, actor) == [ImportRowCard(1, 2, "created", customer.pk, ())]
    assert told("import_run", summary.run_id) == ["CustomersImported"]
    assert Fact.objects.get().payload == {
        "import_run_id": summary.run_id,
        "first_row": 1,
        "last_row": 1,
        "created_count": 1,
        "updated_count": 0,
    }


def test_an_import_leaves_what_registering_one_by_one_leaves(tmp_path: Path, actor: Staff) -> None:
    TransformerFactory(code="T1")
    imported(written(tmp_path, ZHANG, LI, MILL, LI_AGAIN), actor)
    by_file = content()
    for table in (SearchEntry, ContactPoint, SupplyPoint, Account, Customer):
        table.objects.all().delete()

    _register_one_by_one(actor)

    assert content() == by_file
    assert [number for number, _ in by_file["terms"]] == ["1", "2", "3", "4"]


def _register_one_by_one(actor: Staff) -> None:
    from shouwen.records.network.models import Transformer

    common: dict[str, Any] = {"actor_id": actor.pk, "at": NOON}
    zhang = services.register_customer(kind="person", name="张伟", number="C1", identity_number="33010119900101123x", **common)
    services.change_tier(customer_id=zhang, tier="vip", **common)
    li = services.register_customer(kind="person", name="李娜", number="C2", **common)
    mill = services.register_customer(kind="organisation", name="东方公司", number="C3", **common)
    for customer_id, number, opened_on, place in (
        (zhang, "1", date(2020, 2, 3), {
            "street": "西湖区文三路90号3幢501室", "area_class": "urban", "customer_class": "residential", "voltage_class": "220v",
            "ownership_boundary": "表后", "transformer_id": Transformer.objects.get().pk,
        }),
        (li, "2", date(2021, 3, 4), {"street": "拱墅区文晖路8号", "area_class": "rural", "customer_class": "residential"}),
        (mill, "3", date(2022, 4, 5), {"street": "市心路1001号", "area_class": "remote", "customer_class": "low_voltage"}),
        (li, "4", date(2023, 5, 6), {"street": "文一路1号", "area_class": "urban", "customer_class": "residential"}),
    ):  # fmt: skip
        account_id = services.open_account(customer_id=customer_id, number=number, opened_on=opened_on, **common)
        services.add_supply_point(account_id=account_id, **place, **common)
    for customer_id, kind, value in (
        (zhang, "mobile", "13812345678"),
        (zhang, "landline", "87654321转8001"),
        (zhang, "email", "Z@Example.com"),
        (li, "mobile", "13912345678"),
    ):
        services.add_contact_point(customer_id=customer_id, kind=kind, value=value, default_area="0571", **common)


def test_whoever_was_imported_is_found(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, ZHANG, LI, MILL, LI_AGAIN), actor)

    for text, accounts in (
        ("张伟 文三路", ["1"]),
        ("李娜", ["2", "4"]),
        ("东方", ["3"]),
        ("8001", []),
        ("5678", ["1", "2", "4"]),
    ):
        page = queries.search_customers(text=text, viewer=seen_by(actor), at=NOON)
        assert [hit.account_number for hit in page.hits] == accounts, text


# Again, changed, further.


def test_the_same_file_again_changes_nothing(tmp_path: Path, actor: Staff) -> None:
    path = written(tmp_path, ZHANG, LI)
    first = imported(path, actor)
    before, facts = content(), Fact.objects.count()

    second = imported(path, actor, at=LATER)

    assert (second, content(), Fact.objects.count()) == (first, before, facts)


def test_the_same_rows_in_another_file_change_nothing(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, ZHANG, LI), actor)
    before = content()

    summary = imported(written(tmp_path, LI, ZHANG, name="later.csv"), actor, at=LATER)

    assert (counts(summary), content()) == ((0, 0, 2, 0), before)
    assert told_of(Customer.objects.get(number="C1").pk) == []


def test_a_changed_row_corrects_what_it_states_and_takes_no_telephone_away(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, LI, MILL), actor)
    changed = (
        LI.replace("李娜", "黎娜")
        .replace("13912345678", "13712345679")
        .replace("文晖路8号", "文晖路9号2幢")
        .replace("2021", "2011")
    )

    summary = imported(written(tmp_path, changed, MILL, name="later.csv"), actor, at=LATER)

    assert counts(summary) == (0, 1, 1, 0)
    customer, place = Customer.objects.get(number="C2"), SupplyPoint.objects.get(account__number="2")
    assert (customer.name, place.street, place.room, place.account.opened_on) == (
        "黎娜",
        "拱墅区文晖路9号",
        "2幢",
        date(2011, 3, 4),
    )
    numbers = customer.contact_points.order_by("pk").values_list("value", flat=True)
    assert list(numbers) == ["+8613912345678", "+8613712345679"]
    fact = Fact.objects.get(kind="CustomerCorrected")
    assert fact.payload == {"customer_id": customer.pk, "fields": ["name", "street", "room", "contact_points", "opened_on"]}
    page = queries.search_customers(text="黎娜 5679", viewer=seen_by(actor), at=LATER)
    assert [hit.customer_id for hit in page.hits] == [customer.pk]


def test_a_new_account_of_a_known_customer_is_another_place_of_theirs(tmp_path: Path, actor: Staff) -> None:
    imported(written(tmp_path, LI), actor)

    summary = imported(written(tmp_path, LI_AGAIN, name="later.csv"), actor, at=LATER)

    assert counts(summary) == (1, 0, 0, 0)
    assert list(Account.objects.order_by("number").values_list("number", "customer__number")) == [("2", "C2"), ("4", "C2")]
    page = queries.search_customers(text="5678", viewer=seen_by(actor), at=LATER)
    assert [hit.account_number for hit in page.hits] == ["2", "4"]


def test_a_second_row_of_a_customer_adds_its_telephones_in_one_batch_and_in_two(tmp_path: Path, actor: Staff) -> None:
    second = LI_AGAIN.replace("P,,,,,", "P,,,13712345679,,")

    for batch_rows, number in ((10, "C2"), (1, "C7")):
        rows = [row.replace("C2", number).replace("2,", f"{number[1]},", 1) for row in (LI, second)]
        rows[1] = rows[1].replace("4,", f"{number[1]}4,", 1)
        imported(written(tmp_path, *rows, name=f"{number}.csv"), actor, batch_rows=batch_rows)

        points = ContactPoint.objects.filter(customer__number=number).order_by("pk").values_list("value", "is_preferred")
        assert list(points) == [("+8613912345678", True), ("+8613712345679", False)]

    page = queries.search_customers(text="13712345679", viewer=seen_by(actor), at=NOON)
    assert [hit.account_number for hit in page.hits] == ["2", "24", "7", "74"]


# Broken rows.


def test_each_broken_row_is_named_and_takes_no_other_with_it(tmp_path: Path, actor: Staff) -> None:
    path = written(
        tmp_path,
        ZHANG,
        "5,C5,short",
        LI.replace("李娜", '"李娜'),
        b"6,C6,\xff\xfe\xff,P,,,,,\xe6\x96\x87\xe4\xb8\x80\xe8\xb7\xaf1\xe5\x8f\xb7,urban,residential,,,,",
        f"7,C7,{'长' * 400_000},P,,,,,文一路1号,urban,residential,,,,",
        "8,C8,王芳,robot,,,,,文一路1号,urban,residential,,,,",
        "9 9,C9,,P,,,,,,urban,,,,,",
        ZHANG.replace("张伟", "张三"),
        "",
        "11,C11,王\x07芳,P,,,,,文一路1号,urban,residential,,,,",
        MILL,
    )

    summary = imported(path, actor)

    rows = {row.row_no: row for row in rows_of(summary, actor)}
    assert counts(summary) == (3, 0, 0, 7)
    assert {number: [(one.field, one.message % one.details) for one in row.problems] for number, row in rows.items()} == {
        1: [("transformer_code", "There is no transformer T1.")],
        2: [("", "The row has 3 cells instead of 15.")],
        3: [("", "A quotation mark is opened and never closed.")],
        4: [("name", "The cell is not readable in the file's encoding.")],
        5: [("", "The row is longer than any row of customers can be.")],
        6: [("kind", "The value is in no list of the mapping.")],
        7: [
            ("name", "A needed value is missing."),
            ("customer_class", "A needed value is missing."),
            ("street", "A needed value is missing."),
            ("account_number", "The account number holds something other than letters, digits and dashes."),
        ],
        8: [("account_number", "The account number stands in row 1 already.")],
        9: [("name", "The cell holds control characters.")],
        10: [],
    }
    assert list(Account.objects.order_by("number").values_list("number", flat=True)) == ["1", "3", "8"]


def test_a_rejected_row_is_kept_whole_and_shown_only_to_importers(tmp_path: Path, actor: Staff) -> None:
    bad = b"6,C6,\xff,P,,,,,x,urban,residential,,,,"
    summary = imported(written(tmp_path, LI, bad, "5,short", MILL), actor)

    first = services.reveal_import_rows(run_id=summary.run_id, limit=2, actor_id=actor.pk, at=NOON)
    rest = services.reveal_import_rows(run_id=summary.run_id, after_row=first[-1].row_no, actor_id=actor.pk, at=NOON)

    assert [(row.row_no, row.line_no, row.outcome, row.raw) for row in (*first, *rest)] == [
        (1, 2, "created", ""),
        (2, 3, "rejected", "6,C6,\\xff,P,,,,,x,urban,residential,,,,"),
        (3, 4, "rejected", "5,short"),
        (4, 5, "created", ""),
    ]
    assert rest[0].problems == (
        Problem("", "The row has %(found)s cells instead of %(expected)s.", {"found": 2, "expected": 15}),
    )
    with pytest.raises(NotAllowed):
        services.reveal_import_rows(run_id=summary.run_id, actor_id=agent().pk, at=NOON)


def test_a_row_is_taken_without_a_field_that_is_wrong(tmp_path: Path, actor: Staff) -> None:
    row = "2,bad number,李娜,P,,,12 / 13912345678,no-mail,文一路1号,urban,residential,,,,31 Feb"

    summary = imported(written(tmp_path, row), actor)

    (card,) = rows_of(summary, actor)
    assert card.outcome == ImportOutcome.CREATED
    assert [one.field for one in card.problems] == ["customer_number", "phones", "email", "opened_on"]
    customer = Customer.objects.get()
    assert (customer.number, [point.value for point in customer.contact_points.all()]) == ("2", ["+8613912345678"])


def test_a_cell_may_hold_commas_quotes_and_line_breaks(tmp_path: Path, actor: Staff) -> None:
    row = '2,C2,"李 ""Na"" 娜",P,,,,,"文一路1号,\n2幢",urban,residential,,,,'

    summary = imported(written(tmp_path, row, MILL), actor)

    assert counts(summary) == (2, 0, 0, 0)
    assert [row.line_no for row in rows_of(summary, actor)] == [2, 4]
    place = SupplyPoint.objects.get(account__number="2")
    assert (Customer.objects.get(number="C2").name, place.street, place.room) == ('李 "Na" 娜', "文一路1号", "2幢")


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_the_encoding_is_found(encoding: str, tmp_path: Path, actor: Staff) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes("\r\n".join([HEADING, LI, MILL, ""]).encode(encoding))

    assert counts(imported(path, actor)) == (2, 0, 0, 0)
    assert ImportRun.objects.get().encoding == ("gb18030" if encoding == "gb18030" else "utf-8-sig")
    assert Customer.objects.get(number="C2").name == "李娜"
