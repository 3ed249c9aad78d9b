"""The doors to clear text: each asks why, and writes down who saw what in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, When

from shouwen.kernel.errors import BadInput, NotFound
from shouwen.platform.audit.services import record_look, record_looks
from shouwen.platform.people.queries import get_viewer
from shouwen.records.customers.choices import TELEPHONE_KINDS, ImportOutcome, PersonalField
from shouwen.records.customers.models import ContactPoint, Customer, ImportRow, Sensitivity, SpecialNeed, SupplyPoint
from shouwen.records.customers.permissions import must_import, must_reveal
from shouwen.records.customers.queries.imports import problems_of
from shouwen.records.customers.rules import Problem


@dataclass(frozen=True, slots=True)
class ClearContact:
    """A way to reach somebody in clear: E.164 with ``;ext=`` for an extension, or an address."""

    contact_point_id: int
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class ClearAddress:
    """An address in clear."""

    supply_point_id: int
    street: str
    room: str


@dataclass(frozen=True, slots=True)
class ClearText:
    """What was asked for, in clear; what was not asked for is None. ``notes`` are those on needs and sensitivities, the newest first."""

    name: str | None = None
    identity_number: str | None = None
    phones: tuple[ClearContact, ...] | None = None
    emails: tuple[ClearContact, ...] | None = None
    addresses: tuple[ClearAddress, ...] | None = None
    notes: tuple[str, ...] | None = None


@transaction.atomic
def reveal_customer(*, customer_id: int, fields: Collection[str], reason: str, actor_id: int, at: datetime) -> ClearText:
    """Return fields of a customer in clear and record who looked at which, and why; without the record nothing is shown.

    :raises NotAllowed: unless the actor holds a role for every field; the identity number is for fewer than the rest.
    :raises BadInput: when no field is named, or one that is unknown.
    :raises NotFound: when there is no such customer.
    :raises LookNeedsReason: when ``reason`` is blank.
    """
    must_reveal(get_viewer(staff_id=actor_id, at=at), fields)
    asked = _known(fields)
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise NotFound
    names = tuple(field.value for field in asked)
    record_look(viewer_id=actor_id, customer_id=customer_id, fields=names, reason=reason, at=at)
    return _clear_text(customer, asked)


@transaction.atomic
def reveal_contact_points(
    *, contact_point_ids: Collection[int], reason: str, actor_id: int, at: datetime
) -> dict[int, ClearContact]:
    """Return ways to reach customers in clear, for whoever sends or dials: many at once, each customer's look recorded.

    What was removed or never was is left out. Four statements, however many there are.

    :raises NotAllowed: unless the actor may see ways to reach customers.
    :raises LookNeedsReason: when ``reason`` is blank.
    """
    must_reveal(get_viewer(staff_id=actor_id, at=at), ())
    rows = ContactPoint.objects.in_use().filter(pk__in=contact_point_ids).order_by("pk")
    found: dict[int, ClearContact] = {}
    seen: dict[PersonalField, list[int]] = defaultdict(list)
    for contact_id, customer_id, kind, value in rows.values_list("id", "customer_id", "kind", "value"):
        found[contact_id] = ClearContact(contact_id, kind, value)
        seen[PersonalField.PHONES if kind in TELEPHONE_KINDS else PersonalField.EMAILS].append(customer_id)
    for field, customer_ids in seen.items():
        unique = sorted(set(customer_ids))
        record_looks(viewer_id=actor_id, customer_ids=unique, fields=(field.value,), reason=reason, at=at)
    return found


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What became of a row, with what is wrong with it; ``raw`` is a rejected one as it stood in the file, which belongs to no customer."""

    row_no: int
    line_no: int
    outcome: str
    problems: tuple[Problem, ...]
    raw: str


def reveal_import_rows(*, run_id: int, after_row: int = 0, limit: int = 1000, actor_id: int, at: datetime) -> list[ImportedRow]:
    """Return a page of the rows of an import in the order of the file; the rejected ones can be mended and brought again.

    :raises NotAllowed: unless the actor may import.
    """
    must_import(get_viewer(staff_id=actor_id, at=at))
    rows = ImportRow.objects.filter(run_id=run_id, row_no__gt=after_row).order_by("row_no")
    columns = rows.values_list("row_no", "line_no", "outcome", "problems", _raw_of_rejected())[:limit]
    return [
        ImportedRow(row_no, line_no, outcome, problems_of(problems), raw or "")
        for row_no, line_no, outcome, problems, raw in columns
    ]


def _raw_of_rejected() -> Case:
    """Leave the text of a row that was taken where it is: it is a customer's."""
    return Case(When(outcome=ImportOutcome.REJECTED, then=F("raw")))


def _known(fields: Collection[str]) -> tuple[PersonalField, ...]:
    asked = set(fields)
    if not asked or not asked <= set(PersonalField.values):
        raise BadInput("fields", "this is not what can be shown", "name some of " + ", ".join(PersonalField.values))
    return tuple(field for field in PersonalField if field.value in asked)


def _clear_text(customer: Customer, asked: tuple[PersonalField, ...]) -> ClearText:
    return ClearText(
        name=customer.name if PersonalField.NAME in asked else None,
        identity_number=customer.identity_number if PersonalField.IDENTITY in asked else None,
        phones=_contacts(customer.pk, are_phones=True) if PersonalField.PHONES in asked else None,
        emails=_contacts(customer.pk, are_phones=False) if PersonalField.EMAILS in asked else None,
        addresses=_addresses(customer.pk) if PersonalField.ADDRESS in asked else None,
        notes=_notes(customer.pk) if PersonalField.NOTES in asked else None,
    )


def _contacts(customer_id: int, *, are_phones: bool) -> tuple[ClearContact, ...]:
    rows = ContactPoint.objects.in_use().filter(customer_id=customer_id).order_by("-is_preferred", "pk")
    kept = rows.filter(kind__in=TELEPHONE_KINDS) if are_phones else rows.exclude(kind__in=TELEPHONE_KINDS)
    return tuple(ClearContact(*row) for row in kept.values_list("id", "kind", "value"))


def _addresses(customer_id: int) -> tuple[ClearAddress, ...]:
    rows = SupplyPoint.objects.filter(account__customer_id=customer_id).order_by("pk")
    return tuple(ClearAddress(*row) for row in rows.values_list("id", "street", "room"))


def _notes(customer_id: int) -> tuple[str, ...]:
    needs = SpecialNeed.objects.filter(customer_id=customer_id).values_list("recorded_at", "note")
    sensitivities = Sensitivity.objects.filter(customer_id=customer_id).values_list("noted_at", "note")
    return tuple(note for _, note in sorted([*needs, *sensitivities], reverse=True) if note)
