"""Rows of an import as text for COPY: sealed, indexed, ready before the database is asked anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import models

from shouwen.kernel.text.phones import Phone, PhoneKind
from shouwen.platform.search.keys import keyring
from shouwen.platform.search.rules import Keyring, number_tokens, tail_of
from shouwen.records.customers.choices import Consent, ContactKind
from shouwen.records.customers.models import ContactPoint, Customer, ImportRow, SupplyPoint
from shouwen.records.customers.rules.columns import Problem
from shouwen.records.customers.rules.entries import BulkTerms
from shouwen.records.customers.rules.mapping import ImportedCustomer, canonical

NULL = "\\N"
COPY_COLUMNS: dict[str, tuple[str, ...]] = {
    "customers_customer": (
        "id", "number", "kind", "name", "identity_kind", "identity_number", "identity_blind", "identity_tail_blind", "tier",
        "registered_at",
    ),
    "customers_account": ("id", "customer_id", "number", "opened_on", "imported_digest", "imported_run_id", "imported_row_no"),
    "customers_supplypoint": (
        "id", "account_id", "transformer_id", "street", "room", "area_class", "zone", "jurisdiction", "customer_class",
        "voltage_class", "ownership_boundary",
    ),
    "customers_contactpoint": (
        "id", "customer_id", "is_preferred", "kind", "value", "whole_blind", "tail_blind", "holder", "consent",
    ),
    "customers_searchentry": ("customer_id", "place_id", "terms"),
    "customers_importrow": ("run_id", "row_no", "line_no", "outcome", "customer_id", "problems", "raw"),
}  # fmt: skip
CONTACT_KINDS = {PhoneKind.MOBILE: ContactKind.MOBILE.value}
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class PreparedRow(NamedTuple):
    """One row of the file: refused (``record`` is None), or everything of it that needs no id."""

    row_no: int
    line_no: int
    raw: str
    problems: tuple[Problem, ...]
    record: ImportedCustomer | None = None
    digest: int = 0
    customer: str = ""
    supply_point: str = ""
    contacts: tuple[str, ...] = ()
    terms: str = ""


def sealed_column(model: type[models.Model], name: str) -> str:
    """Return the name that is bound to the values of a sealed column."""
    field: Any = model._meta.get_field(name)
    return str(field.sealed_as)


def escaped(text: str) -> str:
    """Return ``text`` as COPY reads it."""
    return text.translate(_ESCAPES)


def problems_json(problems: Sequence[Problem]) -> str:
    return escaped(json.dumps([problem._asdict() for problem in problems], ensure_ascii=False)) if problems else NULL


class RowPreparer:
    """Seals and indexes rows. One for each worker: it remembers the terms of what repeats."""

    def __init__(self, *, registered_at: datetime) -> None:
        self._keys: Keyring = keyring()
        self._terms = BulkTerms(self._keys.terms)
        self._registered_at = registered_at.isoformat()
        self._name = sealed_column(Customer, "name")
        self._identity = sealed_column(Customer, "identity_number")
        self._street = sealed_column(SupplyPoint, "street")
        self._room = sealed_column(SupplyPoint, "room")
        self._contact = sealed_column(ContactPoint, "value")
        self._raw = sealed_column(ImportRow, "raw")

    def prepare(self, row_no: int, line_no: int, raw: str, record: ImportedCustomer) -> PreparedRow:
        """Return the row with its digest, its sealed columns, its blind indexes and its terms."""
        nationals = tuple([phone.national for phone in record.phones])
        numbers = number_tokens(
            phones=nationals,
            identity_number=record.identity_number,
            account_numbers=(record.account_number,)
            if record.account_number == record.customer_number
            else (record.account_number, record.customer_number),
        )
        return PreparedRow(
            row_no,
            line_no,
            raw,
            record.problems,
            record,
            self._keys.blind(canonical(record), purpose="import_row"),
            self._customer_text(record),
            self._supply_point_text(record),
            self._contact_texts(record, nationals),
            self._terms.entry(kind=record.kind, name=record.name, street=record.street, room=record.room, numbers=numbers),
        )

    def sealed_raw(self, raw: str) -> str:
        return self._hex(raw, self._raw)

    def _hex(self, text: str, column: str) -> str:
        return "\\\\x" + self._keys.seal(text, column=column).hex()

    def _customer_text(self, record: ImportedCustomer) -> str:
        blind = tail = NULL
        if record.identity_number:
            blind = str(self._keys.blind(record.identity_number, purpose="identity"))
            tail = str(self._keys.blind(tail_of(record.identity_number), purpose="identity_tail"))
        return (
            f"{record.customer_number}\t{record.kind}\t{self._hex(record.name, self._name)}\t{record.identity_kind}\t"
            f"{self._hex(record.identity_number, self._identity)}\t{blind}\t{tail}\t{record.tier}\t{self._registered_at}"
        )

    def _supply_point_text(self, record: ImportedCustomer) -> str:
        return (
            f"{self._hex(record.street, self._street)}\t{self._hex(record.room, self._room)}\t{record.area_class}\t"
            f"{escaped(record.zone)}\t{escaped(record.jurisdiction)}\t{record.customer_class}\t{record.voltage_class}\t"
            f"{escaped(record.ownership_boundary)}"
        )

    def _contact_texts(self, record: ImportedCustomer, nationals: tuple[str, ...]) -> tuple[str, ...]:
        texts = [self._phone_text(phone, national) for phone, national in zip(record.phones, nationals, strict=True)]
        if record.email:
            whole = self._keys.blind(record.email, purpose="email")
            sealed = self._hex(record.email, self._contact)
            texts.append(f"{ContactKind.EMAIL.value}\t{sealed}\t{whole}\t{NULL}\t\t{Consent.UNKNOWN.value}")
        return tuple(texts)

    def _phone_text(self, phone: Phone, national: str) -> str:
        keys = self._keys
        kind = CONTACT_KINDS.get(phone.kind, ContactKind.LANDLINE.value)
        whole, tail = keys.blind(phone.e164, purpose="phone"), keys.blind(national[-4:], purpose="phone_tail")
        sealed = self._hex(phone.with_extension, self._contact)
        return f"{kind}\t{sealed}\t{whole}\t{tail}\t\t{Consent.UNKNOWN.value}"
