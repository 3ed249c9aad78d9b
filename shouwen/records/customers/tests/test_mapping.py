"""Mappings: what a document may say, and how rows are read by it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from shouwen.records.customers.rules import MappingInvalid, Problem, RowRefused, parse_mapping
from shouwen.records.customers.rules.mapping import canonical, same_name, split_address

DOCUMENT: dict[str, Any] = {
    "name": "small",
    "columns": {"account_number": "户号", "name": "用户名称", "address": "地址", "phones": {"columns": ["手机", "座机"]}},
    "defaults": {"area_class": "urban", "customer_class": "residential"},
}
HEADING = ["户号", "用户名称", "地址", "手机", "座机"]


def read(cells: list[str], **changes: Any) -> Any:
    return parse_mapping(DOCUMENT | changes).bind(heading=HEADING).read(cells)


def test_the_example_of_the_handbook_is_sound() -> None:
    path = Path(__file__).resolve().parents[4] / "handbook" / "mappings" / "customers-example.yaml"

    mapping = parse_mapping(yaml.safe_load(path.read_text(encoding="utf-8")))

    assert (mapping.name, mapping.encoding, len(mapping.rules)) == ("customers-example", "detect", 18)


def test_a_row_is_read_by_columns_defaults_and_fallbacks() -> None:
    row = read(["3301", " 张伟 ", "文三路90号3幢501室", "13812345678", "0571-87654321"])

    assert (row.account_number, row.customer_number, row.name, row.kind) == ("3301", "3301", "张伟", "person")
    assert (row.street, row.room, row.area_class, row.customer_class) == ("文三路90号", "3幢501室", "urban", "residential")
    assert (row.tier, row.jurisdiction, row.problems) == ("ordinary", "CN", ())
    assert [phone.e164 for phone in row.phones] == ["+8613812345678", "+8657187654321"]


def test_a_heading_is_found_whatever_its_width_and_case() -> None:
    document = DOCUMENT | {"columns": {"account_number": "Ｎo", "name": "NAME", "street": "street"}}

    row = parse_mapping(document).bind(heading=["no", "Name", "STREET", "else"]).read(["1", "张伟", "文三路", "x"])

    assert (row.account_number, row.name, row.street) == ("1", "张伟", "文三路")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"columns": None}, "it needs a list named columns"),
        ({"name": ""}, "it has no name"),
        ({"encoding": "latin-1"}, "encoding is one of detect, utf-8, gb18030"),
        ({"delimiter": "||"}, "delimiter is one character"),
        ({"columns": {"shoe_size": "x"}}, "unknown field shoe_size"),
        ({"defaults": {"shoe_size": "x"}}, "unknown field shoe_size"),
        ({"columns": {"account_number": "户号", "address": "地址"}}, "no column and no default is given for name"),
        ({"columns": {"account_number": "户号", "name": "用户名称"}}, "no column is given for street or address"),
        ({"columns": DOCUMENT["columns"] | {"tier": {"values": {}}}}, "tier names no column"),
        ({"columns": DOCUMENT["columns"] | {"tier": {"column": "x", "values": {"a": "gold"}}}}, "tier has no value gold"),
    ],
)
def test_a_mapping_that_is_wrong_says_where(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(MappingInvalid) as refusal:
        parse_mapping(DOCUMENT | changes)

    assert refusal.value.details["problem"] == says


def test_a_default_that_is_in_no_list_refuses_each_row() -> None:
    with pytest.raises(RowRefused):
        read(["1", "张伟", "文三路", "", ""], defaults=DOCUMENT["defaults"] | {"area_class": "moon"})


def test_every_problem_of_a_row_is_named_at_once() -> None:
    with pytest.raises(RowRefused) as refusal:
        read(["1/2", "", "", "", ""])

    assert [problem.field for problem in refusal.value.problems] == ["name", "street", "account_number"]


def test_a_cell_that_is_too_long_or_unreadable_refuses_the_row_without_repeating_the_cell() -> None:
    with pytest.raises(RowRefused) as refusal:
        read(["1", "长" * 121, "文三\udcff路", "", ""])

    assert refusal.value.problems == (
        Problem("name", "The cell is too long: %(length)s characters, %(limit)s are allowed.", {"length": 121, "limit": 120}),
        Problem("address", "The cell is not readable in the file's encoding.", {}),
    )


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2020-02-03", date(2020, 2, 3)),
        ("2020/2/3", date(2020, 2, 3)),
        ("20200203", date(2020, 2, 3)),
        ("3.2.2020", None),
        ("", None),
    ],
)
def test_a_day_is_read_in_the_forms_that_are_listed(text: str, day: date | None) -> None:
    columns = {"account_number": "户号", "name": "用户名称", "street": "地址", "opened_on": "手机"}

    row = read(["1", "张伟", "文三路", text, ""], columns=columns)

    assert (row.opened_on, [one.field for one in row.problems]) == (day, ["opened_on"] if day is None and text else [])


@pytest.mark.parametrize(
    ("address", "street", "room"),
    [
        ("文三路90号3幢501室", "文三路90号", "3幢501室"),
        ("文三路90-2号 3幢", "文三路90-2号", "3幢"),
        ("文三路９０號大院1幢", "文三路９０號大院", "1幢"),
        ("无名村", "无名村", ""),
        ("文三路90号", "文三路90号", ""),
        ("文三路90号,2幢", "文三路90号", "2幢"),
    ],
)
def test_an_address_is_cut_after_the_house_number(address: str, street: str, room: str) -> None:
    assert split_address(address) == (street, room)


def test_the_digest_of_a_row_is_that_of_its_content_not_of_its_problems() -> None:
    clean = read(["1", "张伟", "文三路90号", "13812345678", ""])
    wrong = read(["1", "张伟", "文三路90号", "13812345678", "12"])

    assert (canonical(clean), len(wrong.problems)) == (canonical(wrong), 1)
    assert canonical(clean) != canonical(read(["1", "张伟", "文三路91号", "13812345678", ""]))


def test_names_are_the_same_whatever_the_way_of_writing() -> None:
    assert same_name("張　偉", "张伟")
    assert not same_name("张伟", "章伟")
