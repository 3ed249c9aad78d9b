"""How a foreign file becomes customers: a mapping says which column is which field, and a row comes out as values or as problems."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from shouwen.kernel.text.folding import fold_name
from shouwen.kernel.text.phones import Phone, PhoneInvalid, parse_phone, split_phones
from shouwen.records.customers.choices import AreaClass, CustomerClass, CustomerKind, IdentityKind, Tier, VoltageClass
from shouwen.records.customers.rules.columns import (
    CellReader,
    ColumnMapping,
    Layout,
    MappingInvalid,
    Problem,
    RowRefused,
    read_day,
    unstated,
)
from shouwen.records.customers.rules.wellformed import TEXT_LIMITS, comparable_identity, is_email, is_number

REQUIRED = ("account_number", "name", "area_class", "customer_class")
LAYOUT = Layout(
    limits=TEXT_LIMITS | {"address": 300, "phones": 200, "opened_on": 30},
    lists={
        "kind": frozenset(CustomerKind.values),
        "identity_kind": frozenset(IdentityKind.values),
        "area_class": frozenset(AreaClass.values),
        "customer_class": frozenset(CustomerClass.values),
        "voltage_class": frozenset(VoltageClass.values),
        "tier": frozenset(Tier.values),
    },
    needed=REQUIRED,
    fallbacks={"kind": "person", "tier": "ordinary", "jurisdiction": "CN"},
    joined_by={"phones": "、"},
)
_HOUSE = re.compile(r"^(.*?[0-9０-９]+(?:[-－][0-9０-９]+)?\s*[号號](?:院|大院)?)(.*)$")


class ImportedCustomer(NamedTuple):
    """One row in our terms. ``phones`` are E.164 numbers; ``problems`` are those for which the row is taken without the field.

    Where the row does not name its customer (``names_customer``), the account's number stands for the customer's.
    """

    account_number: str
    customer_number: str
    kind: str
    name: str
    identity_kind: str
    identity_number: str
    tier: str
    phones: tuple[Phone, ...]
    email: str
    street: str
    room: str
    area_class: str
    zone: str
    jurisdiction: str
    customer_class: str
    voltage_class: str
    ownership_boundary: str
    transformer_code: str
    opened_on: date | None
    problems: tuple[Problem, ...] = ()
    names_customer: bool = True


@dataclass(frozen=True)
class Mapping(ColumnMapping):
    """A checked mapping of customers. ``bind`` fits it to the heading of a file and gives the function that reads rows."""

    def bind(self, *, heading: Sequence[str]) -> RowReader:
        """Return the reader of rows under this heading.

        :raises MappingInvalid: when a column of the mapping is not in the heading.
        """
        return RowReader(LAYOUT, self, heading)


class RowReader(CellReader):
    """Reads customers, a row each."""

    def __init__(self, layout: Layout, mapping: Mapping, heading: Sequence[str]) -> None:
        super().__init__(layout, mapping, heading)
        self._mapping = mapping

    def read(self, cells: Sequence[str]) -> ImportedCustomer:
        """Return the row in our terms.

        :raises RowRefused: when a needed field is missing or wrong, a cell is unreadable or too long, or the row is too short.
        """
        values, problems = self.values(cells)
        return _assembled(values, problems, self._mapping)


def _assembled(values: dict[str, str], problems: list[Problem], mapping: Mapping) -> ImportedCustomer:
    get = values.get
    number = get("account_number", "")
    street, room = get("street", ""), get("room", "")
    if address := get("address", ""):
        street, room = split_address(address)
    refusals = [problem for problem in problems if problem.field in REQUIRED or problem.field in ("street", "address")]
    if not is_number(number) or not street or not get("name") or refusals or not _has_classes(values):
        raise RowRefused(_all_refusals(values, street, refusals))
    customer_number = _customer_number(values, problems)
    return ImportedCustomer(
        number,
        customer_number or number,
        values["kind"],
        values["name"],
        get("identity_kind", "") or ("resident_card" if get("identity_number") else ""),
        comparable_identity(get("identity_number", "")),
        values["tier"],
        _phones(get("phones", ""), mapping.default_area, problems),
        _email(get("email", ""), problems),
        street,
        room,
        values["area_class"],
        get("zone", ""),
        values["jurisdiction"],
        values["customer_class"],
        get("voltage_class", ""),
        get("ownership_boundary", ""),
        get("transformer_code", ""),
        _day(get("opened_on", ""), mapping.date_formats, problems),
        tuple(problems),
        bool(customer_number),
    )


def _has_classes(values: dict[str, str]) -> bool:
    return "area_class" in values and "customer_class" in values


def _all_refusals(values: dict[str, str], street: str, found: list[Problem]) -> list[Problem]:
    refusals = [*found, *unstated(REQUIRED, values, found)]
    if not street and not {problem.field for problem in found} & {"street", "address"}:
        refusals.append(Problem("street", "A needed value is missing.", {}))
    if (number := values.get("account_number")) and not is_number(number):
        refusals.append(
            Problem("account_number", "The account number holds something other than letters, digits and dashes.", {})
        )
    return refusals


def _customer_number(values: dict[str, str], problems: list[Problem]) -> str:
    """Return the number by which the row names its customer, empty when it names none."""
    number = values.get("customer_number", "")
    if number and not is_number(number):
        problems.append(
            Problem("customer_number", "The customer number holds something other than letters, digits and dashes.", {})
        )
        return ""
    return number


def _phones(cell: str, default_area: str, problems: list[Problem]) -> tuple[Phone, ...]:
    if not cell:
        return ()
    phones: dict[str, Phone] = {}
    for text in [cell] if cell.isdigit() else split_phones(cell) or [cell]:
        try:
            phone = parse_phone(text, default_area=default_area)
        except PhoneInvalid as refusal:
            problems.append(Problem("phones", str(refusal), {}))
        else:
            phones[phone.e164] = phone
    return tuple(phones.values())


def _email(cell: str, problems: list[Problem]) -> str:
    if cell and not is_email(cell):
        problems.append(Problem("email", "This is not an e-mail address.", {}))
        return ""
    return cell.lower()


def _day(cell: str, formats: tuple[str, ...], problems: list[Problem]) -> date | None:
    day = read_day(cell, formats) if cell else None
    if cell and day is None:
        problems.append(Problem("opened_on", "This is not a day in a form that the mapping knows.", {}))
    return day


def split_address(address: str) -> tuple[str, str]:
    """Return street with house number, and the room: ``文三路90号3幢501室`` gives ``文三路90号`` and ``3幢501室``."""
    found = _HOUSE.match(address)
    return (found.group(1), found.group(2).strip(" ,，、")) if found else (address, "")


def parse_mapping(document: Any) -> Mapping:
    """Return the mapping of customers that a YAML document states.

    :raises MappingInvalid: with the first thing that is wrong.
    """
    mapping = Mapping.parse(document, LAYOUT)
    if not {"street", "address"} & {rule.field for rule in mapping.rules}:
        raise MappingInvalid(problem="no column is given for street or address")
    return mapping


def canonical(row: ImportedCustomer) -> str:
    """Return the row's content as one text, for its digest; problems, and whether the customer was named, are no part of it."""
    return "\x1f".join(map(str, row[:-2]))


def same_name(one: str, other: str) -> bool:
    """Return whether two names are the same but for the way of writing."""
    return fold_name(one) == fold_name(other)
